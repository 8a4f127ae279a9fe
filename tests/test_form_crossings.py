"""What crosses while a form is agreed: nothing is adopted, shown or kept that was not asked."""

from pathlib import Path

import pytest

from bot.matrix.door import Hearing
from bot.rules.consensus import BallotMode
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, GUEST, PEOPLE
from storage.people import RoomKind
from tests import moments as at
from tests.hall import Hall, facts_of
from tests.moments import Moment, kinds, only, reason
from tests.test_ballots import gathered

SEATED = (COORDINATOR, *PEOPLE)
PSYCH = "!punt psych - Kreeg in september een diagnose."


@pytest.fixture
async def hidden(tmp_path: Path) -> Hall:
    """A table that answers in private."""
    return await gathered(tmp_path, BallotMode.PRIVATE)


async def outsider(moment: Moment) -> None:
    """Somebody is enrolled and comes into the table's room, on no roster."""
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")


# the whole is what was asked as the whole


async def test_an_item_attested_meanwhile_ends_the_poll_on_the_whole(hall: Hall) -> None:
    moment = await at.adopted(hall)
    waiting = only(await moment.says("io", PSYCH), "item.waiting")
    whole = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    sent = await moment.says("io", f"!verklaar {waiting['number']} psychiater")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("agree")
    moment.poll = whole
    await moment.everybody("agree")
    assert not at.seen(hall, "fiche.adopted")


async def test_the_whole_is_not_asked_again_while_an_item_is_asked(hall: Hall) -> None:
    moment = await at.whole_refused(hall)
    whole = moment.poll
    await moment.says("io", "!punt reden School bracht het aan in mei.")
    assert reason(await moment.says("io", f"!wijzig {whole['number']}")) == Reason.POLLS_OPEN


async def test_a_whole_of_nothing_is_not_asked_again(hall: Hall) -> None:
    moment = await at.adopted(hall)
    first = moment.poll["number"]
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    await moment.everybody("object")
    await moment.says("io", f"!schrap {first}")
    sent = await moment.says("io", f"!wijzig {moment.poll['number']}")
    assert "poll.opened" not in kinds(sent)


async def test_a_whole_that_was_only_interrupted_is_asked_again(hall: Hall) -> None:
    moment = await at.whole_asked(hall)
    sent = await moment.says("io", "!punt reden School bracht het aan in mei.")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("object")
    sent = await moment.says("io", "!fiche sluiten")
    assert kinds(sent).count("fiche.closed") == 0
    assert only(sent, "poll.opened")["subject"] == "whole"


# a typed yes is to the version it was typed for


async def test_a_yes_held_back_until_the_next_version_is_no_yes_to_it(hall: Hall) -> None:
    moment = await at.with_item(hall)
    number = moment.poll["number"]
    late = [hall.typed(who, f"!akkoord {number}", hall.room) for who in SEATED]
    await moment.says("io", f"!wijzig {number} Heeft alles toegegeven in mei.")
    sent = await moment.hears(*late)
    assert {facts_of(one)["reason"] for one in sent} == {Reason.VERSION_MISSING}
    for who in SEATED:
        sent = await moment.says(who, f"!akkoord {number}.2")
    assert only(sent, "poll.closed")["outcome"] == "consensus"


# nobody reads who is not on the roster


async def test_the_whole_is_not_shown_to_somebody_who_takes_no_part(hall: Hall) -> None:
    moment = await at.adopted(hall)
    await outsider(moment)
    assert reason(await moment.says("io", "!fiche sluiten")) == Reason.ROOM_EXCEEDS_ROSTER


async def test_the_whole_is_not_asked_again_before_somebody_who_takes_no_part(hall: Hall) -> None:
    moment = await at.whole_refused(hall)
    await outsider(moment)
    sent = await moment.says("io", moment.line("!wijzig {number}"))
    assert reason(sent) == Reason.ROOM_EXCEEDS_ROSTER


async def test_an_attested_item_is_not_shown_to_somebody_who_takes_no_part(hall: Hall) -> None:
    moment = await at.with_psych(hall)
    await outsider(moment)
    sent = await moment.says("io", moment.line("!verklaar {number} psychiater"))
    assert reason(sent) == Reason.ROOM_EXCEEDS_ROSTER


async def test_in_private_too_words_wait_until_everybody_can_read_them(hidden: Hall) -> None:
    hall = hidden
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    sent = await moment.says("io", f"!fiche {moment.case}")
    assert "poll.opened" not in kinds(sent)
    assert "poll.asked" not in kinds(sent)
    before = set(hall.matrix.events)
    await hall.aside([who for who in SEATED if who != "clb"])
    await hall.hears()
    new = [one for key, one in hall.matrix.events.items() if key not in before]
    assert kinds(new).count("poll.opened") == 1
    assert kinds(new).count("poll.asked") == len(SEATED) - 1


async def test_what_was_not_shown_in_private_is_not_shown_when_the_room_is_emptied(
    hidden: Hall,
) -> None:
    hall = hidden
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    await moment.says("io", f"!fiche {moment.case}")
    await moment.says(COORDINATOR, "!sluit 1")
    hall.later(minutes=2)
    sent = await moment.says(COORDINATOR, "!volgende")
    assert "poll.opened" not in kinds(sent)
    with hall.desk.transaction() as tx:
        assert tx.people.rooms(RoomKind.SIDE) == []


# nothing stays


async def test_a_guest_keeps_no_poll_in_the_direct_room(hidden: Hall) -> None:
    hall = hidden
    moment = await at.gathered(hall)
    await moment.scene.enrol(GUEST, "ad-hoc jeugdwerk")
    moment.case = await moment.scene.notify("ocmw")
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    await moment.says(GUEST, "aanwezig", direct=True)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    await hall.aside((*SEATED, GUEST))
    number = only(await moment.says("io", f"!fiche {moment.case}"), "poll.opened")["number"]
    direct = await hall.direct(GUEST)
    asked = [one for one in hall.matrix.events.values() if one.room == direct]
    assert "poll.asked" in kinds(asked)
    await moment.says(COORDINATOR, f"!sluit {number}")
    hall.back()
    hall.later(minutes=2)
    await moment.says(COORDINATOR, "!volgende")
    await moment.says(COORDINATOR, f"!besproken {moment.case} nee")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    left = [one for one in hall.matrix.events.values() if one.room == direct and one.content]
    assert not [one for one in left if "poll" in one.type]


async def test_unreadable_words_in_a_side_room_go_with_it(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    sent = hall.typed("io", "!punt sociaal + Iets anders.", hall.floor)
    clear = hall.typed("clb", "gewoon iets", hall.floor)
    await moment.hears(sent, how=Hearing.UNREADABLE)
    await moment.hears(clear, how=Hearing.CLEAR)
    await moment.says(COORDINATOR, moment.line("!sluit {number}"))
    await moment.says("io", "!fiche sluiten")
    hall.back()
    hall.later(minutes=2)
    await moment.says(COORDINATOR, "!volgende")
    assert not hall.matrix.events[sent.event_id].content
    assert not hall.matrix.events[clear.event_id].content


async def test_unreadable_words_of_the_officer_go_at_the_close(hall: Hall) -> None:
    moment = await at.with_item(hall)
    sent = hall.typed("io", "!punt sociaal + Iets anders.", hall.room)
    await moment.hears(sent, how=Hearing.UNREADABLE)
    await moment.says(COORDINATOR, moment.line("!sluit {number}"))
    await moment.says("io", "!fiche sluiten")
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert not hall.matrix.events[sent.event_id].content


# rooms of a case, one after the other


async def test_figures_in_another_room_of_the_same_case_are_a_message_of_their_own(
    hall: Hall,
) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    roster = [who for who in SEATED if who != "clb"]
    for _ in range(2):
        await moment.says("io", f"!fiche {moment.case}")
        await hall.aside(roster)
        await hall.hears()
        moment.poll = at.seen(hall, "poll.opened")[-1]
        sent = await moment.votes("io", "agree")
        (shown,) = [one for one in sent if facts_of(one).get("kind") == "polls.overview"]
        assert "m.relates_to" not in shown.content
        await moment.says(COORDINATOR, moment.line("!sluit {number}"))
        hall.back()
        hall.later(minutes=2)
        await moment.says(COORDINATOR, "!volgende")
        await moment.says(COORDINATOR, f"!deelnemers {moment.case}")


async def test_the_same_words_can_be_asked_again_aside(hall: Hall) -> None:
    moment = await at.with_guest(hall)
    await moment.says(GUEST, "aanwezig", direct=True)
    await moment.opens_form()
    moment.poll = only(await moment.says("io", "!punt sociaal + Traint."), "poll.opened")
    item = moment.poll["number"]
    await moment.everybody("agree")
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    await hall.aside((*SEATED, GUEST))
    sent = await moment.says("io", f"!wijzig {item}")
    assert "poll.void" not in kinds(sent)
    assert only(sent, "poll.opened")["same"]


# who may know


async def test_minutes_tell_the_table_nothing_of_a_form_that_was_agreed_aside(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    for who in (*moment.scene.seated, GUEST):
        await moment.votes(who, "agree")
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja")
    hall.back()
    sent = await moment.says(COORDINATOR, "!notulen")
    (minutes,) = [one for one in sent if facts_of(one).get("kind") == "minutes.ready"]
    assert "sociaal" not in hall.matrix.uploads[-1].decode().lower()
    assert minutes.room == hall.room


async def test_nobody_agrees_from_the_direct_room_while_somebody_else_is_in_the_side_room(
    hall: Hall,
) -> None:
    moment = await at.aside_with_item(hall)
    stranger = "@vreemd:voorbeeldstad.example"
    hall.matrix.move(hall.floor, stranger, "join")
    await hall.hears(hall.member_event(hall.floor, stranger, "join"))
    line = moment.line("akkoord {number}")
    sent = await moment.says("clb", line, direct=True)
    assert reason(sent) == Reason.STRANGER_PRESENT
