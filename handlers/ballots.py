"""Answering a poll: in the native one, or by a typed word."""

from bot.rules import consensus
from bot.rules.consensus import Answer
from bot.rules.refusal import Reason, Refused
from handlers import doubts, overview, private, traces
from handlers.arguments import Meant
from handlers.polls import settle
from handlers.turn import Say, Says, Turn
from locales.codes import WORDED, Place
from storage import models as m


def agree(turn: Turn, meant: Meant) -> Says:
    """A yes is to the words it was typed for. It may have been on its way since before they were
    changed, or be held back by the homeserver: it names its poll, a later version of it, and a
    doubt that it is to end (F01)."""
    poll = _meant(turn, meant)
    facts = {"number": poll.number, "version": poll.version}
    if meant.number is None:
        raise Refused(Reason.NUMBER_MISSING, **facts)
    if poll.outcome is None and poll.version > 1 and meant.version is None:
        raise Refused(Reason.VERSION_MISSING, **facts)
    mark = min(meant.mark or 0, turn.tx.polls.last_mark(poll, turn.me))
    return [*_noted(turn, poll), *cast(turn, poll, Answer.AGREE, mark)]


def object_(turn: Turn, meant: Meant) -> Says:
    poll = _meant(turn, meant)
    return [*_noted(turn, poll), *cast(turn, poll, Answer.OBJECT)]


def secret(turn: Turn, meant: Meant) -> Says:
    """Somebody says, without being seen, that the words hold a secret of theirs (F05)."""
    poll = _meant(turn, meant)
    return [*_noted(turn, poll), *_call_secret(turn, poll)]


def answer_by_id(turn: Turn, answer_id: str) -> Says:
    """An answer in a native poll; its id belongs to one version of one item only."""
    if (poll := turn.tx.polls.by_secret(answer_id)) is not None:
        return [*_call_secret(turn, poll), traces.redaction(turn.request.event_id, turn.me)]
    found = turn.tx.polls.by_answer(answer_id)
    if found is None:
        raise Refused(Reason.UNKNOWN_ANSWER)
    says = cast(turn, *found)
    traces.ballot_in_direct_room(turn)
    return says


def clear(turn: Turn) -> Says:
    """It was read after all, and has had its effect if it had one."""
    says: Says = []
    for poll in turn.tx.polls.read(turn.request.event_id, turn.me):
        if poll.outcome is None:
            says += _settle_or_show(turn, poll)
    return says


def roster_changed(turn: Turn, meeting: m.Meeting, case: m.Case) -> Says:
    """Whoever joins the roster while a poll is open is asked too (F01)."""
    polls = [poll for poll in turn.tx.polls.open_ones(meeting) if poll.case_id == case.id]
    asked = [say for poll in polls for say in private.asked(turn.tx, poll)]
    return [*asked, *doubts.figures(turn, polls)]


def cast(turn: Turn, poll: m.Poll, answer: Answer, mark: int = 0) -> Says:
    """Count an answer of somebody on the roster; an objection is final (F01, C15). `mark`: of the
    doubt that a yes ends."""
    _require_may_answer(turn, poll)
    if answer is Answer.AGREE:  # an objection counts wherever it is made
        if turn.request.place is not Place.DIRECT and turn.request.lane != poll.lane:
            raise Refused(Reason.ANOTHER_ROOM)
        turn.require_safe(turn.meeting())
    ballots = turn.tx.polls.ballots(poll)
    turn.tx.polls.record(poll, turn.me, consensus.cast(ballots.get(turn.me), answer), mark)
    if answer is Answer.OBJECT:
        return _settle_or_show(turn, poll)
    turn.tx.polls.said_yes(poll, turn.me, turn.request.event_id)
    return [*_settle_or_show(turn, poll), *doubts.still(turn, poll)]


def _call_secret(turn: Turn, poll: m.Poll) -> Says:
    """Its words are out, wherever they are asked. Nothing says whose secret it is: neither who
    answered nor who had not is kept any longer (F05)."""
    _require_may_answer(turn, poll)
    if poll.subject not in WORDED:
        raise Refused(Reason.NO_WORDS, number=poll.number)
    says: Says = []
    for same in turn.tx.polls.same_words(poll):
        same.secret = True
        if same.outcome is None and not same.waiting:
            turn.tx.polls.forget_answers(same)
            says += settle(turn, same)
    return says


def _meant(turn: Turn, meant: Meant) -> m.Poll:
    """The newest version of a poll, or the only one that the sender is asked; nobody answers what
    has not been shown yet, or is not asked any more."""
    meeting = turn.meeting()
    if meant.number is None:
        shown = [one for one in doubts.asking(turn) if private.shown(turn.tx, one)]
        return doubts.require_one(shown)
    poll = turn.tx.polls.newest(meeting, meant.number)
    if poll is None or (poll.outcome is None and not private.shown(turn.tx, poll)):
        raise Refused(Reason.UNKNOWN_POLL)
    if meant.version not in {None, poll.version}:
        raise Refused(Reason.POLL_CLOSED)
    return poll


def _require_may_answer(turn: Turn, poll: m.Poll) -> None:
    turn.require_about(poll.case_id)
    if poll.outcome is not None:
        raise Refused(Reason.POLL_CLOSED)
    if not turn.tx.meetings.roster(poll.meeting_id, poll.case_id).get(turn.me):
        raise Refused(Reason.NOT_ON_ROSTER)
    if private.is_private(poll) and turn.request.place is not Place.DIRECT:
        raise Refused(Reason.ANSWER_IN_PRIVATE, number=poll.number)


def _noted(turn: Turn, poll: m.Poll) -> Says:
    """What was typed in the direct room is answered and removed alike, whatever it was: nothing
    may tell that it was not the same as the others' (F05)."""
    if turn.request.place is not Place.DIRECT:
        return []
    told = Say("ballot.noted", {"poll": poll.id, "number": poll.number})
    return [told, traces.redaction(turn.request.event_id, turn.me)]


def _settle_or_show(turn: Turn, poll: m.Poll) -> Says:
    voters = turn.tx.meetings.voters(poll.meeting_id, poll.case_id)
    ballots, doubted = turn.tx.polls.ballots(poll), turn.tx.polls.doubted(poll)
    if consensus.answered_by_all(voters, ballots, doubted, secret=poll.secret):
        return settle(turn, poll)
    return overview.state(turn, poll)
