"""What is still to be said or done in Matrix: written with the act it follows from."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from bot.rules.facts import Account, EventId, Fact, Facts, Reference, Token, pack, unpack
from storage import models as m
from storage.seal import Seal

TABLE_LANE = 0


def side_lane(case_id: int) -> int:
    """The lane of a case's side room; lanes above zero are accounts."""
    return -case_id


class Act(StrEnum):
    """How an outbox row becomes an act in Matrix."""

    MESSAGE = "message"  # a notice, or a message that rings when it mentions somebody
    POLL = "poll"
    FILE = "file"
    REDACT = "redact"
    GREET = "greet"  # whether somebody is heard, and if not, what to do
    CREATE = "create"  # the room of the lane
    DISMISS = "dismiss"  # everybody out of a side room, ourselves as well
    ADVICE = "advice"  # in clear, to somebody who cannot be heard
    INVITE = "invite"
    REMOVE = "remove"
    FORGET = "forget"  # the anchors of a closed meeting are not needed any more


MEMBERSHIP = frozenset({Act.INVITE, Act.REMOVE})  # about one person, for whom nobody else waits


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row, opened."""

    id: int
    lane: int
    act: Act
    kind: str
    facts: Facts
    token: Token
    reply_to: EventId | None
    thread: EventId | None
    slot: str | None
    tried_at: datetime | None
    attempts: int = 0
    not_before: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether it may be tried now."""
        return self.not_before is None or self.not_before <= now


def _anchors(slot: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return m.Outbox.slot == slot, m.Outbox.event.is_not(None)


class Outbox:
    def __init__(self, session: Session, seal: Seal) -> None:
        self._session = session
        self._seal = seal
        self.grew = False  # whether this transaction added to it

    def add(
        self,
        lane: int,
        act: Act,
        kind: str,
        facts: Facts,
        token: Token,
        *,
        reply_to: EventId | None = None,
        thread: EventId | None = None,
        slot: str | None = None,
    ) -> None:
        row = m.Outbox(
            lane=lane,
            act=act,
            kind=kind,
            facts=self._seal.close(json.dumps(pack(facts)).encode(), "outbox/facts"),
            token=token,
            reply_to=self._close(reply_to, "outbox/reply_to"),
            thread=self._close(thread, "outbox/thread"),
            slot=slot,
        )
        self._session.add(row)
        self._session.flush()
        self.grew = True

    def add_rows(self, lane: int, kind: str, rows: tuple[Fact, ...], token: Token) -> None:
        """A message that is a list; what waits already of its kind is said together with it."""
        for row in self._waiting(lane):
            if row.kind == kind and row.act == Act.MESSAGE and row.tried_at is None:
                told = self.open_row(row).facts["rows"]
                assert isinstance(told, tuple)
                facts = pack({"rows": told + rows})
                row.facts = self._seal.close(json.dumps(facts).encode(), "outbox/facts")
                self._session.flush()
                return
        self.add(lane, Act.MESSAGE, kind, {"rows": rows}, token)

    def lanes(self) -> list[int]:
        """The lanes in which something waits."""
        query = select(m.Outbox.lane).where(m.Outbox.event.is_(None)).distinct()
        return list(self._session.scalars(query))

    def tried(self, outgoing: Outgoing, now: datetime) -> None:
        """An act is about to be tried."""
        if row := self._session.get(m.Outbox, outgoing.id):
            row.tried_at = now
            self._session.flush()

    def stands(self, outgoing: Outgoing) -> bool:
        """Whether it is still to be done."""
        return self._session.get(m.Outbox, outgoing.id) is not None

    def postpone(self, outgoing: Outgoing, until: datetime, *, failed: bool = True) -> None:
        """Not before then; with `failed` one attempt more has."""
        if row := self._session.get(m.Outbox, outgoing.id):
            row.not_before, row.attempts = until, outgoing.attempts + failed
            self._session.flush()

    def resume(self, lane: int) -> None:
        """Somebody has shown that they can be reached: nothing of theirs waits any longer."""
        for row in self._waiting(lane):
            row.not_before, row.attempts = None, 0
        self._session.flush()

    def named(self) -> set[Account]:
        """Whom something that still waits is about."""
        waiting = self._session.scalars(select(m.Outbox).where(m.Outbox.event.is_(None)))
        return {one for row in waiting for one in _accounts(self.open_row(row).facts)}

    def next(
        self, lane: int, now: datetime, only: Collection[Act] = frozenset(Act)
    ) -> Outgoing | None:
        """The oldest waiting row of a lane, marked as tried. Of several states of one live
        message only the newest is sent; one that was tried may have been sent, and is again.
        `only`: the others wait where they are."""
        waiting = [row for row in self._waiting(lane) if row.act in only]
        for row in waiting[: _stale(waiting)]:
            self._session.delete(row)
        waiting = waiting[_stale(waiting) :]
        if not waiting:
            return None
        outgoing = self.open_row(waiting[0])
        waiting[0].tried_at = now
        self._session.flush()
        return outgoing

    def peek(self, lane: int, only: Collection[Act] = frozenset(Act)) -> Outgoing | None:
        """The same row, left as it is."""
        waiting = [row for row in self._waiting(lane) if row.act in only]
        waiting = waiting[_stale(waiting) :]
        return self.open_row(waiting[0]) if waiting else None

    def sent(self, outgoing: Outgoing, event: str | None) -> None:
        """Keep the event id where a later message needs it, else forget the row."""
        row = self._session.get(m.Outbox, outgoing.id)
        if row is None:
            return
        if outgoing.act is Act.REDACT and (target := outgoing.facts.get("slot")) is not None:
            self._session.execute(delete(m.Outbox).where(*_anchors(str(target))))
        anchored = outgoing.slot is not None and self.anchor(outgoing.slot) is None
        if anchored and event is not None:
            row.event = self._seal.close(event.encode(), "outbox/event")
            row.facts = self._seal.close(json.dumps(pack({})).encode(), "outbox/facts")
        else:
            self._session.delete(row)
        self._session.flush()

    def give_up(self, outgoing: Outgoing) -> None:
        """It could not be done. What it was to redact still stands, and is found at the close."""
        row = self._session.get(m.Outbox, outgoing.id)
        if row is not None:
            self._session.delete(row)
        self._session.flush()

    def instead(self, outgoing: Outgoing, kind: str, facts: Facts, token: Token) -> None:
        """Say something else at the same place in the lane."""
        row = self._session.get(m.Outbox, outgoing.id)
        if row is None:
            return
        row.act, row.kind, row.token = Act.MESSAGE, kind, token
        row.facts = self._seal.close(json.dumps(pack(facts)).encode(), "outbox/facts")
        row.slot = row.tried_at = row.not_before = None
        row.attempts = 0
        self._session.flush()

    def waits(self, lane: int, act: Act, kind: str | None = None) -> bool:
        """Whether such a row waits in a lane."""
        return any(row.act == act and kind in {None, row.kind} for row in self._waiting(lane))

    def asides(self) -> list[int]:
        """The lanes of side rooms in which something waits."""
        return [lane for lane in self.lanes() if lane < TABLE_LANE]

    def being_redacted(self) -> frozenset[str]:
        """The slots of messages whose redaction waits."""
        rows = self._session.scalars(select(m.Outbox).where(m.Outbox.act == Act.REDACT)).all()
        slots = (self.open_row(row).facts.get("slot") for row in rows)
        return frozenset(str(slot) for slot in slots if slot is not None)

    def in_doubt(self, lane: int) -> bool:
        """Whether something was tried to be said in a lane, and we do not know that it was. What is
        redacted, or about a membership, leaves nothing of ours to look for."""
        tried = [row for row in self._waiting(lane) if row.tried_at is not None]
        return any(row.act not in MEMBERSHIP | {Act.REDACT} for row in tried)

    def tells(self, kind: str, member: int) -> bool:
        """Whether a message of that kind about somebody waits anywhere."""
        query = select(m.Outbox).where(m.Outbox.kind == kind, m.Outbox.act == Act.MESSAGE)
        waiting = self._session.scalars(query.where(m.Outbox.event.is_(None))).all()
        return any(self.open_row(row).facts.get("member") == member for row in waiting)

    def new_greeting(self, lane: int) -> Token | None:
        """The token of a greeting for which no room was made yet."""
        for row in self._waiting(lane):
            if row.act == Act.GREET and row.tried_at is None:
                return Token(row.token)
        return None

    def greetings_tried(self, lane: int, now: datetime) -> None:
        """A room was made for whoever is to be greeted."""
        for row in self._waiting(lane):
            if row.act == Act.GREET:
                row.tried_at = now
        self._session.flush()

    def anchor(self, slot: str) -> EventId | None:
        """The event a slot's message has, once sent."""
        query = select(m.Outbox.event).where(*_anchors(slot))
        return self._event(self._session.scalar(query), "outbox/event")

    def has(self, slot: str) -> bool:
        """Whether a slot's message was said, or waits to be."""
        return self._session.scalar(select(m.Outbox.id).where(m.Outbox.slot == slot)) is not None

    def slots(self, *prefixes: str) -> list[tuple[int, str]]:
        """The lanes and slots that begin so, in the order in which they were written."""
        begin = or_(*(m.Outbox.slot.startswith(prefix, autoescape=True) for prefix in prefixes))
        query = select(m.Outbox.lane, m.Outbox.slot).where(begin).order_by(m.Outbox.id)
        found = [(lane, str(slot)) for lane, slot in self._session.execute(query)]
        return list(dict.fromkeys(found))

    def drop_untried(self, slot: str) -> bool:
        """What nobody can have seen of a slot is not said any more. Whether nothing is left."""
        waiting = select(m.Outbox).where(m.Outbox.slot == slot, m.Outbox.tried_at.is_(None))
        for row in self._session.scalars(waiting).all():
            self._session.delete(row)
        self._session.flush()
        return not self.has(slot)

    def forget_anchors(self, before: Outgoing | None = None) -> None:
        """All of them, or those of what was said before something that still waits; but not what
        is still to be ended or redacted in another lane."""
        waiting = self._session.scalars(select(m.Outbox).where(m.Outbox.event.is_(None))).all()
        targets = (self.open_row(row).facts.get("slot") for row in waiting)
        needed = [str(slot) for slot in targets if slot is not None]
        query = delete(m.Outbox).where(m.Outbox.event.is_not(None), m.Outbox.slot.not_in(needed))
        self._session.execute(query if before is None else query.where(m.Outbox.id < before.id))

    def drop_about(self, reference: Reference) -> None:
        """What still waits to be told to somebody in private about a case is out of date."""
        private = select(m.Outbox).where(m.Outbox.lane > TABLE_LANE, m.Outbox.event.is_(None))
        for row in self._session.scalars(private).all():
            if self.open_row(row).facts.get("case") == reference:
                self._session.delete(row)
        self._session.flush()

    def drop_unasked(self, lane: int) -> None:
        """The polls that nobody can have seen, and the messages beside them."""
        for row in self._waiting(lane):
            if row.kind == "poll.opened" and row.tried_at is None:
                self._session.delete(row)
        self._session.flush()

    def forget_said(self, lane: int) -> None:
        """A room is gone, and with it the messages that were edited there."""
        said = m.Outbox.lane == lane, m.Outbox.event.is_not(None)
        self._session.execute(delete(m.Outbox).where(*said))

    def drop_lane(self, lane: int) -> None:
        """Nobody is there any more to be told."""
        self._session.execute(delete(m.Outbox).where(m.Outbox.lane == lane))

    def _waiting(self, lane: int) -> list[m.Outbox]:
        """In order; first of all the table's room is made in which everything else is said. A
        side room is made only when the former one of its case is gone; in it whoever is refused
        something is told so before a poll that waits for others."""
        query = select(m.Outbox).where(m.Outbox.lane == lane, m.Outbox.event.is_(None))
        later = m.Outbox.act != Act.CREATE if lane >= TABLE_LANE else m.Outbox.kind != "refused"
        return list(self._session.scalars(query.order_by(later, m.Outbox.id)))

    def open_row(self, row: m.Outbox) -> Outgoing:
        """A row, unsealed."""
        facts = unpack(json.loads(self._seal.open(row.facts, "outbox/facts")))
        assert isinstance(facts, dict)
        return Outgoing(
            id=row.id,
            lane=row.lane,
            act=Act(row.act),
            kind=row.kind,
            facts=facts,
            token=Token(row.token),
            reply_to=self._event(row.reply_to, "outbox/reply_to"),
            thread=self._event(row.thread, "outbox/thread"),
            slot=row.slot,
            tried_at=row.tried_at,
            attempts=row.attempts,
            not_before=row.not_before,
        )

    def _close(self, event: EventId | None, context: str) -> bytes | None:
        return None if event is None else self._seal.close(event.encode(), context)

    def _event(self, sealed: bytes | None, context: str) -> EventId | None:
        return None if sealed is None else EventId(self._seal.open(sealed, context).decode())


def _accounts(fact: Fact) -> Iterator[Account]:
    """All that a fact names."""
    if isinstance(fact, Account):
        yield fact
    inside = fact.values() if isinstance(fact, Mapping) else fact if isinstance(fact, tuple) else ()
    for one in inside:
        yield from _accounts(one)


def _stale(waiting: Sequence[m.Outbox]) -> int:
    """How many of the oldest rows are states of a live message that has a newer one."""
    for at, row in enumerate(waiting):
        newer = {one.slot for one in waiting[at + 1 :] if one.slot}
        if row.tried_at is not None or row.slot not in newer:
            return at
    return len(waiting)
