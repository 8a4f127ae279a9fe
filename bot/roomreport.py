"""Tell the table what a look at its room showed: news only, each fault at most once an hour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.desk import Desk
from bot.matrix.door import RoomFacts
from bot.rules import room as rules
from bot.rules.facts import Account
from bot.rules.room import Fault
from storage.faults import Knowledge
from storage.outbox import TABLE_LANE, Act
from storage.tx import Tx

QUIET = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the room showed, after mending. `by`: who had set what was mended."""

    facts: RoomFacts
    found: tuple[Fault, ...]
    strangers: int
    by: Mapping[Fault, Account | None] = field(default_factory=dict)


class Report:
    """What of a look is told, in one transaction."""

    def __init__(self, tx: Tx, desk: Desk, seen: Look) -> None:
        self._tx, self._desk, self._seen = tx, desk, seen
        self._now = desk.clock()
        self._known = tx.faults.all()

    def write(self) -> None:
        """Mended, found, gone: in this order, each fault at most once an hour."""
        was_unsafe = bool(rules.serious(self._believed()))
        self._tell_mended()
        self._tell_found()
        self._note_gone()
        self._known = self._tx.faults.all()
        told_mended = bool(self._seen.by)
        if was_unsafe and not told_mended and not rules.serious(self._seen.found):
            self._say("room.safe")

    def _believed(self) -> Iterable[Fault]:
        """What the table thinks is the matter."""
        return [f for f, row in self._known.items() if row.knowledge == Knowledge.TOLD]

    def _quiet(self, fault: Fault) -> bool:
        told = self._known[fault].told_at if fault in self._known else None
        return told is not None and self._now - told < QUIET

    def _tell_mended(self) -> None:
        """What a crash kept from being told, too; grouped by who had changed it."""
        mended = dict(self._seen.by)
        for fault, row in self._known.items():
            if row.knowledge == Knowledge.UNTOLD and fault not in self._seen.found:
                mended.setdefault(fault, None)
        news: dict[Account | None, list[Fault]] = {}
        for fault, who in mended.items():
            believed = fault in self._believed()
            if believed or not self._quiet(fault):
                news.setdefault(who, []).append(fault)
                self._tx.faults.set(fault, Knowledge.GONE, 0, self._now)
            else:
                self._tx.faults.set(fault, Knowledge.GONE, 0, None)
        for who, some in news.items():
            self._say("room.mended", faults=tuple(some), by=who)

    def _tell_found(self) -> None:
        news = [fault for fault in self._seen.found if self._is_news(fault)]
        for fault in news:
            count = self._seen.strangers if fault is Fault.STRANGERS else 0
            self._tx.faults.set(fault, Knowledge.TOLD, count, self._now)
        if Fault.STRANGERS in news:
            news.remove(Fault.STRANGERS)
            self._say("stranger.arrived", strangers=self._seen.strangers)
        if news:
            curable = set(news) - rules.BEYOND_POWER - self._seen.facts.may_mend
            grave = bool(rules.serious(news))
            self._say("room.fault", faults=tuple(news), empower=bool(curable), serious=grave)

    def _is_news(self, fault: Fault) -> bool:
        row = self._known.get(fault)
        if self._quiet(fault):
            return False
        if fault is Fault.STRANGERS and self._tx.memberships.leaving(TABLE_LANE):
            return False  # who is on the way out has not arrived
        more = fault is Fault.STRANGERS and row is not None and self._seen.strangers > row.count
        return row is None or row.knowledge != Knowledge.TOLD or more

    def _note_gone(self) -> None:
        """An hour later nothing of it is remembered."""
        for fault, row in self._tx.faults.all().items():
            if fault in self._seen.found:
                continue
            if self._quiet(fault):
                self._tx.faults.set(fault, Knowledge.GONE, 0, None)
            elif row.told_at is None or self._now - row.told_at >= QUIET:
                self._tx.faults.forget(fault)

    def _say(self, kind: str, **facts: object) -> None:
        token = self._desk.chance.token()
        self._tx.outbox.add(TABLE_LANE, Act.MESSAGE, kind, facts, token)  # type: ignore[arg-type]
