"""The bot, made to kill itself: `python -m tests.homeserver.stumbling N run --config …`.

It dies by SIGKILL at its Nth passage of a point where dying could do harm: an event received,
a transaction committed, an act in Matrix about to be done or just done, the token stored.
"""

import asyncio
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.app import App, lock, open_desk, run_until_stopped
from bot.config import Settings, load
from bot.desk import Desk
from bot.matrix.client import MatrixDoor
from bot.matrix.door import Batch, Content, RoomPlan
from storage.seal import Seal
from storage.tx import Tx


class Stumble:
    """Counts passages."""

    left = 0

    @classmethod
    def here(cls) -> None:
        cls.left -= 1
        if cls.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class StumblingDoor(MatrixDoor):
    async def listen(self, since: str | None) -> AsyncIterator[Batch]:
        async for batch in super().listen(since):
            if batch.events or batch.invitations:
                Stumble.here()  # received, nothing done
            yield batch
            if batch.events:
                Stumble.here()  # processed, the token stored

    async def send(
        self,
        room: str,
        type_: str,
        content: Content,
        txn: str,
        *,
        only: Collection[str] | None = None,
    ) -> str:
        Stumble.here()  # committed, not sent
        event = await super().send(room, type_, content, txn, only=only)
        Stumble.here()  # sent, not noted
        return event

    async def redact(self, room: str, event_id: str, txn: str) -> None:
        Stumble.here()
        await super().redact(room, event_id, txn)
        Stumble.here()

    async def forget_keys(self, room: str, *, own: bool = True) -> None:
        Stumble.here()
        await super().forget_keys(room, own=own)
        Stumble.here()

    async def create_room(self, plan: RoomPlan) -> str:
        Stumble.here()
        room = await super().create_room(plan)
        Stumble.here()
        return room

    async def invite(self, room: str, user: str) -> None:
        Stumble.here()
        await super().invite(room, user)

    async def remove(self, room: str, user: str) -> None:
        Stumble.here()
        await super().remove(room, user)

    async def leave(self, room: str) -> None:
        Stumble.here()
        await super().leave(room)
        Stumble.here()

    async def upload(self, data: bytes, name: str, mimetype: str) -> dict[str, Any]:
        uploaded = await super().upload(data, name, mimetype)
        Stumble.here()
        return uploaded


class StumblingDesk(Desk):
    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        before = -1
        with super().transaction() as tx:
            changes = tx.session.connection().connection.driver_connection
            assert isinstance(changes, sqlite3.Connection)
            before = changes.total_changes
            yield tx
        if changes.total_changes > before:
            Stumble.here()  # committed, nothing said


def stumbling_door(settings: Settings, seal: Seal) -> StumblingDoor:
    folder, password = settings.data_dir / "matrix", settings.login_password()
    return StumblingDoor(settings.homeserver, settings.user_id, folder, seal, password)


def main() -> int:
    passages, _run, _config, config = sys.argv[1:]
    Stumble.left = int(passages)
    logging.basicConfig(level=logging.INFO)
    settings = load(Path(config))
    with lock(settings.data_dir):
        desk = open_desk(settings, stumbling_door)
        stumbling = StumblingDesk(desk.door, desk.engine, desk.seal, desk.table, desk.clock)
        asyncio.run(run_until_stopped(App(stumbling)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
