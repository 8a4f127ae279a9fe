"""From typed words to values. Each reader takes what it needs from the line, or refuses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import NoReturn, TypeVar

from bot.rules import form as forms
from bot.rules import reference as references
from bot.rules.actions import ActionCode
from bot.rules.decision import Decision
from bot.rules.facts import ActionNumber, Code, FormCode, Reference
from bot.rules.fiche import SIGNS, Confirmer, Direction, Phase, Section, Sign
from bot.rules.notification import Route
from bot.rules.people import Excluded, Organisation, Role
from bot.rules.refusal import Reason, Refused
from locales.codes import CONTEXTS, YesNo, read_code

Family = TypeVar("Family", bound=StrEnum)

_USER = re.compile(r"@[^\s:]+:[^\s:]+(?::\d+)?")
_OBJECTED = re.compile(r"#?\s*([0-9]{1,6})(?:\.([0-9]{1,6}))?(?![0-9])")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_EUROPEAN = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_LONGEST_LABEL = 8  # words in a code as it is shown
_CLOCK = re.compile(r"(\d{1,2})(?:[:.hu](\d{2})?)?")
_BEFORE_TIMES = {"om", "à", "um", "at"}
_AFTER_TIMES = {"u", "uur", "uhr", "h", "heures"}


class Words:
    """The rest of a line, taken word by word; wrong syntax is answered with the right one."""

    def __init__(self, text: str, command: str) -> None:
        self._text = text.strip()
        self.command = command
        self.section: Section | None = None  # of the form, once it has been taken

    def take(self) -> str:
        word, _, self._text = self._text.partition(" ")
        self._text = self._text.strip()
        if not word:
            self.wrong()
        return word

    def ahead(self, count: int) -> str:
        """The next words, left where they are; nothing if there are not so many. A sign that
        stands alone is no word."""
        found = [word for word in self._text.split()[:count] if any(map(str.isalnum, word))]
        return " ".join(found) if len(found) == count else ""

    def peek(self) -> str:
        return self._text.partition(" ")[0]

    def rest(self) -> str:
        text, self._text = self._text, ""
        return text

    def put_back(self, text: str) -> None:
        """For the next reader, when the rest had to be seen first."""
        self._text = text

    def skip(self, signs: int) -> None:
        self._text = self._text[signs:].strip()

    def end(self) -> None:
        """Nothing may be left over but punctuation."""
        if self._text.strip(".,;:!?"):
            self.wrong()

    def wrong(self) -> NoReturn:
        raise Refused(Reason.WRONG_ARGUMENTS, usage=Code(self.command))


def reference(words: Words) -> Reference:
    return references.read(words.take().strip(".,;:!?"))


def one_case(words: Words) -> Reference | None:
    """A reference, or nothing."""
    return reference(words) if words.peek().strip(".,;:!?") else None


def user(words: Words) -> str:
    """A Matrix id; whether somebody is enrolled under it is the handler's to say."""
    return _user(words.take())


def _user(typed: str) -> str:
    found = _USER.fullmatch(typed.strip(".,;"))
    if found is None:
        raise Refused(Reason.UNKNOWN_MEMBER)
    return found[0]


def changes(words: Words) -> tuple[tuple[str, bool], ...]:
    """`+@user -@user` → who, and whether to add; a bare account is added."""
    found = []
    while words.peek():
        typed = words.take()
        if typed in {"+", "-"}:
            typed += words.take()
        found.append((_user(typed.lstrip("+-")), not typed.startswith("-")))
    return tuple(found)


def role(words: Words) -> Role:
    return _choice(words, Role, Reason.UNKNOWN_ROLE)


def organisation(words: Words) -> Organisation | Excluded:
    """May be several words, such as "public prosecution"; nothing follows it."""
    typed = words.rest()
    if not typed:
        words.wrong()
    if excluded := read_code(Excluded, typed):
        return excluded
    found = read_code(Organisation, typed)
    if found is None:
        raise _unknown(Organisation, Reason.UNKNOWN_ORGANISATION)
    return found


def action_code(words: Words) -> ActionCode:
    return _choice(words, ActionCode, Reason.UNKNOWN_CODE)


def decision(words: Words) -> Decision:
    return _known(words, Decision)


def yes_no(words: Words) -> bool:
    return _known(words, YesNo) is YesNo.YES


def route(words: Words) -> Route:
    return _choice(words, Route, Reason.UNKNOWN_ROUTE) if words.peek() else Route.MEMBER


def direction(words: Words) -> Direction:
    """`from-ltf`, or nothing."""
    return _known(words, Direction) if words.peek() else Direction.TO_LTF


def section(words: Words) -> Section:
    words.section = _choice(words, Section, Reason.UNKNOWN_SECTION)
    return words.section


def sign(words: Words) -> Sign | None:
    """`+`, `-` or `=`, also when written against the text."""
    first = words.peek()[:1]
    if first not in SIGNS:
        return None
    words.skip(1)
    return SIGNS[first]


def phase(words: Words) -> Phase | None:
    """The phase of a follow-up, in its own section only; elsewhere its name is just a word."""
    return _longest(words, Phase) if words.section is Section.TRAJECTORY else None


def confirmer(words: Words) -> Confirmer | None:
    return _known(words, Confirmer) if words.peek() else None


def form_code(words: Words) -> FormCode:
    """May be typed in groups; only who has confirmed it follows, in one word."""
    *groups, last = words.rest().strip(".,;:!? ").split() or [""]
    if groups and read_code(Confirmer, last):
        words.put_back(last)
    else:
        groups.append(last)
    typed = " ".join(groups).strip(".,;:!?")
    return forms.read(typed) if typed else words.wrong()


def text(words: Words) -> str:
    return words.rest()


def day(words: Words) -> date:
    typed = words.take().strip(".,;!?")
    if found := _ISO.fullmatch(typed):
        year, month, number = found.groups()
    elif found := _EUROPEAN.fullmatch(typed):
        number, month, year = found.groups()
    else:
        raise Refused(Reason.DATE_UNREADABLE)
    try:
        return date(int(year), int(month), int(number))
    except ValueError:
        raise Refused(Reason.DATE_UNREADABLE) from None


def moment(words: Words) -> datetime:
    """A date and a time of day, at the table; without zone, which the handler adds."""
    on = day(words)
    if words.peek().casefold() in _BEFORE_TIMES:
        words.take()
    found = _CLOCK.fullmatch(words.take().strip(".,;!?"))
    if words.peek().casefold().strip(".,;!?") in _AFTER_TIMES:
        words.take()
    if found is None:
        raise Refused(Reason.DATE_UNREADABLE)
    try:
        return datetime.combine(on, time(int(found[1]), int(found[2] or 0)))
    except ValueError:
        raise Refused(Reason.DATE_UNREADABLE) from None


def number(words: Words) -> int:
    typed = words.take().strip("#.,;:!?")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 7):
        words.wrong()
    return int(typed)


@dataclass(frozen=True, slots=True)
class Meant:
    """The poll that an answer is for: `3`, a version of it `3.2`, and for a yes the doubt that it
    ends, `3.2.1`. Nothing: the one that is open."""

    number: int | None = None
    version: int | None = None
    mark: int | None = None


def yes(words: Words) -> Meant:
    """Nothing may follow it: it may take the yes back."""
    parts = words.peek().strip("#.,;:!?").split(".")
    if not words.peek():
        return Meant()
    if len(parts) > 3:
        words.wrong()
    words.take()
    return Meant(*(number(Words(part, words.command)) for part in parts))


def objection(words: Words) -> Meant:
    """Whatever follows the number is ignored: a reason, a sign, a mark."""
    typed = words.rest()
    if not any(map(str.isalnum, typed)):
        return Meant()
    found = _OBJECTED.match(typed)
    if found is None:
        words.wrong()
    return Meant(int(found[1]), int(found[2]) if found[2] else None)


def attested(words: Words) -> Reference | int:
    """What is attested: a case by its reference, which has six signs, or an item by its number."""
    typed = words.peek().strip("#.,;:!?")
    return number(words) if typed.isdigit() and len(typed) < references.LENGTH else reference(words)


def action_number(words: Words) -> ActionNumber:
    try:
        return ActionNumber(words.take().strip(".,;:!?").upper())
    except ValueError:
        raise Refused(Reason.UNKNOWN_ACTION) from None


def word(words: Words) -> str:
    """One or more words, or none."""
    return words.rest()


def _known(words: Words, family: type[Family]) -> Family:
    found = _longest(words, family)
    return found if found is not None else words.wrong()


def _choice(words: Words, family: type[Family], reason: Reason) -> Family:
    found = _longest(words, family)
    if found is None:
        words.take()
        raise _unknown(family, reason)
    return found


def _longest(words: Words, family: type[Family]) -> Family | None:
    """A code may be shown as several words, and then be typed so."""
    for count in range(_LONGEST_LABEL, 0, -1):
        found = read_code(family, words.ahead(count))
        if found is not None:
            for _ in range(count):
                words.take()
            return found
    return None


def _unknown(family: type[StrEnum], reason: Reason) -> Refused:
    choices: Sequence[Code] = [Code(code.value) for code in family]
    return Refused(reason, choices=tuple(choices), family=Code(CONTEXTS[family]))
