"""Consensus polls: opening, answering, settling."""

from bot.rules import consensus
from bot.rules.consensus import Answer, Outcome
from bot.rules.decision import Decision, forgets
from bot.rules.facts import Code, EventId, Fact, Token
from bot.rules.notification import CaseState
from bot.rules.refusal import Reason, Refused
from handlers.traces import companion_slot, ours, poll_slot, progress_slot
from handlers.turn import Say, Says, Turn
from locales.codes import Subject
from storage import models as m
from storage.outbox import TABLE_LANE, Act


def open_poll(turn: Turn, meeting: m.Meeting, poll: m.Poll, source: EventId | None = None) -> Says:
    """Ask the roster: a native poll, and the message with the words to type beside it."""
    roster = turn.tx.meetings.roster(meeting, poll.case_id)
    if not all(roster.values()):
        raise Refused(Reason.ROSTER_BROKEN)
    poll.agree_id, poll.object_id = turn.chance.token(), turn.chance.token()
    turn.tx.polls.add(poll, source)
    case = turn.tx.cases.get(poll.case_id)
    taken = turn.tx.meetings.taken_up(meeting, case)
    assert taken is not None
    taken.polled = True
    facts = _question(poll, case)
    earlier = turn.tx.polls.version(meeting, poll.number, poll.version - 1)
    return [
        Say("poll.opened", facts, TABLE_LANE, Act.POLL, slot=poll_slot(poll)),
        Say(
            "poll.opened",
            facts,
            TABLE_LANE,
            slot=companion_slot(poll),
            reply_to=turn.tx.outbox.anchor(companion_slot(earlier)) if earlier else None,
        ),
    ]


def _question(poll: m.Poll, case: m.Case) -> dict[str, Fact]:
    """What is asked, and by which ids it is answered."""
    answers: dict[str, Fact] = {"agree": Token(poll.agree_id), "object": Token(poll.object_id)}
    return {
        "poll": poll.id,
        "number": poll.number,
        "case": case.reference,
        "subject": Code(poll.subject),
        "item": poll.number if poll.subject == Subject.ITEM else None,
        "section": Code(poll.section) if poll.section else None,
        "sign": Code(poll.sign) if poll.sign else None,
        "version": poll.version,
        "answers": answers,
    }


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
    """Something could not be read: it may have been an objection in any poll of theirs (F01)."""
    meeting = turn.tx.meetings.running()
    polls = turn.tx.polls.open_ones(meeting) if meeting is not None else ()
    fresh = [
        poll
        for poll in polls
        if _rostered(turn, poll) and turn.tx.polls.doubt(poll, turn.me, turn.request.event_id)
    ]
    return [progress(turn, poll) for poll in fresh]


def clear(turn: Turn) -> Says:
    """It was read after all, and has had its effect if it had one."""
    says: Says = []
    for poll in turn.tx.polls.read(turn.request.event_id, turn.me):
        if poll.outcome is None:
            says += _settle_or_progress(turn, poll)
    return says


def _rostered(turn: Turn, poll: m.Poll) -> bool:
    return turn.me in turn.tx.meetings.roster(poll.meeting_id, poll.case_id)


def stands(turn: Turn, poll: m.Poll) -> bool:
    """Whether the table still agrees: who left or came since takes the consensus on an item
    along (F01); a decision has taken effect."""
    if poll.outcome != Outcome.CONSENSUS or poll.subject != Subject.ITEM:
        return poll.outcome == Outcome.CONSENSUS
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    return consensus.outcome(roster, turn.tx.polls.ballots(poll)) is Outcome.CONSENSUS


def cast(turn: Turn, poll: m.Poll, answer: Answer) -> Says:
    """Count an answer of somebody on the roster; an objection is final (F01, C15)."""
    if poll.outcome is not None:
        raise Refused(Reason.POLL_CLOSED)
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    if not roster.get(turn.me):
        raise Refused(Reason.NOT_ON_ROSTER)
    if answer is Answer.AGREE:
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
    return Say("poll.progress", facts, TABLE_LANE, slot=progress_slot(poll))


def close(turn: Turn, number: int) -> Says:
    """The chair ends a poll; whoever has not answered has not consented (F01)."""
    poll = turn.tx.polls.newest(turn.meeting(), number)
    if poll is None:
        raise Refused(Reason.UNKNOWN_POLL)
    if poll.outcome is not None:
        raise Refused(Reason.POLL_CLOSED)
    return settle(turn, poll)


def settle(turn: Turn, poll: m.Poll) -> Says:
    """State the outcome, and let a decision take effect."""
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    ballots = turn.tx.polls.ballots(poll)
    outcome = consensus.outcome(roster, ballots, turn.tx.polls.doubted(poll))
    poll.outcome = outcome
    case = turn.tx.cases.get(poll.case_id)
    facts = _result(poll, case, outcome, len(roster))
    says = [  # the outcome first: at a homeserver's rate limits each costs some seconds
        Say("poll.closed", facts, TABLE_LANE),
        Say("poll.closed", {"slot": Code(poll_slot(poll))}, TABLE_LANE, Act.POLL_END),
        progress(turn, poll),
    ]
    if facts["effect"] is not None:
        says += _take_effect(turn, case, Decision(poll.subject))
    return says


def _result(poll: m.Poll, case: m.Case, outcome: Outcome, of: int) -> dict[str, Fact]:
    """How a poll among `of` people ended, and what follows from it."""
    decision = poll.subject != Subject.ITEM
    agreed, failed = outcome is Outcome.CONSENSUS, outcome is Outcome.NO_CONSENSUS
    return {
        "poll": poll.id,
        "number": poll.number,
        "case": case.reference,
        "subject": Code(poll.subject),
        "version": poll.version,
        "outcome": outcome,
        "of": of,
        "effect": Code(poll.subject) if decision and agreed else None,
        "amendable": failed and not decision,
        "comes_back": failed and decision,
    }


def _take_effect(turn: Turn, case: m.Case, decision: Decision) -> Says:
    """Follow it (Q13), or forget it at once, with the words of its items in the room (Q05)."""
    if not forgets(decision):
        case.state = CaseState.FOLLOWED
        case.notifier_id = None  # whoever brought it is no more bound to it than the others
        return []
    words = ours(turn.tx.polls.of_case(turn.meeting(), case))
    turn.tx.cases.forget(case)
    return words
