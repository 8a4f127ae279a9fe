"""Asking again those who have not answered, without telling the table who they are (P20)."""

from datetime import timedelta

from bot.rules.facts import Account, Fact
from bot.rules.refusal import Reason, Refused
from handlers import private
from handlers.turn import Say, Says, Turn
from storage import models as m

QUIET = timedelta(minutes=5)  # the same poll at most this often


def remind(turn: Turn, number: int) -> Says:
    """Whoever is silent is told in private; the room hears neither who nor how many."""
    poll = turn.tx.polls.newest(turn.meeting(), number)
    if poll is None or (poll.outcome is None and not private.shown(turn.tx, poll)):
        raise Refused(Reason.UNKNOWN_POLL)
    turn.require_about(poll.case_id)
    if poll.outcome is not None:
        raise Refused(Reason.POLL_CLOSED)
    last = turn.reminded.get(poll.id)
    if last is not None and turn.request.at - last < QUIET:
        raise Refused(Reason.ALREADY_REMINDED, number=number)
    turn.reminded[poll.id] = turn.request.at
    told = Say("poll.reminded", {"poll": poll.id, "number": number})
    return [told, *(_waiting(turn, poll, account) for account in _silent(turn, poll))]


def _silent(turn: Turn, poll: m.Poll) -> list[Account]:
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    answered = turn.tx.polls.ballots(poll)
    return [account for account, there in roster.items() if there and account not in answered]


def _waiting(turn: Turn, poll: m.Poll, account: Account) -> Say:
    case = turn.tx.cases.get(poll.case_id)
    facts: dict[str, Fact] = {
        "member": account,
        "poll": poll.id,
        "number": poll.number,
        "case": case.reference,
        "private": private.is_private(poll),
    }
    return Say("poll.waiting", facts, account)
