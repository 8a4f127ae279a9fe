"""`tafelbot identity` as who looks after the server meets it."""

import shutil
from pathlib import Path

import pytest

from bot import identity
from bot.app import lock
from bot.config import new_key
from bot.matrix import recovery
from bot.matrix.door import CannotStart
from bot.matrix.trust import unpadded
from bot.matrix.vault import OnlyOne
from bot.matrix.wire import path
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import PASSWORD
from tests.homeserver.operating import Place, tool
from tests.homeserver.test_entering import log_in

pytestmark = pytest.mark.homeserver


@pytest.fixture
def place(synapse: Homeserver, tmp_path: Path) -> Place:
    return Place(synapse, tmp_path)


@pytest.fixture
def ran(place: Place) -> Place:
    place.runs()
    return place


def test_show_before_the_first_start(place: Place) -> None:
    with pytest.raises(CannotStart, match="start the bot first"):
        place.does(identity.show)
    assert not place.settings.matrix_dir.exists()


def test_show_says_what_is_in_place(ran: Place) -> None:
    fingerprint = ran.runs()
    files = {file: file.read_bytes() for file in ran.settings.matrix_dir.iterdir()}
    with OnlyOne(ran.settings.matrix_dir):  # the bot runs
        assert ran.does(identity.show) == 0
    screen = ran.operator.screen
    for line in (f"fingerprint  {fingerprint}", "published    yes", "signed       yes"):
        assert line in screen
    assert "stored       yes" in screen
    assert "more devices" not in screen
    assert ran.held().device_id in screen
    assert ran.recovery_key() not in screen
    assert files == {file: file.read_bytes() for file in files}


def test_show_while_the_homeserver_is_away(ran: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "PATIENCE", 0.1)
    text = ran.config.read_text().replace(ran.homeserver.url, "http://127.0.0.1:9")
    ran.config.write_text(text)
    assert ran.does(identity.show) == 0
    assert "fingerprint  " in ran.operator.screen
    assert "does not answer" in ran.operator.screen


def test_show_after_the_session_was_ended(ran: Place) -> None:
    ran.homeserver.call("POST", path("logout", "all"), {}, log_in(ran.homeserver, ran.name))
    assert ran.does(identity.show) == 0
    assert "does not let the bot in" in ran.operator.screen


def test_show_notices_what_is_not_in_place(ran: Place) -> None:
    type_ = path("user", ran.settings.user_id, "account_data", "m.cross_signing.master")
    ran.homeserver.call("PUT", type_, {}, log_in(ran.homeserver, ran.name))
    assert ran.does(identity.show) == 0
    assert "stored       no" in ran.operator.screen


def test_export_shows_the_recovery_key_after_a_yes_only(ran: Place) -> None:
    for word in ("", "no", "y", "YES please"):
        assert ran.does(identity.export, word) == 1
        assert ran.recovery_key() not in ran.operator.screen
    with OnlyOne(ran.settings.matrix_dir):  # the bot runs
        assert ran.does(identity.export, "yes") == 0
    assert ran.operator.read[-1] == ran.recovery_key()


def test_a_lost_folder_is_restored_with_the_recovery_key(ran: Place) -> None:
    fingerprint, before = ran.runs(), ran.held()
    key = ran.recovery_key()
    shutil.rmtree(ran.settings.data_dir)
    with pytest.raises(CannotStart, match="identity restore"):
        ran.runs()
    shutil.rmtree(ran.settings.data_dir)
    ran.operator.hides = [key]
    assert ran.does(identity.restore, "yes") == 0
    assert ran.operator.all_typed()
    assert fingerprint in ran.operator.screen
    after = ran.held()
    assert after.seeds == before.seeds
    assert after.device_id != before.device_id
    assert ran.devices() == {after.device_id}
    assert key not in ran.operator.screen
    assert ran.recovery_key() == key
    assert ran.runs() == fingerprint


def test_a_lost_device_may_stay(ran: Place) -> None:
    before, key = ran.held(), ran.recovery_key()
    shutil.rmtree(ran.settings.data_dir)
    ran.operator.hides = [key]
    assert ran.does(identity.restore, "no") == 0
    assert "It stays" in ran.operator.screen
    assert ran.devices() == {before.device_id, ran.held().device_id}


def test_restore_with_wrong_keys_and_then_the_right_one(ran: Place) -> None:
    fingerprint, key = ran.runs(), ran.recovery_key()
    shutil.rmtree(ran.settings.data_dir)
    for wrong, said in (
        ("password", "not a recovery key"),
        (recovery.typed(bytes(32)), "not open"),
    ):
        ran.operator.hides = [wrong]
        with pytest.raises(CannotStart, match=said):
            ran.does(identity.restore)
        assert wrong not in ran.operator.screen
    ran.operator.hides = [key]
    assert ran.does(identity.restore, "yes") == 0
    assert fingerprint in ran.operator.screen


def test_restore_may_take_the_recovery_key_from_the_settings(ran: Place) -> None:
    fingerprint, key = ran.runs(), ran.recovery_key()
    shutil.rmtree(ran.settings.data_dir)
    (ran.config.parent / "recovery").write_text(key + "\n")
    ran.config.write_text('recovery_key_file = "recovery"\n' + ran.config.read_text())
    assert ran.does(identity.restore, "yes") == 0
    assert fingerprint in ran.operator.screen


def test_a_damaged_folder_is_restored_from_its_own_session(ran: Place) -> None:
    """The session still has the identity: no recovery key is needed."""
    fingerprint, before = ran.runs(), ran.held()
    (ran.settings.matrix_dir / "crypto.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(CannotStart, match="identity restore"):
        ran.runs()
    assert ran.does(identity.restore, "yes") == 0
    assert fingerprint in ran.operator.screen
    assert ran.devices() == {ran.held().device_id} != {before.device_id}
    assert not list(ran.settings.matrix_dir.glob("*.lost"))
    assert ran.runs() == fingerprint
    (ran.settings.matrix_dir / "crypto.db").unlink()
    assert ran.does(identity.restore, "yes") == 0
    assert ran.runs() == fingerprint
    assert not list(ran.settings.matrix_dir.glob("*.lost"))


def test_a_lost_session_is_restored_with_the_recovery_key(ran: Place) -> None:
    fingerprint, key = ran.runs(), ran.recovery_key()
    (ran.settings.matrix_dir / "session").unlink()
    ran.operator.hides = [key]
    assert ran.does(identity.restore, "yes") == 0
    assert ran.operator.all_typed()
    assert ran.runs() == fingerprint


def test_a_whole_folder_is_not_restored_unasked(ran: Place) -> None:
    before = ran.held()
    assert ran.does(identity.restore, "no") == 0
    assert "nothing to restore" in ran.operator.screen
    assert (ran.held().device_id, ran.held().seeds) == (before.device_id, before.seeds)
    assert ran.devices() == {before.device_id}


def test_a_whole_folder_that_does_not_start_may_become_a_new_device(ran: Place) -> None:
    """The homeserver shows other keys for the device: nothing in the folder tells."""
    before, fingerprint = ran.held(), ran.runs()
    assert ran.does(identity.restore, "yes", "yes") == 0
    assert ran.operator.all_typed()
    assert ran.held().device_id != before.device_id
    assert ran.devices() == {ran.held().device_id}
    assert ran.runs() == fingerprint


@pytest.mark.parametrize("typed", [["no"], ["yes", "yes"], ["yes", ""]])
def test_reset_asks_twice(ran: Place, typed: list[str]) -> None:
    before = ran.held()
    assert ran.does(identity.reset, *typed) == 1
    assert ran.operator.all_typed()
    assert "cannot send messages" in ran.operator.screen
    assert ran.held() == before


def test_reset_replaces_identity_and_recovery_key(ran: Place) -> None:
    fingerprint, before, key = ran.runs(), ran.held(), ran.recovery_key()
    assert ran.does(identity.reset, "yes", ran.settings.user_id) == 0
    after = ran.held()
    assert not set(after.seeds) & set(before.seeds)
    assert after.device_id == before.device_id
    assert ran.recovery_key() != key
    assert ran.operator.screen.count(ran.recovery_key()) == 1
    assert fingerprint not in ran.operator.screen
    fresh = ran.runs()
    assert fresh != fingerprint
    assert ran.does(identity.show) == 0
    for line in (
        f"fingerprint  {fresh}",
        "published    yes",
        "signed       yes",
        "stored       yes",
    ):
        assert line in ran.operator.screen
    shutil.rmtree(ran.settings.data_dir)
    ran.operator.hides = [key]
    with pytest.raises(CannotStart, match="does not open"):
        ran.does(identity.restore)
    ran.operator.hides = [recovery.typed(unpadded(after.recovery_key))]
    assert ran.does(identity.restore, "yes") == 0
    assert fresh in ran.operator.screen


def test_reset_with_a_wrong_password_changes_nothing(ran: Place) -> None:
    fingerprint = ran.runs()
    (ran.config.parent / "password").write_text("wrong")
    with pytest.raises(CannotStart, match="password"):
        ran.does(identity.reset, "yes", ran.settings.user_id)
    (ran.config.parent / "password").unlink()
    assert ran.runs() == fingerprint


def test_a_reset_of_which_nobody_knows_how_far_it_came_goes_on(ran: Place) -> None:
    """The new private keys stay: they may be published, and this is their only copy."""
    before = ran.held()
    ran.homeserver.call("POST", path("logout", "all"), {}, log_in(ran.homeserver, ran.name))
    password = (ran.config.parent / "password").read_text()
    (ran.config.parent / "password").write_text("wrong")
    with pytest.raises(CannotStart, match="password"):
        ran.does(identity.reset, "yes", ran.settings.user_id)
    assert ran.held().replacing
    assert ran.held().seeds != before.seeds
    (ran.config.parent / "password").write_text(password)
    ran.runs()


def test_reset_is_the_way_out_when_folder_and_recovery_key_are_lost(ran: Place) -> None:
    fingerprint = ran.runs()
    shutil.rmtree(ran.settings.data_dir)
    (ran.config.parent / "password").unlink()
    ran.operator.hides = [PASSWORD]
    assert ran.does(identity.reset, "yes", ran.settings.user_id) == 0
    assert ran.runs() != fingerprint


def test_reset_replaces_a_secret_storage_of_somebody_elses_making(place: Place) -> None:
    type_ = path("user", place.settings.user_id, "account_data", "m.secret_storage.default_key")
    token = log_in(place.homeserver, place.name)
    place.homeserver.call("PUT", type_, {"key": "theirs"}, token)
    with pytest.raises(CannotStart, match="identity reset"):
        place.runs()
    assert place.does(identity.reset, "yes", place.settings.user_id) == 0
    assert place.homeserver.call("GET", type_, token=token)["key"] == place.held().storage_key


def test_an_identity_replaced_by_somebody_else_is_replaced_again_by_reset_only(ran: Place) -> None:
    kept = ran.settings.data_dir.rename(ran.config.parent / "kept")
    assert ran.does(identity.reset, "yes", ran.settings.user_id) == 0
    shutil.rmtree(ran.settings.data_dir)
    kept.rename(ran.settings.data_dir)
    with pytest.raises(CannotStart, match="identity reset"):
        ran.runs()
    assert ran.does(identity.reset, "yes", ran.settings.user_id) == 0
    ran.runs()


@pytest.mark.parametrize("command", ["restore", "reset"])
def test_the_bot_must_be_stopped(ran: Place, command: str) -> None:
    with lock(ran.settings.data_dir):
        done = tool(ran, "identity", command)
    assert done.returncode == 2
    assert "already running" in done.stderr
    with OnlyOne(ran.settings.matrix_dir):
        done = tool(ran, "identity", command, typed=f"yes\n{ran.settings.user_id}\n")
    assert done.returncode == 2
    assert "Stop it first" in done.stderr


def test_a_second_process_is_refused(ran: Place) -> None:
    with lock(ran.settings.data_dir):
        done = tool(ran, "run")
    assert done.returncode == 2
    assert "already running" in done.stderr
    with OnlyOne(ran.settings.matrix_dir):
        done = tool(ran, "run")
    assert done.returncode == 2
    assert "Another process" in done.stderr


def test_the_command_line_shows_and_exports(ran: Place) -> None:
    assert "published    yes" in tool(ran, "identity", "show").stdout
    assert ran.recovery_key() in tool(ran, "identity", "export", typed="yes\n").stdout
    refused = tool(ran, "identity", "export")
    assert refused.returncode == 1
    assert ran.recovery_key() not in refused.stdout


def test_another_master_key_touches_nothing(ran: Place) -> None:
    assert tool(ran, "inspect").returncode == 0  # makes the store
    held = ran.held()
    master = ran.config.parent / "master.key"
    kept = master.rename(master.with_suffix(".kept"))
    new_key(master)
    done = tool(ran, "identity", "restore")
    assert done.returncode == 2
    assert "master key" in done.stderr
    master.unlink()
    kept.rename(master)
    assert ran.held() == held
