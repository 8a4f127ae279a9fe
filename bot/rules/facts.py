"""What a message may carry and the outbox may hold: references, codes, dates, numbers, event ids.

A plain string is not among them, so that prose cannot slip in by mistake (promise 1). Each kind
of word is a `str` subclass that refuses what does not look like it.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Self, TypeAlias


class _Word(str):
    """A string of one narrow form."""

    __slots__ = ()
    form: ClassVar[re.Pattern[str]]

    def __new__(cls, text: str) -> Self:
        if not cls.form.fullmatch(text):
            raise ValueError(f"not a {cls.__name__}")
        return super().__new__(cls, text)


class Code(_Word):
    """A word of the program's own: `pupil_guidance`, `follow`, `A12` is not one."""

    __slots__ = ()
    form = re.compile(r"[a-z][a-z0-9_.-]{0,39}")


class Reference(_Word):
    """A pseudonymous case reference; `bot.rules.reference` makes and checks them."""

    __slots__ = ()
    form = re.compile(r"[2-9A-HJKMNP-Z]{3}-[2-9A-HJKMNP-Z]{3}")


class ActionNumber(_Word):
    """`A12`."""

    __slots__ = ()
    form = re.compile(r"A[1-9][0-9]{0,8}")


class EventId(_Word):
    """A Matrix event id (specification, appendices, "Event IDs")."""

    __slots__ = ()
    form = re.compile(r"\$[!-~]{1,254}")


class Token(_Word):
    """A random word without meaning, such as the id of a poll answer."""

    __slots__ = ()
    form = re.compile(r"[a-z2-7]{26}")


class MasterKey(_Word):
    """Somebody's public master key: unpadded base64 of 32 bytes (specification,
    "Cross-signing"). Shown by its first signs, in groups, to be read aloud."""

    __slots__ = ()
    form = re.compile(r"[A-Za-z0-9+/]{43}")

    @property
    def short(self) -> str:
        """The first 16 of its 43 signs, in groups of four."""
        return " ".join(self[i : i + 4] for i in range(0, 16, 4))


class FormCode(_Word):
    """What stands for the words of a form or the bytes of a file; `bot.rules.form` makes it."""

    __slots__ = ()
    form = re.compile(r"[A-Z2-7]{5}(?:-[A-Z2-7]{5}){4}")


class Account(int):
    """Our own number of a person's account; becomes a mention when a message is rendered."""


Fact: TypeAlias = (
    "Code | Reference | ActionNumber | EventId | Token | MasterKey | FormCode | Account | StrEnum"
    " | int | date | datetime | tuple[Fact, ...] | Mapping[str, Fact] | None"
)
Facts: TypeAlias = Mapping[str, Fact]

_WORDS = {
    "code": Code,
    "case": Reference,
    "action": ActionNumber,
    "event": EventId,
    "id": Token,
    "key": MasterKey,
    "form": FormCode,
}
_TAGS = {word: tag for tag, word in _WORDS.items()}


def pack(fact: Fact) -> Any:
    """JSON values with their types kept; TypeError for anything that is not a `Fact`."""
    match fact:
        case None | bool():
            return fact
        case Account():
            return {"account": int(fact)}
        case int():
            return int(fact)
        case StrEnum():
            return {"code": str(Code(fact.value))}
        case _Word():
            return {_TAGS[type(fact)]: str(fact)}
        case datetime():
            return {"time": fact.isoformat()}
        case date():
            return {"date": fact.isoformat()}
        case tuple():
            return [pack(one) for one in fact]
        case Mapping():
            return {"facts": {str(Code(key)): pack(value) for key, value in fact.items()}}
    raise TypeError(f"not a fact: {type(fact).__name__}")


def unpack(packed: Any) -> Fact:
    """The inverse of `pack`."""
    if packed is None or isinstance(packed, int):
        return packed
    if isinstance(packed, list):
        return tuple(unpack(one) for one in packed)
    ((tag, value),) = packed.items()
    match tag:
        case "account":
            return Account(value)
        case "time":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "facts":
            return {key: unpack(one) for key, one in value.items()}
    word: Fact = _WORDS[tag](value)  # type: ignore[assignment]
    return word


def wire(fact: Fact) -> Any:
    """As it travels in `org.tafelbot.v1`: plain JSON, dates in ISO 8601, accounts left out."""
    match fact:
        case datetime() | date():
            return fact.isoformat()
        case tuple():
            return [wire(one) for one in fact if not isinstance(one, Account)]
        case Mapping():
            return {
                key: wire(one)
                for key, one in fact.items()
                if not isinstance(one, Account) and not _accounts(one)
            }
        case str():
            return str(fact)
    return fact


def _accounts(fact: Fact) -> bool:
    return isinstance(fact, tuple) and any(isinstance(one, Account) for one in fact)
