"""Walking the agenda: last actions, running cases, new notifications (M01, M02)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.rules import agenda as rules
from bot.rules import decision, retention
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
            facts: dict[str, Fact] = {
                "step": step,
                "undiscussed": undiscussed(turn, meeting),
                "unassigned": unassigned(turn, meeting),
            }
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
    return tuple(case.reference for row, case in _taken_up(turn, meeting) if row.discussed is None)


def unassigned(turn: Turn, meeting: m.Meeting) -> tuple[Reference, ...]:
    """The followed cases taken up that have no case manager or no action, and of which nobody has
    said that it is for the next meeting (Q13)."""
    waiting = [case for row, case in _taken_up(turn, meeting) if not row.later]
    acting = [action.case_id for action in turn.tx.cases.open_actions()]
    return tuple(
        case.reference
        for case in waiting
        if case.state == CaseState.FOLLOWED
        and not decision.carried(managed=case.manager_id is not None, actions=acting.count(case.id))
    )


def _taken_up(turn: Turn, meeting: m.Meeting) -> list[tuple[m.TakenUp, m.Case]]:
    """The cases that were on the table in this meeting, as far as they are still the table's."""
    rows = turn.tx.meetings.all_taken_up(meeting)
    found = [(row, turn.tx.cases.get(row.case_id)) for row in rows]
    return [(row, case) for row, case in found if not _expired(turn, case)]


def remaining(turn: Turn, meeting: m.Meeting | None) -> rules.Agenda[m.Action, m.Case]:
    """What this meeting has not been through yet."""
    taken = {row.case_id for row in turn.tx.meetings.all_taken_up(meeting)} if meeting else set()
    cases = turn.tx.cases
    followed, admitted = (
        [one for one in cases.in_state(state) if one.id not in taken and not _expired(turn, one)]
        for state in (CaseState.FOLLOWED, CaseState.ADMITTED)
    )
    actions = to_answer(turn, meeting) if meeting else kept(turn, cases.open_actions())
    return rules.Agenda(actions, followed, admitted)


def to_answer(turn: Turn, meeting: m.Meeting) -> list[m.Action]:
    """The actions of earlier meetings that have no answer yet (M01)."""
    return kept(turn, turn.tx.cases.actions_to_answer(meeting))


def kept(turn: Turn, actions: Sequence[m.Action]) -> list[m.Action]:
    """Those of cases that are still the table's (R12)."""
    return [one for one in actions if not _expired(turn, turn.tx.cases.get(one.case_id))]


def _expired(turn: Turn, case: m.Case) -> bool:
    return retention.expired(case.expires_on, turn.today)


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
    waiting = to_answer(turn, meeting)
    if meeting.action_id in {action.id for action in waiting}:
        raise Refused(Reason.ACTION_UNANSWERED, action=ActionNumber(f"A{meeting.action_id}"))
    if polls := turn.tx.polls.open_ones(meeting):
        raise Refused(Reason.POLLS_OPEN, number=polls[0].number)
    if turn.tx.polls.fiche(meeting) is not None:
        raise Refused(Reason.FICHE_OPEN)
    require_handed_over(turn, meeting)
