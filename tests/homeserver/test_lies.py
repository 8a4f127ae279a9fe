"""A homeserver that lies: relabelled, moved, replayed events change nothing (promise 3)."""

import secrets
from typing import Any

import pytest

from bot.matrix.door import Hearing
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import OpenAccount, room_of, text, trusted
from tests.homeserver.test_door import MESSAGE, raw_event
from tests.homeserver.test_entering import log_in

pytestmark = pytest.mark.homeserver


def inject(homeserver: Homeserver, token: str, room: str, raw: dict[str, Any]) -> str:
    """The same ciphertext once more, as a new event."""
    where = f"/_matrix/client/v3/rooms/{room}/send/m.room.encrypted/{secrets.token_hex(4)}"
    return str(homeserver.call("PUT", where, raw["content"], token)["event_id"])


async def test_replayed_event_is_dropped(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    genuine = await alice.door.send(room, MESSAGE, text("agree 3"), "1")
    assert trusted(await bot.hear_id(genuine))
    raw, token = raw_event(synapse, bot, room, genuine), log_in(synapse, alice.name)
    copies = [inject(synapse, token, room, raw)]
    await bot.shut()
    copies.append(inject(synapse, token, room, raw))
    await bot.open()
    last = await alice.door.send(room, MESSAGE, text("done"), "2")
    await bot.hear_id(last)
    assert not [event for event in bot.events if event.event_id in copies]
    assert await bot.door.fetch(room, copies[0]) is None
    assert await bot.door.fetch(room, genuine) is not None


async def test_relabelled_and_moved_events_are_not_believed(
    account: OpenAccount, synapse: Homeserver
) -> None:
    bot, alice, mallory = await account(), await account(), await account()
    room = await room_of(bot, alice, mallory)
    side = await room_of(bot, alice, mallory, marker="side")
    genuine = await alice.door.send(room, MESSAGE, text("agree 3"), "1")
    raw = raw_event(synapse, mallory, room, genuine)
    moved = inject(synapse, log_in(synapse, alice.name), side, raw)
    assert (await bot.hear_id(moved)).hearing is Hearing.UNREADABLE
    fresh = await alice.door.send(room, MESSAGE, text("agree 4"), "2")
    raw = raw_event(synapse, mallory, room, fresh)
    await bot.hear_id(fresh)
    relabelled = inject(synapse, log_in(synapse, mallory.name), room, raw)
    last = await alice.door.send(room, MESSAGE, text("done"), "3")
    await bot.hear_id(last)
    assert not [e for e in bot.events if e.event_id == relabelled and trusted(e)]
