"""What follows from the outcome of a poll."""

from collections.abc import Collection, Iterable

from bot.rules import consensus
from bot.rules import fiche as rules
from bot.rules.consensus import Outcome
from bot.rules.decision import Decision, forgets
from bot.rules.facts import Account, Code, Fact
from bot.rules.fiche import FicheState, Section
from bot.rules.notification import CaseState
from bot.rules.people import Role
from bot.rules.refusal import Reason, Refused
from handlers.traces import ours
from handlers.turn import Say, Says, Turn
from locales.codes import Subject
from storage import models as m
from storage.outbox import Act
from storage.tx import Tx

DECISIONS = frozenset(Decision)


def follow(turn: Turn, poll: m.Poll) -> Says:
    """Everything that a settled poll brings about."""
    agreed = poll.outcome == Outcome.CONSENSUS
    if poll.subject == Subject.FEEDBACK:
        return _wanted(turn, poll, agreed=agreed)
    if not agreed:
        return []
    if poll.subject in DECISIONS:
        return _decided(turn, turn.tx.cases.get(poll.case_id), Decision(poll.subject))
    if poll.subject in {Subject.WHOLE, Subject.FORM}:
        return _adopted(turn, poll)
    if poll.subject == Subject.INFORM:
        facts = {"case": turn.tx.cases.get(poll.case_id).reference}
        return [Say("inform.agreed", facts, poll.lane), Say("inform.wording", {}, poll.lane)]
    return []


def void(tx: Tx, poll: m.Poll, lost: Collection[int]) -> Says:
    """A poll that could not be shown; `lost`: the items whose words are not to be had."""
    if poll.outcome is not None:
        return []
    whole = poll.subject == Subject.WHOLE
    poll.outcome = Outcome.DROPPED if whole else Outcome.NO_CONSENSUS  # nobody has refused it
    meeting = tx.meetings.running()
    if meeting is not None and poll.subject == Subject.FEEDBACK:
        fiche = tx.polls.fiche_of(meeting, poll.case_id)
        assert fiche is not None
        fiche.state = FicheState.CLOSED
    items = [tx.polls.find(one) for one in lost if poll.subject == Subject.WHOLE]
    gone = [row for row in items if row is not None]
    for row in gone:
        row.outcome = Outcome.NO_CONSENSUS
    numbers = tuple(row.number for row in gone)
    return [Say("item.void", {"numbers": numbers}, poll.lane)] if numbers else []


def _wanted(turn: Turn, poll: m.Poll, *, agreed: bool) -> Says:
    """Feeding back is a decision of its own (F34): only then is the form opened."""
    meeting = turn.meeting()
    fiche = turn.tx.polls.fiche_of(meeting, poll.case_id)
    assert fiche is not None
    fiche.state = FicheState.OPEN if agreed else FicheState.CLOSED
    if not agreed:
        return []
    case = turn.tx.cases.get(poll.case_id)
    facts: dict[str, Fact] = {
        "case": case.reference,
        "direction": rules.Direction(fiche.direction),
        "roster": turn.tx.meetings.rostered(meeting, case),
        "sections": tuple({"section": one, "purpose": one} for one in Section),
        "screen": turn.table.fiche_text is rules.FicheText.SCREEN,
    }
    return [Say("fiche.opened", facts, poll.lane)]


def _adopted(turn: Turn, poll: m.Poll) -> Says:
    """The form may go, through the officer alone (F01, F02, F16)."""
    meeting, case = turn.meeting(), turn.tx.cases.get(poll.case_id)
    fiche = turn.tx.polls.fiche_of(meeting, case)
    assert fiche is not None
    items = standing_items(turn, meeting, case)
    for row in turn.tx.polls.newest_items(meeting, case):
        if row not in items and row.outcome == Outcome.CONSENSUS:
            row.outcome = Outcome.NO_CONSENSUS  # somebody has come or gone since
    fiche.state = FicheState.ADOPTED
    asks = any(row.section == Section.QUESTIONS for row in items)
    facts: dict[str, Fact] = {
        "case": case.reference,
        "direction": rules.Direction(fiche.direction),
        "of": len(turn.tx.meetings.roster(meeting, case)),
        "on": turn.today,
        "asks": asks,
        "paper": poll.subject == Subject.WHOLE,
    }
    says = [Say("fiche.adopted", facts, poll.lane)]
    if poll.subject == Subject.WHOLE:
        says += [paper(turn, poll, officer) for officer in officers(turn, poll)]
    return says


def paper(turn: Turn, poll: m.Poll, officer: Account) -> Say:
    """The words everybody agreed to, as a file for the officer alone."""
    meeting, case = turn.meeting(), turn.tx.cases.get(poll.case_id)
    fiche = turn.tx.polls.fiche_of(meeting, case)
    assert fiche is not None
    assert meeting.opened_on is not None
    days = {*turn.tx.cases.discussions(case), meeting.opened_on}
    facts: dict[str, Fact] = {
        "case": case.reference,
        "direction": rules.Direction(fiche.direction),
        "discussed": tuple(sorted(days)),
        "poll": poll.id,
        "items": form_rows(standing_items(turn, meeting, case)),
    }
    return Say("fiche.form", facts, int(officer), Act.FILE)


def form_rows(items: Iterable[m.Poll]) -> tuple[Fact, ...]:
    """The items of a form as facts; their words are found where they were said."""
    return tuple({"number": one.number, "poll": one.id, **item_facts(one)} for one in items)


def item_facts(poll: m.Poll) -> dict[str, Fact]:
    """Section, sign and phase of an item."""
    named = {"section": poll.section, "sign": poll.sign, "phase": poll.phase}
    return {name: Code(value) for name, value in named.items() if value}


def officers(turn: Turn, poll: m.Poll) -> tuple[Account, ...]:
    """The information officers on a case's roster."""
    roster = turn.tx.meetings.roster(poll.meeting_id, poll.case_id)
    holding = turn.tx.people.holding(Role.INFORMATION_OFFICER)
    return tuple(who for who in holding if roster.get(who))


def standing_items(turn: Turn, meeting: m.Meeting, case: m.Case) -> list[m.Poll]:
    """The items that everybody agrees to now, in the order of the form."""
    return [row for row in turn.tx.polls.newest_items(meeting, case) if stands(turn, row)]


def stands(turn: Turn, poll: m.Poll) -> bool:
    """Whether the table still agrees: who left or came since takes the consensus on an item
    along (F01); a decision has taken effect, and so has a form that is adopted."""
    if poll.outcome != Outcome.CONSENSUS or poll.subject != Subject.ITEM:
        return poll.outcome == Outcome.CONSENSUS
    fiche = turn.tx.polls.fiche_of(turn.meeting(), poll.case_id)
    if fiche is not None and fiche.state == FicheState.ADOPTED:
        return True
    voters = turn.tx.meetings.voters(poll.meeting_id, poll.case_id)
    ballots = turn.tx.polls.ballots(poll)
    return consensus.outcome(voters, ballots, secret=poll.secret) is Outcome.CONSENSUS


def require_handed_over(turn: Turn, meeting: m.Meeting) -> None:
    """The words are not erased before the officer has them; an officer who has left waits for
    nothing."""
    present = turn.tx.meetings.present(meeting)
    if any(turn.tx.outbox.waits(who, Act.FILE, "fiche.form") for who in present):
        raise Refused(Reason.FORM_UNDELIVERED)


def _decided(turn: Turn, case: m.Case, decision: Decision) -> Says:
    """Follow it (Q13), or forget it at once, with the words of its items in the room (Q05)."""
    if decision is Decision.FOLLOW:
        case.state = CaseState.FOLLOWED
        case.notifier_id = None  # whoever brought it is no more bound to it than the others
    if not forgets(decision):
        return []
    words = ours(turn.tx, turn.tx.polls.of_case(turn.meeting(), case))
    turn.tx.cases.forget(case)
    return words
