"""Side rooms: made, filled, emptied and left, each step as often as it takes (C15, C16)."""

import logging

from bot.composing import Composer
from bot.desk import Desk
from bot.failing import FIRST_PAUSE, Failures, of_the_account, pause_after
from bot.matrix.door import MatrixRefused, NotYet, RoomPlan, SessionLost
from handlers import core, side
from storage import models as m
from storage.outbox import Act, Outgoing, side_lane
from storage.people import RoomKind

log = logging.getLogger("tafelbot.siderooms")

FEW = 4  # attempts at removing somebody who is to leave a side room


class SideRooms:
    """Lanes below zero; each is the room of one case."""

    def __init__(self, desk: Desk, composer: Composer) -> None:
        self._desk = desk
        self._composer = composer
        self._failures = Failures(desk)

    async def do(self, outgoing: Outgoing, room: str | None) -> bool:
        """Make the room of a lane, or empty it; whether the lane can go on."""
        try:
            if outgoing.act is Act.CREATE:
                await self._create(outgoing)
            else:
                await self._dismiss(outgoing, room)
        except SessionLost:
            raise
        except NotYet as fault:
            self._later(outgoing, fault)
            return False
        except Exception as error:
            if of_the_account(error):
                with self._desk.transaction() as tx:
                    self._failures.wait(tx, outgoing, error)
                return False
            known = isinstance(error, MatrixRefused)
            log.warning("%s failed", outgoing.act, exc_info=None if known else error)
            if outgoing.act is Act.CREATE:
                self.lost(-outgoing.lane)
            return False
        return True

    async def _create(self, outgoing: Outgoing) -> None:
        name = self._composer.room_name(outgoing.facts.get("point"))
        room = await self._desk.door.create_room(RoomPlan(outgoing.token, name))
        with self._desk.transaction() as tx:
            if tx.people.room(room) is None:
                tx.people.add_room(room, RoomKind.SIDE, case=-outgoing.lane)
            tx.outbox.sent(outgoing, None)

    async def _dismiss(self, outgoing: Outgoing, room: str | None) -> None:
        """Out with everybody, whoever they are; then nothing of it is kept."""
        if room is not None:
            facts = await self._desk.room(room)
            if facts is not None:
                for user in sorted((facts.joined | facts.invited) - {self._desk.door.user_id}):
                    await self._remove(room, user, outgoing.attempts)
                await self._desk.door.leave(room)
                self._desk.room_changed(room)
            await self._desk.door.forget_keys(room)
        with self._desk.transaction() as tx:
            if room is not None:
                tx.people.forget_room(room)
            tx.outbox.forget_said(outgoing.lane)
            tx.outbox.sent(outgoing, None)
        self._desk.bell.set()  # the end of a meeting waits for it

    async def _remove(self, room: str, user: str, attempts: int) -> None:
        """Who cannot be removed stays behind, in a room in which nothing is said any more."""
        try:
            await self._desk.door.remove(room, user)
        except MatrixRefused as refused:
            if of_the_account(refused):
                raise
            log.warning("somebody stays in a side room: %s", refused.errcode)
        except NotYet as fault:
            if attempts < FEW:
                raise
            log.warning("somebody stays in a side room: %s", fault.kind)

    def _later(self, outgoing: Outgoing, fault: NotYet) -> None:
        """Emptying a room is tried a few times more: the end of the meeting waits for it."""
        log.warning("%s not done yet: %s", outgoing.act, fault.kind)
        with self._desk.transaction() as tx:
            pause = pause_after(outgoing.attempts + 1) or FIRST_PAUSE
            tx.outbox.postpone(outgoing, self._desk.clock() + pause)

    async def complete(self, lane: int, room: str | None) -> bool:
        """Whether everybody on the roster has come in; who comes later could not read a poll."""
        facts = await self._desk.room(room) if room is not None else None
        with self._desk.transaction() as tx:
            roster = tx.meetings.expected_in(-lane)
        here = facts.joined if facts is not None else frozenset[str]()
        return all(self._desk.user_id(one) in here for one in roster)

    def lost(self, case_id: int) -> None:
        """There is no such room, or we are in it no more."""
        with self._desk.transaction() as tx:
            meeting, case = tx.meetings.running(), tx.session.get(m.Case, case_id)
            if meeting is None or case is None:
                tx.outbox.drop_lane(side_lane(case_id))
                return
            core.write_down_at(tx, side.lost(tx, meeting, case), self._desk.chance)
