"""The table moves to the room that replaces its own (specification, "Room upgrades").

All that a homeserver shows of it is in clear and can be made up. So the table moves only when
everything agrees - the old room names the new one, by somebody entitled; the new one names the
old, and the same person made it - and then not before mayor or coordinator speaks to us there,
encrypted, from a device of theirs.
"""

import asyncio
import logging

from bot.acting import Actor
from bot.desk import Desk
from bot.matrix.door import MatrixRefused, RoomFacts
from bot.places import PlaceFinder
from bot.rules.facts import Account
from handlers import rooms
from handlers.turn import Say, Says
from storage.outbox import TABLE_LANE, Act
from storage.people import RoomKind
from storage.tx import Tx

log = logging.getLogger("tafelbot.moving")


class Mover:
    def __init__(self, desk: Desk, places: PlaceFinder, actor: Actor) -> None:
        self._desk = desk
        self._places = places
        self._actor = actor

    async def follow(self, room_id: str, sender: Account, new: RoomFacts) -> bool:
        """Move the table to where a believed line was said, if it may; whether it did."""
        if new.predecessor is None or not new.encrypted:
            return False
        with self._desk.transaction() as tx:
            row = tx.people.table_room()
            old_id = tx.people.room_id(row) if row is not None else room_id
        if old_id == room_id:
            return False
        old = await self._desk.room(old_id)
        if old is None or not _agree(room_id, new, old_id, old):
            return False
        with self._desk.transaction() as tx:
            if not {self._desk.user_id(sender), old.upgraded_by} <= self._places.stewards():
                return False
            busy = tx.outbox.waits(TABLE_LANE, Act.REDACT) or tx.outbox.waits(
                TABLE_LANE, Act.FORGET
            )
            if tx.meetings.running() is not None or busy:
                self._actor.advise(tx, sender, "move.waits", Act.MESSAGE)
                return False
            self._move(tx, old_id, room_id)
        await self.leave_former()
        return True

    async def leave_former(self) -> None:
        """Out of the rooms the table has left; also after a crash in between."""
        with self._desk.transaction() as tx:
            former = tx.people.rooms(RoomKind.FORMER)
        for room_id in former:
            try:
                async with asyncio.timeout(self._desk.patience):
                    await self._desk.door.leave(room_id)
            except TimeoutError:
                log.info("a former room is left later")
                continue
            except MatrixRefused as refused:
                log.warning("a former room cannot be left: %s", refused.errcode)
            with self._desk.transaction() as tx:
                tx.people.forget_room(room_id)

    def _move(self, tx: Tx, old_id: str, room_id: str) -> None:
        former = tx.people.room(old_id)
        assert former is not None
        former.kind = RoomKind.FORMER
        tx.people.forget_room(room_id)
        tx.people.add_room(room_id, RoomKind.TABLE)
        tx.faults.forget_all()
        tx.outbox.forget_anchors()  # nothing in the former room is edited any more
        says: Says = [Say("room.moved", lane=TABLE_LANE), *rooms.invitations(tx)]
        for say in says:
            token = self._desk.chance.token()
            tx.outbox.add(TABLE_LANE, say.act, say.kind, say.facts, token)
        log.info("the table has moved")


def _agree(new_id: str, new: RoomFacts, old_id: str, old: RoomFacts) -> bool:
    """Whether the two rooms name each other, and one person made both links."""
    return (
        old.replaced_by == new_id
        and new.predecessor == old_id
        and old.upgraded_by is not None
        and new.creator == old.upgraded_by
    )
