"""Anonymised minutes: functions, references, codes, dates and outcomes (M12)."""

from collections.abc import Mapping

from bot.rules.actions import ActionState
from bot.rules.consensus import Outcome
from bot.rules.facts import Code, Fact
from bot.rules.notification import CaseState
from handlers.agenda import number
from handlers.effects import DECISIONS, stands
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
    facts: dict[str, Fact] = {
        "opened": meeting.opened_on,
        "functions": _functions(turn, meeting),
        "actions": _answered(turn, meeting),
        "cases": _discussed(turn, meeting),
        "decisions": _polls(turn, meeting, items=False),
        "items": _polls(turn, meeting, items=True),
        "agreed": _agreed(turn, meeting),
    }
    return Say("minutes.ready", facts, TABLE_LANE, Act.FILE)


def _functions(turn: Turn, meeting: m.Meeting) -> tuple[Code, ...]:
    """The organisations at the table, each once: never a name."""
    rows = [turn.tx.people.member(account) for account in turn.tx.meetings.present(meeting)]
    return tuple(sorted({Code(row.organisation) for row in rows if row is not None}))


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
    return {"action": number(action), "case": case.reference, "code": Code(action.code)}


def _discussed(turn: Turn, meeting: m.Meeting) -> tuple[Row, ...]:
    """Followed cases only: what was stopped leaves no line."""
    cases = [
        (turn.tx.cases.get(row.case_id), row) for row in turn.tx.meetings.all_taken_up(meeting)
    ]
    return tuple(
        {
            "case": case.reference,
            "discussed": Code(Discussed.DISCUSSED if row.discussed else Discussed.NOT_DISCUSSED),
            "expires": case.expires_on,
        }
        for case, row in cases
        if case.state == CaseState.FOLLOWED
    )


def _polls(turn: Turn, meeting: m.Meeting, *, items: bool) -> tuple[Row, ...]:
    """What was asked about followed cases, and whether the table still agrees; of what was asked
    aside the decision alone, since not everybody here took part (C15, C16)."""
    rows: list[Row] = []
    for poll in turn.tx.polls.all_of(meeting):
        case = turn.tx.cases.get(poll.case_id)
        if case.state != CaseState.FOLLOWED or (poll.section is not None) is not items:
            continue
        if poll.lane < TABLE_LANE and poll.subject not in DECISIONS:
            continue
        about: Row = (
            {"section": Code(str(poll.section)), "version": poll.version}
            if items
            else {"subject": Code(poll.subject)}
        )
        outcome = Outcome.CONSENSUS if stands(turn, poll) else Outcome.NO_CONSENSUS
        rows.append({"case": case.reference, "number": poll.number, **about, "outcome": outcome})
    return tuple(rows)
