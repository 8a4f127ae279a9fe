"""Becoming somebody: one device and one identity, however often it is interrupted."""

import logging
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.matrix.client import MatrixDoor
from bot.matrix.door import CannotStart, Door, SessionLost
from bot.matrix.wire import path
from demo.homeserver import Homeserver
from storage.seal import Seal
from tests.homeserver.fixtures import PASSWORD, SEAL, Account, OpenAccount, room_of, text, trusted
from tests.homeserver.proxy import Forward, Proxy

pytestmark = pytest.mark.homeserver


def log_in(homeserver: Homeserver, name: str) -> str:
    """The access token of another device of an account."""
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": name},
        "password": "password",
    }
    return str(homeserver.call("POST", "/_matrix/client/v3/login", body)["access_token"])


def shown(homeserver: Homeserver, who: Account) -> dict[str, Any]:
    """What others see of an account's keys."""
    token = log_in(homeserver, who.name)
    body: dict[str, Any] = {"device_keys": {who.user_id: []}}
    return homeserver.call("POST", "/_matrix/client/v3/keys/query", body, token)


async def test_identity_is_made_once_and_kept(account: OpenAccount, synapse: Homeserver) -> None:
    bot = await account()
    fingerprint, before = bot.door.fingerprint, shown(synapse, bot)
    await bot.shut()
    bot.door = bot.new_door(password=None)
    door: Door = bot.door
    await door.enter()
    assert bot.door.fingerprint == fingerprint
    assert shown(synapse, bot) == before
    assert list(before["master_keys"][bot.user_id]["keys"].values()) == [fingerprint.master_key]
    assert "=" not in str(fingerprint)
    standing = await bot.door.standing(bot.user_id)
    assert (standing.identity, standing.signed_devices, standing.unsigned_devices) == (True, 1, 0)


async def test_wrong_and_missing_password(account: OpenAccount) -> None:
    bot = await account(listening=False)
    with pytest.raises(CannotStart, match="password"):
        await bot.new_door("wrong").enter()
    with pytest.raises(CannotStart, match="password"):
        await bot.new_door(None).enter()


async def test_identity_of_somebody_else_is_not_replaced(
    account: OpenAccount, tmp_path: Path
) -> None:
    bot = await account()
    other = MatrixDoor(bot.homeserver.url, bot.user_id, tmp_path / "other", SEAL, "password")
    with pytest.raises(CannotStart, match="already has a cross-signing identity"):
        await other.enter()


async def test_two_at_once_are_refused(account: OpenAccount) -> None:
    bot = await account()
    with pytest.raises(CannotStart, match="Another process"):
        await bot.new_door().enter()


async def test_other_master_key_is_refused(account: OpenAccount) -> None:
    bot = await account()
    await bot.shut()
    other = MatrixDoor(bot.homeserver.url, bot.user_id, bot.folder, Seal(bytes(31) + b"1"), None)
    with pytest.raises(CannotStart, match="master key"):
        await other.enter()


async def test_logged_out_device_comes_back(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    fingerprint = bot.door.fingerprint
    token = log_in(synapse, bot.name)
    await bot.shut()
    synapse.call("POST", "/_matrix/client/v3/logout/all", {}, token)
    with pytest.raises(CannotStart, match="session has ended"):
        await bot.new_door(None).enter()
    await bot.open()
    assert bot.door.fingerprint == fingerprint
    room = await room_of(alice, bot)
    event_id = await alice.door.send(room, "m.room.message", text("again"), "t")
    assert trusted(await bot.hear_id(event_id))


async def test_a_session_that_ends_is_no_refusal(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    bot = await account(listening=False)
    await bot.door.enter()
    room = await room_of(bot)
    await bot.door._wire.call("POST", path("logout"), body={})
    with pytest.raises(SessionLost):
        await bot.door.send(room, "m.room.message", text("late"), "t1")
    with pytest.raises(SessionLost):
        await anext(bot.door.listen(None))
    await bot.door.close()
    await bot.open()
    assert await bot.door.send(room, "m.room.message", text("late"), "t1")


async def test_nothing_readable_on_disk_or_in_logs(
    account: OpenAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    await bot.door.send(room, "m.room.message", text("canary-7391"), "t")
    event_id = await alice.door.send(room, "m.room.message", text("canary-7391"), "t")
    await bot.hear_id(event_id)
    await bot.shut()
    assert "canary" not in caplog.text
    assert "access_token" not in caplog.text
    for file in bot.folder.iterdir():
        assert b"canary" not in file.read_bytes()
        assert b"access_token" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0 or file.parent.stat().st_mode & 0o077 == 0


async def test_password_asked_for_again(synapse: Homeserver, tmp_path: Path) -> None:
    """A homeserver that wants the password once more to publish an identity."""
    bot = Account(synapse, tmp_path)
    confirmed: list[object] = []

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if not request.path.endswith("/device_signing/upload"):
            return await forward()
        auth = (await request.json()).get("auth")
        if auth is None:
            flows = {"session": "s1", "flows": [{"stages": ["m.login.password"]}], "params": {}}
            return web.json_response(flows, status=401)
        confirmed.append((auth["session"], auth["password"], auth["identifier"]["user"]))
        return await forward()

    async with Proxy(synapse.url, rule) as proxy:
        door = MatrixDoor(proxy.url, bot.user_id, bot.folder, SEAL, PASSWORD)
        await door.enter()
        await door.close()
    assert confirmed == [("s1", PASSWORD, bot.user_id)]
    await bot.open()
    assert bot.door.fingerprint == door.fingerprint
    await bot.shut()
