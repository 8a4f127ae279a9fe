"""Fiches, polls, ballots, and the traces that are redacted at the close."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from bot.rules.consensus import Answer
from bot.rules.facts import Account, EventId
from bot.rules.fiche import FICHE_ENDED, FicheState
from storage import models as m
from storage.seal import Seal


class Polls:
    def __init__(self, session: Session, seal: Seal) -> None:
        self._session = session
        self._seal = seal

    def add(self, poll: m.Poll, source: EventId | None = None) -> m.Poll:
        if source is not None:
            poll.source = self._seal.close(source.encode(), "poll/source")
        self._session.add(poll)
        self._session.flush()
        return poll

    def find(self, poll_id: int) -> m.Poll | None:
        return self._session.get(m.Poll, poll_id)

    def source(self, poll: m.Poll) -> EventId | None:
        if poll.source is None:
            return None
        return EventId(self._seal.open(poll.source, "poll/source").decode())

    def digest(self, text: str) -> bytes:
        """A keyed digest of the words of an item."""
        return hmac.new(self._seal.derive("item"), text.encode(), hashlib.sha256).digest()

    def by_answer(self, answer_id: str) -> tuple[m.Poll, Answer] | None:
        """The poll an answer id belongs to; ids are unique, so a ballot cannot be moved."""
        either = or_(m.Poll.agree_id == answer_id, m.Poll.object_id == answer_id)
        poll = self._session.scalar(select(m.Poll).where(either))
        if poll is None:
            return None
        return poll, Answer.AGREE if poll.agree_id == answer_id else Answer.OBJECT

    def newest(self, meeting: m.Meeting, number: int) -> m.Poll | None:
        """The last version of poll N of a meeting."""
        query = select(m.Poll).where(m.Poll.meeting_id == meeting.id, m.Poll.number == number)
        return self._session.scalar(query.order_by(m.Poll.version.desc()))

    def version(self, meeting: m.Meeting, number: int, version: int) -> m.Poll | None:
        query = select(m.Poll).where(
            m.Poll.meeting_id == meeting.id, m.Poll.number == number, m.Poll.version == version
        )
        return self._session.scalar(query)

    def of_case(self, meeting: m.Meeting, case: m.Case) -> Sequence[m.Poll]:
        query = select(m.Poll).where(m.Poll.meeting_id == meeting.id, m.Poll.case_id == case.id)
        return self._session.scalars(query.order_by(m.Poll.number, m.Poll.version)).all()

    def open_ones(self, meeting: m.Meeting) -> Sequence[m.Poll]:
        query = select(m.Poll).where(m.Poll.meeting_id == meeting.id, m.Poll.outcome.is_(None))
        return self._session.scalars(query.order_by(m.Poll.id)).all()

    def all_of(self, meeting: m.Meeting) -> Sequence[m.Poll]:
        query = select(m.Poll).where(m.Poll.meeting_id == meeting.id)
        return self._session.scalars(query.order_by(m.Poll.id)).all()

    def next_number(self, meeting: m.Meeting) -> int:
        """Numbers run through a meeting; one of a forgotten case is not given again."""
        meeting.polls += 1
        self._session.flush()
        return meeting.polls

    def ballots(self, poll: m.Poll) -> Mapping[Account, Answer]:
        rows = self._session.scalars(select(m.Ballot).where(m.Ballot.poll_id == poll.id))
        return {Account(row.account_id): Answer(row.answer) for row in rows}

    def record(self, poll: m.Poll, account: int, answer: Answer) -> None:
        row = self._session.get(m.Ballot, (poll.id, account))
        if row is None:
            row = m.Ballot(poll_id=poll.id, account_id=account)
            self._session.add(row)
        row.answer = answer
        self._session.flush()

    def doubt(self, poll: m.Poll, account: int, event: str) -> bool:
        """Somebody may have objected: an event of theirs could not be read. Whether it is new."""
        blind = self._seal.index(event, "event")
        if self._session.get(m.Doubt, (poll.id, blind)) is not None:
            return False
        self._session.add(m.Doubt(poll_id=poll.id, event=blind, account_id=account))
        self._session.flush()
        return True

    def doubted(self, poll: m.Poll) -> frozenset[Account]:
        """Who said something during a poll that could not be read."""
        rows = self._session.scalars(select(m.Doubt).where(m.Doubt.poll_id == poll.id))
        return frozenset(Account(row.account_id) for row in rows)

    def read(self, event: str, account: int) -> list[m.Poll]:
        """An event of somebody has been read after all; the polls it had cast doubt on."""
        blind = self._seal.index(event, "event")
        query = select(m.Doubt).where(m.Doubt.event == blind, m.Doubt.account_id == account)
        rows = self._session.scalars(query).all()
        polls = [self._session.get_one(m.Poll, row.poll_id) for row in rows]
        for row in rows:
            self._session.delete(row)
        self._session.flush()
        return polls

    def fiche(self, meeting: m.Meeting) -> m.Fiche | None:
        """The fiche that the table is at now."""
        ended = m.Fiche.state.in_(FICHE_ENDED)
        query = select(m.Fiche).where(m.Fiche.meeting_id == meeting.id, ~ended)
        return self._session.scalar(query)

    def fiche_of(self, meeting: m.Meeting, case: m.Case | int) -> m.Fiche | None:
        """The fiche of a case in a meeting, whatever became of it."""
        case_id = case if isinstance(case, int) else case.id
        return self._session.get(m.Fiche, (meeting.id, case_id))

    def begin_fiche(
        self, meeting: m.Meeting, case: m.Case, direction: str, state: FicheState
    ) -> m.Fiche:
        row = self.fiche_of(meeting, case)
        if row is None:
            row = m.Fiche(meeting_id=meeting.id, case_id=case.id)
            self._session.add(row)
        row.direction, row.state = direction, state
        self._session.flush()
        return row

    def trace(self, meeting: m.Meeting, event: EventId, lane: int) -> None:
        """Remember, once, that an event must not outlive the meeting."""
        blind = self._seal.index(event, "event")
        if self._session.scalar(select(m.Trace).where(m.Trace.blind == blind)) is None:
            sealed = self._seal.close(event.encode(), "trace/event")
            self._session.add(m.Trace(meeting_id=meeting.id, lane=lane, blind=blind, event=sealed))
            self._session.flush()

    def in_lane(self, meeting: m.Meeting, lane: int) -> Sequence[m.Poll]:
        """The polls that were held in a room."""
        query = select(m.Poll).where(m.Poll.meeting_id == meeting.id, m.Poll.lane == lane)
        return self._session.scalars(query.order_by(m.Poll.id)).all()

    def drop_traces(self, meeting: m.Meeting, lane: int) -> None:
        """What is redacted needs no remembering."""
        of_lane = delete(m.Trace).where(m.Trace.meeting_id == meeting.id, m.Trace.lane == lane)
        self._session.execute(of_lane)

    def traces(self, meeting: m.Meeting) -> list[tuple[int, EventId]]:
        """Oldest first, each with its lane."""
        query = select(m.Trace).where(m.Trace.meeting_id == meeting.id).order_by(m.Trace.id)
        rows = self._session.scalars(query)
        return [
            (row.lane, EventId(self._seal.open(row.event, "trace/event").decode())) for row in rows
        ]
