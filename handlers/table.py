"""Everything that can be said: word, who may say it, where, what follows it, who answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.rules.people import Right
from handlers import (
    actions,
    agenda,
    attendance,
    attest,
    ballots,
    cases,
    fiche,
    informing,
    items,
    meeting,
    members,
    minutes,
    notifications,
    polls,
    reminding,
    rooms,
    weighing,
    words,
)
from handlers import arguments as take
from handlers.arguments import Words
from handlers.turn import Says, Turn
from locales.codes import Place

PLENARY = frozenset({Place.TABLE})
TABLE = PLENARY | {Place.SIDE}  # where a case is dealt with
DIRECT = frozenset({Place.DIRECT})
BOTH = TABLE | DIRECT
APART = PLENARY | DIRECT  # what concerns the whole table stays out of side rooms (C16)

_ITEM = (take.section, take.sign, take.phase, take.text)


@dataclass(frozen=True, slots=True)
class Command:
    """`arguments` read the rest of the line, one after the other, for the handler."""

    handler: Callable[..., Says]
    right: Right
    places: frozenset[Place]
    arguments: tuple[Callable[[Words], Any], ...] = ()


def _help(turn: Turn, wanted: str) -> Says:
    return words.help_(turn, wanted, {n: (c.right, c.places) for n, c in COMMANDS.items()})


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "help": Command(_help, Right.MEMBER, BOTH, (take.word,)),
        "status": Command(words.status, Right.MEMBER, BOTH),
        "language": Command(words.language, Right.MEMBER, BOTH, (take.word,)),
        "agenda": Command(agenda.show, Right.LASTING, APART),
        "members": Command(members.list_all, Right.LASTING, APART),
        "actions": Command(actions.list_open, Right.LASTING, APART),
        "present": Command(attendance.present, Right.MEMBER, APART),
        "leave": Command(attendance.leave, Right.MEMBER, BOTH, (take.one_case,)),
        "agree": Command(ballots.agree, Right.MEMBER, BOTH, (take.yes,)),
        "object": Command(ballots.object_, Right.MEMBER, BOTH, (take.objection,)),
        "secret": Command(ballots.secret, Right.MEMBER, DIRECT, (take.objection,)),
        "notify": Command(notifications.notify, Right.LASTING, DIRECT, (take.route,)),
        "yes": Command(notifications.yes, Right.MEMBER, DIRECT),
        "no": Command(notifications.no, Right.MEMBER, DIRECT),
        "done": Command(actions.done, Right.MEMBER, APART, (take.action_number,)),
        "impossible": Command(actions.impossible, Right.MEMBER, APART, (take.action_number,)),
        "postpone": Command(actions.postpone, Right.MEMBER, APART, (take.action_number, take.day)),
        "room.create": Command(rooms.create, Right.STEWARD, DIRECT),
        "member.add": Command(
            members.add, Right.STEWARD, APART, (take.user, take.role, take.organisation)
        ),
        "member.remove": Command(members.remove, Right.STEWARD, APART, (take.user,)),
        "member.confirm": Command(members.confirm, Right.STEWARD, APART, (take.user,)),
        "plan": Command(meeting.plan, Right.STEWARD, APART, (take.moment,)),
        "meeting.open": Command(meeting.open_, Right.STEWARD, PLENARY),
        "meeting.close": Command(meeting.close, Right.STEWARD, PLENARY),
        "chair": Command(meeting.chair, Right.STEWARD, PLENARY, (take.user,)),
        "next": Command(agenda.next_, Right.CHAIR, PLENARY),
        "roster": Command(cases.roster, Right.CHAIR, TABLE, (take.reference, take.changes)),
        "decide": Command(cases.decide, Right.CHAIR, TABLE, (take.reference, take.decision)),
        "weigh": Command(weighing.round_, Right.CHAIR, TABLE, (take.reference,)),
        "inform": Command(informing.ask, Right.CHAIR, TABLE, (take.reference,)),
        "attest": Command(attest.attest, Right.OFFICER, TABLE, (take.attested, take.confirmer)),
        "manager": Command(cases.manager, Right.CHAIR, TABLE, (take.reference, take.user)),
        "director": Command(cases.director, Right.CHAIR, TABLE, (take.reference, take.user)),
        "action": Command(
            actions.agree,
            Right.CHAIR,
            TABLE,
            (take.reference, take.user, take.action_code, take.day),
        ),
        "discussed": Command(cases.discussed, Right.CHAIR, TABLE, (take.reference, take.yes_no)),
        "later": Command(cases.later, Right.CHAIR, TABLE, (take.reference,)),
        "remind": Command(reminding.remind, Right.CHAIR, TABLE, (take.number,)),
        "close": Command(polls.close, Right.CHAIR, TABLE, (take.number,)),
        "minutes": Command(minutes.now, Right.CHAIR, PLENARY),
        "admit": Command(notifications.admit, Right.MAYOR, APART, (take.reference,)),
        "refuse": Command(notifications.refuse, Right.MAYOR, APART, (take.reference,)),
        "fiche": Command(fiche.open_, Right.OFFICER, TABLE, (take.reference, take.direction)),
        "item": Command(items.item, Right.OFFICER, TABLE, _ITEM),
        "amend": Command(items.amend, Right.OFFICER, TABLE, (take.number, take.sign, take.text)),
        "drop": Command(items.drop, Right.OFFICER, TABLE, (take.number,)),
        "form": Command(fiche.form, Right.OFFICER, TABLE, (take.form_code, take.confirmer)),
        "fiche.close": Command(fiche.close, Right.OFFICER, TABLE),
    }
)
