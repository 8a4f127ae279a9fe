"""One Synapse for a whole test session, and doors to it."""

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.matrix.admission import Patience
from bot.matrix.door import Batch, Content, Event, Hearing, Invitation, RoomPlan
from bot.matrix.talk import VerificationRequest
from demo.client import Client
from demo.homeserver import Homeserver
from storage.seal import Seal

SEAL = Seal(bytes(32))
PATIENCE = 120.0
AT_ONCE = Patience(grace=0.0)  # a session that whoami does not know is lost
PASSWORD = "password"
names = (f"user{number}" for number in itertools.count(1))


@functools.cache
def _shared_homeserver() -> Homeserver:
    """Started once, however many folders ask for the fixture; closed when Python ends."""
    homeserver = Homeserver()
    homeserver.start()
    return homeserver


@pytest.fixture(scope="session")
def synapse() -> Homeserver:
    """A running homeserver without rate limits, shared by all tests."""
    return _shared_homeserver()


class Account:
    """A door with everything it heard, and what it takes to open it again."""

    def __init__(self, homeserver: Homeserver, folder: Path, name: str = "") -> None:
        self.name = name or next(names)
        self.homeserver = homeserver
        self.folder = folder / self.name
        self.user_id = homeserver.register(self.name, PASSWORD)
        self.door = self.new_door()
        self.events: list[Event] = []
        self.invitations: list[Invitation] = []
        self.requests: list[VerificationRequest] = []
        self.token: str | None = None
        self._keys_arrived = False
        self._news = asyncio.Condition()
        self._listener: asyncio.Task[None] | None = None

    def new_door(self, password: str | None = PASSWORD) -> Client:
        """Another door for the same account and folder."""
        url = self.homeserver.url
        return Client(url, self.user_id, self.folder, SEAL, password, patience=AT_ONCE)

    async def open(self) -> None:
        """Enter, and listen from where the last listening ended."""
        self.door = self.new_door()
        await self.door.enter()
        heard = asyncio.Event()
        self._listener = asyncio.create_task(self._listen(heard))
        waiting = asyncio.create_task(heard.wait())
        await asyncio.wait({waiting, self._listener}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self._keys_arrived = False
        if self._listener.done():
            self._listener.result()

    async def shut(self) -> None:
        """Stop listening and close, as at the end of the process."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait({self._listener})
            self._listener = None
        await self.door.close()

    async def _listen(self, heard: asyncio.Event) -> None:
        async for batch in self.door.listen(self.token):
            await self._take(batch)
            heard.set()

    async def _take(self, batch: Batch) -> None:
        async with self._news:
            self.events += batch.events
            self.invitations += batch.invitations
            self.requests += batch.verifications
            self.token = batch.token
            self._keys_arrived |= batch.keys_arrived
            self._news.notify_all()

    async def keys(self) -> None:
        """Wait until room keys have come since the last time."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self._keys_arrived)
            self._keys_arrived = False

    async def hear(self, wanted: Callable[[Event], bool]) -> Event:
        """The first event, past or future, that is wanted."""

        def found() -> Event | None:
            return next((event for event in self.events if wanted(event)), None)

        async with asyncio.timeout(PATIENCE), self._news:
            event = await self._news.wait_for(found)
        assert event is not None
        return event

    async def hear_id(self, event_id: str) -> Event:
        """The event with that id."""
        return await self.hear(lambda event: event.event_id == event_id)

    async def invited(self, room: str) -> Invitation:
        """The invitation to a room."""

        def found() -> Invitation | None:
            return next((i for i in self.invitations if i.room == room), None)

        async with asyncio.timeout(PATIENCE), self._news:
            invitation = await self._news.wait_for(found)
        assert invitation is not None
        return invitation

    async def asked(self) -> VerificationRequest:
        """The first request for a verification."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self.requests)
        return self.requests[0]

    async def saw_join(self, room: str, user: str) -> None:
        """Wait until a member's joining has been heard."""
        await self.hear(
            lambda e: (
                e.room == room
                and e.type == "m.room.member"
                and e.state_key == user
                and e.content.get("membership") == "join"
            )
        )


OpenAccount = Callable[..., Awaitable[Account]]


@pytest.fixture
async def account(synapse: Homeserver, tmp_path: Path) -> AsyncIterator[OpenAccount]:
    """Makes accounts with an open door; closes them all."""
    made: list[Account] = []

    async def make(*, listening: bool = True) -> Account:
        new = Account(synapse, tmp_path)
        made.append(new)
        if listening:
            await new.open()
        return new

    yield make
    for one in made:
        await one.shut()


async def room_of(owner: Account, *others: Account, marker: str = "m") -> str:
    """A new encrypted room that all have joined."""
    plan = RoomPlan(f"{marker}-{owner.name}", "R", tuple(other.user_id for other in others))
    room = await owner.door.create_room(plan)
    for other in others:
        await other.invited(room)
        await other.door.join(room)
        await owner.saw_join(room, other.user_id)
    return room


def text(body: str) -> Content:
    """A plain message."""
    return {"msgtype": "m.text", "body": body}


def trusted(event: Event) -> bool:
    """Whether it counts."""
    return event.hearing is Hearing.TRUSTED
