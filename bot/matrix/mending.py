"""What puts a fault of a room right: the state events to set, and whether we may."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from bot.matrix.powers import POWERS, State, content, may_set, tightened
from bot.matrix.wire import Json
from bot.rules.room import BEYOND_POWER, MEGOLM, Fault

BRIDGES = ("m.bridge", "uk.half-shot.bridge")  # MSC2346, and its name while it was unstable
ALIAS = "m.room.canonical_alias"

# The state event that is at fault; whoever set it is who changed the room.
TYPES: Mapping[Fault, str] = MappingProxyType(
    {
        Fault.NOT_ENCRYPTED: "m.room.encryption",
        Fault.ENCRYPTION_WEAKENED: "m.room.encryption",
        Fault.HISTORY_OPEN: "m.room.history_visibility",
        Fault.JOINABLE: "m.room.join_rules",
        Fault.GUESTS_ALLOWED: "m.room.guest_access",
        Fault.ANYBODY_GOVERNS: POWERS,
        Fault.MEMBER_GOVERNS: POWERS,
        Fault.POWERLESS: POWERS,
        Fault.ANYBODY_INVITES: POWERS,
        Fault.ALIASED: ALIAS,
        Fault.TELLING_NAME: "m.room.name",
        Fault.TOPIC_SET: "m.room.topic",
        Fault.REPLACED: "m.room.tombstone",
    }
)
_PLAIN: Mapping[str, Json] = MappingProxyType(
    {
        "m.room.encryption": {"algorithm": MEGOLM},
        "m.room.history_visibility": {"history_visibility": "joined"},
        "m.room.join_rules": {"join_rule": "invite"},
        "m.room.guest_access": {"guest_access": "forbidden"},
        "m.room.topic": {"topic": ""},
        ALIAS: {},
    }
)


def bridged(state: State) -> Iterator[tuple[str, str]]:
    """The state events, by type and key, that speak of a bridge."""
    for type_, key in state:
        if type_ in BRIDGES and content(state, type_, key):
            yield type_, key


def mendable(state: State, us: str) -> frozenset[Fault]:
    """The faults whose state our power lets us set; a bridge is left to whoever runs it."""
    return frozenset(
        fault
        for fault, type_ in TYPES.items()
        if fault not in BEYOND_POWER and may_set(state, us, type_)
    )


def cure(
    fault: Fault, state: State, us: str, name: str, keep: Collection[str] = ()
) -> tuple[str, Json] | None:
    """Type and content of the state event that mends a fault; None when it is so already, or
    nothing could. `name`: what the room is to be called; `keep`: who goes on governing it."""
    if fault in BEYOND_POWER:
        return None
    type_ = TYPES[fault]
    wanted = {**_PLAIN, POWERS: tightened(state, us, keep), "m.room.name": {"name": name}}[type_]
    return None if wanted == content(state, type_) else (type_, dict(wanted))
