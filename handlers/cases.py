"""Case work at the table: roster, decision, case manager, and whether it was discussed."""

from bot.rules import notification, retention
from bot.rules import roster as rosters
from bot.rules.decision import Decision
from bot.rules.facts import Account, Reference
from bot.rules.notification import CaseState
from bot.rules.people import Role
from bot.rules.refusal import Reason, Refused
from handlers import agenda, ballots, polls, side
from handlers.turn import Say, Says, Turn
from storage import models as m


def known(turn: Turn, reference: Reference) -> m.Case:
    """A case that the table has, and may still have (R12)."""
    case = turn.tx.cases.find(reference)
    if case is None:
        raise Refused(Reason.UNKNOWN_REFERENCE)
    retention.require_kept(case.expires_on, turn.today)
    return case


def on_table(turn: Turn, reference: Reference) -> tuple[m.Meeting, m.Case]:
    """A case whose roster was stated aloud in this meeting, or a refusal (N12, C15)."""
    case = known(turn, reference)
    notification.require_admitted(CaseState(case.state))
    meeting = turn.session()
    if turn.tx.meetings.taken_up(meeting, case) is None:
        raise Refused(Reason.NOT_TAKEN_UP)
    return meeting, case


def on_floor(turn: Turn, reference: Reference) -> tuple[m.Meeting, m.Case]:
    """The case that the table is talking about now, or a refusal."""
    meeting, case = on_table(turn, reference)
    if meeting.case_id != case.id:
        raise Refused(Reason.NOT_ON_FLOOR)
    return meeting, case


def was_on_table(turn: Turn, reference: Reference) -> tuple[m.Meeting, m.Case]:
    """The same for saying that nothing happened: possible too when somebody had to leave."""
    meeting, case = turn.meeting(), known(turn, reference)
    if turn.tx.meetings.taken_up(meeting, case) is None:
        raise Refused(Reason.NOT_TAKEN_UP)
    return meeting, case


def roster(turn: Turn, reference: Reference, changes: tuple[tuple[str, bool], ...]) -> Says:
    """State who takes part in a case, add people, leave people out before its first poll (C15)."""
    case = known(turn, reference)
    notification.require_admitted(CaseState(case.state))
    meeting = turn.session()
    says = _floor(turn, meeting, case)
    before = set(turn.tx.meetings.rostered(meeting, case))
    if any((turn.person(user_id) in before) is not joins for user_id, joins in changes):
        says += polls.void_whole(turn, case)
    for user_id, joins in changes:
        _change(turn, meeting, case, turn.person(user_id), joins=joins)
    stated = turn.tx.meetings.rostered(meeting, case)
    says.append(Say("roster.stated", {"case": reference, "roster": stated}))
    open_polls = [poll for poll in turn.tx.polls.open_ones(meeting) if poll.case_id == case.id]
    says += ballots.roster_changed(turn, meeting, case) if changes else []
    for account in before ^ set(stated):
        joined = account not in before
        says += (side.called if joined else side.left_out)(turn, meeting, case, account)
    fiche = turn.tx.polls.fiche(meeting)
    if fiche is not None and fiche.case_id == case.id and not open_polls:
        return says + side.open_if_needed(turn, meeting, case)
    return says + side.open_for_guests(turn, meeting, case)


def _floor(turn: Turn, meeting: m.Meeting, case: m.Case) -> Says:
    """The case is on the table; again, if it was before and nothing else is open."""
    if meeting.case_id == case.id:
        return []
    taken = turn.tx.meetings.taken_up(meeting, case)
    if taken is None:
        waiting = agenda.to_answer(turn, meeting)
        if waiting:
            raise Refused(Reason.ACTION_UNANSWERED, action=agenda.number(waiting[0]))
        turn.tx.meetings.take_up(meeting, case)
    elif agenda.unsettled(turn, meeting):
        return []
    if turn.tx.meetings.aside(meeting):
        agenda.require_settled(turn, meeting)
    meeting.case_id = case.id
    return side.all_done(turn, meeting)


def _change(turn: Turn, meeting: m.Meeting, case: m.Case, account: Account, *, joins: bool) -> None:
    if joins:
        if account not in turn.tx.meetings.present(meeting):
            raise Refused(Reason.NOT_ON_ROLL)
        if turn.tx.meetings.roster(meeting, case).get(account) is False:
            raise Refused(Reason.ROSTER_BROKEN)
        side.require_room_for(turn, meeting, case, account)
        turn.tx.meetings.roster_add(meeting, case, account)
        return
    taken = turn.tx.meetings.taken_up(meeting, case)
    member = turn.tx.people.member(account)
    assert taken is not None
    assert member is not None
    rosters.leave_out(Role(member.role), polled=taken.polled)
    turn.tx.meetings.leave_out(meeting, case, account)


def decide(turn: Turn, reference: Reference, decision: Decision) -> Says:
    """Ask the roster for consensus on what happens with a case (Q01, Q03)."""
    meeting, case = on_table(turn, reference)
    if decision is Decision.FOLLOW and case.state == CaseState.FOLLOWED:
        raise Refused(Reason.ALREADY_FOLLOWED)
    polls.require_none_open(turn, case)
    fiche = turn.tx.polls.fiche(meeting)
    if fiche is not None and fiche.case_id == case.id:
        raise Refused(Reason.FICHE_OPEN)
    return polls.open_poll(turn, polls.new(turn, case, decision))


def manager(turn: Turn, reference: Reference, user_id: str) -> Says:
    """Name the case manager of a followed case (H13, H15, H20)."""
    meeting, case = on_table(turn, reference)
    account = _nominee(turn, meeting, case, user_id, case.director_id)
    case.manager_id = account
    return [Say("manager.assigned", {"case": reference, "manager": account})]


def director(turn: Turn, reference: Reference, user_id: str) -> Says:
    """Name the case director, never the case manager (H16)."""
    meeting, case = on_table(turn, reference)
    account = _nominee(turn, meeting, case, user_id, case.manager_id)
    case.director_id = account
    return [Say("director.assigned", {"case": reference, "director": account})]


def _nominee(
    turn: Turn, meeting: m.Meeting, case: m.Case, user_id: str, holds_other: int | None
) -> Account:
    if case.state != CaseState.FOLLOWED:
        raise Refused(Reason.NOT_FOLLOWED)
    account = partaking(turn, meeting, case, user_id)
    if account == holds_other:
        raise Refused(Reason.SAME_PERSON)
    return account


def partaking(turn: Turn, meeting: m.Meeting, case: m.Case, user_id: str) -> Account:
    """Somebody who may get a part in a case: not who was left out of it (S12, S13, C16)."""
    account = turn.lasting_person(user_id)
    taken = turn.tx.meetings.taken_up(meeting, case)
    rosters.require_partaking(
        turn.tx.meetings.standings(meeting.id, case.id).get(account),
        present=account in turn.tx.meetings.present(meeting),
        aside=taken is not None and taken.aside,
    )
    return account


def later(turn: Turn, reference: Reference) -> Says:
    """Who manages a followed case, and what is done, is for the next meeting (Q13)."""
    meeting, case = was_on_table(turn, reference)
    if case.state != CaseState.FOLLOWED:
        raise Refused(Reason.NOT_FOLLOWED)
    taken = turn.tx.meetings.taken_up(meeting, case)
    assert taken is not None
    taken.later = True
    return [Say("case.later", {"case": reference})]


def discussed(turn: Turn, reference: Reference, was: bool) -> Says:
    """Only an explicit yes starts the year anew, from the day the meeting opened (R13, R14)."""
    meeting, case = on_table(turn, reference) if was else was_on_table(turn, reference)
    taken = turn.tx.meetings.taken_up(meeting, case)
    assert taken is not None
    assert meeting.opened_on is not None
    taken.discussed = was
    case.discussed_on = meeting.opened_on if was else taken.discussed_before
    case.expires_on = retention.expires(case.discussed_on) if case.discussed_on else None
    if was or meeting.opened_on != taken.discussed_before:  # else it was in an earlier meeting
        turn.tx.cases.set_discussed(case, meeting.opened_on, was=was)
    if not was:
        return [Say("case.not_discussed", {"case": reference})]
    return [Say("case.discussed", {"case": reference, "expires": case.expires_on})]
