"""Members' identities and devices, kept as fresh as the homeserver tells us to.

Nothing of it is stored: after a restart everybody is asked for again, so that no change made
meanwhile can be missed.
"""

import time
from collections import Counter
from collections.abc import Iterable

from bot.matrix.crosssigning import shown_of
from bot.matrix.machine import Machine
from bot.matrix.trust import Device, Person, read_person
from bot.matrix.wire import Json, Wire, path

RETRY_AFTER = 60.0  # seconds


class People:
    """Who has which devices, verified by their owners' signatures."""

    def __init__(self, wire: Wire, machine: Machine) -> None:
        self._wire = wire
        self._machine = machine
        self._known: dict[str, Person] = {}
        self._outdated: set[str] = set()
        self._changes: Counter[str] = Counter()
        self._pins: dict[str, str | None] = {}  # None: still to be seen for the first time
        self._ask_again: dict[str, float] = {}  # users whose own server did not answer
        self._answered = False  # one of these servers did

    def pin(self, user: str, master_key: str | None) -> None:
        """From now on only devices under this master key count for the user; None: whoever they
        turn out to be at first sight is to be told, and gets no keys before."""
        if user in self._pins and self._pins[user] == master_key:
            return
        self._pins[user] = master_key
        person = self._known.get(user)
        if person is None or person.master_key != master_key:
            self._known.pop(user, None)
            self.changed([user])

    def unpin(self, user: str) -> None:
        """The user is none of ours any more, and gets no keys."""
        self._pins.pop(user, None)

    def pinned(self, user: str) -> bool:
        """Whether the user's identity is known and fixed."""
        return self._pins.get(user) is not None

    def identities(self) -> dict[str, str]:
        """The master key that the server shows now of each of ours, as far as we know."""
        shown = {user: self._known[user].shown for user in self._pins if user in self._known}
        return {user: key for user, key in shown.items() if key is not None}

    async def watch(self) -> None:
        """Know of every one of ours whether their identity is still what it was."""
        await self.ensure(self._pins)

    def changed(self, users: Iterable[str]) -> None:
        """Their devices changed: what we know of them must be asked for again before use."""
        for user in users:
            self._outdated.add(user)
            self._changes[user] += 1

    def all_changed(self) -> None:
        """Nobody's changes were reported to us for a while."""
        self.changed([*self._known, *self._ask_again])

    def gone(self, users: Iterable[str]) -> None:
        """We share no room with them any more, so their changes are not reported either."""
        for user in users:
            self._known.pop(user, None)
            self._ask_again.pop(user, None)
            self._changes[user] += 1

    def up_to_date(self, user: str) -> bool:
        """Whether what we know of the user is what the server last told us about: nothing, as
        long as their own server does not answer. Nobody waits for that one."""
        known = user in self._known or user in self._ask_again
        return known and user not in self._outdated

    async def retry(self) -> None:
        """Ask again about those whose own server did not answer a while ago."""
        now = time.monotonic()
        if due := [user for user, since in self._ask_again.items() if since <= now]:
            await self.ask(due)

    def answered(self) -> bool:
        """Whether somebody was learnt since the last time who could not be before: what they
        said may be readable now."""
        answered, self._answered = self._answered, False
        return answered

    def person(self, user: str) -> Person | None:
        """What we know of the user now."""
        return self._known.get(user)

    def device(self, user: str, curve25519: str) -> Device | None:
        """The user's device with that identity key."""
        person = self._known.get(user)
        devices = person.devices if person else ()
        return next((device for device in devices if device.curve25519 == curve25519), None)

    def owner(self, user: str, curve25519: str, ed25519: str) -> Device | None:
        """The user's device with both keys: the one that a room key under these names is of."""
        device = self.device(user, curve25519)
        return device if device is not None and device.ed25519 == ed25519 else None

    def hands(self, user: str) -> frozenset[str]:
        """The identity keys of the user's devices."""
        person = self._known.get(user)
        return frozenset(device.curve25519 for device in person.devices) if person else frozenset()

    async def ensure(self, users: Iterable[str]) -> None:
        """Ask the server about those of whom we are not up to date."""
        wanted = sorted({user for user in users if not self.up_to_date(user)})
        if wanted:
            await self.ask(wanted)

    async def ask(self, users: Iterable[str], tries: int | None = None) -> None:
        """Ask the server anew about everybody given; `NotYet` after so many tries."""
        wanted = {user: self._changes[user] for user in users}
        body = {"device_keys": {user: [] for user in wanted}, "timeout": 10_000}
        answer = await self._wire.call("POST", path("keys", "query"), body=body, tries=tries)
        for user, change in wanted.items():
            self._take(user, change, answer)

    def _take(self, user: str, change: int, answer: Json) -> None:
        """That a server did not answer says nothing of its users: they are not known, which is
        something else than to be known to have no devices."""
        if _failed(user, answer):
            self._ask_again[user] = time.monotonic() + RETRY_AFTER
        else:
            self._answered |= self._ask_again.pop(user, None) is not None
            self._learn(user, read_person(user, answer, self._pins.get(user)))
        if self._changes[user] == change:
            self._outdated.discard(user)

    def _learn(self, user: str, person: Person) -> None:
        self._known[user] = person
        self._machine.learn(person)


def _failed(user: str, answer: Json) -> bool:
    """Whether the user's server did not answer, and ours had nothing whole to say in its place."""
    shown = all(shown_of(answer, part, user) for part in ("device_keys", "master_keys"))
    return user.partition(":")[2] in answer.get("failures", {}) and not shown
