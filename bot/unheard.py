"""What is not believed: in clear, or from a device or an identity that nobody vouches for."""

import hashlib
import logging

from bot.acting import Actor, refusing
from bot.body import read_message
from bot.composing import Composer
from bot.desk import Desk
from bot.lines import Lines, weightiest
from bot.matrix.door import Event, MatrixRefused, RoomFacts
from bot.places import PlaceFinder
from bot.rules.facts import Account
from bot.rules.refusal import Reason
from handlers import core
from handlers.core import Line
from storage.outbox import Act

log = logging.getLogger("tafelbot.unheard")

LINE_OF_ADVICE = -3  # line number of what is not a line


class Unheard:
    """Nothing is done; whoever seems to have said it is told why, at most once an hour."""

    def __init__(self, desk: Desk, places: PlaceFinder, actor: Actor, lines: Lines) -> None:
        self._desk = desk
        self._places = places
        self._actor = actor
        self._lines = lines
        self._composer = Composer(desk)

    async def in_clear(self, event: Event, sender: Account, room: RoomFacts) -> None:
        """Anybody could have written this, the homeserver too: never acted upon (promise 3)."""
        if event.type != "m.room.message":
            return
        said = self._lines.meant_for_us(read_message(event.content), event.room, sender, room)
        place = self._places.known(event.room, sender, room)
        if place is None:
            if not room.encrypted and self._places.alone(event.sender, room):
                await self._say_in_clear(event, sender)
            return
        self._actor.trace(event, sender, [line for _, line in said])
        for number, line in weightiest(said):
            if core.holds_words(line) or self._actor.may_advise(sender, "not_encrypted"):
                request = self._actor.request(event, number, sender, place, room)
                self._actor.act(request, line, refusing(Reason.NOT_ENCRYPTED))

    async def _say_in_clear(self, event: Event, sender: Account) -> None:
        """In a room where nothing else may be said; the same word for the same event."""
        if not self._actor.may_advise(sender, "in_clear"):
            return
        txn = hashlib.sha256(event.event_id.encode()).hexdigest()[:32]
        try:
            content = self._composer.in_clear()
            await self._desk.door.send_clear(event.room, content, f"tafelbot-{txn}")
        except MatrixRefused as refused:
            log.warning("a word in clear was refused: %s", refused.errcode)

    def advise(self, event: Event, sender: Account, room: RoomFacts, advice: str) -> None:
        """Not to be believed. Advice; and words of an item do not stay, whoever wrote them."""
        place = self._places.known(event.room, sender, room)
        lines: list[Line] = []
        lane = int(sender)
        if place is not None and event.type == "m.room.message":
            said = self._lines.meant_for_us(read_message(event.content), event.room, sender, room)
            lines = [line for _, line in said]
            self._actor.trace(event, sender, lines)
            lane = self._actor.request(event, LINE_OF_ADVICE, sender, place, None).lane
        with self._desk.transaction() as tx:
            if not tx.first_time(event.event_id, LINE_OF_ADVICE, event.at.date()):
                return
            self._actor.advise(tx, sender, advice, Act.ADVICE)
            if any(map(core.holds_words, lines)):
                self._actor.remove(tx, event, lane)
