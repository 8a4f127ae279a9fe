"""What is visible of a message: its lines, and the accounts that it names."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

# A user id of ASCII, as the specification has it: others look like each other.
ACCOUNT = re.compile(r"@[!-9;-?A-~]+:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
# How an account is linked to: by matrix.to, or by a URI of its own (appendices, "URIs").
_LINK = re.compile(
    r"(?:(?:https?://)?(?:www\.)?matrix\.to/#/|matrix:u/)(?P<id>[^?/\s<>\"')\]]+)"
    r"(?:/?\?[^\s<>\"')\]]*)?",
    re.IGNORECASE,
)
_DROPPED = frozenset({"Cc", "Cf", "Co", "Cs"})  # categories of signs that nobody sees
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")
_AFTER = "\ue000"  # stands behind an account until the line is complete
_GLUED = re.compile(_AFTER + r"(?=[.:-]*\w)")


@dataclass(frozen=True, slots=True)
class Link:
    """A link to an account: in which line, what is shown of it, and whom it leads to."""

    line: int
    shown: str
    target: str


@dataclass(frozen=True, slots=True)
class Visible:
    """Lines as a person sees them, those that are empty included.

    `markers`: the number that clients show before a line of a list. `accounts`: all that are
    named anywhere, in what was left out too. `left_out`: something stood in a quote, in code or
    was struck out.
    """

    lines: tuple[str, ...] = ()
    markers: Mapping[int, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    accounts: frozenset[str] = frozenset()
    left_out: bool = False


def without_invisible(text: str) -> str:
    """Without format characters and other signs that nobody sees; spaces stay as they are."""
    if text.isascii() and text.isprintable():
        return text
    seen = (sign for sign in text if sign.isspace() or unicodedata.category(sign) not in _DROPPED)
    return _BLANK.sub("", "".join(seen))


def named(account: str) -> str:
    """An account in a line that is being put together: what follows does not grow into it."""
    return account + _AFTER


def finished(line: str) -> str:
    """A line put together: addresses of accounts as accounts, each space as one."""
    line = _LINK.sub(
        lambda found: named(account(found[0])) if account(found[0]) else found[0], line
    )
    return " ".join(_GLUED.sub(" ", line).replace(_AFTER, "").split())


def account(address: str | None) -> str:
    """The user id that a link leads to; nothing for any other link."""
    found = _LINK.match(address.strip()) if address else None
    if found is None:
        return ""
    typed = unquote(found["id"]).rstrip(".,;:!")
    if found[0][:9].casefold() == "matrix:u/":
        typed = "@" + typed.removeprefix("@")
    return typed if ACCOUNT.fullmatch(typed) else ""


def accounts(text: str) -> frozenset[str]:
    """The user ids that stand in a text."""
    return frozenset(found.rstrip(".-") for found in ACCOUNT.findall(text))
