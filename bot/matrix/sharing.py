"""Who gets our room keys: signed devices of those in the room whose identity is pinned.

The key is renewed when somebody who had it should not have it any more, when history becomes
stricter, and with use and age; a device that is new gets the key from where it stands now.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from nio.crypto.sessions import OutboundGroupSession

from bot.matrix.keys import Keys
from bot.matrix.machine import Machine
from bot.matrix.people import People
from bot.matrix.powers import State
from bot.matrix.rooms import Rooms, recipients, rotation, strictness
from bot.matrix.trust import MEGOLM, Device
from bot.matrix.wire import Json

RETRY_AFTER = 60.0  # seconds until a device without usable one-time keys is tried again
_log = logging.getLogger("tafelbot.matrix")


class Sharing:
    """Encrypts for rooms."""

    def __init__(self, machine: Machine, people: People, rooms: Rooms, keys: Keys) -> None:
        self._machine = machine
        self._people = people
        self._rooms = rooms
        self._keys = keys
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._given: defaultdict[str, set[Device]] = defaultdict(set)
        self._strictness: dict[str, int] = {}
        self._out_of_reach: dict[Device, float] = {}

    async def encrypt(self, room: str, payload: Json, only: Collection[str] | None = None) -> Json:
        """The content of an `m.room.encrypted` event that exactly the right devices can read;
        with `only` those of these users, whoever else the room is said to hold.

        Loops until the members, their devices and the holders of the key are all as they should
        be at one moment without waiting in between; then encrypts at that very moment.
        """
        async with self._locks[room]:
            while True:
                state = await self._rooms.state(room)
                users = _readers(state, only)
                await self._people.ensure(users)
                if not self._settled(room, users, only):
                    continue
                session = self._session(room, state, self._holders(users))
                missing = self._holders(users) - self._given[room] - self._waiting()
                if not missing:
                    return self._machine.group_encrypt(room, payload)
                await self._share(room, session, missing)

    @asynccontextmanager
    async def renewing(self, room: str) -> AsyncIterator[None]:
        """Nothing is encrypted for the room meanwhile, and the next message has a new key."""
        async with self._locks[room]:
            self._machine.outbound_group_sessions.pop(room, None)
            self._given.pop(room, None)
            yield

    def _settled(self, room: str, users: frozenset[str], only: Collection[str] | None) -> bool:
        known = self._rooms.cached(room)
        return (
            known is not None
            and _readers(known, only) == users
            and all(self._people.up_to_date(user) for user in users)
        )

    def _holders(self, users: frozenset[str]) -> set[Device]:
        """The devices that may hold the key: all signed ones of these users but our own. Whose
        identity is not pinned, a stranger in the room say, has none."""
        people = [self._people.person(user) for user in users if self._people.pinned(user)]
        return {
            device
            for person in people
            if person is not None
            for device in person.signed
            if device.curve25519 != self._machine.curve25519
        }

    def _session(self, room: str, state: State, holders: set[Device]) -> OutboundGroupSession:
        """The room's key, renewed when it must be."""
        session = self._machine.outbound_group_sessions.get(room)
        limits = rotation(state)
        if session is not None:
            session.max_messages, session.max_age = limits
        tightened = strictness(state) > self._strictness.get(room, 0)
        worn = session is None or session.expired or not self._given[room] <= holders
        if session is None or worn or tightened:
            self._machine.create_outbound_group_session(room)
            session = self._machine.outbound_group_sessions[room]
            session.max_messages, session.max_age = limits
            session.shared = True  # with nobody yet; group_encrypt asks for it
            self._given[room] = set()
        self._strictness[room] = strictness(state)
        return session

    def _waiting(self) -> set[Device]:
        """Devices that we could not start an Olm session with a moment ago."""
        now = time.monotonic()
        self._out_of_reach = {
            device: until
            for device, until in self._out_of_reach.items()
            if until > now and self._machine.session_store.get(device.curve25519) is None
        }
        return set(self._out_of_reach)

    async def _share(self, room: str, session: OutboundGroupSession, devices: set[Device]) -> None:
        await self._keys.start_sessions(devices)
        content = {
            "algorithm": MEGOLM,
            "room_id": room,
            "session_id": session.id,
            "session_key": session.session_key,
        }
        able = {d for d in devices if self._machine.session_store.get(d.curve25519) is not None}
        self._given[room] |= able
        try:
            reached = await self._keys.send("m.room_key", content, able)
        except BaseException:  # some have the key and some have not: nobody is told more with it
            self._machine.outbound_group_sessions.pop(room, None)
            raise
        for device in devices - reached:
            self._out_of_reach[device] = time.monotonic() + RETRY_AFTER
        _log.info("room key shared with %d devices", len(reached))


def _readers(state: State, only: Collection[str] | None) -> frozenset[str]:
    """Of those who get room keys, the ones who are meant."""
    users = recipients(state)
    return users if only is None else users & frozenset(only)
