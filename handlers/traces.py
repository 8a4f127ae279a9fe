"""What holds words of the fiche in the room, and is redacted when the meeting closes (F08)."""

from collections.abc import Iterable

from bot.rules.facts import Code, EventId
from handlers.turn import Say, Says, Turn
from locales.codes import Subject
from storage import models as m
from storage.outbox import TABLE_LANE, Act


def redactions(turn: Turn, meeting: m.Meeting) -> Says:
    """Every message of the officer's and of ours that holds words of an item; side rooms have
    been emptied before."""
    said = (redaction(event, lane) for lane, event in turn.tx.polls.traces(meeting))
    asked = turn.tx.polls.all_of(meeting)
    return [*said, *ours(poll for poll in asked if poll.lane >= TABLE_LANE)]


def of_lane(turn: Turn, meeting: m.Meeting, lane: int) -> Says:
    """All that was said in one room, remembered no longer."""
    kept = turn.tx.polls.traces(meeting)
    said = [redaction(event, lane) for where, event in kept if where == lane]
    turn.tx.polls.drop_traces(meeting, lane)
    return [*said, *ours(turn.tx.polls.in_lane(meeting, lane))]


def ours(polls: Iterable[m.Poll]) -> Says:
    """What we wrote ourselves with words of an item in it."""
    return [
        Say("redaction.failed", {"slot": Code(slot)}, poll.lane, Act.REDACT)
        for poll in polls
        if poll.subject == Subject.ITEM
        for slot in (poll_slot(poll), companion_slot(poll))
    ]


def redaction(event: EventId, lane: int = TABLE_LANE) -> Say:
    return Say("redaction.failed", {"event": event}, lane, Act.REDACT)


def poll_slot(poll: m.Poll) -> str:
    return f"poll-{poll.id}"


def companion_slot(poll: m.Poll) -> str:
    return f"companion-{poll.id}"


def progress_slot(poll: m.Poll) -> str:
    return f"progress-{poll.id}"
