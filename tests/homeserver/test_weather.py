"""Bad connections and late keys: waited out, reported once, nothing lost."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from aiohttp import web

from bot.matrix.door import Hearing
from demo.client import Client
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import (
    AT_ONCE,
    PASSWORD,
    SEAL,
    Account,
    OpenAccount,
    room_of,
    text,
    trusted,
)
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.homeserver.test_door import MESSAGE

pytestmark = pytest.mark.homeserver


class Behind(Account):
    """An account whose door goes through a proxy."""

    def __init__(self, homeserver: Homeserver, folder: Path, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(homeserver, folder)

    def new_door(self, password: str | None = PASSWORD) -> Client:
        """Through the proxy."""
        url = self.proxy.url
        return Client(url, self.user_id, self.folder, SEAL, password, patience=AT_ONCE)


async def test_homeserver_killed_while_listening(
    account: OpenAccount, synapse: Homeserver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tafelbot.matrix")
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    synapse.kill()
    sending = asyncio.create_task(alice.door.send(room, MESSAGE, text("patience"), "1"))
    await asyncio.to_thread(synapse.start)
    event = await bot.hear_id(await sending)
    assert trusted(event)
    said = [record.getMessage() for record in caplog.records]
    down = [line for line in said if "unreachable" in line]
    assert 1 <= len(down) <= 2  # one for each door
    assert len([line for line in said if "is back" in line]) == len(down)


async def test_faults_and_rate_limits_are_waited_out(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    alice = await account()
    troubles = [
        web.json_response({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 50}, status=429),
        web.Response(status=502, text="<html>bad gateway</html>"),
        web.Response(status=404, text="404 page not found"),
        web.Response(status=403, text="<html>blocked</html>", content_type="text/html"),
        web.Response(status=302, headers={"Location": "/maintenance"}),
        web.json_response(
            {"errcode": "M_LIMIT_EXCEEDED"}, status=429, headers={"Retry-After": "0"}
        ),
    ]

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if "/send/" in request.path and troubles:
            return troubles.pop(0)
        return await forward()

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        event_id = await bot.door.send(room, MESSAGE, text("in the end"), "1")
        assert trusted(await alice.hear_id(event_id))
        await bot.shut()


async def test_key_that_comes_late(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    alice = await account()
    held: list[object] = []
    hold = asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith("/sync") or answer.status != 200:
            return answer
        body = body_of(answer)
        events = body.get("to_device", {}).get("events", [])
        if hold.is_set():
            held.extend(events)
            body["to_device"] = {"events": []}
        else:
            body["to_device"] = {"events": held + events}
            held.clear()
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        hold.set()
        event_id = await alice.door.send(room, MESSAGE, text("too early"), "1")
        early = await bot.hear_id(event_id)
        assert (early.hearing, early.content) == (Hearing.UNREADABLE, {})
        hold.clear()
        await alice.door.send_clear(room, text("wake"), "2")
        await bot.keys()
        late = await bot.door.fetch(room, event_id)
        assert late is not None
        assert trusted(late)
        assert late.content == text("too early")
        await bot.shut()


async def test_lost_key_is_asked_for_once(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """The request goes to the sending device; a second message with that key asks no more."""
    alice = await account()
    asked: list[object] = []

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if "/sendToDevice/m.room_key_request/" in request.path:
            asked.append(await request.json())
        answer = await forward()
        if request.path.endswith("/sync") and answer.status == 200:
            body = body_of(answer)
            body["to_device"] = {"events": []}
            return web.Response(body=json.dumps(body).encode(), content_type="application/json")
        return answer

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        bot.door.pin(alice.user_id, alice.door.fingerprint.master_key)
        for number in range(2):
            sent = await alice.door.send(room, MESSAGE, text("lost"), f"t{number}")
            await bot.hear_id(sent)
        await alice.door.send_clear(room, text("wake"), "w")
        await bot.hear(lambda e: e.content.get("body") == "wake")
        await bot.shut()
    assert len(asked) == 1
    assert alice.user_id in str(asked[0])
