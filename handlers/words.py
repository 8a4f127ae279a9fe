"""Help, status, language: finding one's way."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from bot.rules import retention
from bot.rules.actions import ActionCode
from bot.rules.facts import Account, Code, Fact
from bot.rules.fiche import Section
from bot.rules.notification import Route
from bot.rules.people import Organisation, Right, Role, entitled
from bot.rules.refusal import Reason, Refused
from handlers.turn import Say, Says, Turn
from locales import commands
from locales.codes import CONTEXTS, Language, Place
from storage import models as m

# Shown in this order; what is only an answer to a question is left out.
_HIDDEN = {"yes", "no"}

# What one may choose from, for words whose help is asked.
_CHOICES: Mapping[str, type[StrEnum]] = {
    "member.add": Organisation,
    "notify": Route,
    "action": ActionCode,
    "item": Section,
}


def status(turn: Turn) -> Says:
    """Where the meeting is."""
    meeting, planned = turn.tx.meetings.running(), turn.tx.meetings.planned()
    facts: dict[str, Fact] = {
        "meeting": None,
        "planned": _at_table(turn, planned.planned_at) if planned else None,
        "without_room": turn.tx.people.table_room() is None,
        "faults": turn.request.faults or None,
    }
    if meeting is not None:
        on_floor = _shown_case(turn, meeting)
        facts |= {
            "meeting": Code(meeting.state),
            "present": len(turn.tx.meetings.present(meeting)),
            "of": len(turn.tx.people.members()),
            "chair": None if meeting.chair_id is None else Account(meeting.chair_id),
            "case": on_floor.reference if on_floor is not None else None,
            "polls": tuple(poll.number for poll in turn.tx.polls.open_ones(meeting)),
        }
    return [Say("status", facts)]


def _shown_case(turn: Turn, meeting: m.Meeting) -> m.Case | None:
    """What is on the table; to who comes for one case only, if it is that one (I08)."""
    case = turn.tx.cases.get(meeting.case_id) if meeting.case_id else None
    if case is None or retention.expired(case.expires_on, turn.today):
        return None
    if turn.role is not Role.AD_HOC:
        return case
    return case if turn.me in turn.tx.meetings.roster(meeting, case) else None


def language(turn: Turn, wanted: str) -> Says:
    """The language of one's own direct messages."""
    try:
        chosen = Language(wanted.casefold().strip(".,;:!? "))
    except ValueError:
        raise Refused(Reason.UNKNOWN_LANGUAGE) from None
    turn.tx.people.account_row(turn.me).language = chosen
    return [Say("language.set", {"language": chosen})]


def help_(turn: Turn, wanted: str, rights: dict[str, tuple[Right, frozenset[Place]]]) -> Says:
    """What this person can say here, or how one word is used."""
    if wanted:
        found = commands.find(wanted.lstrip("!").split())
        if found is None:
            raise Refused(Reason.UNKNOWN_WORD)
        facts: dict[str, Fact] = {"rows": ({"command": Code(found[0])},), "single": True}
        if family := _CHOICES.get(found[0]):
            facts |= {"choices": tuple(family), "family": Code(CONTEXTS[family])}
        return [Say("help", facts)]
    rows = tuple(
        {"command": Code(name)}
        for name, (right, places) in rights.items()
        if name not in _HIDDEN
        and turn.request.place in places
        and entitled(right, turn.role, chairs=turn.chairs())
    )
    return [Say("help", {"rows": rows, "single": False})]


def _at_table(turn: Turn, at: datetime | None) -> datetime | None:
    return at.astimezone(turn.table.zone) if at else None
