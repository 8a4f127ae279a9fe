"""The operator's part: accounts, settings, master key, and the bot as a process of its own."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from demo.homeserver import Homeserver
from demo.scene import COORDINATOR, DELEGATE, GUEST, MAYOR, PEOPLE

BOT, PASSWORD = "tafelbot", "overleg-2026"
ACCOUNTS = (MAYOR, COORDINATOR, *PEOPLE, GUEST)
SETTINGS = """\
homeserver = "{url}"
user_id = "@{bot}:{server}"
password_file = "password"
master_key_file = "master.key"
data_dir = "data"

[[tables]]
name = "Voorbeeldstad"
police_zone = "PZ Voorbeeld"
languages = ["nl"]
timezone = "Europe/Brussels"
mayor = "@{mayor}:{server}"
coordinator = "@{coordinator}:{server}"
coordinator_chairs = true
mayor_delegates = ["@{delegate}:{server}"]
data_protection_officer = "dpo@voorbeeldstad.example"
"""


def set_up(homeserver: Homeserver, folder: Path, module: Sequence[str] = ("bot",)) -> "BotProcess":
    """Everything `tafelbot run` needs, in a folder; `module` is what is run as the bot."""
    for name in (BOT, *ACCOUNTS):
        homeserver.register(name, PASSWORD)
    names = {"bot": BOT, "mayor": MAYOR, "coordinator": COORDINATOR, "delegate": DELEGATE}
    settings = SETTINGS.format(url=homeserver.url, server=homeserver.server_name, **names)
    (folder / "tafelbot.toml").write_text(settings)
    (folder / "password").write_text(PASSWORD)
    bot = BotProcess(folder, module)
    bot.tool("key", "new", str(folder / "master.key"))
    return bot


class BotProcess:
    """`tafelbot run`, as an operator starts it."""

    def __init__(self, folder: Path, module: Sequence[str]) -> None:
        self.config = folder / "tafelbot.toml"
        self.log = folder / "tafelbot.log"
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None

    def know(self, seat: str, master_key: str) -> None:
        """The operator has compared somebody's identity, and writes it into the settings."""
        settings = self.config.read_text()
        self.config.write_text(f'{settings}{seat}_fingerprint = "{master_key}"\n')

    def choose(self, language: str, *lines: str) -> None:
        """The table's language, and more of its settings."""
        settings = self.config.read_text().replace(
            'languages = ["nl"]', f'languages = ["{language}"]'
        )
        self.config.write_text("\n".join([settings.rstrip(), *lines, ""]))

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._module, "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(120)

    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def inspect(self, *options: str) -> str:
        """What the store holds."""
        return self.tool("inspect", "--config", str(self.config), *options)

    def tool(self, *arguments: str) -> str:
        """Another command of `tafelbot` with the same settings."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout
