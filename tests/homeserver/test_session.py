"""A session that is not let in: for a moment, while the account is locked, or for good."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from aiohttp import web

from bot import __main__ as command
from bot.app import App, open_desk, run_until_stopped
from bot.config import Settings
from bot.matrix.admission import Patience
from bot.matrix.client import MatrixDoor
from bot.matrix.wire import path
from demo.homeserver import Homeserver
from storage.seal import Seal
from tests.homeserver.fixtures import OpenAccount, room_of, text, trusted
from tests.homeserver.operating import Place
from tests.homeserver.proxy import Forward, Proxy
from tests.homeserver.test_door import MESSAGE
from tests.homeserver.test_weather import Behind

pytestmark = pytest.mark.homeserver

UNKNOWN = json.dumps({"errcode": "M_UNKNOWN_TOKEN", "error": "", "soft_logout": True})
LOCKED = json.dumps({"errcode": "M_USER_LOCKED", "error": "", "soft_logout": True})
PAGE = "<html>401 Unauthorized</html>"


@pytest.mark.parametrize("body", [UNKNOWN, LOCKED, PAGE], ids=["unknown", "locked", "page"])
async def test_a_401_on_sync_while_the_session_is_valid_ends_nothing(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path, body: str
) -> None:
    alice = await account()
    answered: list[str] = []

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if request.path.endswith("/sync") and "since" in request.query and not answered:
            answered.append(body)
            return web.Response(status=401, text=body)
        return await forward()

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        assert trusted(await bot.hear_id(await alice.door.send(room, MESSAGE, text("x"), "1")))
        assert answered
        await bot.shut()


async def test_a_locked_account_is_waited_for(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """Every call is answered so, also the one that asks about the session; ours wait no minutes
    for a session that is lost, so that they would not outlast it otherwise."""
    alice = await account()
    left: list[None] = []

    async def rule(_request: web.Request, forward: Forward) -> web.StreamResponse:
        if left:
            left.pop()
            return web.Response(status=401, text=LOCKED, content_type="application/json")
        return await forward()

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        left += [None] * 4
        assert await bot.door.send(room, MESSAGE, text("after all"), "1")
        assert not left
        await bot.shut()


class LoggedOut(MatrixDoor):
    """Somebody logs the bot's device out as soon as it is in."""

    async def enter(self) -> None:
        await super().enter()
        await self._wire.call("POST", path("logout"), body={})


def logged_out(settings: Settings, seal: Seal) -> LoggedOut:
    folder, password = settings.matrix_dir, settings.login_password()
    patience = Patience(grace=2.0)
    url, user = settings.homeserver, settings.user_id
    return LoggedOut(url, user, folder, seal, password, patience=patience)


def test_a_session_that_is_really_gone_ends_the_process_with_its_code(
    synapse: Homeserver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = Place(synapse, tmp_path)
    caplog.set_level(logging.INFO, "tafelbot.matrix")

    def run(_arguments: object) -> int:
        desk = open_desk(place.settings, logged_out)
        asyncio.run(run_until_stopped(App(desk)))
        return 0

    monkeypatch.setattr(command, "run", run)
    assert command.main(["run"]) == 2
    assert "M_UNKNOWN_TOKEN" in capsys.readouterr().err
    assert any("is lost" in line and "M_UNKNOWN_TOKEN" in line for line in caplog.messages)
