"""`tafelbot verify`: the operator compares emoji, at the terminal, with somebody beside them."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.control import NAME
from bot.matrix.door import Fingerprint
from locales import terminal as texts
from locales.catalogue import translate
from locales.codes import YesNo, read_code
from locales.emoji import EMOJI


@dataclass(frozen=True, slots=True)
class Console:
    """Where words are shown, and where an answer is typed."""

    show: Callable[[str], None]
    ask: Callable[[str], str]


class Verification:
    """One call of the command; the words are in the table's language."""

    def __init__(self, folder: Path, user: str, language: str, console: Console) -> None:
        self._path = folder / NAME
        self._user = user
        self._language = language
        self._console = console

    def run(self) -> bool:
        """Whether the user is verified now; the console says how it ended."""
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with closing(line):
            try:
                line.connect(str(self._path))
                return self._converse(line)
            except PermissionError:
                self._say(texts.NOT_ALLOWED)
            except (FileNotFoundError, ConnectionRefusedError):
                self._say(texts.NOT_RUNNING)
            except ConnectionError:
                self._say(texts.HUNG_UP)
        return False

    def _converse(self, line: socket.socket) -> bool:
        _tell(line, {"verify": self._user})
        for message in _heard(line):
            if "wait" in message:
                self._say(texts.ASKED if message["wait"] else texts.WAITING)
            elif "compare" in message:
                _tell(line, {"same": self._same(**message["compare"])})
            elif "verified" in message:
                self._say(texts.VERIFIED, fingerprint=str(Fingerprint(message["verified"])))
                return True
            else:
                self._say(texts.ENDINGS.get(message["failed"], texts.OTHERWISE))
                return False
        self._say(texts.HUNG_UP)
        return False

    def _same(self, emoji: list[int], decimals: list[int]) -> bool:
        self._say(texts.EMOJI if emoji else texts.NUMBERS)
        shown = [EMOJI[number] for number in emoji]
        rows = [f"{one.symbol}  {one.names[self._language]}" for one in shown]
        for row in rows or [str(number) for number in decimals]:
            self._console.show(f"    {row}")
        while True:
            typed = self._console.ask(self._words(texts.QUESTION) + " ")
            answer = read_code(YesNo, typed)
            if answer is not None:
                return answer is YesNo.YES
            self._say(texts.AGAIN)

    def _say(self, text: str, **facts: str) -> None:
        self._console.show(self._words(text, **facts))

    def _words(self, text: str, **facts: str) -> str:
        return translate(text, self._language).format(user=self._user, **facts)


def _tell(line: socket.socket, message: dict[str, Any]) -> None:
    line.sendall(json.dumps(message).encode() + b"\n")


def _heard(line: socket.socket) -> Iterator[dict[str, Any]]:
    with line.makefile("rb") as stream:
        for raw in stream:
            yield json.loads(raw)
