"""The exchange of keys with other devices: publishing ours, starting Olm sessions, sending.

Whatever is made to be uploaded is saved first: after a crash the same keys are uploaded again
(specification, "One-time and fallback keys").
"""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from bot.matrix.asking import Asking
from bot.matrix.door import MatrixRefused
from bot.matrix.machine import Machine
from bot.matrix.people import People
from bot.matrix.trust import Device, signed_by, unpadded
from bot.matrix.wire import Json, Wire, path

ONE_TIME = "signed_curve25519"
RECIPIENTS_AT_ONCE = 100
_log = logging.getLogger("tafelbot.matrix")


class Keys:
    """Device keys, one-time keys, Olm sessions and to-device messages of our device."""

    def __init__(self, wire: Wire, machine: Machine, people: People) -> None:
        self._wire = wire
        self._machine = machine
        self._people = people
        self.asking = Asking(machine, people)
        self._untouched = False  # nothing came since the fallback key was renewed
        self._uploading = asyncio.Lock()  # what is made meanwhile must not pass for uploaded
        self.left: int | None = None  # our one-time keys on the server, when known
        self.fallback_used = False

    async def publish(self) -> None:
        """Our device, one-time keys and a fallback key; nothing when all of it is there."""
        if not self._machine.account.shared:
            self.left, self.fallback_used = 0, True
        elif self.left is None:
            answer = await self._wire.call("POST", path("keys", "upload"), body={})
            self.left = _count(answer.get("one_time_key_counts"))
        await self.top_up()

    async def top_up(self) -> None:
        """Upload new keys when few are left, or when the last upload was interrupted."""
        async with self._uploading:
            await self._top_up()

    async def renew_fallback(self) -> None:
        """Be unable to open what was sent to any fallback key before, whether or not the server
        says that one was used. A refusal is made good later."""
        if self._untouched:
            return
        async with self._uploading:
            self._machine.renew_fallback_key()
            self._machine.save_account()
            self._untouched = True
            try:
                await self._top_up()
            except MatrixRefused as refusal:
                _log.warning("fallback key refused (%s)", refusal)

    async def _top_up(self) -> None:
        account = self._machine.account
        most: int = account.max_one_time_keys
        left = most if self.left is None else self.left
        waiting = account.one_time_keys["curve25519"]
        due = bool(waiting or self._machine.fallback_keys())
        if account.shared and not due and not self.fallback_used and left > most // 2:
            return
        if not waiting and left < most:
            account.generate_one_time_keys(most - left)
        if self.fallback_used:
            self._machine.new_fallback_key()
        self._machine.save_account()
        try:
            answer = await self._wire.call("POST", path("keys", "upload"), body=self._upload())
        except MatrixRefused as refusal:
            if not account.shared or refusal.status != 400:
                raise
            # A folder from a backup: the server has other keys under these names. Use the next.
            _log.warning("one-time keys refused (%s)", refusal)
            answer = {"one_time_key_counts": {ONE_TIME: left}}
        account.shared = True
        account.mark_keys_as_published()
        self._machine.save_account()
        self.left, self.fallback_used = _count(answer.get("one_time_key_counts")), False

    def _upload(self) -> Json:
        account = self._machine.account
        fallback = {
            f"{ONE_TIME}:{name}": self._machine.signed({"key": key, "fallback": True})
            for name, key in self._machine.fallback_keys().items()
        }
        one_time = {
            f"{ONE_TIME}:{name}": self._machine.signed({"key": key})
            for name, key in account.one_time_keys["curve25519"].items()
        }
        body: Json = {"one_time_keys": one_time, "fallback_keys": fallback}
        if not account.shared:
            body["device_keys"] = self._machine.device_keys()
        return body

    def receive(self, events: Iterable[Any]) -> bool:
        """Take in to-device messages, in order; True when room keys came."""
        encrypted = [
            event
            for event in events
            if isinstance(event, dict) and event.get("type") == "m.room.encrypted"
        ]
        if not encrypted:
            return False
        self._untouched = False
        with self._machine.together():  # a message that was opened once is not opened again
            arrived = [self._machine.receive(event) for event in encrypted]
            self._machine.save_account()  # an Olm session may have used up a one-time key
        return any(arrived)

    def opened(self) -> list[Json]:
        """To-device messages that came encrypted and are for others to understand."""
        opened, self._machine.opened = self._machine.opened, []
        return opened

    async def start_sessions(self, devices: Iterable[Device]) -> None:
        """Start Olm sessions with devices that have none; those out of keys are left out."""
        missing = {
            (device.user_id, device.device_id): device
            for device in devices
            if self._machine.session_store.get(device.curve25519) is None
        }
        if missing:
            await self._claim(missing)

    async def _claim(self, devices: Mapping[tuple[str, str], Device]) -> None:
        wanted: Json = {}
        for user, device_id in devices:
            wanted.setdefault(user, {})[device_id] = ONE_TIME
        body = {"one_time_keys": wanted, "timeout": 10_000}
        answer = await self._wire.call("POST", path("keys", "claim"), body=body)
        given = answer.get("one_time_keys", {})
        for (user, device_id), device in devices.items():
            key = _one_time_key(given, device)
            if key is None:
                _log.warning("no usable one-time key of %s %s", user, device_id)
            else:
                self._machine.create_session(key, device.curve25519)

    async def send(self, type_: str, content: Json, devices: Iterable[Device]) -> set[Device]:
        """Send an Olm message to each device that we have a session with; who they are."""
        reached: set[Device] = set()
        messages: list[tuple[str, str, Json]] = []
        for device in devices:
            sealed = self._machine.seal_for(device, type_, content)
            if sealed is not None:
                messages.append((device.user_id, device.device_id, sealed))
                reached.add(device)
        await self._send_to_device("m.room.encrypted", messages)
        return reached

    async def _send_to_device(self, type_: str, messages: list[tuple[str, str, Json]]) -> None:
        parts = [
            messages[i : i + RECIPIENTS_AT_ONCE]
            for i in range(0, len(messages), RECIPIENTS_AT_ONCE)
        ]
        await asyncio.gather(*(self._send_part(type_, part) for part in parts))

    async def _send_part(self, type_: str, part: list[tuple[str, str, Json]]) -> None:
        body: Json = {}
        for user, device_id, content in part:
            body.setdefault(user, {})[device_id] = content
        where = path("sendToDevice", type_, secrets.token_hex(12))
        await self._wire.call("PUT", where, body={"messages": body})

    async def tidy(self) -> None:
        """What is due between two syncs; a refusal is reported and does not stop the hearing."""
        try:
            await self.top_up()
            await self._mend_sessions()
            for message in self.asking.due():
                await self._send_to_device("m.room_key_request", [message])
            await self._people.retry()
        except MatrixRefused as refusal:
            _log.warning("key exchange refused (%s)", refusal)

    async def _mend_sessions(self) -> None:
        """Replace Olm sessions that do not work any more, by a message on a new one."""
        broken, self._machine.broken = self._machine.broken, set()
        await self._people.ensure(user for user, _ in broken)
        found = [self._people.device(user, curve) for user, curve in broken]
        devices = {
            (device.user_id, device.device_id): device
            for device in found
            if device is not None and self._machine.may_mend(device)
        }
        if devices:
            _log.info("starting %d Olm sessions anew", len(devices))
            await self._claim(devices)
            await self.send("m.dummy", {}, devices.values())


def _count(counts: Any) -> int:
    count = counts.get(ONE_TIME, 0) if isinstance(counts, dict) else 0
    return count if isinstance(count, int) else 0


def _one_time_key(given: Mapping[str, Any], device: Device) -> str | None:
    """The claimed key, if it is well-formed and signed by the device it is said to be of."""
    try:
        (payload,) = given[device.user_id][device.device_id].values()
        key = payload["key"]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    good = signed_by(payload, device.user_id, device.device_id, device.ed25519)
    return key if good and len(unpadded(key)) == 32 else None
