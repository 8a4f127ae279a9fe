"""Walking the agenda: last actions, running cases, new notifications (M01, M02)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bot.rules import agenda as rules
from bot.rules.agenda import MeetingState, Step
from bot.rules.facts import Account, ActionNumber, Code, Fact, Reference
from bot.rules.notification import CaseState
from bot.rules.refusal import Reason, Refused
from handlers import side, sight
from handlers.effects import require_handed_over
from handlers.turn import Say, Says, Turn
from storage import models as m
from storage.outbox import TABLE_LANE


def next_(turn: Turn) -> Says:
    """Move on; the first one ends the roll call. Nothing unanswered is left behind (M01)."""
    meeting = turn.meeting()
    turn.require_safe(meeting)
    rules.move_on(meeting.moved_at, meeting.moved_by == turn.me, turn.request.at)
    require_settled(turn, meeting)
    says = side.all_done(turn, meeting)
    meeting.state = MeetingState.IN_SESSION
    meeting.moved_at, meeting.moved_by = turn.request.at, turn.me
    ahead = remaining(turn, meeting)
    step = ahead.next_step()
    meeting.step, meeting.case_id, meeting.action_id = step, None, None
    match step:
        case Step.ACTIONS:
            meeting.action_id = ahead.actions[0].id
            return [*says, asked(turn, ahead.actions[0])]
        case Step.CASES:
            return says + take_up(turn, meeting, ahead.cases[0])
        case Step.NOTIFICATIONS:
            return says + take_up(turn, meeting, ahead.notifications[0])
        case Step.CLOSING:
            facts: dict[str, Fact] = {"step": step, "undiscussed": undiscussed(turn, meeting)}
            return [*says, Say("agenda", facts, lane=TABLE_LANE)]


def show(turn: Turn) -> Says:
    """What is still to come: point by point what is one's own, and of the rest how much; in the
    table's room, where everybody reads it, of everything how much (H17, R28)."""
    meeting = turn.tx.meetings.running()
    points = list(_points(turn, remaining(turn, meeting)))
    own = [one for one in points if one.own and sight.alone(turn)]
    others = Counter(one.step for one in points if one not in own)
    step = Code(meeting.step) if meeting and meeting.step else None
    if meeting is not None and not points:
        step = Code(Step.CLOSING)
    facts: dict[str, Fact] = {
        "step": step,
        "floor": _floor(turn, meeting),
        "rows": tuple({"point": one.name, "step": one.step} for one in own),
        "counts": tuple({"step": one, "count": others[one]} for one in Step if others[one]),
        "elsewhere": bool(points) and not sight.alone(turn),
    }
    return [Say("agenda", facts)]


@dataclass(frozen=True, slots=True)
class _Point:
    name: Fact
    step: Step
    own: bool  # whoever asks may be shown its name


def _points(turn: Turn, ahead: rules.Agenda[m.Action, m.Case]) -> Iterator[_Point]:
    for action in ahead.actions:
        yield _Point(
            number(action), Step.ACTIONS, sight.sees(turn, turn.tx.cases.get(action.case_id))
        )
    for step, cases in ((Step.CASES, ahead.cases), (Step.NOTIFICATIONS, ahead.notifications)):
        for case in cases:
            yield _Point(case.reference, step, sight.sees(turn, case))


def _floor(turn: Turn, meeting: m.Meeting | None) -> Fact:
    """What is on the table, as the table was told."""
    if meeting is None:
        return None
    if meeting.case_id is not None:
        return turn.tx.cases.get(meeting.case_id).reference
    return None if meeting.action_id is None else ActionNumber(f"A{meeting.action_id}")


def undiscussed(turn: Turn, meeting: m.Meeting) -> tuple[Reference, ...]:
    """The cases taken up of which nobody has said yet whether they were discussed (R13)."""
    taken = turn.tx.meetings.all_taken_up(meeting)
    return tuple(turn.tx.cases.get(r.case_id).reference for r in taken if r.discussed is None)


def remaining(turn: Turn, meeting: m.Meeting | None) -> rules.Agenda[m.Action, m.Case]:
    """What this meeting has not been through yet."""
    taken = {row.case_id for row in turn.tx.meetings.all_taken_up(meeting)} if meeting else set()
    cases = turn.tx.cases
    return rules.Agenda(
        actions=cases.actions_to_answer(meeting) if meeting else cases.open_actions(),
        cases=[case for case in cases.in_state(CaseState.FOLLOWED) if case.id not in taken],
        notifications=[case for case in cases.in_state(CaseState.ADMITTED) if case.id not in taken],
    )


def take_up(turn: Turn, meeting: m.Meeting, case: m.Case) -> Says:
    """Put a case on the table, its roster stated aloud, the right person called first (M03)."""
    turn.tx.meetings.take_up(meeting, case)
    meeting.case_id = case.id
    followed = case.state == CaseState.FOLLOWED
    meeting.step = Step.CASES if followed else Step.NOTIFICATIONS
    first = case.manager_id if followed else case.notifier_id
    facts: dict[str, Fact] = {
        "step": Code(meeting.step),
        "case": case.reference,
        "roster": turn.tx.meetings.rostered(meeting, case),
        "manager" if followed else "notifier": None if first is None else Account(first),
    }
    return [Say("agenda", facts, lane=TABLE_LANE)]


def asked(turn: Turn, action: m.Action) -> Say:
    """An action of last time waits for its answer."""
    return Say("action.asked", described(turn, action), lane=TABLE_LANE)


def described(turn: Turn, action: m.Action) -> dict[str, Fact]:
    """An action as it is shown: whose, what, by when."""
    return {
        "action": number(action),
        "case": turn.tx.cases.get(action.case_id).reference,
        "owner": Account(action.owner_id),
        "code": Code(action.code),
        "due": action.due,
    }


def number(action: m.Action) -> ActionNumber:
    return ActionNumber(f"A{action.id}")


def unsettled(turn: Turn, meeting: m.Meeting) -> bool:
    """Whether something on the table is not finished yet."""
    try:
        require_settled(turn, meeting)
    except Refused:
        return True
    return False


def require_settled(turn: Turn, meeting: m.Meeting) -> None:
    """Nothing is left open behind (M01)."""
    waiting = turn.tx.cases.actions_to_answer(meeting)
    if meeting.action_id in {action.id for action in waiting}:
        raise Refused(Reason.ACTION_UNANSWERED, action=ActionNumber(f"A{meeting.action_id}"))
    if polls := turn.tx.polls.open_ones(meeting):
        raise Refused(Reason.POLLS_OPEN, number=polls[0].number)
    if turn.tx.polls.fiche(meeting) is not None:
        raise Refused(Reason.FICHE_OPEN)
    require_handed_over(turn, meeting)
