"""A round in which each function may speak or pass (Q07, S01); nothing of it is kept."""

from bot.rules.decision import Decision
from bot.rules.facts import Account, Code, Fact, Reference
from bot.rules.notification import CaseState
from bot.rules.people import Organisation, Role
from bot.rules.roster import Function, speaking_order
from handlers.cases import on_table
from handlers.turn import Say, Says, Turn


def round_(turn: Turn, reference: Reference) -> Says:
    """In which order the floor is given, what to keep in mind, and what can be decided: no
    names, no score, no label (Q01, Q07, Q08, P10, S03-S07)."""
    meeting, case = on_table(turn, reference)
    roster = turn.tx.meetings.rostered(meeting, case)
    followed = case.state == CaseState.FOLLOWED
    whose = case.manager_id if followed else case.notifier_id
    first = None if whose not in roster else _function(turn, Account(whose or 0))
    order = speaking_order([_function(turn, account) for account in roster], first)
    choices = tuple(one for one in Decision if not (followed and one is Decision.FOLLOW))
    facts: dict[str, Fact] = {
        "case": reference,
        "rows": tuple({"organisation": Code(place), "role": Code(role)} for role, place in order),
        "choices": choices,
        "family": Code("decision"),
    }
    return [Say("weighing", facts)]


def _function(turn: Turn, account: Account) -> Function:
    member = turn.tx.people.member(account)
    assert member is not None
    return Role(member.role), Organisation(member.organisation)
