"""What is done to our polls by others than us: what clients show of them is what counts."""

from collections.abc import Mapping
from functools import partial

from bot.acting import Actor
from bot.desk import Desk
from bot.matrix.door import Content, Event, Hearing
from bot.places import PlaceFinder
from bot.rules import identity
from bot.rules.facts import Account, EventId
from handlers import doubts, pollevents
from locales.codes import Interference, Place

POLL_ENDS = frozenset({"org.matrix.msc3381.poll.end", "m.poll.end"})
LINE_OF_POLL = -5  # line number of what is not a line


class PollEvents:
    def __init__(self, desk: Desk, places: PlaceFinder, actor: Actor) -> None:
        self._desk = desk
        self._places = places
        self._actor = actor

    async def look(self, event: Event) -> None:
        """Something may have happened to an open poll of ours. Only an end is believed or not:
        clients show the others whoever sent them, and a homeserver can make them up."""
        interference, target = _about(event)
        if interference is None or target is None:
            return
        with self._desk.transaction() as tx:
            found = pollevents.shown_by(tx, target)
        if found is None:
            return
        if interference is Interference.ENDED:
            await self._ended(event, target, found[1])
        elif found[1] is not None:
            self._taken_back(event, target, found[1])
        else:
            self._touched(event, target, interference)

    async def _ended(self, event: Event, target: EventId, whose: Account | None) -> None:
        sender, room = self._believed(event), await self._desk.room(event.room)
        powerful = room is not None and event.sender in room.redactors
        if whose is not None and (powerful or sender == whose):
            self._taken_back(event, target, whose)
        elif sender is not None and room is not None and whose is None:
            place = self._places.here(event.room, sender, room)
            if place is not None:
                request = self._actor.request(event, LINE_OF_POLL, sender, place, room)
                handle = partial(pollevents.ended, event=target, powerful=powerful)
                self._actor.act(request, None, handle)
        elif powerful:
            self._touched(event, target, Interference.ENDED)

    def _taken_back(self, event: Event, target: EventId, whose: Account) -> None:
        """In somebody's direct room it is their own answer that is gone from the screen."""
        request = self._actor.request(event, LINE_OF_POLL, whose, Place.DIRECT, None)
        self._actor.act(request, None, partial(doubts.withdraw, poll_event=target))

    def _touched(self, event: Event, target: EventId, interference: Interference) -> None:
        """Written down for the coordinator, who closes polls, since anybody may have done it."""
        on_behalf = self._desk.seated[self._desk.table.coordinator].account
        request = self._actor.request(event, LINE_OF_POLL, on_behalf, Place.TABLE, None)
        handle = partial(pollevents.touched, event=target, interference=interference)
        self._actor.act(request, None, handle)

    def _believed(self, event: Event) -> Account | None:
        seat = self._desk.seated.get(event.sender)
        if seat is None or event.hearing is not Hearing.TRUSTED:
            return None
        known = seat.identity
        heard = known.offered is None and identity.heard(known.pinned, None, event.identity)
        return seat.account if heard else None


def _about(event: Event) -> tuple[Interference | None, EventId | None]:
    """What an event does to which other one, going by what clients go by."""
    relation = event.content.get("m.relates_to")
    related = relation if isinstance(relation, Mapping) else {}
    if event.type == "m.room.redaction":
        return Interference.DELETED, _event_id(event.content, "redacts")
    if related.get("rel_type") == "m.replace":
        return Interference.EDITED, _event_id(related, "event_id")
    if event.type in POLL_ENDS:
        return Interference.ENDED, _event_id(related, "event_id")
    return None, None


def _event_id(content: Content, name: str) -> EventId | None:
    try:
        return EventId(content[name])
    except (KeyError, TypeError, ValueError):
        return None
