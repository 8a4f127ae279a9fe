"""One-time keys that run out, are given out twice or come broken: nobody stays unheard."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.matrix.door import Hearing
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import Account, OpenAccount, room_of, text, trusted
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.homeserver.test_door import MESSAGE
from tests.homeserver.test_entering import log_in
from tests.homeserver.test_keys import devices_of
from tests.homeserver.test_weather import Behind

pytestmark = pytest.mark.homeserver


def as_json(body: Any) -> web.Response:
    return web.Response(body=json.dumps(body).encode(), content_type="application/json")


@asynccontextmanager
async def behind(synapse: Homeserver, folder: Path) -> AsyncIterator[Behind]:
    """An open account whose traffic can be meddled with."""
    async with Proxy(synapse.url) as proxy:
        one = Behind(synapse, folder, proxy)
        await one.open()
        try:
            yield one
        finally:
            await one.shut()


class LateToDevice:
    """Holds to-device messages back until a new fallback key was uploaded."""

    def __init__(self) -> None:
        self.uploaded: dict[str, Any] = {}
        self.replaced = asyncio.Event()
        self.held: list[Any] = []

    async def __call__(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        if request.path.endswith("/keys/upload"):
            self.uploaded |= json.loads(await request.read()).get("fallback_keys", {})
        answer = await forward()
        if self.uploaded:
            self.replaced.set()
        if not request.path.endswith("/sync") or answer.status != 200:
            return answer
        body = body_of(answer)
        self.held += body.pop("to_device", {}).get("events", [])
        if self.uploaded:
            body["to_device"], self.held = {"events": self.held}, []
        return as_json(body)


def claim(homeserver: Homeserver, token: str, who: Account, device: str) -> dict[str, Any]:
    """One of the device's keys: name → signed key."""
    body: dict[str, Any] = {"one_time_keys": {who.user_id: {device: "signed_curve25519"}}}
    answer = homeserver.call("POST", "/_matrix/client/v3/keys/claim", body, token)
    keys: dict[str, Any] = answer["one_time_keys"][who.user_id][device]
    return keys


async def test_a_used_fallback_key_is_replaced_and_still_opens_what_comes_late(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    alice = await account()
    async with behind(synapse, tmp_path) as bot:
        room = await room_of(bot, alice)
        await bot.shut()
        token = log_in(synapse, alice.name)
        (device,) = [d for d in devices_of(synapse, bot, token) if d.startswith("TAFELBOT")]
        keys = [claim(synapse, token, bot, device) for _ in range(51)]
        assert [key for one in keys[:50] for key in one.values() if "fallback" in key] == []
        (used,) = keys[50].items()
        assert used[1]["fallback"]
        assert dict([used]) == claim(synapse, token, bot, device)  # it serves again and again
        event_id = await alice.door.send(room, MESSAGE, text("by the fallback key"), "1")
        late = bot.proxy.rule = LateToDevice()
        await bot.open()
        async with asyncio.timeout(120):
            await late.replaced.wait()
        await alice.door.send(room, MESSAGE, text("so that the bot is answered"), "2")
        await bot.keys()
        found = await bot.door.fetch(room, event_id)
        assert found is not None
        assert trusted(found)
        assert len(late.uploaded) == 1
        assert used[0] not in late.uploaded
        for _ in range(50):
            assert "fallback" not in str(claim(synapse, token, bot, device))
        assert list(claim(synapse, token, bot, device)) == list(late.uploaded)


async def test_a_one_time_key_that_was_given_out_twice(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """The second to use it is not understood, and gets a new session; the first stays."""
    bot, claimed, answered = await account(), dict[str, Any](), asyncio.Event()

    async def first(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if request.path.endswith("/keys/claim"):
            claimed.update(body_of(answer)["one_time_keys"].get(bot.user_id, {}))
        return answer

    async def second(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if request.path.endswith("/keys/claim") and not answered.is_set():
            body = body_of(answer)
            assert body["one_time_keys"][bot.user_id] != claimed
            body["one_time_keys"][bot.user_id] = claimed
            return as_json(body)
        if request.path.endswith("/sync") and body_of(answer).get("to_device", {}).get("events"):
            answered.set()
        return answer

    async with behind(synapse, tmp_path) as alice, behind(synapse, tmp_path) as carol:
        room = await room_of(bot, alice, carol)
        alice.proxy.rule = first
        heard = await bot.hear_id(await alice.door.send(room, MESSAGE, text("first"), "1"))
        assert trusted(heard)
        assert claimed
        await carol.hear_id(heard.event_id)
        carol.proxy.rule = second
        answered.clear()
        lost = await bot.hear_id(await carol.door.send(room, MESSAGE, text("lost"), "1"))
        assert lost.hearing is Hearing.UNREADABLE
        async with asyncio.timeout(120):
            await answered.wait()  # the bot has written to her, on a session of its own
        for member in (carol, alice):
            await member.shut()
            await member.open()  # the next message comes with a new room key
            said = await member.door.send(room, MESSAGE, text("heard"), "2")
            assert trusted(await bot.hear_id(said))


async def test_a_folder_from_a_backup_offers_other_keys_under_names_that_are_taken(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """They are refused; the bot starts all the same, offers the next, and is written to."""
    alice, refused, accepted = await account(), asyncio.Event(), asyncio.Event()

    async def watch(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if request.path.endswith("/keys/upload") and answer.status == 400:
            refused.set()
        elif request.path.endswith("/keys/upload") and refused.is_set():
            accepted.set()
        return answer

    async with behind(synapse, tmp_path) as bot:
        token = log_in(synapse, alice.name)
        (device,) = [d for d in devices_of(synapse, bot, token) if d.startswith("TAFELBOT")]
        await bot.shut()
        shutil.copytree(bot.folder, tmp_path / "backup")
        for _ in range(30):
            claim(synapse, token, bot, device)
        await bot.open()  # makes thirty more
        await bot.shut()
        for _ in range(45):
            claim(synapse, token, bot, device)
        shutil.rmtree(bot.folder)
        shutil.copytree(tmp_path / "backup", bot.folder)
        bot.proxy.rule = watch
        await bot.open()
        async with asyncio.timeout(120):
            await accepted.wait()
        for _ in range(5):  # the rest of what the restored bot never had
            claim(synapse, token, bot, device)
        room = await room_of(alice, bot)
        assert trusted(await bot.hear_id(await alice.door.send(room, MESSAGE, text("me"), "1")))
