"""Who can read, and when keys are renewed (promise 3)."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.matrix.door import Hearing, RoomPlan
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import Account, OpenAccount, room_of, text, trusted
from tests.homeserver.test_door import MESSAGE, raw_event
from tests.homeserver.test_entering import log_in

pytestmark = pytest.mark.homeserver

ROOMS = "/_matrix/client/v3/rooms"


async def say(bot: Account, room: str, body: str) -> str:
    return await bot.door.send(room, MESSAGE, text(body), body)


def session_of(homeserver: Homeserver, who: Account, room: str, event_id: str) -> str:
    return str(raw_event(homeserver, who, room, event_id)["content"]["session_id"])


def open_history(homeserver: Homeserver, bot: Account, room: str, visibility: str) -> None:
    """Let the server show the ciphertext to those who come later."""
    where = f"/_matrix/client/v3/rooms/{room}/state/m.room.history_visibility"
    content = {"history_visibility": visibility}
    homeserver.call("PUT", where, content, log_in(homeserver, bot.name))


async def test_readable_from_joining_on(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice, carol = await account(), await account(), await account()
    room = await room_of(bot, alice)
    open_history(synapse, bot, room, "shared")
    await alice.hear(
        lambda e: (
            e.type == "m.room.history_visibility" and e.content["history_visibility"] == "shared"
        )
    )
    before = await say(bot, room, "before")
    await bot.door.invite(room, carol.user_id)
    await carol.invited(room)
    while_invited = await say(bot, room, "while invited")
    await carol.door.join(room)
    await bot.saw_join(room, carol.user_id)
    after = await say(bot, room, "after")
    assert trusted(await carol.hear_id(after))
    for event_id in (before, while_invited):
        event = await carol.door.fetch(room, event_id)
        assert event is not None
        assert event.hearing is Hearing.UNREADABLE
        assert trusted(await alice.hear_id(event_id))
    same = {session_of(synapse, alice, room, e) for e in (before, while_invited, after)}
    assert len(same) == 1  # nobody left, so the key stayed


@pytest.mark.parametrize("how", ["leave", "kick", "ban"])
async def test_unreadable_after_leaving(
    account: OpenAccount, synapse: Homeserver, how: str
) -> None:
    bot, alice, carol = await account(), await account(), await account()
    room = await room_of(bot, alice, carol)
    open_history(synapse, bot, room, "shared")
    first = await say(bot, room, "all three")
    assert trusted(await carol.hear_id(first))
    actor, body = (carol, {}) if how == "leave" else (bot, {"user_id": carol.user_id})
    synapse.call("POST", f"{ROOMS}/{room}/{how}", body, log_in(synapse, actor.name))
    await bot.hear_id(await alice.door.send(room, MESSAGE, text("she is gone"), "a"))
    meanwhile = await say(bot, room, "without carol")
    await alice.hear_id(meanwhile)
    sessions = [session_of(synapse, alice, room, e) for e in (first, meanwhile)]
    assert sessions[0] != sessions[1]
    if how == "ban":
        synapse.call("POST", f"{ROOMS}/{room}/unban", body, log_in(synapse, bot.name))
    await bot.door.invite(room, carol.user_id)
    await carol.door.join(room)
    bot.events.clear()
    back = await alice.door.send(room, MESSAGE, text("she is back"), "b")
    await bot.hear_id(back)
    again = await say(bot, room, "all three again")
    assert trusted(await carol.hear_id(again))
    missed = await carol.door.fetch(room, meanwhile)
    assert missed is not None  # the server shows her the ciphertext
    assert missed.hearing is Hearing.UNREADABLE


async def test_invited_read_where_the_room_says_so(
    account: OpenAccount, synapse: Homeserver
) -> None:
    bot, alice, carol = await account(), await account(), await account()
    room = await room_of(bot, alice)
    open_history(synapse, bot, room, "invited")
    await bot.door.invite(room, carol.user_id)
    await carol.invited(room)
    said = await alice.door.send(room, MESSAGE, text("marker"), "m")
    await bot.hear_id(said)
    event_id = await say(bot, room, "for the invited")
    await carol.keys()
    await carol.door.join(room)
    event = await carol.door.fetch(room, event_id)
    assert event is not None
    assert trusted(event)


async def test_stricter_history_renews_the_key(account: OpenAccount, synapse: Homeserver) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    sent: list[str] = []
    for visibility in ("shared", "joined", "shared"):
        open_history(synapse, bot, room, visibility)
        marker = await alice.door.send(room, MESSAGE, text(visibility), f"m{len(sent)}")
        await bot.hear_id(marker)
        sent.append(await say(bot, room, f"in {visibility} {len(sent)}"))
    loose, strict, loose_again = (session_of(synapse, alice, room, e) for e in sent)
    assert loose != strict
    assert strict == loose_again


async def test_key_is_renewed_after_configured_messages(
    account: OpenAccount, synapse: Homeserver
) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    where = f"/_matrix/client/v3/rooms/{room}/state/m.room.encryption"
    settings = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 2}
    synapse.call("PUT", where, settings, log_in(synapse, bot.name))
    await bot.hear_id(await alice.door.send(room, MESSAGE, text("marker"), "m"))
    sent = [await say(bot, room, f"{n}") for n in range(5)]
    sessions = [session_of(synapse, alice, room, e) for e in sent]
    assert sessions[0] == sessions[1] != sessions[2] == sessions[3] != sessions[4]


async def test_device_without_its_owners_signature_gets_nothing(
    account: OpenAccount, synapse: Homeserver
) -> None:
    """An account without an identity can be told in clear, and hears nothing encrypted."""
    bot, alice = await account(), await account()
    stranger = Account(synapse, alice.folder)
    token = log_in(synapse, stranger.name)
    room = await room_of(bot, alice)
    await bot.door.invite(room, stranger.user_id)
    synapse.call("POST", f"/_matrix/client/v3/join/{room}", {}, token)
    await bot.saw_join(room, stranger.user_id)
    event_id = await say(bot, room, "for signed devices")
    assert trusted(await alice.hear_id(event_id))
    standing = await bot.door.standing(stranger.user_id)
    assert not standing.can_be_heard
    assert (await bot.door.standing(alice.user_id)).can_be_heard


async def test_what_is_said_to_one_alone_is_read_by_nobody_else(account: OpenAccount) -> None:
    """Whoever else the homeserver shows there."""
    bot, alice, carol = await account(), await account(), await account()
    room = await room_of(bot, alice, carol)
    assert trusted(await carol.hear_id(await say(bot, room, "for both")))
    event_id = await bot.door.send(room, MESSAGE, text("for alice"), "a", only={alice.user_id})
    assert trusted(await alice.hear_id(event_id))
    assert (await carol.hear_id(event_id)).hearing is Hearing.UNREADABLE
    assert trusted(await carol.hear_id(await say(bot, room, "for both again")))


async def test_pinned_identity_only(account: OpenAccount) -> None:
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    known = (await bot.door.standing(alice.user_id)).master_key
    assert known == alice.door.fingerprint.master_key
    bot.door.pin(alice.user_id, bot.door.fingerprint.master_key)
    unheard = await bot.hear_id(await alice.door.send(room, MESSAGE, text("who?"), "1"))
    assert unheard.hearing is Hearing.UNSIGNED
    unread = await alice.hear_id(await say(bot, room, "not for this identity"))
    assert unread.hearing is Hearing.UNREADABLE
    bot.door.pin(alice.user_id, known)
    heard = await bot.hear_id(await alice.door.send(room, MESSAGE, text("me"), "2"))
    assert trusted(heard)
    assert trusted(await alice.hear_id(await say(bot, room, "for her again")))


async def test_one_time_keys_run_out(account: OpenAccount, synapse: Homeserver) -> None:
    """The fallback key serves while we are away, and all is filled up afterwards."""
    bot, alice, carol = await account(), await account(), await account()
    room = await room_of(bot, alice, carol)
    await bot.shut()
    token = log_in(synapse, alice.name)
    device = next(d for d in devices_of(synapse, bot, token) if d.startswith("TAFELBOT"))
    claim = {"one_time_keys": {bot.user_id: {device: "signed_curve25519"}}}
    keys = [
        synapse.call("POST", "/_matrix/client/v3/keys/claim", claim, token)["one_time_keys"]
        for _ in range(52)
    ]
    assert "fallback" in str(keys[-1])
    for member in (alice, carol):
        await member.door.send(room, MESSAGE, text("hello"), "1")
    await bot.open()
    for member in (alice, carol):
        heard = await bot.hear(lambda e, m=member: e.sender == m.user_id and trusted(e))  # type: ignore[misc]
        assert heard.content["body"] == "hello"
    new = await account()
    side = await new.door.create_room(RoomPlan("later", "Later", (bot.user_id,)))
    await bot.invited(side)
    await bot.door.join(side)
    await new.saw_join(side, bot.user_id)
    assert trusted(await bot.hear_id(await say(new, side, "with a new key")))
    last = synapse.call("POST", "/_matrix/client/v3/keys/claim", claim, token)["one_time_keys"]
    assert "fallback" not in str(last)


def devices_of(homeserver: Homeserver, who: Account, token: str) -> list[str]:
    body: dict[str, object] = {"device_keys": {who.user_id: []}}
    answer = homeserver.call("POST", "/_matrix/client/v3/keys/query", body, token)
    return list(answer["device_keys"][who.user_id])


async def test_broken_olm_session_is_replaced(account: OpenAccount) -> None:
    """Our side of the sessions is gone: one key is lost, the next one arrives."""
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    await alice.hear_id(await say(bot, room, "ours"))
    await bot.hear_id(await alice.door.send(room, MESSAGE, text("hers"), "1"))
    await bot.shut()
    with closing(sqlite3.connect(bot.folder / "crypto.db")) as store, store:
        store.execute("DELETE FROM olmsessions")
    await alice.shut()
    await alice.open()  # her next message comes with a new room key
    lost = await alice.door.send(room, MESSAGE, text("lost"), "2")
    await bot.open()
    assert (await bot.hear_id(lost)).hearing is Hearing.UNREADABLE
    assert trusted(await alice.hear_id(await say(bot, room, "ours again")))
    await alice.shut()
    await alice.open()
    found = await alice.door.send(room, MESSAGE, text("found"), "3")
    assert trusted(await bot.hear_id(found))


async def test_folder_restored_from_a_backup(account: OpenAccount, tmp_path: Path) -> None:
    """Older keys than the server remembers: the same identity, and still heard."""
    bot, alice = await account(), await account()
    room = await room_of(bot, alice)
    await bot.hear_id(await alice.door.send(room, MESSAGE, text("first"), "1"))
    fingerprint, token = bot.door.fingerprint, bot.token
    await bot.shut()
    shutil.copytree(bot.folder, tmp_path / "backup")
    for number in range(3):
        await bot.open()
        newcomer = await account()
        side = await room_of(newcomer, bot, marker=str(number))
        assert trusted(await bot.hear_id(await say(newcomer, side, "hello")))
        await bot.shut()
    shutil.rmtree(bot.folder)
    shutil.copytree(tmp_path / "backup", bot.folder)
    bot.events.clear()
    bot.token = token
    await bot.open()
    assert bot.door.fingerprint == fingerprint
    assert trusted(await bot.hear_id(await alice.door.send(room, MESSAGE, text("after"), "2")))
    assert trusted(await alice.hear_id(await say(bot, room, "restored")))
    newcomer = await account()
    side = await room_of(newcomer, bot, marker="last")
    assert trusted(await bot.hear_id(await say(newcomer, side, "hello again")))
