"""What others do to our polls with their clients: end, delete or change them."""

from bot.rules.facts import Account, EventId, Fact
from bot.rules.people import Right, entitled
from handlers import polls
from handlers.traces import companion_slot, poll_slot, private_slot
from handlers.turn import Say, Says, Turn
from locales.codes import Interference
from storage import models as m
from storage.tx import Tx


def shown_by(tx: Tx, event: EventId) -> tuple[m.Poll, Account | None] | None:
    """The open poll that an event of ours shows, and whose direct room it stands in, if one."""
    meeting = tx.meetings.running()
    for poll in tx.polls.open_ones(meeting) if meeting is not None else ():
        if event in map(tx.outbox.anchor, (poll_slot(poll), companion_slot(poll))):
            return poll, None
        for account in tx.meetings.roster(poll.meeting_id, poll.case_id):
            if tx.outbox.anchor(private_slot(poll, account)) == event:
                return poll, account
    return None


def ended(turn: Turn, event: EventId, *, powerful: bool) -> Says:
    """Somebody who is believed ended a poll: whoever may close it has closed it. Of anybody else
    clients believe it only if they are `powerful`, and may redact what others said (MSC3381)."""
    found = shown_by(turn.tx, event)
    if found is None:
        return []
    poll = found[0]
    if entitled(Right.CHAIR, turn.role, chairs=turn.chairs()):
        return polls.close(turn, poll.number)
    if powerful:
        return polls.annul(turn, poll, Interference.ENDED)
    facts: dict[str, Fact] = {"poll": poll.id, "number": poll.number, "version": poll.version}
    return [Say("poll.not_ended", facts, turn.me)]


def touched(turn: Turn, event: EventId, interference: Interference) -> Says:
    """Somebody did something to a poll, and nobody knows who: the homeserver may have made it
    up."""
    found = shown_by(turn.tx, event)
    return [] if found is None else polls.annul(turn, found[0], interference)
