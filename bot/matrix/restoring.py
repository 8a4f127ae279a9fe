"""A new device where the old one is lost. What was there is set aside, and deleted once the new
one is in: until then it may be needed, afterwards it would only open what is over.

`bot.matrix.client` then enters as at a first start, and joins the account's identity.
"""

import itertools
import os
from contextlib import closing
from pathlib import Path

from bot.matrix.door import CannotStart
from bot.matrix.entering import open_crypto
from bot.matrix.identity import to_be_replaced
from bot.matrix.replays import SEEN, Replays
from bot.matrix.vault import (
    SESSION,
    STORE,
    Credentials,
    OnlyOne,
    Unreadable,
    Vault,
    new_device_id,
    read_credentials,
)
from storage.seal import Seal


def set_aside_lost(
    folder: Path, seal: Seal, user_id: str, *, even_whole: bool = False
) -> Credentials | None:
    """Leave the folder such that the bot can enter; what it knows of its identity, if anything.

    A folder that is whole, or as yet empty, stays as it is unless `even_whole`.
    """
    with OnlyOne(folder):
        known = _readable(folder, seal, user_id)
        if even_whole or not is_whole(folder, seal, user_id):
            for name in (SESSION, STORE, f"{STORE}-wal", f"{STORE}-shm", SEEN):
                _set_aside(folder / name)
            if known is not None:
                _begin_again(Vault(folder, seal, user_id), known)
    return known


def is_whole(folder: Path, seal: Seal, user_id: str) -> bool:
    """Whether session, crypto store and memory of messages open and belong together."""
    if not any((folder / name).exists() for name in (SESSION, STORE)):
        return True  # there is nothing to be lost
    if _readable(folder, seal, user_id) is None:
        return False
    try:
        vault = Vault(folder, seal, user_id)
        known = bool(vault.credentials.device_key)
        with (
            closing(Replays(folder, seal, known=known)) as replays,
            open_crypto(vault, folder, seal, replays),
        ):
            return True
    except CannotStart:
        return False


def can_start(folder: Path, seal: Seal, user_id: str) -> bool:
    """Whether the folder has all that a bot needs to go on with its own identity."""
    with OnlyOne(folder):
        if not is_whole(folder, seal, user_id):
            return False
        kept = read_credentials(folder, seal, user_id)
    return kept is not None and bool(kept.seeds and kept.token)


def plan_reset(folder: Path, seal: Seal, user_id: str) -> Credentials:
    """Have the next entering replace the identity; what `take_back` needs to undo that."""
    with OnlyOne(folder):
        vault = Vault(folder, seal, user_id)
        before = vault.credentials
        vault.put(to_be_replaced(before))
    return before


def take_back(folder: Path, seal: Seal, before: Credentials) -> None:
    """The identity was not replaced and is not to be."""
    with OnlyOne(folder):
        vault = Vault(folder, seal, before.user_id)
        vault.keep(
            seeds=before.seeds,
            recovery_key=before.recovery_key,
            storage_key=before.storage_key,
            recovery_key_told=before.recovery_key_told,
            replacing=before.replacing,
        )


def delete_lost(folder: Path) -> int:
    """Overwrite and delete what was set aside: it opens with the same master key. How many files;
    what the file system or the disk keep elsewhere of them is beyond us."""
    with OnlyOne(folder):
        files = sorted(folder.glob("*.lost"))
        for file in files:
            with file.open("r+b") as content:
                content.write(bytes(file.stat().st_size))
                content.flush()
                os.fsync(content.fileno())
            file.unlink()
    return len(files)


def _set_aside(file: Path) -> None:
    """Under a name that is free: what an earlier restore set aside may be needed yet."""
    if not file.exists():
        return
    names = (file.with_name(f"{file.name}.{number}.lost") for number in itertools.count(1))
    file.rename(next(name for name in names if not name.exists()))


def _readable(folder: Path, seal: Seal, user_id: str) -> Credentials | None:
    try:
        return read_credentials(folder, seal, user_id)
    except Unreadable:
        return None


def _begin_again(vault: Vault, known: Credentials) -> None:
    """Another device of the same identity."""
    vault.keep(
        device_id=new_device_id(),
        seeds=known.seeds,
        recovery_key=known.recovery_key,
        storage_key=known.storage_key,
        recovery_key_told=known.recovery_key_told,
        replacing=known.replacing,
    )
