"""From what the homeserver sends to `Event`: decrypt, check who speaks, say how far it counts."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import vodozemac
from nio.crypto.sessions import InboundGroupSession

from bot.matrix.door import Content, Event, Hearing
from bot.matrix.machine import Machine
from bot.matrix.people import People
from bot.matrix.replays import Replays
from bot.matrix.trust import MEGOLM
from bot.matrix.wire import Json

ENCRYPTED = "m.room.encrypted"
_LATEST = 253402300799000  # the last second a datetime can hold, in milliseconds
_log = logging.getLogger("tafelbot.matrix")


class Replayed(Exception):
    """The ciphertext was another event before."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The inside of an encrypted event, and the room key that opened it."""

    type: str
    content: Content
    key: InboundGroupSession
    number: int  # of the message under this key
    signed: bool  # whether the device whose key it is was signed by its owner, the sender


class Opener:
    """Opens encrypted events and judges all of them."""

    def __init__(self, machine: Machine, people: People, replays: Replays) -> None:
        self._machine = machine
        self._people = people
        self._replays = replays
        self._asked: set[tuple[str, str]] = set()  # devices that even a fresh list did not have

    async def events(self, room: str, raws: Sequence[Json]) -> list[Event]:
        """The events, in order, less what is malformed, emptied or replayed."""
        await self._meet_senders(room, raws)
        return [event for raw in raws if (event := self.event(room, raw)) is not None]

    def event(self, room: str, raw: Json) -> Event | None:
        """One event; None when there is nothing in it to hear."""
        if not _well_formed(raw):
            _log.warning("malformed event in %s", room)
            return None
        if raw["type"] != ENCRYPTED:
            return _event(room, raw, raw["type"], _in_clear(raw), Hearing.CLEAR)
        if not raw["content"].get("ciphertext"):
            return None  # redacted
        opened = self.open(room, raw)
        if opened is None:
            if self._heard_before(raw):
                _log.info("an event of before its key was forgotten is ignored")
                return None
            return _event(room, raw, ENCRYPTED, {}, Hearing.UNREADABLE)
        self._replays.read(opened.key.sender_key, opened.key.id, opened.number)
        try:
            hearing = self._judge(raw["event_id"], opened)
        except Replayed:
            _log.warning("replayed event %s in %s is ignored", raw["event_id"], room)
            return None
        event = _event(room, raw, opened.type, opened.content, hearing)
        return replace(event, identity=self._identity(raw["sender"]))

    def _identity(self, user: str) -> str:
        person = self._people.person(user)
        return (person.master_key if person else None) or ""

    def open(self, room: str, raw: Json) -> Opened | None:
        """The inside; None when we lack the key or it does not fit."""
        outside = raw["content"]
        found = self._key(room, raw)
        if found is None or outside.get("algorithm") != MEGOLM:
            return None
        key, signed = found
        try:
            plaintext, number = key.decrypt(outside["ciphertext"])
            inside = json.loads(plaintext)
        except (vodozemac.MegolmDecryptionException, ValueError, TypeError, RecursionError):
            return None
        if not _is_inside(inside, room):
            return None
        content, related = inside["content"], outside.get("m.relates_to")
        if "m.relates_to" not in content and related is not None:
            content = {**content, "m.relates_to": related}
        return Opened(inside["type"], content, key, number, signed)

    def _key(self, room: str, raw: Json) -> tuple[InboundGroupSession, bool] | None:
        """The room key, of a device of the sender's: somebody else's copy says nothing of them,
        and the sender is asked for theirs. And whether its owner has signed that device."""
        keys = self._machine.room_keys.of_event(room, raw["content"])
        owned = [(key, self._vouched_for(raw["sender"], key)) for key in keys]
        found = [(key, signed) for key, signed in owned if signed is not None]
        return max(found, key=lambda one: one[1], default=None)

    def _vouched_for(self, sender: str, key: InboundGroupSession) -> bool | None:
        """None: it is not of any device of the sender's."""
        if sender == self._machine.user_id and self._is_our_key(key):
            return True
        device = self._people.owner(sender, key.sender_key, key.ed25519)
        return None if device is None else device.signed

    def _heard_before(self, raw: Json) -> bool:
        """Whether a message that we cannot open (any more) was heard once: its number is readable
        without the key."""
        outside = raw["content"]
        try:
            number = vodozemac.MegolmMessage.from_base64(outside["ciphertext"]).message_index()
        except (ValueError, TypeError):
            return False
        hands = {str(outside.get("sender_key")), *self._people.hands(raw["sender"])}
        session = str(outside.get("session_id"))
        return self._machine.room_keys.has_forgotten(session) and any(
            self._replays.heard(hand, session, number) for hand in hands
        )

    def is_ours(self, opened: Opened, event_id: str) -> bool:
        """Whether our own device encrypted it, as this very event."""
        return self._is_our_key(opened.key) and self._is_genuine(opened, event_id)

    def _is_our_key(self, key: InboundGroupSession) -> bool:
        return bool(
            key.sender_key == self._machine.curve25519 and key.ed25519 == self._machine.ed25519
        )

    def _is_genuine(self, opened: Opened, event_id: str) -> bool:
        return self._replays.genuine(opened.key.sender_key, opened.key.id, opened.number, event_id)

    def _judge(self, event_id: str, opened: Opened) -> Hearing:
        """How far it counts: the room key must be of a device that the sender has signed. One that
        was passed on counts only if its own device passed it on."""
        if not self._is_genuine(opened, event_id):
            raise Replayed
        key = opened.key
        own_hand = all(hand == key.sender_key for hand in key.forwarding_chain)
        return Hearing.TRUSTED if opened.signed and own_hand else Hearing.UNSIGNED

    async def _meet_senders(self, room: str, raws: Sequence[Json]) -> None:
        """Have the senders' devices at hand; ask once more about a device not listed."""
        encrypted = [raw for raw in raws if _well_formed(raw) and raw["type"] == ENCRYPTED]
        await self._people.ensure(raw["sender"] for raw in encrypted)
        unlisted = set()
        for raw in encrypted:
            if self._people.person(raw["sender"]) is None or self._key(room, raw) is not None:
                continue
            for key in self._machine.room_keys.of_event(room, raw["content"]):
                if self._people.device(raw["sender"], key.sender_key) is None:
                    unlisted.add((raw["sender"], key.sender_key))
        if unlisted - self._asked:
            await self._people.ask({user for user, _ in unlisted - self._asked})
            self._asked |= unlisted


def _event(room: str, raw: Json, type_: str, content: Content, hearing: Hearing) -> Event:
    state_key = raw.get("state_key") if hearing is Hearing.CLEAR else None
    return Event(
        event_id=raw["event_id"],
        room=room,
        sender=raw["sender"],
        at=datetime.fromtimestamp(min(max(raw["origin_server_ts"], 0), _LATEST) / 1000, UTC),
        type=type_,
        content=content,
        hearing=hearing,
        state_key=state_key if isinstance(state_key, str) else None,
    )


def _in_clear(raw: Json) -> Json:
    """Older room versions name the event that a redaction empties beside its content."""
    redacts, content = raw.get("redacts"), dict(raw["content"])
    if raw["type"] == "m.room.redaction" and isinstance(redacts, str):
        content["redacts"] = redacts
    return content


def _well_formed(raw: Any) -> bool:
    return (
        isinstance(raw, dict)
        and all(isinstance(raw.get(key), str) for key in ("event_id", "sender", "type"))
        and isinstance(raw.get("content"), dict)
        and type(raw.get("origin_server_ts")) is int
    )


def _is_inside(inside: Any, room: str) -> bool:
    """What was encrypted is an event for this very room."""
    return (
        isinstance(inside, dict)
        and inside.get("room_id") == room
        and isinstance(inside.get("type"), str)
        and isinstance(inside.get("content"), dict)
    )
