"""The gate: who asks us in, and who leaves the table's room."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace

from bot.acting import Actor
from bot.composing import Composer
from bot.desk import Desk
from bot.matrix.door import Event, Invitation, MatrixRefused
from bot.places import PlaceFinder
from bot.rules.facts import Account
from bot.siderooms import SideRooms
from handlers import core, roll, side
from locales.codes import Place
from storage import models as m
from storage.outbox import Act, side_lane
from storage.people import RoomKind
from storage.tx import Tx

LINE_OF_MEMBERSHIP = -1  # line number of what is not a line
log = logging.getLogger("tafelbot.gate")


class Gate:
    """Answers invitations, each in a task of its own: the server of a room elsewhere may let us
    wait for ever, and the table is to be heard meanwhile."""

    def __init__(self, desk: Desk, places: PlaceFinder, actor: Actor) -> None:
        self._desk = desk
        self._places = places
        self._actor = actor
        self._sides = SideRooms(desk, Composer(desk))
        self._answering: dict[str, asyncio.Task[None]] = {}  # by room

    async def membership(self, event: Event) -> None:
        """Leaving the table's room is leaving the meeting (F01); leaving that of a case, its
        roster."""
        gone = event.content.get("membership") in {"leave", "ban"}
        if not gone or event.state_key is None:
            return
        if event.state_key == self._desk.door.user_id:
            await self._we_left(event.room)
            return
        with self._desk.transaction() as tx:
            row = tx.people.room(event.room)
            account = tx.people.enrolled(event.state_key)
            if row is None or account is None:
                return
            if row.kind == RoomKind.SIDE:
                self._left_side(tx, row, event, account)
            if row.kind != RoomKind.TABLE:
                return
            if tx.first_time(event.event_id, LINE_OF_MEMBERSHIP, event.at.date()):
                request = self._actor.request(event, LINE_OF_MEMBERSHIP, account, Place.TABLE, None)
                turn = self._actor.turn(tx, request)
                core.write_down(turn, roll.depart(turn, account))

    def _left_side(self, tx: Tx, row: m.Room, event: Event, account: Account) -> None:
        """By themselves; when it is emptied everybody leaves."""
        case_id, meeting = row.case_id or 0, tx.meetings.running()
        if meeting is None or tx.outbox.waits(side_lane(case_id), Act.DISMISS):
            return
        if tx.first_time(event.event_id, LINE_OF_MEMBERSHIP, event.at.date()):
            request = self._actor.request(event, LINE_OF_MEMBERSHIP, account, Place.TABLE, None)
            turn = self._actor.turn(tx, replace(request, place=Place.SIDE, case=case_id))
            core.write_down(turn, side.left(turn, meeting, case_id, account))

    async def _we_left(self, room_id: str) -> None:
        """If so: an event alone can be made up, or be old."""
        self._desk.room_changed(room_id)
        if await self._desk.room(room_id) is None:
            self._lost(room_id)

    def _lost(self, room_id: str) -> None:
        """A side room's keys are still to be forgotten, unless that is under way."""
        with self._desk.transaction() as tx:
            row = tx.people.room(room_id)
            case_id = row.case_id if row is not None else None
            if case_id is None:
                tx.people.forget_room(room_id)
            leaving = case_id is None or tx.outbox.waits(side_lane(case_id), Act.DISMISS)
        if case_id is not None and not leaving:
            self._sides.lost(case_id)

    async def invited(self, invitations: Iterable[Invitation]) -> None:
        """Follow people of the table only; others are declined without a word."""
        for invitation in invitations:
            room_id, inviter = invitation.room, invitation.sender
            with self._desk.transaction() as tx:
                account = tx.people.enrolled(inviter)
                if account is not None and tx.people.room(room_id) is None:
                    tx.people.add_room(room_id, RoomKind.ASKED, account)
            await self._answer(room_id, inviter if account is not None else None)

    async def again(self) -> None:
        """Answer what a restart has interrupted."""
        with self._desk.transaction() as tx:
            waiting = [(room, tx.people.room(room)) for room in tx.people.rooms(RoomKind.ASKED)]
            asked = [
                (room, tx.people.user_id(row.account_id))
                for room, row in waiting
                if row is not None and row.account_id is not None
            ]
            followed = {user: tx.people.enrolled(user) is not None for _, user in asked}
        for room_id, inviter in asked:
            await self._answer(room_id, inviter if followed[inviter] else None)

    def close(self) -> None:
        """Answer nobody any more."""
        for task in list(self._answering.values()):
            task.cancel()

    async def _answer(self, room_id: str, inviter: str | None) -> None:
        """Wait a little for what is new: mostly it is done at once. For strangers nobody waits."""
        if room_id in self._answering:
            return
        task = asyncio.create_task(self._settle(room_id, inviter))
        self._answering[room_id] = task
        task.add_done_callback(lambda _: self._answering.pop(room_id, None))
        if inviter is not None:
            done, _ = await asyncio.wait({task}, timeout=self._desk.patience)
            for ended in done:
                ended.result()

    async def _settle(self, room_id: str, inviter: str | None) -> None:
        try:
            if inviter is None or not await self._followed(room_id, inviter):
                await self._desk.door.leave(room_id)
        except MatrixRefused as refused:  # taken back, or not for us
            log.warning("invitation not followed: %s", refused.errcode)
        with self._desk.transaction() as tx:
            row = tx.people.room(room_id)
            if row is not None and row.kind == RoomKind.ASKED:
                tx.people.forget_room(room_id)

    async def _followed(self, room_id: str, inviter: str) -> bool:
        """Whether we are in now, and welcome."""
        await self._desk.door.join(room_id)
        self._desk.room_changed(room_id)
        room = await self._desk.room(room_id)
        return room is not None and self._places.welcome(inviter, room)
