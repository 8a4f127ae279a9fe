"""Speak: what waits in the outbox becomes acts in Matrix, in order within each lane."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from bot.composing import Composer
from bot.desk import Desk
from bot.matrix.door import Content, MatrixRefused, RoomPlan
from bot.rules.consensus import Outcome
from bot.rules.facts import Account, EventId
from storage.database import forget_pages
from storage.outbox import TABLE_LANE, Act, Outgoing
from storage.people import RoomKind
from storage.tx import Tx

log = logging.getLogger("tafelbot.speaking")

LONG_PAUSE = timedelta(hours=12)  # homeservers remember transaction ids for a day
LOOK_BACK = 200  # how many of our own messages are searched after a long pause


class Speaker:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._composer = Composer(desk)
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._acts: Mapping[Act, Callable[[Outgoing, str], Awaitable[str | None]]] = {
            Act.MESSAGE: self._message,
            Act.POLL: self._poll,
            Act.POLL_END: self._poll_end,
            Act.FILE: self._file,
            Act.REDACT: self._redact,
            Act.GREET: self._greet,
            Act.ADVICE: self._advice,
            Act.INVITE: self._invite,
            Act.REMOVE: self._remove,
            Act.FORGET: self._forget,
        }

    def start(self, group: asyncio.TaskGroup) -> None:
        """Give every lane in which something waits a task of its own."""
        with self._desk.transaction() as tx:
            waiting = tx.outbox.lanes()
        self._desk.bell.clear()
        for lane in waiting:
            task = self._lanes.get(lane)
            if task is None or task.done():
                self._lanes[lane] = group.create_task(self._drain(lane))

    async def settle(self) -> None:
        """Say everything that can be said now."""
        async with asyncio.TaskGroup() as group:
            self.start(group)

    async def _drain(self, lane: int) -> None:
        while True:
            room = await self._room_of(lane)
            with self._desk.transaction() as tx:
                outgoing = tx.outbox.next(lane, self._desk.clock())
            if outgoing is None:
                return
            if outgoing.act is Act.CREATE:
                await self._create_table_room(outgoing)
                continue
            if room is None:
                return
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
            return await self._acts[outgoing.act](outgoing, room)
        except MatrixRefused as refused:
            log.warning("%s %s refused: %s", outgoing.act, outgoing.kind, refused.errcode)
            self._failed(outgoing)
            return None

    def _failed(self, outgoing: Outgoing) -> None:
        """Say what could not be done, where people can do something about it."""
        if outgoing.act not in {Act.REDACT, Act.INVITE}:
            return
        kind = "redaction.failed" if outgoing.act is Act.REDACT else "invitation.failed"
        facts = outgoing.facts if outgoing.act is Act.INVITE else {}
        with self._desk.transaction() as tx:
            slot = "redaction.failed" if outgoing.act is Act.REDACT else None
            token = self._desk.chance.token()
            tx.outbox.add(outgoing.lane, Act.MESSAGE, kind, facts, token, slot=slot)

    async def _message(self, outgoing: Outgoing, room: str) -> str | None:
        with self._desk.transaction() as tx:
            edits = tx.outbox.anchor(outgoing.slot) if outgoing.slot else None
            if self._is_void(tx, outgoing):
                return None
        content = await self._composer.message(outgoing, edits)
        if content is None:
            return None
        return await self._send(room, "m.room.message", content, outgoing)

    async def _poll(self, outgoing: Outgoing, room: str) -> str | None:
        content = await self._composer.poll(outgoing)
        if content is None:
            self._void(outgoing)
            return None
        return await self._send(room, "org.matrix.msc3381.poll.start", content, outgoing)

    async def _poll_end(self, outgoing: Outgoing, room: str) -> str | None:
        poll = self._target(outgoing)
        if poll is None:
            return None
        content = self._composer.poll_end(poll)
        return await self._send(room, "org.matrix.msc3381.poll.end", content, outgoing)

    async def _file(self, outgoing: Outgoing, room: str) -> str | None:
        data, name = self._composer.minutes(outgoing)
        uploaded = await self._desk.door.upload(data, name, "text/plain; charset=utf-8")
        content = {**uploaded, **self._composer.marked(outgoing, ("opened",))}
        return await self._send(room, "m.room.message", content, outgoing)

    async def _redact(self, outgoing: Outgoing, room: str) -> str | None:
        if target := self._target(outgoing):
            await self._desk.door.redact(room, target, self._txn(outgoing))
        return None

    async def _greet(self, outgoing: Outgoing, room: str) -> str | None:
        """Whether somebody can be heard; if so they are told once, else each time."""
        user = self._user(outgoing.lane)
        standing = await self._desk.door.standing(user)
        if not standing.can_be_heard:
            return await self._advice(outgoing, room)
        with self._desk.transaction() as tx:
            if tx.people.account_row(outgoing.lane).greeted:
                return None
        event = await self._message(outgoing, room)
        with self._desk.transaction() as tx:
            tx.people.account_row(outgoing.lane).greeted = True
        return event

    async def _advice(self, outgoing: Outgoing, room: str) -> str | None:
        content = self._composer.advice(outgoing)
        return await self._desk.door.send_clear(room, content, self._txn(outgoing))

    async def _invite(self, outgoing: Outgoing, room: str) -> str | None:
        await self._desk.door.invite(room, self._user(_member(outgoing)))
        return None

    async def _remove(self, outgoing: Outgoing, room: str) -> str | None:
        await self._desk.door.remove(room, self._user(_member(outgoing)))
        return None

    async def _forget(self, _outgoing: Outgoing, _room: str) -> str | None:
        """The meeting is over: nothing of its moment stays, in memory or on disk."""
        self._desk.lines.clear()
        with self._desk.transaction() as tx:
            tx.outbox.forget_anchors()
        forget_pages(self._desk.engine)
        return None

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
        user = self._user(lane)
        facts = await self._desk.room(room_id) if room_id else None
        if room_id is not None and facts is not None:
            if user in facts.joined | facts.invited:
                return room_id if user in facts.joined else None
            with self._desk.transaction() as tx:
                tx.people.forget_room(room_id)
        await self._create_direct_room(lane, user)
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

    async def _send(self, room: str, type_: str, content: Content, outgoing: Outgoing) -> str:
        return await self._desk.door.send(room, type_, content, self._txn(outgoing))

    def _target(self, outgoing: Outgoing) -> EventId | None:
        event, slot = outgoing.facts.get("event"), outgoing.facts.get("slot")
        if isinstance(event, EventId):
            return event
        with self._desk.transaction() as tx:
            return tx.outbox.anchor(str(slot))

    def _user(self, account: int) -> str:
        with self._desk.transaction() as tx:
            return tx.people.user_id(account)

    def _is_void(self, tx: Tx, outgoing: Outgoing) -> bool:
        """The message beside a poll that could not be opened."""
        if outgoing.kind != "poll.opened" or outgoing.facts.get("section") is None:
            return False
        return tx.outbox.anchor(f"poll-{outgoing.facts['poll']}") is None

    def _void(self, outgoing: Outgoing) -> None:
        """The words are not to be had, or not those that were proposed: nobody can agree."""
        with self._desk.transaction() as tx:
            poll = tx.polls.find(int(str(outgoing.facts["poll"])))
            if poll is not None:
                poll.outcome = Outcome.NO_CONSENSUS
                facts = {"number": poll.number}
                token = self._desk.chance.token()
                tx.outbox.add(TABLE_LANE, Act.MESSAGE, "item.void", facts, token)

    def _txn(self, outgoing: Outgoing) -> str:
        return f"tafelbot-{outgoing.token}"


def _member(outgoing: Outgoing) -> Account:
    member = outgoing.facts["member"]
    assert isinstance(member, Account)
    return member
