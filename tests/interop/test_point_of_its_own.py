"""Who can read a case that goes on in a room of its own, with clients of another make (C16)."""

from pathlib import Path
from typing import Any

import pytest

from demo.scene import COORDINATOR, FEW, GUEST, GUEST_WORDS, Scene
from tests.interop.conftest import require_client
from tests.interop.driver import Member, MemberError, Seen, until
from tests.interop.stage import PeerStage, api, membership, raw_events

pytestmark = pytest.mark.interop

OUT = "clb"  # sits at the table, and takes no part in the case
SEATS = {**FEW, OUT: "partner CLB"}
ROSTER = (COORDINATOR, *FEW, GUEST)


async def test_it_is_read_by_its_roster_only_and_a_guest_reads_nothing_else(
    tmp_path: Path,
) -> None:
    require_client()
    async with PeerStage(tmp_path, (*SEATS, GUEST)) as stage:
        scene = await at_the_point(stage)
        table, outsider, guest = stage.table, stage.seats[OUT], stage.seats[GUEST]
        at_table = await told(stage, table)
        assert await opens(outsider, at_table)
        assert not await opens(guest, at_table)

        stage.apart = None
        line = f"!deelnemers {scene.first} -{stage.user_id(OUT)} +{stage.user_id(GUEST)}"
        await stage.say(COORDINATOR, line, expect="roster.stated")
        await stage.aside(ROSTER)
        room = str(stage.apart)
        await stage.say("io", f"!fiche {scene.first}", expect="fiche.opened")
        poll = await stage.say("io", "!punt sociaal + Traint elke week.", expect="poll.opened")
        await stage.say(GUEST, f"!akkoord {poll['number']}", expect="poll.progress")
        said = [one for one in await raw_events(stage.seats[COORDINATOR], room) if secret(one)]
        assert len(said) >= 6
        assert [one for one in said if await opens(outsider, one)] == []
        assert await opens(guest, said[0])
        with pytest.raises(MemberError):
            await outsider.join(room=room)
        with pytest.raises(MemberError):
            await raw_events(outsider, room)

        await stage.say("io", "!fiche sluiten", expect="fiche.closed")
        stage.back()
        await stage.say(COORDINATOR, "!volgende", expect="agenda")
        await until(lambda: out(guest, room))
        await until(lambda: out(stage.seats["io"], room))
        assert not await opens(guest, await told(stage, table))
        left = await raw_events(stage.seats[COORDINATOR], room)
        assert {one["event_id"] for one in left if secret(one)} & {
            one["event_id"] for one in said if one["sender"] == stage.user_id("io")
        } == set()


async def at_the_point(stage: PeerStage) -> Scene:
    """A case is on the table; a guest has come for it."""
    await stage.open_direct()
    scene = Scene(stage, people=SEATS)
    await scene.gather()
    await scene.enrol(GUEST, GUEST_WORDS)
    scene.first = await scene.notify("ocmw")
    await scene.open("")
    await stage.say(GUEST, "aanwezig", direct=True, expect="roll.updated")
    await stage.say(COORDINATOR, "!volgende", expect="agenda")
    return scene


async def told(stage: PeerStage, room: str) -> dict[str, Any]:
    """Something the bot says to the table now, as it lies on the homeserver."""
    member = stage.seats[COORDINATOR]
    before = set(member.events)
    await member.send(room=room, text="!status")
    found = await stage.answering(member, room, "status", before)
    path = api("rooms", room, "event", found["event_id"])
    event: dict[str, Any] = await member.request(path=path)
    return event


async def opens(member: Member, event: dict[str, Any]) -> bool:
    """Whether a device can decrypt an event that is handed to it."""
    found: Seen = await member.open(event=event)
    return found["failure"] is None and found["type"] != "m.room.encrypted"


async def out(member: Member, room: str) -> bool:
    return await membership(member, room, member.user_id) in {"leave", None}


def secret(event: dict[str, Any]) -> bool:
    """Whether it holds something that a key opens."""
    return event["type"] == "m.room.encrypted" and "ciphertext" in event["content"]
