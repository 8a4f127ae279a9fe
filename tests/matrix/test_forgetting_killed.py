"""Killed at any statement of forgetting: nothing is heard twice, all that comes is heard, and the
next time forgets."""

import asyncio
import itertools
import multiprocessing
import os
import shutil
import signal
from pathlib import Path

from tests.matrix.parts import ROOM, Key, Parts, Raw, again, opens
from tests.matrix.test_forgetting import counts, forget, known


def forget_until(parts: Parts, statements: int) -> None:
    """Forget, and die by SIGKILL when the store is asked for the last of so many things."""
    left = itertools.count(statements, -1)

    def trace(_statement: str) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    parts.open()
    for connection in (parts.machine.store.database.connection(), parts.replays._db):
        connection.set_trace_callback(trace)
    asyncio.run(parts.forgetting.forget(ROOM, own=True))


def test_killed_at_any_statement(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "whole")
    alice = known(parts, "alice")
    said: list[Raw] = []
    for _ in range(2):
        said += [alice.say() for _ in range(3)]
        assert all(counts(parts, raw) for raw in said)
        alice.key, former = Key(), alice.key
        parts.give(alice, alice.key)
    alice.key = former
    parts.machine.create_outbound_group_session(ROOM)
    parts.replays.settle()
    parts.close()
    for statements in itertools.count():
        parts.folder = tmp_path / str(statements)
        shutil.copytree(tmp_path / "whole", parts.folder)
        child = multiprocessing.get_context("fork").Process(
            target=forget_until, args=(parts, statements)
        )
        child.start()
        child.join()
        parts.open()
        assert counts(parts, alice.say())
        assert not any(counts(parts, again(raw)) for raw in said)
        parts.replays.settle()
        asyncio.run(forget(parts))
        assert not any(opens(parts.machine, raw) for raw in said)
        assert not any(counts(parts, again(raw)) for raw in said)
        assert counts(parts, alice.say())
        parts.close()
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
    assert statements > 20
