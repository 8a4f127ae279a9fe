"""Talking through the door: two accounts, a real homeserver, real encryption."""

import asyncio
import json
from typing import Any

import pytest
from nio.crypto.attachments import decrypt_attachment

from bot.matrix.door import Content, Event, Hearing, MatrixRefused, RoomPlan
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import Account, OpenAccount, room_of, text, trusted
from tests.homeserver.test_entering import log_in

pytestmark = pytest.mark.homeserver

POLL = "org.matrix.msc3381.poll"
MESSAGE = "m.room.message"


def raw_event(homeserver: Homeserver, who: Account, room: str, event_id: str) -> dict[str, Any]:
    """An event as it lies on the server."""
    token = log_in(homeserver, who.name)
    return homeserver.call("GET", f"/_matrix/client/v3/rooms/{room}/event/{event_id}", None, token)


async def test_both_directions_encrypted(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    event_id = await bot.door.send(room, MESSAGE, text("from the bot"), "1")
    event = await alice.hear_id(event_id)
    assert trusted(event)
    assert (event.type, event.content, event.sender) == (MESSAGE, text("from the bot"), bot.user_id)
    raw = raw_event(synapse, alice, room, event_id)
    assert raw["type"] == "m.room.encrypted"
    assert "from the bot" not in json.dumps(raw)
    answer = {**text("yes"), "m.relates_to": {"m.in_reply_to": {"event_id": event_id}}}
    answer_id = await alice.door.send(room, MESSAGE, answer, "1")
    event = await bot.hear_id(answer_id)
    assert trusted(event)
    assert event.content == answer
    assert (
        raw_event(synapse, bot, room, answer_id)["content"]["m.relates_to"]
        == (answer["m.relates_to"])
    )
    assert not [event for event in bot.events if event.sender == bot.user_id]


async def test_polls_stay_whole(account: OpenAccount) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    start: Content = {
        "org.matrix.msc1767.text": "When?",
        f"{POLL}.start": {"question": {"body": "When?"}, "answers": [{"id": "a"}, {"id": "b"}]},
    }
    poll = await bot.door.send(room, f"{POLL}.start", start, "1")
    event = await alice.hear_id(poll)
    assert (event.type, event.content) == (f"{POLL}.start", start)
    vote: Content = {
        "m.relates_to": {"rel_type": "m.reference", "event_id": poll},
        f"{POLL}.response": {"answers": ["a"]},
    }
    ballot = await alice.door.send(room, f"{POLL}.response", vote, "1")
    event = await bot.hear_id(ballot)
    assert trusted(event)
    assert (event.type, event.content) == (f"{POLL}.response", vote)


async def test_same_transaction_same_event(account: OpenAccount) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    first = await bot.door.send(room, MESSAGE, text("once"), "same")
    clear = await bot.door.send_clear(room, text("sign your device"), "clear")
    await bot.shut()
    await bot.open()
    assert await bot.door.send(room, MESSAGE, text("once"), "same") == first
    assert await bot.door.send_clear(room, text("sign your device"), "clear") == clear
    other = await bot.door.send(room, MESSAGE, text("another"), "other")
    await alice.hear_id(other)
    assert [e.content["body"] for e in alice.events if e.hearing is Hearing.TRUSTED] == [
        "once",
        "another",
    ]


async def test_backlog_is_heard_once_and_in_order(account: OpenAccount) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    await bot.hear_id(await alice.door.send(room, MESSAGE, text("before"), "before"))
    await bot.shut()
    for number in range(150):
        await alice.door.send(room, MESSAGE, text(str(number)), f"t{number}")
    bot.events.clear()
    await bot.open()
    last = await alice.door.send(room, MESSAGE, text("last"), "last")
    await bot.hear_id(last)
    said = [event for event in bot.events if event.type == MESSAGE]
    assert [event.content["body"] for event in said] == [*map(str, range(150)), "last"]
    assert all(trusted(event) for event in said)


async def test_old_token_again(account: OpenAccount) -> None:
    """Killed before the token was stored: the same events come again, readable."""
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    token = bot.token
    event = await bot.hear_id(await alice.door.send(room, MESSAGE, text("twice"), "1"))
    await bot.shut()
    bot.events.clear()
    bot.token = token
    await bot.open()
    assert await bot.hear_id(event.event_id) == event


async def test_files(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    data = bytes(range(256)) * 500
    content = await bot.door.upload(data, "minutes.docx", "application/test")
    event = await alice.hear_id(await bot.door.send(room, MESSAGE, content, "1"))
    assert event.content["msgtype"] == "m.file"
    assert event.content["body"] == event.content["filename"] == "minutes.docx"
    assert event.content["info"] == {"mimetype": "application/test", "size": len(data)}
    file = event.content["file"]
    stored = await asyncio.to_thread(download, synapse, alice, file["url"])
    assert file["v"] == "v2"
    assert data not in stored
    plain = decrypt_attachment(stored, file["key"]["k"], file["hashes"]["sha256"], file["iv"])  # type: ignore[no-untyped-call, unused-ignore]
    assert plain == data


def download(homeserver: Homeserver, who: Account, mxc: str) -> bytes:
    """The stored bytes of a media file."""
    import urllib.request

    url = f"{homeserver.url}/_matrix/client/v1/media/download/{mxc.removeprefix('mxc://')}"
    token = log_in(homeserver, who.name)
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310
        data: bytes = response.read()
        return data


async def test_room_is_made_once_and_as_planned(account: OpenAccount) -> None:
    bot, alice = await account(), await account()
    plan = RoomPlan("a-marker", "Point 3", (alice.user_id,), direct=True)
    room = await bot.door.create_room(plan)
    assert await bot.door.create_room(plan) == room
    assert (await alice.invited(room)).direct
    facts = await bot.door.room(room)
    assert facts is not None
    assert facts.encrypted
    assert facts.flagged_direct
    assert (facts.joined, facts.invited) == (
        frozenset({bot.user_id}),
        frozenset({alice.user_id}),
    )
    assert (facts.history_visibility, facts.join_rule) == ("joined", "invite")
    assert (facts.guest_access, facts.topic, facts.replaced_by) == ("forbidden", "", None)
    assert facts.may_redact
    assert facts.may_invite
    assert facts.may_remove
    assert await alice.door.room(room) is None
    await alice.door.join(room)
    seen = await alice.door.room(room)
    assert seen is not None
    assert seen.flagged_direct
    assert not seen.may_redact
    await bot.door.invite(room, alice.user_id)
    await bot.door.remove(room, alice.user_id)
    await bot.door.remove(room, alice.user_id)
    await alice.door.leave(room)
    assert await alice.door.room(room) is None
    await bot.door.leave(room)
    await bot.door.leave(room)
    assert await bot.door.room(room) is None
    assert await bot.door.create_room(plan) != room


async def test_refusals_are_told(account: OpenAccount) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    with pytest.raises(MatrixRefused) as refused:
        await alice.door.invite(room, "@nobody:tafelbot.test")
    assert refused.value.errcode == "M_FORBIDDEN"
    with pytest.raises(MatrixRefused):
        await alice.door.redact(room, "$none", "r")
    with pytest.raises(MatrixRefused):
        await bot.door.join("!none:tafelbot.test")


async def test_what_is_clear_is_said_to_be(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    clear = await bot.hear_id(await alice.door.send_clear(room, text("in clear"), "1"))
    assert (clear.hearing, clear.content) == (Hearing.CLEAR, text("in clear"))
    token = log_in(synapse, bot.name)
    where = f"/_matrix/client/v3/rooms/{room}/state"
    for type_, content in (
        ("m.room.topic", {"topic": "a topic"}),
        ("m.room.join_rules", {"join_rule": "knock"}),
        ("m.room.guest_access", {"guest_access": "can_join"}),
    ):
        synapse.call("PUT", f"{where}/{type_}", content, token)
        changed = await alice.hear(lambda e, t=type_: e.type == t)  # type: ignore[misc]
        assert (changed.hearing, changed.state_key) == (Hearing.CLEAR, "")
        assert changed.content == content
    message = await bot.door.send(room, MESSAGE, text("regretted"), "2")
    await alice.hear_id(message)
    await bot.door.redact(room, message, "3")
    redaction = await alice.hear(lambda e: e.type == "m.room.redaction")
    assert (redaction.hearing, redaction.content["redacts"]) == (Hearing.CLEAR, message)
    assert await alice.door.fetch(room, message) is None
    plain = synapse.call("POST", "/_matrix/client/v3/createRoom", {}, token)["room_id"]
    with pytest.raises(MatrixRefused, match="NOT_ENCRYPTED"):
        await bot.door.send(plain, MESSAGE, text("never in clear"), "4")


async def test_fetch_and_recent_own_after_restart(account: OpenAccount) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    event = await bot.hear_id(await alice.door.send(room, MESSAGE, text("item 1"), "1"))
    own = [await bot.door.send(room, MESSAGE, text(f"own {n}"), f"o{n}") for n in range(3)]
    assert await bot.door.fetch(room, event.event_id) == event
    await bot.shut()
    await bot.open()
    assert await bot.door.fetch(room, event.event_id) == event
    assert await bot.door.fetch(room, event.event_id) == event
    assert await bot.door.fetch(room, "$unknown") is None
    assert await bot.door.recent_own(room, 2) == [
        (own[2], text("own 2")),
        (own[1], text("own 1")),
    ]
    await bot.door.read(room, event.event_id)
    assert bot.door.display_name() == bot.name


async def test_invitations_from_before_the_first_start(account: OpenAccount) -> None:
    bot, alice = await account(listening=False), await account()
    room = await alice.door.create_room(RoomPlan("early", "Early", (bot.user_id,)))
    await bot.open()
    invitation = await bot.invited(room)
    assert (invitation.sender, invitation.direct) == (alice.user_id, False)


async def test_nothing_from_before_joining(account: OpenAccount, synapse: Homeserver) -> None:
    """A room with open history: what was said before we came is no news."""
    bot, alice = await account(), await account()
    token = log_in(synapse, alice.name)
    made = {"invite": [bot.user_id], "preset": "private_chat"}
    room = synapse.call("POST", "/_matrix/client/v3/createRoom", made, token)["room_id"]
    await alice.door.send_clear(room, text("old"), "1")
    await bot.invited(room)
    await bot.door.join(room)
    new = await alice.door.send_clear(room, text("new"), "2")
    await bot.hear_id(new)
    assert [e.content["body"] for e in bot.events if e.type == MESSAGE] == ["new"]


async def test_many_at_once(account: OpenAccount) -> None:
    """Sends in several rooms while listening: all arrive, all readable."""
    bot, alice = await account(), await account()
    rooms = [await room_of(bot, alice, marker=str(n)) for n in range(3)]
    sent = await asyncio.gather(
        *(bot.door.send(rooms[n % 3], MESSAGE, text(str(n)), f"t{n}") for n in range(30))
    )
    heard: list[Event] = [await alice.hear_id(event_id) for event_id in sent]
    assert [event.content["body"] for event in heard] == [str(n) for n in range(30)]
    assert all(trusted(event) for event in heard)
