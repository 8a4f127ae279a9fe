"""Measure: one member, a real homeserver, Tafelbot and a bare echo asked in turn."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.matrix.door import Event, Hearing, RoomPlan
from demo.client import Client
from demo.homeserver import Homeserver
from demo.operating import PASSWORD, set_up
from demo.scene import COORDINATOR
from storage.seal import Seal

ROUNDS, BACKLOG, PATIENCE = 40, 200, 120.0
TICKS = os.sysconf("SC_CLK_TCK")


class Program:
    """A bot as a process of its own."""

    def __init__(self, user_id: str, command: Sequence[str], log: Path) -> None:
        self.user_id = user_id
        self.room = ""
        self._command = [sys.executable, "-m", *command]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env={**os.environ, "ECHO_PASSWORD": PASSWORD}
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

    def __init__(self, door: Client) -> None:
        self._door = door
        self._news = asyncio.Condition()
        self._listening: asyncio.Task[None] | None = None
        self.answers: Counter[str] = Counter()  # event asked → how many answers
        self.read_at: dict[str, float] = {}

    async def start(self) -> None:
        await self._door.enter()
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._door.close()

    async def meet(self, program: Program) -> None:
        plan = RoomPlan(program.user_id, "bench", invite=(program.user_id,), direct=True)
        program.room = await self._door.create_room(plan)
        async with asyncio.timeout(PATIENCE):
            while True:
                facts = await self._door.room(program.room)
                if facts is not None and program.user_id in facts.joined:
                    return
                await asyncio.sleep(0.1)

    async def ask(self, room: str) -> str:
        content = {"msgtype": "m.text", "body": "status"}
        return await self._door.send(room, "m.room.message", content, os.urandom(8).hex())

    async def answered(self, *asked: str) -> None:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: all(one in self.read_at for one in asked))

    async def _listen(self) -> None:
        async for batch in self._door.listen(None):
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


async def round_trip(member: Member, program: Program) -> float:
    """Milliseconds from `send` resolved to the answer decrypted."""
    asked = await member.ask(program.room)
    resolved = time.perf_counter()
    await member.answered(asked)
    return (member.read_at[asked] - resolved) * 1000


async def start_up(member: Member, program: Program) -> float:
    """Seconds from the start of the process to the answer to what was asked while it was down."""
    program.stop()
    asked = await member.ask(program.room)
    began = time.perf_counter()
    program.start()
    await member.answered(asked)
    return member.read_at[asked] - began


async def backlog(member: Member, program: Program) -> tuple[float, bool]:
    """Seconds until everything asked while it was down is answered; whether once each."""
    program.stop()
    asked = await asyncio.gather(*(member.ask(program.room) for _ in range(BACKLOG)))
    began = time.perf_counter()
    program.start()
    await member.answered(*asked)
    took = max(member.read_at[one] for one in asked) - began
    await asyncio.sleep(2)  # for answers too many
    return took, all(member.answers[one] == 1 for one in asked)


async def measure(member: Member, programs: Mapping[str, Program]) -> list[list[str]]:
    trips: dict[str, list[float]] = {name: [] for name in programs}
    for program in programs.values():
        program.start()
        await member.meet(program)
        for _ in range(3):  # sessions are made, the greeting is said
            await round_trip(member, program)
    before = {name: program.cpu for name, program in programs.items()}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            trips[name].append(await round_trip(member, program))
    rows = []
    for name, program in programs.items():
        cpu = (program.cpu - before[name]) / ROUNDS
        memory, first = program.memory, await start_up(member, program)
        took, once = await backlog(member, program)
        program.stop()
        median, p95 = statistics.median(trips[name]), statistics.quantiles(trips[name], n=20)[-1]
        speed = f"{median:.0f} ms", f"{p95:.0f} ms", f"{cpu:.1f} ms", f"{memory:.0f} MiB"
        rows.append([name, *speed, f"{first:.2f} s", f"{took:.1f} s", "yes" if once else "NO"])
    return rows


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tafelbot-bench-") as name, Homeserver() as homeserver:
        folder, url = Path(name), homeserver.url
        tafelbot = set_up(homeserver, folder)
        echo = homeserver.register("echo", PASSWORD)
        server = homeserver.server_name
        arguments = {
            "bare echo": (echo, ("bench.echo", url, echo, str(folder / "echo"))),
            "Tafelbot": (f"@tafelbot:{server}", ("bot", "run", "--config", str(tafelbot.config))),
        }
        programs = {
            name: Program(user_id, command, folder / "log")
            for name, (user_id, command) in arguments.items()
        }
        us, seal = f"@{COORDINATOR}:{server}", Seal(os.urandom(32))
        member = Member(Client(url, us, folder / "member", seal, PASSWORD))
        await member.start()
        print(f"{ROUNDS} round trips each, then {BACKLOG} messages sent while it was down …")
        try:
            rows = await measure(member, programs)
        finally:
            for program in programs.values():
                program.stop()
            await member.stop()
    head = ["", "median", "p95", "CPU each", "memory", "first answer", "backlog", "once each"]
    for row in [head, *rows]:
        print("".join(cell.ljust(14) for cell in row).rstrip())


if __name__ == "__main__":
    asyncio.run(main())
