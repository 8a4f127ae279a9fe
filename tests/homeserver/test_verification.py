"""Two doors verify each other on a real homeserver; their messages may come encrypted too."""

import asyncio

import pytest

from bot.matrix.talk import ShortString
from tests.homeserver.fixtures import Account, OpenAccount, room_of

pytestmark = pytest.mark.homeserver


class Agreeing:
    """Says that they match, and remembers what."""

    asking = "compare with me"

    def __init__(self) -> None:
        self.strings: list[ShortString] = []

    async def wait(self, *, asked: bool) -> None: ...

    async def compare(self, string: ShortString) -> bool:
        self.strings.append(string)
        return True


async def asked(who: Account, by: Account, room: str | None) -> None:
    request = await who.asked()
    assert (request.user, request.room) == (by.user_id, room)


@pytest.mark.parametrize("in_room", [True, False])
async def test_two_doors_verify_each_other(account: OpenAccount, *, in_room: bool) -> None:
    bot, carol = await account(), await account()
    room = await room_of(bot, carol) if in_room else None
    one, other = Agreeing(), Agreeing()
    bot.door.verifying.start_after = 0.0
    hers = asyncio.ensure_future(carol.door.verify(bot.user_id, room, one))
    await asked(bot, carol, room)
    assert await bot.door.verify(carol.user_id, None, other) == carol.door.fingerprint.master_key
    assert await hers == bot.door.fingerprint.master_key
    assert one.strings == other.strings != []


async def test_a_request_that_comes_encrypted_waits(account: OpenAccount) -> None:
    bot, carol = await account(), await account()
    room = await room_of(bot, carol)
    content = {
        "msgtype": "m.key.verification.request",
        "body": "?",
        "to": bot.user_id,
        "from_device": "ANY",
        "methods": ["m.sas.v1"],
    }
    await carol.door.send(room, "m.room.message", content, "1")
    await asked(bot, carol, room)
