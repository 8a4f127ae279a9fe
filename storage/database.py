"""Open the database, lock it down, bring it to the code's version."""

from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text

VERSIONS = Path(__file__).with_name("migrations") / "versions"

_PRAGMAS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",
)


class DatabaseTooNew(Exception):
    """The database was written by a newer version of the program."""


def open_database(url: str) -> Engine:
    """An engine for a database that is at the code's version; `DatabaseTooNew` if it is beyond."""
    engine = create_engine(url, hide_parameters=True)
    lock_down(engine)
    migrate(engine)
    return engine


def lock_down(engine: Engine) -> None:
    """Before its first connection."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _lock_down)
        event.listen(engine, "begin", _begin_immediately)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision`."""
    with engine.begin() as connection:
        current = _revision(connection)
        if current is not None and current not in revisions():
            raise DatabaseTooNew
        if revision != "head" or current != revisions()[-1]:
            from storage.migrations import run  # takes a while: once for each new version

            run.upgrade(connection, revision)


@cache
def revisions() -> tuple[str, ...]:
    """All that the code knows, oldest first: the numbers of the files of migrations."""
    return tuple(sorted(file.stem.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py")))


def _revision(connection: Connection) -> str | None:
    """Where the database is; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def forget_pages(engine: Engine) -> None:
    """After deleting: leave nothing of it in SQLite's write-ahead log."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


def _lock_down(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's "begin" event starts transactions
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_immediately(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
