"""The feedback form: sections, signs and what may be proposed (F06-F11, F19-F27)."""

from enum import StrEnum

from bot.rules.personal import looks_personal
from bot.rules.refusal import Reason, Refused

TEXT_LIMIT = 500


class FicheText(StrEnum):
    """Whether the words of the form stand in the encrypted room, or on a screen only (F08)."""

    ROOM = "room"
    SCREEN = "screen"


class Section(StrEnum):
    REASON = "reason"
    BELIEFS = "beliefs"
    SOCIAL = "social"
    INTENTION = "intention"
    ACTS = "acts"
    PSYCH = "psych"
    OTHER = "other"
    TRAJECTORY = "trajectory"
    QUESTIONS = "questions"


class Sign(StrEnum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


class Direction(StrEnum):
    TO_LTF = "to_ltf"
    FROM_LTF = "from_ltf"


class FicheState(StrEnum):
    """How far a form is: whether at all (F34), item by item (F07), the whole, and how it ended."""

    WANTED = "wanted"
    OPEN = "open"
    WHOLE = "whole"
    ADOPTED = "adopted"
    CLOSED = "closed"


FICHE_ENDED = (FicheState.ADOPTED, FicheState.CLOSED)

RISK_DOMAINS = frozenset(
    {
        Section.BELIEFS,
        Section.SOCIAL,
        Section.INTENTION,
        Section.ACTS,
        Section.PSYCH,
        Section.OTHER,
    }
)
SIGNS = {"+": Sign.POSITIVE, "-": Sign.NEGATIVE, "\u2212": Sign.NEGATIVE, "=": Sign.NEUTRAL}


def propose(section: Section, sign: Sign | None, text: str) -> None:
    """What an item must have: a sign in the risk domains (F09, F19), a text that fits the form
    and holds nothing that identifies a person (F17, R01); mental disorders stay locked until
    confirmed by a psychiatrist or psychologist (F26)."""
    if section is Section.PSYCH:
        raise Refused(Reason.SECTION_LOCKED)
    if section in RISK_DOMAINS and sign is None:
        raise Refused(Reason.SIGN_MISSING)
    check_text(text)


def check_text(text: str) -> None:
    """The words of an item: some, not too many, and nobody's identity in them (F17, R01)."""
    if not text.strip():
        raise Refused(Reason.TEXT_MISSING)
    if len(text) > TEXT_LIMIT:
        raise Refused(Reason.TEXT_TOO_LONG, limit=TEXT_LIMIT)
    if looks_personal(text):
        raise Refused(Reason.PERSONAL_DATA)
