"""A stage whose members use a client of another make; the bot is a process of its own."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from bot.composing import FACTS
from demo.homeserver import Homeserver
from demo.operating import BOT, PASSWORD, set_up
from demo.scene import COORDINATOR, GUEST
from tests.interop.driver import Member, MemberError, Seen, until

POLL = "org.matrix.msc3381.poll"


class PeerStage:
    """See `demo.scene.Stage`. A homeserver, a bot and a client for everybody named."""

    def __init__(
        self, folder: Path, people: Sequence[str], language: str = "nl", *settings: str
    ) -> None:
        self._people = (COORDINATOR, *people)
        self._settings = (language, *settings)
        self._running = AsyncExitStack()
        self._looked_at: set[tuple[str, str]] = set()
        self.homeserver = Homeserver()
        self.folder = folder
        self.seats: dict[str, Member] = {}
        self.direct: dict[str, str] = {}
        self.table = ""
        self.apart: str | None = None  # the side room in which everything is said now

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as running:
            await asyncio.to_thread(self.homeserver.start)
            running.callback(self.homeserver.close)
            self.bot = await asyncio.to_thread(set_up, self.homeserver, self.folder)
            self.bot.choose(*self._settings)
            seats = await asyncio.gather(*map(self.log_in, self._people))
            self.seats.update(zip(self._people, seats, strict=True))
            self.bot.know("coordinator", await master_key(self.seats[COORDINATOR]))
            self.bot.start()
            running.push_async_callback(asyncio.to_thread, self.end_bot)
            self._running.push_async_callback(running.pop_all().aclose)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._running.aclose()

    async def log_in(self, who: str, **login: Any) -> Member:
        """Another device of somebody."""
        member = Member(self.homeserver.url, who, PASSWORD, **login)
        return await self._running.enter_async_context(member)

    async def log_in_as(self, who: str) -> None:
        """Somebody more."""
        self.seats[who] = await self.log_in(who)

    async def settled(self) -> None:
        """Nothing is left that the bot still has to do, nor that a client has not heard of."""

        async def done() -> bool:
            store = json.loads(await asyncio.to_thread(self.bot.inspect, "--json"))
            return not store["outbox"]

        await until(done)
        await asyncio.gather(*(member.catch_up() for member in self.seats.values()))

    def end_bot(self) -> None:
        if not self.bot.has_ended():
            self.bot.end()

    async def open_direct(self, who: str = COORDINATOR) -> None:
        """Ask the bot into a room of two."""
        member = self.seats[who]
        room = await member.create_room(name="Tafelbot", invite=[self.user_id(BOT)], direct=True)
        self.direct[who] = room
        await joined(member, room, self.user_id(BOT))

    async def say(
        self, who: str, text: str, *, expect: str, direct: bool = False
    ) -> Mapping[str, Any]:
        member = self.seats[who]
        room, before = self._room(who, direct=direct), set(member.events)
        line = await member.send(room=room, text=text)

        def follows(event: Seen) -> bool:
            """It was sent later than the line, and did not only come here later."""
            known = member.events.get(line)
            return known is not None and event["timestamp"] >= known["timestamp"]

        wanted = self.from_bot(room, expect)
        return facts(
            await member.wait(
                lambda e: e["event_id"] not in before and wanted(e) and follows(e),
            )
        )

    async def answer(
        self, member: Member, room: str, kind: str, before: set[str]
    ) -> Mapping[str, Any]:
        """The facts of the first message of a kind that came after what was known `before`."""
        return facts(await self.answering(member, room, kind, before))

    async def answering(self, member: Member, room: str, kind: str, before: set[str]) -> Seen:
        """That message itself."""
        wanted = self.from_bot(room, kind)
        return await member.wait(lambda e: e["event_id"] not in before and wanted(e))

    async def votes(self, voters: Sequence[str], poll: Mapping[str, Any], answer: str) -> None:
        await asyncio.gather(*(self.vote(who, poll, answer) for who in voters))

    async def vote(self, who: str, poll: Mapping[str, Any], answer: str) -> None:
        """In the native poll: the case's, or if it is private, the one in the direct room."""
        member, room, event = self.seats[who], self.apart or self.table, poll.get("poll_event")
        if poll.get("private"):
            room = self.direct[who]
            asked = self.from_bot(room, "poll.asked")
            found = await member.wait(lambda e: asked(e) and facts(e)["poll"] == poll["poll"])
            poll, event = facts(found), found["event_id"]
        await member.vote(room=room, poll=event, answers=[poll["answers"][answer]])

    async def see(self, who: str, kind: str, *, direct: bool = False) -> Mapping[str, Any]:
        wanted = self.from_bot(self._room(who, direct=direct), kind)
        found = await self.seats[who].wait(
            lambda e: wanted(e) and (who, e["event_id"]) not in self._looked_at
        )
        self._looked_at.add((who, found["event_id"]))
        return facts(found)

    async def come(self, who: str) -> None:
        """Accept invitations until the table's room and a direct room are among them; for who
        comes for one case only, a direct room."""
        member = self.seats[who]

        async def arrived() -> bool:
            for room in await member.invites():
                await member.join(room=room)
                await joined(member, room, member.user_id)
                if not self.table:
                    self.table = room
                elif room != self.table:
                    self.direct[who] = room
            if who not in self.direct or who == GUEST:
                return who in self.direct
            return await is_in(member, self.table, member.user_id)

        await until(arrived)

    async def aside(self, roster: Sequence[str]) -> None:
        """Everybody accepts one invitation more, to the same room."""
        rooms = {await self.accept(who) for who in roster}
        (self.apart,) = rooms

    async def accept(self, who: str) -> str:
        """Wait for an invitation, and follow it."""
        member = self.seats[who]

        async def asked() -> bool:
            return bool(await member.invites())

        await until(asked)
        (room,) = await member.invites()
        await member.join(room=room)
        await joined(member, room, member.user_id)
        return str(room)

    def back(self) -> None:
        self.apart = None

    def from_bot(self, room: str, kind: str) -> Callable[[Seen], bool]:
        """Whether something is the bot's message of a kind in a room."""
        return lambda e: (
            e["room_id"] == room
            and e["sender"] == self.user_id(BOT)
            and facts(e).get("kind") == kind
        )

    def user_id(self, who: str) -> str:
        return f"@{who}:{self.homeserver.server_name}"

    def chapter(self, title: str) -> None: ...

    def today(self) -> date:
        return datetime.now(UTC).date()

    def files(self) -> dict[str, bytes]:
        """Everything the bot has on disk, and its log."""
        data = self.folder / "data"
        found = {str(p.relative_to(data)): p.read_bytes() for p in data.rglob("*") if p.is_file()}
        return {**found, "log": self.bot.log.read_bytes()}

    def _room(self, who: str, *, direct: bool) -> str:
        return self.direct[who] if direct else self.apart or self.table


def facts(event: Seen) -> Mapping[str, Any]:
    """What a message says to programs; nothing in whatever is no message of the bot's."""
    found = event["content"].get(FACTS)
    return found if isinstance(found, dict) else {}


def holds(thing: object, texts: Sequence[str]) -> bool:
    """Whether any of the texts stands anywhere in it."""
    shown = json.dumps(thing, ensure_ascii=False)
    return any(text in shown for text in texts)


async def joined(member: Member, room: str, user: str) -> None:
    """Wait until a client has seen somebody join."""
    await until(lambda: is_in(member, room, user))


async def is_in(member: Member, room: str, user: str) -> bool:
    return await membership(member, room, user) == "join"


async def membership(member: Member, room: str, user: str) -> str | None:
    """What somebody is to a room, as far as a client knows."""
    try:
        people = await member.members(room=room)
    except MemberError:  # the room has not come to it yet
        return None
    return next((str(one["membership"]) for one in people if one["user"] == user), None)


async def master_key(member: Member) -> str:
    """Somebody's identity as the homeserver shows it."""
    user = member.user_id
    query: dict[str, Any] = {"device_keys": {user: []}}
    found = await member.request(method="POST", path=api("keys", "query"), body=query)
    return str(next(iter(found["master_keys"][user]["keys"].values())))


async def raw_events(member: Member, room: str) -> list[dict[str, Any]]:
    """Everything the homeserver still shows a member of a room, newest first."""
    query, found = {"dir": "b", "limit": "100"}, []
    while True:
        page = await member.request(path=api("rooms", room, "messages"), query=query)
        found += page["chunk"]
        if "end" not in page:
            return found
        query["from"] = page["end"]


def api(*parts: str) -> str:
    """A path below the client-server API."""
    return "/_matrix/client/v3/" + "/".join(quote(part, safe="") for part in parts)
