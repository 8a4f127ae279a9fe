"""Who answered what, and who is told: open and private ballots, secrets, the close (F01, F05)."""

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.matrix.door import Content, Hearing, MatrixRefused
from bot.rules.consensus import BallotMode
from bot.rules.facts import Reference
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, Scene
from storage.inspect import tables
from tests import moments as at
from tests.hall import TABLE, FakeDoor, Hall, Picture, Sent, facts_of
from tests.moments import figures, heard, kinds, only, reason, store
from tests.test_exactly_once import MortalHall, Sweep, outcome, same

PRIVATE = replace(TABLE, ballot=BallotMode.PRIVATE)
PICTURES: dict[BallotMode, Picture] = {}  # gathered once, and then pictured
RESPONSE = "org.matrix.msc3381.poll.response"


async def gathered(folder: Path, mode: BallotMode) -> Hall:
    hall = Hall(folder, replace(TABLE, ballot=mode))
    if mode in PICTURES:
        hall.restore(PICTURES[mode])
    else:
        await Scene(hall).gather()
        PICTURES[mode] = hall.picture()
    return hall


@pytest.fixture
async def hidden(tmp_path: Path) -> Hall:
    """A table that answers in private."""
    return await gathered(tmp_path, BallotMode.PRIVATE)


@pytest.fixture(params=BallotMode)
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> Hall:
    """A table of each kind."""
    return await gathered(tmp_path, request.param)


def in_room(hall: Hall, sent: Sequence[Sent]) -> list[Sent]:
    return [one for one in sent if one.room == hall.room]


def everything(hall: Hall) -> dict[str, Any]:
    """What the store holds and what the table's room shows, random values made equal."""
    found = outcome(hall)
    place = list(hall.matrix.rooms).index(hall.room)
    return {"stored": found["stored"], "room": found["rooms"][place]}


# Private ballots


async def test_a_private_poll_stands_in_each_direct_room_without_its_words(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    assert moment.poll["private"]
    assert "answers" not in moment.poll
    for who in moment.scene.seated:
        asked = hidden.asked(who, moment.poll)
        assert asked.only == {hidden.user_id(who)}
        assert "training" not in json.dumps(asked.content)
        assert set(facts_of(asked)["answers"]) == {"agree", "object", "secret"}
    native = [e for e in hidden.matrix.events.values() if e.type.endswith("poll.start")]
    assert not in_room(hidden, native)
    (companion,) = [e for e in hidden.matrix.events.values() if facts_of(e) == moment.poll]
    assert "training" in str(companion.content["body"])


async def test_a_decision_asked_in_private_has_no_words_that_could_be_secret(hidden: Hall) -> None:
    moment = await at.polled(hidden)
    assert set(facts_of(hidden.asked("clb", moment.poll))["answers"]) == {"agree", "object"}


async def test_everybody_agrees_in_private_and_the_table_sees_counts(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    for answered, who in enumerate(moment.scene.seated[:-1], 1):
        sent = await moment.votes(who, "agree")
        assert kinds(sent) == ["polls.overview"]
        assert figures(sent)["answered"] == answered
    sent = await moment.votes(moment.scene.seated[-1], "agree")
    assert only(sent, "poll.closed")["outcome"] == "consensus"
    assert at.native(hidden) == []


async def test_nothing_but_counts_tells_who_objected_in_private(tmp_path: Path) -> None:
    seen = []
    for objector, folder in (("clb", "one"), ("ocmw", "other")):
        (tmp_path / folder).mkdir()
        hall = await gathered(tmp_path / folder, BallotMode.PRIVATE)
        moment = await at.with_item(hall)
        await moment.votes(objector, "object")
        await moment.everybody("agree", but=(objector,))
        shown = [
            [facts_of(one), one.content.get("body"), one.content.get("m.mentions")]
            for one in in_room(hall, list(hall.matrix.events.values()))
        ]
        seen.append(same(shown))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("mode", BallotMode)
async def test_typed_in_the_direct_room_an_answer_counts_in_both_modes(
    tmp_path: Path, mode: BallotMode
) -> None:
    hall = await gathered(tmp_path, mode)
    moment = await at.with_item(hall)
    sent = await moment.says("clb", f"akkoord {moment.poll['number']}", direct=True)
    assert sorted(kinds(sent)) == ["ballot.noted", "polls.overview"]
    await moment.everybody("agree", but=("clb", "ocmw"))
    sent = await moment.says("ocmw", f"bezwaar {moment.poll['number']}", direct=True)
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_typed_in_the_room_it_counts_for_nothing_and_is_removed(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    await moment.votes("clb", "agree")
    before = store(hidden)["ballot"]
    typed = hidden.typed("clb", f"!bezwaar {moment.poll['number']}", hidden.room)
    sent = await moment.hears(typed)
    assert only(sent, "refused")["reason"] == Reason.ANSWER_IN_PRIVATE
    assert store(hidden)["ballot"] == before
    assert not hidden.matrix.events[typed.event_id].content
    assert "poll.closed" not in kinds(await moment.everybody("agree", but=("clb",)))


async def test_an_answer_of_a_private_poll_is_not_heard_in_the_room(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    ballot = hidden.ballot("clb", moment.poll, "agree")
    before = store(hidden)
    sent = await moment.sends("clb", ballot.content, RESPONSE)
    assert reason(sent) == Reason.ANSWER_IN_PRIVATE
    assert store(hidden) == before


async def test_a_stolen_answer_counts_for_its_sender_if_for_anybody(hidden: Hall) -> None:
    """Whoever sends it, from wherever they have it: never for the one it was shown to."""
    moment = await at.with_item(hidden)
    await moment.scene.enrol("jeugdhuis", "ad-hoc jeugdwerk")
    room = await hidden.direct("jeugdhuis")
    stolen = hidden.ballot("clb", moment.poll, "agree").content
    before = store(hidden)["ballot"]
    outsider = hidden.matrix.add(room, hidden.user_id("jeugdhuis"), RESPONSE, stolen)
    assert reason(await moment.hears(outsider)) == Reason.NOT_ON_ROSTER
    assert store(hidden)["ballot"] == before
    others = await hidden.direct("clb")
    hidden.matrix.move(others, hidden.user_id("ocmw"), "join")
    crowded = hidden.matrix.add(others, hidden.user_id("ocmw"), RESPONSE, stolen)
    await moment.hears_events(
        hidden.member_event(others, hidden.user_id("ocmw"), "join"), heard(crowded, hidden.now)
    )
    assert store(hidden)["ballot"] == before


async def test_nobody_agrees_in_private_while_a_stranger_is_in_the_room(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    hidden.matrix.move(hidden.room, "@who:elsewhere.example", "join")
    await hidden.hears(hidden.member_event(hidden.room, "@who:elsewhere.example", "join"))
    number = moment.poll["number"]
    assert reason(await moment.votes("clb", "agree")) == Reason.STRANGER_PRESENT
    assert reason(await moment.says("clb", f"akkoord {number}", direct=True)) == (
        Reason.STRANGER_PRESENT
    )
    assert figures(await moment.votes("clb", "object"))["answered"] == 1


async def test_whoever_joins_the_roster_is_asked_in_private_too(hidden: Hall) -> None:
    moment = await at.polled(hidden)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    await moment.says("jeugdhuis", "!aanwezig")
    await moment.everybody("agree", but=("clb",))
    sent = await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    assert kinds(sent).count("poll.asked") == 1
    await moment.votes("clb", "agree")
    sent = await moment.votes("jeugdhuis", "agree")
    assert only(sent, "poll.closed")["outcome"] == "consensus"


async def test_whoever_leaves_takes_consensus_along_and_every_poll_goes(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    await moment.everybody("agree", but=("ocmw",))
    sent = await moment.says("clb", "!vertrekken")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"
    assert at.native(hidden) == []


async def test_whoever_cannot_be_asked_has_not_answered(hidden: Hall) -> None:
    """Without a direct room there is no poll of theirs; silence is not consent."""
    moment = await at.followed(hidden)
    room = await hidden.direct("clb")
    hidden.matrix.move(room, hidden.user_id("clb"), "leave")
    await hidden.hears(hidden.member_event(room, hidden.user_id("clb"), "leave"))
    sent = await moment.says("io", f"!fiche {moment.case}")
    moment.poll = only(sent, "poll.opened")
    assert kinds(sent).count("poll.asked") == len(moment.scene.seated) - 1
    assert "poll.closed" not in kinds(await moment.everybody("agree", but=("clb",)))
    sent = await moment.says(COORDINATOR, f"!sluit {moment.poll['number']}")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_words_that_could_not_be_shown_make_a_private_poll_void(hidden: Hall) -> None:
    moment = await at.with_fiche(hidden)
    hidden.app.speaker._doer._desk.door = Mute(hidden.matrix)
    hidden.desk.door = Mute(hidden.matrix)
    sent = await moment.says("io", "!punt sociaal + Traint opnieuw.")
    assert kinds(sent) == ["poll.void"]
    number = only(sent, "poll.void")["number"]
    assert reason(await moment.says("clb", f"akkoord {number}", direct=True)) == (
        Reason.POLL_CLOSED
    )


class Mute(FakeDoor):
    """A homeserver that refuses the message with the words."""

    async def send(
        self,
        room: str,
        type_: str,
        content: Content,
        txn: str,
        *,
        only: Collection[str] | None = None,
    ) -> str:
        if content.get("org.tafelbot.v1", {}).get("kind") == "poll.opened":
            raise MatrixRefused("M_TOO_LARGE", 413)
        return await super().send(room, type_, content, txn, only=only)


async def test_an_answer_taken_back_in_private_is_doubt(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    asked = hidden.asked("clb", moment.poll)
    await moment.votes("clb", "agree")
    content = {"m.relates_to": {"event_id": asked.event_id}, "m.selections": []}
    back = hidden.matrix.add(asked.room, hidden.user_id("clb"), "m.poll.response", content)
    sent = await moment.hears(back)
    assert sorted(kinds(sent)) == ["ballot.doubted", "polls.overview"]
    assert "poll.closed" not in kinds(await moment.everybody("agree", but=("clb",)))


async def test_what_cannot_be_read_in_a_direct_room_may_have_been_an_objection(
    either: Hall,
) -> None:
    moment = await at.with_item(either)
    room = await either.direct("clb")
    typed = either.typed("clb", f"bezwaar {moment.poll['number']}", room)
    assert figures(await moment.hears(typed, how=Hearing.UNREADABLE))["doubts"] == 1
    assert "poll.closed" not in kinds(await moment.everybody("agree"))


async def test_a_poll_stays_private_when_the_setting_changes_meanwhile(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    hidden.table = TABLE
    hidden.desk.engine.dispose()
    hidden.start()
    sent = await moment.says("clb", f"!akkoord {moment.poll['number']}")
    assert reason(sent) == Reason.ANSWER_IN_PRIVATE
    assert figures(await moment.votes("clb", "agree"))["answered"] == 1


# Secrets


@pytest.mark.parametrize("before", ["", "agree", "object", "others"])
@pytest.mark.parametrize("mode", BallotMode)
async def test_a_secret_ends_its_poll_in_any_order(
    tmp_path: Path, mode: BallotMode, before: str
) -> None:
    moment = await at.with_item(await gathered(tmp_path, mode))
    if before == "others":
        await moment.everybody("agree", but=("clb",))
    elif before:
        await moment.votes("clb", before)
    number = moment.poll["number"]
    sent = await moment.says("clb", f"geheim {number}", direct=True)
    closed = only(sent, "poll.closed")
    assert (closed["outcome"], closed["confidential"]) == ("no_consensus", True)
    assert "ballot.noted" in kinds(sent)
    found = store(moment.hall)
    assert not [row for row in found["ballot"] if row["poll_id"] == moment.poll["poll"]]
    assert reason(await moment.votes("ocmw", "agree")) == Reason.POLL_CLOSED


async def test_the_third_answer_of_a_private_poll_is_the_same(hidden: Hall) -> None:
    moment = await at.with_item(hidden)
    ballot = hidden.ballot("clb", moment.poll, "secret")
    assert only(await moment.hears(ballot), "poll.closed")["confidential"]
    assert not hidden.matrix.events[ballot.event_id].content  # no longer on the server either


@pytest.mark.parametrize("earlier", [(), ("io", "schepen")])
@pytest.mark.parametrize("how", ["typed", "typed in private", "chosen"])
async def test_nothing_tells_whose_secret_it_is(
    tmp_path: Path, how: str, earlier: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Two tables that differ only in who says it: stored, shown and logged is the same."""
    mode = BallotMode.OPEN if how == "typed" else BallotMode.PRIVATE
    found = []
    caplog.set_level(logging.DEBUG)
    for who in ("clb", "ocmw"):
        (tmp_path / who).mkdir()
        moment = await at.with_item(await gathered(tmp_path / who, mode))
        for other in earlier:
            await moment.votes(other, "agree")
        caplog.clear()
        if how == "chosen":
            await moment.hears(moment.hall.ballot(who, moment.poll, "secret"))
        else:
            await moment.says(who, f"geheim {moment.poll['number']}", direct=True)
        logged = [record.getMessage() for record in caplog.records]
        found.append({**everything(moment.hall), "logged": same(logged)})
    assert found[0] == found[1]


async def test_what_is_called_secret_may_not_be_asked_again(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.says("clb", f"geheim {moment.poll['number']}", direct=True)
    with hall.desk.transaction() as tx:
        meeting, case = tx.meetings.running(), tx.cases.find(Reference(moment.case))
        assert meeting is not None
        assert case is not None
        words = tx.polls.digest("Neemt opnieuw deel aan de training.")
        assert tx.polls.called_secret(meeting, case.id, words)
        assert not tx.polls.called_secret(meeting, case.id, tx.polls.digest("Iets anders."))
        assert not tx.polls.called_secret(meeting, case.id + 1, words)


async def test_said_in_the_room_it_is_refused_and_removed_at_once(hall: Hall) -> None:
    moment = await at.with_item(hall)
    typed = hall.typed("clb", f"!geheim {moment.poll['number']}", hall.room)
    assert only(await moment.hears(typed), "refused")["reason"] == Reason.NOT_HERE
    assert not hall.matrix.events[typed.event_id].content


# Reminders


async def test_only_the_silent_are_reminded_and_the_room_hears_neither_who_nor_how_many(
    either: Hall,
) -> None:
    moment = await at.with_item(either)
    await moment.everybody("agree", but=("clb", "ocmw"))
    number = moment.poll["number"]
    sent = await moment.says(COORDINATOR, f"!herinneren {number}")
    waiting = [one for one in sent if facts_of(one)["kind"] == "poll.waiting"]
    assert [one.only for one in waiting] == [{moment.user("clb")}, {moment.user("ocmw")}]
    for one in waiting:
        assert one.content["msgtype"] == "m.text"  # it rings
    (told,) = in_room(either, sent)
    assert set(facts_of(told)) == {"kind", "id", "poll", "number"}
    assert "@" not in str(told.content["body"])
    assert reason(await moment.says(COORDINATOR, f"!herinneren {number}")) == (
        Reason.ALREADY_REMINDED
    )
    either.later(minutes=5)
    assert "poll.reminded" in kinds(await moment.says(COORDINATOR, f"!herinneren {number}"))


# The overview


async def test_open_polls_of_a_case_share_one_message(either: Hall) -> None:
    moment = await at.with_item(either)
    first = moment.poll
    sent = await moment.says("io", "!punt sociaal + Traint opnieuw.")
    second = only(sent, "poll.opened")
    await moment.votes("clb", "agree")
    moment.poll = second
    (edit,) = await moment.votes("ocmw", "agree")
    one = [e for e in either.matrix.events.values() if facts_of(e).get("kind") == "polls.overview"]
    assert edit.content["m.relates_to"] == {"rel_type": "m.replace", "event_id": one[0].event_id}
    rows = [(row["number"], row["answered"]) for row in facts_of(edit)["rows"]]
    assert rows == [(first["number"], 1), (second["number"], 1)]
    assert "@" not in str(edit.content["body"])


async def test_figures_that_nobody_saw_are_not_said_after_the_outcome(hall: Hall) -> None:
    moment = await at.polled(hall)
    ballots = [hall.ballot(who, moment.poll, "agree") for who in moment.scene.seated]
    assert kinds(await moment.hears(*ballots)) == ["poll.closed"]


# The close


async def test_closing_redacts_polls_and_ballots_and_says_what_others_keep(either: Hall) -> None:
    moment = await at.with_item(either)
    before = set(either.matrix.events)
    typed = either.typed("clb", f"akkoord {moment.poll['number']}", await either.direct("clb"))
    await moment.hears(typed)
    await moment.everybody("agree", but=("clb",))
    await moment.says("io", "!fiche sluiten")
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja\n!later {case}"))
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    closed = only(sent, "meeting.closed")
    assert closed["days"] == 7
    left = [one for one in either.matrix.events.values() if one.content and "poll" in one.type]
    assert left == []
    members = [one for key, one in either.matrix.events.items() if key not in before]
    assert not either.matrix.events[typed.event_id].content
    assert not [one for one in members if one.content and one.type == RESPONSE]
    stored = tables(either.desk.engine, either.desk.seal)
    assert not [name for name in ("poll", "ballot", "trace", "outbox") if stored[name]]


async def test_typed_answers_in_the_room_go_too(hall: Hall) -> None:
    moment = await at.polled(hall)
    typed = hall.typed("clb", f"!bezwaar {moment.poll['number']}", hall.room)
    await moment.hears(typed)
    assert hall.matrix.events[typed.event_id].content
    await moment.says(COORDINATOR, moment.line("!besproken {case} nee"))
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert not hall.matrix.events[typed.event_id].content


async def test_words_go_first_then_comes_what_people_wait_for_then_the_ballots(
    hall: Hall,
) -> None:
    moment = await at.with_item(hall)
    await moment.everybody("agree")
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja\n!later {case}"))
    order = Noting(hall.matrix)
    hall.desk.door = order
    await moment.says(COORDINATOR, "!vergadering sluiten")
    words = [place for place, one in enumerate(order.done) if one == "words"]
    ballots = [place for place, one in enumerate(order.done) if one == RESPONSE]
    assert len(words) == 2  # what the officer typed, and the message beside the poll that is gone
    assert max(words) < order.done.index("meeting.closed") < min(ballots)


class Noting(FakeDoor):
    """Notes in which order things are said and redacted."""

    def __init__(self, matrix: Any) -> None:
        super().__init__(matrix)
        self.done: list[str] = []

    async def redact(self, room: str, event_id: str, txn: str) -> None:
        event = self.matrix.events[event_id]
        self.done.append("words" if "training" in json.dumps(event.content) else event.type)
        await super().redact(room, event_id, txn)

    async def send(
        self,
        room: str,
        type_: str,
        content: Content,
        txn: str,
        *,
        only: Collection[str] | None = None,
    ) -> str:
        self.done.append(str(content.get("org.tafelbot.v1", {}).get("kind")))
        return await super().send(room, type_, content, txn, only=only)


async def test_ballots_that_may_not_be_redacted_are_told(hall: Hall) -> None:
    moment = await at.polled(hall)
    await moment.votes("clb", "agree")
    await moment.says(COORDINATOR, moment.line("!besproken {case} nee"))
    await hall.alters(may_redact=False)
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    assert kinds(sent).count("redaction.failed") == 1


# Killed


STEPS = (
    ("io", "!punt sociaal + Traint opnieuw elke week.", False),
    ("clb", "akkoord {number}", True),
    (COORDINATOR, "!herinneren {number}", False),
    ("ocmw", "geheim {number}", True),
    (COORDINATOR, "!besproken {case} ja", False),
    (COORDINATOR, "!later {case}", False),
    ("io", "!fiche sluiten", False),
    (COORDINATOR, "!vergadering sluiten", False),
)


@pytest.mark.parametrize("stride", [90, 30])
async def test_killed_at_any_point_a_private_poll_goes_on_as_if_it_had_not_been(
    tmp_path: Path, stride: int
) -> None:
    mortal = MortalHall(tmp_path, PRIVATE)
    await Scene(mortal).gather()
    moment = await at.with_fiche(mortal)
    sweep = Sweep(mortal, stride=stride)
    for who, written, direct in STEPS:
        line = moment.line(written)

        async def speak(who: str = who, line: str = line, direct: bool = direct) -> list[Sent]:
            return await moment.says(who, line, direct=direct)

        sent = await sweep.step(written, speak)
        if "poll.opened" in kinds(sent):
            moment.poll = only(sent, "poll.opened")
    assert mortal.fate.deaths > 1000 / stride
