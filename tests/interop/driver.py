"""Python side of member.mjs: one `Member` is one device of one user, in its own node process.

async with Member(homeserver.url, "alice", "password") as alice:
    room = await alice.create_room(name="R", invite=[bob.user_id])
    event_id = await alice.send(room=room, text="hello")
    reply = await alice.wait(lambda e: e["sender"] == bob.user_id)

Every command of member.mjs is a method taking keyword arguments.
"""

import asyncio
import itertools
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

SCRIPT = Path(__file__).with_name("member.mjs")
NODE = os.environ.get("NODE", "node")
PATIENCE = 60.0  # seconds until something that does not happen is a failure

Seen = dict[str, Any]
T = TypeVar("T")


class MemberError(Exception):
    """The client refused or failed a command."""


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
        """Start the client and log in."""
        self._process = await asyncio.create_subprocess_exec(
            NODE,
            "--liftoff-only",  # compiling its WebAssembly well takes longer than running it
            str(SCRIPT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**28,
        )
        self._reader = asyncio.create_task(self._read())
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
        """End the process without logging out."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader
        if self._process.stdin is not None:
            self._process.stdin.close()

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
            assert self._process.stdin is not None
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
            try:
                return await asyncio.wait_for(answer, PATIENCE)
            finally:
                self._pending.pop(number, None)

        return call

    async def wait(self, wanted: Callable[[Seen], bool]) -> Seen:
        """The first event, past or future, that is wanted."""

        def match() -> Seen | None:
            return next((event for event in self.events.values() if wanted(event)), None)

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

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if "id" in message:
                self._answer(message)
            elif "event" in message:
                async with self._news:
                    self.events[message["event"]["event_id"]] = message["event"]
                    self.reports.append(message["event"])
                    self._news.notify_all()
            else:
                await self._note(message)
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(MemberError("the client process ended"))

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
