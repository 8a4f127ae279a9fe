"""Private ballots: everybody answers in their own direct room, the table sees counts (F01)."""

from bot.rules.consensus import BallotMode
from bot.rules.facts import Code, Fact, Token
from handlers.traces import companion_slot, poll_slot, private_slot, redaction_of
from handlers.turn import Say, Says, Turn
from locales.codes import WORDED, Subject
from storage import models as m
from storage.outbox import Act
from storage.tx import Tx

_OF_FORM = {Subject.FEEDBACK, Subject.WHOLE, Subject.FORM}


def prepare(turn: Turn, poll: m.Poll) -> None:
    """A poll stays what it was opened as, also if the setting changes meanwhile."""
    if turn.table.ballot is BallotMode.PRIVATE:
        poll.secret_id = turn.chance.token()


def is_private(poll: m.Poll) -> bool:
    return poll.secret_id is not None


def shown(tx: Tx, poll: m.Poll) -> bool:
    """Whether the table could read what is asked: nobody answers before."""
    slot = companion_slot(poll) if is_private(poll) else poll_slot(poll)
    return tx.outbox.anchor(slot) is not None


def asked(tx: Tx, poll: m.Poll) -> Says:
    """A native poll for everybody on the roster who has none yet, once its words are shown."""
    if not is_private(poll) or poll.outcome is not None or not shown(tx, poll):
        return []
    roster = tx.meetings.roster(poll.meeting_id, poll.case_id)
    facts = _question(tx, poll)
    return [
        Say("poll.asked", facts, account, Act.POLL, slot=private_slot(poll, account))
        for account, there in roster.items()
        if there and not tx.outbox.has(private_slot(poll, account))
    ]


def removed(tx: Tx, poll: m.Poll) -> Says:
    """The native poll of a settled one is redacted, wherever it stands. To end it would not do:
    clients then show a winner of their own count, without what was typed, and whatever one
    objection means here."""
    if not is_private(poll):
        return [redaction_of(poll_slot(poll), poll.lane)]
    roster = tx.meetings.roster(poll.meeting_id, poll.case_id)
    slots = {account: private_slot(poll, account) for account in roster}
    return [
        redaction_of(slot, account)
        for account, slot in slots.items()
        if not tx.outbox.drop_untried(slot)
    ]


def _question(tx: Tx, poll: m.Poll) -> dict[str, Fact]:
    """Without the words of an item: they stand in the room of the case and nowhere else."""
    answers: dict[str, Fact] = {"agree": Token(poll.agree_id), "object": Token(poll.object_id)}
    if poll.subject in WORDED and poll.secret_id is not None:
        answers["secret"] = Token(poll.secret_id)
    return {
        "poll": poll.id,
        "number": poll.number,
        "case": tx.cases.get(poll.case_id).reference,
        "subject": Code(poll.subject),
        "section": Code(poll.section) if poll.section else None,
        "sign": Code(poll.sign) if poll.sign else None,
        "phase": Code(poll.phase) if poll.phase else None,
        "attested": poll.attested or None,
        "direction": direction(tx, poll),
        "version": poll.version,
        "answers": answers,
    }


def direction(tx: Tx, poll: m.Poll) -> Code | None:
    """Of the form that is asked about, at all or as a whole (F15, F34)."""
    meeting = tx.meetings.running()
    if poll.subject not in _OF_FORM or meeting is None:
        return None
    fiche = tx.polls.fiche_of(meeting, poll.case_id)
    return Code(fiche.direction) if fiche is not None else None
