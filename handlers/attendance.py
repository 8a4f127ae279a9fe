"""Coming and going, and standing aside for one case (P05, S01, I02, C15)."""

from collections.abc import Sequence

from bot.rules import roster as rosters
from bot.rules.facts import Account, Fact, Reference
from bot.rules.people import Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused
from handlers import ballots, roll, side
from handlers.cases import was_on_table
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
    return [*_told(turn, roll.state(turn, meeting)), *_onto_rosters(turn, meeting)]


def leave(turn: Turn, case: Reference | None) -> Says:
    """Leave the meeting, or stand aside for one case; nobody is asked why (S01, I02)."""
    if case is not None:
        return _stand_aside(turn, case)
    meeting = turn.meeting()
    _require_place(turn)
    if turn.me not in turn.tx.meetings.present(meeting):
        raise Refused(Reason.NOT_PRESENT)
    said, *rest = roll.depart(turn, turn.me)
    return [*_told(turn, said), *rest]


def _stand_aside(turn: Turn, reference: Reference) -> Says:
    """Before the first poll of a case anybody but a seat may stay out of it (C15)."""
    meeting, case = was_on_table(turn, reference)
    taken = turn.tx.meetings.taken_up(meeting, case)
    assert taken is not None
    rosters.leave_out(turn.role, polled=taken.polled)
    was_on = turn.me in turn.tx.meetings.rostered(meeting, case)
    turn.tx.meetings.leave_out(meeting, case, turn.me)
    stated = _stated(turn, meeting, case)
    says = [Say(stated.kind, stated.facts)]
    if turn.request.lane != stated.lane:
        says.append(stated)
    return says + side.left_out(turn, meeting, case, turn.me) if was_on else says


def _onto_rosters(turn: Turn, meeting: m.Meeting) -> Says:
    """Who comes late or comes back is on the roster of every case that was not polled yet. For
    one that was, the chair must put them on it (F01, C15)."""
    joined: list[m.Case] = []
    polled: list[m.Case] = []
    for taken in turn.tx.meetings.all_taken_up(meeting):
        if turn.me in turn.tx.meetings.missing(meeting.id, taken.case_id):
            found = polled if taken.polled else joined
            found.append(turn.tx.cases.get(taken.case_id))
    current = [one for one in polled if _current(turn, meeting, one)]
    return [*_joined(turn, meeting, joined), *_waited_for(turn, meeting, current)]


def _joined(turn: Turn, meeting: m.Meeting, cases: Sequence[m.Case]) -> Says:
    if not cases:
        return []
    facts: dict[str, Fact] = {"member": turn.me, "cases": _references(cases)}
    says = [Say("roster.joined", facts, TABLE_LANE)]
    for case in cases:
        turn.tx.meetings.roster_add(meeting, case, turn.me)
        if turn.tx.meetings.lane(meeting, case) != TABLE_LANE:
            says.append(_stated(turn, meeting, case))
        says += side.called(turn, meeting, case, turn.me)
    return says


def _waited_for(turn: Turn, meeting: m.Meeting, cases: Sequence[m.Case]) -> Says:
    """What is being asked waits for somebody who came after the first poll; the chair is told."""
    if not cases:
        return []
    facts: dict[str, Fact] = {
        "member": turn.me,
        "cases": _references(cases),
        "chair": None if meeting.chair_id is None else Account(meeting.chair_id),
    }
    figures = [say for one in cases for say in ballots.roster_changed(turn, meeting, one)]
    return [Say("roster.late", facts, TABLE_LANE), *figures]


def _current(turn: Turn, meeting: m.Meeting, case: m.Case) -> bool:
    """Whether something is, or may still be, asked about a case."""
    fiche = turn.tx.polls.fiche(meeting)
    return (
        meeting.case_id == case.id
        or (fiche is not None and fiche.case_id == case.id)
        or any(poll.case_id == case.id for poll in turn.tx.polls.open_ones(meeting))
    )


def _stated(turn: Turn, meeting: m.Meeting, case: m.Case) -> Say:
    roster = turn.tx.meetings.rostered(meeting, case)
    lane = turn.tx.meetings.lane(meeting, case)
    return Say("roster.stated", {"case": case.reference, "roster": roster}, lane)


def _references(cases: Sequence[m.Case]) -> tuple[Reference, ...]:
    return tuple(one.reference for one in cases)


def _require_place(turn: Turn) -> None:
    """In the table's room; those who come for one case are not in it (I08)."""
    if turn.request.place is Place.DIRECT and turn.role is not Role.AD_HOC:
        raise Refused(Reason.NOT_HERE, place=Place.TABLE)


def _told(turn: Turn, said: Say) -> Says:
    """The roll stands in the table's room; who is not there is answered as well."""
    here = [Say(said.kind, said.facts)] if turn.request.place is Place.DIRECT else []
    return [*here, said]
