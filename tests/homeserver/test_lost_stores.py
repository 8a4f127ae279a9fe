"""What a bot keeps on disk, lost or damaged or mixed: noticed before a single message is sent.

"Before a message" means here: before any request reaches the homeserver at all.
"""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web

from bot.matrix.client import MatrixDoor
from bot.matrix.door import CannotStart
from demo.homeserver import Homeserver
from storage.seal import Seal
from tests.homeserver.fixtures import PASSWORD, SEAL, Account
from tests.homeserver.proxy import Forward, Proxy

pytestmark = pytest.mark.homeserver

RESTORE = "identity restore"


class Bot:
    """A bot that has been started and stopped, and whose every request is counted."""

    def __init__(self, proxy: Proxy, account: Account) -> None:
        self.proxy = proxy
        self.user_id = account.user_id
        self.folder = account.folder
        self.requests = 0
        proxy.rule = self._count

    async def _count(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        self.requests += 1
        return await forward()

    async def runs(self, seal: Seal = SEAL) -> str:
        """Start and stop; its fingerprint."""
        door = MatrixDoor(self.proxy.url, self.user_id, self.folder, seal, PASSWORD)
        await door.enter()
        await door.close()
        return str(door.fingerprint)

    async def refuses(self, seal: Seal = SEAL) -> str:
        """What it says when it cannot start; it must not have changed its mind at a second try."""
        before = self.requests
        with pytest.raises(CannotStart) as first:
            await self.runs(seal)
        with pytest.raises(CannotStart) as second:
            await self.runs(seal)
        assert self.requests == before
        assert str(first.value) == str(second.value)
        return str(first.value)

    def file(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture
async def bot(synapse: Homeserver, tmp_path: Path) -> AsyncIterator[Bot]:
    async with Proxy(synapse.url) as proxy:
        made = Bot(proxy, Account(synapse, tmp_path))
        await made.runs()
        yield made


def gone(file: Path) -> None:
    file.unlink()


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def overwritten(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flipped(file: Path) -> None:
    """One bit in the sealed private keys."""
    with closing(sqlite3.connect(file)) as store, store:
        ((pickle,),) = store.execute("SELECT account FROM accounts")
        text = pickle.decode() if isinstance(pickle, bytes) else str(pickle)
        middle = len(text) // 2
        other = "B" if text[middle] == "A" else "A"
        changed = text[:middle] + other + text[middle + 1 :]
        store.execute(
            "UPDATE accounts SET account = ?",
            (changed.encode() if isinstance(pickle, bytes) else changed,),
        )


@pytest.mark.parametrize("how", [gone, emptied, overwritten, cut, flipped])
async def test_the_crypto_store(bot: Bot, how: Callable[[Path], None]) -> None:
    how(bot.file("crypto.db"))
    said = await bot.refuses()
    assert "crypto store" in said
    assert "backup" in said
    assert RESTORE in said


@pytest.mark.parametrize("how", [overwritten, emptied, cut])
async def test_the_session_damaged(bot: Bot, how: Callable[[Path], None]) -> None:
    how(bot.file("session"))
    said = await bot.refuses()
    assert "master key" in said
    assert RESTORE in said


async def test_a_session_that_cannot_be_read(bot: Bot) -> None:
    """What cannot be read is not taken for something that is not there."""
    bot.file("session").rename(bot.file("kept"))
    bot.file("session").mkdir()
    assert "cannot be read" in await bot.refuses()


async def test_the_session_gone(bot: Bot) -> None:
    before = bot.file("crypto.db").read_bytes()
    bot.file("session").unlink()
    said = await bot.refuses()
    assert "session" in said
    assert RESTORE in said
    assert bot.file("crypto.db").read_bytes() == before
    assert not bot.file("session").exists()


@pytest.mark.parametrize("how", [gone, overwritten])
async def test_the_memory_of_messages(bot: Bot, how: Callable[[Path], None]) -> None:
    how(bot.file("seen.db"))
    said = await bot.refuses()
    assert "heard twice" in said
    assert RESTORE in said


async def test_another_master_key(bot: Bot) -> None:
    said = await bot.refuses(Seal(bytes(31) + b"1"))
    assert "master key" in said
    assert RESTORE in said
    await bot.runs()


@pytest.mark.parametrize("name", ["session", "crypto.db"])
async def test_one_of_the_two_from_an_older_copy(bot: Bot, tmp_path: Path, name: str) -> None:
    shutil.copytree(bot.folder, tmp_path / "backup")
    await bot.runs()
    newest = bot.file(name).read_bytes()
    shutil.copy(tmp_path / "backup" / name, bot.file(name))
    said = await bot.refuses()
    assert "same moment" in said
    assert RESTORE in said
    bot.file(name).write_bytes(newest)
    await bot.runs()


async def test_the_whole_folder_from_an_older_copy(bot: Bot, tmp_path: Path) -> None:
    shutil.copytree(bot.folder, tmp_path / "backup")
    fingerprint = await bot.runs()
    shutil.rmtree(bot.folder)
    shutil.copytree(tmp_path / "backup", bot.folder)
    assert await bot.runs() == fingerprint


async def test_a_crypto_store_copied_while_the_bot_ran(bot: Bot, tmp_path: Path) -> None:
    door = MatrixDoor(bot.proxy.url, bot.user_id, bot.folder, SEAL, PASSWORD)
    await door.enter()
    shutil.copy(bot.file("crypto.db"), tmp_path / "crypto.db")
    await door.close()
    shutil.copy(tmp_path / "crypto.db", bot.file("crypto.db"))
    assert "same moment" in await bot.refuses()


async def test_killed_at_any_moment_of_a_start_or_stop(bot: Bot, tmp_path: Path) -> None:
    """The only state between: the crypto store is marked anew, the session not yet."""
    door = MatrixDoor(bot.proxy.url, bot.user_id, bot.folder, SEAL, PASSWORD)
    await door.enter()
    session = bot.file("session").read_bytes()
    await door.close()  # marks the store, then the session
    bot.file("session").write_bytes(session)
    await bot.runs()
