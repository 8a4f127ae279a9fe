"""The door and matrix-js-sdk, which treats devices as Element does: only signed ones count."""

import asyncio
import itertools
import json
from pathlib import Path

import pytest
from aiohttp import web

from bot.matrix.door import Hearing
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import Account, OpenAccount, text, trusted
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.homeserver.test_weather import Behind
from tests.interop.conftest import StartMember
from tests.interop.driver import Member, MemberError, until
from tests.interop.stage import api

pytestmark = pytest.mark.interop

MESSAGE = "m.room.message"
POLL = "org.matrix.msc3381.poll"
_people = (f"person{number}" for number in itertools.count(1))


def registered(homeserver: Homeserver) -> str:
    """The name of a new account."""
    name = next(_people)
    homeserver.register(name, "password")
    return name


async def meet(bot: Account, *members: Member) -> str:
    """A room that the first member made and all have joined."""
    owner, *others = members
    everybody = [bot.user_id, *(other.user_id for other in others)]
    room: str = await owner.create_room(name="Room", invite=everybody)
    await bot.invited(room)
    await bot.door.join(room)
    for other in others:
        await other.join(room=room)
        await bot.saw_join(room, other.user_id)
    for one in members:
        await until(lambda one=one: knows(one, room, 1 + len(members)))  # type: ignore[misc]
    return room


async def knows(member: Member, room: str, count: int) -> bool:
    """Whether the client has seen that many people join."""
    try:
        people: list[dict[str, object]] = await member.members(room=room)
    except MemberError:  # the room has not come to it yet
        return False
    return sum(person["membership"] == "join" for person in people) == count


async def test_both_directions_without_a_shield(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    heard = await bot.hear_id(await alice.send(room=room, text="hello"))
    assert trusted(heard)
    assert heard.content["body"] == "hello"
    read = await alice.read(await bot.door.send(room, MESSAGE, text("good day"), "1"))
    assert (read["content"]["body"], read["encrypted"], read["shield"]) == (
        "good day",
        True,
        "NONE",
    )
    await bot.shut()
    await bot.open()
    read = await alice.read(await bot.door.send(room, MESSAGE, text("back"), "2"))
    assert read["shield"] == "NONE"


async def test_polls_and_replies(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    question = {"org.matrix.msc1767.text": "When?", "body": "When?", "msgtype": "m.text"}
    start = {
        "org.matrix.msc1767.text": "When?\n1. Mon",
        f"{POLL}.start": {
            "question": question,
            "kind": f"{POLL}.disclosed",
            "max_selections": 1,
            "answers": [{"id": "a", "org.matrix.msc1767.text": "Mon"}],
        },
    }
    poll = await bot.door.send(room, f"{POLL}.start", start, "1")
    read = await alice.read(poll)
    assert (read["type"], read["shield"]) == (f"{POLL}.start", "NONE")
    seen = await until(lambda: poll_of(alice, room, poll))
    assert seen["answers"] == [{"id": "a", "text": "Mon"}]
    vote = await bot.hear_id(await alice.vote(room=room, poll=poll, answers=["a"]))
    assert trusted(vote)
    assert vote.type == f"{POLL}.response"
    assert vote.content["m.relates_to"] == {"rel_type": "m.reference", "event_id": poll}
    reply = await bot.hear_id(await alice.send(room=room, text="Monday", reply_to=poll))
    assert reply.content["m.relates_to"] == {"m.in_reply_to": {"event_id": poll}}
    thread = await bot.hear_id(await alice.send(room=room, text="aside", thread=poll))
    assert thread.content["m.relates_to"]["rel_type"] == "m.thread"


async def poll_of(member: Member, room: str, poll: str) -> dict[str, list[object]]:
    """The client's own view of a poll, empty until it has one."""
    try:
        found: dict[str, list[object]] = await member.read_poll(room=room, poll=poll)
    except MemberError:  # not there yet
        return {}
    return found


async def test_files(
    account: OpenAccount, member: StartMember, synapse: Homeserver, tmp_path: Path
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    data = bytes(range(256)) * 100
    content = await bot.door.upload(data, "form.docx", "application/test")
    event_id = await bot.door.send(room, MESSAGE, content, "1")
    await alice.read(event_id)
    target = tmp_path / "form.docx"
    got = await alice.download(room=room, event=event_id, path=str(target))
    assert target.read_bytes() == data
    assert got == {
        "name": "form.docx",
        "mimetype": "application/test",
        "size": len(data),
        "encrypted": True,
    }


async def test_unsigned_device_is_neither_told_nor_believed(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    name = registered(synapse)
    bot, alice = await account(), await member(name)
    room = await meet(bot, alice)
    unsigned = await member(name, sign=False, only_signed=False)
    await bot.hear_id(await alice.send(room=room, text="after the login"))
    secret = await bot.door.send(room, MESSAGE, text("for signed devices"), "1")
    await alice.read(secret)
    refused = await unsigned.wait(lambda e: e["event_id"] == secret and e["failure"])
    assert "for signed devices" not in str(refused)
    stray = await bot.hear_id(await unsigned.send(room=room, text="from an unsigned device"))
    assert stray.hearing in (Hearing.UNSIGNED, Hearing.UNREADABLE)
    standing = await bot.door.standing(alice.user_id)
    assert (standing.signed_devices, standing.unsigned_devices) == (1, 1)


async def test_new_device_reads_once_it_is_signed(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    name = registered(synapse)
    bot, alice = await account(), await member(name)
    room = await meet(bot, alice)
    before = await bot.door.send(room, MESSAGE, text("before"), "1")
    first = await alice.read(before)
    second = await member(name, recovery_key=alice.recovery_key)
    heard = await bot.hear_id(await second.send(room=room, text="my new telephone"))
    assert trusted(heard)
    after = await bot.door.send(room, MESSAGE, text("after"), "2")
    assert (await second.read(after))["shield"] == "NONE"
    assert (await alice.read(after))["content"]["body"] == "after"
    assert first["content"]["body"] == "before"
    earlier = await alice.request(path=api("rooms", room, "event", before))
    assert (await alice.open(event=earlier))["failure"] is None
    assert (await second.open(event=earlier))["failure"]


async def test_replaced_identity_is_seen(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    pinned = (await bot.door.standing(alice.user_id)).master_key
    bot.door.pin(alice.user_id, pinned)
    assert trusted(await bot.hear_id(await alice.send(room=room, text="it is me")))
    await alice.reset_identity()
    assert not (await bot.door.standing(alice.user_id)).can_be_heard
    heard = await bot.hear_id(await alice.send(room=room, text="it is me again"))
    assert heard.hearing is Hearing.UNSIGNED


async def test_others_see_a_complete_identity(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    await meet(bot, alice)
    seen = await alice.trust(user=bot.user_id)
    assert seen["has_identity"]
    assert [device["signed_by_owner"] for device in seen["devices"]] == [True]


async def test_lost_key_is_given_again_by_its_owner(
    account: OpenAccount, member: StartMember, synapse: Homeserver, tmp_path: Path
) -> None:
    """The key is lost on the way; the bot asks, the client answers, the message is believed."""
    alice = await member(registered(synapse))
    losing = asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if request.path.endswith("/sync") and answer.status == 200 and losing.is_set():
            body = body_of(answer)
            body["to_device"] = {"events": []}
            return web.Response(body=json.dumps(body).encode(), content_type="application/json")
        return answer

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await meet(bot, alice)
        bot.door.pin(alice.user_id, (await bot.door.standing(alice.user_id)).master_key)
        losing.set()
        event_id = await alice.send(room=room, text="lost")
        lost = await bot.hear_id(event_id)
        assert lost.hearing is Hearing.UNREADABLE
        losing.clear()
        await bot.keys()
        found = await bot.door.fetch(room, event_id)
        assert found is not None
        assert trusted(found)
        assert found.content["body"] == "lost"
        await bot.shut()
