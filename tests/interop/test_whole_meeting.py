"""Whole meetings of people whose clients refuse unsigned devices, as Element does."""

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from demo.operating import BOT, PASSWORD
from demo.scene import AMENDED, COORDINATOR, FEW, ITEMS, Scene
from tests.homeserver.proxy import Forward, Proxy
from tests.interop.conftest import require_client
from tests.interop.driver import PATIENCE, Member, Seen, until
from tests.interop.stage import POLL, PeerStage, api, facts, holds, raw_events
from tests.interop.views import as_read, is_speech, unread

pytestmark = [
    pytest.mark.interop,
    pytest.mark.asyncio(loop_scope="module"),
]

TEXTS = (*(item.split(" ", 2)[2] for item in ITEMS), AMENDED)
ADOPTED = (TEXTS[0], AMENDED, TEXTS[2])
LATE = "Zoekt sinds half oktober zelf contact met de jeugdwerker."
LATER = "Sprak in oktober vier keer met de jeugdwerker."
EDITED = "Sprak in oktober vijf keer met de jeugdwerker."
QUOTED = "Volgt sinds 9 oktober opnieuw les op vrijdag."
IN_CLEAR = "Bezocht op 3 oktober de bibliotheek met een vriend."


class Meetings(PeerStage):
    """Remembers the polls, and how a client saw each before the last answer and after it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, tuple(FEW))
        self.scene = Scene(self, people=FEW, guest=None, worker="ocmw")
        self.opened: list[Mapping[str, Any]] = []
        self.seen: list[Mapping[str, Any]] = []
        self.left: list[Mapping[str, Any] | None] = []

    async def say(
        self, who: str, text: str, *, expect: str, direct: bool = False
    ) -> Mapping[str, Any]:
        if expect == "poll.closed":
            self.seen.append(await until(self._answered))
        found = await super().say(who, text, expect=expect, direct=direct)
        if expect == "poll.opened":
            self.opened.append(found)
        if expect == "poll.closed":
            await self.seats["io"].wait(self._is_emptied)
            self.left.append(await self._poll())
        return found

    async def _answered(self) -> Mapping[str, Any]:
        """The poll, once everybody has answered it who does so natively."""
        seen = await self._poll()
        assert seen is not None
        return seen if len(seen["responses"]) == len(self.scene.seated) - 1 else {}

    async def _poll(self) -> Mapping[str, Any] | None:
        poll = self.opened[-1]["poll_event"]
        seen: Mapping[str, Any] | None
        seen = await self.seats["io"].read_poll(room=self.table, poll=poll)
        return seen

    def _is_emptied(self, event: Seen) -> bool:
        return bool(event["event_id"] == self.opened[-1]["poll_event"] and event["redacted"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Meetings]:
    """Both meetings of the scene have been held."""
    require_client()
    async with Meetings(tmp_path_factory.mktemp("bot")) as stage:
        await stage.open_direct()
        await stage.scene.play()
        for member in stage.seats.values():
            await until(lambda member=member: has_closed(stage, member, 2))  # type: ignore[misc]
        await stage.settled()
        yield stage


async def test_every_message_is_decrypted_without_a_shield(held: Meetings) -> None:
    for member in held.seats.values():
        said = [e for e in as_read(member).values() if is_speech(held, e)]
        assert await unread(held, member) == set()
        assert {e["room_id"] for e in said} >= {held.table}
        assert {e["type"] for e in said} == {"m.room.message", f"{POLL}.start"}
        for event in said:
            assert (event["failure"], event["encrypted"]) == (None, True), event
            assert (event["shield"], event["shield_reason"]) == ("NONE", None), event


async def test_every_member_sees_the_same_meetings(held: Meetings) -> None:
    views = []
    for member in held.seats.values():
        said = [e["event_id"] for e in member.events.values() if is_speech(held, e, held.table)]
        opened = await member.wait(held.from_bot(held.table, "meeting.opened"))
        views.append(said[said.index(opened["event_id"]) :])
    assert len(views[0]) > 40
    assert all(view == views[0] for view in views)


async def test_a_settled_poll_has_no_winner_in_any_client(held: Meetings) -> None:
    """One of them ends in an objection that was typed, and that no client counts."""
    assert held.left == [None] * 8
    for member in held.seats.values():
        for poll in held.opened:
            assert member.events[poll["poll_event"]]["redacted"]
        assert not [one for one in member.reports if one["type"].endswith("poll.end")]


async def test_polls_are_whole_for_clients_that_show_them(held: Meetings) -> None:
    assert len(held.opened) == len(held.seen) == 8
    natively = {held.user_id(who) for who in held.scene.seated[:-1]}
    for poll, seen in zip(held.opened, held.seen, strict=True):
        assert str(poll["number"]) in seen["question"]
        assert poll["case"] in seen["question"]
        assert [one["id"] for one in seen["answers"]] == list(poll["answers"].values())
        assert all(one["text"] for one in seen["answers"])
        assert (seen["kind"], seen["max"], seen["undecryptable"]) == (f"{POLL}.disclosed", 1, 0)
        assert {one["sender"] for one in seen["responses"]} == natively
    assert TEXTS[0] in held.seen[2]["question"]


async def test_words_to_type_follow_each_poll(held: Meetings) -> None:
    read = as_read(held.seats[COORDINATOR])
    order = [e["event_id"] for e in read.values() if is_speech(held, e, held.table)]
    for poll in held.opened:
        beside = read[order[order.index(poll["poll_event"]) + 1]]
        assert facts(beside) == poll
        assert set(poll["answers"]) == {"agree", "object"}
        assert f"!akkoord {poll['number']}" in beside["content"]["body"]


async def test_who_has_no_polls_votes_by_typing(held: Meetings) -> None:
    closed = [
        facts(e)
        for e in held.seats["ocmw"].events.values()
        if held.from_bot(held.table, "poll.closed")(e)
    ]
    outcomes = [(one["outcome"], one["of"]) for one in closed]
    assert [one["poll"] for one in closed] == [poll["poll"] for poll in held.opened]
    consensus, objected = ("consensus", 4), ("no_consensus", 4)
    assert outcomes == [*[consensus] * 3, objected, *[consensus] * 4]
    assert any(e["type"] == f"{POLL}.response" for e in as_read(held.seats["ocmw"]).values())
    mine = {
        e["type"]
        for e in as_read(held.seats["ocmw"]).values()
        if e["sender"] == held.user_id("ocmw") and e["room_id"] == held.table
    }
    assert mine <= {"m.room.message", "m.room.member"}


async def test_minutes_are_a_file_without_names(held: Meetings, tmp_path: Path) -> None:
    ready = held.from_bot(held.table, "minutes.ready")
    for member in held.seats.values():
        files = [e for e in member.events.values() if ready(e)]
        assert len(files) == 2
        for event in files:
            path = tmp_path / event["event_id"]
            got = await member.download(room=held.table, event=event["event_id"], path=str(path))
            assert got["encrypted"]
            text = path.read_text()
            assert held.scene.first in text
            assert held.scene.second not in text  # not followed, so forgotten
            assert "@" not in text
            assert not [who for who in held.seats if re.search(rf"\b{who}\b", text)]
            assert not holds(text, TEXTS)


async def test_no_words_of_the_fiche_are_left_in_any_view(held: Meetings) -> None:
    words = [
        {e["event_id"] for m in held.seats.values() for e in m.reports if holds(e, [text])}
        for text in TEXTS
    ]
    said = [4 if text in ADOPTED else 3 for text in TEXTS]  # proposal, poll, words; the whole
    assert [len(found) for found in words] == said
    redacted = set().union(*words)
    for member in held.seats.values():
        assert not holds(list(member.events.values()), TEXTS)
        assert not holds(await member.timeline(room=held.table), TEXTS)
        raw = {event["event_id"]: event for event in await raw_events(member, held.table)}
        assert not holds(list(raw.values()), TEXTS)
        assert redacted <= set(raw)
        for event_id in redacted:
            assert raw[event_id]["content"] == {}
            one = await member.request(path=api("rooms", held.table, "event", event_id))
            assert one["content"] == {}
            path = api("rooms", held.table, "relations", event_id).replace("v3", "v1", 1)
            related = (await member.request(path=path))["chunk"]
            assert {e["type"] for e in related} <= {"m.room.encrypted"}  # the ballots


async def test_a_member_who_logs_in_afterwards_reads_no_words_of_the_fiche(
    held: Meetings,
) -> None:
    key = held.seats["io"].recovery_key
    later = Member(held.homeserver.url, "io", PASSWORD, recovery_key=key)
    async with later:
        await later.wait(lambda e: e["room_id"] == held.table)
        assert not holds(await later.timeline(room=held.table), TEXTS)
        assert not holds(later.reports, TEXTS)


async def test_words_and_ids_stay_out_of_the_store_and_the_log(held: Meetings) -> None:
    files = held.files()
    assert {"log", "tafelbot.db"} <= set(files)
    canaries = [*TEXTS, *(word for text in TEXTS for word in text.split() if len(word) > 8)]
    assert "voetbaltraining." in canaries
    for name, data in files.items():
        assert not [canary for canary in canaries if canary.encode() in data], name
    rooms = [held.table, *held.direct.values()]
    ids = [*(held.user_id(who) for who in held.seats), *rooms]
    ids += [e["event_id"] for e in held.seats["io"].events.values()]
    for name, data in files.items():
        if name == "log" or name.startswith("tafelbot.db"):
            assert not [one for one in ids if one.encode() in data], name
    shown = json.loads(await asyncio.to_thread(held.bot.inspect, "--json"))
    assert held.user_id("io") in str(shown)
    assert not holds(shown, canaries)


async def test_a_bot_killed_between_poll_and_ballots_counts_each_once(held: Meetings) -> None:
    """And its words are found again in the room when it was killed before saying them."""
    coordinator, scene = held.seats[COORDINATOR], held.scene
    poll = await propose(held, LATE)

    held.bot.end(signal.SIGKILL)
    before = set(coordinator.events)
    await held.votes((COORDINATOR, "schepen"), poll, "agree")
    await held.votes((COORDINATOR,), poll, "agree")
    await held.seats["schepen"].send(room=held.table, text=f"!akkoord {poll['number']}")
    await held.seats["ocmw"].send(room=held.table, text=f"!bezwaar {poll['number']}")
    await held.vote("ocmw", poll, "agree")
    await held.vote("io", poll, "agree")
    held.bot.start()
    closed = await held.answer(coordinator, held.table, "poll.closed", before)
    assert (closed["poll"], closed["outcome"], closed["of"]) == (poll["poll"], "no_consensus", 4)

    proposal = next(e for e in as_read(held.seats["io"]).values() if holds(e, [LATE]))
    before = set(coordinator.events)
    edit = f"!punt sociaal + {EDITED}"
    await held.seats["io"].edit(room=held.table, event=proposal["event_id"], text=edit)
    refused = await held.answer(coordinator, held.table, "refused", before)
    assert refused["reason"] == "edited"

    held.bot.end(signal.SIGKILL)
    before = set(coordinator.events)
    await killed_before_saying(held, f"!wijzig {poll['number']} {LATER}")
    assert not [e for e in new(coordinator, before) if e["type"] == f"{POLL}.start"]
    held.bot.start()
    beside = await held.answering(coordinator, held.table, "poll.opened", before)
    again = facts(beside)
    assert (again["number"], again["version"]) == (poll["number"], 2)
    assert LATER in beside["content"]["body"]
    seen = await coordinator.read_poll(room=held.table, poll=again["poll_event"])
    assert LATER in seen["question"]
    held.opened.append(again)
    await scene.everybody(again, "agree")

    whole = await held.say("io", "!fiche sluiten", expect="poll.opened")
    await scene.everybody(whole, "agree")
    await held.see("io", "fiche.form", direct=True)
    await scene.close(scene.first)
    said = [facts(e)["id"] for e in as_read(coordinator).values() if "id" in facts(e)]
    assert len(said) == len(set(said))
    for member in held.seats.values():
        await until(lambda member=member: has_closed(held, member, 3))  # type: ignore[misc]
        await member.catch_up()
        assert not holds(await member.timeline(room=held.table), [LATE, LATER, EDITED])


async def test_words_that_were_sent_in_clear_are_redacted_too(held: Meetings) -> None:
    coordinator, io = held.seats[COORDINATOR], held.seats["io"]
    await propose(held, LATE)
    before = set(coordinator.events)
    path = api("rooms", held.table, "send", "m.room.message", "in-clear")
    body = {"msgtype": "m.text", "body": f"!punt sociaal + {IN_CLEAR}"}
    await io.request(method="PUT", path=path, body=body)
    refused = await held.answer(coordinator, held.table, "refused", before)
    assert refused["reason"] == "not_encrypted"
    await close(held)
    assert not holds(await raw_events(io, held.table), [IN_CLEAR])
    assert not holds(await io.timeline(room=held.table), [IN_CLEAR])


async def test_words_that_a_reply_quotes_are_redacted_too(held: Meetings) -> None:
    """Some clients still put the original on top of a reply."""
    io = held.seats["io"]
    poll = await propose(held, QUOTED)
    beside = next(e for e in as_read(io).values() if facts(e) == poll)
    content = {
        "msgtype": "m.text",
        "body": f"> <{held.user_id(BOT)}> {QUOTED}\n\n!akkoord {poll['number']}",
        "m.relates_to": {"m.in_reply_to": {"event_id": beside["event_id"]}},
    }
    await held.seats["ocmw"].send_event(room=held.table, type="m.room.message", content=content)
    await close(held)
    assert not holds(await io.timeline(room=held.table), [QUOTED])


async def propose(held: Meetings, text: str) -> Mapping[str, Any]:
    """One more meeting, with one item on the table."""
    await held.scene.open("Nog een vergadering")
    await held.say(COORDINATOR, "!volgende", expect="agenda")
    wanted = await held.say("io", f"!fiche {held.scene.first}", expect="poll.opened")
    await held.scene.everybody(wanted, "agree")
    return await held.say("io", f"!punt sociaal + {text}", expect="poll.opened")


async def close(held: Meetings) -> None:
    """End both, for the information officer's client too."""
    io, known = held.seats["io"], set(held.seats["io"].events)
    number = held.opened[-1]["number"]  # nobody answers it
    await PeerStage.say(held, COORDINATOR, f"!sluiten {number}", expect="poll.closed")
    await held.say("io", "!fiche sluiten", expect="fiche.closed")
    await held.scene.close(held.scene.first)
    await held.answer(io, held.table, "meeting.closed", known)


async def killed_before_saying(stage: Meetings, line: str) -> None:
    """The information officer says something; what follows from it is stored and never sent."""
    about_to_send = asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if "/send/m.room.encrypted/" in request.path:
            about_to_send.set()
            return web.Response(status=502)
        return await forward()

    config = stage.bot.config.read_text()
    async with Proxy(stage.homeserver.url, rule) as proxy:
        stage.bot.config.write_text(config.replace(stage.homeserver.url, proxy.url))
        stage.bot.start()
        await stage.seats["io"].send(room=stage.table, text=line)
        async with asyncio.timeout(PATIENCE):
            await about_to_send.wait()
        await asyncio.to_thread(stage.bot.end, signal.SIGKILL)
    stage.bot.config.write_text(config)


async def has_closed(stage: PeerStage, member: Member, count: int) -> bool:
    """Whether so many meetings have closed for a client, which may lag behind another."""
    done = stage.from_bot(stage.table, "meeting.closed")
    return sum(map(done, member.events.values())) == count


def new(member: Member, before: set[str]) -> list[Seen]:
    return [event for key, event in member.events.items() if key not in before]
