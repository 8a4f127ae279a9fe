"""A room key that never reached the running bot: asked for, given again, one effect (row 10)."""

import asyncio
import json
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from demo.scene import COORDINATOR, Scene
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.interop.conftest import require_client
from tests.interop.stage import PeerStage, facts

pytestmark = pytest.mark.interop

SEATS = {"ocmw": "partner OCMW"}


class Losing:
    """Loses what comes to the device, once told to, until the bot has asked for a key."""

    def __init__(self) -> None:
        self.on, self.lost, self.asked = False, 0, 0

    async def __call__(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        if "/sendToDevice/m.room_key_request/" in request.path:
            self.asked += 1
            self.on = False
        answer = await forward()
        if not self.on or not request.path.endswith("/sync") or answer.status != 200:
            return answer
        body = body_of(answer)
        self.lost += len(body.pop("to_device", {}).get("events", []))
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")


async def through(stage: PeerStage, proxy: Proxy) -> None:
    """From now on the bot reaches its homeserver through the proxy."""
    await asyncio.to_thread(stage.bot.end)
    settings = stage.bot.config.read_text()
    stage.bot.config.write_text(settings.replace(stage.homeserver.url, proxy.url))
    stage.bot.start()


async def test_a_command_whose_key_was_lost_takes_effect_once(tmp_path: Path) -> None:
    require_client()
    losing = Losing()
    async with AsyncExitStack() as running:
        stage = await running.enter_async_context(PeerStage(tmp_path, tuple(SEATS)))
        proxy = await running.enter_async_context(Proxy(stage.homeserver.url, losing))
        running.push_async_callback(asyncio.to_thread, stage.end_bot)
        await stage.open_direct()
        await Scene(stage, people=SEATS).gather()
        await through(stage, proxy)
        coordinator = stage.seats[COORDINATOR]
        await stage.say(COORDINATOR, "!status", expect="status")

        await coordinator.rotate(room=stage.table)
        losing.on = True
        line = f"!lid toevoegen {stage.user_id('clb')} partner CLB"
        added = await stage.say(COORDINATOR, line, expect="member.added")
        assert (losing.lost > 0, losing.asked) == (True, 1)
        assert added["role"] == "partner"

        await asyncio.to_thread(stage.bot.end, signal.SIGKILL)
        stage.bot.start()
        await stage.say(COORDINATOR, "!status", expect="status")
        said = [facts(event).get("kind") for event in coordinator.events.values()]
        assert said.count("member.added") == 1 + len(SEATS)
