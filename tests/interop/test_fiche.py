"""A feedback form from beginning to end with clients of another make (C15, C16, F01-F08, F26)."""

import asyncio
import json
from pathlib import Path

import pytest

from demo.scene import COORDINATOR, GUEST
from tests.french import (
    AGREED,
    ASIDE,
    CANARIES,
    EVERYBODY,
    FIRST,
    OUT,
    SEATS,
    TEXTS,
    Ritual,
    on_paper,
)
from tests.interop.conftest import require_client
from tests.interop.driver import until
from tests.interop.stage import PeerStage, facts, holds, membership, raw_events
from tests.interop.views import (
    Raw,
    as_read,
    is_secret,
    is_speech,
    opens,
    refusals,
    shown,
    single,
    unread,
)

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("ballot", ["open", "private"])
async def test_it_is_read_agreed_to_and_erased_by_its_roster_only(
    tmp_path: Path, ballot: str
) -> None:
    require_client()
    async with PeerStage(tmp_path, tuple(EVERYBODY), "fr", f'ballot = "{ballot}"') as stage:
        ritual = Ritual(stage)
        await stage.open_direct()
        await ritual.begin()
        await ritual.go_aside()
        side = str(stage.apart)
        await ritual.items()
        await assert_shut_out(stage, side)
        await assert_not_kept(stage)
        await ritual.whole()
        assert await until(lambda: is_out(stage, GUEST, side))
        await assert_paper(stage, tmp_path / "paper", ritual.code)
        await ritual.leave()
        assert (await ritual.end())["days"] == 7  # what Synapse keeps by default
        await stage.settled()
        await assert_read_without_a_shield(stage, side)
        for who in stage.seats:
            await assert_erased(stage, who, side)
        await assert_not_kept(stage)


@pytest.mark.parametrize("ballot", ["open", "private"])
async def test_on_a_screen_no_word_of_it_is_said(tmp_path: Path, ballot: str) -> None:
    require_client()
    people = {who: words for who, words in SEATS.items() if who != OUT}
    settings = (f'ballot = "{ballot}"', 'fiche_text = "screen"')
    async with PeerStage(tmp_path, tuple(people), "fr", *settings) as stage:
        ritual, voters = Ritual(stage, people), (COORDINATOR, *people)
        await stage.open_direct()
        await ritual.begin()
        poll = await stage.say("io", f"!fiche {ritual.first}", expect="poll.opened")
        await ritual.answer(poll, among=voters)
        (tmp_path / "form.docx").write_bytes(AGREED[0].encode())
        code = stage.bot.tool("fingerprint", str(tmp_path / "form.docx")).strip()
        poll = await stage.say("io", f"!formulaire {code} none", expect="poll.opened")
        await ritual.answer(poll, among=voters)
        assert not (await stage.see("io", "fiche.adopted"))["paper"]
        await stage.say(COORDINATOR, f"!discuté {ritual.first} oui", expect="case.discussed")
        await stage.say(COORDINATOR, f"!later {ritual.first}", expect="case.later")
        await stage.say(COORDINATOR, "!fermer réunion", expect="meeting.closed")
        await stage.settled()
        for member in stage.seats.values():
            assert not holds(member.reports, ["fiche.form", *CANARIES])


async def assert_shut_out(stage: PeerStage, side: str) -> None:
    """Who is off the roster has nothing of the point; who is on it for this point, nothing else."""
    outsider, guest = stage.seats[OUT], stage.seats[GUEST]
    said = await secrets(stage, side)
    at_table = await secrets(stage, stage.table)
    assert len(said) > 30
    assert not [one for one in said if await opens(outsider, one)]
    assert [await opens(outsider, one) for one in at_table[:9]] == [True] * 9
    assert await refusals(outsider, side, said[0]["event_id"]) == {"no"}
    assert not holds(outsider.reports, FIRST)
    assert side not in {event["room_id"] for event in outsider.reports}
    assert [one for one in said if await opens(guest, one)] == said
    assert not [one for one in at_table if await opens(guest, one)]
    assert await refusals(guest, stage.table, at_table[0]["event_id"]) == {"no"}
    assert {e["room_id"] for e in guest.reports} == {side, stage.direct[GUEST]}


async def secrets(stage: PeerStage, room: str) -> list[Raw]:
    """What was said since it was made, as the homeserver keeps it."""
    return [one for one in await raw_events(stage.seats["io"], room) if is_secret(one)]


async def is_out(stage: PeerStage, who: str, room: str) -> bool:
    member = stage.seats[who]
    return await membership(member, room, member.user_id) in {"leave", None}


async def assert_paper(stage: PeerStage, path: Path, code: str) -> None:
    """The officer alone has the agreed words, and nothing but them (F02)."""
    io, room = stage.seats["io"], stage.direct["io"]
    event = (await io.wait(stage.from_bot(room, "fiche.form")))["event_id"]
    assert (await io.download(room=room, event=event, path=str(path)))["encrypted"]
    assert on_paper(str(path)) == [*AGREED, code]
    (raw, *_) = await single(io, room, event)
    for who in set(stage.seats) - {"io"}:
        assert not await opens(stage.seats[who], raw)
        kinds = {facts(one).get("kind") for one in stage.seats[who].reports}
        assert "fiche.form" not in kinds


async def assert_read_without_a_shield(stage: PeerStage, side: str) -> None:
    for who, member in stage.seats.items():
        read = [e for e in as_read(member).values() if is_speech(stage, e)]
        assert await unread(stage, member) == set()
        rooms = {stage.direct[who]}
        rooms |= {stage.table} if who != GUEST else set()
        rooms |= {side} if who in ASIDE else set()
        assert {e["room_id"] for e in read} == rooms
        for event in read:
            assert (event["failure"], event["encrypted"]) == (None, True), event
            assert (event["shield"], event["shield_reason"]) == ("NONE", None), event


async def assert_erased(stage: PeerStage, who: str, side: str) -> None:
    """No word is left in anything that a member\u2019s token or keys still open."""
    member = stage.seats[who]
    held = {e["event_id"]: e["room_id"] for e in member.reports if holds(e, TEXTS)}
    assert (len(held) > 15) == (who in ASIDE)
    rooms = {stage.direct[who], *held.values(), *({stage.table} if who != GUEST else set())}
    found = {room: await shown(member, room) for room in rooms}
    assert not holds(found, CANARIES)
    assert not holds(list(member.events.values()), CANARIES)
    for event, room in held.items():
        one, *related = await single(member, room, event)
        assert one["content"] == {}
        assert not holds([await member.open(event=r) for r in related if is_secret(r)], CANARIES)


async def assert_not_kept(stage: PeerStage) -> None:
    """Nor in any file of the bot, or its log."""
    files = stage.files()
    assert {"log", "tafelbot.db"} <= set(files)
    for name, data in files.items():
        assert not [canary for canary in CANARIES if canary.encode() in data], name
    store = await asyncio.to_thread(stage.bot.inspect, "--json")
    assert not holds(json.loads(store), CANARIES)
