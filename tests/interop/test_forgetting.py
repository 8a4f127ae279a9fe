"""Forgotten keys and matrix-js-sdk: it goes on with its key, and is heard as before."""

import pytest

from bot.matrix.door import Hearing
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import OpenAccount, text, trusted
from tests.interop.conftest import StartMember
from tests.interop.test_door_heard import MESSAGE, meet, registered

pytestmark = pytest.mark.interop


async def test_the_client_is_heard_and_reads_after_keys_were_forgotten(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    past = [await alice.send(room=room, text=f"past {number}") for number in range(2)]
    for event_id in past:
        assert trusted(await bot.hear_id(event_id))
    await alice.read(await bot.door.send(room, MESSAGE, text("before"), "1"))
    await bot.door.forget_keys(room)
    assert [await bot.door.fetch(room, event_id) for event_id in past] == [None, None]
    assert trusted(await bot.hear_id(await alice.send(room=room, text="next")))
    after = await alice.read(await bot.door.send(room, MESSAGE, text("after"), "2"))
    assert after["shield"] == "NONE"
    await alice.rotate(room=room)
    assert trusted(await bot.hear_id(await alice.send(room=room, text="with a new key")))
    await bot.door.forget_keys(room)
    await bot.shut()
    await bot.open()
    heard = await bot.hear_id(await alice.send(room=room, text="after a restart"))
    assert heard.hearing is Hearing.TRUSTED
