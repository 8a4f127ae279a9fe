"""What holds words of the fiche in the room, and is redacted when the meeting closes (F08)."""

from collections.abc import Iterable

from bot.rules.facts import Code, EventId
from handlers.turn import Say, Says, Turn
from locales.codes import Subject
from storage import models as m
from storage.outbox import TABLE_LANE, Act


def redactions(turn: Turn, meeting: m.Meeting) -> Says:
    """Every message of the officer's and of ours that holds words of an item."""
    said = (redaction(event, lane) for lane, event in turn.tx.polls.traces(meeting))
    return [*said, *ours(turn.tx.polls.all_of(meeting))]


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
