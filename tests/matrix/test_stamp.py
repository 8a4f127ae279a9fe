"""The files in the bot's folder are of one moment, or the bot does not start."""

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from bot.matrix import restoring
from bot.matrix.door import CannotStart
from bot.matrix.entering import open_crypto
from bot.matrix.replays import SEEN, Replays
from bot.matrix.vault import SESSION, STORE, Vault
from tests.matrix.parts import BOT, SEAL


def runs(folder: Path) -> None:
    """Started and stopped."""
    vault = Vault(folder, SEAL, BOT)
    with (
        closing(Replays(folder, SEAL, known=bool(vault.credentials.device_key))) as replays,
        open_crypto(vault, folder, SEAL, replays),
    ):
        replays.genuine("device", "session", 0, "$event")


@pytest.mark.parametrize("file", [SESSION, STORE, SEEN])
def test_one_file_from_an_older_copy_is_refused(tmp_path: Path, file: str) -> None:
    folder, copy = tmp_path / "bot", tmp_path / "copy"
    runs(folder)
    shutil.copytree(folder, copy)
    runs(folder)
    runs(folder)
    shutil.copy(copy / file, folder / file)
    for _ in range(2):
        with pytest.raises(CannotStart, match="not of the same moment"):
            runs(folder)


def test_a_whole_folder_from_an_older_copy_passes(tmp_path: Path) -> None:
    folder, copy = tmp_path / "bot", tmp_path / "copy"
    runs(folder)
    shutil.copytree(folder, copy)
    runs(folder)
    runs(copy)
    runs(copy)


def test_what_was_set_aside_goes_when_it_is_not_needed_any_more(tmp_path: Path) -> None:
    folder = tmp_path / "bot"
    runs(folder)
    os.link(folder / STORE, tmp_path / "bytes")  # shows whether they were overwritten
    restoring.set_aside_lost(folder, SEAL, BOT, even_whole=True)
    assert list(folder.glob("*.lost"))
    assert (tmp_path / "bytes").read_bytes().strip(b"\0")
    runs(folder)
    assert restoring.delete_lost(folder) == 3
    assert not list(folder.glob("*.lost"))
    assert not (tmp_path / "bytes").read_bytes().strip(b"\0")
    runs(folder)
