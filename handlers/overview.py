"""What is open, answered and waiting: one message for each case and lane, edited in place."""

from collections.abc import Collection

from bot.rules.facts import Account, Fact
from handlers.turn import Say, Says, Turn
from storage import models as m
from storage.outbox import TABLE_LANE


def state(turn: Turn, poll: m.Poll) -> Says:
    """How many have answered in each open poll of a case, never who has not (P20). What was not
    shown before the last of them closed need not be shown any more."""
    polls = turn.tx.polls.asked(poll.meeting_id, poll.case_id, poll.lane)
    slot = _slot(poll)
    if not polls and turn.tx.outbox.drop_untried(slot):
        return []
    voters = turn.tx.meetings.voters(poll.meeting_id, poll.case_id)
    doubts = {one.number: len(turn.tx.polls.doubted(one) & set(voters)) for one in polls}
    facts: dict[str, Fact] = {
        "rows": tuple(_row(turn, one, voters) for one in polls),
        "doubts": tuple({"number": n, "doubts": d} for n, d in doubts.items() if d) or None,
    }
    return [Say("polls.overview", facts, poll.lane, slot=slot)]


def _row(turn: Turn, poll: m.Poll, voters: Collection[Account]) -> Fact:
    return {
        "number": poll.number,
        "version": poll.version,
        "answered": sum(voter in voters for voter in turn.tx.polls.ballots(poll)),
        "of": len(voters),
    }


def _slot(poll: m.Poll) -> str:
    """An event is edited in its own room only."""
    aside = "" if poll.lane == TABLE_LANE else "-aside"
    return f"overview-{poll.meeting_id}-{poll.case_id}{aside}"
