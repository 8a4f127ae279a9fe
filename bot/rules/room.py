"""What a table's room must be, and what is the matter with one (R07, R27, I01, I08, H02).

Settings, names and members of a room are state events: not encrypted, changed by whoever has
the power, and told to us by a homeserver that may lie. So they are looked at before a meeting
opens and whenever they change; what is doubtful counts as a fault.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.rules import reference
from bot.rules.refusal import Refused

MEGOLM = "m.megolm.v1.aes-sha2"
MOST_MESSAGES = 100  # the specification's recommendation, "m.room.encryption"
LONGEST_MS = 7 * 24 * 3600 * 1000


class Fault(StrEnum):
    """What can be the matter with a room, most serious first."""

    NOT_ENCRYPTED = "not_encrypted"
    ENCRYPTION_WEAKENED = "encryption_weakened"
    STRANGERS = "strangers"
    HISTORY_OPEN = "history_open"
    JOINABLE = "joinable"
    BRIDGED = "bridged"
    ANYBODY_GOVERNS = "anybody_governs"
    GUESTS_ALLOWED = "guests_allowed"
    MEMBER_GOVERNS = "member_governs"
    POWERLESS = "powerless"
    ANYBODY_INVITES = "anybody_invites"
    ALIASED = "aliased"
    TELLING_NAME = "telling_name"
    TOPIC_SET = "topic_set"
    REPLACED = "replaced"


# These let others read or come in, now or by anybody's hand: no case is touched with them. A
# guest comes in by invitation only, and is then a stranger.
SERIOUS = frozenset(
    {
        Fault.NOT_ENCRYPTED,
        Fault.ENCRYPTION_WEAKENED,
        Fault.STRANGERS,
        Fault.HISTORY_OPEN,
        Fault.JOINABLE,
        Fault.BRIDGED,
        Fault.ANYBODY_GOVERNS,
    }
)

# No power in the room lets us put these right: people decide about them.
BEYOND_POWER = frozenset({Fault.STRANGERS, Fault.BRIDGED, Fault.POWERLESS, Fault.REPLACED})


@dataclass(frozen=True, slots=True)
class Room:
    """What matters of a room; as it stands here, nothing is the matter with it.

    `encrypted`: was ever seen encrypted, the rest of the encryption is as the state says now.
    Rotation in messages and milliseconds, None when the clients' default counts. `governs`:
    may change encryption, history, join rules, guest access or power levels.
    """

    encrypted: bool = True
    algorithm: str = MEGOLM
    rotation_messages: int | None = None
    rotation_ms: int | None = None
    history_visibility: str = "joined"
    join_rule: str = "invite"
    guest_access: str = "forbidden"
    strangers: int = 0
    bridged: bool = False
    anybody_governs: bool = False
    member_governs: bool = False  # somebody other than us, mayor's seat and coordinator
    powerless: bool = False  # we cannot redact, invite or remove
    anybody_invites: bool = False
    aliased: bool = False
    name: str = ""
    topic: str = ""
    replaced: bool = False


def faults(room: Room, names: Iterable[str] = ()) -> tuple[Fault, ...]:
    """All that is the matter, most serious first (R07, R27, I01, I08, H02). `names`: of the
    table, its municipality or police zone, which the room's name must not tell."""
    telling = tells(room.name, names)
    return tuple(
        fault for fault in Fault if (telling if fault is Fault.TELLING_NAME else _IS[fault](room))
    )


def serious(found: Iterable[Fault]) -> tuple[Fault, ...]:
    """Those with which no case is touched and no meeting opened (R07, R27)."""
    return tuple(fault for fault in found if fault in SERIOUS)


def weakened(room: Room) -> bool:
    """Whether an encrypted room was told to encrypt less: no algorithm, another one, or keys
    that last longer than the specification recommends (R07, N03)."""
    if not room.encrypted:
        return False
    count, span = room.rotation_messages, room.rotation_ms
    return (
        room.algorithm != MEGOLM
        or (count is not None and not 0 < count <= MOST_MESSAGES)
        or (span is not None and not 0 < span <= LONGEST_MS)
    )


def tells(name: str, names: Iterable[str] = ()) -> bool:
    """Whether a room's name, which everybody on the way can read, tells whose it is or what it
    is about (R05, R07): the table's own names, the consultation's, radicalism, a reference."""
    words = _words(name)
    about = any(word.startswith(_BEGINNINGS) or word in _WHOLE for word in words)
    return about or any(_tells_of(words, _words(own)) for own in names) or _holds_reference(name)


_BEGINNINGS = (
    *("livc", "csil", "blisr"),
    *("radicali", "radikali", "deradical", "deradikal", "extremis", "terroris", "jihad"),
)
_WHOLE = frozenset({"blis", "terreur", "terror", "ocad", "ocam", "458ter"})
_GENERIC = frozenset(
    {
        *("vergadering", "overleg", "operationele", "tafel", "stad", "gemeente", "politie"),
        *("reunion", "concertation", "operationnelle", "table", "ville", "commune", "police"),
        *("sitzung", "beratung", "operativer", "tisch", "stadt", "gemeinde", "polizei"),
        *("meeting", "operational", "city", "town", "zone", "lokale", "locale", "local", "room"),
    }
)
_SIGNS = re.compile(r"\b[2-9A-Za-z]{3}[-\u2011]?[2-9A-Za-z]{3}\b")


def _words(text: str) -> list[str]:
    """Words without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.findall(r"[^\W_]+", bare)


def _tells_of(words: Sequence[str], own: Sequence[str]) -> bool:
    """A whole name, or one word of it that is not everybody's."""
    if not own:
        return False
    width = len(own)
    whole = any(list(words[at : at + width]) == list(own) for at in range(len(words)))
    return whole or any(len(word) >= 4 and word not in _GENERIC for word in own if word in words)


def _holds_reference(name: str) -> bool:
    """Without the dash only if it has a digit, or many an ordinary word would be one."""
    for found in _SIGNS.findall(name):
        if not re.search(r"[-\u20112-9]", found):
            continue
        try:
            reference.read(found)
        except Refused:
            continue
        return True
    return False


_IS: Mapping[Fault, Callable[[Room], bool]] = MappingProxyType(
    {
        Fault.NOT_ENCRYPTED: lambda room: not room.encrypted,
        Fault.ENCRYPTION_WEAKENED: weakened,
        Fault.STRANGERS: lambda room: room.strangers > 0,
        Fault.HISTORY_OPEN: lambda room: room.history_visibility not in {"joined", "invited"},
        Fault.JOINABLE: lambda room: room.join_rule != "invite",
        Fault.GUESTS_ALLOWED: lambda room: room.guest_access != "forbidden",
        Fault.BRIDGED: lambda room: room.bridged,
        Fault.ANYBODY_GOVERNS: lambda room: room.anybody_governs,
        Fault.MEMBER_GOVERNS: lambda room: room.member_governs and not room.anybody_governs,
        Fault.POWERLESS: lambda room: room.powerless,
        Fault.ANYBODY_INVITES: lambda room: room.anybody_invites,
        Fault.ALIASED: lambda room: room.aliased,
        Fault.TOPIC_SET: lambda room: bool(room.topic.strip()),
        Fault.REPLACED: lambda room: room.replaced,
    }
)
