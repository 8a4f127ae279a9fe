"""Watch the table's room: mend what may be mended, tell the table the rest, once (R07, R27).

Looked at when a room becomes the table's, before a meeting opens, after every change of its
state, and now and then while something is the matter. A homeserver could change the room back
and forth for ever: a fault is told at most once an hour, and mended ever more slowly.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.composing import Composer
from bot.desk import Desk
from bot.matrix.door import MatrixRefused, RoomFacts, SessionLost
from bot.places import PlaceFinder
from bot.roomreport import Look, Report
from bot.rules.facts import Account
from bot.rules.room import Fault
from storage.faults import Knowledge

log = logging.getLogger("tafelbot.roomcheck")

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


@dataclass(slots=True)
class Pause:
    """Until when a fault is not mended again; the pause doubles while it keeps coming back."""

    until: datetime
    length: timedelta


class RoomCheck:
    """Looks at one table's room."""

    def __init__(self, desk: Desk, places: PlaceFinder) -> None:
        self._desk = desk
        self._places = places
        self._composer = Composer(desk)
        self._one_at_a_time = asyncio.Lock()
        self._looked_at: str | None = None
        self._stale = True  # something may have changed since the last look
        self._uneasy = False  # something was the matter then
        self._pauses: dict[Fault, Pause] = {}

    def changed(self) -> None:
        """Some room's state has changed, or the table has another one."""
        self._stale = True

    def knows(self, room_id: str) -> bool:
        """Whether it is the room that was looked at."""
        return room_id == self._looked_at

    async def now(self, room_id: str) -> RoomFacts | None:
        """Look whatever we know already: a meeting is about to open. The room as it is then."""
        self._desk.room_changed(room_id)
        self._stale = True
        await self.look()
        return await self._desk.room(room_id)

    async def look(self, *, again: bool = False) -> None:
        """Look if something changed; `again`: also if something was the matter."""
        if not self._stale and not (again and self._uneasy):
            return
        async with self._one_at_a_time:
            self._stale = False
            try:
                await self._look()
            except SessionLost:
                raise
            except Exception as error:  # the room is looked at again; nothing else may stop
                self._stale = True
                known = isinstance(error, MatrixRefused)
                log.warning("the room could not be looked at", exc_info=None if known else error)

    async def _look(self) -> None:
        with self._desk.transaction() as tx:
            row = tx.people.table_room()
            room_id = tx.people.room_id(row) if row is not None else None
        facts = await self._desk.room(room_id) if room_id is not None else None
        if room_id is None or facts is None:
            self._uneasy, self._looked_at = False, None
            with self._desk.transaction() as tx:
                tx.faults.forget_all()
            return
        seen = self._seen(facts)
        if cured := self._curable(seen):
            seen = await self._mended(room_id, seen, cured)
        self._uneasy, self._looked_at = bool(seen.found), room_id
        with self._desk.transaction() as tx:
            Report(tx, self._desk, seen).write()
            self._uneasy |= bool(tx.faults.all())

    def _seen(self, facts: RoomFacts) -> Look:
        _, strangers = self._places.company(facts)
        return Look(facts, self._places.faults(facts, strangers), strangers)

    def _curable(self, seen: Look) -> tuple[Fault, ...]:
        """What we may put right, and have not only just done."""
        now = self._desk.clock()
        return tuple(
            fault
            for fault in seen.found
            if fault in seen.facts.may_mend
            and (fault not in self._pauses or self._pauses[fault].until <= now)
        )

    async def _mended(self, room_id: str, seen: Look, cured: tuple[Fault, ...]) -> Look:
        """Noted first, so that after a crash the table is told all the same."""
        with self._desk.transaction() as tx:
            known = tx.faults.all()
            for fault in cured:
                if fault not in known:
                    tx.faults.set(fault, Knowledge.UNTOLD, 0, None)
            by = {fault: self._member(seen.facts.set_by.get(fault)) for fault in cured}
        for fault in cured:
            self._pause(fault)
        try:
            async with asyncio.timeout(self._desk.patience):  # the table is heard only afterwards
                for fault in cured:
                    await self._mend(room_id, fault)
        except TimeoutError:
            log.warning("the room is mended later")
        self._desk.room_changed(room_id)
        facts = await self._desk.room(room_id)
        after = self._seen(facts if facts is not None else seen.facts)
        gone = {fault: who for fault, who in by.items() if fault not in after.found}
        return Look(after.facts, after.found, after.strangers, gone)

    def _pause(self, fault: Fault) -> None:
        now, last = self._desk.clock(), self._pauses.get(fault)
        lasting = last is not None and now - last.until < LONGEST_PAUSE
        length = (
            min(2 * last.length, LONGEST_PAUSE) if last is not None and lasting else FIRST_PAUSE
        )
        self._pauses[fault] = Pause(now + length, length)

    async def _mend(self, room_id: str, fault: Fault) -> None:
        name, keep = self._composer.room_name(), self._places.stewards()
        log.info("mending %s", fault)
        try:
            await self._desk.door.mend(room_id, fault, name, keep)
        except MatrixRefused as refused:
            log.warning("%s may not be mended: %s", fault, refused.errcode)

    def _member(self, user: str | None) -> Account | None:
        seat = self._desk.seated.get(user or "")
        return seat.account if seat else None
