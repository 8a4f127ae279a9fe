"""Verifications of our account: which requests wait, which run.

A request is answered only when somebody at our end runs `verify`: nobody can make the bot
compare anything by asking.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Iterable

from bot.matrix.agreement import Cancel, Code, Party
from bot.matrix.comparing import START_AFTER, Comparison
from bot.matrix.crosssigning import OwnIdentity, vouch
from bot.matrix.door import Event
from bot.matrix.exchange import (
    REQUEST,
    Exchange,
    Heard,
    Name,
    ask_devices,
    ask_room,
    concerns,
    of_device,
    of_event,
)
from bot.matrix.offers import METHOD
from bot.matrix.talk import NotVerified, Talk, VerificationRequest
from bot.matrix.trust import Person, read_person
from bot.matrix.wire import Json, Wire, path

LIMIT = 600.0  # seconds that a verification may take, its request included
PATIENCE = 10.0  # seconds that the homeserver may take for our signature
AHEAD = 300.0  # seconds that another clock may be ahead of ours
MOST = 100  # requests and early messages that are kept
_log = logging.getLogger("tafelbot.matrix")


class Verifying:
    """Hears and runs verifications, at most one at a time with the same user."""

    def __init__(self, wire: Wire, own: OwnIdentity, device_id: str, ed25519: str) -> None:
        """`device_id`, `ed25519`: our device."""
        self._wire = wire
        self._own = own
        self._us = Party(own.user_id, device_id, ed25519, own.master.public)
        self._waiting: dict[str, Heard] = {}  # user → the newest request
        self._running: dict[str, Exchange | None] = {}  # user → once it is known by name
        self._early: deque[Heard] = deque(maxlen=MOST)  # of what we may be about to know
        self._ended: deque[Name] = deque(maxlen=MOST)
        self._news: list[VerificationRequest] = []
        self.limit = LIMIT
        self.patience = PATIENCE
        self.start_after = START_AFTER

    def take_events(self, events: Iterable[Event]) -> list[Event]:
        """Hear what belongs to verifications; the events that do not."""
        others = []
        for event in events:
            if not concerns(event):
                others.append(event)
            elif heard := of_event(event, self._us.user_id):
                self._hear(heard)
        return others

    def take_devices(self, raws: Iterable[Json]) -> None:
        """Hear what belongs to verifications among to-device messages."""
        for raw in raws:
            if heard := of_device(raw):
                self._hear(heard)

    def news(self) -> tuple[VerificationRequest, ...]:
        """The requests that came since the last time and still wait."""
        news, self._news = self._news, []
        return tuple(one for one in news if one.user in self._waiting)

    def _hear(self, heard: Heard) -> None:
        running, waiting = self._running.get(heard.user), self._waiting.get(heard.user)
        if heard.user == self._us.user_id or heard.name in self._ended:
            return
        if heard.kind == REQUEST:
            self._take_request(heard)
        elif running is not None and running.name == heard.name:
            running.inbox.put_nowait(heard)
        elif waiting is not None and waiting.name == heard.name and heard.kind == "cancel":
            del self._waiting[heard.user]
        else:
            self._early.append(heard)

    def _take_request(self, heard: Heard) -> None:
        """Keep it, in place of an older one of the same user."""
        methods, device = heard.content.get("methods"), heard.content.get("from_device")
        if not isinstance(methods, list) or METHOD not in methods or not isinstance(device, str):
            return
        former = self._waiting.pop(heard.user, None)
        if self._left(heard) <= 0:
            return
        while len(self._waiting) >= MOST:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[heard.user] = heard
        again = former is not None and former.name == heard.name
        if not again and heard.user not in self._running:
            self._news.append(VerificationRequest(heard.user, heard.room))
            _log.info("a verification is asked for; %d wait", len(self._waiting))

    def _left(self, request: Heard) -> float:
        """Seconds until a request is too old; 0 too when it claims to be of the future."""
        age = time.time() - request.at
        return max(0.0, self.limit - max(0.0, age)) if age > -AHEAD else 0.0

    async def verify(self, user: str, room: str | None, talk: Talk) -> str:
        """See `bot.matrix.door.Door.verify`."""
        if user in self._running:
            raise NotVerified("busy")
        self._running[user] = None
        try:
            person = await self._person(user)
            if not person.standing.can_be_heard:
                raise NotVerified("no_identity")
            await self._meet(person, room, talk)
        finally:
            del self._running[user]
        return person.master_key or ""

    async def vouch(self, user: str, master_key: str) -> None:
        """See `bot.matrix.door.Door.vouch`."""
        try:
            async with asyncio.timeout(self.patience):
                await vouch(self._wire, self._own, user, master_key)
        except TimeoutError:
            _log.warning("the homeserver does not take the signature on a verified identity")

    async def _meet(self, person: Person, room: str | None, talk: Talk) -> None:
        """Take up the request that waits, or ask; and bring it to its end."""
        request = self._waiting.pop(person.user_id, None)
        left = self._left(request) if request is not None else 0.0
        if request is None or left <= 0:
            request, left, exchange = None, self.limit, await self._ask(person, room, talk)
        else:
            exchange = Exchange(self._wire, request.name, (request.device,))
        comparison = Comparison(exchange, self._us, person, talk, self.start_after)
        course = comparison.await_ready() if request is None else comparison.answer(request)
        await self._bounded(exchange, course, left)

    async def _person(self, user: str) -> Person:
        """As the homeserver shows them now, whichever identity was pinned before."""
        body = {"device_keys": {user: []}, "timeout": 10_000}
        answer = await self._wire.call("POST", path("keys", "query"), body=body)
        return read_person(user, answer)

    async def _ask(self, person: Person, room: str | None, talk: Talk) -> Exchange:
        user = person.user_id
        if room is not None:
            return await ask_room(self._wire, user, room, self._us.device_id, talk.asking)
        devices = tuple(device.device_id for device in person.signed)
        return await ask_devices(self._wire, user, devices, self._us.device_id)

    def _take_up(self, exchange: Exchange) -> None:
        """From now on it hears what is said in it, and what was said too early."""
        self._running[exchange.name[0]] = exchange
        early, self._early = self._early, deque(maxlen=MOST)
        for heard in early:
            self._hear(heard)

    async def _bounded(self, exchange: Exchange, course: Awaitable[None], limit: float) -> None:
        """Let it take its course for as long as it may, and tell the other side if it fails."""
        self._take_up(exchange)
        try:
            async with asyncio.timeout(limit):
                await course
        except Cancel as cancel:
            await exchange.cancel(cancel.code)
            raise NotVerified(cancel.code) from None
        except TimeoutError:
            await exchange.cancel(Code.TIMEOUT)
            raise NotVerified(Code.TIMEOUT) from None
        except NotVerified as ended:
            if not ended.theirs:
                await exchange.cancel(Code.KEY_MISMATCH)
            elif len(exchange.devices) > 1:  # declined on one of them, before any had accepted
                await exchange.cancel(Code.USER)
            raise
        except BaseException:
            await exchange.cancel(Code.USER)
            raise
        finally:
            self._ended.append(exchange.name)
