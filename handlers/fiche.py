"""The feedback form: whether at all, and as a whole; the officer fills it in (F06-F08, F34)."""

from bot.rules import retention
from bot.rules.consensus import Outcome
from bot.rules.facts import Fact, FormCode, Reference
from bot.rules.fiche import (
    Confirmer,
    Direction,
    FicheState,
    FicheText,
    declared,
)
from bot.rules.refusal import Reason, Refused
from handlers import effects, polls, side
from handlers.cases import on_floor
from handlers.turn import Say, Says, Turn
from locales.codes import Subject
from storage import models as m


def open_(turn: Turn, reference: Reference, direction: Direction) -> Says:
    """Ask whether anything is fed back at all (F34); the form is opened once all agree."""
    meeting, case = on_floor(turn, reference)
    if turn.tx.polls.fiche(meeting) is not None:
        raise Refused(Reason.FICHE_OPEN)
    before = turn.tx.polls.fiche_of(meeting, case)
    if before is not None and before.state == FicheState.ADOPTED:
        raise Refused(Reason.FICHE_ADOPTED)
    polls.require_none_open(turn)
    turn.tx.polls.begin_fiche(meeting, case, direction, FicheState.WANTED)
    says = side.open_if_needed(turn, meeting, case)
    asked = turn.tx.polls.last_about(meeting, case, Subject.FEEDBACK)
    poll = polls.new(turn, case, Subject.FEEDBACK, asked)
    return says + polls.open_poll(turn, poll)


def form(turn: Turn, code: FormCode, confirmer: Confirmer | None) -> Says:
    """The form as it stands on the screen, under the code of its file: one poll on that version,
    without a word of it here (F07, F08). What it says of mental disorders has been confirmed, or
    it says nothing of them: the officer declares which, before all (F26)."""
    meeting, fiche = open_form(turn)
    if turn.table.fiche_text is not FicheText.SCREEN:
        raise Refused(Reason.NOT_ON_SCREEN)
    attested = declared(confirmer)
    case = turn.tx.cases.get(fiche.case_id)
    before = turn.tx.polls.last_about(meeting, case, Subject.FORM)
    digest = turn.tx.polls.digest(code)
    if turn.tx.polls.called_secret(meeting, case.id, digest):
        raise Refused(Reason.SECRET_INSIDE)
    says = polls.settle(turn, before) if before is not None and before.outcome is None else []
    poll = polls.new(turn, case, Subject.FORM, before)
    poll.digest, poll.attested = digest, attested
    return says + polls.open_poll(turn, poll, code=code)


def close(turn: Turn) -> Says:
    """What has consensus goes to everybody once more, as a whole; nothing else leaves (F01)."""
    meeting, fiche = open_form(turn)
    case = turn.tx.cases.get(fiche.case_id)
    polls.require_none_open(turn)
    over = _over(turn, meeting, case)
    if not over:
        turn.require_whole(meeting, case)  # who is missing can still be put on it
    standing = [] if over else effects.standing_items(turn, meeting, case)
    before = turn.tx.polls.last_about(meeting, case, Subject.WHOLE)
    digest = turn.tx.polls.digest_of_all(standing)
    refused = before is not None and before.outcome == Outcome.NO_CONSENSUS
    if standing and not (refused and before is not None and before.digest == digest):
        return _ask_whole(turn, case, before, digest)
    fiche.state = FicheState.CLOSED
    items = turn.tx.polls.newest_items(meeting, case)
    facts: dict[str, Fact] = {"case": case.reference, "agreed": len(standing), "of": len(items)}
    return [Say("fiche.closed", facts)]


def _over(turn: Turn, meeting: m.Meeting, case: m.Case) -> bool:
    """Whether nothing can be asked any more: somebody has left, or the case's year has ended."""
    left = not all(turn.tx.meetings.roster(meeting, case).values())
    return left or retention.expired(case.expires_on, turn.today)


def ask_whole_again(turn: Turn, case: m.Case, before: m.Poll, *, same: bool) -> Says:
    """The whole once more, as it stands: what is still open would come to stand in it unasked."""
    standing = effects.standing_items(turn, turn.meeting(), case)
    if not same or not standing:
        raise Refused(Reason.UNKNOWN_ITEM)
    polls.require_none_open(turn)
    return _ask_whole(turn, case, before, turn.tx.polls.digest_of_all(standing))


def _ask_whole(turn: Turn, case: m.Case, before: m.Poll | None, digest: bytes) -> Says:
    if turn.tx.polls.called_secret(turn.meeting(), case.id, digest):
        raise Refused(Reason.SECRET_INSIDE)
    side.require_only_roster(turn, turn.meeting(), case)
    poll = polls.new(turn, case, Subject.WHOLE, before)
    poll.digest = digest
    return polls.open_poll(turn, poll)


def open_form(turn: Turn) -> tuple[m.Meeting, m.Fiche]:
    """The form, once the table has agreed to feed back (F34)."""
    meeting = turn.session()
    fiche = turn.tx.polls.fiche(meeting)
    if fiche is None:
        raise Refused(Reason.NO_FICHE)
    turn.require_about(fiche.case_id)
    if fiche.state == FicheState.WANTED:
        raise Refused(Reason.NOT_WANTED_YET)
    return meeting, fiche


def written_on(turn: Turn) -> m.Case:
    """The case whose form words are proposed for, where its roster and nobody else reads them
    (C15, C16)."""
    meeting, fiche = open_form(turn)
    if turn.table.fiche_text is FicheText.SCREEN:
        raise Refused(Reason.ON_SCREEN)
    case = turn.tx.cases.get(fiche.case_id)
    side.require_all_in(turn, meeting, case)
    return case


def of_form(turn: Turn, number: int) -> m.Poll:
    """The newest version of a number, if it belongs to the form that is open."""
    meeting, fiche = open_form(turn)
    poll = turn.tx.polls.newest(meeting, number)
    if poll is None or poll.case_id != fiche.case_id:
        raise Refused(Reason.UNKNOWN_ITEM)
    return poll
