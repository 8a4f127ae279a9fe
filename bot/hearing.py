"""Hear: what happened in Matrix becomes acts at the table, each once (promises 3 and 5)."""

import hashlib
import logging
import secrets
from datetime import timedelta
from functools import partial

from bot.acting import Actor, refusing
from bot.composing import Composer
from bot.desk import Desk
from bot.gate import Gate
from bot.matrix.door import (
    Batch,
    Event,
    Hearing,
    MatrixRefused,
    RoomFacts,
    SessionLost,
)
from bot.moving import Mover
from bot.places import PlaceFinder
from bot.roomcheck import RoomCheck
from bot.rules import identity
from bot.rules.facts import Account
from bot.rules.refusal import Reason, Refused
from bot.spoken import POLL_RESPONSES, related, replacement, selection, spoken
from bot.trusting import Watch
from handlers import core
from handlers.core import Line
from locales.codes import Place
from storage.outbox import TABLE_LANE, Act
from storage.people import Identity, RoomKind

log = logging.getLogger("tafelbot.hearing")

PATIENCE = timedelta(seconds=30)  # how long an unreadable event may wait for its key in silence
GIVEN_UP = timedelta(days=7)  # after which its key is not expected any more
LINE_OF_ADVICE = -3  # line number of what is not a line


class Hearer:
    def __init__(self, desk: Desk, watch: Watch) -> None:
        self._desk = desk
        self._watch = watch
        self._places = PlaceFinder(desk)
        self._actor = Actor(desk, self._places)
        self._gate = Gate(desk, self._places, self._actor)
        self._mover = Mover(desk, self._places, self._actor)
        self._composer = Composer(desk)
        self.check = RoomCheck(desk, self._places)

    async def hear(self, batch: Batch) -> None:
        """Everything in a batch, then the token: only then is it heard (promise 5)."""
        self._watch.look()
        for invitation in batch.invitations:
            try:
                await self._gate.invited(invitation)
            except MatrixRefused as refused:  # taken back, or not for us
                log.warning("invitation not followed: %s", refused.errcode)
        for event in batch.events:
            await self._one(event)
        for request in batch.verifications:
            self._asked_to_compare(request.user)
        if batch.keys_arrived:
            await self._read_again()
        self._watch.look()  # somebody may sit at the table now who did not before
        await self.check.look()
        now = self._desk.clock()
        with self._desk.transaction() as tx:
            tx.set_sync_point(batch.token, now)
        self._actor.last_sync = now

    def _asked_to_compare(self, user: str) -> None:
        """Whoever wants to verify us is told what it takes; strangers are told nothing."""
        with self._desk.transaction() as tx:
            account = tx.people.known(user)
            if account is not None and tx.people.member(account) is not None:
                self._actor.advise(tx, account, "verification.waiting", Act.MESSAGE)

    def overdue(self) -> None:
        """Tell those whose words could not be read for a while; say again what could not be."""
        self._desk.bell.set()
        with self._desk.transaction() as tx:
            for row, _room, _event in tx.unread():
                waited = self._desk.clock() - row.since
                if waited > GIVEN_UP:
                    tx.drop_unread(row.id)
                elif not row.told and waited > PATIENCE:
                    row.told = True
                    self._actor.advise(tx, Account(row.account_id), "unreadable", Act.MESSAGE)

    async def watch(self) -> None:
        """Finish what a crash interrupted, and look again at a room that was not as it must be."""
        await self._mover.leave_former()
        await self.check.look(again=True)

    async def _one(self, event: Event) -> None:
        if event.state_key is not None or event.type == "m.room.redaction":
            self._desk.room_changed(event.room)
            self._desk.bell.set()
            self.check.changed()
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
            self._gate.membership(event)
            return
        with self._desk.transaction() as tx:
            sender = tx.people.known(event.sender)
            enrolled = sender is not None and tx.people.member(sender) is not None
            known = tx.people.identity(sender) if sender is not None else Identity()
        room = await self._desk.room(event.room)
        if sender is None or not enrolled or room is None or event.state_key is not None:
            return
        if known.offered is not None:
            self._unheard(event, sender, room, "suspended")
        elif event.hearing is Hearing.TRUSTED and identity.heard(
            known.pinned, known.offered, event.identity
        ):
            await self._trusted(event, sender, room)
        elif event.hearing is Hearing.CLEAR:
            await self._clear(event, sender, room)
        elif event.hearing is Hearing.UNREADABLE:
            self._unreadable(event, sender, room)
        else:
            self._unheard(event, sender, room, "unheard")

    async def _trusted(self, event: Event, sender: Account, room: RoomFacts) -> None:
        if event.type in POLL_RESPONSES:
            if self._places.here(event.room, sender, room) is Place.TABLE:
                self._ballot(event, sender, room)
            return
        if event.type != "m.room.message" or event.content.get("msgtype") != "m.text":
            return
        edited = replacement(event.content)
        lines = spoken(edited if edited is not None else event.content)
        said = self._said(lines, event.room, sender, room)
        self._actor.trace(event, sender, [line for _, line in said])
        for number, line in said if edited is None else _weightiest(said):
            await self._mover.follow(event.room, sender, room)
            place = self._places.find(event.room, sender, room, line)
            if place is None:
                return
            room = await self._looked_at(event.room, place, line) or room
            self._actor.greet(event, sender)
            request = self._actor.request(event, number, sender, place, room)
            handle = partial(core.answer, line=line) if edited is None else refusing(Reason.EDITED)
            done = self._actor.act(request, line, handle)
            if done and core.holds_words(line):
                self._desk.lines[event.event_id, number] = lines[number]

    async def _looked_at(self, room: str, place: Place, line: Line) -> RoomFacts | None:
        """The table's room, after a look at it if it is new or a meeting is about to open."""
        if place is not Place.TABLE:
            return None
        if line.name == "meeting.open" or not self.check.knows(room):
            return await self.check.now(room)
        return None

    def _said(
        self, lines: list[str], room_id: str, sender: Account, room: RoomFacts
    ) -> list[tuple[int, Line]]:
        """The lines meant for us, with their numbers."""
        found = [self._addressed(text, room_id, sender, room) for text in lines]
        return [(number, line) for number, line in enumerate(found) if line is not None]

    def _ballot(self, event: Event, sender: Account, room: RoomFacts) -> None:
        chosen = selection(event.type, event.content)
        request = self._actor.request(event, 0, sender, Place.TABLE, room)
        self._actor.greet(event, sender)
        if chosen is None:
            back = partial(core.withdraw, poll_event=related(event.content))
            self._actor.act(request, None, back)
        else:
            self._actor.act(request, None, partial(core.ballot, answer_id=chosen))

    def _addressed(self, text: str, room_id: str, sender: Account, room: RoomFacts) -> Line | None:
        """The command in a line that is meant for us; in a direct room every line is."""
        rest = core.without_prefix(text, self._desk.names)
        if rest is not None:
            return core.read(rest)
        direct = self._places.here(room_id, sender, room) is Place.DIRECT
        return core.read(text) if direct and text else None

    async def _clear(self, event: Event, sender: Account, room: RoomFacts) -> None:
        """Anybody could have written this, the homeserver too: never acted upon (promise 3)."""
        if event.type != "m.room.message":
            return
        said = self._said(spoken(event.content), event.room, sender, room)
        place = self._places.known(event.room, sender, room)
        if place is None:
            if not room.encrypted and self._places.alone(event.sender, room):
                await self._say_in_clear(event, sender)
            return
        for number, line in _weightiest(said):
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

    def _unreadable(self, event: Event, sender: Account, room: RoomFacts) -> None:
        """Encrypted with a key that has not reached us: asked for, and never lost silently."""
        place = self._places.here(event.room, sender, room)
        if place is not None:
            with self._desk.transaction() as tx:
                row = tx.people.room(event.room)
                if row is None:  # nobody is answered there before they are heard
                    row = tx.people.add_room(event.room, RoomKind.ASIDE, sender)
                if not tx.seen(event.event_id):
                    tx.add_unread(row, sender, event.event_id, self._desk.clock())
        if place is Place.TABLE:
            self._actor.note(self._actor.request(event, 0, sender, place, room), core.doubt)

    def _unheard(self, event: Event, sender: Account, room: RoomFacts, advice: str) -> None:
        """Not to be believed. Advice; and words of an item do not stay, whoever wrote them."""
        place = self._places.known(event.room, sender, room)
        lines: list[Line] = []
        if place is not None and event.type == "m.room.message":
            edited = replacement(event.content)
            texts = spoken(edited if edited is not None else event.content)
            lines = [line for _, line in self._said(texts, event.room, sender, room)]
            self._actor.trace(event, sender, lines)
        with self._desk.transaction() as tx:
            if not tx.first_time(event.event_id, LINE_OF_ADVICE, event.at.date()):
                return
            self._actor.advise(tx, sender, advice, Act.ADVICE)
            if any(map(core.holds_words, lines)):
                self._actor.remove(tx, event, TABLE_LANE if place is Place.TABLE else int(sender))

    async def _read_again(self) -> None:
        """A key came: perhaps for something that could not be read. It counts now, once."""
        with self._desk.transaction() as tx:
            waiting = [
                (row.id, tx.people.user_id(row.account_id), room, event)
                for row, room, event in tx.unread()
            ]
        for row_id, user, room, event_id in waiting:
            event = await self._fetched(room, event_id)
            if event is not None and event.hearing is Hearing.UNREADABLE:
                continue
            if event is not None:
                await self._one(event)
                if event.sender == user and event.hearing is Hearing.TRUSTED:
                    self._cleared(event)  # anything else in its place leaves the doubt
            with self._desk.transaction() as tx:
                tx.drop_unread(row_id)

    def _cleared(self, event: Event) -> None:
        with self._desk.transaction() as tx:
            sender = tx.people.known(event.sender)
        if sender is not None:
            request = self._actor.request(event, 0, sender, Place.TABLE, None)
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


def _weightiest(said: list[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """One line for all that a message said: one with words that must not stay, if there is one."""
    return sorted(said, key=lambda numbered: not core.holds_words(numbered[1]))[:1]
