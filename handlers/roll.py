"""The roll call: coming and going."""

from bot.rules.facts import Account, Fact
from bot.rules.people import Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused
from bot.rules.roll import seats_missing
from handlers import polls, rooms
from handlers.turn import Say, Says, Turn
from locales.codes import Place
from storage import models as m
from storage.outbox import TABLE_LANE


def present(turn: Turn) -> Says:
    """Answer the roll call; saying it accepts the secrecy read out at the opening (P05)."""
    meeting = turn.meeting()
    _require_place(turn)
    turn.tx.meetings.set_present(meeting, turn.me, there=True)
    if meeting.chair_id is None and seat_of(turn.role) is Seat.MAYOR:
        meeting.chair_id = turn.me
    return _told(turn, state(turn, meeting))


def leave(turn: Turn) -> Says:
    """Leave the meeting; nobody is asked why (S01, I02)."""
    meeting = turn.meeting()
    _require_place(turn)
    if turn.me not in turn.tx.meetings.present(meeting):
        raise Refused(Reason.NOT_PRESENT)
    said, *rest = depart(turn, turn.me)
    return [*_told(turn, said), *rest]


def _require_place(turn: Turn) -> None:
    """In the table's room; those who come for one case are not in it (I08)."""
    if turn.request.place is Place.DIRECT and turn.role is not Role.AD_HOC:
        raise Refused(Reason.NOT_HERE, place=Place.TABLE)


def _told(turn: Turn, said: Say) -> Says:
    """The roll stands in the table's room; who is not there is answered as well."""
    here = [Say(said.kind, said.facts)] if turn.request.place is Place.DIRECT else []
    return [*here, said]


def depart(turn: Turn, account: Account) -> Says:
    """Somebody is gone: what they were polled on finds no consensus in this meeting (F01)."""
    meeting = turn.tx.meetings.running()
    if meeting is None or account not in turn.tx.meetings.present(meeting):
        return []
    turn.tx.meetings.set_present(meeting, account, there=False)
    turn.tx.meetings.leave_rosters(meeting, account)
    lanes = rooms.asides(turn.tx, meeting)
    says = [state(turn, meeting), *(rooms.removal(account, lane) for lane in lanes)]
    if meeting.chair_id == account:
        meeting.chair_id = _successor(turn, meeting)
        chair = None if meeting.chair_id is None else Account(meeting.chair_id)
        says.append(Say("chair.changed", {"chair": chair}, lane=TABLE_LANE))
    for poll in turn.tx.polls.open_ones(meeting):
        if account in turn.tx.meetings.roster(meeting, poll.case_id):
            says += polls.settle(turn, poll)
    return says


def _successor(turn: Turn, meeting: m.Meeting) -> Account | None:
    """The chair falls to the mayor's seat, or to the coordinator under mandate (H01)."""
    heirs = turn.tx.people.holding(Role.MAYOR, Role.MAYOR_DELEGATE)
    if turn.table.coordinator_chairs:
        heirs += turn.tx.people.holding(Role.COORDINATOR)
    there = turn.tx.meetings.present(meeting)
    return next((heir for heir in heirs if heir in there), None)


def state(turn: Turn, meeting: m.Meeting) -> Say:
    """The roll so far: one message, edited in place."""
    roles = turn.tx.meetings.roles_present(meeting)
    facts: dict[str, Fact] = {
        "present": len(roles),
        "of": len(turn.tx.people.members()),
        "seats_missing": seats_missing(roles),
    }
    return Say("roll.updated", facts, lane=TABLE_LANE, slot=f"roll-{meeting.id}")
