"""A homeserver that lies to the bot while the members' clients are told the truth.

What the bot is shown goes through a `Liar`; what it asks for and sends is kept there. The bot
runs in this process, so that its clock can be moved and its store looked into.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import App
from bot.composing import FACTS
from bot.desk import Desk
from bot.matrix.client import MatrixDoor
from bot.matrix.door import Content, Event, Hearing
from bot.matrix.wire import Json
from demo.homeserver import Homeserver
from demo.member import Member
from demo.operating import BOT, PASSWORD, BotProcess
from demo.scene import COORDINATOR, DELEGATE, FEW, MAYOR, Facts
from demo.stage import RealStage
from storage.database import open_database
from storage.inspect import tables
from tests.hall import TABLE
from tests.homeserver.fixtures import SEAL
from tests.homeserver.impostor import Impostor
from tests.homeserver.liar import Liar
from tests.homeserver.lies import RESPONSE
from tests.homeserver.proxy import Proxy
from tests.moments import BOOKKEEPING


class Inside(BotProcess):
    """The bot in this process, behind a proxy; the seats that are known are in its settings."""

    def __init__(self, homeserver: Homeserver, folder: Path) -> None:
        self.liar = Liar()
        self.proxy = Proxy(homeserver.url, self.liar)
        self.ahead = timedelta()
        self.folder = folder
        server = homeserver.server_name
        self.user_id = f"@{BOT}:{server}"
        seats = {"mayor": f"@{MAYOR}:{server}", "coordinator": f"@{COORDINATOR}:{server}"}
        delegates = (f"@{DELEGATE}:{server}",)
        self.table = replace(TABLE, **seats, delegates=delegates, fingerprints={})  # type: ignore[arg-type]

    def know(self, seat: str, master_key: str) -> None:
        user = getattr(self.table, seat)
        self.table = replace(self.table, fingerprints={user: master_key})

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        door = MatrixDoor(self.proxy.url, self.user_id, self.folder / "bot", SEAL, PASSWORD)
        engine = open_database(f"sqlite:///{self.folder / 'tafelbot.db'}")
        self.desk = Desk(door, engine, SEAL, self.table, self.now)
        self.app = App(self.desk)
        self._running = asyncio.ensure_future(self.app.run())

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.wait({self._running})
        await self.desk.door.close()
        self.desk.engine.dispose()

    def end(self, number: int = 0) -> int:
        """From another thread, as a process is ended."""
        asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result(30)
        return number

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def an_hour_later(self) -> None:
        """What is told once an hour may be told again."""
        self.ahead += timedelta(hours=1, minutes=1)

    def store(self) -> Mapping[str, Any]:
        """All that is kept, without the bookkeeping of hearing and speaking."""
        found = tables(self.desk.engine, self.desk.seal)
        return {name: rows for name, rows in found.items() if name not in BOOKKEEPING | {"unread"}}


class Siege(RealStage):
    """A table whose bot is told lies."""

    def __init__(self, homeserver: Homeserver, folder: Path) -> None:
        for name in (BOT, MAYOR, COORDINATOR, *FEW):
            homeserver.register(name, PASSWORD)
        self.inside = Inside(homeserver, folder)
        super().__init__(homeserver, folder, self.inside, people=tuple(FEW), quiet=True)
        self.homeserver = homeserver
        self.liar = self.inside.liar
        self.case = ""
        self._advised: dict[tuple[str, str], int] = {}

    def member(self, who: str) -> Member:
        return self._members[who]

    @property
    def table(self) -> str:
        room = self._members[COORDINATOR].table
        assert room is not None
        return room

    async def types(self, who: str, line: str, *, direct: bool = False) -> str:
        """Somebody types a line; the id of the event."""
        member = self._members[who]
        content = {"msgtype": "m.text", "body": line}
        room = self._room(member, direct=direct)
        return await member._door.send(room, "m.room.message", content, secrets.token_hex(8))

    async def settled(self, who: str = COORDINATOR) -> None:
        """All that the bot was shown before this has been heard, and answered in the room; the
        coordinator and whoever asks have read the answers."""
        asked = await self.types(who, "!status")
        for reader in {who, COORDINATOR}:
            await self.reads(reader, lambda e: answers(e.content) == asked)

    async def reads(self, who: str, wanted: Callable[[Event], bool], since: int = 0) -> Event:
        """The first event that somebody decrypted, or read in clear, and that is wanted."""
        member = self._members[who]

        def found() -> Event | None:
            return next(filter(wanted, member.events[since:]), None)

        async with asyncio.timeout(120), member._news:
            event = await member._news.wait_for(found)
        assert event is not None
        return event

    def mark(self) -> int:
        """A moment, for `said`."""
        return len(self._members[COORDINATOR].events)

    def said(self, since: int = 0) -> list[str | None]:
        """The kinds of all that the bot has said in the table's room, less the answers to
        `settled`."""
        events = [e for e in self._members[COORDINATOR].events[since:] if e.room == self.table]
        found = [e.content[FACTS].get("kind") for e in events if FACTS in e.content]
        return [kind for kind in found if kind != "status"]

    async def api(self, who: str, method: str, where: str, body: Json | None = None) -> Json:
        """A call in somebody's name, as their server can make it."""
        token = self._members[who].credentials().token
        path = f"/_matrix/client/v3/{where}"
        return await asyncio.to_thread(self.homeserver.call, method, path, body, token)

    async def in_clear(self, who: str, type_: str, content: Json) -> None:
        """An event without encryption in the table's room."""
        where = f"rooms/{self.table}/send/{type_}/{secrets.token_hex(8)}"
        await self.api(who, "PUT", where, content)

    async def advised(self, who: str, kind: str) -> None:
        """Somebody is told something in their direct room that needs no key."""
        member = self._members[who]

        def wanted(event: Event) -> bool:
            facts = event.content.get(FACTS, {})
            return event.room == member.direct and facts.get("kind") == kind

        told = await self.reads(who, wanted, self._advised.get((who, kind), 0))
        assert told.hearing is Hearing.CLEAR
        self._advised[who, kind] = member.events.index(told) + 1
        self.inside.an_hour_later()

    async def told(self, kind: str, since: int) -> Json:
        """The facts of what the bot said to the table."""
        event = await self.reads(
            COORDINATOR,
            lambda e: e.room == self.table and e.content.get(FACTS, {}).get("kind") == kind,
            since,
        )
        return dict(event.content[FACTS])

    async def proposes(self, item: str) -> Json:
        """The officer proposes an item; the poll, as the coordinator has read of it."""
        since = self.mark()
        await self.types("io", item)
        return await self.told("poll.opened", since)

    async def ballot(self, who: str, content: Json) -> None:
        """A ballot whose relation stands outside the encryption only, as some clients send it."""
        door, inside = self._members[who]._door, dict(content)
        relation = inside.pop("m.relates_to")
        sealed = await door._sharing.encrypt(self.table, {"type": RESPONSE, "content": inside})
        sealed = {**sealed, "m.relates_to": relation}
        await door._put(self.table, "m.room.encrypted", sealed, secrets.token_hex(8))

    async def closes(self, poll: Facts) -> str:
        """The chair ends a poll; its outcome."""
        since = self.mark()
        await self.types(COORDINATOR, f"!sluit {poll['number']}")
        return str((await self.told("poll.closed", since))["outcome"])

    async def seized_speaks(self, impostor: Impostor, line: str) -> None:
        """Somebody's account says something to the table on its server's device, which the bot
        has been told of."""
        self.liar.has_changed(impostor.forged.user)
        await self.settled()
        await impostor.client.type(self.table, line)
        await self.settled()

    def keyless(self, impostor: Impostor) -> bool:
        """Whether the bot has never sent anything to that device."""
        return (impostor.forged.user, impostor.device) not in self.liar.recipients(0)

    async def restart(self) -> None:
        """The bot ends and starts again."""
        await self.inside.stop()
        self.inside.start()


def answers(content: Content) -> str | None:
    """The event that something is a reply to."""
    relation = content.get("m.relates_to", {})
    found = relation.get("m.in_reply_to", {}).get("event_id")
    return found if isinstance(found, str) else None
