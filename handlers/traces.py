"""What is redacted when a meeting closes: words of the fiche (F08), polls and ballots (R11)."""

from collections.abc import Iterable, Sequence

from bot.rules.facts import Account, Code, EventId
from handlers.turn import Say, Says, Turn
from locales.codes import WORDED, Place
from storage import models as m
from storage.outbox import TABLE_LANE, Act
from storage.tx import Tx


def redactions(turn: Turn, meeting: m.Meeting, before: Sequence[Say]) -> Says:
    """Every message of the officer's and of ours that holds words of an item; side rooms have
    been emptied before. `before`: what is said and redacted before."""
    traced = turn.tx.polls.traces(meeting, ballots=False)
    said = (redaction(event, lane) for lane, event in traced)
    asked = turn.tx.polls.all_of(meeting)
    return [*said, *ours(turn.tx, (poll for poll in asked if poll.lane >= TABLE_LANE), before)]


def of_lane(turn: Turn, meeting: m.Meeting, lane: int, before: Sequence[Say]) -> Says:
    """All that was said in one room, words first, remembered no longer."""
    kept = [
        one for ballots in (False, True) for one in turn.tx.polls.traces(meeting, ballots=ballots)
    ]
    said = [redaction(event, lane) for where, event in kept if where == lane]
    turn.tx.polls.drop_traces(meeting, lane)
    slots = [slot for where, slot in _standing(turn.tx, before) if where == lane]
    return [*said, *(redaction_of(slot, lane) for slot in slots)]


def of_the_polls(turn: Turn, meeting: m.Meeting, before: Sequence[Say]) -> Says:
    """Everything else that polls have left: ballots, and what we said beside the polls."""
    traced = turn.tx.polls.traces(meeting, ballots=True)
    left = _standing(turn.tx, before)
    return [
        *(redaction(event, lane) for lane, event in traced),
        *(redaction_of(slot, lane) for lane, slot in left if lane >= TABLE_LANE),
    ]


def of_direct_room(tx: Tx, account: Account) -> Says:
    """The polls in the direct room of somebody who leaves the table: after them nobody knows
    which events those are."""
    slots = [slot for lane, slot in tx.outbox.slots(*_OF_POLLS) if lane == account]
    asked = [tx.outbox.anchor(slot) for slot in slots]
    return [redaction(event, account) for event in asked if event is not None]


def _standing(tx: Tx, before: Sequence[Say]) -> list[tuple[int, str]]:
    """The lanes and slots of what polls have left that nothing redacts yet: neither what waits in
    the outbox, nor what is written there after this."""
    about_to_go = {say.facts.get("slot") for say in before if say.act is Act.REDACT}
    gone = about_to_go | tx.outbox.being_redacted()
    return [(lane, slot) for lane, slot in tx.outbox.slots(*_OF_POLLS) if slot not in gone]


def ours(tx: Tx, polls: Iterable[m.Poll], before: Sequence[Say] = ()) -> Says:
    """What we wrote ourselves with words of an item in it, and still stands."""
    left = {slot for _, slot in _standing(tx, before)}
    return [
        redaction_of(slot, poll.lane)
        for poll in polls
        if poll.subject in WORDED
        for slot in (poll_slot(poll), companion_slot(poll))
        if slot in left
    ]


def ballot_in_direct_room(turn: Turn) -> None:
    """It is redacted at the close, answer or attempt; those in other rooms are known."""
    meeting = turn.tx.meetings.running()
    if meeting is not None and turn.request.place is Place.DIRECT:
        turn.tx.polls.trace(meeting, turn.request.event_id, turn.me, ballot=True)


def redaction(event: EventId, lane: int = TABLE_LANE) -> Say:
    return Say("redaction.failed", {"event": event}, lane, Act.REDACT)


def redaction_of(slot: str, lane: int) -> Say:
    return Say("redaction.failed", {"slot": Code(slot)}, lane, Act.REDACT)


def poll_slot(poll: m.Poll) -> str:
    return f"poll-{poll.id}"


def companion_slot(poll: m.Poll) -> str:
    return f"companion-{poll.id}"


def private_slot(poll: m.Poll, account: int) -> str:
    """The poll in somebody's direct room."""
    return f"poll-{poll.id}-{account}"


_OF_POLLS = ("poll-", "companion-")
