"""A case whose year has ended does not come back to the table, by no way (R12-R14, R21, A.Y)."""

from datetime import date

import pytest

from bot.rules.facts import Reference
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR
from tests import moments as at
from tests.hall import Hall
from tests.moments import Moment, kinds, only, reason

LAST_DAY = date(2027, 11, 23)  # the scene's meeting is on 23 November 2026, table time


async def a_year_later(hall: Hall, days: int) -> Moment:
    """A followed case with an action, and another meeting so many days after its last day."""
    moment = await at.with_action(hall)
    await moment.scene.close(moment.case)
    moment.hall.later(days=(LAST_DAY - hall.today()).days + days)
    await moment.scene.open("")
    return moment


LINES = (
    (COORDINATOR, "!deelnemers {case}"),
    (COORDINATOR, "!deelnemers {case} +{@clb}"),
    (COORDINATOR, "!besproken {case} ja"),
    (COORDINATOR, "!besproken {case} nee"),
    (COORDINATOR, "!beslis {case} niet-opvolgen"),
    (COORDINATOR, "!wegen {case}"),
    (COORDINATOR, "!informeren {case}"),
    (COORDINATOR, "!casusmanager {case} {@clb}"),
    (COORDINATOR, "!actie {case} {@clb} contact-school 2027-12-07"),
    (COORDINATOR, "!later {case}"),
    ("schepen", "!toelaten {case}"),
    ("schepen", "!weigeren {case}"),
    ("io", "!fiche {case}"),
    ("io", "!verklaar {case}"),
    ("clb", "!vertrekken {case}"),
    ("clb", "!gedaan {action}"),
    ("clb", "!uitstellen {action} 2027-12-07"),
)


async def test_nothing_that_is_said_about_it_reaches_it(hall: Hall) -> None:
    moment = await a_year_later(hall, days=1)
    await moment.says(COORDINATOR, "!volgende")
    before = at.store(hall)
    for who, line in LINES:
        sent = await moment.says(who, moment.line(line))
        assert reason(sent) == Reason.EXPIRED, line
        assert moment.case not in str(sent[0].content["body"])
    assert at.store(hall) == before


async def test_it_is_on_no_list(hall: Hall) -> None:
    moment = await a_year_later(hall, days=1)
    sent = await moment.says(COORDINATOR, "!volgende")
    assert only(sent, "agenda")["step"] == "closing"
    for word in ("agenda", "acties", "status"):
        assert moment.case not in str([one.content for one in await moment.says("clb", f"!{word}")])
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, "!vergadering sluiten"))


async def test_on_its_last_day_it_can_still_be_discussed(hall: Hall) -> None:
    moment = await a_year_later(hall, days=0)
    await moment.says(COORDINATOR, "!volgende")
    await moment.says("clb", moment.line("!gedaan {action}"))
    assert only(await moment.says(COORDINATOR, "!volgende"), "agenda")["case"] == moment.case
    said = await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))
    assert only(said, "case.discussed")["expires"] == "2028-11-23"


async def test_at_midnight_it_is_nobodys_and_the_meeting_can_be_closed(hall: Hall) -> None:
    """At the table's midnight; nothing is asked about it any more, nor about its form."""
    moment = await a_year_later(hall, days=0)
    await moment.says(COORDINATOR, "!volgende")
    await moment.says("clb", moment.line("!gedaan {action}"))
    await moment.says(COORDINATOR, "!volgende")
    await moment.opens_form()
    moment.poll = only(await moment.says("io", "!punt reden School, in april."), "poll.opened")
    await moment.everybody("agree")
    hall.later(hours=11)  # 23.00 UTC is midnight in Brussels
    assert reason(await moment.says("io", "!punt reden School, in mei.")) == Reason.EXPIRED
    assert reason(await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))) == (
        Reason.EXPIRED
    )
    status = await moment.says(COORDINATOR, "!status")
    assert moment.case not in str([one.content for one in status])
    closed = only(await moment.says("io", "!fiche sluiten"), "fiche.closed")
    assert (closed["agreed"], closed["of"]) == (0, 1)
    assert only(await moment.says(COORDINATOR, "!volgende"), "agenda")["step"] == "closing"
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, "!vergadering sluiten"))
    with hall.desk.transaction() as tx:
        case = tx.cases.find(Reference(moment.case))
        assert case is None or case.expires_on == LAST_DAY


@pytest.mark.parametrize("days", [1, 400])
async def test_brought_again_it_gets_another_reference(hall: Hall, days: int) -> None:
    moment = await a_year_later(hall, days)
    assert await moment.scene.notify("ocmw") != moment.case
