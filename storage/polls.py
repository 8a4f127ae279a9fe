"""Fiches, polls, ballots, and the traces that are redacted at the close."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from bot.rules import consensus
from bot.rules.consensus import Answer
from bot.rules.facts import Account, EventId
from bot.rules.fiche import FICHE_ENDED, FicheState, Section
from storage import models as m
from storage.seal import Seal
from storage.types import TokenType

_WORDS, _BALLOT = "event", "ballot"  # what the index of a trace is for


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

    def said_in(self, poll: m.Poll) -> int:
        """The lane of its words: that of the first version that has them, whose message it is."""
        source, query = (
            self.source(poll),
            select(m.Poll).where(
                m.Poll.meeting_id == poll.meeting_id, m.Poll.number == poll.number
            ),
        )
        versions = self._session.scalars(query.order_by(m.Poll.version)).all()
        return next(one.lane for one in versions if self.source(one) == source)

    def digest(self, text: str) -> bytes:
        """A keyed digest of the words of an item."""
        return hmac.new(self._seal.derive("item"), text.encode(), hashlib.sha256).digest()

    def by_answer(self, answer_id: str) -> tuple[m.Poll, Answer] | None:
        """The poll an answer id belongs to; ids are unique, so a ballot cannot be moved."""
        if not TokenType.form.fullmatch(answer_id):
            return None  # nobody gave that out
        either = or_(m.Poll.agree_id == answer_id, m.Poll.object_id == answer_id)
        poll = self._session.scalar(select(m.Poll).where(either))
        if poll is None:
            return None
        return poll, Answer.AGREE if poll.agree_id == answer_id else Answer.OBJECT

    def by_secret(self, answer_id: str) -> m.Poll | None:
        """The poll in which this answer says that the words hold a secret."""
        if not TokenType.form.fullmatch(answer_id):
            return None
        return self._session.scalar(select(m.Poll).where(m.Poll.secret_id == answer_id))

    def called_secret(self, meeting: m.Meeting, case_id: int, digest: bytes) -> bool:
        """Whether somebody said in this meeting that these words of a case hold a secret (F05)."""
        query = select(m.Poll.id).where(
            m.Poll.meeting_id == meeting.id,
            m.Poll.case_id == case_id,
            m.Poll.digest == digest,
            m.Poll.secret,
        )
        return self._session.scalar(query.limit(1)) is not None

    def same_words(self, poll: m.Poll) -> Sequence[m.Poll]:
        """This poll and every other in its meeting on the same words of its case."""
        query = select(m.Poll).where(
            m.Poll.meeting_id == poll.meeting_id,
            m.Poll.case_id == poll.case_id,
            m.Poll.digest == poll.digest,
        )
        return self._session.scalars(query.order_by(m.Poll.id)).all()

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
        """Those that are asked and not settled; an item that waits to be attested is not asked."""
        query = select(m.Poll).where(
            m.Poll.meeting_id == meeting.id, m.Poll.outcome.is_(None), ~m.Poll.waiting
        )
        return self._session.scalars(query.order_by(m.Poll.id)).all()

    def asked(self, meeting_id: int, case_id: int, lane: int) -> Sequence[m.Poll]:
        """The open polls of a case in a room, without those that nobody is asked yet."""
        query = select(m.Poll).where(
            m.Poll.meeting_id == meeting_id,
            m.Poll.case_id == case_id,
            m.Poll.lane == lane,
            m.Poll.outcome.is_(None),
            ~m.Poll.waiting,
        )
        return self._session.scalars(query.order_by(m.Poll.id)).all()

    def all_of(self, meeting: m.Meeting) -> Sequence[m.Poll]:
        query = select(m.Poll).where(m.Poll.meeting_id == meeting.id)
        return self._session.scalars(query.order_by(m.Poll.id)).all()

    def newest_items(self, meeting: m.Meeting, case: m.Case | int) -> list[m.Poll]:
        """The last version of each item of a case's form, in the order of the form."""
        case_id = case if isinstance(case, int) else case.id
        query = select(m.Poll).where(
            m.Poll.meeting_id == meeting.id, m.Poll.case_id == case_id, m.Poll.section.is_not(None)
        )
        rows = self._session.scalars(query.order_by(m.Poll.number, m.Poll.version))
        newest = {row.number: row for row in rows}.values()
        order = list(Section)
        return sorted(newest, key=lambda row: (order.index(Section(str(row.section))), row.number))

    def last_about(self, meeting: m.Meeting, case: m.Case | int, subject: str) -> m.Poll | None:
        """The last poll of a case on a subject."""
        case_id = case if isinstance(case, int) else case.id
        query = select(m.Poll).where(
            m.Poll.meeting_id == meeting.id, m.Poll.case_id == case_id, m.Poll.subject == subject
        )
        return self._session.scalar(query.order_by(m.Poll.id.desc()))

    def digest_of_all(self, items: Sequence[m.Poll]) -> bytes:
        """A keyed digest of a form: its items, in order, with section, sign, phase and words."""
        whole = hmac.new(self._seal.derive("form"), digestmod=hashlib.sha256)
        for row in items:
            words = f"{row.number} {row.version} {row.section} {row.sign} {row.phase} "
            whole.update(words.encode() + (row.digest or b""))
        return whole.digest()

    def next_number(self, meeting: m.Meeting) -> int:
        """Numbers run through a meeting; one of a forgotten case is not given again."""
        meeting.polls += 1
        self._session.flush()
        return meeting.polls

    def ballots(self, poll: m.Poll) -> Mapping[Account, Answer]:
        rows = self._session.scalars(select(m.Ballot).where(m.Ballot.poll_id == poll.id))
        return {Account(row.account_id): Answer(row.answer) for row in rows}

    def record(self, poll: m.Poll, account: int, answer: Answer, mark: int = 0) -> None:
        """`mark`: of the newest doubt that it names."""
        row = self._session.get(m.Ballot, (poll.id, account))
        if row is None:
            row = m.Ballot(poll_id=poll.id, account_id=account, mark=0)
            self._session.add(row)
        row.answer, row.mark = answer, max(row.mark, mark)
        self._session.flush()

    def said_yes(self, poll: m.Poll, account: int, event: EventId) -> None:
        """Remember by which event, so that its deletion is noticed."""
        blind = self._seal.index(event, "event")
        if self._session.get(m.Yes, (poll.id, blind)) is None:
            self._session.add(m.Yes(poll_id=poll.id, blind=blind, account_id=account))
            self._session.flush()

    def who_said_yes(self, event: str) -> Account | None:
        """By that event, in any poll."""
        blind = self._seal.index(event, "event")
        found = self._session.scalar(select(m.Yes.account_id).where(m.Yes.blind == blind).limit(1))
        return None if found is None else Account(found)

    def unsay_yes(self, event: str, account: int) -> list[m.Poll]:
        """The polls in which an event of somebody said yes; it is not looked for again."""
        blind = self._seal.index(event, "event")
        query = select(m.Yes).where(m.Yes.blind == blind, m.Yes.account_id == account)
        rows = self._session.scalars(query).all()
        polls = [self._session.get_one(m.Poll, row.poll_id) for row in rows]
        for row in rows:
            self._session.delete(row)
        self._session.flush()
        return polls

    def forget_answers(self, poll: m.Poll) -> None:
        """Who had answered and who had not would tell who called it secret (F05)."""
        for of_poll in (m.Ballot, m.Yes, m.Doubt):
            self._session.execute(delete(of_poll).where(of_poll.poll_id == poll.id))
        self._session.flush()

    def doubt(self, poll: m.Poll, account: int, event: str, *, read: bool) -> bool:
        """Somebody may have objected: by an event of theirs that could not be read, or that was
        `read` and does not say it clearly, and then gets a mark. Whether it is new."""
        blind = self._seal.index(event, "event")
        row = self._session.get(m.Doubt, (poll.id, blind))
        if row is not None and (row.mark or not read):
            return False
        if row is None:
            row = m.Doubt(poll_id=poll.id, event=blind, account_id=account)
            self._session.add(row)
        row.mark = self.last_mark(poll, account) + 1 if read else 0
        self._session.flush()
        return True

    def last_mark(self, poll: m.Poll, account: int) -> int:
        """Of the newest doubt of somebody in a poll, ended or not; 0 if there was none."""
        query = select(func.max(m.Doubt.mark)).where(
            m.Doubt.poll_id == poll.id, m.Doubt.account_id == account
        )
        return self._session.scalar(query) or 0

    def named_mark(self, poll: m.Poll, account: int) -> int:
        """The newest doubt that somebody's yes has named."""
        row = self._session.get(m.Ballot, (poll.id, account))
        return 0 if row is None else row.mark

    def doubted(self, poll: m.Poll) -> frozenset[Account]:
        """Whose answer in a poll is in doubt."""
        rows = self._session.scalars(select(m.Doubt).where(m.Doubt.poll_id == poll.id))
        doubts = [(Account(row.account_id), row.mark) for row in rows]
        ballots = self._session.scalars(select(m.Ballot).where(m.Ballot.poll_id == poll.id))
        named = {Account(row.account_id): row.mark for row in ballots}
        return consensus.in_doubt(doubts, named, self.ballots(poll))

    def read(self, event: str, account: int) -> list[m.Poll]:
        """An event of somebody has been read after all; the polls that it had cast doubt on by
        that alone."""
        blind = self._seal.index(event, "event")
        query = select(m.Doubt).where(
            m.Doubt.event == blind, m.Doubt.account_id == account, m.Doubt.mark == 0
        )
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

    def trace(self, meeting: m.Meeting, event: EventId, lane: int, *, ballot: bool = False) -> None:
        """Remember, once, that an event must not outlive the meeting. A ballot is known from
        words by its blind index."""
        blind = self._seal.index(event, _BALLOT if ballot else _WORDS)
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

    def traces(self, meeting: m.Meeting, *, ballots: bool) -> list[tuple[int, EventId]]:
        """What may hold words, or the ballots; oldest first, each with its lane."""
        query = select(m.Trace).where(m.Trace.meeting_id == meeting.id).order_by(m.Trace.id)
        opened = [
            (row, EventId(self._seal.open(row.event, "trace/event").decode()))
            for row in self._session.scalars(query)
        ]
        purpose = _BALLOT if ballots else _WORDS
        return [
            (row.lane, event)
            for row, event in opened
            if row.blind == self._seal.index(event, purpose)
        ]
