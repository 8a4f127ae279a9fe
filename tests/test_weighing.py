"""A round in which each function may speak or pass, and nothing of it is kept (Q07, S01, P10)."""

import re

from demo.scene import COORDINATOR
from tests import moments as at
from tests.hall import Hall, facts_of
from tests.moments import store


async def test_functions_are_named_in_order_and_nobody_is_called(hall: Hall) -> None:
    moment = await at.in_session(hall)  # brought by the OCMW
    before = store(hall)
    (said,) = await moment.says(COORDINATOR, f"!wegen {moment.case}")
    facts = facts_of(said)
    order = [(row["organisation"], row["role"]) for row in facts["rows"]]
    assert order[0] == ("social_welfare", "partner")
    assert ("pupil_guidance", "partner") in order[1:-3]
    assert {role for _place, role in order[-3:]} == {
        "mayor_delegate",
        "coordinator",
        "information_officer",
    }
    assert len(set(order)) == len(order)
    assert facts["choices"] == ["stop", "more", "follow", "refer"]
    assert "@" not in str(said.content)
    assert said.content["m.mentions"] == {"user_ids": []}
    assert store(hall) == before


async def test_a_followed_case_begins_with_its_case_manager(hall: Hall) -> None:
    moment = await at.followed(hall)
    (said,) = await moment.says(COORDINATOR, f"!wegen {moment.case}")
    assert facts_of(said)["choices"] == ["stop", "more", "refer"]
    await moment.says(COORDINATOR, moment.line("!casusmanager {case} {@clb}"))
    (said,) = await moment.says(COORDINATOR, f"!wegen {moment.case}")
    assert facts_of(said)["rows"][0] == {"organisation": "pupil_guidance", "role": "partner"}


async def test_a_case_manager_who_is_not_there_is_not_waited_for(hall: Hall) -> None:
    moment = await at.followed(hall)
    await moment.says(COORDINATOR, moment.line("!casusmanager {case} {@clb}"))
    await moment.says("clb", "!vertrekken")
    (said,) = await moment.says(COORDINATOR, f"!wegen {moment.case}")
    assert "pupil_guidance" not in {row["organisation"] for row in facts_of(said)["rows"]}


async def test_it_holds_no_score_and_may_be_said_again(hall: Hall) -> None:
    moment = await at.in_session(hall)
    (first,) = await moment.says(COORDINATOR, f"!wegen {moment.case}")
    (again,) = await moment.says(COORDINATOR, f"!wegen {moment.case}")
    assert first.content["body"] == again.content["body"]
    words = str(first.content["body"]).replace(moment.case, "")
    assert not re.search(r"\d|risico|dreiging|score|geradicaliseerd", words)
