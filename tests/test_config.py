"""The settings are read as they are documented, and whatever is wrong is named precisely."""

import base64
import os
import re
import stat
import tomllib
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import lock, open_desk
from bot.config import ConfigError, Settings, TableSettings, load, new_key
from bot.rules.consensus import BallotMode
from bot.rules.fiche import FicheText
from bot.rules.form import fingerprint
from tests.hall import FakeDoor, FakeMatrix

EXAMPLE = """
homeserver = "https://matrix.voorbeeldstad.example"
user_id = "@tafelbot:voorbeeldstad.example"
password_file = "secrets/password"        # needed for the first login only
master_key_file = "secrets/master.key"    # made by `tafelbot key new`
data_dir = "data"                         # SQLite by default

[[tables]]
name = "Voorbeeldstad"
police_zone = "PZ Voorbeeld"
languages = ["nl"]                        # of nl, fr, de, en
timezone = "Europe/Brussels"
mayor = "@burgemeester:voorbeeldstad.example"
mayor_fingerprint = "AbCd EfGh IjKl MnOp QrSt UvWx YzAb CdEf GhIj KlMn OpQ"
coordinator = "@coordinator:voorbeeldstad.example"
coordinator_fingerprint = "QrSt UvWx YzAb CdEf GhIj KlMn OpQr StUv WxYz AbCd EfG"
coordinator_chairs = true                # the mayor's standing mandate (H01)
mayor_delegates = ["@schepen:voorbeeldstad.example"]
data_protection_officer = "dpo@voorbeeldstad.example"
fiche_text = "room"
ballot = "open"
homeserver_keeps_redacted_days = 7       # what Synapse does by default
"""
SECRET = "zwanenzang-geheim"


@pytest.fixture(autouse=True)
def no_secrets_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TAFELBOT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example, with its secrets beside it."""
    new_key(tmp_path / "secrets/master.key")
    (tmp_path / "secrets/password").write_text(f"{SECRET}\n")
    file = tmp_path / "tafelbot.toml"
    file.write_text(EXAMPLE)
    return file


def wrong(path: Path, old: str, new: str) -> str:
    """What is said when a part of the example reads otherwise."""
    assert old in EXAMPLE
    path.write_text(EXAMPLE.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_the_example_loads_with_paths_relative_to_the_file(path: Path) -> None:
    settings = load(path)
    assert settings.data_dir == path.parent / "data"
    assert settings.database_url == f"sqlite:///{path.parent}/data/tafelbot.db"
    assert settings.login_password() == SECRET
    assert len(settings.master_key_bytes()) == 32
    assert settings.table.coordinator == "@coordinator:voorbeeldstad.example"
    assert settings.table.coordinator_chairs
    assert str(settings.table.zone) == "Europe/Brussels"
    assert settings.table.homeserver_keeps_redacted_days == 7


@pytest.mark.parametrize("ballot", BallotMode)
@pytest.mark.parametrize("text", FicheText)
def test_how_the_table_answers_and_where_its_words_stand(
    path: Path, ballot: BallotMode, text: FicheText
) -> None:
    changed = EXAMPLE.replace('ballot = "open"', f'ballot = "{ballot}"')
    path.write_text(changed.replace('fiche_text = "room"', f'fiche_text = "{text}"'))
    table = load(path).table
    assert (table.ballot, table.fiche_text) == (ballot, text)


def test_who_represents_the_mayor_and_whom_to_reach_about_data(path: Path) -> None:
    """The second is told to nobody, not even by accident."""
    settings = load(path)
    assert settings.table.delegates == ("@schepen:voorbeeldstad.example",)
    assert not settings.table.unprotected
    assert "dpo@" not in f"{settings!r} {settings} {settings.table!r}"
    (line,) = [one for one in EXAMPLE.splitlines() if one.startswith("data_protection_officer")]
    path.write_text(EXAMPLE.replace(line, ""))
    assert load(path).table.unprotected
    (line,) = [one for one in EXAMPLE.splitlines() if one.startswith("mayor_delegates")]
    path.write_text(EXAMPLE.replace(line, ""))
    assert load(path).table.delegates == ()


def test_every_setting_is_documented() -> None:
    page = (Path(__file__).parent.parent / "docs/operating.md").read_text(encoding="utf-8")
    secrets = {"password", "master_key", "recovery_key"}
    for name in {*Settings.model_fields, *TableSettings.model_fields} - secrets - {"tables"}:
        assert re.search(rf"^\| .*`{name}`.* \|", page, flags=re.MULTILINE), name
    for name in secrets:
        assert f"`TAFELBOT_{name.upper()}`" in page


def test_the_example_shows_every_setting_but_the_rare_ones() -> None:
    shown = tomllib.loads(EXAMPLE)
    secrets = {"password", "master_key", "recovery_key"}  # from the environment only
    left_out = set(Settings.model_fields) - secrets - set(shown)
    assert left_out == {"database", "recovery_key_file"}
    fields = type(Settings.model_validate(shown).tables[0]).model_fields
    assert set(fields) == set(shown["tables"][0])


@pytest.mark.parametrize(
    "key", ["homeserver", "user_id", "data_dir", "name", "police_zone", "mayor", "coordinator"]
)
def test_a_missing_setting_is_named(path: Path, key: str) -> None:
    (line,) = [one for one in EXAMPLE.splitlines() if one.startswith(f"{key} =")]
    found = wrong(path, line, "")
    assert found in {f"{key}: is missing", f"tables.0.{key}: is missing"}


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"https://matrix.voorbeeldstad.example"', '"matrix.example"', "homeserver: "),
        ('"@tafelbot:voorbeeldstad.example"', '"tafelbot"', "user_id: "),
        ('"@burgemeester:voorbeeldstad.example"', '"burgemeester"', "tables.0.mayor: "),
        ('"AbCd EfGh', '"AbCd', "tables.0.mayor_fingerprint: "),
        ('["nl"]', '["it"]', "tables.0.languages.0: "),
        ('["nl"]', "[]", "tables.0.languages: "),
        ('["nl"]', '["nl", "fr"]', "tables.0.languages: "),
        ('"Europe/Brussels"', '"Mars/Base"', "tables.0.timezone: "),
        ('fiche_text = "room"', 'fiche_text = "paper"', "tables.0.fiche_text: "),
        ('ballot = "open"', 'ballot = "secret"', "tables.0.ballot: "),
        ('ballot = "open"', 'balot = "open"', "tables.0.balot: is not a setting"),
        (
            '["@schepen:',
            '["schepen:',
            "tables.0.mayor_delegates.0: is to be written as @name:server",
        ),
        ('["@schepen:', '["@coordinator:', "tables.0.mayor_delegates: "),
        ('"dpo@voorbeeldstad.example"', '" "', "tables.0.data_protection_officer: "),
        ("redacted_days = 7", "redacted_days = -1", "tables.0.homeserver_keeps_redacted_days: "),
        ('data_dir = "data"', 'data_dir = "data"\nprefix = "!"', "prefix: is not a setting"),
        ('name = "Voorbeeldstad"', 'name = ""', "tables.0.name: "),
    ],
)
def test_a_wrong_setting_is_named_on_a_line_of_its_own(
    path: Path, old: str, new: str, named: str
) -> None:
    found = wrong(path, old, new)
    assert found.startswith(named)
    assert "\n" not in found


def test_two_tables_are_refused_with_the_reason(path: Path) -> None:
    table = EXAMPLE[EXAMPLE.index("[[tables]]") :]
    assert "several municipalities run as several bot accounts" in wrong(path, table, table * 2)


def test_a_missing_or_broken_file_is_named(tmp_path: Path, path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml does not exist"):
        load(tmp_path / "nowhere.toml")
    path.write_text("homeserver =")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(path)


@pytest.mark.parametrize("secret", ["password", "master_key", "recovery_key"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(path: Path, secret: str) -> None:
    found = wrong(path, 'data_dir = "data"', f'data_dir = "data"\n{secret} = "{SECRET}"')
    assert f"use {secret}_file" in found
    assert SECRET not in found


def test_no_value_that_is_wrong_is_repeated(path: Path) -> None:
    found = wrong(path, '"@tafelbot:voorbeeldstad.example"', f'"{SECRET}"')
    assert SECRET not in found


def test_secrets_may_come_from_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / "secrets/password").unlink()
    (path.parent / "secrets/master.key").unlink()
    monkeypatch.setenv("TAFELBOT_PASSWORD", SECRET)
    monkeypatch.setenv("TAFELBOT_MASTER_KEY", base64.b64encode(bytes(32)).decode())
    monkeypatch.setenv("TAFELBOT_RECOVERY_KEY", SECRET)
    settings = load(path)
    assert settings.login_password() == SECRET
    assert settings.master_key_bytes() == bytes(32)
    assert settings.typed_recovery_key() == SECRET
    assert SECRET not in repr(settings)


def test_a_recovery_key_is_read_from_its_file_while_it_is_there(path: Path) -> None:
    file = path.parent / "secrets/recovery"
    path.write_text('recovery_key_file = "secrets/recovery"\n' + EXAMPLE)
    assert load(path).typed_recovery_key() is None
    file.write_text(f"{SECRET}\n")
    assert load(path).typed_recovery_key() == SECRET


def test_a_missing_or_foreign_master_key_is_named_and_not_repeated(path: Path) -> None:
    file = path.parent / "secrets/master.key"
    file.write_text(SECRET)
    with pytest.raises(ConfigError, match="does not hold a key") as caught:
        load(path)
    assert SECRET not in str(caught.value)
    file.unlink()
    with pytest.raises(ConfigError, match="tafelbot key new"):
        load(path)
    assert "tafelbot key new" in wrong(path, 'master_key_file = "secrets/master.key"', "")


def test_a_password_is_not_needed_once_logged_in(path: Path) -> None:
    (path.parent / "secrets/password").unlink()
    assert load(path).login_password() is None


def test_key_new_makes_a_key_for_its_owner_only_and_never_overwrites(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new/master.key"
    assert main(["key", "new", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = file.read_text()
    assert made.strip() not in capsys.readouterr().out
    assert main(["key", "new", str(file)]) == 2
    assert "left as it is" in capsys.readouterr().err
    assert file.read_text() == made


def test_run_without_settings_stops_and_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--config", str(tmp_path / "tafelbot.toml")]) == 2
    error = capsys.readouterr().err
    assert "tafelbot cannot start" in error
    assert "tafelbot.toml does not exist" in error


def test_run_names_everything_that_is_missing_at_once(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text('data_dir = "data"\n')
    assert main(["run", "--config", str(path)]) == 2
    error = capsys.readouterr().err
    for key in ("homeserver", "user_id", "tables"):
        assert f"{key}: is missing" in error


def test_inspect_prints_the_store_as_people_and_programs_read_it(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", "--config", str(path)]) == 0
    assert "empty: " in capsys.readouterr().out
    assert main(["inspect", "--json", "--config", str(path)]) == 0
    assert '"keyring"' in capsys.readouterr().out


def test_two_processes_on_one_data_directory_are_refused(tmp_path: Path) -> None:
    with lock(tmp_path / "data"), pytest.raises(ConfigError, match="already running"):
        lock(tmp_path / "data")
    lock(tmp_path / "data").close()


def test_a_wrong_master_key_is_refused_with_what_to_do(path: Path) -> None:
    def door(_settings: object, _seal: object) -> FakeDoor:
        return FakeDoor(FakeMatrix())

    open_desk(load(path), door).engine.dispose()
    (path.parent / "secrets/master.key").unlink()
    new_key(path.parent / "secrets/master.key")
    with pytest.raises(ConfigError, match="master key does not open"):
        open_desk(load(path), door)


def test_the_code_of_a_file_needs_no_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "form.docx").write_bytes(b"PK\x03\x04")
    assert main(["fingerprint", "form.docx"]) == 0
    assert capsys.readouterr().out == f"{fingerprint(b'PK' + bytes((3, 4)))}\n"
    assert main(["fingerprint", "nothing.docx"]) == 2
    assert "nothing.docx cannot be read" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["form.docx"]
