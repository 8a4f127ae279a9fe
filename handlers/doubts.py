"""Doubt: what somebody did that may have been an objection rules consensus out until they say what
they mean (F01). They are told in private, and the table is told how many, never who."""

from collections.abc import Iterable

from bot.rules.consensus import Answer
from bot.rules.facts import EventId, Fact
from bot.rules.refusal import Reason, Refused
from handlers import overview, traces
from handlers.turn import Say, Says, Turn
from locales.codes import Cause
from storage import models as m


def unreadable(turn: Turn) -> Says:
    """It may have been an objection in any poll of theirs; in a side room, in one on its case. Its
    key mostly comes in a moment, so they are told later, if it does not (`bot.unread`)."""
    fresh = [
        poll
        for poll in asking(turn)
        if turn.tx.polls.doubt(poll, turn.me, turn.request.event_id, read=False)
    ]
    return figures(turn, fresh)


def attempted(turn: Turn) -> Says:
    """They tried to answer in a way that cannot be obeyed."""
    traces.ballot_in_direct_room(turn)
    return _doubted(turn, asking(turn), Cause.NOT_UNDERSTOOD)


def misdirected(turn: Turn, answer_id: str) -> Says:
    """An answer in a native poll that was refused. An objection may have been meant for the version
    that is asked now; an id that nobody gave out, for any poll."""
    polls, found = asking(turn), turn.tx.polls.by_answer(answer_id)
    poll = turn.tx.polls.by_secret(answer_id) if found is None else found[0]
    if found is not None and found[1] is Answer.AGREE:
        return []
    if poll is not None:
        polls = [one for one in polls if one.number == poll.number]
    return _doubted(turn, polls, Cause.NOT_UNDERSTOOD)


def withdraw(turn: Turn, poll_event: EventId | None) -> Says:
    """Somebody has taken an answer back in a native poll. Which they mean stands outside the
    encryption, so it counts for nothing but doubt: in that one if they are asked it, else in all
    of theirs."""
    turn.meeting()
    traces.ballot_in_direct_room(turn)
    polls = asking(turn)
    for poll in polls:
        slots = traces.poll_slot(poll), traces.private_slot(poll, turn.me)
        if poll_event in map(turn.tx.outbox.anchor, slots):
            return _doubted(turn, [poll], Cause.TAKEN_BACK)
    return _doubted(turn, polls, Cause.TAKEN_BACK)


def deleted(turn: Turn, event: EventId) -> Says:
    """An event that said yes was deleted. Deletions are not encrypted and can be forged, so they
    only ever take a yes away; an objection stands. One that is held back until the poll is closed
    cannot be noticed, like an objection that never comes."""
    polls = [poll for poll in turn.tx.polls.unsay_yes(event, turn.me) if poll.outcome is None]
    return _doubted(turn, polls, Cause.TAKEN_BACK)


def changed(turn: Turn, event: EventId | None, *, attempt: bool) -> Says:
    """A message was edited: one that said yes, or into an `attempt` to answer."""
    said = turn.tx.polls.unsay_yes(event, turn.me) if event is not None else []
    polls = [poll for poll in said if poll.outcome is None]
    if attempt:
        traces.ballot_in_direct_room(turn)
        polls += [poll for poll in asking(turn) if poll not in polls]
    return _doubted(turn, polls, Cause.CHANGED)


def still(turn: Turn, poll: m.Poll) -> Says:
    """A yes that does not end the doubt, since it may have been on its way before: said once."""
    slot = f"{_slot(turn, poll)}.{turn.tx.polls.last_mark(poll, turn.me)}"
    if not _pending(turn, poll) or poll.outcome is not None or turn.tx.outbox.has(slot):
        return []
    return [_told(turn, [poll], Cause.STILL, slot)]


def asking(turn: Turn) -> list[m.Poll]:
    """The open polls that the sender is asked; in a side room, those on its case."""
    meeting, here = turn.tx.meetings.running(), turn.request.case
    polls = turn.tx.polls.open_ones(meeting) if meeting is not None else ()
    return [one for one in polls if here in {None, one.case_id} and _rostered(turn, one)]


def figures(turn: Turn, polls: Iterable[m.Poll]) -> Says:
    """Each overview once, whatever number of its polls it is about."""
    of = {(poll.case_id, poll.lane): poll for poll in polls}
    return [say for poll in of.values() for say in overview.state(turn, poll)]


def require_one(polls: list[m.Poll]) -> m.Poll:
    """The poll that an answer without a number is for."""
    if len(polls) > 1:
        raise Refused(Reason.WHICH_POLL)
    if not polls:
        raise Refused(Reason.UNKNOWN_POLL)
    return polls[0]


def _doubted(turn: Turn, polls: Iterable[m.Poll], cause: Cause) -> Says:
    """Told once; what comes on top before they have said what they mean edits that message."""
    event = turn.request.event_id
    meant = [one for one in polls if not _objected(turn, one)]
    fresh = [one for one in meant if turn.tx.polls.doubt(one, turn.me, event, read=True)]
    if not fresh:
        return []
    pending = [one for one in asking(turn) if _pending(turn, one)]
    shown = list({one.id: one for one in (*pending, *fresh)}.values())
    return [_told(turn, shown, cause, _slot(turn, fresh[-1])), *figures(turn, fresh)]


def _told(turn: Turn, polls: Iterable[m.Poll], cause: Cause, slot: str) -> Say:
    """In their direct room, with what to type. Only who reads this knows the mark, so a yes that
    names it cannot be from before."""
    rows: tuple[Fact, ...] = tuple(
        {
            "number": one.number,
            "version": one.version,
            "mark": turn.tx.polls.last_mark(one, turn.me),
        }
        for one in sorted(polls, key=lambda one: one.number)
    )
    facts: dict[str, Fact] = {"member": turn.me, "cause": cause, "rows": rows}
    return Say("ballot.doubted", facts, int(turn.me), slot=slot)


def _pending(turn: Turn, poll: m.Poll) -> bool:
    polls = turn.tx.polls
    unnamed = polls.last_mark(poll, turn.me) > polls.named_mark(poll, turn.me)
    return unnamed and not _objected(turn, poll)


def _objected(turn: Turn, poll: m.Poll) -> bool:
    return turn.tx.polls.ballots(poll).get(turn.me) is Answer.OBJECT


def _slot(turn: Turn, poll: m.Poll) -> str:
    """Another message for another poll, and once they have said what they mean."""
    return f"doubt-{turn.me}-{poll.id}-{turn.tx.polls.named_mark(poll, turn.me)}"


def _rostered(turn: Turn, poll: m.Poll) -> bool:
    return turn.me in turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
