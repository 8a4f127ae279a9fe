"""Much at once: messages, keys and devices; all heard once and in order, all reached."""

import asyncio
from typing import Any

import pytest

from demo.homeserver import Homeserver
from tests.homeserver.devices import FurtherDevice
from tests.homeserver.fixtures import Account, OpenAccount, room_of, text, trusted
from tests.homeserver.test_door import MESSAGE
from tests.homeserver.test_entering import log_in
from tests.homeserver.test_keys import say

pytestmark = pytest.mark.homeserver


def words(bot: Account) -> list[Any]:
    """What the bot heard, in its order, as far as it counts."""
    said = [event for event in bot.events if event.state_key is None]
    assert all(trusted(event) for event in said)
    return [event.content["body"] for event in said]


@pytest.mark.parametrize("count", [30, 250])  # 1,000 pass too, in a minute
async def test_heard_once_and_in_order_after_a_while(account: OpenAccount, count: int) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    await bot.shut()
    for number in range(count):
        await alice.door.send(room, MESSAGE, text(str(number)), f"t{number}")
    bot.events.clear()
    await bot.open()
    await bot.hear_id(await alice.door.send(room, MESSAGE, text("last"), "last"))
    assert words(bot) == [*map(str, range(count)), "last"]


async def test_gap_with_leaving_and_coming_back_in_it(
    account: OpenAccount, synapse: Homeserver
) -> None:
    """Nothing from while we were gone; all from before and after, however long the gap."""
    bot, alice = await account(), await account()
    room = await room_of(alice, bot)
    token = log_in(synapse, bot.name)
    where = f"/_matrix/client/v3/rooms/{room}/state/m.room.history_visibility"
    visible = {"history_visibility": "shared"}
    synapse.call("PUT", where, visible, log_in(synapse, alice.name))
    await bot.hear_id(await alice.door.send(room, MESSAGE, text("before"), "before"))
    await bot.shut()
    bot.events.clear()
    for number in range(120):
        await alice.door.send_clear(room, text(f"first {number}"), f"f{number}")
    for act in ("leave", "meanwhile", "join"):
        if act == "meanwhile":
            await alice.door.send_clear(room, text("not for the bot"), "n")
            await alice.door.invite(room, bot.user_id)
        else:
            synapse.call("POST", f"/_matrix/client/v3/rooms/{room}/{act}", {}, token)
    for number in range(120):
        await alice.door.send_clear(room, text(f"second {number}"), f"s{number}")
    await bot.open()
    await bot.hear_id(await alice.door.send_clear(room, text("last"), "last"))
    heard = [event.content["body"] for event in bot.events if event.type == MESSAGE]
    first, second = ([f"{name} {n}" for n in range(120)] for name in ("first", "second"))
    assert heard == [*first, *second, "last"]


async def test_room_keys_that_come_many_at_once(account: OpenAccount, synapse: Homeserver) -> None:
    """A homeserver gives 100 to-device messages at a time; each message here has a key of its
    own."""
    bot, alice = await account(), await account()
    room = await room_of(alice, bot)
    where = f"/_matrix/client/v3/rooms/{room}/state/m.room.encryption"
    settings = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 1}
    synapse.call("PUT", where, settings, log_in(synapse, alice.name))
    await alice.hear_id(await say(bot, room, "marker"))
    await bot.shut()
    bot.events.clear()
    for number in range(120):
        await alice.door.send(room, MESSAGE, text(str(number)), f"t{number}")
    await bot.open()
    await bot.hear_id(await alice.door.send(room, MESSAGE, text("last"), "last"))
    assert words(bot) == [*map(str, range(120)), "last"]


async def test_more_than_a_hundred_devices_are_reached(
    account: OpenAccount, synapse: Homeserver
) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    devices = [await asyncio.to_thread(FurtherDevice, synapse, alice) for _ in range(110)]
    said = await say(bot, room, "to all of you")
    assert trusted(await alice.hear_id(said))
    assert [device.messages() for device in devices] == [1] * 110
