"""The recovery key is shown to a person at the first start, once, and never to a log."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo.homeserver import Homeserver
from tests.homeserver.operating import Place

pytestmark = pytest.mark.homeserver

PATIENCE = 120.0


class Running:
    """`tafelbot run` with standard output here and the log in a file."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._log = folder / "log"
        self._command = [sys.executable, "-m", "bot", "run", "--config", str(place.config)]
        self.output = b""

    @property
    def log(self) -> str:
        return self._log.read_text()

    def on_a_terminal(self) -> None:
        """Until it is stopped; what a person would have seen is in `output`."""
        ours, theirs = pty.openpty()
        self._run(theirs)
        os.close(theirs)
        while chunk := read(ours):
            self.output += chunk
        os.close(ours)

    def as_a_service(self) -> None:
        file = self._log.with_name("output")
        with file.open("wb") as output:
            self._run(output.fileno())
        self.output = file.read_bytes()

    def _run(self, output: int) -> None:
        """Stop it once it says its fingerprint, which it does when all is in place."""
        process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        with self._log.open("ab") as log, process.stderr as lines:
            for line in lines:
                log.write(line)
                if b"fingerprint" in line:
                    process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def read(terminal: int) -> bytes:
    """What is there; nothing once the other side is closed."""
    try:
        return os.read(terminal, 2**16)
    except OSError:
        return b""


@pytest.fixture
def place(synapse: Homeserver, tmp_path: Path) -> Place:
    return Place(synapse, tmp_path)


def test_on_a_terminal_once(place: Place, tmp_path: Path) -> None:
    bot = Running(place, tmp_path)
    bot.on_a_terminal()
    key = place.recovery_key()
    assert bot.output.decode().count(key) == 1
    assert key not in bot.log
    bot.output = b""
    bot.on_a_terminal()
    assert not bot.output


def test_not_as_a_service(place: Place, tmp_path: Path) -> None:
    bot = Running(place, tmp_path)
    bot.as_a_service()
    key = place.recovery_key()
    assert not bot.output
    assert key not in bot.log
    assert bot.log.count("tafelbot identity export") == 1
    bot.as_a_service()
    assert bot.log.count("tafelbot identity export") == 1


def test_by_the_first_command_that_makes_it(place: Place) -> None:
    place.runs()
    assert place.operator.screen.count(place.recovery_key()) == 1
    assert "Write it down" in place.operator.screen
    place.operator.read.clear()
    place.runs()
    assert not place.operator.read
