"""Who has which devices, as far as homeservers say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.matrix.crosssigning import OwnIdentity, new_seeds
from bot.matrix.people import People
from bot.matrix.wire import Json, Wire
from tests.matrix.parts import Parts
from tests.matrix.test_trust import answer_of

ALICE = "@alice:b.test"
SEEDS = new_seeds()
MASTER = OwnIdentity.of(ALICE, SEEDS).master.public
FAILED: Json = {"failures": {"b.test": {}}, "device_keys": {}}


class Server(Wire):
    """Answers as it is told to, and counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        self.answer: Json = FAILED
        self.asked = 0

    async def call(self, method: str, where: str, **_more: Any) -> Json:
        self.asked += 1
        return self.answer


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def people(tmp_path: Path, server: Server) -> Iterator[People]:
    parts = Parts(tmp_path / "bot")
    yield People(server, parts.machine)
    parts.close()


def honest() -> Json:
    return answer_of(ALICE, SEEDS, new_seeds()[0])


async def test_a_server_that_does_not_answer_leaves_its_users_unknown(
    people: People, server: Server
) -> None:
    await people.ensure([ALICE])
    assert people.person(ALICE) is None
    assert people.up_to_date(ALICE)  # nobody waits for it again
    await people.ensure([ALICE])
    assert server.asked == 1
    assert not people.answered()


async def test_it_is_asked_again_beside_the_hearing(people: People, server: Server) -> None:
    await people.ensure([ALICE])
    await people.retry()
    assert server.asked == 1  # not at once
    people._ask_again[ALICE] = 0.0
    server.answer = honest()
    await people.retry()
    assert people.answered()
    assert not people.answered()
    person = people.person(ALICE)
    assert person is not None
    assert person.standing.can_be_heard


async def test_what_our_own_server_knows_of_them_counts(people: People, server: Server) -> None:
    """It remembers them, and another user of theirs it does not."""
    server.answer = {**honest(), "failures": {"b.test": {}}}
    await people.ensure([ALICE])
    assert people.person(ALICE) is not None


async def test_what_was_read_under_another_pin_does_not_count(
    people: People, server: Server
) -> None:
    server.answer = honest()
    people.pin(ALICE, MASTER)
    await people.ensure([ALICE])
    assert people.person(ALICE) is not None
    people.pin(ALICE, OwnIdentity.of(ALICE, new_seeds()).master.public)
    assert people.person(ALICE) is None
    await people.ensure([ALICE])
    person = people.person(ALICE)
    assert person is not None
    assert not person.standing.can_be_heard
