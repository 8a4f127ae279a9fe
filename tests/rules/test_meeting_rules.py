"""Roll, agenda, rosters, notifications, actions and decisions."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.actions import due
from bot.rules.agenda import Agenda, Step, move_on
from bot.rules.decision import Decision, carried, forgets
from bot.rules.notification import (
    Attestation,
    CaseState,
    Route,
    bring,
    question_after,
    require_admitted,
)
from bot.rules.people import Organisation, Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused
from bot.rules.roll import require_quorum, seats_missing
from bot.rules.roster import Function, leave_out, speaking_order

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(present=st.lists(st.sampled_from(Role)))
def test_case_work_needs_all_three_seats(present: list[Role]) -> None:
    filled = {seat_of(role) for role in present}
    missing = seats_missing(present)
    assert set(missing) == set(Seat) - filled
    assert list(missing) == [seat for seat in Seat if seat in missing]
    if missing:
        with pytest.raises(Refused) as caught:
            require_quorum(present)
        assert caught.value.reason is Reason.SEATS_MISSING
        assert caught.value.facts == {"seats": missing}
    else:
        require_quorum(present)


@given(actions=st.integers(0, 2), cases=st.integers(0, 2), notifications=st.integers(0, 2))
def test_actions_come_before_cases_and_cases_before_notifications(
    actions: int, cases: int, notifications: int
) -> None:
    walked = []
    left = [actions, cases, notifications]
    steps = [Step.ACTIONS, Step.CASES, Step.NOTIFICATIONS]
    while (step := Agenda([0] * left[0], [0] * left[1], [0] * left[2]).next_step()) in steps:
        walked.append(step)
        left[steps.index(step)] -= 1
    assert step is Step.CLOSING
    assert walked == [
        one for one, n in zip(steps, (actions, cases, notifications), strict=True) for _ in range(n)
    ]


def test_two_people_move_the_meeting_once_within_a_minute() -> None:
    move_on(None, by_same=False, now=NOON)
    move_on(NOON, by_same=True, now=NOON)
    move_on(NOON, by_same=False, now=NOON + timedelta(seconds=60))
    with pytest.raises(Refused) as caught:
        move_on(NOON, by_same=False, now=NOON + timedelta(seconds=59))
    assert caught.value.reason is Reason.ALREADY_MOVED


@pytest.mark.parametrize("role", Role)
def test_a_seat_stays_on_every_roster_and_nobody_leaves_after_the_first_poll(role: Role) -> None:
    with pytest.raises(Refused) as caught:
        leave_out(role, polled=True)
    assert caught.value.reason is Reason.ROSTER_FROZEN
    if seat_of(role) is None:
        leave_out(role, polled=False)
        return
    with pytest.raises(Refused) as caught:
        leave_out(role, polled=False)
    assert caught.value.reason is Reason.SEAT_STAYS


def test_each_route_has_its_bringer() -> None:
    mayors = {Role.MAYOR, Role.MAYOR_DELEGATE}
    bringers = {
        Route.MEMBER: set(Role),
        Route.NON_MEMBER: {*mayors, Role.COORDINATOR},
        Route.LTF: {Role.INFORMATION_OFFICER},
        Route.MUNICIPALITY: mayors,
    }
    for route in Route:
        for role in Role:
            if role in bringers[route]:
                bring(route, role)
                continue
            with pytest.raises(Refused) as caught:
                bring(route, role)
            assert caught.value.reason is Reason.ROUTE_NOT_YOURS


def test_three_questions_are_asked_in_order() -> None:
    asked = [question_after(None)]
    while asked[-1] is not None:
        asked.append(question_after(asked[-1]))
    assert asked == [*Attestation, None]
    assert len(asked) == 4


def test_only_what_is_admitted_comes_to_the_table() -> None:
    require_admitted(CaseState.ADMITTED)
    require_admitted(CaseState.FOLLOWED)
    with pytest.raises(Refused) as caught:
        require_admitted(CaseState.NOTIFIED)
    assert caught.value.reason is Reason.NOT_ADMITTED


def test_an_action_is_due_today_or_later() -> None:
    today = date(2026, 11, 23)
    assert due(today, today) == today
    with pytest.raises(Refused) as caught:
        due(today - timedelta(days=1), today)
    assert caught.value.reason is Reason.DATE_PAST


def test_the_lightest_outcome_is_offered_first_and_the_task_force_last() -> None:
    assert [*Decision] == [Decision.STOP, Decision.MORE, Decision.FOLLOW, Decision.REFER]


def test_only_following_keeps_the_reference() -> None:
    assert {one for one in Decision if forgets(one)} == {Decision.STOP, Decision.REFER}


def test_a_followed_case_is_carried_by_a_manager_and_an_action() -> None:
    assert carried(managed=True, actions=1)
    assert not carried(managed=True, actions=0)
    assert not carried(managed=False, actions=2)


functions = st.tuples(st.sampled_from(Role), st.sampled_from(Organisation))


@given(roster=st.lists(functions), first=st.none() | functions)
def test_each_function_speaks_once_and_the_seats_last(
    roster: list[Function], first: Function | None
) -> None:
    order = speaking_order(roster, first)
    assert sorted(order) == sorted({*roster, *([] if first is None else [first])})
    if first is not None:
        assert order[0] == first
    seats = [seat_of(role) is not None for role, _ in order if (role, _) != first]
    assert seats == sorted(seats)
