"""Whether the homeserver still lets our session in.

A `401` ends nothing by itself: a homeserver that is being restarted or moved, or a proxy before
it, answers so while the session is valid. `/account/whoami` decides, and it is asked for some
minutes before the session is given up. A locked account has a valid session: it is waited for.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from bot.matrix.door import SessionLost

GRACE = 300.0  # seconds in which nothing but 401 must be answered before the session is lost
REMINDER = 3600.0  # seconds after which it is logged again that the account is locked
LONGEST_PAUSE = 60.0
LOCKED = "M_USER_LOCKED"
SILENT = ""  # in place of an error code: no answer that says anything about the session
_log = logging.getLogger("tafelbot.matrix")


def pauses() -> Iterator[float]:
    """How long to wait before each further attempt, in seconds."""
    pause = 1.0
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a session that is not let in is held on to; the clock, and how to wait."""

    grace: float = GRACE
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Admission:
    """Asked by all calls that were answered 401; one of them asks the homeserver for all."""

    def __init__(self, whoami: Callable[[], Awaitable[str | None]]) -> None:
        """`whoami`: None when the session is valid, else the error code of a 401, or `SILENT`."""
        self._whoami = whoami
        self._asking = asyncio.Lock()

    async def settle(self, errcode: str, patience: Patience) -> None:
        """Return once the session is known to be valid; `SessionLost` when it is not."""
        _log.warning("the homeserver answered 401 (%s): asking whether the session holds", errcode)
        async with self._asking:
            await self._settle(patience)

    async def _settle(self, patience: Patience) -> None:
        began, growing = patience.clock(), pauses()
        told: float | None = None
        while (errcode := await self._whoami()) is not None:
            now = patience.clock()
            if errcode == LOCKED and (told is None or now - told >= REMINDER):
                _log.warning("the account is locked (%s): waiting until it is not", errcode)
                told = now
            if errcode in {LOCKED, SILENT}:
                began = now
            elif now - began >= patience.grace:
                _log.error("the session is lost: the homeserver answers %s", errcode)
                raise SessionLost(errcode)
            await patience.sleep(next(growing))
