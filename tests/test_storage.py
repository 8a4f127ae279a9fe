"""The store: its schema, its seals, and what a stolen disk tells."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from bot.rules.agenda import MeetingState
from bot.rules.facts import Code, Token
from bot.rules.notification import CaseState, Route
from bot.rules.people import Organisation, Role
from bot.rules.reference import make
from demo.scene import COORDINATOR
from storage import models as m
from storage.database import (
    DatabaseTooNew,
    forget_pages,
    migrate,
    open_database,
    revisions,
)
from storage.inspect import lines, tables
from storage.migrations.run import config
from storage.models import Base
from storage.outbox import Act
from storage.people import RoomKind
from storage.seal import Seal, WrongMasterKey
from storage.tx import Tx, transaction
from tests import moments as at
from tests.hall import KEY, SERVER, Hall

SEAL = Seal(KEY)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'tafelbot.db'}")


def fill(tx: Tx) -> None:
    """A row where the first meeting leaves one."""
    tx.check_master_key()
    account = tx.people.account(f"@iemand:{SERVER}")
    tx.people.enrol(account, Role.PARTNER, Organisation.SCHOOL)
    tx.people.add_room(f"!kamer:{SERVER}", RoomKind.TABLE)
    tx.cases.add(make(lambda signs: signs[3]), Route.MEMBER, account, date(2026, 11, 23))
    tx.set_sync_point("token", datetime(2026, 11, 23, 12, tzinfo=UTC))


def test_the_migrations_make_what_the_models_describe(engine: Engine) -> None:
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.check(settings)
        connection.exec_driver_sql("ALTER TABLE account ADD COLUMN prose TEXT")
        with pytest.raises(CommandError):
            command.check(settings)


def test_migrations_go_down_and_up_again_also_with_rows(engine: Engine) -> None:
    with transaction(engine, SEAL) as tx:
        fill(tx)
    migrate(engine)  # nothing to do, nothing lost
    assert len(tables(engine, SEAL)["member"]) == 1
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "base")
        query = text("SELECT name FROM sqlite_master WHERE type = 'table'")
        left = set(connection.scalars(query)) - {"alembic_version", "sqlite_sequence"}
        assert left == set()
    migrate(engine)
    with transaction(engine, SEAL) as tx:
        fill(tx)
    assert set(tables(engine, SEAL)) == set(Base.metadata.tables)


def test_the_number_of_a_migration_is_that_of_its_file() -> None:
    steps = ScriptDirectory.from_config(config()).walk_revisions()
    assert [step.revision for step in steps][::-1] == list(revisions())


def test_a_roster_outlives_a_change_of_version_during_a_meeting(engine: Engine) -> None:
    with transaction(engine, SEAL) as tx:
        fill(tx)
        meeting = tx.meetings.add(MeetingState.IN_SESSION)
        (case,) = tx.cases.in_state(CaseState.NOTIFIED)
        tx.meetings.take_up(meeting, case)
        one, other, out = (tx.people.account(f"@{name}:{SERVER}") for name in "abc")
        tx.meetings.roster_add(meeting, case, one)
        tx.meetings.roster_add(meeting, case, other)
        tx.meetings.leave_out(meeting, case, out)
        tx.meetings.all_taken_up(meeting)[0].polled = True
        tx.meetings.leave_roster(meeting, case.id, other)
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0004")
        before = connection.execute(text("SELECT account_id, there FROM rostered")).all()
        assert sorted(map(tuple, before)) == [(one, 1), (other, 0)]
    migrate(engine)
    rows = tables(engine, SEAL)["rostered"]
    assert {row["account_id"]: row["standing"] for row in rows} == {one: "on", other: "gone"}


def test_a_poll_that_was_about_to_be_ended_is_redacted_after_the_migration(engine: Engine) -> None:
    with transaction(engine, SEAL) as tx:
        for act, slot in ((Act.POLL, "poll-1"), (Act.REDACT, "end-poll-1")):
            facts = {"slot": Code("poll-1")}
            tx.outbox.add(0, act, "poll.closed", facts, Token("a" * 26), slot=slot)
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0004")
        connection.execute(text("UPDATE outbox SET act = 'poll_end' WHERE slot = 'end-poll-1'"))
    migrate(engine)
    with transaction(engine, SEAL) as tx:
        assert tx.outbox.being_redacted() == {"poll-1"}
        assert not tx.outbox.has("end-poll-1")


def test_a_database_newer_than_the_code_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew):
        open_database(str(engine.url))


def test_the_wrong_master_key_opens_nothing(engine: Engine) -> None:
    with transaction(engine, SEAL) as tx:
        tx.check_master_key()
    with transaction(engine, SEAL) as tx:
        tx.check_master_key()
    with pytest.raises(WrongMasterKey), transaction(engine, Seal(bytes(32))) as tx:
        tx.check_master_key()
    with pytest.raises(ValueError, match="32 bytes"):
        Seal(b"short")


def test_a_sealed_cell_opens_only_in_its_own_column() -> None:
    sealed = SEAL.close(b"@iemand:voorbeeld", "account/sealed")
    assert SEAL.open(sealed, "account/sealed") == b"@iemand:voorbeeld"
    with pytest.raises(WrongMasterKey):
        SEAL.open(sealed, "room/sealed")
    with pytest.raises(WrongMasterKey):
        SEAL.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "account/sealed")


def test_sealing_twice_looks_different_and_the_index_the_same() -> None:
    assert SEAL.close(b"x", "a/b") != SEAL.close(b"x", "a/b")
    assert SEAL.index("x", "account") == Seal(KEY).index("x", "account")
    assert SEAL.index("x", "account") != SEAL.index("x", "room")
    assert SEAL.index("x", "account") != Seal(bytes(32)).index("x", "account")
    assert KEY.hex() not in repr(SEAL)
    assert repr(KEY) not in repr(SEAL)


def test_the_database_is_locked_down(engine: Engine) -> None:
    wanted = {
        "foreign_keys": 1,
        "secure_delete": 1,
        "trusted_schema": 0,
        "journal_mode": "wal",
        "synchronous": 2,
    }
    with engine.connect() as connection:
        for pragma, value in wanted.items():
            assert connection.scalar(text(f"PRAGMA {pragma}")) == value, pragma


def test_a_failed_transaction_leaves_nothing(engine: Engine) -> None:
    with transaction(engine, SEAL) as tx:
        fill(tx)
    before = tables(engine, SEAL)

    def fail() -> None:
        with transaction(engine, SEAL) as tx:
            tx.people.account(f"@ander:{SERVER}")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert tables(engine, SEAL) == before


def test_prose_fits_in_no_column(engine: Engine) -> None:
    prose = "Hij zei dat stemmen zinloos is."
    rows = (
        m.Draft(account_id=1, route=prose, asked="indications"),
        m.Case(reference=prose, state="notified", notified_on=date(2026, 11, 23)),
        m.Poll(meeting_id=1, case_id=1, number=1, version=1, subject="item", agree_id=prose),
        m.Account(blind=prose.encode(), sealed=b""),
    )
    for row in rows:
        with Session(engine) as session:
            session.add(row)
            with pytest.raises((StatementError, ValueError)):
                session.flush()


def test_times_come_back_aware_and_the_same(engine: Engine) -> None:
    moment = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    with transaction(engine, SEAL) as tx:
        tx.set_sync_point("token", moment)
    with transaction(engine, SEAL) as tx:
        assert tx.sync_point() == ("token", moment)


async def test_a_stolen_disk_names_no_account_and_no_room(hall: Hall) -> None:
    moment = await at.in_session(hall)
    sent = await moment.says(COORDINATOR, "!status")
    names = [*hall.matrix.rooms, *(hall.user_id(who) for who in moment.scene.seated)]
    names += ["burgemeester", "voorbeeldstad", sent[0].event_id + '"']
    files = {file.name: file.read_bytes() for file in hall.folder.glob("tafelbot.db*")}
    assert {"tafelbot.db", "tafelbot.db-wal"} <= set(files)
    assert any(moment.case.encode() in data for data in files.values())  # we do find things
    for name in names:
        for file, data in files.items():
            assert name.encode() not in data, (name, file)


def test_what_was_deleted_is_gone_from_the_write_ahead_log_too(
    tmp_path: Path, engine: Engine
) -> None:
    with transaction(engine, SEAL) as tx:
        fill(tx)
        case = tx.cases.in_state(tx.cases.get(1).state)[0]  # type: ignore[arg-type]
        reference = case.reference.encode()
        tx.cases.forget(case)
    forget_pages(engine)
    for file in tmp_path.glob("tafelbot.db*"):
        assert reference not in file.read_bytes(), file


def test_inspect_shows_every_table_and_column_unsealed(engine: Engine) -> None:
    with transaction(engine, SEAL) as tx:
        fill(tx)
    found = tables(engine, SEAL)
    assert set(found) == set(Base.metadata.tables)
    assert found["account"][0]["sealed"] == f"@iemand:{SERVER}"
    assert set(found["account"][0]) == set(Base.metadata.tables["account"].columns.keys())
    shown = "\n".join(lines(found))
    assert f"@iemand:{SERVER}" in shown
    assert "empty: " in shown
