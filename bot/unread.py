"""What could not be read: kept in mind, told, and acted upon when its key comes, once."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.acting import Actor
from bot.desk import Desk
from bot.matrix.door import Event, Hearing, MatrixRefused, RoomFacts, SessionLost
from bot.places import PlaceFinder
from bot.rules import identity
from bot.rules.facts import Account
from handlers import core, doubts
from locales.codes import Place
from storage.outbox import Act
from storage.people import RoomKind

log = logging.getLogger("tafelbot.unread")

PATIENCE = timedelta(seconds=30)  # how long an unreadable event may wait for its key in silence
GIVEN_UP = timedelta(days=7)  # after which its key is not expected any more


class Unread:
    """`hear` is what is done with an event that can be read at last."""

    def __init__(
        self,
        desk: Desk,
        places: PlaceFinder,
        actor: Actor,
        hear: Callable[[Event], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._places = places
        self._actor = actor
        self._hear = hear

    def note(self, event: Event, sender: Account, room: RoomFacts) -> None:
        """Encrypted with a key that has not reached us: asked for, and never lost silently."""
        place = self._places.here(event.room, sender, room)
        if place is not None:
            with self._desk.transaction() as tx:
                row = tx.people.room(event.room)
                if row is None:  # nobody is answered there before they are heard
                    row = tx.people.add_room(event.room, RoomKind.ASIDE, sender)
                if not tx.seen(event.event_id):
                    tx.add_unread(row, sender, event.event_id, self._desk.clock())
        if place is not None:
            self._actor.trace(event, sender, [])
            self._actor.note(self._actor.request(event, 0, sender, place, room), doubts.unreadable)

    async def read_again(self) -> None:
        """A key came: perhaps for something that could not be read. It counts now, once."""
        with self._desk.transaction() as tx:
            waiting = [(row.id, room, event) for row, room, event in tx.unread()]
        for row_id, room, event_id in waiting:
            event = await self._fetched(room, event_id)
            if event is not None and event.hearing in {Hearing.UNREADABLE, Hearing.CLEAR}:
                continue  # what was encrypted is not in clear now: that is the server's own word
            if event is not None:
                await self._hear(event)
                self._clear_doubt(event)
            with self._desk.transaction() as tx:
                tx.drop_unread(row_id)

    def _clear_doubt(self, event: Event) -> None:
        """Only what is believed shows that it was no objection."""
        seat = self._desk.seated.get(event.sender)
        if seat is None or event.hearing is not Hearing.TRUSTED:
            return
        if identity.heard(seat.identity.pinned, seat.identity.offered, event.identity):
            request = self._actor.request(event, 0, seat.account, Place.TABLE, None)
            self._actor.note(request, core.clear)

    async def _fetched(self, room: str, event_id: str) -> Event | None:
        try:
            return await self._desk.door.fetch(room, event_id)
        except MatrixRefused as refused:
            log.warning("an unread event is not to be had: %s", refused.errcode)
        except SessionLost:
            raise
        except Exception:  # what cannot be read must not stop the hearing
            log.exception("fault while reading again")
        return None

    def overdue(self) -> None:
        """Tell those whose words could not be read for a while."""
        with self._desk.transaction() as tx:
            for row, _room, _event in tx.unread():
                waited = self._desk.clock() - row.since
                if waited > GIVEN_UP:
                    tx.drop_unread(row.id)
                elif not row.told and waited > PATIENCE:
                    row.told = True
                    self._actor.advise(tx, Account(row.account_id), "unreadable", Act.MESSAGE)
