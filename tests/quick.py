"""A database as `storage.database` opens it, without doing over what is the same every time.

The migrations are run once and their outcome is copied, what SQLAlchemy has compiled is kept, and
nothing waits for the disk: what a test writes need not outlive the machine.
"""

import sqlite3
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Dialect, Engine, QueuePool, create_engine, event, make_url

from storage.database import lock_down, migrate, open_database

COMPILED: dict[Any, Any] = {}


def open_quickly(file: Path) -> Engine:
    """An engine for a file, which is made if it is not there."""
    if not file.exists():
        file.write_bytes(_empty())
    pool = QueuePool(partial(sqlite3.connect, file, check_same_thread=False), dialect=_dialect())
    url = make_url(f"sqlite:///{file}")
    engine = Engine(pool, _dialect(), url, hide_parameters=True)
    engine.update_execution_options(compiled_cache=COMPILED)
    lock_down(engine)
    event.listen(engine, "connect", _hurry)
    migrate(engine)
    return engine


@cache
def _empty() -> bytes:
    """What the migrations make."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        open_database(f"sqlite:///{file}").dispose()
        return file.read_bytes()


@cache
def _dialect() -> Dialect:
    """What is compiled is compiled for this one."""
    engine = create_engine("sqlite://")
    engine.connect().close()
    engine.dispose()
    return engine.dialect


def _hurry(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")
