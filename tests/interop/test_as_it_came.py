"""The client that plays the members tells of each event as it came, however late that is."""

import asyncio

import pytest
from aiohttp import web

from demo.homeserver import Homeserver
from tests.homeserver.fixtures import OpenAccount
from tests.homeserver.proxy import Forward, Proxy
from tests.interop.conftest import StartMember
from tests.interop.driver import PATIENCE, Member
from tests.interop.test_door_heard import meet, registered

pytestmark = pytest.mark.interop


async def test_what_was_changed_before_it_was_told_is_told_as_it_came(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    may_sync, waits = asyncio.Event(), asyncio.Event()
    may_sync.set()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if request.path.endswith("/sync"):
            if not may_sync.is_set():
                waits.set()
            await may_sync.wait()
        return await forward()

    bot, alice = await account(), await member(registered(synapse))
    async with (
        Proxy(synapse.url, rule) as proxy,
        Member(proxy.url, registered(synapse), "password") as late,
    ):
        room = await meet(bot, alice, late)
        may_sync.clear()
        await alice.send(room=room, text="ends the sync that is under way")
        await asyncio.wait_for(waits.wait(), PATIENCE)
        edited = await alice.send(room=room, text="first")
        await alice.edit(room=room, event=edited, text="second")
        redacted = await alice.send(room=room, text="never read")
        await alice.redact(room=room, event=redacted)
        last = await alice.send(room=room, text="last")
        may_sync.set()
        await late.read(last)
        await late.catch_up()
        assert told(late, edited) == [("first", False), ("second", False)]
        assert told(late, redacted) == [(None, True)]
        order = [e for e in late.events if e in {edited, redacted, last}]
        assert order == [edited, redacted, last]


def told(member: Member, event: str) -> list[tuple[str | None, bool]]:
    """What a client said of an event, one after the other, without repetitions."""
    reports = [e for e in member.reports if e["event_id"] == event]
    found = [(e["content"].get("body"), e["redacted"]) for e in reports]
    return list(dict.fromkeys(found))
