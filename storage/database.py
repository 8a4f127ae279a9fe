"""Open the database, lock it down, bring it to the code's version."""

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event

from storage.models import Base

__all__ = [
    "Base",
    "DatabaseTooNew",
    "forget_pages",
    "lock_down",
    "migrate",
    "open_database",
]

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
        known, heads = _revisions()
        current = set(MigrationContext.configure(connection).get_current_heads())
        if current - known:
            raise DatabaseTooNew
        if current != heads or revision != "head":
            settings = config()
            settings.attributes["connection"] = connection
            command.upgrade(settings, revision)


@cache
def _revisions() -> tuple[set[str], set[str]]:
    """All that the code knows, and the newest."""
    script = ScriptDirectory.from_config(config())
    return {step.revision for step in script.walk_revisions()}, set(script.get_heads())


def config() -> Config:
    """Alembic's settings, without a file."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return settings


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
