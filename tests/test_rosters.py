"""The roster that votes is whole: the seats, and everybody at the table who was not left out
(C01, C15, F01, F33, H04, Q03, D02, I08)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.rules.consensus import BallotMode
from bot.rules.facts import Reference
from bot.rules.fiche import FicheText
from bot.rules.form import fingerprint
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, GUEST, PEOPLE
from storage.inspect import tables
from storage.people import RoomKind
from tests import moments as at
from tests.hall import Hall, Sent, facts_of
from tests.moments import Moment, figures, kinds, only, reason
from tests.test_ballots import gathered

SEATED = (COORDINATOR, *PEOPLE)
LATE = "jeugdhuis"
# leave, present, decide, stop, refer
WORDS = {
    "nl": ("vertrekken", "aanwezig", "beslis", "niet-opvolgen", "doorverwijzen"),
    "fr": ("quitter", "présente", "décider", "arrêter", "renvoyer"),
    "de": ("verlassen", "anwesend", "entscheiden", "beenden", "verweisen"),
    "en": ("leave", "present", "decide", "stop", "refer"),
}


def rostered(moment: Moment) -> set[str]:
    """The names of those on the roster, as the store has them."""
    with moment.hall.desk.transaction() as tx:
        meeting, case = tx.meetings.running(), tx.cases.find(Reference(moment.case))
        assert meeting is not None
        assert case is not None
        users = map(tx.people.user_id, tx.meetings.rostered(meeting, case))
        return {user[1:].partition(":")[0] for user in users}


async def asks(moment: Moment, decision: str = "opvolgen") -> None:
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} {decision}")
    moment.poll = only(sent, "poll.opened")


async def goes_and_comes(moment: Moment, who: str) -> list[Sent]:
    await moment.says(who, "!vertrekken")
    return await moment.says(who, "!aanwezig")


async def comes_late(moment: Moment, words: str = "partner jeugdwerk") -> list[Sent]:
    await moment.scene.enrol(LATE, words)
    return await moment.says(LATE, "!aanwezig", direct=words.startswith("ad-hoc"))


# before the first poll of a case


@pytest.mark.parametrize(
    ("language", "decision", "who"),
    [
        ("nl", 3, "clb"),
        ("nl", 4, "schepen"),
        ("fr", 4, "clb"),
        ("fr", 3, "io"),
        ("de", 3, "schepen"),
        ("en", 4, "io"),
    ],
)
async def test_who_leaves_and_comes_back_before_the_first_poll_votes_like_the_others(
    hall: Hall, language: str, decision: int, who: str
) -> None:
    """`stop` and `refer` had passed without a seat, and without a partner who was there."""
    leave, present, decide, *_ = words = WORDS[language]
    moment = await at.in_session(hall)
    await moment.says(who, f"!{leave}")
    sent = await moment.says(who, f"!{present}")
    (told,) = [one for one in sent if facts_of(one)["kind"] == "roster.joined"]
    assert told.room == hall.room
    assert facts_of(told)["cases"] == [moment.case]
    assert hall.user_id(who) in str(told.content["body"])
    sent = await moment.says(COORDINATOR, f"!{decide} {moment.case} {words[decision]}")
    moment.poll = only(sent, "poll.opened")
    assert "poll.closed" not in kinds(await moment.everybody("agree", but=(who,)))
    closed = only(await moment.votes(who, "agree"), "poll.closed")
    assert (closed["outcome"], closed["of"]) == ("consensus", len(SEATED))


async def test_no_form_is_adopted_without_a_seat_that_left_and_came_back(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await goes_and_comes(moment, "schepen")
    await moment.opens_form()
    for line in ("!punt reden School, in mei.", "!fiche sluiten"):
        moment.poll = only(await moment.says("io", line), "poll.opened")
        sent = await moment.everybody("agree", but=("schepen",))
        assert "poll.closed" not in kinds(sent)
        assert "fiche.adopted" not in kinds(sent)
        sent = await moment.votes("schepen", "agree")
    assert only(sent, "fiche.adopted")["of"] == len(SEATED)


async def test_who_comes_late_before_the_first_poll_is_put_on_it(hall: Hall) -> None:
    moment = await at.in_session(hall)
    assert only(await comes_late(moment), "roster.joined")["cases"] == [moment.case]
    assert rostered(moment) == {*SEATED, LATE}
    await asks(moment)
    assert "poll.closed" not in kinds(await moment.everybody("agree"))
    assert only(await moment.votes(LATE, "agree"), "poll.closed")["of"] == len(SEATED) + 1


async def test_a_restart_in_between_changes_nothing(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says("clb", "!vertrekken")
    hall.desk.engine.dispose()
    hall.start()
    await moment.says("clb", "!aanwezig")
    assert rostered(moment) == set(SEATED)


async def test_who_comes_back_is_on_the_roster_of_every_case_that_was_not_polled(
    hall: Hall,
) -> None:
    moment = await at.in_session(hall)
    other = await at.admitted(hall)
    hall.later(minutes=2)
    await moment.says(COORDINATOR, "!volgende")
    sent = await goes_and_comes(moment, "clb")
    assert set(only(sent, "roster.joined")["cases"]) == {moment.case, other.case}
    assert rostered(moment) == rostered(other) == set(SEATED)


async def test_who_says_present_twice_is_told_of_nothing(hall: Hall) -> None:
    moment = await at.in_session(hall)
    assert kinds(await moment.says("clb", "!aanwezig")) == ["roll.updated"]


async def test_who_comes_for_one_case_is_not_put_on_another_by_coming(hall: Hall) -> None:
    moment = await at.in_session(hall)
    sent = await comes_late(moment, "ad-hoc jeugdwerk")
    assert "roster.joined" not in kinds(sent)
    assert rostered(moment) == set(SEATED)
    await asks(moment)  # and is not waited for
    assert only(await moment.everybody("agree"), "poll.closed")["outcome"] == "consensus"


async def test_who_was_left_out_stays_so_when_they_leave_and_come_back(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    assert kinds(await goes_and_comes(moment, "clb")) == ["roll.updated"]
    assert rostered(moment) == set(SEATED) - {"clb"}
    await asks(moment)
    sent = await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["of"] == len(SEATED) - 1


async def test_who_was_left_out_before_they_came_stays_so(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.scene.enrol(LATE, "partner jeugdwerk")
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@jeugdhuis}"))
    assert kinds(await moment.says(LATE, "!aanwezig")) == ["roll.updated"]
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    assert rostered(moment) == {*SEATED, LATE}


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("language", WORDS)
async def test_anybody_stands_aside_for_one_case_before_its_first_poll(
    hall: Hall, language: str, direct: bool
) -> None:
    moment = await at.in_session(hall)
    word = f"{'' if direct else '!'}{WORDS[language][0]} {moment.case}"
    sent = await moment.says("clb", word, direct=direct)
    assert set(kinds(sent)) == {"roster.stated"}
    assert hall.room in {one.room for one in sent}
    assert rostered(moment) == set(SEATED) - {"clb"}
    assert only(await moment.says("clb", "!status"), "status")["present"] == len(SEATED)
    await asks(moment)
    sent = await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["outcome"] == "consensus"


async def test_no_seat_stands_aside_and_nobody_after_the_first_poll(hall: Hall) -> None:
    moment = await at.in_session(hall)
    assert reason(await moment.says("io", f"!vertrekken {moment.case}")) == Reason.SEAT_STAYS
    await asks(moment)
    assert reason(await moment.says("clb", f"!vertrekken {moment.case}")) == Reason.ROSTER_FROZEN
    assert rostered(moment) == set(SEATED)


async def test_a_seat_that_somebody_took_over_who_was_left_out_is_missed(hall: Hall) -> None:
    moment = await at.seat_left_out(hall)
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} niet-opvolgen")
    assert reason(sent) == Reason.SEAT_OFF_ROSTER
    assert facts_of(sent[0])["seats"] == ["mayor"]
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@clb}"))
    await asks(moment, "niet-opvolgen")


# from the first poll on


async def test_who_left_after_it_and_comes_back_takes_the_case_along(hall: Hall) -> None:
    moment = await at.polled(hall)
    sent = await moment.says("clb", "!vertrekken")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"
    assert kinds(await moment.says("clb", "!aanwezig")) == ["roll.updated"]
    for line in ("!beslis {case} opvolgen", "!deelnemers {case} +{@clb}", "!informeren {case}"):
        assert reason(await moment.says(COORDINATOR, moment.line(line))) == Reason.ROSTER_BROKEN


@pytest.mark.parametrize("mode", BallotMode)
async def test_an_open_poll_waits_for_who_comes_after_it_and_for_the_chair(
    tmp_path: Path, mode: BallotMode
) -> None:
    moment = await at.polled(await gathered(tmp_path, mode))
    sent = await comes_late(moment)
    late = only(sent, "roster.late")
    assert late["cases"] == [moment.case]
    (told,) = [one for one in sent if facts_of(one).get("kind") == "roster.late"]
    assert told.content["m.mentions"]["user_ids"] == [moment.user(COORDINATOR)]
    assert "!deelnemers" in str(told.content["body"])
    assert reason(await moment.says(LATE, moment.line("bezwaar {number}"), direct=True)) == (
        Reason.NOT_ON_ROSTER
    )
    sent = await moment.everybody("agree")
    assert "poll.closed" not in kinds(sent)
    assert figures(sent)["of"] == len(SEATED) + 1
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    closed = only(await moment.votes(LATE, "agree"), "poll.closed")
    assert (closed["outcome"], closed["of"]) == ("consensus", len(SEATED) + 1)


@pytest.mark.parametrize("how", ["chair", "leaves", "walks out", "removed"])
async def test_without_who_came_late_an_open_poll_finds_no_consensus(hall: Hall, how: str) -> None:
    moment = await at.polled(hall)
    await comes_late(moment)
    await moment.everybody("agree")
    if how == "chair":
        sent = await moment.says(COORDINATOR, moment.line("!sluit {number}"))
    elif how == "leaves":
        sent = await moment.says(LATE, "!vertrekken")
    elif how == "removed":
        sent = await moment.says(COORDINATOR, moment.line("!lid verwijderen {@jeugdhuis}"))
    else:
        before = set(hall.matrix.events)
        await hall.goes(LATE)
        sent = [one for key, one in hall.matrix.events.items() if key not in before]
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"
    if how == "chair":
        sent = await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
        assert reason(sent) == Reason.ROSTER_INCOMPLETE
        await moment.says(LATE, "!vertrekken")
    await asks(moment)  # who was never on it takes nothing else along
    assert only(await moment.everybody("agree"), "poll.closed")["outcome"] == "consensus"


@pytest.mark.parametrize(
    ("moment_of", "who", "line"),
    [
        (at.followed, COORDINATOR, "!beslis {case} niet-opvolgen"),
        (at.followed, COORDINATOR, "!beslis {case} doorverwijzen"),
        (at.followed, COORDINATOR, "!beslis {case} more"),
        (at.followed, COORDINATOR, "!informeren {case}"),
        (at.informing, "io", "!verklaar {case}"),
        (at.followed, "io", "!fiche {case}"),
        (at.adopted, "io", "!fiche sluiten"),
        (at.whole_refused, "io", "!fiche sluiten"),
    ],
)
async def test_nothing_is_asked_while_somebody_at_the_table_is_not_on_it(
    hall: Hall, moment_of: Callable[[Hall], Awaitable[Moment]], who: str, line: str
) -> None:
    moment = await moment_of(hall)
    await comes_late(moment)
    before = at.store(hall)
    sent = await moment.says(who, moment.line(line))
    assert reason(sent) == Reason.ROSTER_INCOMPLETE
    assert moment.user(LATE) in str(sent[0].content["body"])
    assert at.store(hall) == before
    await moment.says(LATE, "!vertrekken")
    await hall.goes(LATE)
    assert reason_or_none(await moment.says(who, moment.line(line))) is None


def reason_or_none(sent: list[Sent]) -> str | None:
    found = [facts_of(one)["reason"] for one in sent if facts_of(one).get("kind") == "refused"]
    return str(found[0]) if found else None


async def test_nor_is_the_form_on_a_screen(hall: Hall) -> None:
    hall.desk.table = replace(hall.desk.table, fiche_text=FicheText.SCREEN)
    moment = await at.with_fiche(hall)
    await comes_late(moment)
    code = fingerprint(b"a form")
    assert reason(await moment.says("io", f"!formulier {code} geen")) == Reason.ROSTER_INCOMPLETE


async def test_the_whole_form_waits_for_who_comes_late(hall: Hall) -> None:
    moment = await at.whole_asked(hall)
    await comes_late(moment)
    sent = await moment.everybody("agree")
    assert "fiche.adopted" not in kinds(sent)
    sent = await moment.says(LATE, "!vertrekken")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"
    assert not at.seen(hall, "fiche.adopted")


async def test_who_comes_late_is_not_told_of_cases_that_the_table_is_through_with(
    hall: Hall,
) -> None:
    moment = await at.on_another_case(hall)
    assert kinds(await comes_late(moment)) == ["roll.updated"]


async def test_nothing_of_a_roster_outlives_the_meeting(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    await moment.says("ocmw", "!vertrekken")
    await moment.says(COORDINATOR, moment.line("!besproken {case} nee"))
    await moment.says(COORDINATOR, "!vergadering sluiten")
    found = tables(hall.desk.engine, hall.desk.seal)
    assert found["rostered"] == found["taken_up"] == []


# in a room of its own


async def unpolled_aside(hall: Hall) -> Moment:
    """A case goes on in a room of its own, and nothing was asked about it yet."""
    moment = await at.in_session(hall)
    await moment.scene.enrol(GUEST, "ad-hoc jeugdwerk")
    await moment.says(GUEST, "aanwezig", direct=True)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    await hall.aside((*SEATED, GUEST))
    return moment


async def test_who_comes_late_is_asked_into_the_room_of_a_case_that_was_not_polled(
    hall: Hall,
) -> None:
    moment = await unpolled_aside(hall)
    room = hall.floor
    hall.back()
    await moment.scene.enrol("nieuwe", "partner school")
    sent = await moment.says("nieuwe", "!aanwezig")
    assert moment.user("nieuwe") in hall.matrix.rooms[room].facts.invited
    assert [one.room for one in sent if facts_of(one)["kind"] == "roster.stated"] == [room]
    await hall.aside(("nieuwe",))
    await asks(moment)
    await moment.everybody("agree")
    await moment.votes("nieuwe", "agree")
    assert only(await moment.votes(GUEST, "agree"), "poll.closed")["of"] == len(SEATED) + 2


async def test_a_guest_who_leaves_and_comes_back_is_asked_in_again(hall: Hall) -> None:
    moment = await unpolled_aside(hall)
    room = hall.floor
    await moment.says(GUEST, "vertrekken", direct=True)
    assert rostered(moment) == set(SEATED)
    sent = await moment.says(GUEST, "aanwezig", direct=True)
    assert "side.called" in kinds(sent)
    assert moment.user(GUEST) in hall.matrix.rooms[room].facts.invited
    assert rostered(moment) == {*SEATED, GUEST}


@pytest.mark.parametrize("who", ["io", "clb", GUEST])
async def test_who_walks_out_of_it_before_the_first_poll_is_missed(hall: Hall, who: str) -> None:
    """A homeserver can make anybody seem to leave: it leaves nobody out."""
    moment = await unpolled_aside(hall)
    user = moment.user(who)
    hall.matrix.move(hall.floor, user, "leave")
    await hall.hears(hall.member_event(hall.floor, user, "leave"))
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} niet-opvolgen")
    assert reason(sent) == Reason.ROSTER_INCOMPLETE
    await moment.says(COORDINATOR, moment.line(f"!deelnemers {{case}} +{{@{who}}}"))
    await hall.come(who)
    await asks(moment)


async def test_who_stands_aside_there_is_out_of_the_room(hall: Hall) -> None:
    moment = await unpolled_aside(hall)
    await moment.says("clb", f"!vertrekken {moment.case}")
    assert moment.user("clb") not in hall.matrix.rooms[hall.floor].facts.joined
    await asks(moment)
    with hall.desk.transaction() as tx:
        assert len(tx.people.rooms(RoomKind.SIDE)) == 1


# who gets a part in it

PARTS = (
    "!actie {{case}} {{@{who}}} contact-school 2026-12-07",
    "!casusmanager {{case}} {{@{who}}}",
    "!casusregisseur {{case}} {{@{who}}}",
)


@pytest.mark.parametrize("line", PARTS)
async def test_who_was_left_out_of_a_case_gets_no_part_in_it(hall: Hall, line: str) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    await moment.says("gezondheid", f"!vertrekken {moment.case}")
    await asks(moment)
    await moment.everybody("agree", but=("clb", "gezondheid"))
    before = at.store(hall)
    for who in ("clb", "gezondheid"):
        sent = await moment.says(COORDINATOR, moment.line(line.format(who=who)))
        assert reason(sent) == Reason.TAKES_NO_PART
        assert moment.user(who) not in str([one.content for one in sent])
    assert at.store(hall) == before
    sent = await moment.says(COORDINATOR, moment.line(line.format(who="ocmw")))
    assert reason_or_none(sent) is None


@pytest.mark.parametrize("line", PARTS)
async def test_who_came_late_gets_a_part_once_on_the_roster_and_who_is_absent_may(
    hall: Hall, line: str
) -> None:
    moment = await at.followed(hall)
    await moment.scene.enrol(LATE, "partner jeugdwerk")
    assert reason_or_none(await moment.says(COORDINATOR, part(moment, line))) is None
    await moment.says(LATE, "!aanwezig")
    assert reason(await moment.says(COORDINATOR, part(moment, line))) == Reason.TAKES_NO_PART
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    assert reason_or_none(await moment.says(COORDINATOR, part(moment, line))) is None


@pytest.mark.parametrize("line", PARTS)
async def test_of_a_case_with_a_room_of_its_own_nobody_outside_is_told(
    hall: Hall, line: str
) -> None:
    moment = await at.aside(hall)
    hall.back()
    await moment.scene.enrol("nieuwe", "partner school")
    sent = await moment.says(COORDINATOR, moment.line(line.format(who="nieuwe")))
    assert reason(sent) == Reason.TAKES_NO_PART


def part(moment: Moment, line: str) -> str:
    return moment.line(line.format(who=LATE))
