"""Who may do what in a room: its power levels, read by pure functions (specification, Rooms,
"Permissions"; from room version 12 on its creators stand above all levels)."""

from collections.abc import Collection, Mapping
from typing import Any

from bot.matrix.wire import Json

State = Mapping[tuple[str, str], Json]  # (type, state key) -> event

ABOVE_ALL = 2**53  # of a creator from room version 12 on
POWERS = "m.room.power_levels"
GOVERNING = (  # whoever may set one of these decides who reads and who comes in
    "m.room.encryption",
    "m.room.history_visibility",
    "m.room.join_rules",
    "m.room.guest_access",
    POWERS,
)


def content(state: State, type_: str, key: str = "") -> Json:
    """The content of one state event, empty when there is none."""
    found = state.get((type_, key), {}).get("content")
    return found if isinstance(found, dict) else {}


def sender(state: State, type_: str) -> str:
    """Who set it, as the homeserver says; empty when nobody did."""
    found = state.get((type_, ""), {}).get("sender")
    return found if isinstance(found, str) else ""


def level(state: State, user: str) -> int:
    """A user's level."""
    creators = _creators(state)
    version = str(content(state, "m.room.create").get("room_version", "1"))
    if user in creators and version.isdigit() and int(version) >= 12:
        return ABOVE_ALL
    levels = content(state, POWERS)
    if not levels:
        return 100 if user in creators else 0
    users = levels.get("users")
    own = users.get(user) if isinstance(users, dict) else None
    return number(own, number(levels.get("users_default"), 0))


def needed(state: State, act: str) -> int:
    """The level that inviting, redacting or removing (`kick`) needs."""
    return number(content(state, POWERS).get(act), 0 if act == "invite" else 50)


def needed_to_set(state: State, type_: str) -> int:
    """The level that setting a state event needs."""
    levels = content(state, POWERS)
    events = levels.get("events")
    own = events.get(type_) if isinstance(events, dict) else None
    return number(own, number(levels.get("state_default"), 50 if levels else 0))


def may(state: State, user: str, act: str) -> bool:
    """Whether the power levels let the user do it."""
    if not content(state, POWERS):
        return user in _creators(state)
    return level(state, user) >= needed(state, act)


def may_set(state: State, user: str, type_: str) -> bool:
    """Whether they let the user set a state event."""
    return level(state, user) >= needed_to_set(state, type_)


def anybody(state: State) -> int:
    """The level of those who are not listed."""
    return number(content(state, POWERS).get("users_default"), 0)


def governs(state: State, user: str) -> bool:
    """Whether a user may change who reads and who comes in."""
    return level(state, user) >= min(needed_to_set(state, type_) for type_ in GOVERNING)


def anybody_governs(state: State) -> bool:
    """Whether those may who are not listed."""
    return anybody(state) >= min(needed_to_set(state, type_) for type_ in GOVERNING)


def tightened(state: State, us: str, keep: Collection[str] = ()) -> Json:
    """Power levels by which only those at the top govern, and members do not invite. Nothing
    in it is above our own level, or the homeserver would refuse it. We keep our level and those
    of `keep` theirs; who of them may set power levels still may."""
    levels, top = content(state, POWERS), min(100, level(state, us))
    events = levels.get("events")
    listed = events if isinstance(events, dict) else {}
    raised = {
        type_: max(top, needed_to_set(state, type_)) for type_ in (*GOVERNING, "m.room.tombstone")
    }
    members = 0 if anybody(state) >= min(50, top) else anybody(state)
    return {
        **levels,
        "users": _kept(state, {us, *keep}, members, raised[POWERS]),
        "users_default": members,
        "events": {**listed, **raised},
        "state_default": max(min(50, top), number(levels.get("state_default"), 0)),
        "invite": max(min(50, top), needed(state, "invite")),
    }


def _kept(state: State, users: Collection[str], members: int, governing: int) -> Json:
    """The levels by name, when whoever is not named has that of `members` from now on, and it
    takes `governing` to set power levels."""
    named = content(state, POWERS).get("users")
    listed: Json = dict(named) if isinstance(named, dict) else {}
    for user in users:
        own = level(state, user)
        if may_set(state, user, POWERS):
            own = max(own, governing)
        if own < ABOVE_ALL and own != number(listed.get(user), members):
            listed[user] = own
    return listed


def number(value: Any, default: int) -> int:
    """A level as the specification has it; whatever else stands there does not count."""
    return value if isinstance(value, int) else default


def _creators(state: State) -> set[str]:
    others = content(state, "m.room.create").get("additional_creators", [])
    return {sender(state, "m.room.create"), *(others if isinstance(others, list) else [])}
