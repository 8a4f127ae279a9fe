"""Rooms as the server's state describes them: parsed by pure functions, cached until it moves."""

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from bot.matrix.door import RoomFacts
from bot.matrix.machine import Machine
from bot.matrix.wire import Json, Wire, path

State = Mapping[tuple[str, str], Json]  # (type, state key) -> event

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


def content(state: State, type_: str, key: str = "") -> Json:
    """The content of one state event, empty when there is none."""
    found = state.get((type_, key), {}).get("content")
    return found if isinstance(found, dict) else {}


def members(state: State, membership: str) -> frozenset[str]:
    """Everybody with that membership."""
    return frozenset(
        key
        for (type_, key) in state
        if type_ == "m.room.member" and content(state, type_, key).get("membership") == membership
    )


def facts(state: State, us: str, *, encrypted: bool, direct: bool) -> RoomFacts | None:
    """A room's facts; None when we are not in it."""
    joined = members(state, "join")
    if us not in joined:
        return None
    replaced_by = content(state, "m.room.tombstone").get("replacement_room")
    return RoomFacts(
        encrypted=encrypted or bool(content(state, "m.room.encryption")),
        joined=joined,
        invited=members(state, "invite"),
        history_visibility=_word(state, "history_visibility", "shared"),
        join_rule=_word(state, "join_rule", "invite", type_="m.room.join_rules"),
        guest_access=_word(state, "guest_access", "forbidden"),
        topic=_word(state, "topic", ""),
        may_redact=may(state, us, "redact"),
        may_invite=may(state, us, "invite"),
        may_remove=may(state, us, "kick"),
        replaced_by=replaced_by if isinstance(replaced_by, str) else None,
        flagged_direct=direct,
    )


def may(state: State, user: str, act: str) -> bool:
    """Whether the power levels let the user do it (room version 12: creators always may)."""
    created = state.get(("m.room.create", ""), {})
    version = str(content(state, "m.room.create").get("room_version", "1"))
    others = content(state, "m.room.create").get("additional_creators", [])
    creators = {created.get("sender"), *(others if isinstance(others, list) else [])}
    if user in creators and version.isdigit() and int(version) >= 12:
        return True
    levels = content(state, "m.room.power_levels")
    if not levels:
        return user in creators
    users = levels.get("users")
    level = users.get(user) if isinstance(users, dict) else None
    own = _level(level, _level(levels.get("users_default"), 0))
    return own >= _level(levels.get(act), 0 if act == "invite" else 50)


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


def _word(state: State, name: str, default: str, type_: str | None = None) -> str:
    word = content(state, type_ or f"m.room.{name}").get(name, default)
    return word if isinstance(word, str) else default


def _level(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default


class Rooms:
    """The state of the rooms we are in."""

    def __init__(self, wire: Wire, machine: Machine) -> None:
        self._wire = wire
        self._machine = machine
        self._states: dict[str, State] = {}
        self._moves: dict[str, int] = {}
        self._encrypted: set[str] = machine.store.load_encrypted_rooms()

    def moved(self, room: str, events: Iterable[Json]) -> None:
        """State events arrived: what is cached is outdated, and encryption is remembered."""
        for event in events:
            self._states.pop(room, None)
            self._moves[room] = self._moves.get(room, 0) + 1
            if event.get("type") == "m.room.encryption":
                self._remember(room)

    def all_moved(self) -> None:
        """Nothing was reported to us for a while."""
        for room in list(self._states):
            self.moved(room, [{}])

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
