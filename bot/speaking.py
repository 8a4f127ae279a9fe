"""Speak: what waits in the outbox becomes acts in Matrix, in order within each lane.

Who is asked in or removed is not in that order: one person's server that does not answer would
silence the room for all.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import timedelta

from bot.composing import Composer
from bot.desk import Desk
from bot.doing import Doer
from bot.failing import Failures, of_the_account, report
from bot.lanes import LaneRooms
from bot.matrix.door import NotYet, SessionLost
from bot.membership import Membership
from bot.rules.facts import Account, Facts
from bot.siderooms import SideRooms
from bot.trusting import Watch
from bot.words import WordsMissing
from handlers import core, effects
from storage.outbox import MEMBERSHIP, TABLE_LANE, Act, Outgoing
from storage.tx import Tx

log = logging.getLogger("tafelbot.speaking")

LONG_PAUSE = timedelta(hours=12)  # homeservers remember transaction ids for a day
LOOK_BACK = 200  # how many of our own messages are searched after a long pause

ROOM_ACTS = frozenset({Act.CREATE, Act.DISMISS})

_FAILURES = {Act.POLL: "poll.void", Act.FILE: "file.failed"}  # said instead, at the same place

Strand = tuple[int, Account]  # a lane, and whom something is done about there
ALL = Account(0)  # what is said in a lane, to whoever is there


class Speaker:
    def __init__(self, desk: Desk, watch: Watch) -> None:
        self._desk = desk
        self._composer = Composer(desk)
        self._doer = Doer(desk, self._composer, watch)
        self._failures = Failures(desk)
        self._membership = Membership(desk, self._doer, self._failures)
        self._rooms = LaneRooms(desk, self._composer, self._failures)
        self._sides = SideRooms(desk, self._composer)
        self._strands: dict[Strand, asyncio.Task[None]] = {}
        self._again: set[Strand] = set()  # in which something changed since they were looked at

    def start(self, group: asyncio.TaskGroup) -> None:
        """Give every lane in which something waits a task of its own, and every person in it who
        is to be asked in or removed."""
        with self._desk.transaction() as tx:
            waiting = [*((lane, ALL) for lane in tx.outbox.lanes()), *tx.memberships.waiting()]
        self._desk.bell.clear()
        for strand in waiting:
            task = self._strands.get(strand)
            self._again.add(strand)
            if task is None or task.done():
                self._strands[strand] = group.create_task(self._drain(strand))

    async def settle(self) -> None:
        """Say everything that can be said now, and what follows from it."""
        self._desk.bell.set()
        while self._desk.bell.is_set():
            async with asyncio.TaskGroup() as group:
                self.start(group)

    async def _drain(self, strand: Strand) -> None:
        lane, member = strand
        try:
            while strand in self._again:
                self._again.discard(strand)
                if member == ALL:
                    await self._say_all(lane)
                else:
                    await self._membership.settle(lane, member)
        except SessionLost:
            raise
        except Exception:  # what waits is kept, and looked at again when the bell rings
            log.exception("fault in lane %d", lane)

    async def _room_of(self, lane: int) -> str | None:
        room, made = await self._rooms.of(lane)
        if made:
            self._again.add((lane, ALL))  # they may have joined already
        return room

    async def _say_all(self, lane: int) -> None:
        acts = frozenset(Act) - MEMBERSHIP  # without those that failed, and are tried again later
        while True:
            room = await self._room_of(lane)
            with self._desk.transaction() as tx:
                only = acts & _understood(tx, lane)
                first = tx.outbox.peek(lane, only)
            if first is not None and first.act is Act.GREET and not self._due(first):
                acts -= {Act.GREET}  # what else there is to say to them does not wait for it
                continue
            if first is None or not self._due(first) or not await self._can(first, room):
                return
            with self._desk.transaction() as tx:
                outgoing = tx.outbox.next(lane, self._desk.clock(), only)
            assert outgoing is not None
            if lane < TABLE_LANE and outgoing.act in ROOM_ACTS:
                if not await self._sides.do(outgoing, room):
                    return
                self._desk.bell.set()  # who is to be asked in waits for it, and the meeting's end
            elif outgoing.act is Act.CREATE:
                await self._rooms.create_table_room(outgoing)
                self._desk.bell.set()
            else:
                assert room is not None
                if not await self._say(outgoing, room) and outgoing.act is Act.FORGET:
                    acts -= {Act.FORGET}

    def _due(self, first: Outgoing) -> bool:
        return first.due(self._desk.clock())

    async def _can(self, first: Outgoing, room: str | None) -> bool:
        """Whether it can be said now. In a side room no poll is asked before everybody on the
        roster is there to read it, and in one that is gone nothing is."""
        if first.act in ROOM_ACTS:
            return True
        if first.lane < TABLE_LANE and room is None:
            with self._desk.transaction() as tx:
                tx.outbox.sent(first, None)
            self._again.add((first.lane, ALL))
            return False
        shows = first.act is Act.POLL or _in_private(first)
        asks = shows and first.tried_at is None and first.lane < TABLE_LANE
        return room is not None and (not asks or await self._sides.complete(first.lane, room))

    async def _say(self, outgoing: Outgoing, room: str) -> bool:
        """Once; or say that it could not be. Nothing that cannot be said silences the rest."""
        try:
            event = await self._before(outgoing, room) or await self._doer.do(outgoing, room)
        except SessionLost:
            raise
        except NotYet as fault:
            await self._failures.later(outgoing, fault)
            return False
        except Exception as error:
            if of_the_account(error):
                with self._desk.transaction() as tx:
                    self._failures.wait(tx, outgoing, error)
                return False
            report(outgoing, error)
            if outgoing.kind == "poll.opened":
                self._composer.words.forget(int(str(outgoing.facts["poll"])))
            with self._desk.transaction() as tx:
                if _failure(outgoing) == "poll.void":
                    lost = error.polls if isinstance(error, WordsMissing) else ()
                    self._void(tx, int(str(outgoing.facts["poll"])), lost)
                self._failed(tx, outgoing)
            return False
        with self._desk.transaction() as tx:
            tx.outbox.sent(outgoing, event)
            if outgoing.kind == "poll.opened" and outgoing.act is Act.MESSAGE:
                core.shown(tx, int(str(outgoing.facts["poll"])), self._desk.chance)
        return True

    async def _before(self, outgoing: Outgoing, room: str) -> str | None:
        """What a look at the room shows to have been done before a long pause."""
        tried = outgoing.tried_at
        if tried is None or self._desk.clock() - tried <= LONG_PAUSE:
            return None
        for event_id, content in await self._desk.door.recent_own(room, LOOK_BACK):
            facts = content.get("org.tafelbot.v1")
            if isinstance(facts, Mapping) and facts.get("id") == outgoing.token:
                return event_id
        return None

    def _failed(self, tx: Tx, outgoing: Outgoing) -> None:
        """Say what could not be done, where people can do something about it."""
        token, kind = self._desk.chance.token(), _failure(outgoing)
        if outgoing.act is Act.FORGET:
            log.warning("what is to be forgotten is still there; it is tried again")
            return
        if kind is not None:
            tx.outbox.instead(outgoing, kind, _about(outgoing), token)
            return
        kind = "redaction.failed"
        words_stay = outgoing.act is Act.REDACT and outgoing.lane <= TABLE_LANE
        if words_stay and not tx.outbox.waits(TABLE_LANE, Act.MESSAGE, kind):
            tx.outbox.add(TABLE_LANE, Act.MESSAGE, kind, {}, token)  # once, after all of them
        tx.outbox.give_up(outgoing)

    def _void(self, tx: Tx, poll_id: int, lost: Collection[int]) -> None:
        """Nobody can agree to what nobody was shown."""
        if poll := tx.polls.find(poll_id):
            core.write_down_at(tx, effects.void(tx, poll, lost), self._desk.chance)


def _understood(tx: Tx, lane: int) -> frozenset[Act]:
    """What may be said in a lane now. A member who is suspended, or whose identity we have not
    seen, gets no key: what is encrypted for them waits until they can read it."""
    if lane == TABLE_LANE and (tx.outbox.asides() or tx.memberships.leaving(lane)):
        return frozenset(Act) - {Act.FORGET}  # a meeting ends with its side rooms and its guests
    if lane <= TABLE_LANE or tx.people.member(lane) is None:
        return frozenset(Act)
    known = tx.people.identity(lane)
    readable = known.pinned is not None and known.offered is None
    return frozenset(Act) if readable else frozenset({Act.ADVICE, Act.GREET})


def _failure(outgoing: Outgoing) -> str | None:
    """The kind that is said instead. Whoever cannot be asked in private has not answered, which
    is not consent; but a poll whose words nobody saw is void."""
    if outgoing.kind == "poll.asked":
        return None
    return "poll.void" if _in_private(outgoing) else _FAILURES.get(outgoing.act)


def _in_private(outgoing: Outgoing) -> bool:
    """The message that alone shows what is answered in private."""
    return outgoing.kind == "poll.opened" and bool(outgoing.facts.get("private"))


def _about(outgoing: Outgoing) -> Facts:
    facts = outgoing.facts
    if outgoing.act is Act.FILE:
        kind = outgoing.kind
        return {"minutes": kind == "minutes.ready", "form": kind == "fiche.form"}
    if outgoing.kind == "poll.opened":
        return {"poll": facts["poll"], "number": facts["number"]}
    return {}
