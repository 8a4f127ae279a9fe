"""A homeserver that keeps parts of a member's keys to itself gains nothing by it (promise 3)."""

import json
from pathlib import Path

import pytest
from aiohttp import web

from bot.matrix.door import Hearing
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import OpenAccount, room_of, text, trusted
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.homeserver.test_door import MESSAGE
from tests.homeserver.test_keys import say
from tests.homeserver.test_weather import Behind

pytestmark = pytest.mark.homeserver


@pytest.mark.parametrize("part", ["device_keys", "master_keys", "self_signing_keys"])
async def test_who_is_not_shown_whole_has_no_voice_and_gets_no_keys(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path, part: str
) -> None:
    alice = await account()
    withheld: list[str] = []

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith("/keys/query"):
            return answer
        body = body_of(answer)
        for user in withheld:
            body.get(part, {}).pop(user, None)
        return web.Response(body=json.dumps(body).encode(), content_type="application/json")

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await room_of(bot, alice)
        assert trusted(await alice.hear_id(await say(bot, room, "for her")))
        assert trusted(await bot.hear_id(await alice.door.send(room, MESSAGE, text("me"), "1")))
        withheld.append(alice.user_id)
        await bot.shut()
        await bot.open()
        heard = await bot.hear_id(await alice.door.send(room, MESSAGE, text("who?"), "2"))
        assert heard.hearing in {Hearing.UNSIGNED, Hearing.UNREADABLE}
        unread = await alice.hear_id(await say(bot, room, "not for whoever that is"))
        assert unread.hearing is Hearing.UNREADABLE
        await bot.shut()
