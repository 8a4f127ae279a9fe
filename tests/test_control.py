"""`tafelbot verify` and the running bot, over the control socket; the door is a fake one."""

import asyncio
import json
import logging
import os
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import App
from bot.control import NAME
from bot.matrix.agreement import Code
from bot.matrix.talk import Talk
from bot.rules.identity import Proof
from bot.terminal import Console, Verification
from locales import terminal as texts
from locales.emoji import EMOJI
from storage.people import Identity
from tests.hall import EMOJI_SHOWN, TABLE, FakeDoor, Hall, key_of

MASTER_KEY = "hQ5Qp0Zc5tV3eG0ZLrWbC1lKkgXvW2v0lO9iI8r7bQ4"
COORDINATOR = "coordinator"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data directory whose name is short, as a socket's must be."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@dataclass
class Screen:
    """A terminal at which the answers are known before."""

    answers: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def ask(self, question: str) -> str:
        self.shown.append(question)
        return self.answers.pop(0)

    @property
    def console(self) -> Console:
        return Console(self.shown.append, self.ask)

    async def verify(self, folder: Path, user: str, language: str = "nl") -> bool:
        command = Verification(folder, user, language, self.console)
        return await asyncio.to_thread(command.run)


def inode(folder: Path) -> int | None:
    """Which socket there is, if there is one."""
    path = folder / NAME
    return path.stat().st_ino if path.exists() else None


@asynccontextmanager
async def running(hall: Hall, folder: Path) -> AsyncIterator[Callable[[], Identity]]:
    """The bot, running, without a fingerprint in its settings; what it knows of the coordinator."""
    hall.desk.table = replace(hall.desk.table, fingerprints={})
    with hall.desk.transaction() as tx:
        tx.people.pin(tx.people.account(TABLE.coordinator), key_of(TABLE.coordinator), Proof.SEEN)

    def known() -> Identity:
        with hall.desk.transaction() as tx:
            return tx.people.identity(tx.people.account(TABLE.coordinator))

    app = App(hall.desk, folder)
    former = inode(folder)
    task = asyncio.create_task(app.run())
    while inode(folder) in {None, former}:
        await asyncio.sleep(0)
        if task.done():
            task.result()
    try:
        yield known
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_they_match_and_a_suspension_ends(empty_hall: Hall, folder: Path) -> None:
    user = empty_hall.user_id(COORDINATOR)
    empty_hall.matrix.beside[user] = empty_hall.matrix.keys[user] = MASTER_KEY
    screen = Screen(["hm", "JA"])
    async with running(empty_hall, folder) as known:
        assert await screen.verify(folder, user)
    assert known() == Identity(MASTER_KEY, None, Proof.COMPARED)
    assert empty_hall.matrix.vouched == [(user, MASTER_KEY)]
    rows = [f"    {EMOJI[n].symbol}  {EMOJI[n].names['nl']}" for n in EMOJI_SHOWN.emoji]
    assert [row for row in screen.shown if row.startswith("    ")] == rows
    assert screen.shown[0].startswith(f"Ik heb {user} gevraagd")
    assert "Typ ja of nee." in screen.shown
    assert "hQ5Q p0Zc" in screen.shown[-1]
    assert all(len(one.names) == 4 for one in EMOJI)
    assert len({one.symbol for one in EMOJI}) == 64


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
async def test_they_do_not_match(empty_hall: Hall, folder: Path, language: str) -> None:
    user = empty_hall.user_id(COORDINATOR)
    empty_hall.matrix.beside[user] = MASTER_KEY
    screen = Screen(["no"])
    async with running(empty_hall, folder) as known:
        assert not await screen.verify(folder, user, language)
    assert known() == Identity(key_of(user), None, Proof.SEEN)
    assert len(screen.shown) == 1 + 1 + 7 + 1 + 1
    assert user in screen.shown[-1]


async def test_an_identity_other_than_the_settings_say_counts_for_nothing(
    empty_hall: Hall, folder: Path
) -> None:
    user = TABLE.coordinator
    empty_hall.matrix.beside[user] = MASTER_KEY
    screen = Screen(["ja"])
    async with running(empty_hall, folder) as known:
        empty_hall.desk.table = TABLE
        assert not await screen.verify(folder, user)
    assert known().pinned == key_of(user)
    assert "andere vingerafdruk" in screen.shown[-1]
    assert empty_hall.matrix.vouched == []


async def test_who_is_not_at_the_table_or_does_not_answer(empty_hall: Hall, folder: Path) -> None:
    stranger, silent = Screen(), Screen()
    async with running(empty_hall, folder) as known:
        user = empty_hall.user_id("vreemde")
        assert not await stranger.verify(folder, user)
        assert stranger.shown == [
            f"{user} zit niet aan de tafel. De coördinator schrijft die persoon eerst in."
        ]
        assert not await silent.verify(folder, empty_hall.user_id(COORDINATOR))
        assert "te lang" in silent.shown[-1]
    assert known().proof is Proof.SEEN


async def test_the_bot_is_not_running(empty_hall: Hall, folder: Path) -> None:
    user = empty_hall.user_id(COORDINATOR)
    never, left_behind = Screen(), Screen()
    assert not await never.verify(folder, user)
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(folder / NAME))  # as a bot that was killed leaves it
    assert not await left_behind.verify(folder, user)
    assert never.shown == left_behind.shown
    assert "draait niet" in never.shown[0]
    empty_hall.matrix.beside[user] = MASTER_KEY
    async with running(empty_hall, folder):
        assert await Screen(["ja"]).verify(folder, user)  # the old socket is replaced


async def test_the_bot_stops_meanwhile(empty_hall: Hall, folder: Path) -> None:
    user = empty_hall.user_id(COORDINATOR)
    empty_hall.matrix.beside[user] = MASTER_KEY
    asked, stopped = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    class Slow(Screen):
        def ask(self, question: str) -> str:
            loop.call_soon_threadsafe(asked.set)
            asyncio.run_coroutine_threadsafe(stopped.wait(), loop).result(30)
            return "ja"

    screen = Slow()
    async with running(empty_hall, folder) as known:
        verifying = asyncio.create_task(screen.verify(folder, user))
        await asked.wait()
    stopped.set()
    assert not await verifying
    assert "gestopt" in screen.shown[-1]
    assert known().proof is Proof.SEEN


@pytest.mark.parametrize("how", ["join", "invite"])
async def test_only_a_room_of_two_is_used(empty_hall: Hall, folder: Path, how: str) -> None:
    """A third person there, or one who is asked in, could take part in the comparison."""

    class Noting(FakeDoor):
        used: str | None = None

        async def verify(self, user: str, room: str | None, talk: Talk) -> str:
            self.used = room
            return await super().verify(user, room, talk)

    user = empty_hall.user_id(COORDINATOR)
    empty_hall.matrix.beside[user] = MASTER_KEY
    door = empty_hall.desk.door = Noting(empty_hall.matrix)
    direct = await empty_hall.direct(COORDINATOR)
    await empty_hall.say(COORDINATOR, "status", expect="status", direct=True)
    async with running(empty_hall, folder):
        assert await Screen(["ja"]).verify(folder, user)
        assert door.used == direct
        empty_hall.matrix.move(direct, empty_hall.user_id("io"), how)
        empty_hall.desk.room_changed(direct)
        assert await Screen(["ja"]).verify(folder, user)
        assert door.used is None


async def test_hanging_up_stops_the_verification(empty_hall: Hall, folder: Path) -> None:
    user = empty_hall.user_id(COORDINATOR)
    empty_hall.matrix.beside[user] = MASTER_KEY
    async with running(empty_hall, folder) as known:
        reader, writer = await asyncio.open_unix_connection(str(folder / NAME))
        writer.write(json.dumps({"verify": user}).encode() + b"\n")
        assert "wait" in json.loads(await reader.readline())
        assert "compare" in json.loads(await reader.readline())
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    assert known().proof is Proof.SEEN


@pytest.mark.parametrize("nonsense", [b"", b"hello\n", b"[]\n", b'{"verify": 3}\n', b"x" * 70_000])
async def test_nonsense_is_hung_up_on(
    empty_hall: Hall, folder: Path, nonsense: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(empty_hall, folder):
        reader, writer = await asyncio.open_unix_connection(str(folder / NAME))
        writer.write(nonsense)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    assert "hello" not in caplog.text


async def test_only_its_owner_may_open_it_and_it_goes_with_the_bot(
    empty_hall: Hall, folder: Path
) -> None:
    async with running(empty_hall, folder):
        mode = (folder / NAME).stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
        assert os.listdir(folder) == [NAME]
    assert os.listdir(folder) == []


async def test_without_a_socket_the_bot_runs_on(
    empty_hall: Hall, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The name of the data directory may be too long for one."""
    caplog.set_level(logging.WARNING)
    app = App(empty_hall.desk, folder / ("x" * 120))
    task = asyncio.create_task(app.run())
    while "no control socket" not in caplog.text:
        await asyncio.sleep(0)
        assert not task.done()
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    await asyncio.wait({task})


def test_the_command_needs_no_master_key_and_says_when_the_bot_is_not_running(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = folder / "tafelbot.toml"
    config.write_text(
        'homeserver = "https://matrix.example"\nuser_id = "@tafelbot:example"\n'
        'data_dir = "data"\nmaster_key_file = "of somebody else"\n[[tables]]\nname = "T"\n'
        'police_zone = "Z"\nlanguages = ["de"]\nmayor = "@m:example"\ncoordinator = "@c:example"\n'
    )
    assert main(["verify", "@c:example", "--config", str(config)]) == 1
    assert capsys.readouterr().out.startswith("Der Bot läuft nicht")


def test_every_ending_has_words_with_the_user_in_their_place() -> None:
    codes = set(Code) - {Code.ACCEPTED, Code.UNKNOWN_METHOD, Code.UNEXPECTED, Code.INVALID}
    ours = {"no_identity", "unsigned_device", "busy", "refused", "unknown_member", "not_as_settled"}
    assert {str(code) for code in codes} | ours == set(texts.ENDINGS)
