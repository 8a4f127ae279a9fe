"""Whether the person may be told that the table has discussed them (D01-D06)."""

from bot.rules.facts import Reference
from bot.rules.people import Role
from bot.rules.refusal import Reason, Refused
from handlers import polls
from handlers.cases import on_table
from handlers.turn import Say, Says, Turn
from locales.codes import Subject
from storage import models as m


def ask(turn: Turn, reference: Reference) -> Says:
    """Ask the officer first; who cannot say that no investigation is harmed says nothing (D04)."""
    meeting, case = on_table(turn, reference)
    polls.require_none_open(turn, case)  # another may be about forgetting it
    turn.require_whole(meeting, case)
    _taken_up(turn, meeting, case).informing = True
    holding = turn.tx.people.holding(Role.INFORMATION_OFFICER)
    roster = turn.tx.meetings.rostered(meeting, case)
    officers = tuple(account for account in roster if account in holding)
    return [Say("inform.asked", {"case": reference, "officers": officers})]


def attest(turn: Turn, reference: Reference) -> Says:
    """The officer's word opens the poll, once; everybody on the roster must agree (D02, D04)."""
    meeting, case = on_table(turn, reference)
    taken = _taken_up(turn, meeting, case)
    if not taken.informing:
        raise Refused(Reason.NOTHING_ASKED)
    if not turn.tx.meetings.roster(meeting, case).get(turn.me):
        raise Refused(Reason.NOT_ON_ROSTER)
    polls.require_none_open(turn, case)  # another may be about forgetting it
    taken.informing = False
    return polls.open_poll(turn, polls.new(turn, case, Subject.INFORM))


def _taken_up(turn: Turn, meeting: m.Meeting, case: m.Case) -> m.TakenUp:
    taken = turn.tx.meetings.taken_up(meeting, case)
    assert taken is not None
    return taken
