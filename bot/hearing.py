"""Hear: what happened in Matrix becomes acts at the table, each once (promises 3 and 5)."""

import logging
import secrets
from collections.abc import Callable, Collection
from functools import partial

from bot.acting import Actor, refusing
from bot.body import TEXT, Message, read_message
from bot.desk import Desk
from bot.doubting import Doubting
from bot.gate import Gate
from bot.lines import Lines, objections_first, weightiest
from bot.matrix.door import (
    Batch,
    Event,
    Hearing,
    RoomFacts,
    SessionLost,
)
from bot.mentions import contradicts
from bot.moving import Mover
from bot.places import PlaceFinder
from bot.pollevents import PollEvents
from bot.roomcheck import RoomCheck
from bot.rules import identity
from bot.rules.facts import Account
from bot.rules.refusal import Reason, Refused
from bot.spoken import POLL_RESPONSES, related, selection, withdrawn
from bot.trusting import Watch
from bot.unheard import Unheard
from bot.unread import Unread
from handlers import core, doubts
from handlers.core import Line
from handlers.turn import Says, Turn
from locales.codes import Place
from storage.outbox import Act

log = logging.getLogger("tafelbot.hearing")

LINE_OF_HINT = -4  # line number of what is not a line


class Hearer:
    def __init__(self, desk: Desk, watch: Watch) -> None:
        self._desk = desk
        self._watch = watch
        self._places = PlaceFinder(desk)
        self._actor = Actor(desk, self._places)
        self._gate = Gate(desk, self._places, self._actor)
        self._mover = Mover(desk, self._places, self._actor)
        self._lines = Lines(desk, self._places)
        self._unheard = Unheard(desk, self._places, self._actor, self._lines)
        self._doubting = Doubting(desk, self._places, self._actor)
        self._poll_events = PollEvents(desk, self._places, self._actor)
        self._unread = Unread(desk, self._places, self._actor, self._one)
        self.check = RoomCheck(desk, self._places)
        self._seated = frozenset(desk.seated)

    async def hear(self, batch: Batch) -> None:
        """Everything in a batch, then the token: only then is it heard (promise 5)."""
        self._moved(batch.moved)
        self._watch.look()
        await self._gate.invited(batch.invitations)
        for event in batch.events:
            await self._one(event)
        for request in batch.verifications:
            self._asked_to_compare(request.user)
        if batch.keys_arrived:
            await self._unread.read_again()
        self._watch.look()  # somebody may sit at the table now who did not before
        self._seats_left()
        await self.check.look()
        now = self._desk.clock()
        with self._desk.transaction() as tx:
            tx.set_sync_point(batch.token, now)
        self._actor.last_sync = now

    def _moved(self, rooms: Collection[str]) -> None:
        """What was known of these rooms does not count any more."""
        for room in rooms:
            self._desk.room_changed(room)
        if rooms:
            self._desk.bell.set()
            self.check.changed()

    def _seats_left(self) -> None:
        """Who sits there no more is in the room all the same until they are removed from it."""
        seated = frozenset(self._desk.seated)
        if self._seated - seated:
            self.check.changed()
        self._seated = seated

    def _asked_to_compare(self, user: str) -> None:
        """Whoever wants to verify us is told what it takes; strangers are told nothing."""
        if seat := self._desk.seated.get(user):
            with self._desk.transaction() as tx:
                self._actor.advise(tx, seat.account, "verification.waiting", Act.MESSAGE)

    def overdue(self) -> None:
        """Tell those whose words could not be read for a while; say again what could not be."""
        self._desk.bell.set()
        self._unread.overdue()

    async def watch(self) -> None:
        """Finish what a crash interrupted, and look again at a room that was not as it must be."""
        await self._gate.again()
        await self._mover.leave_former()
        await self.check.look(again=True)

    def close(self) -> None:
        """Let go of what still goes on beside the hearing."""
        self._gate.close()

    async def _one(self, event: Event) -> None:
        if event.state_key is not None or event.type == "m.room.redaction":
            self._moved([event.room])
        else:
            await self.check.look()
        try:
            await self._heard(event)
        except SessionLost:
            raise
        except Refused:
            raise AssertionError("a refusal left its transaction") from None
        except Exception:  # the one place where a fault of ours is caught: nothing else may stop
            number = secrets.randbelow(900_000) + 100_000
            log.exception("fault %d while hearing a %s", number, event.type)
            self._actor.fault(event, number)

    async def _heard(self, event: Event) -> None:
        if event.type == "m.room.member":
            await self._gate.membership(event)
            return
        await self._poll_events.look(event)
        if event.type == "m.room.redaction":
            self._doubting.deleted(event)
            return
        seat = self._desk.seated.get(event.sender)
        if seat is None or event.state_key is not None:
            return
        room = await self._desk.room(event.room)
        if room is None:
            return
        sender, known = seat.account, seat.identity
        if known.offered is not None:
            self._unheard.advise(event, sender, room, "suspended")
        elif event.hearing is Hearing.TRUSTED and identity.heard(
            known.pinned, known.offered, event.identity
        ):
            await self._trusted(event, sender, room)
        elif event.hearing is Hearing.CLEAR:
            await self._unheard.in_clear(event, sender, room)
        elif event.hearing is Hearing.UNREADABLE:
            self._unread.note(event, sender, room)
        else:
            self._unheard.advise(event, sender, room, "unheard")

    async def _trusted(self, event: Event, sender: Account, room: RoomFacts) -> None:
        if event.type in POLL_RESPONSES:
            if (place := self._places.here(event.room, sender, room)) is not None:
                await self._ballot(event, sender, room, place)
            return
        message = read_message(event.content) if event.type == "m.room.message" else Message()
        said = self._lines.meant_for_us(message, event.room, sender, room)
        doubtful = self._lines.answering(message, said)
        self._actor.trace(event, sender, [*(line for _, line in said), *doubtful])
        self._doubting.said(event, sender, room, attempt=bool(doubtful))
        if message.msgtype == TEXT and said:
            await self._said(event, sender, room, message, said)
        elif not doubtful and self._lines.calls_us(message):
            self._hint(event, sender, room)

    async def _said(
        self,
        event: Event,
        sender: Account,
        room: RoomFacts,
        message: Message,
        said: list[tuple[int, Line]],
    ) -> None:
        for number, line in weightiest(said) if message.edit else objections_first(said):
            await self._mover.follow(event.room, sender, room)
            place = self._places.find(event.room, sender, room, line)
            if place is None:
                return
            room = await self._looked_at(event.room, place, line) or room
            self._actor.greet(event, sender)
            about = await self._answering(place) if core.answers(line) else []
            request = self._actor.request(event, number, sender, place, room, about=about)
            handle = self._handle(event, message, number, line, room)
            done = self._actor.act(request, line, handle)
            if done and core.holds_words(line):
                whole = message.paragraph(number, self._desk.names)
                self._desk.lines[event.event_id, number] = whole

    def _handle(
        self, event: Event, message: Message, number: int, line: Line, room: RoomFacts
    ) -> Callable[[Turn], Says]:
        """What is done with a line, unless it does not mean what it shows."""
        if message.edit:
            return refusing(Reason.EDITED)
        members = {user: room.names.get(user, "") for user in self._desk.seated}
        besides = frozenset({event.sender, self._desk.door.user_id})
        if core.names_accounts(line) and contradicts(message, number, members, besides):
            return refusing(Reason.MENTION_MISMATCH)
        return partial(core.answer, line=line)

    def _hint(self, event: Event, sender: Account, room: RoomFacts) -> None:
        """We were called, and there is nothing in it that we could do."""
        if (place := self._places.here(event.room, sender, room)) is not None:
            self._actor.greet(event, sender)
            request = self._actor.request(event, LINE_OF_HINT, sender, place, room)
            self._actor.act(request, None, refusing(Reason.NO_COMMAND))

    async def _looked_at(self, room: str, place: Place, line: Line) -> RoomFacts | None:
        """The table's room, after a look at it if it is new or a meeting is about to open."""
        if place is not Place.TABLE:
            return None
        if line.name == "meeting.open" or not self.check.knows(room):
            return await self.check.now(room)
        return None

    async def _answering(self, place: Place) -> list[RoomFacts]:
        """Who answers in a direct room answers the table: its rooms must be safe all the same."""
        return await self._places.table_rooms() if place is Place.DIRECT else []

    async def _ballot(self, event: Event, sender: Account, room: RoomFacts, place: Place) -> None:
        chosen = selection(event.type, event.content)
        self._actor.trace(event, sender, [])
        about = await self._answering(place)
        request = self._actor.request(event, 0, sender, place, room, about=about)
        self._actor.greet(event, sender)
        if chosen is not None:
            counts = partial(core.ballot, answer_id=chosen)
            self._actor.act(request, None, counts, partial(doubts.misdirected, answer_id=chosen))
        elif withdrawn(event.type, event.content):
            back = partial(doubts.withdraw, poll_event=related(event.content))
            self._actor.act(request, None, back)
        else:
            self._actor.act(request, None, refusing(Reason.UNKNOWN_ANSWER), doubts.attempted)
