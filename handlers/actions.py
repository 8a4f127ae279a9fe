"""Actions: agreed with owner, code and date; answered the next time (Q13, S12, M01)."""

from datetime import date

from bot.rules import actions as rules
from bot.rules.actions import ActionCode, ActionState
from bot.rules.facts import ActionNumber, Fact, Reference
from bot.rules.people import Right, entitled
from bot.rules.refusal import Reason, Refused
from handlers import sight
from handlers.agenda import described, kept
from handlers.cases import known, on_table, partaking
from handlers.turn import Say, Says, Turn
from storage import models as m


def agree(turn: Turn, reference: Reference, user_id: str, code: ActionCode, due: date) -> Says:
    """Agree an action on a case; only members of the table act for it (S12, S13)."""
    meeting, case = on_table(turn, reference)
    owner = partaking(turn, meeting, case, user_id)
    day = rules.due(due, turn.today)
    action = turn.tx.cases.add_action(case, owner, code, day, meeting)
    return [Say("action.added", described(turn, action))]


def list_open(turn: Turn) -> Says:
    """One's own and those of one's cases, and of the rest how many; in the table's room, where
    everybody reads it, how many there are (H17, R28)."""
    actions = kept(turn, turn.tx.cases.open_actions())
    own = [
        one
        for one in actions
        if sight.alone(turn) and sight.sees(turn, turn.tx.cases.get(one.case_id))
    ]
    facts: dict[str, Fact] = {
        "rows": tuple(described(turn, action) for action in own),
        "others": len(actions) - len(own) or None,
        "elsewhere": bool(actions) and not sight.alone(turn),
    }
    return [Say("actions", facts)]


def done(turn: Turn, wanted: ActionNumber) -> Says:
    return _close(turn, wanted, ActionState.DONE)


def impossible(turn: Turn, wanted: ActionNumber) -> Says:
    return _close(turn, wanted, ActionState.IMPOSSIBLE)


def postpone(turn: Turn, wanted: ActionNumber, due: date) -> Says:
    """Not done yet: it stays open with a new date."""
    action = _open_action(turn, wanted)
    action.due = rules.due(due, turn.today)
    _answered(turn, action)
    case = turn.tx.cases.get(action.case_id)
    return turn.announce(
        "action.postponed", {"action": wanted, "case": case.reference, "due": action.due}
    )


def _close(turn: Turn, wanted: ActionNumber, state: ActionState) -> Says:
    action = _open_action(turn, wanted)
    action.state = state
    _answered(turn, action)
    return turn.announce("action.closed", {"action": wanted, "outcome": state})


def _open_action(turn: Turn, wanted: ActionNumber) -> m.Action:
    """An open action that whoever speaks may answer for."""
    action = turn.tx.cases.action(wanted)
    if action is None or action.state != ActionState.OPEN:
        raise Refused(Reason.UNKNOWN_ACTION)
    known(turn, turn.tx.cases.get(action.case_id).reference)
    if action.owner_id != turn.me and not entitled(Right.CHAIR, turn.role, chairs=turn.chairs()):
        raise Refused(Reason.NOT_OWNER)
    return action


def _answered(turn: Turn, action: m.Action) -> None:
    meeting = turn.tx.meetings.running()
    if meeting is not None:
        action.answered_in = meeting.id
