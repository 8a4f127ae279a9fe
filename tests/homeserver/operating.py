"""Who looks after a bot's server: settings, the bot as a process, and what is typed and read."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bot import identity
from bot.config import Settings, load, new_key
from bot.identity import Terminal
from bot.matrix import recovery
from bot.matrix.client import MatrixDoor
from bot.matrix.trust import unpadded
from bot.matrix.vault import Credentials, read_credentials
from bot.matrix.wire import path
from demo.homeserver import Homeserver
from demo.operating import SETTINGS
from storage.seal import Seal
from tests.homeserver.fixtures import PASSWORD, names
from tests.homeserver.test_entering import log_in


class Operator:
    """Types what was planned, and reads what is said."""

    def __init__(self) -> None:
        self.types: list[str] = []
        self.hides: list[str] = []
        self.read: list[str] = []
        self.terminal = Terminal(self.read.append, self._typed, self._hidden)

    @property
    def screen(self) -> str:
        return "\n".join(self.read)

    def _typed(self, question: str) -> str:
        self.read.append(question)
        return self.types.pop(0)

    def _hidden(self, question: str) -> str:
        self.read.append(question)
        return self.hides.pop(0)

    def all_typed(self) -> bool:
        return not self.types and not self.hides


class Place:
    """A server with a bot's settings on it."""

    def __init__(self, homeserver: Homeserver, folder: Path) -> None:
        self.homeserver = homeserver
        self.name = next(names)
        homeserver.register(self.name, PASSWORD)
        self.config = folder / "tafelbot.toml"
        text = SETTINGS.format(
            url=homeserver.url,
            server=homeserver.server_name,
            bot=self.name,
            mayor="burgemeester",
            coordinator="coordinator",
            delegate="schepen",
        )
        self.config.write_text(text)
        (folder / "password").write_text(PASSWORD)
        new_key(folder / "master.key")
        self.operator = Operator()

    @property
    def settings(self) -> Settings:
        return load(self.config)

    def runs(self) -> str:
        """The bot is started and stopped; its fingerprint."""
        settings = self.settings
        tell = identity.hand_over(self.operator.terminal, settings.user_id)
        return starts(settings, tell)

    def held(self) -> Credentials:
        settings = self.settings
        seal = Seal(settings.master_key_bytes())
        held = read_credentials(settings.matrix_dir, seal, settings.user_id)
        assert held is not None
        return held

    def recovery_key(self) -> str:
        return recovery.typed(unpadded(self.held().recovery_key))

    def does(self, command: Callable[[Settings, Terminal], int], *typed: str) -> int:
        """A command, with what is typed in the clear; what it said is on the screen."""
        self.operator.types, self.operator.read[:] = list(typed), []
        return command(self.settings, self.operator.terminal)

    def devices(self) -> set[str]:
        """Those of the account that a bot has made."""
        token = log_in(self.homeserver, self.name)
        listed = self.homeserver.call("GET", path("devices"), token=token)["devices"]
        return {d["device_id"] for d in listed if d["device_id"].startswith("TAFELBOT")}


def starts(settings: Settings, tell: Callable[[str], bool] | None = None) -> str:
    async def start() -> str:
        seal = Seal(settings.master_key_bytes())
        door = MatrixDoor(
            settings.homeserver,
            settings.user_id,
            settings.matrix_dir,
            seal,
            settings.login_password(),
            recovery_key=settings.typed_recovery_key(),
            tell=tell,
        )
        await door.enter()
        await door.close()
        return str(door.fingerprint)

    return asyncio.run(start())


def tool(place: Place, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments, "--config", str(place.config)],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
