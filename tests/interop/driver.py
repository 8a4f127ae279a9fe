"""Python side of members.mjs: one `Member` is one device of one user.

async with Member(homeserver.url, "alice", "password") as alice:
    room = await alice.create_room(name="R", invite=[bob.user_id])
    event_id = await alice.send(room=room, text="hello")
    reply = await alice.wait(lambda e: e["sender"] == bob.user_id)

Every command of member.mjs is a method taking keyword arguments. One node process has them all.
"""

import asyncio
import atexit
import functools
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

SCRIPT = Path(__file__).with_name("members.mjs")
NODE = os.environ.get("NODE", "node")
PATIENCE = 180.0  # seconds until something that does not happen is a failure

Seen = dict[str, Any]
T = TypeVar("T")


class MemberError(Exception):
    """The client refused or failed a command."""


@functools.cache
def _clients() -> str:
    """The socket of the process that runs the clients; it ends with this one."""
    folder = Path(tempfile.mkdtemp(prefix="members-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    socket = folder / "socket"
    process = subprocess.Popen([NODE, str(SCRIPT), str(socket)], stdin=subprocess.PIPE)
    atexit.register(process.kill)
    while not socket.exists():
        if process.poll() is not None:
            raise MemberError("the client process ended")
        time.sleep(0.02)
    return str(socket)


class Member:
    """A person with a client of another make. Keeps nothing: every start is a new device."""

    user_id: str
    device_id: str
    recovery_key: str | None

    def __init__(
        self, url: str, user: str, password: str, *, only_signed: bool = True, **login: Any
    ) -> None:
        """`only_signed`: exchange room keys with cross-signed devices only, as Element does.
        `login`: see `login` in member.mjs (`sign=False` makes an unsigned device)."""
        self._login = {"url": url, "user": user, "password": password, **login}
        self._only_signed = only_signed
        self._numbers = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self.events: dict[str, Seen] = {}  # newest description, in order of first arrival
        self.reports: list[Seen] = []  # every description, also of what was redacted since
        self.comparing: list[Seen] = []  # verifications whose emoji were shown
        self.verified: list[Seen] = []  # verifications requested by others that have ended

    async def start(self) -> "Member":
        """Connect and log in."""
        reader, self._writer = await asyncio.open_unix_connection(_clients(), limit=2**28)
        self._reader = asyncio.create_task(self._read(reader))
        try:
            answer = await self.login(**self._login)
            self.user_id, self.device_id = answer["user_id"], answer["device_id"]
            self.recovery_key = answer["recovery_key"]
            if self._only_signed:
                await self.isolation()
        except BaseException:
            await self.stop()
            raise
        return self

    async def stop(self) -> None:
        """Hang up, which stops the client without logging out."""
        if self._writer.can_write_eof() and not self._writer.is_closing():
            self._writer.write_eof()
        await self._reader
        self._writer.close()

    async def __aenter__(self) -> "Member":
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def __getattr__(self, command: str) -> Callable[..., Awaitable[Any]]:
        if command.startswith("_"):
            raise AttributeError(command)

        async def call(**args: Any) -> Any:
            number = next(self._numbers)
            answer = self._pending[number] = asyncio.get_running_loop().create_future()
            line = json.dumps({"id": number, "cmd": command, "args": args})
            self._writer.write(line.encode() + b"\n")
            await self._writer.drain()
            try:
                return await asyncio.wait_for(answer, PATIENCE)
            finally:
                self._pending.pop(number, None)

        return call

    async def wait(self, wanted: Callable[[Seen], bool]) -> Seen:
        """The first event, past or future, that is wanted: as it is now, or as it once was."""

        def match() -> Seen | None:
            seen = itertools.chain(self.events.values(), self.reports)
            return next((event for event in seen if wanted(event)), None)

        async with self._news:
            try:
                found = await asyncio.wait_for(self._news.wait_for(match), PATIENCE)
            except TimeoutError:
                last = [(e["sender"], e["type"], e["failure"]) for e in self.events.values()][-5:]
                raise TimeoutError(
                    f"{self.user_id} saw no such event; the last were {last}"
                ) from None
        assert found is not None
        return found

    async def news(self, found: Callable[[], T]) -> T:
        """What is found, once something is."""
        async with asyncio.timeout(PATIENCE), self._news:
            return await self._news.wait_for(found)

    async def read(self, event_id: str) -> Seen:
        """An event, once it is readable."""
        return await self.wait(
            lambda e: (
                e["event_id"] == event_id
                and e["failure"] is None
                and e["type"] != "m.room.encrypted"
            )
        )

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            async for line in reader:
                await self._take(json.loads(line))
        finally:
            for answer in self._pending.values():
                if not answer.done():
                    answer.set_exception(MemberError("the client has stopped"))

    async def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answer(message)
        elif "broken" in message:
            raise MemberError(message["broken"])
        elif "event" in message:
            async with self._news:
                self.events[message["event"]["event_id"]] = message["event"]
                self.reports.append(message["event"])
                self._news.notify_all()
        else:
            await self._note(message)

    async def _note(self, message: dict[str, Any]) -> None:
        async with self._news:
            for kind, notes in (("comparing", self.comparing), ("verified", self.verified)):
                if kind in message:
                    notes.append(message[kind])
            self._news.notify_all()

    def _answer(self, message: dict[str, Any]) -> None:
        answer = self._pending.get(message["id"])
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(MemberError(message["error"]))
        else:
            answer.set_result(message["ok"])


async def until(check: Callable[[], Awaitable[T]], timeout: float = PATIENCE) -> T:  # noqa: ASYNC109
    """Wait for an async check to return something true, and return that."""
    async with asyncio.timeout(timeout):
        while not (value := await check()):  # noqa: ASYNC110 - it lives in another process
            await asyncio.sleep(0.05)
        return value
