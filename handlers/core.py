"""From a line somebody typed to what is said in answer: parse, authorise, call, write down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.rules.facts import Code, Reference
from bot.rules.fiche import TEXT_LIMIT
from bot.rules.people import Right, entitled
from bot.rules.refusal import Reason, Refused
from handlers import arguments, ballots, personal, private
from handlers.arguments import Words
from handlers.table import COMMANDS, Command
from handlers.turn import Chance, Say, Says, Turn
from locales import commands
from locales.codes import Place
from locales.render import PREFIX
from storage.tx import Tx

_ACCOUNTS = {arguments.user, arguments.changes}
_READ = 4 * TEXT_LIMIT  # of words that are refused anyway: as much as a person reads


@dataclass(frozen=True, slots=True)
class Line:
    """A line that begins with a known word, and what follows it; `name` None: unknown word.
    `tries`: a word of answering stands in it all the same."""

    name: str | None
    rest: str
    tries: bool = False


def read(text: str) -> Line:
    """Find the command in a line from which the prefix has been taken."""
    parts = text.split()
    found = commands.find(parts)
    if found is None:
        return Line(None, "", tries=commands.answers(text))
    name, count = found
    rest = text
    for _ in range(count):
        rest = rest.lstrip().partition(" ")[2]
    return Line(name, rest.strip())


def answer(turn: Turn, line: Line) -> Says:
    """Do what a line asks, or raise `Refused`."""
    if line.name is None:
        raise Refused(Reason.UNKNOWN_WORD)
    command = COMMANDS[line.name]
    authorise(turn, command)
    words = Words(line.rest, line.name)
    values = [take(words) for take in command.arguments]
    words.end()
    for value in values:
        if isinstance(value, Reference):
            require_about(turn, value)
    return command.handler(turn, *values)


def require_about(turn: Turn, reference: Reference) -> None:
    """In a side room nothing is said of another case, known or not (C16)."""
    case = turn.tx.cases.find(reference)
    turn.require_about(0 if case is None else case.id)


def authorise(turn: Turn, command: Command) -> None:
    """The right word in the right place by the right person."""
    if turn.request.place not in command.places:
        elsewhere = Place.TABLE if Place.TABLE in command.places else Place.DIRECT
        if elsewhere is Place.TABLE and turn.tx.people.table_room() is None:
            raise Refused(Reason.NO_ROOM)
        raise Refused(Reason.NOT_HERE, place=elsewhere)
    if not entitled(command.right, turn.role, chairs=turn.chairs()):
        raise Refused(Reason.NOT_ENTITLED, right=command.right)


def binds(line: Line) -> bool:
    """Whether a word can only be meant for the table, so that a room it is said in is its room."""
    if line.name is None or line.name == "room.create":
        return False
    command = COMMANDS[line.name]
    return Place.DIRECT not in command.places or command.right is Right.STEWARD


def without_prefix(text: str, names: Sequence[str]) -> str | None:
    """A line without `!` or one of our names in front; None when it has none of them."""
    if text.startswith(PREFIX):
        return text[len(PREFIX) :].strip()
    rest = without_name(text, names)
    return None if rest is None else rest.removeprefix(PREFIX).strip()


def without_name(text: str, names: Sequence[str]) -> str | None:
    """What follows one of our names in front of a line; None when it has none of them."""
    for name in names:
        said = text if name.startswith("@") else text.removeprefix("@")
        if name and said.casefold().startswith(name.casefold()):
            rest = said[len(name) :]
            if rest[:1] in {"", ":", ",", " ", PREFIX}:
                return rest.lstrip(":, ")
    return None


def is_name(text: str, names: Sequence[str]) -> bool:
    """Whether a line is one of our names and nothing else: the next one is for us."""
    rest = without_name(text, names)
    return rest is not None and not rest.strip(":,.!? ")


def names_accounts(line: Line) -> bool:
    """Whether a line is about accounts that it names."""
    return line.name is not None and bool(_ACCOUNTS & {*COMMANDS[line.name].arguments})


def holds_words(line: Line) -> bool:
    """Whether a line holds words of an item, which are kept nowhere but in the room."""
    return line.name in {"item", "amend"}


def identifies(line: Line) -> bool:
    """Whether the words of a line tell who somebody is, whatever else is the matter with it."""
    return holds_words(line) and personal.identifies(line.rest[:_READ])


def paragraph(
    lines: Sequence[str], number: int, names: Sequence[str], markers: Mapping[int, str]
) -> str:
    """A line, and those after it that begin nothing of their own: an item may be written so.
    `markers`: what stands before a line of a list, and belongs to the words of an item."""
    later = range(number + 1, number + paragraph_length(lines, number, names))
    found = [lines[number], *(markers.get(at, "") + lines[at] for at in later)]
    return " ".join(filter(None, found))


def paragraph_length(lines: Sequence[str], number: int, names: Sequence[str]) -> int:
    """How many lines it has."""
    after = range(number + 1, len(lines))
    ends = (at for at in after if without_prefix(lines[at], names) is not None)
    return next(ends, len(lines)) - number


def answers(line: Line) -> bool:
    """Whether a line is somebody's answer in a poll."""
    return line.name in {"agree", "object", "secret"}


def exposes(refused: Refused, line: Line | None) -> bool:
    """Whether an answer that nobody else is to see was given where others see it."""
    secret = line is not None and line.name == "secret"
    return secret or refused.reason is Reason.ANSWER_IN_PRIVATE


def shown(tx: Tx, poll: int, chance: Chance) -> None:
    """The table can read what is asked: those who answer in private are asked now."""
    if (row := tx.polls.find(poll)) is not None:
        write_down_at(tx, private.asked(tx, row), chance)


def item_text(text: str, names: Sequence[str]) -> str | None:
    """The words of an item in a line that proposes or amends one; None for any other line."""
    rest = without_prefix(text, names)
    line = read(text if rest is None else rest)
    if line.name is None or not holds_words(line):
        return None
    words = Words(line.rest, line.name)
    try:
        *_, found = [take(words) for take in COMMANDS[line.name].arguments]
    except Refused:
        return None
    return str(found)


def ballot(turn: Turn, answer_id: str) -> Says:
    """An answer given in a native poll."""
    return ballots.answer_by_id(turn, answer_id)


def clear(turn: Turn) -> Says:
    """What could not be read has been read, and acted upon."""
    return ballots.clear(turn)


def write_down(turn: Turn, says: Says) -> None:
    """Into the outbox, in the same transaction as what it follows from; what has no lane of its
    own is a reply where it was asked."""
    for say in says:
        if say.lane is not None:
            write_down_at(turn.tx, [say], turn.chance)
            continue
        turn.tx.outbox.add(
            turn.request.lane,
            say.act,
            say.kind,
            say.facts,
            turn.chance.token(),
            reply_to=turn.request.event_id,
            thread=turn.request.thread,
            slot=say.slot,
        )


def write_down_at(tx: Tx, says: Says, chance: Chance) -> None:
    """The same for what nobody asked for."""
    for say in says:
        assert say.lane is not None
        token = chance.token()
        tx.outbox.add(
            say.lane, say.act, say.kind, say.facts, token, reply_to=say.reply_to, slot=say.slot
        )


def refusal(refused: Refused, line: Line | None) -> Say:
    """A refusal as something to say, where it was asked; with the right syntax at hand."""
    usage = {} if line is None or line.name is None else {"usage": Code(line.name)}
    return Say("refused", {"reason": Code(refused.reason.value), **usage, **refused.facts})
