"""What was done to an answer, or in place of one, without being one: it leaves doubt."""

from functools import partial

from bot.acting import Actor
from bot.desk import Desk
from bot.matrix.door import Event, RoomFacts
from bot.places import PlaceFinder
from bot.rules.facts import Account
from bot.spoken import edits, redacted
from handlers import doubts
from locales.codes import Place

LINE_OF_DOUBT = -4  # line number of what is not a line


class Doubting:
    def __init__(self, desk: Desk, places: PlaceFinder, actor: Actor) -> None:
        self._desk = desk
        self._places = places
        self._actor = actor

    def deleted(self, event: Event) -> None:
        """By whomever; only what we redact ourselves is no sign of anybody's."""
        target = redacted(event.content)
        if target is None or event.sender == self._desk.door.user_id:
            return
        with self._desk.transaction() as tx:
            who = tx.polls.who_said_yes(target)
        if who is not None:
            request = self._actor.request(event, LINE_OF_DOUBT, who, Place.DIRECT, None)
            self._actor.act(request, None, partial(doubts.deleted, event=target))

    def said(self, event: Event, sender: Account, room: RoomFacts, *, attempt: bool) -> None:
        """A message with an `attempt` to answer, or an edit of one that said yes."""
        edited = edits(event.content)
        with self._desk.transaction() as tx:
            yes = edited is not None and tx.polls.who_said_yes(edited) == sender
        place = self._places.here(event.room, sender, room)
        if place is None or not (attempt or yes):
            return
        request = self._actor.request(event, LINE_OF_DOUBT, sender, place, room)
        changed = partial(doubts.changed, event=edited if yes else None, attempt=attempt)
        self._actor.act(request, None, doubts.attempted if edited is None else changed)
