"""The feedback form, word by word: only the information officer fills it in (F06, F07, F08)."""

from bot.rules import fiche as rules
from bot.rules.consensus import Outcome
from bot.rules.facts import EventId, Fact, FormCode, Reference
from bot.rules.fiche import (
    Confirmer,
    Direction,
    FicheState,
    FicheText,
    Phase,
    Section,
    Sign,
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
    for other in turn.tx.polls.open_ones(meeting):
        raise Refused(Reason.POLLS_OPEN, number=other.number)
    turn.tx.polls.begin_fiche(meeting, case, direction, FicheState.WANTED)
    says = side.open_if_needed(turn, meeting, case)
    asked = turn.tx.polls.last_about(meeting, case, Subject.FEEDBACK)
    poll = polls.new(turn, case, Subject.FEEDBACK, asked)
    return says + polls.open_poll(turn, poll, direction=direction)


def item(turn: Turn, section: Section, sign: Sign | None, phase: Phase | None, text: str) -> Says:
    """Propose an item; its words stay in the room, the store keeps a keyed digest (promise 1)."""
    case = _written_on(turn)
    rules.propose(section, sign, text)
    newest = turn.tx.polls.newest_items(turn.meeting(), case)
    rules.require_place(sum(one.outcome != Outcome.DROPPED for one in newest))
    poll = polls.new(turn, case, Subject.ITEM)
    poll.section, poll.phase = section, phase
    poll.sign = sign if section in rules.RISK_DOMAINS else None
    return [*polls.void_whole(turn, case), *_propose(turn, poll, text)]


def amend(turn: Turn, number: int, text: str) -> Says:
    """Another version and another poll, with other words or the same ones again; earlier answers
    say nothing of it (F01)."""
    before = _of_form(turn, number)
    case = turn.tx.cases.get(before.case_id)
    if before.subject == Subject.WHOLE:
        return _again(turn, case, before, text)
    if before.subject != Subject.ITEM:
        raise Refused(Reason.UNKNOWN_ITEM)
    _written_on(turn)
    _require_changeable(turn, before)
    if text:
        rules.check_text(text)
    says = polls.void_whole(turn, case) + _end(turn, before)
    poll = polls.new(turn, case, Subject.ITEM, before)
    poll.section, poll.sign, poll.phase = before.section, before.sign, before.phase
    if text:
        return says + _propose(turn, poll, text)
    poll.source, poll.line, poll.digest = before.source, before.line, before.digest
    return says + _put(turn, poll, None, {"same": True})


def form(turn: Turn, code: FormCode) -> Says:
    """The form as it stands on the screen, under the code of its file: one poll on that version,
    without a word of it here (F07, F08)."""
    meeting, fiche = _open_fiche(turn)
    if turn.table.fiche_text is not FicheText.SCREEN:
        raise Refused(Reason.NOT_ON_SCREEN)
    case = turn.tx.cases.get(fiche.case_id)
    before = turn.tx.polls.last_about(meeting, case, Subject.FORM)
    digest = turn.tx.polls.digest(code)
    if turn.tx.polls.called_secret(meeting, case.id, digest):
        raise Refused(Reason.SECRET_INSIDE)
    says = polls.settle(turn, before) if before is not None and before.outcome is None else []
    poll = polls.new(turn, case, Subject.FORM, before)
    poll.digest = digest
    return says + polls.open_poll(turn, poll, code=code)


def drop(turn: Turn, number: int) -> Says:
    """Take an item back: what is not proposed is not fed back (F07, F11)."""
    poll = _of_form(turn, number)
    if poll.subject != Subject.ITEM or poll.outcome == Outcome.DROPPED:
        raise Refused(Reason.UNKNOWN_ITEM)
    _require_changeable(turn, poll)
    says = polls.void_whole(turn, turn.tx.cases.get(poll.case_id))
    if poll.outcome is None and not poll.waiting:
        return says + polls.settle(turn, poll, dropped=True)
    poll.outcome, poll.waiting = Outcome.DROPPED, False
    return [*says, Say("item.dropped", {"number": number})]


def attest(turn: Turn, number: int, _confirmer: Confirmer) -> Says:
    """The officer declares, before all, that a psychiatrist or psychologist has confirmed it; that
    it was declared is kept, not by whom it was confirmed (F26)."""
    poll = _of_form(turn, number)
    if not poll.waiting:
        raise Refused(Reason.NOT_LOCKED)
    if poll.secret:
        raise Refused(Reason.SECRET_INSIDE)
    case = _written_on(turn)
    says = polls.void_whole(turn, case)  # an item more
    poll.waiting, poll.attested = False, True
    return says + polls.ask(turn, poll)


def close(turn: Turn) -> Says:
    """What has consensus goes to everybody once more, as a whole; nothing else leaves (F01)."""
    meeting, fiche = _open_fiche(turn)
    case = turn.tx.cases.get(fiche.case_id)
    _require_all_closed(turn)
    standing = effects.standing_items(turn, meeting, case)
    before = turn.tx.polls.last_about(meeting, case, Subject.WHOLE)
    digest = turn.tx.polls.digest_of_all(standing)
    refused = before is not None and before.outcome == Outcome.NO_CONSENSUS
    if standing and not (refused and before is not None and before.digest == digest):
        return _ask_whole(turn, case, before, digest)
    fiche.state = FicheState.CLOSED
    items = turn.tx.polls.newest_items(meeting, case)
    facts: dict[str, Fact] = {"case": case.reference, "agreed": len(standing), "of": len(items)}
    return [Say("fiche.closed", facts)]


def _propose(turn: Turn, poll: m.Poll, text: str) -> Says:
    poll.digest, poll.line = turn.tx.polls.digest(text), turn.request.line
    section = Section(str(poll.section))
    notes: dict[str, Fact] = {"undated": rules.undated(section, text) or None}
    return _put(turn, poll, turn.request.event_id, notes)


def _put(turn: Turn, poll: m.Poll, source: EventId | None, notes: dict[str, Fact]) -> Says:
    """Before the roster, or aside until it is attested."""
    assert poll.digest is not None
    if turn.tx.polls.called_secret(turn.meeting(), poll.case_id, poll.digest):
        raise Refused(Reason.SECRET_INSIDE)
    if not rules.locked(Section(str(poll.section))):
        return polls.open_poll(turn, poll, source, **notes)
    poll.waiting = True
    polls.add(turn, poll, source)
    return [Say("item.waiting", {"number": poll.number, "section": Section.PSYCH})]


def _again(turn: Turn, case: m.Case, before: m.Poll, text: str) -> Says:
    """The whole once more, as it stands: what is still open would come to stand in it unasked."""
    standing = effects.standing_items(turn, turn.meeting(), case)
    if text or not standing:
        raise Refused(Reason.UNKNOWN_ITEM)
    _require_all_closed(turn)
    return _ask_whole(turn, case, before, turn.tx.polls.digest_of_all(standing))


def _ask_whole(turn: Turn, case: m.Case, before: m.Poll | None, digest: bytes) -> Says:
    if turn.tx.polls.called_secret(turn.meeting(), case.id, digest):
        raise Refused(Reason.SECRET_INSIDE)
    side.require_only_roster(turn, turn.meeting(), case)
    poll = polls.new(turn, case, Subject.WHOLE, before)
    poll.digest = digest
    return polls.open_poll(turn, poll)


def _end(turn: Turn, poll: m.Poll) -> Says:
    """An earlier version is not asked about any more."""
    if poll.waiting:
        poll.outcome, poll.waiting = Outcome.DROPPED, False
    return polls.settle(turn, poll) if poll.outcome is None else []


def _require_all_closed(turn: Turn) -> None:
    for poll in turn.tx.polls.open_ones(turn.meeting()):
        raise Refused(Reason.POLLS_OPEN, number=poll.number)


def _open_fiche(turn: Turn) -> tuple[m.Meeting, m.Fiche]:
    """The form, once the table has agreed to feed back (F34)."""
    meeting = turn.session()
    fiche = turn.tx.polls.fiche(meeting)
    if fiche is None:
        raise Refused(Reason.NO_FICHE)
    turn.require_about(fiche.case_id)
    if fiche.state == FicheState.WANTED:
        raise Refused(Reason.NOT_WANTED_YET)
    return meeting, fiche


def _written_on(turn: Turn) -> m.Case:
    """The case whose form words are proposed for, where its roster and nobody else reads them
    (C15, C16)."""
    meeting, fiche = _open_fiche(turn)
    if turn.table.fiche_text is FicheText.SCREEN:
        raise Refused(Reason.ON_SCREEN)
    case = turn.tx.cases.get(fiche.case_id)
    side.require_all_in(turn, meeting, case)
    return case


def _of_form(turn: Turn, number: int) -> m.Poll:
    """The newest version of a number, if it belongs to the form that is open."""
    meeting, fiche = _open_fiche(turn)
    poll = turn.tx.polls.newest(meeting, number)
    if poll is None or poll.case_id != fiche.case_id:
        raise Refused(Reason.UNKNOWN_ITEM)
    return poll


def _require_changeable(turn: Turn, poll: m.Poll) -> None:
    later = turn.tx.polls.of_case(turn.meeting(), turn.tx.cases.get(poll.case_id))
    wholes = [one for one in later if one.subject == Subject.WHOLE and one.id > poll.id]
    refused = any(one.outcome == Outcome.NO_CONSENSUS for one in wholes)
    rules.require_changeable(adopted=effects.stands(turn, poll), refused_since=refused)
