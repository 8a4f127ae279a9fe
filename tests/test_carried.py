"""A followed case has a case manager and an action, or the table says: later (Q13)."""

import pytest

from bot.rules.refusal import Reason
from demo.scene import COORDINATOR
from tests import moments as at
from tests.hall import Hall, facts_of
from tests.moments import kinds, only, reason

CLOSE = "!vergadering sluiten"
LATER = ("later", "volgende vergadering", "plus tard", "prochaine réunion", "später",
         "nächste Sitzung", "next meeting")  # fmt: skip
MANAGER = "!casusmanager {case} {@ocmw}"
ACTION = "!actie {case} {@clb} contact-school 2026-12-07"


async def test_the_close_is_refused_until_there_is_a_manager_and_an_action(hall: Hall) -> None:
    moment = await at.unassigned(hall)
    for line in (MANAGER, ACTION):
        sent = await moment.says(COORDINATOR, CLOSE)
        assert reason(sent) == Reason.UNASSIGNED
        assert facts_of(sent[0])["cases"] == [moment.case]
        body = str(sent[0].content["body"])
        assert all(word in body for word in ("!casusmanager", "!actie", "!later"))
        await moment.says(COORDINATOR, moment.line(line))
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, CLOSE))


@pytest.mark.parametrize("word", LATER)
async def test_it_can_be_left_to_the_next_meeting_which_asks_again(hall: Hall, word: str) -> None:
    moment = await at.unassigned(hall)
    told = only(await moment.says(COORDINATOR, f"!{word} {moment.case}"), "case.later")
    assert told["case"] == moment.case
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, CLOSE))
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    await moment.says(COORDINATOR, moment.line("!besproken {case} nee"))
    assert reason(await moment.says(COORDINATOR, CLOSE)) == Reason.UNASSIGNED


async def test_it_is_asked_when_everything_has_been_through(hall: Hall) -> None:
    moment = await at.followed(hall)
    sent = await moment.says(COORDINATOR, "!volgende")
    assert only(sent, "agenda")["unassigned"] == [moment.case]
    assert "!later" in str(sent[-1].content["body"])


async def test_an_action_that_is_done_asks_for_another(hall: Hall) -> None:
    moment = await at.with_action(hall)
    await moment.says(COORDINATOR, moment.line(MANAGER))
    await moment.scene.close(moment.case, carried=True)
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    await moment.says("clb", moment.line("!gedaan {action}"))
    await moment.says(COORDINATOR, "!volgende")
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))
    assert reason(await moment.says(COORDINATOR, CLOSE)) == Reason.UNASSIGNED
    await moment.says(COORDINATOR, moment.line(ACTION))
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, CLOSE))


async def test_of_what_was_not_followed_nothing_is_asked(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))
    sent = await moment.says(COORDINATOR, f"!later {moment.case}")
    assert reason(sent) == Reason.NOT_FOLLOWED
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, CLOSE))


async def test_it_can_be_said_when_a_seat_had_to_leave(hall: Hall) -> None:
    moment = await at.unassigned(hall)
    await moment.says("io", "!vertrekken")
    assert reason(await moment.says(COORDINATOR, moment.line(MANAGER))) == Reason.SEATS_MISSING
    await moment.says(COORDINATOR, f"!later {moment.case}")
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, CLOSE))


async def test_only_the_chair_says_so(hall: Hall) -> None:
    moment = await at.unassigned(hall)
    assert reason(await moment.says("clb", f"!later {moment.case}")) == Reason.NOT_ENTITLED
