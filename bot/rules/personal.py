"""What plainly identifies a person and has no place in a text of the table (F17, R01, N13).

Here: one spelling for what can be typed in many, and what is told by words and shapes alone.
Numbers with check digits or a numbering plan are recognised in `handlers.personal`.
"""

import re
import unicodedata

from bot.rules.address import is_address

_DASHES = {"\u2212", "\u2043", "\u02d7"}  # minus, hyphen bullet, modifier: dashes by their looks
_SLASHES = {"\u2044", "\u2215", "\u29f8"}
_BLANKS = {"\u2800"}  # looks like a space, and is none
_FILLERS = {"\u115f", "\u1160"}  # letters that show nothing
_QUOTES = {"\u2018", "\u2019", "\u02bc"}

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
MONTHS = (
    "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"
    "|janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre"
    "|décembre|decembre|januar|februar|märz|juni|juli|august|dezember"
    "|january|february|march|may|june|july|october"
)
# Dates with their whole year, and hours with a letter: no other number is written so.
_PLAIN = "|".join(
    (
        *(
            rf"(?<!\d){first} ?{sign} ?{_MONTH} ?{sign} ?{last}(?!\d)"
            for sign in ("/", r"\.", "-", " ")
            for first, last in ((_DAY, _YEAR), (_YEAR, _DAY))
        ),
        r"(?<!\d)\d{1,2} ?[uh] ?[0-5]\d(?!\d)",
        r"(?<!\d)\d{1,2} ?[uh](?!\w)",
    )
)
# Short ones, which other numbers may look like: nothing of the same kind goes on beside them.
_SHORT = "|".join(
    (
        *(
            rf"(?<!\d)(?<!\d{sign}){_DAY}{sign}{_MONTH}(?:{sign}\d\d)?(?!\d)(?!{sign}\d)"
            for sign in ("/", r"\.", "-")
        ),
        *(
            rf"(?<!\d)(?<!\d{sign})(?:[01]?\d|2[0-4]){sign}[0-5]\d(?!\d)(?!{sign}\d)"
            for sign in (":", r"\.")
        ),
    )
)
_PLAIN_TIMES, _TIMES = re.compile(_PLAIN), re.compile(f"{_PLAIN}|{_SHORT}")

_NATIONAL = re.compile(r"(?<!\d)\d\d\.\d\d\.\d\d-\d{3}\.\d\d(?!\d)")  # as printed, also mistyped
_AT = r"(?: ?@ ?| ?\( ?(?i:at|apenstaartje|arobase|klammeraffe) ?\) ?)"
_DOT = r"(?:\.| ?\( ?(?i:dot|punt|point|punkt) ?\) ?)"
_ACCOUNT = re.compile(
    rf"(?<![\w.+-])[\w.+-]{{1,64}}{_AT}[\w-]{{1,64}}(?:{_DOT}[\w-]{{1,64}})+"
    r"|(?<!\w)@[^\W\d][\w.=/-]*"
    r"|[@#!][\w.=/+-]+:[\w-]+(?:\.[\w-]+)+"
    r"|(?i:\b(?:facebook|fb|instagram|tiktok|snapchat|linkedin|twitter|x|t|wa|telegram)"
    r"\.(?:com|me)/\w)"
)
_BORN = (
    r"(?i:\b(?:geb\b\.?|geboren\b|geboorte(?:datum|jaar|dag)\b|née?s?\b|naissance\b|geburtsdatum\b"
    r"|born\b|birth(?:date|day)?\b|dob\b|d\.o\.b\.))"
)
_BETWEEN = (
    r"(?:[ ,:=(.-]|(?i:\b(?:op|de|den|te|in|le|la|en|à|au|am|im|on|of|the|year|jaar|jahr"
    r"|is|was|dd|est)\b)|\b[A-ZÀ-Þ][\w'-]*){1,12}"
)
_A_DATE = (
    rf"(?:\d{{1,2}} ?[./ -] ?\d|{_YEAR}(?!\d)"
    rf"|\d{{1,2}}(?:er|e|st|nd|rd|th|\.)? (?i:(?:of )?(?:{MONTHS}))"
    rf"|(?i:{MONTHS}) \d)"
)
_BIRTH = re.compile(
    rf"{_BORN}{_BETWEEN}{_A_DATE}|(?<![nN\d])° ?(?:\d{{1,2}} ?[./ -] ?\d|{_YEAR}(?!\d))"
)


def normalised(text: str) -> str:
    """The text as it reads, in one spelling: whichever dashes, spaces, brackets and figures it
    was typed with, and without the signs that nobody sees (R01)."""
    return " ".join("".join(map(_sign, unicodedata.normalize("NFKC", text))).split())


def without_times(text: str, *, short: bool = False) -> str:
    """A normalised text without the dates and hours in it, which are wanted there (F10, F20) and
    full of figures. `short`: also those that another number may look like."""
    return (_TIMES if short else _PLAIN_TIMES).sub(" x ", text)


def looks_personal(text: str) -> bool:
    """Whether a normalised text shows a mail, network or street address, a date of birth, or what
    is printed like a national number (F17, R01).

    Names cannot be told from other words by a rule; the poll asks people to look for them.
    """
    return bool(
        _NATIONAL.search(text)
        or _ACCOUNT.search(text)
        or _BIRTH.search(text)
        or is_address(without_times(text))
    )


def _sign(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind in {"Cf", "Mn", "Me"} or sign in _FILLERS:
        return ""
    if kind == "Nd":
        return str(unicodedata.decimal(sign))
    for shown, signs, kinds in (
        (" ", _BLANKS, {"Zs", "Zl", "Zp", "Cc"}),
        ("-", _DASHES, {"Pd"}),
        ("/", _SLASHES, frozenset[str]()),
        ("'", _QUOTES, frozenset[str]()),
        ("(", frozenset[str](), {"Ps"}),
        (")", frozenset[str](), {"Pe"}),
    ):
        if sign in signs or kind in kinds:
            return shown
    return sign
