"""Measure: one member, a real homeserver, Tafelbot and a bare matrix-nio echo asked in turn.

What is printed are figures and their ratios; nothing passes or fails by them.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.identity import sign_devices
from bench.programs import Member, Program
from demo.client import Client
from demo.homeserver import Homeserver
from demo.operating import PASSWORD, set_up
from demo.scene import COORDINATOR
from storage.seal import Seal

ROUNDS, STARTS, BACKLOG = 60, 5, 300
WHOLE: dict[str, Any] = {"filter_timeline_limit": 2 * BACKLOG}  # nio fills no gaps
GOALS = {  # at most this many times the bare echo's; "backlog": at least
    "median": 1.05,
    "p95": 1.2,
    "CPU each": 1.3,
    "memory": 1.6,
    "first answer": 1.5,
    "backlog": 0.8,
}


@dataclass
class Figures:
    """Milliseconds, MiB, seconds, and answers a second."""

    trips: list[float] = field(default_factory=list)
    cpu: float = 0.0
    memory: float = 0.0
    starts: list[float] = field(default_factory=list)
    rate: float = 0.0
    once: bool = False

    def shown(self) -> dict[str, float]:
        return {
            "median": statistics.median(self.trips),
            "p95": statistics.quantiles(self.trips, n=20)[-1],
            "CPU each": self.cpu / len(self.trips),
            "memory": self.memory,
            "first answer": statistics.median(self.starts),
            "backlog": self.rate,
        }


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
    """Answers a second to what was asked while it was down, from the first of them to the last;
    whether each was answered once."""
    program.stop()
    asked = [await member.ask(program.room) for _ in range(BACKLOG)]
    program.start()
    await member.answered(*asked)
    read = sorted(member.read_at[one] for one in asked)
    await round_trip(member, program)  # by then any answer too many has been read
    return (len(asked) - 1) / (read[-1] - read[0]), all(member.answers[one] == 1 for one in asked)


async def measure(
    member: Member, programs: Mapping[str, Program], homeserver: Homeserver
) -> dict[str, Figures]:
    for name, program in programs.items():
        program.start()
        await member.meet(program)
        if name == "bare echo":
            sign_devices(homeserver, program.user_id, PASSWORD)
        for _ in range(5):  # sessions are made, the greeting is said
            await round_trip(member, program)
    figures = {name: Figures() for name in programs}
    before = {name: program.cpu for name, program in programs.items()}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            figures[name].trips.append(await round_trip(member, program))
    for name, program in programs.items():
        figures[name].cpu = program.cpu - before[name]
        figures[name].memory = program.memory
    for _ in range(STARTS):
        for name, program in programs.items():
            figures[name].starts.append(await start_up(member, program))
    for name, program in programs.items():
        figures[name].rate, figures[name].once = await backlog(member, program)
    return figures


def table(figures: Mapping[str, Figures]) -> list[list[str]]:
    """A row each, their ratios, and what the ratios should be."""
    units = ("{:.0f} ms", "{:.0f} ms", "{:.1f} ms", "{:.0f} MiB", "{:.2f} s", "{:.0f}/s")
    echo, ours = (one.shown() for one in figures.values())
    rows = [["", *GOALS, "once each"]]
    for name, one in figures.items():
        cells = [
            unit.format(value) for unit, value in zip(units, one.shown().values(), strict=True)
        ]
        rows.append([name, *cells, "yes" if one.once else "NO"])
    rows.append(["ratio", *(f"{ours[key] / echo[key]:.2f}" for key in GOALS), ""])
    goals = [f"{'≥' if key == 'backlog' else '≤'} {goal}" for key, goal in GOALS.items()]
    return [*rows, ["goal", *goals, "yes"]]


async def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="tafelbot-bench-") as name,
        Homeserver(**WHOLE) as homeserver,
    ):
        folder, url, server = Path(name), homeserver.url, homeserver.server_name
        tafelbot, echo = set_up(homeserver, folder), homeserver.register("echo", PASSWORD)
        log = folder / "log"
        arguments = ("bench.echo", url, echo, str(folder / "echo"))
        ours = ("bot", "run", "--config", str(tafelbot.config))
        programs = {
            "bare echo": Program(echo, arguments, log, ECHO_PASSWORD=PASSWORD),
            "Tafelbot": Program(f"@tafelbot:{server}", ours, log),
        }
        us, seal = f"@{COORDINATOR}:{server}", Seal(os.urandom(32))
        member = Member(Client(url, us, folder / "member", seal, PASSWORD))
        await member.start()
        print(
            f"{ROUNDS} round trips each, {STARTS} starts, then {BACKLOG} sent while it was down …"
        )
        try:
            figures = await measure(member, programs, homeserver)
        finally:
            for program in programs.values():
                program.stop()
            await member.stop()
    for row in table(figures):
        print("".join(cell.ljust(14) for cell in row).rstrip())


if __name__ == "__main__":
    asyncio.run(main())
