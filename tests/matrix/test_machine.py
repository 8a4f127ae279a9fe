"""Room keys that are passed on: only what was asked for, only by the device that owns it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nio.events import ForwardedRoomKeyEvent

from bot.matrix.door import CannotStart
from bot.matrix.machine import Machine, open_machine
from bot.matrix.trust import MEGOLM, Device, Person, encode
from storage.seal import Seal

BOT, ALICE = "@bot:a.test", "@alice:a.test"
ROOM, SESSION = "!room:a.test", "session"
CURVE, OTHER = encode(b"c" * 32), encode(b"d" * 32)
ED = encode(b"e" * 32)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine that asked Alice for a key and knows her two devices."""
    made = open_machine(tmp_path, Seal(bytes(32)), BOT, "DEV", "")
    signed = Device(ALICE, "PHONE", ED, CURVE, signed=True)
    unsigned = Device(ALICE, "ADDED", ED, OTHER, signed=False)
    made.learn(Person(ALICE, "master", (signed, unsigned)))
    made.note_request(ROOM, SESSION)
    yield made
    made.store.database.close()


def passed_on(**changes: str) -> ForwardedRoomKeyEvent:
    """A forwarded room key as it should be, but for the changes."""
    content: dict[str, Any] = {
        "algorithm": MEGOLM,
        "room_id": ROOM,
        "session_id": SESSION,
        "session_key": "key",
        "sender_key": CURVE,
        "sender_claimed_ed25519_key": ED,
        "forwarding_curve25519_key_chain": [],
        **changes,
    }
    payload = {
        "type": "m.forwarded_room_key",
        "sender": ALICE,
        "sender_device": "PHONE",
        "content": content,
    }
    event = ForwardedRoomKeyEvent.from_dict(payload, ALICE, CURVE)
    assert isinstance(event, ForwardedRoomKeyEvent), event
    return event


def test_wanted_and_from_its_owner(machine: Machine) -> None:
    assert machine._should_accept_forward(ALICE, CURVE, passed_on())


@pytest.mark.parametrize(
    "changes",
    [
        {"session_id": "another"},
        {"room_id": "!other:a.test"},
        {"sender_key": OTHER},
        {"sender_claimed_ed25519_key": OTHER},
    ],
)
def test_not_what_was_asked_for_or_not_its_own(machine: Machine, changes: dict[str, str]) -> None:
    assert not machine._should_accept_forward(ALICE, CURVE, passed_on(**changes))


@pytest.mark.parametrize(("sender", "key"), [("@bob:a.test", CURVE), (ALICE, OTHER), (BOT, CURVE)])
def test_from_anybody_else(machine: Machine, sender: str, key: str) -> None:
    assert not machine._should_accept_forward(sender, key, passed_on(sender_key=key))


def test_rubbish_breaks_nothing(machine: Machine) -> None:
    for content in ({}, {"sender_key": CURVE, "ciphertext": {machine.curve25519: {"type": 0}}}):
        raw = {"type": "m.room.encrypted", "sender": ALICE, "content": content}
        assert not machine.receive(raw)


def test_a_store_of_another_key_is_refused(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="crypto store"):
        open_machine(tmp_path, Seal(bytes(32)), BOT, "DEV", "another key")
    with pytest.raises(CannotStart, match="crypto store"):
        open_machine(tmp_path, Seal(b"1" * 32), BOT, "DEV", machine.ed25519)


def test_what_is_not_for_the_machine_is_handed_on(machine: Machine, tmp_path: Path) -> None:
    """Verification messages may come encrypted between devices."""
    folder = tmp_path / "alice"
    folder.mkdir()
    alice = open_machine(folder, Seal(bytes(32)), ALICE, "PHONE", "")
    machine.learn(Person(ALICE, "m", (device_of(alice, ALICE, "PHONE"),)))
    bot = device_of(machine, BOT, "DEV")
    alice.learn(Person(BOT, "m", (bot,)))
    machine.account.generate_one_time_keys(1)
    (one_time,) = machine.account.one_time_keys["curve25519"].values()
    alice.create_session(one_time, bot.curve25519)
    content = {"transaction_id": "t", "code": "m.user"}
    sealed = alice.seal_for(bot, "m.key.verification.cancel", content)
    raw = {"type": "m.room.encrypted", "sender": ALICE, "content": sealed}
    assert not machine.receive(raw)  # no room key
    alice.store.database.close()
    ((type_, sender, inside),) = [(e["type"], e["sender"], e["content"]) for e in machine.opened]
    assert (type_, sender, inside) == ("m.key.verification.cancel", ALICE, content)


def device_of(machine: Machine, user: str, name: str) -> Device:
    return Device(user, name, machine.ed25519, machine.curve25519, signed=True)
