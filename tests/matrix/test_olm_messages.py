"""Messages that start an Olm session, repeated, broken or made with a spent key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.matrix.door import MatrixRefused
from bot.matrix.keys import ONE_TIME, Keys
from bot.matrix.machine import Machine, open_machine
from bot.matrix.people import People
from bot.matrix.trust import MEGOLM, Device, Person
from bot.matrix.wire import Json, Wire
from storage.seal import Seal

BOT, ALICE, CAROL = "@bot:a.test", "@alice:a.test", "@carol:a.test"
ROOM = "!room:a.test"


def device(machine: Machine) -> Device:
    return Device(
        machine.user_id, machine.device_id, machine.ed25519, machine.curve25519, signed=True
    )


class Three:
    """A bot and two who write to it; all know each other."""

    def __init__(self, folder: Path) -> None:
        self.machines = {
            user: open_machine(made_folder(folder, user), Seal(bytes(32)), user, "DEV", "")
            for user in (BOT, ALICE, CAROL)
        }
        for machine in self.machines.values():
            for other in self.machines.values():
                machine.learn(Person(other.user_id, "master", (device(other),)))
        self.bot = self.machines[BOT]
        self.bot.account.generate_one_time_keys(2)
        self.keys = list(self.bot.account.one_time_keys["curve25519"].values())
        self.bot.account.mark_keys_as_published()

    def room_key(self, sender: str, session: str) -> dict[str, Any]:
        """The bot's next room key from somebody who has a session with it."""
        machine = self.machines[sender]
        outbound = machine.create_outbound_group_session
        outbound(f"{ROOM}{session}")
        group = machine.outbound_group_sessions[f"{ROOM}{session}"]
        content = {
            "algorithm": MEGOLM,
            "room_id": f"{ROOM}{session}",
            "session_id": group.id,
            "session_key": group.session_key,
        }
        sealed = machine.seal_for(device(self.bot), "m.room_key", content)
        assert sealed is not None
        return {"type": "m.room.encrypted", "sender": sender, "content": sealed}

    def part(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The ciphertext for the bot."""
        found: dict[str, Any] = raw["content"]["ciphertext"][self.bot.curve25519]
        return found


def made_folder(folder: Path, user: str) -> Path:
    made = folder / user[1:6].strip(":")
    made.mkdir()
    return made


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    made = Three(tmp_path)
    yield made
    for machine in made.machines.values():
        machine.store.database.close()


def test_a_repeated_first_message_changes_nothing(three: Three) -> None:
    three.machines[ALICE].create_session(three.keys[0], three.bot.curve25519)
    first = three.room_key(ALICE, "1")
    assert three.part(first)["type"] == 0
    assert three.bot.receive(first)
    known = three.bot.inbound_group_store[f"{ROOM}1"]
    assert not three.bot.receive(first)
    assert three.bot.inbound_group_store[f"{ROOM}1"] == known
    assert three.bot.receive(three.room_key(ALICE, "2"))


def test_a_one_time_key_serves_one_person(three: Three) -> None:
    """The second one's message is not understood and noted; the first one's session stays."""
    for user in (ALICE, CAROL):
        three.machines[user].create_session(three.keys[0], three.bot.curve25519)
    assert three.bot.receive(three.room_key(ALICE, "1"))
    assert not three.bot.receive(three.room_key(CAROL, "1"))
    assert three.bot.broken == {(CAROL, three.machines[CAROL].curve25519)}
    assert three.bot.receive(three.room_key(ALICE, "2"))
    three.machines[CAROL].create_session(three.keys[1], three.bot.curve25519)
    assert three.bot.receive(three.room_key(CAROL, "2"))


@pytest.mark.parametrize(
    "part",
    [
        {},
        None,
        {"type": 0},
        {"type": 0, "body": ""},
        {"type": 0, "body": 5},
        {"type": 0, "body": "not base64!"},
        {"type": 0, "body": "AwoAEg"},
        {"type": 1, "body": "AwoAEg"},
        {"type": 7, "body": "AwoAEg"},
        {"type": "0", "body": "AwoAEg"},
    ],
    ids=str,
)
def test_a_broken_message_breaks_nothing(three: Three, part: object) -> None:
    three.machines[ALICE].create_session(three.keys[0], three.bot.curve25519)
    good = three.room_key(ALICE, "1")
    content = {**good["content"], "ciphertext": {three.bot.curve25519: part}}
    assert not three.bot.receive({**good, "content": content})
    assert three.bot.receive(good)
    assert three.bot.receive(three.room_key(ALICE, "2"))


@pytest.mark.parametrize("place", [3, 40, -1])
def test_a_changed_first_message_does_not_spend_the_key(three: Three, place: int) -> None:
    three.machines[ALICE].create_session(three.keys[0], three.bot.curve25519)
    good = three.room_key(ALICE, "1")
    body = three.part(good)["body"]
    place %= len(body)
    other = "A" if body[place] != "A" else "B"
    changed = {"type": 0, "body": body[:place] + other + body[place + 1 :]}
    content = {**good["content"], "ciphertext": {three.bot.curve25519: changed}}
    assert not three.bot.receive({**good, "content": content})
    assert three.bot.receive(good)


class Answering(Wire):
    """Takes our keys, or refuses them; `bodies` are what was uploaded."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        self.bodies: list[Json] = []
        self.refuses = False

    async def call(self, method: str, where: str, **more: Any) -> Json:
        self.bodies.append(more["body"])
        if self.refuses:
            raise MatrixRefused("M_FORBIDDEN", 403)
        return {"one_time_key_counts": {ONE_TIME: 50}}


@pytest.mark.parametrize("refuses", [False, True])
async def test_no_fallback_key_from_before_opens_anything(three: Three, refuses: bool) -> None:
    """Whatever the server says of their use; and the new one is published, if need be later."""
    wire = Answering()
    keys = Keys(wire, three.bot, People(wire, three.bot))
    await keys.publish()
    (former,) = wire.bodies[-1]["fallback_keys"].values()
    three.machines[ALICE].create_session(former["key"], three.bot.curve25519)
    before = three.room_key(ALICE, "1")
    wire.refuses = refuses
    await keys.renew_fallback()
    (renewed,) = wire.bodies[-1]["fallback_keys"].values()
    assert renewed["key"] != former["key"]
    asked = len(wire.bodies)
    await keys.renew_fallback()  # of the next room, when nothing has come
    wire.refuses = False
    await keys.top_up()
    assert len(wire.bodies) - asked == refuses
    assert not keys.receive([before])
    three.machines[CAROL].create_session(renewed["key"], three.bot.curve25519)
    assert keys.receive([three.room_key(CAROL, "2")])
