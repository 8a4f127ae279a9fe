"""Who is heard and who can read, with clients of another make (promise 3)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from demo.scene import COORDINATOR, Scene
from tests.interop.conftest import require_client
from tests.interop.driver import Member, Seen, until
from tests.interop.stage import PeerStage, api, facts, master_key, membership

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

SEATS = {
    "schepen": "",  # stands in the settings
    "ocmw": "partner OCMW",
    "clb": "partner CLB",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def table(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PeerStage]:
    """A table whose people are all in the room; no meeting."""
    require_client()
    async with PeerStage(tmp_path_factory.mktemp("bot"), tuple(SEATS)) as stage:
        await stage.open_direct()
        await Scene(stage, people=SEATS).gather()
        for who in SEATS:
            await stage.say(who, "!status", expect="status")
        yield stage


async def raw(stage: PeerStage, event_id: str) -> dict[str, Any]:
    """An event as it lies on the homeserver."""
    path = api("rooms", stage.table, "event", event_id)
    found: dict[str, Any] = await stage.seats[COORDINATOR].request(path=path)
    return found


async def said(stage: PeerStage) -> Seen:
    """Something the bot says to the table now, as the coordinator reads it."""
    member = stage.seats[COORDINATOR]
    before = set(member.events)
    await member.send(room=stage.table, text="!status")
    found = await stage.answering(member, stage.table, "status", before)
    assert found["shield"] == "NONE"
    return found


async def opened(member: Member, event: dict[str, Any]) -> bool:
    """Whether a device can decrypt an event that is handed to it."""
    found: Seen = await member.open(event=event)
    assert found["event_id"] == event["event_id"]
    return found["failure"] is None and found["type"] != "m.room.encrypted"


async def in_clear(stage: PeerStage, who: str, kind: str) -> None:
    """Somebody is told something that needs no key."""
    told = await stage.seats[who].wait(stage.from_bot(stage.direct[who], kind))
    assert not told["encrypted"]


async def test_a_second_device_without_signature_reads_nothing(table: PeerStage) -> None:
    first = table.seats["ocmw"]
    second = await table.log_in("ocmw", sign=False, only_signed=False)
    event = await raw(table, (await said(table))["event_id"])
    assert await opened(first, event)
    assert not await opened(second, event)
    await second.send(room=table.table, text="!status")
    await in_clear(table, "ocmw", "unheard")
    assert not await opened(second, await raw(table, (await said(table))["event_id"]))
    await second.logout()


async def test_a_member_can_decrypt_what_is_said_while_they_sit_at_the_table(
    table: PeerStage,
) -> None:
    """Nothing from before they came, after they went, or while they were away."""
    earlier = await said(table)
    await table.log_in_as("gezondheid")
    await seat(table, "gezondheid", "partner geestelijke-gezondheidszorg")
    former, before = table.seats["gezondheid"], await said(table)
    assert await opened(former, await raw(table, before["event_id"]))
    assert not await opened(former, await raw(table, earlier["event_id"]))
    line = f"!lid verwijderen {table.user_id('gezondheid')}"
    removed = await table.say(COORDINATOR, line, expect="member.removed")
    assert removed["role"] == "partner"
    await out(table, "gezondheid")
    meanwhile = await said(table)
    assert not await opened(former, await raw(table, meanwhile["event_id"]))
    await seat(table, "gezondheid", "partner geestelijke-gezondheidszorg")
    assert await opened(former, await raw(table, (await said(table))["event_id"]))
    assert not await opened(former, await raw(table, meanwhile["event_id"]))


async def seat(stage: PeerStage, who: str, words: str) -> None:
    """Somebody is enrolled, comes, and is heard."""
    await Scene(stage).enrol(who, words)
    await stage.say(who, "!status", expect="status")


async def out(stage: PeerStage, who: str) -> None:
    """Wait until somebody is out of the table's room."""

    async def gone() -> bool:
        seen = await membership(stage.seats[COORDINATOR], stage.table, stage.user_id(who))
        return seen in {"leave", None}

    await until(gone)


async def test_a_reset_identity_is_suspended_until_a_colleague_confirms_it(
    table: PeerStage,
) -> None:
    member, coordinator = table.seats["clb"], table.seats[COORDINATOR]
    before = await said(table)
    assert await opened(member, await raw(table, before["event_id"]))
    old = await master_key(member)
    await member.reset_identity()
    new = await master_key(member)
    assert new != old
    suspended = await coordinator.wait(table.from_bot(table.table, "member.suspended"))
    assert facts(suspended)["key"] == new
    assert suspended["content"]["m.mentions"]["user_ids"] == [coordinator.user_id]
    assert not await opened(member, await raw(table, (await said(table))["event_id"]))
    await member.send(room=table.table, text=f"!lid verwijderen {table.user_id('ocmw')}")
    await in_clear(table, "clb", "suspended")
    line = f"!lid bevestigen {table.user_id('clb')}"
    confirmed = await table.say(COORDINATOR, line, expect="member.confirmed")
    assert confirmed["key"] == new
    await table.say("clb", "!status", expect="status")
    assert await opened(member, await raw(table, (await said(table))["event_id"]))
    kinds = [facts(event).get("kind") for event in coordinator.events.values()]
    assert kinds.count("member.suspended") == 1
    await table.say("ocmw", "!status", expect="status")  # nobody has removed them
