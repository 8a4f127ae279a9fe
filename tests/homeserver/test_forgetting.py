"""Keys that were forgotten, on a real homeserver: whoever has the disk opens nothing of the past,
and everybody is heard as before."""

import asyncio
import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.matrix.door import Hearing
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import Account, OpenAccount, room_of, text, trusted
from tests.homeserver.test_door import MESSAGE, raw_event
from tests.homeserver.test_entering import log_in
from tests.homeserver.test_keys import say, session_of
from tests.homeserver.test_lies import inject

pytestmark = pytest.mark.homeserver

Raw = dict[str, Any]


async def thief(what: str, bot: Account, folder: Path, *more: str, given: object = None) -> str:
    """A process with a copy of the bot's folder; what it prints, empty if it was killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.homeserver.thief", what, str(folder), bot.user_id, *more),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate(json.dumps(given).encode())
    assert process.returncode in (0, -signal.SIGKILL)
    return printed.decode()


async def stolen(bot: Account, raws: list[Raw]) -> list[str]:
    """Which events the thief of the disk opens."""
    copy = bot.folder.with_name("stolen")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(bot.folder, copy)
    found: list[str] = json.loads(await thief("read", bot, copy, given=raws))
    return found


async def pass_on(who: Account, room: str, session: str, bot: Account, *, early: str) -> None:
    """A member's client gives a key again, in both ways and from its beginning."""
    door = who.door
    own = door._machine
    (key,) = own.room_keys.of_event(room, {"session_id": session})
    content = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": room, "session_id": session}
    passed_on = {
        **content,
        "session_key": key.export_session(0),
        "sender_key": own.curve25519,
        "sender_claimed_ed25519_key": own.ed25519,
        "forwarding_curve25519_key_chain": [],
    }
    await door._people.ensure([bot.user_id])
    person = door._people.person(bot.user_id)
    assert person is not None
    send = door._sharing._keys.send
    await send("m.forwarded_room_key", passed_on, person.devices)
    await send("m.room_key", {**content, "session_key": early}, person.devices)


async def test_nothing_of_the_past_opens_and_all_of_the_future_is_heard(
    account: OpenAccount, synapse: Homeserver
) -> None:
    bot, alice, bob = await account(), await account(), await account()
    room = await room_of(bot, alice, bob)
    ids = []
    for number in range(3):
        for member in (alice, bob):
            ids.append(await member.door.send(room, MESSAGE, text("past"), f"p{number}"))
            assert trusted(await bot.hear_id(ids[-1]))
        ids.append(await say(bot, room, f"own {number}"))
        await alice.hear_id(ids[-1])
    raws = [raw_event(synapse, alice, room, event_id) for event_id in ids]
    assert set(await stolen(bot, raws)) == set(ids)
    assert bot.door.keyed_rooms() == {room}
    await bot.door.forget_keys(room)
    assert await stolen(bot, raws) == []
    token = log_in(synapse, alice.name)
    copies = [inject(synapse, token, room, raw) for raw in raws[::3]]
    for restarted in (False, True):
        for member in (alice, bob):
            said = await member.door.send(room, MESSAGE, text("future"), f"f{restarted}")
            assert trusted(await bot.hear_id(said))
        answer = await say(bot, room, f"answer {restarted}")
        assert trusted(await alice.hear_id(answer))
        assert session_of(synapse, alice, room, answer) != raws[2]["content"]["session_id"]
        assert not [event for event in bot.events if event.event_id in copies]
        for event_id in (*ids[::3], *copies):
            assert await bot.door.fetch(room, event_id) is None
        await bot.shut()
        copies.append(inject(synapse, token, room, raws[0]))
        await bot.open()
    assert await bot.door.recent_own(room, 1) == [(answer, text("answer True"))]


@pytest.mark.parametrize("renewed", [False, True])
async def test_a_key_that_is_given_again_does_not_bring_the_past_back(
    account: OpenAccount, synapse: Homeserver, *, renewed: bool
) -> None:
    """Whether we hold its future or have dropped it for a newer one; asked for or not."""
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    first = await alice.door.send(room, MESSAGE, text("past"), "1")
    early = alice.door._machine.outbound_group_sessions[room].session_key
    ids = [first, await alice.door.send(room, MESSAGE, text("past"), "2")]
    if renewed:
        await alice.shut()
        await alice.open()
        ids.append(await alice.door.send(room, MESSAGE, text("past"), "3"))
    for event_id in ids:
        assert trusted(await bot.hear_id(event_id))
    raws = [raw_event(synapse, alice, room, event_id) for event_id in ids]
    session = raws[0]["content"]["session_id"]
    await bot.door.forget_keys(room)
    assert bool(bot.door._machine.room_keys.of_event(room, raws[0]["content"])) is not renewed
    for asked in (False, True):
        if asked:
            bot.door._machine.note_request(room, session)
        await pass_on(alice, room, session, bot, early=early)
        said = await alice.door.send(room, MESSAGE, text("future"), f"f{asked}")
        assert trusted(await bot.hear_id(said))  # and so the keys have come
        for event_id in ids:
            assert await bot.door.fetch(room, event_id) is None
        assert await stolen(bot, raws) == []


async def test_what_is_lost_with_a_key_is_told_and_not_asked_for(
    account: OpenAccount, synapse: Homeserver
) -> None:
    """A message that the homeserver held back until its key was forgotten."""
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    first = await alice.door.send(room, MESSAGE, text("first"), "1")
    assert trusted(await bot.hear_id(first))
    sealed = await alice.door._sharing.encrypt(room, {"type": MESSAGE, "content": text("held")})
    last = await alice.door.send(room, MESSAGE, text("last"), "2")
    assert trusted(await bot.hear_id(last))
    await bot.door.forget_keys(room)
    held = inject(synapse, log_in(synapse, alice.name), room, {"content": sealed})
    assert (await bot.hear_id(held)).hearing is Hearing.UNREADABLE
    assert not bot.door._machine.outgoing_key_requests


async def test_killed_while_forgetting(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    ids = [await alice.door.send(room, MESSAGE, text("past"), f"p{n}") for n in range(3)]
    for event_id in ids:
        assert trusted(await bot.hear_id(event_id))
    raws = [raw_event(synapse, alice, room, event_id) for event_id in ids]
    token = log_in(synapse, alice.name)
    for statements in (3, 7, 12):
        await bot.shut()
        await thief("die", bot, bot.folder, room, str(statements))
        copy = inject(synapse, token, room, raws[0])
        await bot.open()
        said = await alice.door.send(room, MESSAGE, text("future"), f"f{statements}")
        assert trusted(await bot.hear_id(said))
        assert not [event for event in bot.events if event.event_id == copy]
        raws.append(raw_event(synapse, alice, room, said))
    await bot.door.forget_keys(room)
    assert await stolen(bot, raws) == []
    assert trusted(await bot.hear_id(await alice.door.send(room, MESSAGE, text("last"), "l")))
