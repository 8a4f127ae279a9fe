"""Planning, opening and closing a meeting, and who is in the chair."""

from datetime import datetime

from bot.rules import people
from bot.rules.agenda import MeetingState
from bot.rules.facts import Account, Fact
from bot.rules.people import Role
from bot.rules.refusal import Reason, Refused
from handlers import agenda, members, minutes, polls, side, traces
from handlers.effects import require_handed_over
from handlers.turn import Say, Says, Turn
from storage import models as m
from storage.outbox import TABLE_LANE, Act


def plan(turn: Turn, at: datetime) -> Says:
    """Plan the next meeting; the mayor decides when, through whoever types it (H08)."""
    moment = at.replace(tzinfo=turn.table.zone)
    if moment <= turn.request.at:
        raise Refused(Reason.DATE_PAST)
    meeting = turn.tx.meetings.planned() or turn.tx.meetings.add(MeetingState.PLANNED)
    meeting.planned_at = moment
    says = turn.announce("meeting.planned", {"at": moment})
    return [*says, Say("meeting.calendar", {"at": moment}, says[-1].lane, Act.FILE)]


def open_(turn: Turn) -> Says:
    """Open the meeting: purpose, secrecy, roll call (P01, P05, H09)."""
    if turn.tx.meetings.running() is not None:
        raise Refused(Reason.MEETING_OPEN)
    turn.require_safe_room()
    meeting = turn.tx.meetings.planned() or turn.tx.meetings.add(MeetingState.ROLL_CALL)
    meeting.state = MeetingState.ROLL_CALL
    meeting.opened_on = turn.today
    meeting.chair_id = turn.me if _may_chair(turn, turn.role) else None
    chair = None if meeting.chair_id is None else Account(meeting.chair_id)
    return [Say("meeting.opened", {"chair": chair}, lane=TABLE_LANE)]


def chair(turn: Turn, user_id: str) -> Says:
    """Hand over the chair; never to the police (H01, H02, H03)."""
    meeting = turn.meeting()
    account = turn.person(user_id)
    member = turn.tx.people.member(account)
    assert member is not None
    people.chair(Role(member.role), coordinator_chairs=turn.table.coordinator_chairs)
    if account not in turn.tx.meetings.present(meeting):
        raise Refused(Reason.NOT_ON_ROLL)
    meeting.chair_id = account
    return [Say("chair.changed", {"chair": account})]


def close(turn: Turn) -> Says:
    """Close the meeting: minutes, redaction, and the moment's data is gone (DESIGN 8, R11)."""
    meeting = turn.meeting()
    _require_answered(turn, meeting)
    require_handed_over(turn, meeting)
    says: Says = []
    for poll in turn.tx.polls.open_ones(meeting):
        says += polls.settle(turn, poll)
    was_in_session = meeting.state == MeetingState.IN_SESSION
    file = minutes.file(turn, meeting)  # before the guests are gone, and with them their word
    says += side.all_done(turn, meeting, says)
    words = traces.redactions(turn, meeting, says)
    rest = traces.of_the_polls(turn, meeting, [*says, *words])
    if was_in_session:
        words.append(file)
    facts: dict[str, Fact] = {
        "minutes": was_in_session,
        "redacted": sum(say.act is Act.REDACT for say in (*says, *words, *rest)),
        "days": turn.table.homeserver_keeps_redacted_days,
    }
    says += [*words, Say("meeting.closed", facts, lane=TABLE_LANE), *rest]
    turn.tx.meetings.close(meeting)
    for guest in turn.tx.people.holding(Role.AD_HOC):
        says += members.strike(turn, guest)
    turn.tx.meetings.wipe(meeting)
    turn.tx.cases.drop_closed_actions()
    return [*says, Say("meeting.closed", lane=TABLE_LANE, act=Act.FORGET)]


def _may_chair(turn: Turn, role: Role) -> bool:
    try:
        people.chair(role, coordinator_chairs=turn.table.coordinator_chairs)
    except Refused:
        return False
    return True


def _require_answered(turn: Turn, meeting: m.Meeting) -> None:
    """Each case taken up needs its yes or no: the clock never starts by itself (R13). A followed
    one needs somebody who carries it, or the table's word that this is for later (Q13)."""
    if cases := agenda.undiscussed(turn, meeting):
        raise Refused(Reason.DISCUSSED_MISSING, cases=cases)
    if cases := agenda.unassigned(turn, meeting):
        raise Refused(Reason.UNASSIGNED, cases=cases)
