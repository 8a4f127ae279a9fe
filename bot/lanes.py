"""Which room belongs to a lane of the outbox: the table's, a case's, or a direct one, made when
needed."""

import hashlib
import logging

from bot.composing import Composer
from bot.desk import Desk
from bot.failing import Failures, of_the_account
from bot.matrix.door import MatrixRefused, NotYet, RoomPlan, SessionLost
from bot.rules.facts import Account, Token
from storage.outbox import TABLE_LANE, Act, Outgoing
from storage.people import RoomKind
from storage.tx import Tx

log = logging.getLogger("tafelbot.lanes")


class LaneRooms:
    def __init__(self, desk: Desk, composer: Composer, failures: Failures) -> None:
        self._desk = desk
        self._composer = composer
        self._failures = failures

    async def of(self, lane: int) -> tuple[str | None, bool]:
        """The room of a lane, None while nobody is there to hear it; and whether one was made
        just now."""
        with self._desk.transaction() as tx:
            if lane < TABLE_LANE:
                row = tx.people.side_room(-lane)
            else:
                row = tx.people.direct_room(lane) if lane else tx.people.table_room()
            room_id = tx.people.room_id(row) if row else None
        if lane <= TABLE_LANE:
            return room_id, False
        return await self._direct_room(lane, room_id)

    async def _direct_room(self, lane: int, room_id: str | None) -> tuple[str | None, bool]:
        """Somebody's own, with nobody else in it; a new one if they have none, but who has left
        theirs is asked again only when they are enrolled anew."""
        user = self._desk.user_id(lane)
        facts = await self._desk.room(room_id) if room_id else None
        if room_id is not None and facts is not None:
            company = (facts.joined | facts.invited) - {self._desk.door.user_id}
            if company == {user} and facts.encrypted:
                return room_id if user in facts.joined else None, False
            if user not in company and not self._asked_anew(lane):
                return None, False
        return None, await self._create_direct_room(lane, user, room_id)

    def _asked_anew(self, lane: int) -> bool:
        with self._desk.transaction() as tx:
            return tx.outbox.new_greeting(lane) is not None

    async def _create_direct_room(self, lane: int, user: str, former: str | None) -> bool:
        """Whether there is one now; if it may not be made, nobody is there to be told."""
        with self._desk.transaction() as tx:
            first = tx.outbox.peek(lane)
            token = tx.outbox.new_greeting(lane) or (first.token if first else None)
        if first is None or token is None or not first.due(self._desk.clock()):
            return False
        plan = RoomPlan(
            _marker(token, former), self._desk.door.display_name(), (user,), direct=True
        )
        try:
            room = await self._desk.door.create_room(plan)
        except NotYet as fault:
            await self._failures.later(first, fault)
            return False
        except MatrixRefused as refused:
            log.warning("lane %d has no room: %s", lane, refused.errcode)
            with self._desk.transaction() as tx:
                if of_the_account(refused):
                    self._failures.wait(tx, first, refused)
                else:
                    tx.outbox.drop_lane(lane)
            return False
        with self._desk.transaction() as tx:
            if former is not None:
                tx.people.forget_room(former)
            if tx.people.room(room) is None:
                tx.people.prefer(tx.people.add_room(room, RoomKind.ASIDE, lane))
            tx.outbox.greetings_tried(lane, self._desk.clock())
        return True

    async def create_table_room(self, outgoing: Outgoing) -> None:
        """And tell whoever asked for it, once it is there."""
        kind, room = "room.created", None
        with self._desk.transaction() as tx:
            there = tx.people.table_room() is not None
        if not there:
            try:
                name = self._composer.room_name()
                room = await self._desk.door.create_room(RoomPlan(outgoing.token, name))
            except SessionLost:
                raise
            except Exception as error:
                if of_the_account(error):
                    with self._desk.transaction() as tx:
                        self._failures.wait(tx, outgoing, error)
                    return
                known = isinstance(error, MatrixRefused)
                log.warning("no room for the table", exc_info=None if known else error)
                kind = "room.failed"
        with self._desk.transaction() as tx:
            if room is not None and tx.people.table_room() is None:
                tx.people.add_room(room, RoomKind.TABLE)
            if tx.people.table_room() is None:
                tx.memberships.drop(lane=TABLE_LANE)
            self._tell(tx, outgoing.facts.get("asker"), kind)
            tx.outbox.sent(outgoing, None)

    def _tell(self, tx: Tx, asker: object, kind: str) -> None:
        if isinstance(asker, Account):
            tx.outbox.add(int(asker), Act.MESSAGE, kind, {}, self._desk.chance.token())


def _marker(token: Token, former: str | None) -> str:
    """Never that of the former room, which would be found again instead of a new one."""
    if former is None:
        return token
    return f"{token}-{hashlib.sha256(former.encode()).hexdigest()[:8]}"
