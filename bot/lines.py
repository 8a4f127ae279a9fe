"""Which lines of a message are meant for us."""

from bot import visible
from bot.body import TEXT, Message
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
        self, message: Message, room_id: str, sender: Account, room: RoomFacts
    ) -> list[tuple[int, Line]]:
        """With their numbers in the message. Our name alone on a line calls us for the next one;
        with none, it is a word that we do not know."""
        direct = self._places.here(room_id, sender, room) is Place.DIRECT
        found: list[tuple[int, Line]] = []
        called: int | None = None  # the line before, if it was our name
        for number, text in enumerate(message.lines):
            if core.is_name(text, self._desk.names):
                called = number
            elif text:
                line = self._line(message, number, ours=direct or called is not None)
                found += [(number, line)] if line is not None else []
                called = None
        if called is not None and not found:
            found.append((called, Line(None, "")))
        return found

    def _line(self, message: Message, number: int, *, ours: bool) -> Line | None:
        line = self._addressed(message.lines[number], ours=ours)
        if line is None or not core.holds_words(line):
            return line
        return self._addressed(message.paragraph(number, self._desk.names), ours=ours)

    def _addressed(self, text: str, *, ours: bool) -> Line | None:
        """The command in a line that is meant for us; `ours`: it is, whatever it begins with."""
        rest = core.without_prefix(text, self._desk.names)
        if rest is not None:
            return core.read(rest)
        return core.read(text) if ours else None

    def calls_us(self, message: Message) -> bool:
        """Whether a message mentions us where a person sees it; or at all, unless it may do so
        only because it answers us or edits what it mentioned before."""
        user = self._desk.door.user_id
        if user in message.mentions and not (message.reply or message.edit):
            return True
        return any(
            user in visible.accounts(line) or core.without_name(line, self._desk.names) is not None
            for line in message.lines
        )

    def answering(self, message: Message, said: list[tuple[int, Line]]) -> list[Line]:
        """Those that are meant as answers in a poll, but stand where none is done: beside what is
        `said`; what is said as well in an edit, an emote or a caption."""
        theirs = {at for number, line in said for at in self._words(message, number, line)}
        beside = (text for number, text in enumerate(message.lines) if number not in theirs)
        hidden = [one for one in beside if attempts.hides_answer(one, self._desk.names)]
        obeyed = message.msgtype == TEXT and not message.edit
        tried = [line for _, line in said if attempts.tries(line) and not obeyed]
        return [*tried, *(Line(None, "", tries=True) for _ in hidden)]

    def _words(self, message: Message, number: int, line: Line) -> range:
        """The lines of what is said: one, or those that go on with the words of an item."""
        holds = core.holds_words(line)
        length = core.paragraph_length(message.lines, number, self._desk.names) if holds else 1
        return range(number, number + length)


def weightiest(said: list[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """One line for all that a message said: one with words that must not stay, if there is one."""
    return sorted(said, key=lambda numbered: not core.holds_words(numbered[1]))[:1]


def objections_first(said: list[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """The lines in order; but a yes among them waits for what may be an objection: it could end a
    poll before that is read."""
    objects = any(attempts.tries(line) and line.name != "agree" for _, line in said)
    return sorted(said, key=lambda one: objects and one[1].name == "agree")
