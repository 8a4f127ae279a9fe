"""Side rooms: a case goes on where exactly its roster is (C15, C16, I08).

A lane below zero is the side room of a case: what is said there waits until the room is made,
and a poll until everybody on the roster has come in.
"""

from collections.abc import Sequence

from bot.rules.facts import Account, Fact
from bot.rules.fiche import FICHE_ENDED, FicheState
from bot.rules.people import Role
from bot.rules.refusal import Reason, Refused
from handlers import effects, members, polls, rooms, traces
from handlers.turn import Say, Says, Turn
from locales.codes import Place
from storage import models as m
from storage.outbox import TABLE_LANE, Act, side_lane
from storage.tx import Tx


def open_if_needed(turn: Turn, meeting: m.Meeting, case: m.Case) -> Says:
    """Send a case aside when somebody in the table's room is not on its roster, or somebody on it
    came for this case only; nothing when that is not so, or was done already."""
    at_table = turn.request.in_room if turn.request.place is Place.TABLE else frozenset[Account]()
    if not at_table - set(turn.tx.meetings.rostered(meeting, case)):
        return open_for_guests(turn, meeting, case)
    return _open(turn, meeting, case)


def open_for_guests(turn: Turn, meeting: m.Meeting, case: m.Case) -> Says:
    """The same, when somebody on the roster came for this case only (I08)."""
    if not _guests(turn, turn.tx.meetings.rostered(meeting, case)):
        return []
    return _open(turn, meeting, case)


def _open(turn: Turn, meeting: m.Meeting, case: m.Case) -> Says:
    taken = turn.tx.meetings.taken_up(meeting, case)
    if taken is None or taken.aside:
        return []
    taken.aside, roster = True, turn.tx.meetings.rostered(meeting, case)
    lane, point = side_lane(case.id), len(turn.tx.meetings.all_taken_up(meeting))
    facts: dict[str, Fact] = {"case": case.reference, "point": point, "roster": roster}
    return [
        Say("side.opened", {"point": point}, lane, Act.CREATE),
        Say("side.opened", facts, TABLE_LANE),
        *_called(turn, case, roster),
    ]


def called(turn: Turn, meeting: m.Meeting, case: m.Case, account: Account) -> Says:
    """Somebody was added to the roster: into the side room with them, if there is one."""
    taken = turn.tx.meetings.taken_up(meeting, case)
    if taken is None or not taken.aside:
        return []
    return _called(turn, case, (account,))


def _called(turn: Turn, case: m.Case, roster: tuple[Account, ...]) -> Says:
    """Guests are not in the table's room: they are told in their own."""
    lane = side_lane(case.id)
    facts: dict[str, Fact] = {"case": case.reference}
    return [
        *(rooms.invitation(account, lane) for account in roster),
        *(Say("side.called", facts, lane=guest) for guest in _guests(turn, roster)),
    ]


def left_out(turn: Turn, meeting: m.Meeting, case: m.Case, account: Account) -> Says:
    """Somebody is on the roster no more: out of the side room with them, if there is one."""
    taken = turn.tx.meetings.taken_up(meeting, case)
    if taken is None or not taken.aside:
        return []
    return [rooms.removal(account, side_lane(case.id))]


def require_room_for(turn: Turn, meeting: m.Meeting, case: m.Case, account: Account) -> None:
    """Nobody is asked in while a poll is open that they could not read: a guest is not in the
    table's room, and in a side room history begins with one's joining."""
    taken = turn.tx.meetings.taken_up(meeting, case)
    if not _guests(turn, (account,)) and (taken is None or not taken.aside):
        return
    polls.require_none_open(turn, case)


def require_here(turn: Turn, meeting: m.Meeting, case: m.Case) -> None:
    """Words of a case are typed where its roster reads them, and nobody else (C16)."""
    if turn.request.lane != turn.tx.meetings.lane(meeting, case):
        raise Refused(Reason.ANOTHER_ROOM)


def require_only_roster(turn: Turn, meeting: m.Meeting, case: m.Case) -> None:
    """Nobody else reads words that are asked about, whoever has come in since (C15, C16)."""
    roster = set(turn.tx.meetings.rostered(meeting, case))
    here = turn.request.lane == turn.tx.meetings.lane(meeting, case)
    if here and turn.request.in_room - roster:
        raise Refused(Reason.ROOM_EXCEEDS_ROSTER)


def require_all_in(turn: Turn, meeting: m.Meeting, case: m.Case) -> None:
    """The same, and everybody on the roster can read them: who comes later could not."""
    require_here(turn, meeting, case)
    require_only_roster(turn, meeting, case)
    turn.require_readers(turn.tx.meetings.rostered(meeting, case))


def done(turn: Turn, meeting: m.Meeting, case: m.Case, before: Sequence[Say] = ()) -> Says:
    """The point is dealt with: its words go, everybody leaves, who came for it leaves the table
    (I08). `before`: what is said and redacted before."""
    guests = _guests(turn, turn.tx.meetings.rostered(meeting, case))
    taken = turn.tx.meetings.taken_up(meeting, case)
    says: Says = []
    if taken is not None and taken.aside:
        says, taken.aside = _empty(turn, meeting, side_lane(case.id), before), False
    for guest in guests:
        says += members.strike(turn, guest)
    return says


def all_done(turn: Turn, meeting: m.Meeting, before: Sequence[Say] = ()) -> Says:
    """The same for every case that has a side room, and for the rooms of forgotten ones."""
    says: Says = []
    for taken in turn.tx.meetings.aside(meeting):
        says += done(turn, meeting, turn.tx.cases.get(taken.case_id), before)
    emptied = {say.lane for say in says if say.act is Act.DISMISS}
    for lane in rooms.asides(turn.tx, meeting):
        if lane not in emptied and not turn.tx.outbox.waits(lane, Act.DISMISS):
            says += _empty(turn, meeting, lane, before)
    return says


def _empty(turn: Turn, meeting: m.Meeting, lane: int, before: Sequence[Say]) -> Says:
    """What nobody was asked yet is not asked any more."""
    turn.tx.outbox.drop_unasked(lane)
    turn.tx.memberships.drop(lane=lane)
    says = traces.of_lane(turn, meeting, lane, before)
    days = turn.table.homeserver_keeps_redacted_days
    facts: dict[str, Fact] = {"redacted": len(says), "days": days}
    says.append(Say("side.closed", lane=lane, act=Act.DISMISS))
    return [*says, Say("side.closed", facts, TABLE_LANE)]


def left(turn: Turn, meeting: m.Meeting, case_id: int, account: Account) -> Says:
    """Somebody is out of the side room: what they were polled on finds no consensus (F01)."""
    aside = case_id in {row.case_id for row in turn.tx.meetings.aside(meeting)}
    if not aside or not turn.tx.meetings.roster(meeting, case_id).get(account):
        return []
    asked = [poll for poll in turn.tx.polls.open_ones(meeting) if poll.case_id == case_id]
    turn.tx.meetings.leave_roster(meeting, case_id, account)
    return [say for poll in asked for say in polls.settle(turn, poll)]


def lost(tx: Tx, meeting: m.Meeting, case: m.Case) -> Says:
    """There is no side room, or none any more: nothing in it is asked, and the case is the
    table's again."""
    taken = tx.meetings.taken_up(meeting, case)
    fiche = tx.polls.fiche_of(meeting, case)
    if taken is None or not taken.aside:
        return []
    taken.aside, lane = False, side_lane(case.id)
    tx.outbox.drop_lane(lane)
    for poll in tx.polls.in_lane(meeting, lane):
        effects.void(tx, poll, ())
    if fiche is not None and fiche.state not in FICHE_ENDED:
        fiche.state = FicheState.CLOSED
    tx.polls.drop_traces(meeting, lane)
    says = [Say("side.failed", {"case": case.reference}, lane=TABLE_LANE)]
    if tx.people.side_room(case.id) is not None:  # its keys are to be forgotten
        says.append(Say("side.closed", lane=lane, act=Act.DISMISS))
    return says


def _guests(turn: Turn, roster: tuple[Account, ...]) -> list[Account]:
    here = turn.tx.people.holding(Role.AD_HOC)
    return [account for account in roster if account in here]
