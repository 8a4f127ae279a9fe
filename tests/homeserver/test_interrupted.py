"""Killed, or failed by the homeserver, while keys are exchanged: nothing is lost."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.matrix.door import Hearing, MatrixRefused
from demo.homeserver import Homeserver
from tests.homeserver.devices import FurtherDevice
from tests.homeserver.fixtures import OpenAccount, room_of, text, trusted
from tests.homeserver.proxy import Forward, Proxy
from tests.homeserver.test_door import MESSAGE
from tests.homeserver.test_keys import session_of
from tests.homeserver.test_weather import Behind

pytestmark = pytest.mark.homeserver


async def test_key_that_comes_while_devices_cannot_be_asked_for(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """It is there when the bot, killed in the meantime, can ask who sent it."""
    alice = await account()
    failing, asked = asyncio.Event(), asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if request.path.endswith("/keys/query") and failing.is_set():
            asked.set()
            return web.Response(status=502)
        return await forward()

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        await bot.hear_id(await alice.door.send(room, MESSAGE, text("known"), "1"))
        failing.set()
        await alice.shut()
        await alice.open()
        FurtherDevice(synapse, alice)
        said = await alice.door.send(room, MESSAGE, text("with a new key"), "2")
        await asyncio.wait_for(asked.wait(), 120)
        await bot.shut()
        assert said not in {event.event_id for event in bot.events}
        failing.clear()
        await bot.open()
        assert trusted(await bot.hear_id(said))
        await bot.shut()


@pytest.mark.parametrize("reached", [0, 1])
async def test_killed_while_sharing_a_room_key(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path, reached: int
) -> None:
    """Some have it and the rest have not: all get one before anything is sent with it."""
    members = [await account(), await account()]
    sharing = asyncio.Event()
    lucky = [member.user_id for member in members[:reached]]

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if "/sendToDevice/m.room.encrypted/" not in request.path or sharing.is_set():
            return await forward()
        messages = (await request.json())["messages"]
        part = {"messages": {user: messages[user] for user in lucky}}
        token = request.headers["Authorization"].removeprefix("Bearer ")
        await asyncio.to_thread(synapse.call, "PUT", request.path, part, token)
        sharing.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, *members)
        dying = asyncio.create_task(bot.door.send(room, MESSAGE, text("to all"), "same"))
        await asyncio.wait_for(sharing.wait(), 120)
        (half,) = {key.id for key in bot.door._machine.inbound_group_store}
        dying.cancel()
        await asyncio.wait({dying})
        await bot.shut()
        await bot.open()
        said = await bot.door.send(room, MESSAGE, text("to all"), "same")
        for member in members:
            assert trusted(await member.hear_id(said))
        assert session_of(synapse, members[0], room, said) != half
        await bot.shut()


async def test_refused_while_sharing_a_room_key(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """Nobody knows who has it: nothing is said with it."""
    members = [await account(), await account()]
    refused = asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if "/sendToDevice/m.room.encrypted/" in request.path and not refused.is_set():
            refused.set()
            return web.json_response({"errcode": "M_FORBIDDEN"}, status=403)
        return await forward()

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, *members)
        with pytest.raises(MatrixRefused):
            await bot.door.send(room, MESSAGE, text("to all"), "1")
        (half,) = {key.id for key in bot.door._machine.inbound_group_store}
        said = await bot.door.send(room, MESSAGE, text("to all"), "2")
        for member in members:
            assert trusted(await member.hear_id(said))
        assert session_of(synapse, members[0], room, said) != half
        await bot.shut()


async def test_every_exchange_of_keys_that_fails_is_tried_again(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    alice = await account()
    kinds = ("upload", "query", "claim", "sendToDevice")
    failed: set[str] = set()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        kind = next((k for k in kinds if f"/{k}" in request.path), None)
        if kind is not None and kind not in failed:
            failed.add(kind)
            return web.json_response({"errcode": "M_UNKNOWN"}, status=503)
        return await forward()

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        said = await bot.door.send(room, MESSAGE, text("in the end"), "1")
        assert trusted(await alice.hear_id(said))
        assert trusted(
            await bot.hear_id(await alice.door.send(room, MESSAGE, text("and back"), "1"))
        )
        await bot.shut()
    assert failed == set(kinds)


async def test_request_for_a_lost_key_that_was_not_sent_is_sent_after_a_restart(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    alice = await account()
    dying, asked = asyncio.Event(), asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if "/sendToDevice/m.room_key_request/" in request.path:
            if not dying.is_set():
                dying.set()
                await asyncio.Event().wait()
            asked.set()
        return await forward()

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        bot.door.pin(alice.user_id, alice.door.fingerprint.master_key)
        # Shared with nobody: as if it had been lost on the way.
        door = alice.door
        door._machine.create_outbound_group_session(room)
        session = door._machine.outbound_group_sessions[room]
        session.shared = True
        await door._people.ensure([bot.user_id])
        person = door._people.person(bot.user_id)
        assert person is not None
        door._sharing._given[room] |= set(person.devices)
        door._sharing._strictness[room] = 9
        lost = await door.send(room, MESSAGE, text("lost"), "1")
        assert (await bot.hear_id(lost)).hearing is Hearing.UNREADABLE
        await door.send_clear(room, text("wake"), "2")
        await asyncio.wait_for(dying.wait(), 120)
        await bot.shut()
        await bot.open()
        bot.door.pin(alice.user_id, alice.door.fingerprint.master_key)
        again = await bot.door.fetch(room, lost)
        assert again is not None
        assert again.hearing is Hearing.UNREADABLE
        await door.send_clear(room, text("wake again"), "3")
        await asyncio.wait_for(asked.wait(), 120)
        await bot.shut()


async def test_olm_session_of_a_client_restored_from_an_old_copy_is_replaced(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """One key is lost; the next one is heard."""
    alice = await account()
    mending, mended = asyncio.Event(), asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if mending.is_set() and "/sendToDevice/m.room.encrypted/" in request.path:
            mended.set()
        return answer

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        await bot.hear_id(await alice.door.send(room, MESSAGE, text("first"), "1"))
        await alice.shut()
        shutil.copytree(alice.folder, tmp_path / "copy")
        for number in range(2):
            await alice.open()
            await bot.hear_id(await alice.door.send(room, MESSAGE, text("more"), f"m{number}"))
            await alice.shut()
        shutil.rmtree(alice.folder)
        shutil.copytree(tmp_path / "copy", alice.folder)
        for session in bot.door._machine.session_store:
            session.creation_time -= timedelta(hours=2)  # none is replaced twice in an hour
        mending.set()
        await alice.open()
        lost = await alice.door.send(room, MESSAGE, text("lost"), "2")
        assert (await bot.hear_id(lost)).hearing is Hearing.UNREADABLE
        await alice.door.send_clear(room, text("wake"), "3")
        await asyncio.wait_for(mended.wait(), 120)
        await alice.hear_id(await bot.door.send(room, MESSAGE, text("marker"), "4"))
        await alice.shut()
        await alice.open()
        assert trusted(await bot.hear_id(await alice.door.send(room, MESSAGE, text("next"), "5")))
        await bot.shut()
