"""The gate: who asks us in, and who leaves the table's room."""

from bot.acting import Actor
from bot.desk import Desk
from bot.matrix.door import Event, Invitation
from bot.places import PlaceFinder
from handlers import core, roll
from locales.codes import Place
from storage.people import RoomKind

LINE_OF_MEMBERSHIP = -1  # line number of what is not a line


class Gate:
    def __init__(self, desk: Desk, places: PlaceFinder, actor: Actor) -> None:
        self._desk = desk
        self._places = places
        self._actor = actor

    def membership(self, event: Event) -> None:
        """Leaving the table's room is leaving the meeting (F01)."""
        gone = event.content.get("membership") in {"leave", "ban"}
        if not gone or event.state_key is None:
            return
        with self._desk.transaction() as tx:
            row = tx.people.room(event.room)
            if event.state_key == self._desk.door.user_id:
                tx.people.forget_room(event.room)
                return
            account = tx.people.known(event.state_key)
            if row is None or row.kind != RoomKind.TABLE or account is None:
                return
            enrolled = tx.people.member(account) is not None
            if enrolled and tx.first_time(event.event_id, LINE_OF_MEMBERSHIP, event.at.date()):
                request = self._actor.request(event, LINE_OF_MEMBERSHIP, account, Place.TABLE, None)
                turn = self._actor.turn(tx, request)
                core.write_down(turn, roll.depart(turn, account))

    async def invited(self, invitation: Invitation) -> None:
        """Follow people of the table only; others are declined without a word."""
        with self._desk.transaction() as tx:
            account = tx.people.known(invitation.sender)
            enrolled = account is not None and tx.people.member(account) is not None
        if not enrolled:
            await self._desk.door.leave(invitation.room)
            return
        await self._desk.door.join(invitation.room)
        self._desk.room_changed(invitation.room)
        room = await self._desk.room(invitation.room)
        assert account is not None
        if room is None or not self._places.welcome(invitation.sender, room):
            await self._desk.door.leave(invitation.room)
