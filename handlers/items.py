"""The items of the feedback form, word by word: proposed, amended, dropped, attested (F06-F11)."""

from bot.rules import fiche as rules
from bot.rules.consensus import Outcome
from bot.rules.facts import EventId, Fact
from bot.rules.fiche import Confirmer, Phase, Section, Sign
from bot.rules.refusal import Reason, Refused
from handlers import effects, personal, polls
from handlers.fiche import ask_whole_again, of_form, written_on
from handlers.turn import Say, Says, Turn
from locales.codes import Subject
from storage import models as m


def item(turn: Turn, section: Section, sign: Sign | None, phase: Phase | None, text: str) -> Says:
    """Propose an item; its words stay in the room, the store keeps a keyed digest (promise 1)."""
    case = written_on(turn)
    _require_words(text)
    newest = turn.tx.polls.newest_items(turn.meeting(), case)
    rules.require_place(sum(one.outcome != Outcome.DROPPED for one in newest))
    poll = polls.new(turn, case, Subject.ITEM)
    poll.section, poll.phase = section, phase
    poll.sign = rules.weighed(section, sign)
    return [*polls.void_whole(turn, case), *_propose(turn, poll, text)]


def amend(turn: Turn, number: int, sign: Sign | None, text: str) -> Says:
    """Another version and another poll, with other words or the same ones again, and with another
    sign if one is typed; earlier answers say nothing of it (F01, F21)."""
    before = of_form(turn, number)
    case = turn.tx.cases.get(before.case_id)
    if before.subject == Subject.WHOLE:
        return ask_whole_again(turn, case, before, same=sign is None and not text)
    if before.subject != Subject.ITEM:
        raise Refused(Reason.UNKNOWN_ITEM)
    written_on(turn)
    _require_changeable(turn, before)
    if text:
        _require_words(text)
    says = polls.void_whole(turn, case) + _end(turn, before)
    poll = polls.new(turn, case, Subject.ITEM, before)
    poll.section, poll.phase = before.section, before.phase
    poll.sign = rules.weighed(Section(str(before.section)), sign) or before.sign
    if text:
        return says + _propose(turn, poll, text)
    poll.source, poll.line, poll.digest = before.source, before.line, before.digest
    return says + _put(turn, poll, None, {"same": True})


def drop(turn: Turn, number: int) -> Says:
    """Take an item back: what is not proposed is not fed back (F07, F11)."""
    poll = of_form(turn, number)
    if poll.subject != Subject.ITEM or poll.outcome == Outcome.DROPPED:
        raise Refused(Reason.UNKNOWN_ITEM)
    _require_changeable(turn, poll)
    says = polls.void_whole(turn, turn.tx.cases.get(poll.case_id))
    if poll.outcome is None and not poll.waiting:
        return says + polls.settle(turn, poll, dropped=True)
    poll.outcome, poll.waiting = Outcome.DROPPED, False
    return [*says, Say("item.dropped", {"number": number})]


def attest(turn: Turn, number: int, confirmer: Confirmer) -> Says:
    """The officer declares, before all, that a psychiatrist or psychologist has confirmed it; that
    it was declared is kept, not by whom it was confirmed (F26)."""
    poll = of_form(turn, number)
    if not poll.waiting:
        raise Refused(Reason.NOT_LOCKED)
    if poll.secret:
        raise Refused(Reason.SECRET_INSIDE)
    rules.require_confirmed(confirmer)
    case = written_on(turn)
    says = polls.void_whole(turn, case)  # an item more
    poll.waiting, poll.attested = False, True
    return says + polls.ask(turn, poll)


def _propose(turn: Turn, poll: m.Poll, text: str) -> Says:
    poll.digest, poll.line = turn.tx.polls.digest(text), turn.request.line
    section = Section(str(poll.section))
    notes: dict[str, Fact] = {"undated": rules.undated(section, text) or None}
    return _put(turn, poll, turn.request.event_id, notes)


def _require_words(text: str) -> None:
    as_allowed = text[: rules.TEXT_LIMIT]  # a longer one is refused anyway
    rules.check_text(text, personal=personal.identifies(as_allowed))


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


def _end(turn: Turn, poll: m.Poll) -> Says:
    """An earlier version is not asked about any more."""
    if poll.waiting:
        poll.outcome, poll.waiting = Outcome.DROPPED, False
    return polls.settle(turn, poll) if poll.outcome is None else []


def _require_changeable(turn: Turn, poll: m.Poll) -> None:
    later = turn.tx.polls.of_case(turn.meeting(), turn.tx.cases.get(poll.case_id))
    wholes = [one for one in later if one.subject == Subject.WHOLE and one.id > poll.id]
    refused = any(one.outcome == Outcome.NO_CONSENSUS for one in wholes)
    rules.require_changeable(adopted=effects.stands(turn, poll), refused_since=refused)
