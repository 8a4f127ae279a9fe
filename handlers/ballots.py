"""Answering a poll: in the native one, or by a typed word."""

from bot.rules import consensus
from bot.rules.consensus import Answer
from bot.rules.facts import EventId
from bot.rules.refusal import Reason, Refused
from handlers.overview import progress
from handlers.polls import settle
from handlers.traces import poll_slot
from handlers.turn import Say, Says, Turn
from locales.codes import Place
from storage import models as m


def answer_number(turn: Turn, number: int, answer: Answer) -> Says:
    """A typed answer, for clients without polls; nobody answers what has not been shown yet."""
    poll = turn.tx.polls.newest(turn.meeting(), number)
    if poll is None or (poll.outcome is None and turn.tx.outbox.anchor(poll_slot(poll)) is None):
        raise Refused(Reason.UNKNOWN_POLL)
    return cast(turn, poll, answer)


def agree(turn: Turn, number: int) -> Says:
    return answer_number(turn, number, Answer.AGREE)


def object_(turn: Turn, number: int) -> Says:
    return answer_number(turn, number, Answer.OBJECT)


def answer_by_id(turn: Turn, answer_id: str) -> Says:
    """An answer in a native poll; its id belongs to one version of one item only."""
    found = turn.tx.polls.by_answer(answer_id)
    if found is None:
        raise Refused(Reason.POLL_CLOSED)
    return cast(turn, *found)


def withdraw(turn: Turn, poll_event: EventId | None) -> Says:
    """Somebody has taken an answer back. Which poll they mean stands outside the encryption, so
    it counts for nothing but doubt: no consensus while they have not said it themselves (F01)."""
    for poll in turn.tx.polls.open_ones(turn.meeting()):
        if turn.tx.outbox.anchor(poll_slot(poll)) == poll_event and _rostered(turn, poll):
            turn.tx.polls.doubt(poll, turn.me, turn.request.event_id)
            told = Say("ballot.taken_back", {"poll": poll.id, "number": poll.number})
            return [told, progress(turn, poll)]
    return []


def doubt(turn: Turn) -> Says:
    """Something could not be read: it may have been an objection in any poll of theirs (F01); in
    a side room, in one on its case."""
    meeting, here = turn.tx.meetings.running(), turn.request.case
    polls = turn.tx.polls.open_ones(meeting) if meeting is not None else ()
    fresh = [
        poll
        for poll in polls
        if here in {None, poll.case_id}
        and _rostered(turn, poll)
        and turn.tx.polls.doubt(poll, turn.me, turn.request.event_id)
    ]
    return [progress(turn, poll) for poll in fresh]


def clear(turn: Turn) -> Says:
    """It was read after all, and has had its effect if it had one."""
    says: Says = []
    for poll in turn.tx.polls.read(turn.request.event_id, turn.me):
        if poll.outcome is None:
            says += _settle_or_progress(turn, poll)
    return says


def cast(turn: Turn, poll: m.Poll, answer: Answer) -> Says:
    """Count an answer of somebody on the roster; an objection is final (F01, C15)."""
    turn.require_about(poll.case_id)
    if poll.outcome is not None:
        raise Refused(Reason.POLL_CLOSED)
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    if not roster.get(turn.me):
        raise Refused(Reason.NOT_ON_ROSTER)
    if answer is Answer.AGREE:  # an objection counts wherever it is made
        if turn.request.place is not Place.DIRECT and turn.request.lane != poll.lane:
            raise Refused(Reason.ANOTHER_ROOM)
        turn.require_safe(turn.meeting())
    ballots = turn.tx.polls.ballots(poll)
    turn.tx.polls.record(poll, turn.me, consensus.cast(ballots.get(turn.me), answer))
    return _settle_or_progress(turn, poll)


def _settle_or_progress(turn: Turn, poll: m.Poll) -> Says:
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    ballots, doubted = turn.tx.polls.ballots(poll), turn.tx.polls.doubted(poll)
    if consensus.answered_by_all(roster, ballots, doubted):
        return settle(turn, poll)
    return [progress(turn, poll)]


def _rostered(turn: Turn, poll: m.Poll) -> bool:
    return turn.me in turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
