"""Speak: what waits in the outbox becomes acts in Matrix, in order within each lane."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from bot.composing import Composer
from bot.desk import Desk
from bot.doing import Doer
from bot.matrix.door import MatrixRefused, RoomPlan
from storage.outbox import TABLE_LANE, Act, Outgoing
from storage.people import RoomKind

log = logging.getLogger("tafelbot.speaking")

LONG_PAUSE = timedelta(hours=12)  # homeservers remember transaction ids for a day
LOOK_BACK = 200  # how many of our own messages are searched after a long pause

_FAILURES = {
    Act.REDACT: "redaction.failed",
    Act.INVITE: "invitation.failed",
    Act.REMOVE: "removal.failed",
}


class Speaker:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._composer = Composer(desk)
        self._doer = Doer(desk, self._composer)
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()  # lanes in which something changed since they were looked at

    def start(self, group: asyncio.TaskGroup) -> None:
        """Give every lane in which something waits a task of its own."""
        with self._desk.transaction() as tx:
            waiting = tx.outbox.lanes()
        self._desk.bell.clear()
        for lane in waiting:
            task = self._lanes.get(lane)
            self._again.add(lane)
            if task is None or task.done():
                self._lanes[lane] = group.create_task(self._drain(lane))

    async def settle(self) -> None:
        """Say everything that can be said now."""
        async with asyncio.TaskGroup() as group:
            self.start(group)

    async def _drain(self, lane: int) -> None:
        try:
            while lane in self._again:
                self._again.discard(lane)
                await self._say_all(lane)
        except MatrixRefused as refused:  # no room can be had: nobody is there to be told
            log.warning("lane %d has no room: %s", lane, refused.errcode)
            with self._desk.transaction() as tx:
                tx.outbox.drop_lane(lane)

    async def _say_all(self, lane: int) -> None:
        while True:
            room = await self._room_of(lane)
            with self._desk.transaction() as tx:
                first = tx.outbox.peek(lane)
                if first is None or (room is None and first.act is not Act.CREATE):
                    return
                outgoing = tx.outbox.next(lane, self._desk.clock())
            assert outgoing is not None
            if outgoing.act is Act.CREATE:
                await self._create_table_room(outgoing)
                continue
            assert room is not None
            event = await self._once(outgoing, room)
            with self._desk.transaction() as tx:
                tx.outbox.sent(outgoing, event)

    async def _once(self, outgoing: Outgoing, room: str) -> str | None:
        """Act, unless a look at the room shows that this was done before a long pause."""
        before = outgoing.tried_at
        if before is not None and self._desk.clock() - before > LONG_PAUSE:
            for event_id, content in await self._desk.door.recent_own(room, LOOK_BACK):
                facts = content.get("org.tafelbot.v1")
                if isinstance(facts, Mapping) and facts.get("id") == outgoing.token:
                    return event_id
        try:
            return await self._doer.do(outgoing, room)
        except MatrixRefused as refused:
            log.warning("%s %s refused: %s", outgoing.act, outgoing.kind, refused.errcode)
            self._failed(outgoing)
        except Exception:  # a fault of ours: what cannot be said must not silence the rest
            log.exception("fault while speaking: %s %s", outgoing.act, outgoing.kind)
        return None

    def _failed(self, outgoing: Outgoing) -> None:
        """Say what could not be done, where people can do something about it."""
        kind = _FAILURES.get(outgoing.act)
        if kind is None:
            return
        facts = {} if outgoing.act is Act.REDACT else outgoing.facts
        # A slot: said once, also when we die right after.
        slot = kind if outgoing.act is Act.REDACT else f"failed-{outgoing.id}"
        with self._desk.transaction() as tx:
            token = self._desk.chance.token()
            tx.outbox.add(outgoing.lane, Act.MESSAGE, kind, facts, token, slot=slot)

    async def _create_table_room(self, outgoing: Outgoing) -> None:
        name = self._composer.room_name()
        room = await self._desk.door.create_room(RoomPlan(outgoing.token, name))
        with self._desk.transaction() as tx:
            if tx.people.table_room() is None:
                tx.people.add_room(room, RoomKind.TABLE)
            tx.outbox.sent(outgoing, None)

    async def _room_of(self, lane: int) -> str | None:
        """The room of a lane; None while nobody is there to hear it."""
        with self._desk.transaction() as tx:
            row = tx.people.table_room() if lane == TABLE_LANE else tx.people.direct_room(lane)
            room_id = tx.people.room_id(row) if row else None
        if lane == TABLE_LANE:
            return room_id
        user = self._desk.user_id(lane)
        facts = await self._desk.room(room_id) if room_id else None
        if room_id is not None and facts is not None:
            if user in facts.joined | facts.invited:
                return room_id if user in facts.joined else None
            with self._desk.transaction() as tx:
                tx.people.forget_room(room_id)
        await self._create_direct_room(lane, user)
        self._again.add(lane)  # they may have joined already
        return None

    async def _create_direct_room(self, lane: int, user: str) -> None:
        with self._desk.transaction() as tx:
            first = tx.outbox.peek(lane)
        if first is None:
            return
        plan = RoomPlan(first.token, self._desk.door.display_name(), (user,), direct=True)
        room = await self._desk.door.create_room(plan)
        with self._desk.transaction() as tx:
            if tx.people.room(room) is None:
                tx.people.add_room(room, RoomKind.DIRECT, lane)
