"""The feedback form: sections, signs and what may be proposed (F06-F11, F17-F31)."""

import re
from collections.abc import Iterable
from enum import StrEnum

from bot.rules.personal import MONTHS
from bot.rules.refusal import Reason, Refused

TEXT_LIMIT = 500  # characters of an item
ITEM_LIMIT = 20  # so that the whole fits into one event, in two languages


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


class Phase(StrEnum):
    """The phases of an individual follow-up (F29)."""

    BUILDING = "building"
    DRAWING_UP = "drawing_up"
    CARRYING_OUT = "carrying_out"
    ENDING = "ending"
    NOT_STARTED = "not_started"


class Direction(StrEnum):
    TO_LTF = "to_ltf"
    FROM_LTF = "from_ltf"


class Confirmer(StrEnum):
    """Who alone can confirm a mental disorder (F26); nobody needs to where none is written of."""

    PSYCHIATRIST = "psychiatrist"
    PSYCHOLOGIST = "psychologist"
    NONE = "none"


class FicheState(StrEnum):
    """How far a form is: whether at all (F34), item by item and as a whole (F07), and its end."""

    WANTED = "wanted"
    OPEN = "open"
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

_TIME = re.compile(
    rf"(?i)\b(?:19|20)\d\d\b|\b\d{{1,2}}\s?[./-]\s?\d{{1,2}}\b|\b(?:{MONTHS})\b"
    r"|\b\d{1,2}\.?\s(?:jan|feb|mrt|apr|jun|jul|aug|sept?|okt|oct|nov|dec|déc|dez|avr|juil)\b"
)


def weighed(section: Section, sign: Sign | None) -> Sign | None:
    """The sign of an item: offered in the risk domains, demanded nowhere (F09, F19, F21)."""
    return sign if section in RISK_DOMAINS else None


def unsigned(section: Section, sign: Sign | None) -> bool:
    """Whether to say that a sign can be added (F09). An offer, never a block (F21)."""
    return section in RISK_DOMAINS and sign is None


def require_place(items: int) -> None:
    """A form has room for so many items; everybody reads it in one piece (F07, F08)."""
    if items >= ITEM_LIMIT:
        raise Refused(Reason.FORM_FULL, limit=ITEM_LIMIT)


def check_text(text: str, *, personal: bool) -> None:
    """The words of an item: some, not too many, and nobody's identity in them (F17, R01).
    `personal`: they tell who somebody is."""
    if not text.strip():
        raise Refused(Reason.TEXT_MISSING)
    if len(text) > TEXT_LIMIT:
        raise Refused(Reason.TEXT_TOO_LONG, limit=TEXT_LIMIT)
    if personal:
        raise Refused(Reason.PERSONAL_DATA)


def locked(section: Section) -> bool:
    """Whether an item waits until the officer declares who confirmed it (F26)."""
    return section is Section.PSYCH


def require_confirmed(confirmer: Confirmer) -> None:
    """What stands under mental disorders has been confirmed by one of the two (F26)."""
    if confirmer is Confirmer.NONE:
        raise Refused(Reason.UNCONFIRMED)


def declared(confirmer: Confirmer | None) -> bool:
    """Whether a form that nobody can read here holds what one of the two has confirmed. Each
    version is declared anew: nothing of the kind in it is a declaration too (F26)."""
    if confirmer is None:
        raise Refused(Reason.DECLARATION_MISSING)
    return confirmer is not Confirmer.NONE


def undated(section: Section, text: str) -> bool:
    """Whether to ask for a date: facts are situated in time (F10, F20). A prompt, never a block."""
    situated = section in RISK_DOMAINS or section is Section.TRAJECTORY
    return situated and _TIME.search(text) is None


def one_sided(items: Iterable[tuple[Section, Sign | None]]) -> Sign | None:
    """The only side a form shows, if it shows one: good and bad belong in it (F09, F19). Of an
    item without a sign nobody knows on which side it stands (F21)."""
    signs = {sign for section, sign in items if section in RISK_DOMAINS}
    shown = signs - {Sign.NEUTRAL}
    return shown.pop() if len(shown) == 1 else None


def require_changeable(*, adopted: bool, refused_since: bool) -> None:
    """What everybody agreed to stands, unless the whole has found no consensus since (F07)."""
    if adopted and not refused_since:
        raise Refused(Reason.ITEM_ADOPTED)
