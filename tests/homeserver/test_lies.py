"""A homeserver that lies: relabelled, moved, replayed events change nothing (promise 3)."""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.matrix.door import Hearing
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import OpenAccount, room_of, text, trusted
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.homeserver.test_door import MESSAGE, raw_event
from tests.homeserver.test_entering import log_in
from tests.homeserver.test_weather import Behind

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
    await bot.hear_id(genuine)
    after = inject(synapse, log_in(synapse, mallory.name), room, raw)
    await bot.shut()
    # One that the bot has not heard: its real event is emptied, the copy with it is not.
    fresh = await alice.door.send(room, MESSAGE, text("agree 4"), "2")
    raw = raw_event(synapse, mallory, room, fresh)
    before = inject(synapse, log_in(synapse, mallory.name), room, raw)
    await alice.door.redact(room, fresh, "3")
    await bot.open()
    for copy in (after, before):
        assert (await bot.hear_id(copy)).hearing is Hearing.UNREADABLE


async def test_copy_that_comes_first_does_not_displace_the_real_one(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """The server shows a member's copy before the event that was copied."""
    alice, mallory = await account(), await account()
    hold = asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith("/sync") or answer.status != 200 or not hold.is_set():
            return answer
        body = body_of(answer)
        for room in body.get("rooms", {}).get("join", {}).values():
            room["timeline"]["events"].reverse()
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice, mallory)
        await bot.hear_id(await alice.door.send(room, MESSAGE, text("key"), "1"))
        await bot.shut()
        hold.set()
        genuine = await alice.door.send(room, MESSAGE, text("agree 3"), "2")
        raw, token = raw_event(synapse, mallory, room, genuine), log_in(synapse, mallory.name)
        copy = inject(synapse, token, room, raw)
        await bot.open()
        assert (await bot.hear_id(copy)).hearing is Hearing.UNREADABLE
        assert trusted(await bot.hear_id(genuine))
        await bot.shut()
