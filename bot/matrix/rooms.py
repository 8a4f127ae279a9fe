"""Rooms as the server's state describes them: parsed by pure functions, cached until it moves."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from bot.matrix.door import RoomFacts
from bot.matrix.machine import Machine
from bot.matrix.mending import ALIAS, TYPES, bridged, mendable
from bot.matrix.powers import (
    State,
    anybody,
    anybody_governs,
    content,
    governs,
    may,
    may_set,
    needed,
    sender,
)
from bot.matrix.wire import Json, Wire, path

MARKER = "org.tafelbot.room"
FEWEST_MESSAGES, MOST_MESSAGES = 1, 100
SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=7)
_log = logging.getLogger("tafelbot.matrix")


def index(events: Iterable[Any]) -> State:
    """State events by what they are the state of."""
    return {
        (str(event.get("type")), str(event.get("state_key"))): event
        for event in events
        if isinstance(event, dict)
    }


def members(state: State, membership: str) -> frozenset[str]:
    """Everybody with that membership."""
    return frozenset(
        key
        for (type_, key) in state
        if type_ == "m.room.member" and content(state, type_, key).get("membership") == membership
    )


def facts(state: State, us: str, *, encrypted: bool, direct: bool) -> RoomFacts | None:
    """A room's facts; None when we are not in it."""
    joined, invited = members(state, "join"), members(state, "invite")
    if us not in joined:
        return None
    created, encryption = content(state, "m.room.create"), content(state, "m.room.encryption")
    alias = content(state, ALIAS)
    return RoomFacts(
        encrypted=encrypted or bool(encryption),
        joined=joined,
        invited=invited,
        history_visibility=_word(state, "history_visibility", "shared"),
        join_rule=_word(state, "join_rule", "invite", type_="m.room.join_rules"),
        guest_access=_word(state, "guest_access", "forbidden"),
        topic=_word(state, "topic", ""),
        may_redact=may(state, us, "redact"),
        may_invite=may(state, us, "invite"),
        may_remove=may(state, us, "kick"),
        replaced_by=_id(content(state, "m.room.tombstone"), "replacement_room"),
        flagged_direct=direct,
        name=_word(state, "name", ""),
        algorithm=_id(encryption, "algorithm") or "",
        rotation_messages=_count(encryption.get("rotation_period_msgs")),
        rotation_ms=_count(encryption.get("rotation_period_ms")),
        aliased=bool(alias.get("alias") or alias.get("alt_aliases")),
        bridged=any(bridged(state)),
        anybody_invites=anybody(state) >= needed(state, "invite"),
        anybody_governs=anybody_governs(state),
        governors=frozenset(user for user in joined | invited if governs(state, user)) - {us},
        redactors=frozenset(user for user in joined if may(state, user, "redact")) - {us},
        set_by={fault: by for fault, type_ in TYPES.items() if (by := sender(state, type_))},
        may_mend=mendable(state, us),
        upgraded_by=_upgrader(state),
        predecessor=_id(created.get("predecessor"), "room_id"),
        creator=sender(state, "m.room.create"),
        names=_names(state, joined | invited),
    )


def _upgrader(state: State) -> str | None:
    """Who replaced the room by another, if the power levels let them."""
    by = sender(state, "m.room.tombstone")
    return by if by and may_set(state, by, "m.room.tombstone") else None


def _id(inside: Any, name: str) -> str | None:
    found = inside.get(name) if isinstance(inside, dict) else None
    return found if isinstance(found, str) else None


def _count(value: Any) -> int | None:
    """A number, None when there is none; what is no number counts as endless."""
    return None if value is None else value if isinstance(value, int) else -1


def recipients(state: State) -> frozenset[str]:
    """Who gets room keys: the joined; the invited only where the room says so."""
    visibility = _word(state, "history_visibility", "shared")
    invited = members(state, "invite") if visibility == "invited" else frozenset()
    return members(state, "join") | invited


def rotation(state: State) -> tuple[int, timedelta]:
    """After how many messages and how long a room key is renewed; never later than usual."""
    settings = content(state, "m.room.encryption")
    count, span = settings.get("rotation_period_msgs"), settings.get("rotation_period_ms")
    messages = count if isinstance(count, int) else MOST_MESSAGES
    age = timedelta(milliseconds=max(0, min(span, 10**12))) if isinstance(span, int) else LONGEST
    return (
        max(FEWEST_MESSAGES, min(messages, MOST_MESSAGES)),
        max(SHORTEST, min(age, LONGEST)),
    )


def strictness(state: State) -> int:
    """History visibility as a number that grows as it is tightened."""
    order = ("world_readable", "shared", "invited", "joined")
    visibility = _word(state, "history_visibility", "shared")
    return order.index(visibility) if visibility in order else len(order)


def while_present(raws: Iterable[Json], us: str) -> list[Json]:
    """What happened while we were in the room, so that nothing from before we came, or from while
    we were gone, is taken for news."""
    heard: list[Json] = []
    present, had_left = True, False
    for raw in raws:
        move = _our_move(raw, us)
        if move == "arrival":
            present = True
            heard = heard if had_left else []
        if present:
            heard.append(raw)
        if move == "departure":
            present, had_left = False, True
    return heard


def _our_move(raw: Json, us: str) -> str | None:
    if raw.get("type") != "m.room.member" or raw.get("state_key") != us:
        return None
    before = ((raw.get("unsigned") or {}).get("prev_content") or {}).get("membership") == "join"
    after = (raw.get("content") or {}).get("membership") == "join"
    return {(False, True): "arrival", (True, False): "departure"}.get((before, after))


def _names(state: State, users: Iterable[str]) -> dict[str, str]:
    shown = {user: content(state, "m.room.member", user).get("displayname") for user in users}
    return {user: name for user, name in shown.items() if isinstance(name, str)}


def _word(state: State, name: str, default: str, type_: str | None = None) -> str:
    word = content(state, type_ or f"m.room.{name}").get(name, default)
    return word if isinstance(word, str) else default


class Rooms:
    """The state of the rooms we are in."""

    def __init__(self, wire: Wire, machine: Machine) -> None:
        self._wire = wire
        self._machine = machine
        self._states: dict[str, State] = {}
        self._moves: dict[str, int] = {}
        self._news: set[str] = set()
        self._encrypted: set[str] = machine.store.load_encrypted_rooms()

    def moved(self, room: str, events: Iterable[Json]) -> None:
        """State events arrived: what is cached is outdated, and encryption is remembered."""
        for event in events:
            self._states.pop(room, None)
            self._moves[room] = self._moves.get(room, 0) + 1
            self._news.add(room)
            if event.get("type") == "m.room.encryption":
                self._remember(room)

    def all_moved(self) -> None:
        """Nothing was reported to us for a while."""
        for room in list(self._states):
            self.moved(room, [{}])

    def news(self) -> frozenset[str]:
        """The rooms that moved since the last time: whoever else keeps a picture of them must
        not keep an older one than we share keys by."""
        news, self._news = self._news, set()
        return frozenset(news)

    def encrypted(self, room: str) -> bool:
        """Whether the room is encrypted; what was encrypted once stays so."""
        return room in self._encrypted

    def cached(self, room: str) -> State | None:
        """The state, when it is known and nothing has moved since."""
        return self._states.get(room)

    async def state(self, room: str, *, anew: bool = False) -> State:
        """The state, from the server when it is not known or `anew`."""
        known = self._states.get(room)
        if known is not None and not anew:
            return known
        move = self._moves.get(room, 0)
        answer = await self._wire.call_list("GET", path("rooms", room, "state"))
        state = index(answer)
        if content(state, "m.room.encryption"):
            self._remember(room)
        if self._moves.get(room, 0) == move:
            self._states[room] = state
        return state

    def _remember(self, room: str) -> None:
        if room not in self._encrypted:
            self._encrypted.add(room)
            self._machine.store.save_encrypted_rooms({room})
