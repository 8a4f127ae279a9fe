"""Anonymised minutes: functions, references, codes, dates and outcomes (M12). Nothing of a form:
neither which sections it had nor that there was one (R01)."""

from collections.abc import Mapping

from bot.rules import minutes as rules
from bot.rules.actions import ActionState
from bot.rules.consensus import Outcome
from bot.rules.decision import Decision
from bot.rules.facts import Code, Fact, Reference
from bot.rules.notification import CaseState
from bot.rules.people import Role
from handlers.agenda import number
from handlers.effects import DECISIONS
from handlers.turn import Say, Says, Turn
from locales.codes import Discussed
from storage import models as m
from storage.outbox import TABLE_LANE, Act

Row = Mapping[str, Fact]


def now(turn: Turn) -> Says:
    """The minutes as they are now."""
    return [file(turn, turn.session())]


def file(turn: Turn, meeting: m.Meeting) -> Say:
    """Everything is in the facts, so that the working data may go before the file is sent."""
    taken = turn.tx.meetings.all_taken_up(meeting)
    cases = [turn.tx.cases.get(row.case_id) for row in taken]
    rows = [_case(turn, case, row) for case, row in zip(cases, taken, strict=True)]
    facts: dict[str, Fact] = {
        "opened": meeting.opened_on,
        "functions": _functions(turn, meeting),
        "actions": _answered(turn, meeting),
        "cases": tuple(row for row in rows if row["expires"] is not None),
        "undated": tuple(row for row in rows if row["expires"] is None),
        "managers": _in_charge(turn, {case.reference: case.manager_id for case in cases}),
        "directors": _in_charge(turn, {case.reference: case.director_id for case in cases}),
        "agreed": _agreed(turn, meeting),
    }
    return Say("minutes.ready", facts, TABLE_LANE, Act.FILE)


def _functions(turn: Turn, meeting: m.Meeting) -> tuple[Row, ...]:
    """Of everybody who was there for any part of it, each once and the seats first: never a
    name."""
    roll = turn.tx.meetings.roll(meeting)
    came = {(Role(row.role), str(row.organisation)) for row in roll if row.role is not None}
    order = list(Role)
    return tuple(
        {"role": role, "organisation": Code(organisation)}
        for role, organisation in sorted(came, key=lambda one: (order.index(one[0]), one[1]))
    )


def _function(turn: Turn, account: int) -> dict[str, Fact]:
    """Nothing, of whoever no longer sits at the table."""
    row = turn.tx.people.member(account)
    if row is None:
        return {"role": None, "organisation": None}
    return {"role": Code(row.role), "organisation": Code(row.organisation)}


def _answered(turn: Turn, meeting: m.Meeting) -> tuple[Row, ...]:
    return tuple(
        {**_action(turn, action), "outcome": Code(action.state)}
        for action in turn.tx.cases.answered_in(meeting)
    )


def _agreed(turn: Turn, meeting: m.Meeting) -> tuple[Row, ...]:
    return tuple(
        {**_action(turn, action), "due": action.due}
        for action in turn.tx.cases.made_in(meeting)
        if action.state == ActionState.OPEN
    )


def _action(turn: Turn, action: m.Action) -> dict[str, Fact]:
    case = turn.tx.cases.get(action.case_id)
    return {
        "action": number(action),
        "case": case.reference,
        "code": Code(action.code),
        **_function(turn, action.owner_id),
    }


def _case(turn: Turn, case: m.Case, taken: m.TakenUp) -> Row:
    """A case that was taken up, also one without consensus: it comes back."""
    polls = turn.tx.polls.of_case(turn.meeting(), case)
    decisions = [
        (Decision(poll.subject), Outcome(poll.outcome) if poll.outcome else None)
        for poll in polls
        if poll.subject in DECISIONS
    ]
    return {
        "case": case.reference,
        "discussed": Code(Discussed.DISCUSSED if taken.discussed else Discussed.NOT_DISCUSSED),
        "result": rules.result(CaseState(case.state), decisions),
        "expires": case.expires_on,
    }


def _in_charge(turn: Turn, charge: Mapping[Reference, int | None]) -> tuple[Row, ...]:
    return tuple(
        {"case": reference, **_function(turn, account)}
        for reference, account in charge.items()
        if account is not None
    )
