"""What is open, answered and waiting: one message, edited in place."""

from bot.rules.facts import Fact
from handlers.traces import progress_slot
from handlers.turn import Say, Turn
from storage import models as m


def progress(turn: Turn, poll: m.Poll) -> Say:
    """How many have answered, never who has not (P20)."""
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    answered = sum(voter in roster for voter in turn.tx.polls.ballots(poll))
    doubted = sum(voter in roster for voter in turn.tx.polls.doubted(poll))
    facts: dict[str, Fact] = {
        "poll": poll.id,
        "number": poll.number,
        "answered": answered,
        "of": len(roster),
        "unreadable": doubted if poll.outcome is None else 0,
    }
    return Say("poll.progress", facts, poll.lane, slot=progress_slot(poll))
