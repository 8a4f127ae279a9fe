"""New notifications: brought in the direct room, admitted by the mayor (N01-N15)."""

from bot.rules import notification as rules
from bot.rules import reference as references
from bot.rules.facts import Account, Reference
from bot.rules.notification import Attestation, CaseState, Route
from bot.rules.people import Role
from bot.rules.refusal import Reason, Refused
from handlers.cases import known
from handlers.turn import Say, Says, Turn


def notify(turn: Turn, route: Route) -> Says:
    """Begin a notification: three questions, no content (N02, N13)."""
    turn.require_compared()
    rules.bring(route, turn.role)
    question = rules.question_after(None)
    assert question is not None
    turn.tx.cases.start_draft(turn.me, route, question)
    return [Say("notification.asked", {"question": question, "first": True})]


def yes(turn: Turn) -> Says:
    """A question was answered with yes; after the last one a fresh reference is given (R01)."""
    draft = turn.tx.cases.draft(turn.me)
    if draft is None:
        raise Refused(Reason.NOTHING_ASKED)
    question = rules.question_after(Attestation(draft.asked))
    if question is not None:
        draft.asked = question
        return [Say("notification.asked", {"question": question, "first": False})]
    reference = _fresh(turn)
    turn.tx.cases.add(reference, Route(draft.route), turn.me, turn.today)
    turn.tx.cases.drop_draft(turn.me)
    waiting = [
        Say("notification.waiting", {"case": reference, "mayor": seat}, lane=seat)
        for seat in _mayors_seat(turn)
    ]
    return [Say("notification.received", {"case": reference}), *waiting]


def no(turn: Turn) -> Says:
    """Any no ends it kindly; nothing is kept (P03, P11, P15)."""
    if turn.tx.cases.draft(turn.me) is None:
        raise Refused(Reason.NOTHING_ASKED)
    turn.tx.cases.drop_draft(turn.me)
    return [Say("notification.ended")]


def admit(turn: Turn, reference: Reference) -> Says:
    """Only the mayor draws up what the table discusses (N12); the route is dropped (N10)."""
    turn.require_compared()
    case = known(turn, reference)
    if case.state != CaseState.NOTIFIED:
        raise Refused(Reason.ALREADY_ADMITTED)
    case.state = CaseState.ADMITTED
    case.route = None
    turn.tx.outbox.drop_about(reference)
    return turn.announce("case.admitted", {"case": reference})


def refuse(turn: Turn, reference: Reference) -> Says:
    """Not admitted: forgotten at once, and only the notifier is told (N12, R11)."""
    case = known(turn, reference)
    if case.state != CaseState.NOTIFIED:
        raise Refused(Reason.ALREADY_ADMITTED)
    notifier = case.notifier_id
    turn.tx.outbox.drop_about(reference)
    turn.tx.cases.forget(case)
    says = [Say("notification.refused", {"case": reference})]
    if notifier is not None and notifier != turn.me:
        says.append(Say("notification.refused", {"case": reference}, lane=notifier))
    return says


def _fresh(turn: Turn) -> Reference:
    while turn.tx.cases.find(reference := references.make(turn.chance.pick)) is not None:
        pass
    return reference


def _mayors_seat(turn: Turn) -> tuple[Account, ...]:
    return turn.tx.people.holding(Role.MAYOR, Role.MAYOR_DELEGATE)
