"""The roll: who is at the table, and what follows when somebody is gone."""

from bot.rules.facts import Account, Fact
from bot.rules.people import Role
from bot.rules.roll import seats_missing
from handlers import polls, rooms
from handlers.turn import Say, Says, Turn
from storage import models as m
from storage.outbox import TABLE_LANE


def depart(turn: Turn, account: Account) -> Says:
    """Somebody is gone: what they were polled on finds no consensus in this meeting (F01)."""
    meeting = turn.tx.meetings.running()
    if meeting is None or account not in turn.tx.meetings.present(meeting):
        return []
    ended = _end_polls(turn, meeting, account)  # while they count: who is gone has not consented
    turn.tx.meetings.set_present(meeting, account, there=False)
    turn.tx.meetings.leave_rosters(meeting, account)
    lanes = rooms.asides(turn.tx, meeting)
    says = [state(turn, meeting), *(rooms.removal(account, lane) for lane in lanes)]
    if meeting.chair_id == account:
        meeting.chair_id = _successor(turn, meeting)
        chair = None if meeting.chair_id is None else Account(meeting.chair_id)
        says.append(Say("chair.changed", {"chair": chair}, lane=TABLE_LANE))
    return says + ended


def _end_polls(turn: Turn, meeting: m.Meeting, account: Account) -> Says:
    """Those that wait for somebody, also if they came late and are not on the roster yet: a
    homeserver can make anybody seem gone, which must never lead to consensus."""
    return [
        say
        for poll in turn.tx.polls.open_ones(meeting)
        if account in turn.tx.meetings.voters(poll.meeting_id, poll.case_id)
        for say in polls.settle(turn, poll)
    ]


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
