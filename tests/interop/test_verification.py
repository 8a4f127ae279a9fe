"""Comparing emoji with matrix-js-sdk: started by either side, in a room and between devices."""

import asyncio
import secrets
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
import vodozemac
from aiohttp import web

from bot.matrix.crosssigning import Signer, new_seeds
from bot.matrix.talk import NotVerified, ShortString
from demo.homeserver import Homeserver
from demo.operating import BOT
from demo.scene import COORDINATOR
from locales.emoji import EMOJI
from tests.homeserver.fixtures import PATIENCE, Account, OpenAccount, room_of, text, trusted
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.homeserver.test_entering import log_in
from tests.homeserver.test_weather import Behind
from tests.interop.conftest import StartMember, require_client
from tests.interop.driver import Member, MemberError, until
from tests.interop.stage import PeerStage, api, raw_events
from tests.interop.test_door_heard import meet, registered

pytestmark = pytest.mark.interop

MISMATCHED = "m.mismatched_sas"


class Beside:
    """The operator, who sees both screens and says whether they show the same."""

    asking = "compare with me"

    def __init__(self, member: Member, *, says: bool | None = None) -> None:
        self._member = member
        self._says = says
        self.waited: list[bool] = []
        self.strings: list[ShortString] = []

    async def wait(self, *, asked: bool) -> None:
        self.waited.append(asked)

    async def compare(self, string: ShortString) -> bool:
        self.strings.append(string)
        if self._says is not None:
            return self._says
        shown = (await self._member.news(lambda: self._member.comparing))[-1]["emoji"]
        ours = [EMOJI[number] for number in string.emoji]
        theirs = [(symbol, name.casefold()) for symbol, name in shown]
        return [(one.symbol, one.names["en"].casefold()) for one in ours] == theirs


def signature(homeserver: Homeserver, bot: Account, member: Member) -> bool:
    """Whether the server shows the bot's user-signing signature on the member's master key."""
    token = log_in(homeserver, bot.name)
    body: dict[str, Any] = {"device_keys": {member.user_id: [], bot.user_id: []}}
    answer = homeserver.call("POST", "/_matrix/client/v3/keys/query", body, token)
    (ours,) = answer["user_signing_keys"][bot.user_id]["keys"]
    by_us = answer["master_keys"][member.user_id].get("signatures", {}).get(bot.user_id, {})
    return ours in by_us


async def sees_verified(member: Member, bot: Account) -> bool:
    """Whether the member's client counts the bot as verified."""
    seen = await member.trust(user=bot.user_id)
    return seen["verified"] is True


async def both_verified(homeserver: Homeserver, bot: Account, member: Member) -> None:
    key = (await bot.door.standing(member.user_id)).master_key
    await bot.door.vouch(member.user_id, key)  # as the app does with what it accepts
    await until(lambda: sees_verified(member, bot))
    assert signature(homeserver, bot, member)


async def asked(bot: Account, member: Member, room: str | None) -> None:
    """Wait until the member's request has come and waits."""
    request = await bot.asked()
    assert (request.user, request.room) == (member.user_id, room)


@pytest.mark.parametrize(("in_room", "they_start"), [(True, False), (False, True)])
async def test_member_asks(
    account: OpenAccount,
    member: StartMember,
    synapse: Homeserver,
    in_room: bool,
    they_start: bool,
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    to = {"room": room} if in_room else {"device": await bot_device(alice, bot)}
    bot.door.verifying.start_after = PATIENCE if they_start else 0.0
    theirs = asyncio.ensure_future(alice.verify(user=bot.user_id, start=they_start, **to))
    await asked(bot, alice, room if in_room else None)
    talk = Beside(alice)
    verified = await bot.door.verify(alice.user_id, None, talk)
    assert verified == (await bot.door.standing(alice.user_id)).master_key
    assert len(await theirs) == 7
    await both_verified(synapse, bot, alice)
    assert talk.waited == [False]


@pytest.mark.parametrize(("in_room", "they_start"), [(True, False), (False, True)])
async def test_bot_asks(
    account: OpenAccount,
    member: StartMember,
    synapse: Homeserver,
    in_room: bool,
    they_start: bool,
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    await alice.autoverify(start=they_start)
    talk = Beside(alice)
    verified = await bot.door.verify(alice.user_id, room if in_room else None, talk)
    assert verified == (await bot.door.standing(alice.user_id)).master_key
    await alice.news(lambda: alice.verified)
    assert "error" not in alice.verified[0]
    await both_verified(synapse, bot, alice)
    assert talk.waited == [True]


async def bot_device(member: Member, bot: Account) -> str:
    seen = await member.trust(user=bot.user_id)
    return str(seen["devices"][0]["id"])


async def failed(verifying: Awaitable[str]) -> tuple[str, bool]:
    """The code with which the bot's side ended, and whether the other side ended it."""
    with pytest.raises(NotVerified) as refused:
        await verifying
    return refused.value.code, refused.value.theirs


async def test_both_say_no(account: OpenAccount, member: StartMember, synapse: Homeserver) -> None:
    """Whoever says that the emoji differ ends it for both, and nobody is verified."""
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    theirs = asyncio.ensure_future(alice.verify(user=bot.user_id, room=room))
    await asked(bot, alice, room)
    verifying = bot.door.verify(alice.user_id, room, Beside(alice, says=False))
    assert await failed(verifying) == (MISMATCHED, False)
    with pytest.raises(MemberError, match=MISMATCHED):
        await theirs
    await alice.autoverify(match=False)
    talk = Beside(alice, says=True)
    assert await failed(bot.door.verify(alice.user_id, room, talk)) == (MISMATCHED, True)
    await alice.autoverify(accept=False)
    assert await failed(bot.door.verify(alice.user_id, room, talk)) == ("m.user", True)
    assert not await sees_verified(alice, bot)
    assert not signature(synapse, bot, alice)


async def test_whoever_accepts_first_is_the_one(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    """All signed devices are asked; what one takes up the others need not."""
    name = registered(synapse)
    bot, alice = await account(), await member(name)
    await meet(bot, alice)
    second = await member(name, recovery_key=alice.recovery_key)
    await second.autoverify()
    await bot.door.verify(alice.user_id, None, Beside(second))
    await second.news(lambda: second.verified)
    assert await until(lambda: over(alice)) == ["m.accepted"]
    await second.autoverify(accept=False)
    assert await failed(bot.door.verify(alice.user_id, None, Beside(second))) == ("m.user", True)
    assert await until(lambda: over(alice, 2)) == ["m.accepted", "m.user"]


async def over(member: Member, count: int = 1) -> list[str]:
    """Why the requests that came to a client have ended, once so many have."""
    ended = [code for code in await member.requests() if code]
    return ended if len(ended) == count else []


async def test_an_operator_who_goes_away_ends_it(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    theirs = asyncio.ensure_future(alice.verify(user=bot.user_id, room=room))
    await asked(bot, alice, room)
    going = asyncio.Event()

    class Going(Beside):
        async def compare(self, string: ShortString) -> bool:
            going.set()
            await asyncio.Event().wait()
            return True

    verifying = asyncio.ensure_future(bot.door.verify(alice.user_id, room, Going(alice)))
    await going.wait()
    assert await failed(bot.door.verify(alice.user_id, room, Beside(alice))) == ("busy", False)
    verifying.cancel()
    with pytest.raises(MemberError, match=r"m\.user"):
        await theirs
    bot.door.verifying.limit = 1.0
    late = bot.door.verify(alice.user_id, room, Beside(alice))
    assert await failed(late) == ("m.timeout", False)
    assert await until(lambda: over(alice)) == ["m.timeout"]


async def test_an_identity_that_was_replaced_can_be_verified_anew(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    """That is how a changed identity is confirmed; until it is pinned nobody is heard with it."""
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    former = (await bot.door.standing(alice.user_id)).master_key
    bot.door.pin(alice.user_id, former)
    await alice.reset_identity()
    await alice.autoverify()
    verified = await bot.door.verify(alice.user_id, room, Beside(alice))
    assert verified != former
    assert not (await bot.door.standing(alice.user_id)).can_be_heard
    bot.door.pin(alice.user_id, verified)
    assert (await bot.door.standing(alice.user_id)).can_be_heard


async def test_a_request_taken_back_does_not_wait(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    await alice.verify_briefly(user=bot.user_id, room=room)
    await alice.autoverify()
    await bot.hear_id(await alice.send(room=room, text="after it"))
    talk = Beside(alice)
    await bot.door.verify(alice.user_id, room, talk)
    assert talk.waited == [True]  # asked anew


def false_identity(answer: dict[str, Any], user: str) -> None:
    """Make a `/keys/query` answer show an identity of the server's own making, signed through."""
    master, signer, _ = (Signer.of(seed) for seed in new_seeds())

    def public(key: Signer, usage: str) -> dict[str, Any]:
        named = {f"ed25519:{key.public}": key.public}
        return {"user_id": user, "usage": [usage], "keys": named}

    answer["master_keys"][user] = public(master, "master")
    signed = master.sign(public(signer, "self_signing"), user)
    answer["self_signing_keys"][user] = signed
    for device in answer["device_keys"][user].values():
        own = device["signatures"][user]
        device["signatures"][user] |= (
            own | signer.sign(device_bare(device), user)["signatures"][user]
        )


def device_bare(device: dict[str, Any]) -> dict[str, Any]:
    return {key: device[key] for key in device if key not in ("signatures", "unsigned")}


async def test_a_server_that_shows_another_identity_is_found_out(
    member: StartMember, synapse: Homeserver, tmp_path: Path
) -> None:
    """Nobody can see it in the emoji; the MACs tell, and both sides end unverified."""
    alice = await member(registered(synapse))

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith("/keys/query"):
            return answer
        body = body_of(answer)
        if alice.user_id in body["master_keys"]:
            false_identity(body, alice.user_id)
        return web.json_response(body)

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        room = await meet(bot, alice)
        theirs = asyncio.ensure_future(alice.verify(user=bot.user_id, room=room))
        await asked(bot, alice, room)
        verifying = bot.door.verify(alice.user_id, room, Beside(alice))
        assert await failed(verifying) == ("m.key_mismatch", False)
        with pytest.raises(MemberError, match=r"m\.key_mismatch"):
            await theirs
        assert not await sees_verified(alice, bot)
        assert not signature(synapse, bot, alice)
        await bot.shut()


async def test_a_server_that_shows_the_member_another_bot_gains_nothing(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    """The emoji and what the bot learns are right; her client finishes too, and leaves the false
    identity unverified: the terminal tells the operator to look there."""
    bot = await account()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith("/keys/query"):
            return answer
        body = body_of(answer)
        if bot.user_id in body["master_keys"]:
            false_identity(body, bot.user_id)
        return web.json_response(body)

    async with Proxy(synapse.url, rule) as proxy:
        require_client()
        async with Member(proxy.url, registered(synapse), "password") as alice:
            room = await meet(bot, alice)
            theirs = asyncio.ensure_future(alice.verify(user=bot.user_id, room=room))
            await asked(bot, alice, room)
            verified = await bot.door.verify(alice.user_id, room, Beside(alice))
            assert verified == (await bot.door.standing(alice.user_id)).master_key
            await theirs
            assert not await sees_verified(alice, bot)


@pytest.mark.parametrize("they_start", [True, False])
async def test_a_server_that_puts_its_own_key_between_is_found_out(
    member: StartMember, synapse: Homeserver, tmp_path: Path, they_start: bool
) -> None:
    """The emoji differ for who sent their key first; the commitment breaks for the other."""
    alice = await member(registered(synapse))
    forged = vodozemac.Sas().public_key.to_base64()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith("/sync") or answer.status != 200:
            return answer
        body = body_of(answer)
        for room in body.get("rooms", {}).get("join", {}).values():
            for event in room["timeline"]["events"]:
                if event["type"] == "m.key.verification.key":
                    event["content"]["key"] = forged
        return web.json_response(body)

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        bot.door.verifying.start_after = PATIENCE if they_start else 0.0
        room = await meet(bot, alice)
        theirs = asyncio.ensure_future(alice.verify(user=bot.user_id, room=room, start=they_start))
        await asked(bot, alice, room)
        code = MISMATCHED if they_start else "m.mismatched_commitment"
        verifying = bot.door.verify(alice.user_id, room, Beside(alice))
        assert await failed(verifying) == (code, False)
        with pytest.raises(MemberError, match=code):
            await theirs
        assert not await sees_verified(alice, bot)
        assert not signature(synapse, bot, alice)
        await bot.shut()


async def test_garbage_and_replays_verify_nobody_and_break_nothing(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, mallory = await account(), await account()
    alice = await member(registered(synapse))
    side, room = await room_of(bot, mallory), await meet(bot, alice)
    theirs = asyncio.ensure_future(alice.verify(user=bot.user_id, room=room))
    await asked(bot, alice, room)
    (request,) = [
        event
        for event in await raw_events(alice, room)
        if event["content"].get("msgtype") == "m.key.verification.request"
    ]
    own = await mallory.door.send(side, "m.room.message", text("a request?"), "0")
    relation = {"rel_type": "m.reference", "event_id": own}
    token = log_in(synapse, mallory.name)
    for kind in ("request", "ready", "start", "accept", "key", "mac", "done", "cancel", "nonsense"):
        type_ = f"m.key.verification.{kind}"
        for content in ({}, {"m.relates_to": relation}, {"key": ["x"], "methods": 1}):
            where = api("rooms", side, "send", type_, secrets.token_hex(4))
            synapse.call("PUT", where, dict(content), token)
        junk = {"transaction_id": request["event_id"], "timestamp": "now", "methods": 3}
        where = api("sendToDevice", type_, secrets.token_hex(4))
        synapse.call("PUT", where, {"messages": {bot.user_id: {"*": junk}}}, token)
    where = api("rooms", side, "send", "m.room.message", secrets.token_hex(4))
    synapse.call("PUT", where, request["content"], token)  # her request, in another's mouth
    talk = Beside(alice)
    async with asyncio.timeout(PATIENCE):
        await bot.door.verify(alice.user_id, room, talk)
        await theirs
    await both_verified(synapse, bot, alice)
    assert talk.waited == [False]
    last = await bot.hear_id(await mallory.door.send(side, "m.room.message", text("yes"), "1"))
    assert trusted(last)
    assert not [event for event in bot.events if "verification" in f"{event.type} {event.content}"]


async def test_at_the_operators_terminal(tmp_path: Path) -> None:
    """The bot as a process of its own, `tafelbot verify` as another, the member's client a third:
    a request waits and says what it takes; the emoji stand on both screens and in no room."""
    require_client()
    async with PeerStage(tmp_path, ()) as stage:
        await stage.open_direct()
        await stage.say(COORDINATOR, "status", expect="status", direct=True)
        member, room = stage.seats[COORDINATOR], stage.direct[COORDINATOR]
        bot, before = stage.user_id(BOT), set(member.events)
        theirs = asyncio.ensure_future(member.verify(user=bot, room=room))
        await stage.answer(member, room, "verification.waiting", before)
        terminal = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "verify", member.user_id),
            *("--config", str(tmp_path / "tafelbot.toml")),
            stdin=PIPE,
            stdout=PIPE,
        )
        assert terminal.stdin is not None
        assert terminal.stdout is not None
        lines = [(await terminal.stdout.readline()).decode() for _ in range(9)]
        assert member.user_id in lines[0]
        emoji = (await member.news(lambda: member.comparing))[0]["emoji"]
        assert [line.split()[0] for line in lines[2:]] == [symbol for symbol, _ in emoji]
        answer, _ = await terminal.communicate(b"ja\n")
        assert terminal.returncode == 0
        assert len(await theirs) == 7
        trust = await member.trust(user=bot)
        assert trust["verified"]
        identity = await member.request(
            method="POST", path=api("keys", "query"), body=asking(member)
        )
        (key,) = identity["master_keys"][member.user_id]["keys"].values()
        assert key in answer.decode().replace(" ", "")
        assert "verified by emoji" in stage.bot.log.read_text()
        shown = [event["content"].get("body", "") for event in member.events.values()]
        assert not any(symbol in body for symbol, _ in emoji for body in shown)


def asking(member: Member) -> dict[str, Any]:
    """What to ask for somebody's keys."""
    return {"device_keys": {member.user_id: []}}
