"""Who is shown which case on the agenda and among the actions (H17, R28)."""

from dataclasses import replace

import pytest

from demo.scene import COORDINATOR
from locales.catalogue import LANGUAGES
from locales.commands import word
from tests import moments as at
from tests.hall import Hall, facts_of
from tests.moments import Facts, Moment

ALL = {COORDINATOR, "schepen", "io", "ocmw", "clb", "gezondheid"}


async def asks(moment: Moment, who: str, what: str, *, direct: bool) -> Facts:
    """The facts of the answer to `agenda` or `actions`, with its words under `body`."""
    (sent,) = await moment.says(who, f"!{what}", direct=direct)
    return {**facts_of(sent), "body": str(sent.content["body"])}


async def who_sees(moment: Moment, what: str, name: str) -> set[str]:
    """To whom their direct room shows a reference or a number; not a trace of it to the others."""
    found = set()
    for who in sorted(ALL):
        facts = await asks(moment, who, what, direct=True)
        if any(name in row.values() for row in facts["rows"]):
            found.add(who)
        else:
            assert name not in str(facts), who
    return found


async def between_meetings(hall: Hall) -> Moment:
    """A followed case with a manager and an action, and a notification that was admitted."""
    moment = await at.with_action(hall)
    await moment.says(COORDINATOR, moment.line("!casusmanager {case} {@ocmw}"))
    await moment.scene.close(moment.case)
    moment.scene.second = await moment.scene.notify("gezondheid")
    return moment


async def test_between_meetings_each_sees_what_they_take_part_in(hall: Hall) -> None:
    """The seats that chair see all; the officer is none of them."""
    moment = await between_meetings(hall)
    overview = {COORDINATOR, "schepen"}
    assert await who_sees(moment, "agenda", moment.case) == overview | {"ocmw", "clb"}
    assert await who_sees(moment, "agenda", moment.scene.second) == overview | {"gezondheid"}
    assert await who_sees(moment, "acties", moment.case) == overview | {"ocmw", "clb"}
    assert await who_sees(moment, "acties", moment.action) == overview | {"ocmw", "clb"}


async def test_a_director_sees_the_case_too(hall: Hall) -> None:
    moment = await between_meetings(hall)
    with hall.desk.transaction() as tx:
        (case,) = [one for one in tx.cases.in_state("followed") if one.reference == moment.case]  # type: ignore[arg-type]
        case.director_id = tx.people.known(moment.user("io"))
    assert "io" in await who_sees(moment, "agenda", moment.case)


async def test_of_the_rest_everybody_sees_how_much_there_is(hall: Hall) -> None:
    moment = await between_meetings(hall)
    facts = await asks(moment, "clb", "agenda", direct=True)
    assert facts["counts"] == [{"step": "notifications", "count": 1}]
    facts = await asks(moment, "io", "agenda", direct=True)
    assert facts["rows"] == []
    assert {row["step"]: row["count"] for row in facts["counts"]} == {
        "actions": 1,
        "cases": 1,
        "notifications": 1,
    }
    assert (await asks(moment, "io", "acties", direct=True))["others"] == 1
    facts = await asks(moment, "schepen", "agenda", direct=True)
    assert (len(facts["rows"]), facts["counts"]) == (3, [])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", [COORDINATOR, "schepen", "clb"])
async def test_in_the_tables_room_no_reference_is_shown_whoever_asks(
    hall: Hall, language: str, who: str
) -> None:
    """Everybody reads it there: how much, and where to ask for one's own."""
    moment = await between_meetings(hall)
    hall.table = hall.desk.table = replace(hall.table, languages=(language,))
    for what, name in (("agenda", "agenda"), ("actions", "actions")):
        facts = await asks(moment, who, what, direct=False)
        assert facts["rows"] == []
        assert f"!{word(name, language)}" in facts["body"]
        for hidden in (moment.case, moment.scene.second, moment.action):
            assert hidden not in str(facts), (what, hidden)
    assert facts["others"] == 1


async def test_the_table_is_shown_what_is_on_it(hall: Hall) -> None:
    moment = await at.next_meeting(hall)
    assert (await asks(moment, "io", "agenda", direct=False))["floor"] == moment.action
    await moment.says("clb", f"!gedaan {moment.action}")
    await moment.says(COORDINATOR, "!volgende")
    facts = await asks(moment, "io", "agenda", direct=False)
    assert facts["floor"] == moment.case
    assert f"Op tafel: {moment.case}." in facts["body"]


async def test_on_the_roster_one_sees_it_and_also_after_one_has_left(hall: Hall) -> None:
    moment = await at.with_action(hall)
    await moment.says("gezondheid", "!vertrekken")
    assert await who_sees(moment, "acties", moment.case) == ALL


async def test_who_was_left_out_or_came_later_does_not_see_it(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@gezondheid}"))
    line = moment.line("!actie {case} {@clb} contact-school 2026-12-07")
    await moment.says(COORDINATOR, line)
    assert await who_sees(moment, "acties", moment.case) == ALL - {"gezondheid"}
    await moment.scene.close(moment.case, carried=True)
    assert await who_sees(moment, "acties", moment.case) == {COORDINATOR, "schepen", "clb", "ocmw"}


async def test_who_left_the_seat_or_the_case_sees_no_more(hall: Hall) -> None:
    moment = await between_meetings(hall)
    await moment.says(COORDINATOR, "!vergadering openen")
    await moment.says("clb", f"gedaan {moment.action}", direct=True)
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert "clb" not in await who_sees(moment, "agenda", moment.case)


async def test_nothing_to_come_is_said_so(hall: Hall) -> None:
    moment = await at.gathered(hall)
    for direct in (False, True):
        facts = await asks(moment, "clb", "agenda", direct=direct)
        assert (facts["rows"], facts["counts"]) == ([], [])
        assert facts["body"] == "Er wacht niets op de tafel."
        facts = await asks(moment, "clb", "acties", direct=direct)
        assert facts["body"] == "Er zijn geen open acties."
