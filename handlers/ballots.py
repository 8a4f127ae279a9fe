"""Answering a poll: in the native one, or by a typed word."""

from bot.rules import consensus
from bot.rules.consensus import Answer
from bot.rules.facts import EventId
from bot.rules.refusal import Reason, Refused
from handlers import overview, private, traces
from handlers.polls import settle
from handlers.turn import Say, Says, Turn
from locales.codes import WORDED, Place
from storage import models as m

Meant = tuple[int, int | None]  # the number of a poll, and the version if one is named


def agree(turn: Turn, meant: Meant) -> Says:
    """A yes is to the words it was typed for. It may have been on its way since before they were
    changed, or be held back by the homeserver: to a later version one must name it (F01)."""
    poll = _shown(turn, meant)
    if poll.outcome is None and poll.version > 1 and meant[1] is None:
        raise Refused(Reason.VERSION_MISSING, number=poll.number, version=poll.version)
    return [*_noted(turn, poll), *cast(turn, poll, Answer.AGREE)]


def object_(turn: Turn, meant: Meant) -> Says:
    poll = _shown(turn, meant)
    return [*_noted(turn, poll), *cast(turn, poll, Answer.OBJECT)]


def secret(turn: Turn, meant: Meant) -> Says:
    """Somebody says, without being seen, that the words hold a secret of theirs (F05)."""
    poll = _shown(turn, meant)
    return [*_noted(turn, poll), *_call_secret(turn, poll)]


def answer_by_id(turn: Turn, answer_id: str) -> Says:
    """An answer in a native poll; its id belongs to one version of one item only."""
    if (poll := turn.tx.polls.by_secret(answer_id)) is not None:
        return [*_call_secret(turn, poll), traces.redaction(turn.request.event_id, turn.me)]
    found = turn.tx.polls.by_answer(answer_id)
    if found is None:
        raise Refused(Reason.POLL_CLOSED)
    says = cast(turn, *found)
    _trace(turn)
    return says


def withdraw(turn: Turn, poll_event: EventId | None) -> Says:
    """Somebody has taken an answer back. Which poll they mean stands outside the encryption, so
    it counts for nothing but doubt: no consensus while they have not said it themselves (F01)."""
    _trace(turn)
    for poll in turn.tx.polls.open_ones(turn.meeting()):
        slots = traces.poll_slot(poll), traces.private_slot(poll, turn.me)
        if poll_event in map(turn.tx.outbox.anchor, slots) and _rostered(turn, poll):
            turn.tx.polls.doubt(poll, turn.me, turn.request.event_id)
            told = Say("ballot.taken_back", {"poll": poll.id, "number": poll.number})
            return [told, *overview.state(turn, poll)]
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
    return _figures(turn, fresh)


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
    return [*asked, *_figures(turn, polls)]


def cast(turn: Turn, poll: m.Poll, answer: Answer) -> Says:
    """Count an answer of somebody on the roster; an objection is final (F01, C15)."""
    _require_may_answer(turn, poll)
    if answer is Answer.AGREE:  # an objection counts wherever it is made
        if turn.request.place is not Place.DIRECT and turn.request.lane != poll.lane:
            raise Refused(Reason.ANOTHER_ROOM)
        turn.require_safe(turn.meeting())
    ballots = turn.tx.polls.ballots(poll)
    turn.tx.polls.record(poll, turn.me, consensus.cast(ballots.get(turn.me), answer))
    return _settle_or_show(turn, poll)


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


def _shown(turn: Turn, meant: Meant) -> m.Poll:
    """The newest version of a poll; nobody answers what has not been shown yet, or is not asked
    any more."""
    number, version = meant
    poll = turn.tx.polls.newest(turn.meeting(), number)
    if poll is None or (poll.outcome is None and not private.shown(turn.tx, poll)):
        raise Refused(Reason.UNKNOWN_POLL)
    if version not in {None, poll.version}:
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


def _trace(turn: Turn) -> None:
    """A ballot in a direct room is redacted at the close; those in other rooms are known."""
    if turn.request.place is Place.DIRECT:
        turn.tx.polls.trace(turn.meeting(), turn.request.event_id, turn.me, ballot=True)


def _settle_or_show(turn: Turn, poll: m.Poll) -> Says:
    voters = turn.tx.meetings.voters(poll.meeting_id, poll.case_id)
    ballots, doubted = turn.tx.polls.ballots(poll), turn.tx.polls.doubted(poll)
    if consensus.answered_by_all(voters, ballots, doubted, secret=poll.secret):
        return settle(turn, poll)
    return overview.state(turn, poll)


def _figures(turn: Turn, polls: list[m.Poll]) -> Says:
    """Each overview once, whatever number of its polls it is about."""
    of = {(poll.case_id, poll.lane): poll for poll in polls}
    return [say for poll in of.values() for say in overview.state(turn, poll)]


def _rostered(turn: Turn, poll: m.Poll) -> bool:
    return turn.me in turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
