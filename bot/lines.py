"""Which lines of a message are meant for us."""

from bot.desk import Desk
from bot.matrix.door import RoomFacts
from bot.places import PlaceFinder
from bot.rules.facts import Account
from handlers import core
from handlers.core import Line
from locales.codes import Place


class Lines:
    def __init__(self, desk: Desk, places: PlaceFinder) -> None:
        self._desk = desk
        self._places = places

    def meant_for_us(
        self, lines: list[str], room_id: str, sender: Account, room: RoomFacts
    ) -> list[tuple[int, Line]]:
        """With their numbers in the message."""
        found: list[tuple[int, Line]] = []
        for number, text in enumerate(lines):
            line = self._addressed(text, room_id, sender, room)
            if line is not None and core.holds_words(line):
                whole = core.paragraph(lines, number, self._desk.names)
                line = self._addressed(whole, room_id, sender, room)
            if line is not None:
                found.append((number, line))
        return found

    def _addressed(self, text: str, room_id: str, sender: Account, room: RoomFacts) -> Line | None:
        """The command in a line that is meant for us; in a direct room every line is."""
        rest = core.without_prefix(text, self._desk.names)
        if rest is not None:
            return core.read(rest)
        direct = self._places.here(room_id, sender, room) is Place.DIRECT
        return core.read(text) if direct and text else None


def weightiest(said: list[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """One line for all that a message said: one with words that must not stay, if there is one."""
    return sorted(said, key=lambda numbered: not core.holds_words(numbered[1]))[:1]
