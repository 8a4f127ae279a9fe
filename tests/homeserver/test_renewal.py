"""When our room key is renewed, and when it is kept (promise 3)."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from demo.homeserver import Homeserver
from tests.homeserver.devices import FurtherDevice
from tests.homeserver.fixtures import Account, OpenAccount, room_of, text
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.homeserver.test_door import MESSAGE
from tests.homeserver.test_keys import say, session_of
from tests.homeserver.test_weather import Behind

pytestmark = pytest.mark.homeserver


class Talk:
    """What the bot says in a room, and whether the key was the same as before."""

    def __init__(self, homeserver: Homeserver, bot: Account, alice: Account, room: str) -> None:
        self._homeserver = homeserver
        self._bot, self._alice, self.room = bot, alice, room
        self._sessions: list[str] = []

    async def renewed(self) -> bool:
        """Says something, once the bot has heard of all that was done up to now."""
        number = str(len(self._sessions))
        marker = await self._alice.door.send(self.room, MESSAGE, text("marker"), f"m{number}")
        await self._bot.hear_id(marker)
        said = await say(self._bot, self.room, f"word {number}")
        self._sessions.append(session_of(self._homeserver, self._alice, self.room, said))
        return len(self._sessions) > 1 and self._sessions[-1] != self._sessions[-2]


async def test_kept_while_nobody_loses_anything(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    talk = Talk(synapse, bot, alice, await room_of(bot, alice))
    await talk.renewed()
    unsigned = FurtherDevice(synapse, alice, signed=False)
    assert not await talk.renewed()
    assert not unsigned.messages()
    unsigned.sign()
    assert not await talk.renewed()
    assert unsigned.messages() == 1
    unsigned.call("PUT", f"devices/{unsigned.id}", {"display_name": "My other telephone"})
    unsigned.call("PUT", f"profile/{alice.user_id}/displayname", {"displayname": "Alice"})
    assert not await talk.renewed()
    unsigned.sign()
    assert not await talk.renewed()
    assert not unsigned.messages()


async def test_renewed_when_a_device_logs_out(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    talk = Talk(synapse, bot, alice, await room_of(bot, alice))
    device = FurtherDevice(synapse, alice)
    await talk.renewed()
    assert device.messages()
    device.call("POST", "logout", {})
    assert await talk.renewed()
    assert not await talk.renewed()


async def test_renewed_when_an_identity_is_refused(
    account: OpenAccount, synapse: Homeserver
) -> None:
    bot, alice, carol = await account(), await account(), await account()
    talk = Talk(synapse, bot, alice, await room_of(bot, alice, carol))
    await talk.renewed()
    bot.door.pin(carol.user_id, bot.door.fingerprint.master_key)
    assert await talk.renewed()
    assert not await talk.renewed()


async def test_renewed_with_time(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    talk = Talk(synapse, bot, alice, await room_of(bot, alice))
    await talk.renewed()
    session = bot.door._machine.outbound_group_sessions[talk.room]
    session.creation_time -= timedelta(days=6)
    assert not await talk.renewed()
    session.creation_time -= timedelta(days=1)
    assert await talk.renewed()


async def test_renewed_when_a_device_loses_its_signature(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    alice = await account()
    device = FurtherDevice(synapse, alice)
    lost: list[str] = []

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith("/keys/query"):
            return answer
        body = body_of(answer)
        for key in lost:
            devices = body["device_keys"].get(alice.user_id, {})
            devices[key]["signatures"][alice.user_id].pop(
                f"ed25519:{alice.door._own.self_signing.public}", None
            )
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        talk = Talk(synapse, bot, alice, await room_of(bot, alice))
        await talk.renewed()
        assert device.messages() == 1
        lost.append(device.id)
        FurtherDevice(synapse, alice, signed=False)  # so that the bot asks for her devices again
        assert await talk.renewed()
        assert not device.messages()
        await bot.shut()
