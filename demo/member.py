"""One member of the table, with a Matrix client of their own."""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.composing import FACTS
from bot.matrix.door import Event, Hearing, RoomPlan
from bot.matrix.vault import Credentials, read_credentials
from demo.client import Client
from storage.seal import Seal

PATIENCE = 180.0  # seconds until something that does not happen is a failure


class Member:
    """A client that joins where it is invited and remembers what it decrypted."""

    def __init__(
        self, homeserver: str, user_id: str, password: str, folder: Path, bot: str
    ) -> None:
        self.user_id = user_id
        self._bot = bot
        self._folder, self._seal = folder, Seal(os.urandom(32))
        self._door = Client(homeserver, user_id, folder, self._seal, password)
        self._news = asyncio.Condition()
        self._listening: asyncio.Task[None] | None = None
        self.events: list[Event] = []
        self.watch: Callable[[Event], None] = lambda _event: None
        self.table: str | None = None
        self.rooms: list[str] = []  # the table's, and those of single cases
        self.direct: str | None = None
        self._seen: dict[tuple[str, str], int] = {}

    async def start(self) -> None:
        await self._door.enter()
        self._listening = asyncio.create_task(self._listen())

    @property
    def master_key(self) -> str:
        return self._door.fingerprint.master_key

    def credentials(self) -> Credentials:
        """What a person needs who takes over this seat."""
        stored = read_credentials(self._folder, self._seal, self.user_id)
        assert stored is not None
        return stored

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._door.close()

    async def open_direct(self) -> None:
        """Ask the bot into a room of two."""
        plan = RoomPlan(marker="direct", name="Tafelbot", invite=(self._bot,), direct=True)
        self.direct = await self._door.create_room(plan)
        await self._until(self._bot_is_here)

    async def has(self, *, table: bool, direct: bool) -> None:
        """Wait until these rooms have been joined."""
        async with self._news:
            here = self._news.wait_for(
                lambda: bool(self.table or not table) and bool(self.direct or not direct)
            )
            await asyncio.wait_for(here, PATIENCE)

    async def is_in(self, room: str) -> None:
        """Wait until this room has been joined."""
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: room in self.rooms), PATIENCE)

    async def one_more(self, number: int) -> str:
        """The room joined as the `number`th."""
        async with self._news:
            more = self._news.wait_for(lambda: len(self.rooms) >= number)
            await asyncio.wait_for(more, PATIENCE)
        return self.rooms[number - 1]

    async def send(self, room: str, type_: str, content: Mapping[str, Any]) -> None:
        await self._door.send(room, type_, content, os.urandom(8).hex())

    async def type(self, room: str, text: str) -> None:
        await self.send(room, "m.room.message", {"msgtype": "m.text", "body": text})

    async def votes(self, poll: Mapping[str, Any], answer: str, room: str | None = None) -> None:
        """In the native poll: the table's, or if it is private, the one in the direct room."""
        room, event, answers = room or self.table, poll.get("poll_event"), poll.get("answers")
        if poll.get("private"):
            asked = await self.asked(poll)
            room, event, answers = self.direct, asked.event_id, asked.content[FACTS]["answers"]
        assert room is not None
        assert answers is not None
        content = {
            "m.relates_to": {"rel_type": "m.reference", "event_id": event},
            "org.matrix.msc3381.poll.response": {"answers": [answers[answer]]},
        }
        await self.ballot(room, content)

    async def ballot(self, room: str, content: Mapping[str, Any]) -> None:
        await self.send(room, "org.matrix.msc3381.poll.response", content)

    async def asked(self, poll: Mapping[str, Any]) -> Event:
        """The native poll of a private ballot, once it is there."""

        def found() -> list[Event]:
            shown = [(event, event.content.get(FACTS, {})) for event in self.events]
            return [
                event
                for event, facts in shown
                if facts.get("kind") == "poll.asked" and facts.get("poll") == poll["poll"]
            ]

        async with self._news:
            await asyncio.wait_for(self._news.wait_for(found), PATIENCE)
            return found()[0]

    async def facts(self, room: str, kind: str, start: int) -> Mapping[str, Any]:
        """The first message of a kind in a room, from the `start`th event on."""

        def found() -> Mapping[str, Any] | None:
            for event in self.events[start:]:
                facts = event.content.get(FACTS, {})
                if event.room == room and event.sender == self._bot and facts.get("kind") == kind:
                    return dict(facts)
            return None

        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(lambda: found() is not None), PATIENCE)
            except TimeoutError:
                seen = [e.content.get(FACTS, {}) for e in self.events[start:]]
                raise TimeoutError(f"{self.user_id} saw no {kind}, but {seen}") from None
            facts = found()
            assert facts is not None
            return facts

    async def newest(self, room: str, kind: str) -> Mapping[str, Any]:
        """The next message of a kind that was not looked at before."""
        facts = await self.facts(room, kind, self._seen.get((room, kind), 0))
        place = next(
            number
            for number, event in enumerate(self.events)
            if event.content.get(FACTS, {}).get("id") == facts["id"]
        )
        self._seen[room, kind] = place + 1
        return facts

    async def _listen(self) -> None:
        async for batch in self._door.listen(None):
            for invitation in batch.invitations:
                await self._door.join(invitation.room)
                async with self._news:
                    if invitation.direct:
                        self.direct = invitation.room
                    else:
                        self.rooms.append(invitation.room)
                        self.table = self.rooms[0]
                    self._news.notify_all()
            async with self._news:
                for event in batch.events:
                    if event.hearing in {Hearing.TRUSTED, Hearing.CLEAR}:
                        self.events.append(event)
                        self.watch(event)
                self._news.notify_all()

    async def _bot_is_here(self) -> bool:
        assert self.direct is not None
        facts = await self._door.room(self.direct)
        return facts is not None and self._bot in facts.joined

    async def _until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await true():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
