"""The bots that are measured, each a process of its own, and the member who asks them."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bot.matrix.door import Event, Hearing, RoomPlan
from demo.client import Client

PATIENCE = 180.0  # seconds
TICKS = os.sysconf("SC_CLK_TCK")


class Program:
    """A bot as a process of its own; `module` and its arguments are run by Python."""

    def __init__(self, user_id: str, module: Sequence[str], log: Path, **environment: str) -> None:
        self.user_id = user_id
        self.room = ""
        self._command = [sys.executable, "-m", *module]
        self._log = log
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=self._environment
            )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    @property
    def memory(self) -> float:
        """MiB in memory now."""
        lines = self._proc("status").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    @property
    def cpu(self) -> float:
        """Milliseconds of processor time so far."""
        user, system = self._proc("stat").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) * 1000 / TICKS

    def _proc(self, name: str) -> str:
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/{name}").read_text()


class Member:
    """Asks, and notes when which answer could be read."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._news = asyncio.Condition()
        self._syncing: asyncio.Task[None] | None = None
        self.answers: Counter[str] = Counter()  # event asked → how many answers
        self.read_at: dict[str, float] = {}

    async def start(self) -> None:
        await self._client.enter()
        self._syncing = asyncio.create_task(self._sync())

    async def stop(self) -> None:
        if self._syncing is not None:
            self._syncing.cancel()
            await asyncio.gather(self._syncing, return_exceptions=True)
        await self._client.close()

    async def meet(self, program: Program) -> None:
        plan = RoomPlan(program.user_id, "bench", invite=(program.user_id,), direct=True)
        program.room = await self._client.create_room(plan)
        async with asyncio.timeout(PATIENCE):
            while True:
                facts = await self._client.room(program.room)
                if facts is not None and program.user_id in facts.joined:
                    return
                await asyncio.sleep(0.1)

    async def ask(self, room: str) -> str:
        content = {"msgtype": "m.text", "body": "status"}
        return await self._client.send(room, "m.room.message", content, os.urandom(8).hex())

    async def answered(self, *asked: str) -> None:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: all(one in self.read_at for one in asked))

    async def _sync(self) -> None:
        async for batch in self._client.listen(None):
            for event in batch.events:
                if event.hearing is Hearing.TRUSTED:
                    self._note(event)
            async with self._news:
                self._news.notify_all()

    def _note(self, event: Event) -> None:
        asked = event.content.get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id")
        if asked is not None:
            self.answers[asked] += 1
            self.read_at.setdefault(asked, time.perf_counter())
