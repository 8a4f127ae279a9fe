"""Help, status, language: finding one's way."""

from bot.rules.facts import Code, Fact
from bot.rules.people import Right, entitled
from bot.rules.refusal import Reason, Refused
from handlers.turn import Say, Says, Turn
from locales import commands
from locales.codes import Language, Place

# Shown in this order; what is only an answer to a question is left out.
_HIDDEN = {"yes", "no"}


def status(turn: Turn) -> Says:
    """Where the meeting is."""
    meeting, planned = turn.tx.meetings.running(), turn.tx.meetings.planned()
    facts: dict[str, Fact] = {
        "meeting": None,
        "planned": planned.planned_at if planned else None,
        "without_room": turn.tx.people.table_room() is None,
    }
    if meeting is not None:
        on_floor = meeting.case_id and turn.tx.cases.get(meeting.case_id).reference
        facts |= {
            "meeting": Code(meeting.state),
            "present": len(turn.tx.meetings.present(meeting)),
            "of": len(turn.tx.people.members()),
            "case": on_floor or None,
            "polls": tuple(poll.number for poll in turn.tx.polls.open_ones(meeting)),
        }
    return [Say("status", facts)]


def language(turn: Turn, wanted: str) -> Says:
    """The language of one's own direct messages."""
    try:
        chosen = Language(wanted.casefold().strip(".,;: "))
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
        return [Say("help", {"rows": ({"command": Code(found[0])},), "single": True})]
    rows = tuple(
        {"command": Code(name)}
        for name, (right, places) in rights.items()
        if name not in _HIDDEN
        and turn.request.place in places
        and entitled(right, turn.role, chairs=turn.chairs())
    )
    return [Say("help", {"rows": rows, "single": False})]
