"""Consensus polls: opening and settling."""

from bot.rules import consensus
from bot.rules.consensus import Outcome
from bot.rules.decision import Decision, forgets
from bot.rules.facts import Code, EventId, Fact, Token
from bot.rules.notification import CaseState
from bot.rules.refusal import Reason, Refused
from handlers import overview
from handlers.traces import companion_slot, ours, poll_slot
from handlers.turn import Say, Says, Turn
from locales.codes import Place, Subject
from storage import models as m
from storage.outbox import Act


def open_poll(turn: Turn, meeting: m.Meeting, poll: m.Poll, source: EventId | None = None) -> Says:
    """Ask the roster: a native poll, and the message with the words to type beside it."""
    roster = turn.tx.meetings.roster(meeting, poll.case_id)
    if not all(roster.values()):
        raise Refused(Reason.ROSTER_BROKEN)
    if turn.request.place is Place.SIDE:
        turn.require_readers(roster)
    poll.lane = turn.tx.meetings.lane(meeting, turn.tx.cases.get(poll.case_id))
    poll.agree_id, poll.object_id = turn.chance.token(), turn.chance.token()
    turn.tx.polls.add(poll, source)
    case = turn.tx.cases.get(poll.case_id)
    taken = turn.tx.meetings.taken_up(meeting, case)
    assert taken is not None
    taken.polled = True
    facts = _question(poll, case)
    earlier = turn.tx.polls.version(meeting, poll.number, poll.version - 1)
    return [
        Say("poll.opened", facts, poll.lane, Act.POLL, slot=poll_slot(poll)),
        Say(
            "poll.opened",
            facts,
            poll.lane,
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


def stands(turn: Turn, poll: m.Poll) -> bool:
    """Whether the table still agrees: who left or came since takes the consensus on an item
    along (F01); a decision has taken effect."""
    if poll.outcome != Outcome.CONSENSUS or poll.subject != Subject.ITEM:
        return poll.outcome == Outcome.CONSENSUS
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    return consensus.outcome(roster, turn.tx.polls.ballots(poll)) is Outcome.CONSENSUS


def close(turn: Turn, number: int) -> Says:
    """The chair ends a poll; whoever has not answered has not consented (F01)."""
    poll = turn.tx.polls.newest(turn.meeting(), number)
    if poll is None:
        raise Refused(Reason.UNKNOWN_POLL)
    turn.require_about(poll.case_id)
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
        Say("poll.closed", facts, poll.lane),
        Say("poll.closed", {"slot": Code(poll_slot(poll))}, poll.lane, Act.POLL_END),
        overview.progress(turn, poll),
    ]
    if facts["effect"] is not None:
        says += _take_effect(turn, case, Decision(poll.subject))
    return says


def void(poll: m.Poll) -> None:
    """Nobody can agree to what nobody was shown, or is shown any more."""
    if poll.outcome is None:
        poll.outcome = Outcome.NO_CONSENSUS


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
