"""The feedback form as a whole, and the code that stands for it (F01, F07, F19-F31)."""

import json
import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from bot.rules.facts import FormCode
from bot.rules.fiche import Phase, Section, Sign
from bot.rules.refusal import Reason, Refused

_SIGNS = 25  # of five bits each: 125 bits
_GROUP = 5
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015]+")  # dashes, also those that keyboards make of them


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of the form, as everybody agreed to it."""

    section: Section
    sign: Sign | None
    phase: Phase | None
    text: str


def in_order(items: Iterable[Entry]) -> tuple[Entry, ...]:
    """The items in the order of the form, and within a section as they were proposed (F17-F31)."""
    sections = list(Section)
    return tuple(sorted(items, key=lambda entry: sections.index(entry.section)))


def wording(items: Iterable[Entry]) -> FormCode:
    """The code of all the words of a form: any other word, sign or order is another code (F01)."""
    rows = [[one.section, one.sign, one.phase, one.text] for one in in_order(items)]
    return fingerprint(json.dumps(rows).encode())


def fingerprint(data: bytes) -> FormCode:
    """A code to read aloud, such as that of a file: nobody finds other bytes with the same one
    (F01, F02)."""
    signs = b32encode(sha256(data).digest()).decode()[:_SIGNS]
    return _shape(signs)


def read(typed: str) -> FormCode:
    """What a person typed, with or without the dashes, in either case (F01)."""
    signs = _BETWEEN.sub("", typed)
    try:
        return _shape(signs.upper() if signs.isascii() else "")
    except ValueError:
        raise Refused(Reason.MISTYPED_CODE) from None


def _shape(signs: str) -> FormCode:
    return FormCode("-".join(signs[i : i + _GROUP] for i in range(0, len(signs), _GROUP)))
