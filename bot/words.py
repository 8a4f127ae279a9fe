"""The words of the form, which stand nowhere but in the room: found there again when they are
needed, and only if they are still those that were proposed (promise 1)."""

from collections.abc import Mapping
from difflib import SequenceMatcher

from bot.body import Message, read_message
from bot.desk import Desk
from bot.rules.facts import Facts
from bot.rules.fiche import Phase, Section, Sign
from bot.rules.form import Entry
from handlers import core
from storage import models as m
from storage.outbox import TABLE_LANE
from storage.tx import Tx


class WordsMissing(Exception):
    """Words of items are not to be had, or not those that were proposed; `polls` are their
    numbers in the store."""

    def __init__(self, *polls: int) -> None:
        super().__init__("words missing")
        self.polls = polls


class Words:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def of(self, facts: Facts) -> Mapping[str, str]:
        """What a message about an item or a whole form shows beside its facts; `WordsMissing`."""
        if facts.get("items") is not None:
            rows = _rows(facts)
            texts = await self._all(rows)
            return {f"text {row['number']}": texts[_poll(row)] for row in rows}
        if facts.get("section") is None or facts.get("poll") is None:
            return {}
        text = await self._text(_poll(facts))
        if text is None:
            raise WordsMissing(_poll(facts))
        earlier = await self._earlier(facts)
        changed = {"changes": difference(earlier, text)} if earlier not in {None, text} else {}
        return {"text": text, **changed}

    async def entries(self, facts: Facts) -> tuple[Entry, ...]:
        """The items of a form, in order; `WordsMissing`."""
        rows = _rows(facts)
        texts = await self._all(rows)
        return tuple(
            Entry(
                Section(str(row["section"])),
                Sign(str(row["sign"])) if row.get("sign") else None,
                Phase(str(row["phase"])) if row.get("phase") else None,
                texts[_poll(row)],
            )
            for row in rows
        )

    def forget(self, poll_id: int) -> None:
        """What was said with these words in it can be read again in the room."""
        with self._desk.transaction() as tx:
            poll = tx.polls.find(poll_id)
            source = tx.polls.source(poll) if poll else None
            line = poll.line if poll else None
        if source is not None and line is not None:
            self._desk.lines.pop((source, line), None)

    async def _all(self, rows: tuple[Facts, ...]) -> Mapping[int, str]:
        found = {_poll(row): await self._text(_poll(row)) for row in rows}
        if missing := [poll for poll, text in found.items() if text is None]:
            raise WordsMissing(*missing)
        return {poll: text for poll, text in found.items() if text is not None}

    async def _earlier(self, facts: Facts) -> str | None:
        """The words of the version before."""
        with self._desk.transaction() as tx:
            poll = tx.polls.find(_poll(facts))
            meeting = tx.meetings.running()
            before = (
                tx.polls.version(meeting, poll.number, poll.version - 1)
                if poll and meeting
                else None
            )
            before_id = before.id if before else None
        return await self._text(before_id) if before_id is not None else None

    async def _text(self, poll_id: int) -> str | None:
        with self._desk.transaction() as tx:
            poll = tx.polls.find(poll_id)
            source = tx.polls.source(poll) if poll else None
            if poll is None or source is None or poll.line is None:
                return None
            number, digest, room = poll.line, poll.digest, _room(tx, poll)
        line = self._desk.lines.get((source, number)) or await self._fetch(room, source, number)
        text = None if line is None else core.item_text(line, self._desk.names)
        with self._desk.transaction() as tx:
            return text if text and tx.polls.digest(text) == digest else None

    async def _fetch(self, room: str | None, event_id: str, number: int) -> str | None:
        event = await self._desk.door.fetch(room, event_id) if room else None
        said = read_message(event.content) if event else Message()
        return said.paragraph(number, self._desk.names) if number < len(said.lines) else None


def difference(before: str, after: str) -> str:
    """What was changed in a text, word by word: `‘was’ → ‘is’`."""
    old, new = before.split(), after.split()
    parts: list[str] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            parts.append(f"‘{' '.join(old[a:b])}’ → ‘{' '.join(new[c:d])}’")
    return "; ".join(parts)


def _room(tx: Tx, poll: m.Poll) -> str | None:
    """Where the words of an item were said."""
    lane = tx.polls.said_in(poll)
    row = tx.people.table_room() if lane == TABLE_LANE else tx.people.side_room(-lane)
    return tx.people.room_id(row) if row else None


def _rows(facts: Facts) -> tuple[Facts, ...]:
    rows = facts["items"]
    assert isinstance(rows, tuple)
    return tuple(row for row in rows if isinstance(row, Mapping))


def _poll(facts: Facts) -> int:
    return int(str(facts["poll"]))
