"""Which lines of a message are meant for us."""

from bot.desk import Desk
from bot.matrix.door import RoomFacts
from bot.places import PlaceFinder
from bot.rules.facts import Account
from handlers import attempts, core
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

    def answering(
        self, lines: list[str], said: list[tuple[int, Line]], *, plain: bool
    ) -> list[Line]:
        """Those that are meant as answers in a poll, but stand where none is done: beside what is
        `said`; what is said as well in a message that is not a `plain` one."""
        theirs = {number for number, _ in said}
        theirs |= {at for number, line in said for at in self._words(lines, number, line)}
        beside = (text for number, text in enumerate(lines) if number not in theirs)
        hidden = [one for one in beside if attempts.hides_answer(one, self._desk.names)]
        tried = [line for _, line in said if attempts.tries(line) and not plain]
        return [*tried, *(Line(None, "", tries=True) for _ in hidden)]

    def _words(self, lines: list[str], number: int, line: Line) -> range:
        """The lines that go on with the words of an item."""
        if not core.holds_words(line):
            return range(0)
        return range(number, number + core.paragraph_length(lines, number, self._desk.names))


def weightiest(said: list[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """One line for all that a message said: one with words that must not stay, if there is one."""
    return sorted(said, key=lambda numbered: not core.holds_words(numbered[1]))[:1]


def objections_first(said: list[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """The lines in order; but a yes among them waits for what may be an objection: it could end a
    poll before that is read."""
    objects = any(attempts.tries(line) and line.name != "agree" for _, line in said)
    return sorted(said, key=lambda one: objects and one[1].name == "agree")
