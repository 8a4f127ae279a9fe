"""The feedback form, item by item: only the information officer proposes (F06, F07, F08)."""

from bot.rules import fiche as rules
from bot.rules.facts import Fact, Reference
from bot.rules.fiche import Direction, FicheState, Section, Sign
from bot.rules.refusal import Reason, Refused
from handlers import polls, side
from handlers.cases import on_table
from handlers.turn import Say, Says, Turn
from locales.codes import Subject
from storage import models as m


def open_(turn: Turn, reference: Reference, direction: Direction) -> Says:
    """Open the form of a case whose roster was stated aloud (F06, F16)."""
    meeting, case = on_table(turn, reference)
    if turn.tx.polls.fiche(meeting) is not None:
        raise Refused(Reason.FICHE_OPEN)
    turn.tx.polls.begin_fiche(meeting, case, direction, FicheState.OPEN)
    roster = turn.tx.meetings.rostered(meeting, case)
    return [
        *side.open_if_needed(turn, meeting, case),
        Say("fiche.opened", {"case": reference, "direction": direction, "roster": roster}),
    ]


def item(turn: Turn, section: Section, sign: Sign | None, text: str) -> Says:
    """Propose an item; its words stay in the room, the store keeps a keyed digest (promise 1)."""
    meeting, fiche = _open_fiche(turn)
    rules.propose(section, sign, text)
    _require_only_roster_reads(turn, meeting, fiche)
    poll = m.Poll(
        meeting_id=meeting.id,
        case_id=fiche.case_id,
        number=turn.tx.polls.next_number(meeting),
        version=1,
        subject=Subject.ITEM,
        section=section,
        sign=sign if section in rules.RISK_DOMAINS else None,
    )
    return _ask(turn, meeting, poll, text)


def amend(turn: Turn, number: int, text: str) -> Says:
    """Other words are another version and another poll; earlier ballots say nothing of it (F01)."""
    meeting, fiche = _open_fiche(turn)
    before = turn.tx.polls.newest(meeting, number)
    if before is None or before.subject != Subject.ITEM or before.case_id != fiche.case_id:
        raise Refused(Reason.UNKNOWN_ITEM)
    if polls.stands(turn, before):
        raise Refused(Reason.ITEM_ADOPTED)
    rules.check_text(text)
    _require_only_roster_reads(turn, meeting, fiche)
    says = polls.settle(turn, before) if before.outcome is None else []
    poll = m.Poll(
        meeting_id=meeting.id,
        case_id=fiche.case_id,
        number=number,
        version=before.version + 1,
        subject=Subject.ITEM,
        section=before.section,
        sign=before.sign,
    )
    return says + _ask(turn, meeting, poll, text)


def close(turn: Turn) -> Says:
    """End the form; what has no consensus of everybody does not leave the table (F01)."""
    meeting, fiche = _open_fiche(turn)
    case = turn.tx.cases.get(fiche.case_id)
    says: Says = []
    for poll in turn.tx.polls.open_ones(meeting):
        if poll.case_id == case.id:
            says += polls.settle(turn, poll)
    items = {p.number: p for p in turn.tx.polls.of_case(meeting, case) if p.subject == Subject.ITEM}
    agreed = sum(polls.stands(turn, poll) for poll in items.values())
    fiche.state = FicheState.CLOSED
    facts: dict[str, Fact] = {"case": case.reference, "agreed": agreed, "of": len(items)}
    return [*says, Say("fiche.closed", facts)]


def _open_fiche(turn: Turn) -> tuple[m.Meeting, m.Fiche]:
    meeting = turn.session()
    fiche = turn.tx.polls.fiche(meeting)
    if fiche is None:
        raise Refused(Reason.NO_FICHE)
    turn.require_about(fiche.case_id)
    return meeting, fiche


def _ask(turn: Turn, meeting: m.Meeting, poll: m.Poll, text: str) -> Says:
    poll.digest = turn.tx.polls.digest(text)
    poll.line = turn.request.line
    return polls.open_poll(turn, meeting, poll, turn.request.event_id)


def _require_only_roster_reads(turn: Turn, meeting: m.Meeting, fiche: m.Fiche) -> None:
    """Words of a case are shown to its roster and nobody else (C15, C16)."""
    side.require_all_in(turn, meeting, turn.tx.cases.get(fiche.case_id))
