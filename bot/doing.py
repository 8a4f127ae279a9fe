"""Do: each act of the outbox, in Matrix."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot import files
from bot.composing import Composer
from bot.desk import Desk
from bot.matrix.door import Content, NotYet
from bot.rules.facts import Account, EventId, MasterKey
from bot.trusting import Watch
from storage.database import forget_pages
from storage.outbox import TABLE_LANE, Act, Outgoing, side_lane
from storage.tx import Tx


class Doer:
    def __init__(self, desk: Desk, composer: Composer, watch: Watch) -> None:
        self._desk = desk
        self._watch = watch
        self._composer = composer
        self._acts: Mapping[Act, Callable[[Outgoing, str], Awaitable[str | None]]] = {
            Act.MESSAGE: self._message,
            Act.POLL: self._poll,
            Act.FILE: self._file,
            Act.REDACT: self._redact,
            Act.GREET: self._greet,
            Act.ADVICE: self._advice,
            Act.INVITE: self._invite,
            Act.REMOVE: self._remove,
            Act.FORGET: self._forget,
        }

    async def do(self, outgoing: Outgoing, room: str) -> str | None:
        """The id of the event that came of it, if one did; `MatrixRefused` if it may not be."""
        return await self._acts[outgoing.act](outgoing, room)

    async def _message(self, outgoing: Outgoing, room: str) -> str | None:
        with self._desk.transaction() as tx:
            edits = tx.outbox.anchor(outgoing.slot) if outgoing.slot else None
            if self._is_void(tx, outgoing):
                return None
        if outgoing.kind == "member.added":
            key, reached = await self._met(_member(outgoing))
            outgoing = replace(outgoing, facts={**outgoing.facts, "key": key})
            if not reached:
                outgoing = replace(outgoing, facts={**outgoing.facts, "unreached": True})
        content = await self._composer.message(outgoing, edits)
        event = await self._send(room, "m.room.message", content, outgoing)
        if outgoing.kind == "poll.opened":
            self._composer.words.forget(int(str(outgoing.facts["poll"])))
        return event

    async def _met(self, account: Account) -> tuple[MasterKey | None, bool]:
        """Who somebody is, if they have an identity, and whether their server says so; the table
        does not wait for one that does not answer."""
        try:
            async with asyncio.timeout(self._desk.patience):
                return await self._watch.meet(account), True
        except (TimeoutError, NotYet):
            return None, False

    async def _poll(self, outgoing: Outgoing, room: str) -> str | None:
        content = await self._composer.poll(outgoing)
        return await self._send(room, "org.matrix.msc3381.poll.start", content, outgoing)

    async def _file(self, outgoing: Outgoing, room: str) -> str | None:
        file = await files.file(self._composer, self._desk.table, outgoing)
        uploaded = await self._desk.door.upload(file.data, file.name, file.mimetype)
        content = {**uploaded, **self._composer.marked(outgoing, file.facts)}
        return await self._send(room, "m.room.message", content, outgoing)

    async def _redact(self, outgoing: Outgoing, room: str) -> str | None:
        if target := self._target(outgoing):
            await self._desk.door.redact(room, target, self._txn(outgoing))
        return None

    async def _greet(self, outgoing: Outgoing, room: str) -> str | None:
        """Whether somebody can be heard; if so they are told once, else each time."""
        user = self._desk.user_id(outgoing.lane)
        standing = await self._desk.door.standing(user)
        if not standing.answered:
            raise NotYet("their server does not answer")
        with self._desk.transaction() as tx:
            suspended = tx.people.identity(outgoing.lane).offered is not None
        if suspended or not standing.can_be_heard:
            kind = "suspended" if suspended else "unheard"
            return await self._advice(replace(outgoing, kind=kind), room)
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
        """Not again for whoever is asked already: they may be about to come in, and an
        invitation that crosses their joining leaves their client outside."""
        account = _member(outgoing)
        with self._desk.transaction() as tx:
            expected = tx.meetings.expected_in(-outgoing.lane)
        if outgoing.lane < TABLE_LANE and account not in expected:
            return None  # has left the roster meanwhile
        user, facts = self._desk.user_id(account), await self._desk.room(room)
        if facts is None or user not in facts.joined | facts.invited:
            await self._desk.door.invite(room, user)
            self._desk.room_changed(room)
        return None

    async def _remove(self, outgoing: Outgoing, room: str) -> str | None:
        await self._desk.door.remove(room, self._desk.user_id(_member(outgoing)))
        self._desk.room_changed(room)
        return None

    async def _forget(self, outgoing: Outgoing, _room: str) -> str | None:
        """The meeting is over: nothing of its moment stays, in memory or on disk. Where it could
        not be done at once, the next one may be open by now; its moment stays."""
        with self._desk.transaction() as tx:
            late = outgoing.tried_at is not None and tx.meetings.running() is not None
        if not late:
            self._desk.lines.clear()
        await self._forget_keys()
        with self._desk.transaction() as tx:
            tx.outbox.forget_anchors(outgoing)
            for former in tx.people.forget_former(tx.outbox.named()):
                tx.outbox.drop_lane(former)
        forget_pages(self._desk.engine)
        return None

    async def _forget_keys(self) -> None:
        """Nor can what was said be read again. The end of a meeting that was opened meanwhile
        does it for both: until then its words are needed."""
        for room in self._desk.door.keyed_rooms():
            with self._desk.transaction() as tx:
                if tx.meetings.running() is not None:
                    return
                own = not self._in_doubt(tx, room)
            # Nothing is awaited in between: nothing else in this room can be tried meanwhile.
            await self._desk.door.forget_keys(room, own=own)

    def _in_doubt(self, tx: Tx, room: str) -> bool:
        """Whether we may have to look for something of our own in a direct room; in the table's
        this is the last that was tried."""
        row = tx.people.room(room)
        if row is None or (row.account_id is None and row.case_id is None):
            return False
        return tx.outbox.in_doubt(row.account_id or side_lane(row.case_id or 0))

    async def _send(self, room: str, type_: str, content: Content, outgoing: Outgoing) -> str:
        """In somebody's own room for nobody but them: a third person may have come in unseen."""
        only = self._readers(outgoing.lane)
        return await self._desk.door.send(room, type_, content, self._txn(outgoing), only=only)

    def _readers(self, lane: int) -> frozenset[str] | None:
        """Who alone gets the key, whoever else the homeserver says is in the room: the one whose
        direct room it is, the roster of the case whose side room it is (C16)."""
        if lane == TABLE_LANE:
            return None
        if lane > TABLE_LANE:
            return frozenset({self._desk.user_id(lane)})
        with self._desk.transaction() as tx:
            meeting = tx.meetings.running()
            roster = tx.meetings.roster(meeting, -lane) if meeting is not None else {}
            there = frozenset(tx.people.user_id(who) for who, here in roster.items() if here)
        return there or None  # of a case that is forgotten no words are said any more

    def _target(self, outgoing: Outgoing) -> EventId | None:
        event, slot = outgoing.facts.get("event"), outgoing.facts.get("slot")
        if isinstance(event, EventId):
            return event
        with self._desk.transaction() as tx:
            return tx.outbox.anchor(str(slot))

    def _is_void(self, tx: Tx, outgoing: Outgoing) -> bool:
        """The message beside a poll that could not be opened."""
        if outgoing.kind != "poll.opened" or _alone_shows_the_words(outgoing):
            return False
        return tx.outbox.anchor(f"poll-{outgoing.facts['poll']}") is None

    def _txn(self, outgoing: Outgoing) -> str:
        return f"tafelbot-{outgoing.token}"


def _alone_shows_the_words(outgoing: Outgoing) -> bool:
    """The message of a poll that is answered in private: no native one has its words."""
    return outgoing.kind == "poll.opened" and bool(outgoing.facts.get("private"))


def _member(outgoing: Outgoing) -> Account:
    member = outgoing.facts["member"]
    assert isinstance(member, Account)
    return member
