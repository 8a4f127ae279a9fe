"""A hall without Matrix: a fake door and clock; rules, handlers, texts and SQLite are real."""

import asyncio
import base64
import hashlib
import itertools
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy.event import listen

from bot.app import App, enrol_from_settings
from bot.composing import FACTS
from bot.desk import Desk
from bot.matrix.door import (
    Batch,
    Content,
    Event,
    Fingerprint,
    Hearing,
    Invitation,
    MatrixRefused,
    RoomFacts,
    RoomPlan,
    Standing,
)
from bot.matrix.talk import NotVerified, ShortString, Talk
from bot.rules.room import MEGOLM, Fault
from bot.starting import say_what_is_missing
from handlers.turn import Table
from storage.people import RoomKind
from storage.seal import Seal
from storage.tx import transaction
from tests.quick import open_quickly

SERVER = "voorbeeldstad.example"
BOT = f"@tafelbot:{SERVER}"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = bytes(range(32))
EMOJI_SHOWN = ShortString((0, 11, 22, 33, 44, 55, 63), (1234, 5678, 8191))


def key_of(user: str, generation: int = 0) -> str:
    """A master key of a user; another one for each time they have reset it."""
    digest = hashlib.sha256(f"{user} {generation}".encode()).digest()
    return base64.b64encode(digest).decode().rstrip("=")


STEWARDS = (f"@burgemeester:{SERVER}", f"@coordinator:{SERVER}")
TABLE = Table(
    name="Voorbeeldstad",
    police_zone="PZ Voorbeeld",
    languages=("nl",),
    zone=ZoneInfo("Europe/Brussels"),
    mayor=f"@burgemeester:{SERVER}",
    coordinator=f"@coordinator:{SERVER}",
    coordinator_chairs=True,
    delegates=(f"@schepen:{SERVER}",),
    fingerprints={user: key_of(user) for user in STEWARDS},
    bot=BOT,
)


@dataclass
class Sent:
    """An event as it lies on the fake homeserver; `read`: as clients have read it, and still
    have when it is emptied."""

    event_id: str
    room: str
    sender: str
    type: str
    content: Mapping[str, Any]
    clear: bool = False
    only: Collection[str] | None = None  # who alone gets the key
    read: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.read = self.read or self.content


@dataclass
class FakeRoom:
    facts: RoomFacts
    marker: str = ""


@dataclass
class FakeMatrix:
    """A homeserver in memory; it outlives a bot that is killed."""

    rooms: dict[str, FakeRoom] = field(default_factory=dict)
    events: dict[str, Sent] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)  # transaction id → event id
    unsigned: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)  # of those who have not their first one
    uploads: list[bytes] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)  # who compares emoji → their master key
    forgotten: dict[str, bool] = field(default_factory=dict)  # room → our own words as well
    vouched: list[tuple[str, str]] = field(default_factory=list)  # user, identity we signed
    numbers: Any = field(default_factory=lambda: itertools.count(1), compare=False)

    def add(self, room: str, sender: str, type_: str, content: Content, **more: Any) -> Sent:
        sent = Sent(f"$e{next(self.numbers)}", room, sender, type_, content, **more)
        self.events[sent.event_id] = sent
        return sent

    def copy(self) -> "FakeMatrix":
        return FakeMatrix(
            rooms={key: replace(room) for key, room in self.rooms.items()},
            events={key: replace(event) for key, event in self.events.items()},
            done=dict(self.done),
            unsigned=set(self.unsigned),
            keys=dict(self.keys),
            uploads=list(self.uploads),
            beside=dict(self.beside),
            forgotten=dict(self.forgotten),
            vouched=list(self.vouched),
            numbers=itertools.count(next(self.numbers)),
        )

    def new_room(self, joined: set[str], invited: set[str], **more: Any) -> str:
        room_id = f"!r{next(self.numbers)}:{SERVER}"
        facts = RoomFacts(
            encrypted=True,
            joined=frozenset(joined),
            invited=frozenset(invited),
            history_visibility="joined",
            join_rule="invite",
            guest_access="forbidden",
            topic="",
            may_redact=True,
            may_invite=True,
            may_remove=True,
        )
        self.rooms[room_id] = FakeRoom(replace(facts, **more))
        return room_id

    def move(self, room: str, user: str, membership: str) -> None:
        facts = self.rooms[room].facts
        joined, invited = facts.joined - {user}, facts.invited - {user}
        if membership == "join":
            joined |= {user}
        if membership == "invite":
            invited |= {user}
        self.rooms[room].facts = replace(facts, joined=joined, invited=invited)


class FakeDoor:
    """The bot's end of the fake homeserver; see `bot.matrix.door.Door`."""

    user_id = BOT
    fingerprint = Fingerprint("AbCdEfGhIjKl")

    def __init__(self, matrix: FakeMatrix) -> None:
        self.matrix = matrix
        self.fetched_as = Hearing.TRUSTED
        self.pins: dict[str, str | None] = {}

    def pin(self, user: str, master_key: str | None) -> None:
        self.pins[user] = master_key

    def unpin(self, user: str) -> None:
        del self.pins[user]

    def identities(self) -> dict[str, str]:
        """Everybody on our own server has an identity."""
        known = [user for user in self.pins if user.endswith(f":{SERVER}")]
        shown = {user: self.matrix.keys.get(user, key_of(user)) for user in known}
        return {user: key for user, key in shown.items() if key}

    async def enter(self) -> None: ...

    async def listen(self, since: str | None) -> AsyncIterator[Batch]:
        await asyncio.Event().wait()
        yield Batch("never")

    async def send(
        self,
        room: str,
        type_: str,
        content: Content,
        txn: str,
        *,
        only: Collection[str] | None = None,
    ) -> str:
        return self._once(room, type_, content, txn, only=only)

    async def send_clear(self, room: str, content: Content, txn: str) -> str:
        return self._once(room, "m.room.message", content, txn, clear=True)

    async def redact(self, room: str, event_id: str, txn: str) -> None:
        if not self.matrix.rooms[room].facts.may_redact:
            raise MatrixRefused("M_FORBIDDEN", 403)
        self.matrix.events[event_id].content = {}

    async def upload(self, data: bytes, name: str, mimetype: str) -> dict[str, Any]:
        self.matrix.uploads.append(data)
        return {"msgtype": "m.file", "body": name, "filename": name, "file": {"v": "v2"}}

    async def fetch(self, room: str, event_id: str) -> Event | None:
        sent = self.matrix.events.get(event_id)
        if sent is None or sent.room != room or not sent.content:
            return None
        return heard(sent, NOON, self.fetched_as)

    async def recent_own(self, room: str, limit: int) -> list[tuple[str, Content]]:
        own = [e for e in self.matrix.events.values() if e.room == room and e.sender == BOT]
        return [(e.event_id, e.content) for e in reversed(own)][:limit]

    def keyed_rooms(self) -> frozenset[str]:
        return frozenset(self.matrix.rooms)

    async def forget_keys(self, room: str, *, own: bool = True) -> None:
        self.matrix.forgotten[room] = own

    async def create_room(self, plan: RoomPlan) -> str:
        for room_id, room in self.matrix.rooms.items():
            if room.marker == plan.marker:
                return room_id
        room_id = self.matrix.new_room({BOT}, set(plan.invite), flagged_direct=plan.direct)
        self.matrix.rooms[room_id].marker = plan.marker
        return room_id

    async def join(self, room: str) -> None:
        self.matrix.move(room, BOT, "join")

    async def leave(self, room: str) -> None:
        self.matrix.move(room, BOT, "leave")

    async def invite(self, room: str, user: str) -> None:
        if user not in self.matrix.rooms[room].facts.joined:
            self.matrix.move(room, user, "invite")

    async def remove(self, room: str, user: str) -> None:
        self.matrix.move(room, user, "leave")

    async def room(self, room: str) -> RoomFacts | None:
        facts = self.matrix.rooms[room].facts
        return facts if BOT in facts.joined else None

    async def mend(self, room: str, fault: Fault, name: str, keep: Collection[str] = ()) -> None:
        facts = self.matrix.rooms[room].facts
        if fault not in facts.may_mend:
            raise MatrixRefused("M_FORBIDDEN", 403)
        self.matrix.rooms[room].facts = replace(facts, **mended(fault, name))

    async def standing(self, user: str) -> Standing:
        unsigned = user in self.matrix.unsigned
        key = "" if not user.endswith(f":{SERVER}") else self.matrix.keys.get(user, key_of(user))
        signed = 0 if unsigned or not key else 1
        return Standing(identity=bool(key), signed_devices=signed, master_key=key)

    async def verify(self, user: str, room: str | None, talk: Talk) -> str:
        await talk.wait(asked=True)
        if user not in self.matrix.beside:
            raise NotVerified("m.timeout")
        if not await talk.compare(EMOJI_SHOWN):
            raise NotVerified("m.mismatched_sas")
        return self.matrix.beside[user]

    async def vouch(self, user: str, master_key: str) -> None:
        self.matrix.vouched.append((user, master_key))

    def display_name(self) -> str:
        return "Tafelbot"

    async def read(self, room: str, event_id: str) -> None: ...

    async def close(self) -> None: ...

    def _once(self, room: str, type_: str, content: Content, txn: str, **more: Any) -> str:
        if txn not in self.matrix.done:
            sent = self.matrix.add(room, BOT, type_, content, **more)
            self.matrix.done[txn] = sent.event_id
        return self.matrix.done[txn]


def mended(fault: Fault, name: str) -> dict[str, Any]:
    """What a mended fault changes of a room's facts."""
    changes: dict[Fault, dict[str, Any]] = {
        Fault.NOT_ENCRYPTED: {"encrypted": True},
        Fault.ENCRYPTION_WEAKENED: {
            "algorithm": MEGOLM,
            "rotation_messages": None,
            "rotation_ms": None,
        },
        Fault.HISTORY_OPEN: {"history_visibility": "joined"},
        Fault.JOINABLE: {"join_rule": "invite"},
        Fault.GUESTS_ALLOWED: {"guest_access": "forbidden"},
        Fault.ANYBODY_GOVERNS: {"anybody_governs": False},
        Fault.MEMBER_GOVERNS: {"governors": frozenset()},
        Fault.ANYBODY_INVITES: {"anybody_invites": False},
        Fault.ALIASED: {"aliased": False},
        Fault.TELLING_NAME: {"name": name},
        Fault.TOPIC_SET: {"topic": ""},
    }
    return changes[fault]


@dataclass(frozen=True, eq=False)
class Picture:
    """A hall at one moment."""

    matrix: FakeMatrix
    store: bytes
    now: datetime
    apart: str | None
    table: Table


def _lay(picture: Picture, folder: Path) -> None:
    for old in folder.glob("tafelbot.db*"):
        old.unlink()
    (folder / "tafelbot.db").write_bytes(picture.store)


def heard(sent: Sent, at: datetime, hearing: Hearing = Hearing.TRUSTED) -> Event:
    event = Event(sent.event_id, sent.room, sent.sender, at, sent.type, sent.content, hearing)
    return replace(event, identity=key_of(sent.sender))


class Hall:
    """People say things, time passes, we look at what was answered. A `demo.scene.Stage`."""

    def __init__(
        self,
        folder: Path,
        table: Table = TABLE,
        matrix: FakeMatrix | None = None,
        now: datetime = NOON,
    ) -> None:
        self.matrix = matrix or FakeMatrix()
        self.now = now
        self.folder = folder
        self.table = table
        self.tokens = itertools.count(1)
        self.apart: str | None = None  # the side room in which everything is said now
        self.commits = 0
        self._restored: tuple[Picture, int] | None = None
        self.start()

    def start(self) -> None:
        """Start the bot; again, if it was killed."""
        engine = open_quickly(self.folder / "tafelbot.db")
        listen(engine, "commit", self._committed)
        seal = Seal(KEY)
        with transaction(engine, seal) as tx:
            tx.check_master_key()
        self.desk = Desk(self.door(), engine, seal, self.table, lambda: self.now)
        enrol_from_settings(self.desk)
        say_what_is_missing(self.desk)
        self.app = App(self.desk)
        self.app.watch.start()

    def door(self) -> FakeDoor:
        return FakeDoor(self.matrix)

    def picture(self) -> "Picture":
        """Everything that survives when the bot is killed now."""
        self.desk.engine.dispose()
        store = (self.folder / "tafelbot.db").read_bytes()
        return Picture(self.matrix.copy(), store, self.now, self.apart, self.table)

    @classmethod
    def as_in(cls, picture: "Picture", folder: Path) -> Self:
        """Another hall, as that one was when the picture was taken."""
        _lay(picture, folder)
        hall = cls(folder, picture.table, picture.matrix.copy(), picture.now)
        hall.apart = picture.apart
        hall._restored = picture, hall.commits
        return hall

    def restore(self, picture: "Picture") -> None:
        """As it was when the picture was taken, with the bot started anew."""
        self.desk.engine.dispose()
        _lay(picture, self.folder)
        self.matrix, self.now = picture.matrix.copy(), picture.now
        self.apart = picture.apart
        self.start()
        self._restored = picture, self.commits

    def untouched(self) -> Picture | None:
        """The picture that it was restored to, if nothing can have changed since."""
        ordinary = type(self) is Hall and type(self.desk.door) is FakeDoor
        if self._restored is None or not ordinary or self.desk.table != self.table:
            return None
        picture, commits = self._restored
        now = self.commits, self.matrix, self.now, self.apart
        same = now == (commits, picture.matrix, picture.now, picture.apart)
        return picture if same else None

    def _committed(self, _connection: object) -> None:
        self.commits += 1

    async def hears(
        self,
        *events: Event,
        invitations: tuple[Invitation, ...] = (),
        moved: frozenset[str] = frozenset(),
    ) -> None:
        """One sync, and everything that is said in answer."""
        batch = Batch(f"t{next(self.tokens)}", events, invitations, moved=moved)
        await self.app.hearer.hear(batch)
        await self.app.speaker.settle()

    def user_id(self, who: str) -> str:
        return f"@{who}:{SERVER}"

    def today(self) -> date:
        return self.now.date()

    def chapter(self, title: str) -> None: ...

    @property
    def room(self) -> str:
        """The table's room."""
        with self.desk.transaction() as tx:
            row = tx.people.table_room()
            assert row is not None
            return tx.people.room_id(row)

    @property
    def floor(self) -> str:
        """Where the meeting is: in the table's room, or aside."""
        return self.apart or self.room

    async def aside(self, roster: Sequence[str]) -> None:
        for who in roster:
            await self.come(who)
        with self.desk.transaction() as tx:
            (self.apart,) = tx.people.rooms(RoomKind.SIDE)

    def back(self) -> None:
        self.apart = None

    async def direct(self, who: str) -> str:
        """The direct room of somebody, opened by them if need be."""
        user = self.user_id(who)
        for room_id, room in self.matrix.rooms.items():
            if room.facts.joined == {BOT, user}:
                return room_id
        room_id = self.matrix.new_room({user}, {BOT}, flagged_direct=True)
        await self.hears(invitations=(Invitation(room_id, user, direct=True),))
        return room_id

    async def come(self, who: str) -> None:
        user = self.user_id(who)
        for room_id, room in self.matrix.rooms.items():
            if user in room.facts.invited:
                self.matrix.move(room_id, user, "join")
                await self.hears(self.member_event(room_id, user, "join"))

    async def goes(self, who: str) -> None:
        """Somebody leaves the table's room in their client."""
        self.matrix.move(self.room, self.user_id(who), "leave")
        await self.hears(self.member_event(self.room, self.user_id(who), "leave"))

    async def alters(self, by: str = "coordinator", room: str = "", **changes: Any) -> None:
        """The homeserver shows the table's room with other settings, set by somebody."""
        room = room or self.room
        facts = self.matrix.rooms[room].facts
        set_by = dict.fromkeys(Fault, self.user_id(by))
        self.matrix.rooms[room].facts = replace(facts, **{"set_by": set_by, **changes})
        await self.hears(self.state_event(room, by))

    def state_event(self, room: str, by: str) -> Event:
        """That some setting of a room was changed."""
        sent = self.matrix.add(room, self.user_id(by), "m.room.history_visibility", {})
        return replace(heard(sent, self.now, Hearing.CLEAR), state_key="")

    def member_event(self, room: str, user: str, membership: str) -> Event:
        sent = self.matrix.add(room, user, "m.room.member", {"membership": membership})
        return replace(heard(sent, self.now, Hearing.CLEAR), state_key=user)

    async def say(
        self, who: str, text: str, *, expect: str, direct: bool = False
    ) -> dict[str, Any]:
        room = await self.direct(who) if direct else self.floor
        return await self.told(self.typed(who, text, room), room, expect)

    def typed(self, who: str, text: str, room: str) -> Sent:
        content = {"msgtype": "m.text", "body": text}
        return self.matrix.add(room, self.user_id(who), "m.room.message", content)

    async def told(self, sent: Sent, room: str, expect: str) -> dict[str, Any]:
        """Hear an event; the facts of the answer, of the kind that is expected."""
        before = set(self.matrix.events)
        await self.hears(heard(sent, self.now))
        return self.answer(before, room, expect)

    def answer(self, before: set[str], room: str, expect: str) -> dict[str, Any]:
        new = [e for key, e in self.matrix.events.items() if key not in before and e.room == room]
        facts = [facts_of(event) for event in new if event.sender == BOT]
        found = [one for one in facts if one.get("kind") == expect]
        assert found, f"expected {expect}, got {facts}"
        return found[-1]

    async def vote(
        self, who: str, poll: Mapping[str, Any], answer: str, *, expect: str
    ) -> dict[str, Any]:
        return await self.told(self.ballot(who, poll, answer), self.floor, expect)

    async def votes(self, voters: Sequence[str], poll: Mapping[str, Any], answer: str) -> None:
        """Several people vote, one after the other."""
        for who in voters:
            await self.vote(who, poll, answer, expect="polls.overview")

    def ballot(self, who: str, poll: Mapping[str, Any], answer: str) -> Sent:
        """Where the meeting is, or if it is private, in the poll in their direct room."""
        room, event, shown = self.floor, poll.get("poll_event"), poll
        if poll.get("private"):
            asked = self.asked(who, poll)
            room, event, shown = asked.room, asked.event_id, asked.read[FACTS]
        content = {
            "m.relates_to": {"rel_type": "m.reference", "event_id": event},
            "org.matrix.msc3381.poll.response": {"answers": [shown["answers"][answer]]},
        }
        kind = "org.matrix.msc3381.poll.response"
        return self.matrix.add(room, self.user_id(who), kind, content)

    def asked(self, who: str, poll: Mapping[str, Any]) -> Sent:
        """The native poll in somebody's direct room."""
        company = {BOT, self.user_id(who)}
        (found,) = [
            event
            for event in self.matrix.events.values()
            if self.matrix.rooms[event.room].facts.joined == company
            and event.read.get(FACTS, {}).get("kind") == "poll.asked"
            and event.read[FACTS]["poll"] == poll["poll"]
        ]
        return found

    async def see(self, who: str, kind: str, *, direct: bool = False) -> dict[str, Any]:
        room = await self.direct(who) if direct else self.floor
        return self.answer(set(), room, kind)

    def refuse(self, facts: Mapping[str, Any]) -> str:
        return str(facts["reason"])

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def shown(self, room: str) -> list[str]:
        """What people read in a room, oldest first."""
        own = [e for e in self.matrix.events.values() if e.room == room and e.sender == BOT]
        return [str(e.content.get("body", "")) for e in own]


def facts_of(event: Sent) -> dict[str, Any]:
    return dict(event.content.get(FACTS, {}))
