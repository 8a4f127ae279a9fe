"""The way of one verification's messages: in a room or from device to device, there and back.

Client-server API, "Key verification framework". In a room the messages go in clear, as clients
send them; nothing in them is secret, and whoever changes one is found out.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.matrix.agreement import Code
from bot.matrix.door import Event, MatrixRefused
from bot.matrix.offers import METHOD
from bot.matrix.sas import Message
from bot.matrix.talk import NotVerified
from bot.matrix.wire import Json, Wire, path

PREFIX = "m.key.verification."
REQUEST = "request"
FAREWELL = 10.0  # seconds that a cancellation may take

Name = tuple[str, str | None, str]  # user, room if it is in one, transaction


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of some verification, as it came; `at`: the server's or sender's claim, in
    seconds since 1970."""

    name: Name
    kind: str
    content: Json
    at: float = 0.0

    @property
    def user(self) -> str:
        return self.name[0]

    @property
    def room(self) -> str | None:
        return self.name[1]

    @property
    def device(self) -> str:
        """The device that says it; only a request, a ready and a start tell."""
        device = self.content.get("from_device")
        return device if isinstance(device, str) else ""


def of_event(event: Event, us: str) -> Heard | None:
    """What a room's event says to us of a verification."""
    content = dict(event.content)
    if event.type == "m.room.message":
        if content.get("to") != us:
            return None
        name = (event.sender, event.room, event.event_id)
        return Heard(name, REQUEST, content, event.at.timestamp())
    relation = content.get("m.relates_to")
    target = relation.get("event_id") if isinstance(relation, Mapping) else None
    if not isinstance(target, str):
        return None
    name = (event.sender, event.room, target)
    return Heard(name, event.type.removeprefix(PREFIX), content, event.at.timestamp())


def concerns(event: Event) -> bool:
    """Whether a room's event belongs to a verification, ours or others'."""
    if event.type == "m.room.message":
        return event.content.get("msgtype") == PREFIX + REQUEST
    return event.type.startswith(PREFIX) and event.state_key is None


def of_device(raw: Json) -> Heard | None:
    """What a to-device message says of a verification."""
    sender, type_, content = raw.get("sender"), raw.get("type"), raw.get("content")
    if not isinstance(sender, str) or not isinstance(content, dict):
        return None
    if not isinstance(type_, str) or not type_.startswith(PREFIX):
        return None
    transaction, at = content.get("transaction_id"), content.get("timestamp")
    if not isinstance(transaction, str):
        return None
    when = at / 1000 if type(at) is int and 0 <= at < 2**53 else 0.0
    return Heard((sender, None, transaction), type_.removeprefix(PREFIX), content, when)


@dataclass(slots=True)
class Exchange:
    """One verification with one user, as far as its messages go."""

    wire: Wire
    name: Name
    devices: tuple[str, ...] = ()  # where to-device messages go
    inbox: asyncio.Queue[Heard | asyncio.Task[bool]] = field(default_factory=asyncio.Queue)

    @property
    def reference(self) -> Json:
        """What says in every content that it belongs here."""
        _user, room, transaction = self.name
        if room is None:
            return {"transaction_id": transaction}
        return {"m.relates_to": {"rel_type": "m.reference", "event_id": transaction}}

    async def send(self, kind: str, content: Json) -> None:
        """Send; `content` holds the reference or is given it."""
        user, room, _transaction = self.name
        content = {**content, **self.reference}
        if room is None:
            await _to_devices(self.wire, user, self.devices, kind, content)
        else:
            where = path("rooms", room, "send", PREFIX + kind, secrets.token_hex(12))
            await self.wire.call("PUT", where, body=content)

    async def send_all(self, messages: Iterable[Message]) -> None:
        """One after the other."""
        for kind, content in messages:
            await self.send(kind, content)

    async def cancel(self, code: Code) -> None:
        """Tell the other side that it is over, unless that takes too long."""
        with contextlib.suppress(TimeoutError, MatrixRefused):
            async with asyncio.timeout(FAREWELL):
                await self.send("cancel", {"code": code, "reason": _REASONS[code]})

    async def next(self) -> Heard | asyncio.Task[bool]:
        """What comes next: a message, or our person's answer; `NotVerified` when the other side
        has ended it."""
        item = await self.inbox.get()
        if isinstance(item, Heard) and item.kind == "cancel":
            raise NotVerified(_known(item.content.get("code")), theirs=True)
        return item

    async def accept(self, ours: str) -> None:
        """Say that our device is ready."""
        await self.send("ready", {"from_device": ours, "methods": [METHOD]})

    async def settle(self, device: str) -> None:
        """One of the user's devices has accepted: the others need not ask any more."""
        user, room, _transaction = self.name
        others, self.devices = [one for one in self.devices if one != device], (device,)
        if room is None and others:
            content = {"code": Code.ACCEPTED, "reason": _REASONS[Code.ACCEPTED]}
            await _to_devices(self.wire, user, others, "cancel", {**content, **self.reference})


async def ask_room(wire: Wire, user: str, room: str, ours: str, asking: str) -> Exchange:
    """Ask a user in a room for a verification; `asking` is for clients that cannot do it."""
    content = {
        "msgtype": PREFIX + REQUEST,
        "body": asking,
        "to": user,
        "from_device": ours,
        "methods": [METHOD],
    }
    where = path("rooms", room, "send", "m.room.message", secrets.token_hex(12))
    answer = await wire.call("PUT", where, body=content)
    return Exchange(wire, (user, room, str(answer["event_id"])))


async def ask_devices(wire: Wire, user: str, devices: tuple[str, ...], ours: str) -> Exchange:
    """Ask all of a user's devices for a verification; whichever accepts first is the one."""
    exchange = Exchange(wire, (user, None, secrets.token_hex(16)), devices)
    timestamp = int(time.time() * 1000)
    content = {"from_device": ours, "methods": [METHOD], "timestamp": timestamp}
    await exchange.send(REQUEST, content)
    return exchange


async def _to_devices(
    wire: Wire, user: str, devices: Iterable[str], kind: str, content: Json
) -> None:
    """The same message to several devices of a user."""
    where = path("sendToDevice", PREFIX + kind, secrets.token_hex(12))
    body = {"messages": {user: dict.fromkeys(devices, content)}}
    await wire.call("PUT", where, body=body)


def _known(code: Any) -> str:
    """Their code, if it is one of the specification's: what others write is not passed on."""
    return code if isinstance(code, str) and code in set(Code) else "unknown"


_REASONS = {
    Code.USER: "The verification was stopped.",
    Code.TIMEOUT: "The verification took too long.",
    Code.UNKNOWN_METHOD: "There is no method that both sides know.",
    Code.UNEXPECTED: "A message came that was not expected.",
    Code.KEY_MISMATCH: "The keys are not those that the homeserver shows.",
    Code.INVALID: "A message could not be understood.",
    Code.ACCEPTED: "The verification goes on with another device.",
    Code.COMMITMENT: "The key is not the one that was announced.",
    Code.SAS: "The emoji are not the same.",
}
