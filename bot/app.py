"""Put together what runs: hear, answer, speak."""

import asyncio
import fcntl
import logging
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from bot.config import ConfigError, Settings
from bot.control import Control
from bot.desk import Desk
from bot.hearing import Hearer
from bot.matrix.client import MatrixDoor
from bot.matrix.door import Door
from bot.rules.facts import Account
from bot.rules.identity import Proof
from bot.rules.people import Role, Seat, seat_of
from bot.speaking import Speaker
from bot.starting import say_what_is_missing
from bot.trusting import Watch
from handlers import members, rooms
from handlers.core import write_down_at
from storage.database import DatabaseTooNew, open_database
from storage.seal import Seal, WrongMasterKey
from storage.tx import Tx, transaction

log = logging.getLogger("tafelbot")

HEARTBEAT = 15.0  # seconds between looks at what time makes happen


def now() -> datetime:
    return datetime.now(UTC)


class App:
    """One table's bot: a door, a store, and what goes between them."""

    def __init__(self, desk: Desk, data_dir: Path | None = None) -> None:
        """With a `data_dir` the operator can reach it there."""
        self.desk = desk
        self.watch = Watch(desk)
        self.hearer = Hearer(desk, self.watch)
        self.speaker = Speaker(desk, self.watch)
        self._control = Control(desk, data_dir, self.watch.verified) if data_dir else None

    async def run(self) -> None:
        """Until cancelled."""
        await self.desk.door.enter()
        log.info("my fingerprint is %s", self.desk.door.fingerprint)
        enrol_from_settings(self.desk)
        say_what_is_missing(self.desk)
        self.watch.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear())
                group.create_task(self._speak(group))
                group.create_task(self._beat())
                group.create_task(self._serve())
        finally:
            self.hearer.close()

    async def _hear(self) -> None:
        with self.desk.transaction() as tx:
            point = tx.sync_point()
        async for batch in self.desk.door.listen(point[0] if point else None):
            await self.hearer.hear(batch)

    async def _speak(self, group: asyncio.TaskGroup) -> None:
        self.desk.bell.set()
        while True:
            await self.desk.bell.wait()
            self.speaker.start(group)

    async def _serve(self) -> None:
        if self._control is None:
            return
        try:
            await self._control.serve()
        except OSError as error:  # the table does not need it
            log.warning("no control socket (%s): `tafelbot verify` will not work", error.strerror)

    async def _beat(self) -> None:
        while True:
            self.hearer.overdue()
            await self.hearer.watch()
            await asyncio.sleep(HEARTBEAT)


async def run_until_stopped(app: App) -> None:
    """Run until SIGTERM or SIGINT."""
    running = asyncio.ensure_future(app.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        log.info("stopped")
    finally:
        await app.desk.door.close()


def enrol_from_settings(desk: Desk) -> None:
    """Mayor, coordinator and settled representatives sit at the table because the settings say so
    (C01, H01, H11); who no longer stands there for the mayor's seat has left it."""
    with desk.transaction() as tx:
        for former in _no_longer_settled(desk, tx):
            log.warning("account %d no longer stands in the settings for the mayor's seat", former)
            write_down_at(tx, members.part_with(tx, former), desk.chance)
        for user, role in desk.table.seats.items():
            account = _seat(desk, tx, user, role)
            key, known = desk.table.fingerprints.get(user), tx.people.identity(account)
            if key is not None and (known.pinned, known.proof) != (key, Proof.COMPARED):
                tx.people.pin(account, key, Proof.COMPARED)


def _no_longer_settled(desk: Desk, tx: Tx) -> list[Account]:
    """Of the mayor's seat; whom the mayor's seat has named itself stays."""
    named = [row for row in tx.people.members() if row.settled or row.role == Role.MAYOR]
    seated = [Account(row.account_id) for row in named if seat_of(Role(row.role)) is Seat.MAYOR]
    return [one for one in seated if tx.people.user_id(one) not in desk.table.seats]


def _seat(desk: Desk, tx: Tx, user: str, role: Role) -> Account:
    """A representative hears of it from us; mayor and coordinator begin by writing to us."""
    account = tx.people.account(user)
    if not tx.people.settle(account, role):
        return account
    says = [members.greeting(account)] if role is Role.MAYOR_DELEGATE else []
    if tx.people.table_room() is not None:
        says.append(rooms.invitation(account))
    write_down_at(tx, says, desk.chance)
    return account


def open_desk(
    settings: Settings,
    make_door: Callable[[Settings, Seal], Door] | None = None,
    clock: Callable[[], datetime] = now,
) -> Desk:
    """Store and door of the settings; `ConfigError` if the store is not ours to open."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    seal = Seal(settings.master_key_bytes())
    try:
        engine = open_database(settings.database_url)
        with transaction(engine, seal) as tx:
            tx.check_master_key()
    except DatabaseTooNew:
        raise ConfigError(
            "the database was written by a newer version of Tafelbot: install that version, "
            "or restore the backup made before it"
        ) from None
    except WrongMasterKey:
        raise ConfigError(
            "this master key does not open the database: use the key it was made with. If that "
            "is lost, begin with an empty data_dir and `tafelbot identity restore`"
        ) from None
    return Desk((make_door or matrix_door)(settings, seal), engine, seal, settings.table, clock)


def matrix_door(settings: Settings, seal: Seal, tell: Callable[[str], bool] | None = None) -> Door:
    """`tell` shows a recovery key that was just made; see `MatrixDoor`."""
    return MatrixDoor(
        settings.homeserver,
        settings.user_id,
        settings.matrix_dir,
        seal,
        settings.login_password(),
        recovery_key=settings.typed_recovery_key(),
        tell=tell,
    )


def lock(data_dir: Path) -> IO[str]:
    """Two processes with the same device must never run at once; keep the file open."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = (data_dir / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ConfigError(f"another Tafelbot is already running on {data_dir}") from None
    return file
