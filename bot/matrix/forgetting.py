"""Forgetting keys: whoever takes the disk and the master key opens nothing of what is over.

Of each device's newest room key only the future stays; older ones and our own go. What is being
acted upon just now stays readable until the next time, because it comes again if we are killed.
"""

import logging
from collections.abc import Iterator, Sequence

from bot.matrix.machine import Machine
from bot.matrix.replays import Replays
from bot.matrix.roomkeys import NEVER, Fate, advance
from bot.matrix.sharing import Sharing

_log = logging.getLogger("tafelbot.matrix")


class Forgetting:
    """Forgets the past of rooms."""

    def __init__(self, machine: Machine, sharing: Sharing, replays: Replays) -> None:
        self._machine = machine
        self._sharing = sharing
        self._replays = replays

    async def forget(self, room: str, *, own: bool) -> None:
        """The past of a room; with `own` also of what we said there ourselves."""
        async with self._sharing.renewing(room):
            fates = [*self._fates(room), *(self._own_fates(room) if own else ())]
            for fate in fates:  # first what was heard: killed in between, we hear nothing twice
                self._replays.forget(fate.key.sender_key, fate.key.id, fate.end)
            self._replays.scrub()
            self._cut(room, fates)

    def _fates(self, room: str) -> Iterator[Fate]:
        """What becomes of the keys that members' devices gave us."""
        for sender_key, keys in self._machine.room_keys.by_sender(room).items():
            used = [self._replays.reach(sender_key, key.id)[0] > 0 for key in keys]
            over = superseded([bool(key.forwarding_chain) for key in keys], used)
            for key, old in zip(keys, over, strict=True):
                if sender_key != self._machine.curve25519:
                    reach, busy = self._reach(room, key.id)
                    yield Fate(key, max(reach, key.first_known_index), old and not busy)

    def _reach(self, room: str, session_id: str) -> tuple[int, bool]:
        """As far as was read under this key, whoever gave it to us: a copy opens the same."""
        keys = self._machine.room_keys.of_event(room, {"session_id": session_id})
        reached = [self._replays.reach(key.sender_key, session_id) for key in keys]
        busy = [number for number, is_busy in reached if is_busy]
        return (min(busy), True) if busy else (max(number for number, _ in reached), False)

    def _own_fates(self, room: str) -> Iterator[Fate]:
        for key in self._machine.room_keys.by_sender(room).get(self._machine.curve25519, []):
            yield Fate(key, NEVER, gone=True)

    def _cut(self, room: str, fates: Sequence[Fate]) -> None:
        for fate in fates:
            if not fate.gone:
                advance(fate.key, fate.end)
        with self._machine.together():
            self._machine.room_keys.forget(fates)
            self._machine.drop_requests(room)
        self._machine.room_keys.scrub()
        gone = sum(fate.gone for fate in fates)
        _log.info("%d of %d keys of a room dropped, the others cut short", gone, len(fates))


def superseded(passed_on: Sequence[bool], used: Sequence[bool]) -> list[bool]:
    """Of one device's keys in order of arrival: whether something came under a newer one.

    A key that was passed on when we asked for it may be of any age, and one that is not in use
    may have been late: neither makes another one old.
    """
    newer = [fresh and not old for old, fresh in zip(passed_on, used, strict=True)]
    return [any(newer[number + 1 :]) for number in range(len(newer))]
