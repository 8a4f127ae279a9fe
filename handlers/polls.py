"""Consensus polls: asking and settling."""

from bot.rules import consensus
from bot.rules import fiche as fiches
from bot.rules.consensus import Outcome
from bot.rules.facts import Code, EventId, Fact, Token
from bot.rules.fiche import Section, Sign
from bot.rules.refusal import Reason, Refused
from handlers import effects, overview, private
from handlers.traces import companion_slot, poll_slot
from handlers.turn import Say, Says, Turn
from locales.codes import Interference, Place, Subject
from storage import models as m
from storage.outbox import Act

_ASKING = {  # the command that asks again; decisions have one of their own
    Subject.ITEM: "amend",
    Subject.WHOLE: "fiche.close",
    Subject.FORM: "form",
    Subject.FEEDBACK: "fiche",
    Subject.INFORM: "inform",
}


def new(turn: Turn, case: m.Case, subject: Subject | str, before: m.Poll | None = None) -> m.Poll:
    """A poll about a case, not asked yet: the next number, or the next version of `before`."""
    meeting = turn.meeting()
    return m.Poll(
        meeting_id=meeting.id,
        case_id=case.id,
        number=before.number if before else turn.tx.polls.next_number(meeting),
        version=before.version + 1 if before else 1,
        subject=subject,
    )


def add(turn: Turn, poll: m.Poll, source: EventId | None = None) -> None:
    """Into the store, with ids that nobody can guess; nobody is asked yet."""
    case = turn.tx.cases.get(poll.case_id)
    poll.lane = turn.tx.meetings.lane(turn.meeting(), case)
    poll.agree_id, poll.object_id = turn.chance.token(), turn.chance.token()
    private.prepare(turn, poll)
    turn.tx.polls.add(poll, source)


def ask(turn: Turn, poll: m.Poll, **notes: Fact) -> Says:
    """Ask the roster: a native poll, and the message with the words to type beside it."""
    meeting, case = turn.meeting(), turn.tx.cases.get(poll.case_id)
    turn.require_whole(meeting, case)
    if turn.request.place is Place.SIDE:
        turn.require_readers(turn.tx.meetings.rostered(meeting, case))
    taken = turn.tx.meetings.taken_up(meeting, case)
    assert taken is not None
    taken.polled = True
    facts = {**_question(turn, poll, case), **notes}
    earlier = turn.tx.polls.version(meeting, poll.number, poll.version - 1)
    anchor = turn.tx.outbox.anchor(companion_slot(earlier)) if earlier else None
    native = Say("poll.opened", facts, poll.lane, Act.POLL, slot=poll_slot(poll))
    companion = Say("poll.opened", facts, poll.lane, slot=companion_slot(poll), reply_to=anchor)
    return [companion] if private.is_private(poll) else [native, companion]


def open_poll(turn: Turn, poll: m.Poll, source: EventId | None = None, **notes: Fact) -> Says:
    add(turn, poll, source)
    return ask(turn, poll, **notes)


def _question(turn: Turn, poll: m.Poll, case: m.Case) -> dict[str, Fact]:
    """What is asked, and by which ids it is answered."""
    answers: dict[str, Fact] = {"agree": Token(poll.agree_id), "object": Token(poll.object_id)}
    facts: dict[str, Fact] = {
        "poll": poll.id,
        "number": poll.number,
        "case": case.reference,
        "subject": Code(poll.subject),
        "version": poll.version,
        "private": private.is_private(poll) or None,
        "answers": None if private.is_private(poll) else answers,
        "attested": poll.attested or None,
        "direction": private.direction(turn.tx, poll),
    }
    if poll.section is not None:
        facts |= {"item": poll.number, **effects.item_facts(poll), "unsigned": _unsigned(poll)}
    if poll.subject == Subject.WHOLE:
        facts |= _whole(turn, case)
    return facts


def _whole(turn: Turn, case: m.Case) -> dict[str, Fact]:
    """The items of a form, in order; their words are found when it is rendered."""
    items = effects.standing_items(turn, turn.meeting(), case)
    return {"items": effects.form_rows(items), "one_sided": fiches.one_sided(map(_side, items))}


def _side(item: m.Poll) -> tuple[Section, Sign | None]:
    return Section(str(item.section)), Sign(item.sign) if item.sign else None


def _unsigned(item: m.Poll) -> bool | None:
    return fiches.unsigned(*_side(item)) or None


def require_none_open(turn: Turn, case: m.Case | None = None) -> None:
    """Nothing is being asked, or nothing about a case: another answer could change it."""
    for poll in turn.tx.polls.open_ones(turn.meeting()):
        if case is None or poll.case_id == case.id:
            raise Refused(Reason.POLLS_OPEN, number=poll.number)


def close(turn: Turn, number: int) -> Says:
    """The chair ends a poll; whoever has not answered has not consented (F01)."""
    poll = turn.tx.polls.newest(turn.meeting(), number)
    if poll is None or poll.waiting:
        raise Refused(Reason.UNKNOWN_POLL)
    turn.require_about(poll.case_id)
    if poll.outcome is not None:
        raise Refused(Reason.POLL_CLOSED)
    return settle(turn, poll)


def settle(turn: Turn, poll: m.Poll, *, dropped: bool = False) -> Says:
    """State the outcome, and let it take effect."""
    voters = turn.tx.meetings.voters(poll.meeting_id, poll.case_id)
    ballots = turn.tx.polls.ballots(poll)
    doubted = turn.tx.polls.doubted(poll)
    outcome = consensus.outcome(voters, ballots, doubted, secret=poll.secret)
    changed = outcome is Outcome.CONSENSUS and _is_changed(turn, poll)
    poll.outcome = Outcome.DROPPED if dropped or changed else outcome
    facts = _result(poll, turn.tx.cases.get(poll.case_id), len(voters))
    return _told(turn, poll, facts) + effects.follow(turn, poll)


def annul(turn: Turn, poll: m.Poll, interference: Interference) -> Says:
    """Nobody can be sure what the others see of a poll: it counts for nothing, and can be asked
    again. Deletions and edits can be forged, so they never do more than this (F01)."""
    effects.void(turn.tx, poll, ())
    voters = turn.tx.meetings.voters(poll.meeting_id, poll.case_id)
    facts: dict[str, Fact] = {
        **_result(poll, turn.tx.cases.get(poll.case_id), len(voters)),
        **dict.fromkeys(("amendable", "comes_back", "not_told")),
        "interference": interference,
        "usage": Code(_ASKING.get(Subject(poll.subject), "decide")),
    }
    return _told(turn, poll, facts)


def _told(turn: Turn, poll: m.Poll, facts: dict[str, Fact]) -> Says:
    """The outcome first: at a homeserver's rate limits each costs some seconds, and a native poll
    that is gone before it leaves the table with no word of what happened. Its removal and the
    edit of the figures show in their own places, so the outcome is the last word all the same."""
    return [
        Say("poll.closed", facts, poll.lane),
        *private.removed(turn.tx, poll),
        *overview.state(turn, poll),
    ]


def void_whole(turn: Turn, case: m.Case) -> Says:
    """Any change of the form, or of who is asked, ends the poll on the whole (F01)."""
    poll = turn.tx.polls.last_about(turn.meeting(), case, Subject.WHOLE)
    if poll is None or poll.outcome is not None:
        return []
    return settle(turn, poll, dropped=True)


def _is_changed(turn: Turn, poll: m.Poll) -> bool:
    """Whether the whole is another one than was asked about (F01)."""
    if poll.subject != Subject.WHOLE:
        return False
    items = effects.standing_items(turn, turn.meeting(), turn.tx.cases.get(poll.case_id))
    return poll.digest != turn.tx.polls.digest_of_all(items)


def _result(poll: m.Poll, case: m.Case, of: int) -> dict[str, Fact]:
    """How a poll among `of` people ended, and what follows from it."""
    decision = poll.subject in effects.DECISIONS
    agreed, failed = poll.outcome == Outcome.CONSENSUS, poll.outcome == Outcome.NO_CONSENSUS
    return {
        "poll": poll.id,
        "number": poll.number,
        "case": case.reference,
        "subject": Code(poll.subject),
        "version": poll.version,
        "outcome": Outcome(poll.outcome or ""),
        "of": of,
        "confidential": poll.secret,
        "effect": Code(poll.subject) if decision and agreed else None,
        "amendable": failed and poll.subject == Subject.ITEM,
        "comes_back": decision and (failed or poll.subject == Subject.MORE),
        "not_told": failed and poll.subject == Subject.INFORM,
    }
