"""Whose hand a room key came from: only its own device speaks with it (promise 3)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from nio.crypto.sessions import InboundGroupSession

from bot.matrix.door import Hearing
from bot.matrix.trust import canonical
from tests.matrix.parts import ROOM, Parts, Talker


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path)
    yield made
    made.close()


def met(parts: Parts, name: str) -> Talker:
    talker = Talker(name)
    parts.devices.append(talker)
    parts.meet(talker)
    return talker


def judged(parts: Parts, talker: Talker) -> Hearing | None:
    event = parts.hear(talker.say())
    return event.hearing if event is not None else None


def pass_on(parts: Parts, owner: Talker, hands: Sequence[str]) -> None:
    """The owner's key comes through other devices: forwarded, imported, out of a backup."""
    device = owner.device
    key = InboundGroupSession(owner.key.start, device.ed25519, device.curve25519, ROOM, list(hands))
    parts.machine.room_keys.held.add(key)
    parts.machine.save_inbound_group_session(key)


def test_the_owners_own_hand_counts_however_it_came(parts: Parts) -> None:
    alice, carol = met(parts, "alice"), met(parts, "carol")
    parts.give(alice, alice.key)
    pass_on(parts, carol, [carol.device.curve25519])
    assert judged(parts, alice) is Hearing.TRUSTED
    assert judged(parts, carol) is Hearing.TRUSTED


def test_a_key_out_of_other_hands_authenticates_nobody(parts: Parts) -> None:
    alice, mallory = met(parts, "alice"), met(parts, "mallory")
    pass_on(parts, alice, [mallory.device.curve25519])
    assert judged(parts, alice) is Hearing.UNSIGNED
    parts.close()
    parts.open()
    assert judged(parts, alice) is Hearing.UNSIGNED


def test_a_key_that_somebody_else_calls_theirs_authenticates_nobody(parts: Parts) -> None:
    alice, mallory = met(parts, "alice"), met(parts, "mallory")
    parts.give(mallory, alice.key)
    assert judged(parts, alice) is Hearing.UNREADABLE


def test_words_for_another_room_are_not_read_in_this_one(parts: Parts) -> None:
    """Whoever has the room key of two rooms, and moves an event from one to the other."""
    alice = met(parts, "alice")
    parts.give(alice, alice.key)
    content = {"msgtype": "m.text", "body": "agree 3"}
    inside = {"room_id": "!other:a.test", "type": "m.room.message", "content": content}
    moved = alice.event(alice.key, alice.key.session.encrypt(canonical(inside)).to_base64())
    event = parts.hear(moved)
    assert event is not None
    assert (event.hearing, event.content) == (Hearing.UNREADABLE, {})
