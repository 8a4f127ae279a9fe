"""Which room is which: the table's, somebody's direct room, or none of our business."""

from bot.desk import Desk
from bot.matrix.door import RoomFacts
from bot.rules import room as rules
from bot.rules.facts import Account
from bot.rules.people import Right, entitled
from bot.rules.room import Fault
from handlers import core, rooms
from handlers.core import Line
from handlers.turn import Say, Says
from locales.codes import Place
from storage import models as m
from storage.outbox import TABLE_LANE, Act, side_lane
from storage.people import RoomKind
from storage.tx import Tx


class PlaceFinder:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def find(self, room_id: str, sender: Account, room: RoomFacts, line: Line) -> Place | None:
        """Where a line is said that is believed. A room becomes the table's when mayor or
        coordinator speaks to us in it, and somebody's direct room when they do."""
        with self._desk.transaction() as tx:
            row = tx.people.room(room_id)
            if row is not None and row.kind == RoomKind.TABLE:
                return Place.TABLE
            if row is not None and row.kind == RoomKind.SIDE:
                return _side(tx, row)
            if row is not None and row.kind == RoomKind.FORMER:
                return None
            alone = self.alone(tx.people.user_id(sender), room)
            binds = self._binds(tx, sender, room, line, alone=alone)
            direct = alone and room.encrypted and not binds
            if row is not None and (row.account_id != sender or not direct):
                tx.people.forget_room(room_id)
                row = None
            if binds:
                self._bind(tx, room_id)
                return Place.TABLE
            if direct:
                if row is None or row.kind != RoomKind.DIRECT:
                    tx.outbox.resume(sender)
                tx.people.prefer(row or tx.people.add_room(room_id, RoomKind.ASIDE, sender))
                return Place.DIRECT
        return None

    def here(self, room_id: str, sender: Account, room: RoomFacts) -> Place | None:
        """Where a room of two would be, the table's or a case's; nothing follows from asking."""
        with self._desk.transaction() as tx:
            row, user = tx.people.room(room_id), tx.people.user_id(sender)
            if row is not None and row.kind == RoomKind.TABLE:
                return Place.TABLE
            if row is not None and row.kind == RoomKind.SIDE:
                return _side(tx, row)
        return Place.DIRECT if room.encrypted and self.alone(user, room) else None

    def known(self, room_id: str, sender: Account, room: RoomFacts) -> Place | None:
        """The same, but a direct room only if its member has spoken there last: for what may be
        somebody else's word."""
        with self._desk.transaction() as tx:
            row = tx.people.room(room_id)
            kind = row.kind if row is not None and row.account_id in {sender, None} else None
        ours = kind in {RoomKind.TABLE, RoomKind.DIRECT, RoomKind.SIDE}
        return self.here(room_id, sender, room) if ours else None

    async def table_rooms(self) -> list[RoomFacts]:
        """The table's room as it is, and those of its cases, wherever somebody speaks; not those
        that are about to be emptied."""
        with self._desk.transaction() as tx:
            rooms = tx.people.rooms(RoomKind.TABLE)
            for aside in tx.people.rooms(RoomKind.SIDE):
                row = tx.people.room(aside)
                rooms += [aside] if row is not None and _side(tx, row) is not None else []
        found = [await self._desk.room(room) for room in rooms]
        return [room for room in found if room is not None]

    def alone(self, user: str, room: RoomFacts) -> bool:
        """Whether nobody else is there or invited."""
        return (room.joined | room.invited) - {self._desk.door.user_id} == {user}

    def suspended(self, room: RoomFacts) -> int:
        """How many in a room have an identity that nobody has confirmed."""
        here = (self._desk.seated.get(user) for user in room.joined)
        return sum(one is not None and one.identity.offered is not None for one in here)

    def company(self, room: RoomFacts) -> tuple[frozenset[Account], int]:
        """The enrolled people in a room, and how many others are there; also of the invited,
        where they could read along."""
        others = room.joined - {self._desk.door.user_id}
        invited = room.invited if room.history_visibility == "invited" else frozenset()
        seated, readers = self._desk.seated, others | invited
        here = frozenset(seated[user].account for user in others if user in seated)
        return here, sum(user not in seated for user in readers)

    def faults(self, room: RoomFacts, strangers: int) -> tuple[Fault, ...]:
        """All that is the matter with the table's room, or a side room: the same rule."""
        table, stewards = self._desk.table, self.stewards()
        shown = _shown(room, strangers, member_governs=bool(set(room.governors) - stewards))
        return rules.faults(shown, (table.name, table.police_zone))

    def stewards(self) -> frozenset[str]:
        """Mayor's seat and coordinator: they govern the table's room beside us (I01)."""
        seated = self._desk.seated.values()
        return frozenset(
            one.user_id for one in seated if entitled(Right.STEWARD, one.role, chairs=False)
        )

    def welcome(self, inviter: str, room: RoomFacts) -> bool:
        """Any member's room of two; any room of the mayor's or the coordinator's."""
        return self.alone(inviter, room) or inviter in self._desk.table.stewards

    def _binds(self, tx: Tx, sender: Account, room: RoomFacts, line: Line, *, alone: bool) -> bool:
        """A room of several, or one of two that is not called direct when the word is for the
        table; never a second one, never one without encryption."""
        if tx.people.table_room() is not None or not room.encrypted:
            return False
        if tx.people.user_id(sender) not in self._desk.table.stewards:
            return False
        return not alone or (not room.flagged_direct and core.binds(line))

    def _bind(self, tx: Tx, room_id: str) -> None:
        tx.people.add_room(room_id, RoomKind.TABLE)
        bound = Say("room.bound", lane=TABLE_LANE)
        says: Says = [bound, *rooms.invitations(tx)]
        for say in says:
            token = self._desk.chance.token()
            tx.outbox.add(TABLE_LANE, say.act, say.kind, say.facts, token)


def _side(tx: Tx, row: m.Room) -> Place | None:
    """The room of a case; of none any more when it is about to be emptied."""
    return None if tx.outbox.waits(side_lane(row.case_id or 0), Act.DISMISS) else Place.SIDE


def _shown(room: RoomFacts, strangers: int, *, member_governs: bool) -> rules.Room:
    """What of a room the rules judge."""
    return rules.Room(
        encrypted=room.encrypted,
        algorithm=room.algorithm,
        rotation_messages=room.rotation_messages,
        rotation_ms=room.rotation_ms,
        history_visibility=room.history_visibility,
        join_rule=room.join_rule,
        guest_access=room.guest_access,
        strangers=strangers,
        bridged=room.bridged,
        anybody_governs=room.anybody_governs,
        member_governs=member_governs,
        powerless=not (room.may_redact and room.may_invite and room.may_remove),
        anybody_invites=room.anybody_invites,
        aliased=room.aliased,
        name=room.name,
        topic=room.topic,
        replaced=room.replaced_by is not None,
    )
