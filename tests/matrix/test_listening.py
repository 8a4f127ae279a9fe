"""What a sync brings, from a homeserver in memory."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.matrix.asking import MOST_REQUESTS
from bot.matrix.crosssigning import OwnIdentity, new_seeds
from bot.matrix.door import Batch, Hearing
from bot.matrix.keys import Keys
from bot.matrix.listening import Listening
from bot.matrix.opening import Opener
from bot.matrix.people import People
from bot.matrix.rooms import Rooms
from bot.matrix.verifying import Verifying
from bot.matrix.wire import Json, Wire
from tests.matrix.parts import BOT, ROOM, Parts, Talker

EVE = "@eve:a.test"


class Server(Wire):
    """Answers each sync with the next of `bodies`."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        self.bodies: list[Json] = []
        self.shown: Json = {}

    async def call(self, method: str, where: str, **_more: Any) -> Json:
        if where.endswith("/keys/query"):
            return self.shown
        return {"next_batch": "t", **self.bodies.pop(0)} if where.endswith("/sync") else {}

    async def call_list(self, method: str, where: str) -> list[Any]:
        return []


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path / "bot")
    yield made
    made.close()


class Ear:
    """The bot, listening."""

    def __init__(self, parts: Parts) -> None:
        self.server = Server()
        machine = parts.machine
        self.people = people = People(self.server, machine)
        keys = Keys(self.server, machine, people)
        own = OwnIdentity.of(BOT, new_seeds())
        verifying = Verifying(self.server, own, machine.device_id, machine.ed25519)
        self.rooms = Rooms(self.server, machine)
        opener = Opener(machine, people, parts.replays)
        self._listening = Listening(
            self.server, people, self.rooms, keys, opener, parts.replays, verifying, BOT
        )
        self._batches: AsyncIterator[Batch] = self._listening.listen("before")

    async def hear(self, **rooms: Json) -> Batch:
        """The next sync."""
        self.server.bodies.append({"rooms": {"join": {ROOM: rooms}}})
        return await anext(self._batches)


JOINS = {"type": "m.room.member", "state_key": EVE, "sender": EVE, "content": {}}


@pytest.mark.parametrize(
    "shown",
    [
        {"state": {"events": [JOINS]}},
        {"timeline": {"events": [JOINS]}},  # malformed: without an id
        {"timeline": {"events": [{**JOINS, "event_id": "$e", "sender": BOT}]}},
        {"timeline": {"events": [], "limited": True}},
    ],
)
async def test_that_a_room_has_moved_is_told_however_it_is_shown(parts: Parts, shown: Json) -> None:
    ear = Ear(parts)
    assert (await ear.hear()).moved == frozenset()
    await ear.rooms.state(ROOM)
    batch = await ear.hear(**shown)
    assert batch.events == ()
    assert batch.moved == {ROOM}
    assert ear.rooms.cached(ROOM) is None
    assert (await ear.hear()).moved == frozenset()


def test_a_flood_of_unknown_keys_does_not_fill_the_disk(parts: Parts) -> None:
    talker = Talker("eve")
    parts.meet(talker)
    parts.pin(talker)
    with parts.machine.together():
        for number in range(MOST_REQUESTS + 10):
            parts.keys.asking.want(ROOM, talker.user, {"session_id": f"made up {number}"})
    assert len(parts.machine.outgoing_key_requests) == MOST_REQUESTS


async def test_what_could_not_be_read_is_read_again_when_their_server_answers(
    parts: Parts,
) -> None:
    ear = Ear(parts)
    ear.server.shown = {"failures": {"a.test": {}}}
    ear.people.pin(EVE, None)
    await ear.hear()
    assert not (await ear.hear()).keys_arrived
    ear.server.shown = {}
    await ear.people.ask([EVE])
    assert (await ear.hear()).keys_arrived
    assert not (await ear.hear()).keys_arrived


def test_words_of_somebody_not_known_yet_are_kept(parts: Parts) -> None:
    """Their room key came, and their server does not say whose it is."""
    talker = Talker("eve")
    parts.give(talker, talker.key)
    raw = talker.say()
    unknown = parts.hear(raw)
    assert unknown is not None
    assert unknown.hearing is Hearing.UNREADABLE
    parts.meet(talker)
    known = parts.hear(raw)
    assert known is not None
    assert known.hearing is Hearing.TRUSTED
