"""One transaction: everything a command writes, or nothing of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from storage import models as m
from storage.cases import Cases
from storage.faults import Faults
from storage.meetings import Meetings
from storage.memberships import Memberships
from storage.outbox import Outbox
from storage.people import People
from storage.polls import Polls
from storage.seal import Seal, WrongMasterKey

_CHECK = b"tafelbot"


class Tx:
    """Rows in and out; opened by `transaction` and never kept."""

    def __init__(self, session: Session, seal: Seal) -> None:
        self.session = session
        self._seal = seal
        self.people = People(session, seal)
        self.meetings = Meetings(session)
        self.cases = Cases(session)
        self.faults = Faults(session)
        self.polls = Polls(session, seal)
        self.outbox = Outbox(session, seal)
        self.memberships = Memberships(session, self.outbox)

    def first_time(self, event: str, line: int, today: date) -> bool:
        """Whether a line of an event has not been acted upon, and mark that it is now."""
        digest = self._seal.index(event, "event")
        if self.session.get(m.Seen, (digest, line)):
            return False
        self.session.add(m.Seen(event=digest, line=line, on=today))
        self.session.flush()
        return True

    def seen(self, event: str) -> bool:
        """Whether any line of an event has been acted upon."""
        digest = self._seal.index(event, "event")
        return self.session.scalar(select(m.Seen).where(m.Seen.event == digest)) is not None

    def sync_point(self) -> tuple[str, datetime] | None:
        row = self.session.get(m.SyncPoint, 1)
        return (self._seal.open(row.token, "sync_point/token").decode(), row.at) if row else None

    def set_sync_point(self, token: str, at: datetime) -> None:
        row = self.session.get(m.SyncPoint, 1)
        if row is None:
            row = m.SyncPoint(id=1)
            self.session.add(row)
        row.token, row.at = self._seal.close(token.encode(), "sync_point/token"), at
        self.session.flush()

    def add_unread(self, room: m.Room, account: int, event: str, now: datetime) -> None:
        """Remember an event that cannot be read yet."""
        blind = self._seal.index(event, "event")
        if self.session.scalar(select(m.Unread).where(m.Unread.blind == blind)) is None:
            sealed = self._seal.close(event.encode(), "unread/event")
            row = m.Unread(
                room_id=room.id, account_id=account, event=sealed, blind=blind, since=now
            )
            self.session.add(row)
            self.session.flush()

    def unread(self) -> list[tuple[m.Unread, str, str]]:
        """Each with its room id and event id, oldest first."""
        rows = self.session.execute(
            select(m.Unread, m.Room).join(m.Room).order_by(m.Unread.id)
        ).all()
        return [
            (row, self.people.room_id(room), self._seal.open(row.event, "unread/event").decode())
            for row, room in rows
        ]

    def drop_unread(self, row_id: int) -> None:
        if row := self.session.get(m.Unread, row_id):
            self.session.delete(row)
            self.session.flush()

    def check_master_key(self) -> None:
        """`WrongMasterKey` unless this store was sealed with our key; seals a new store."""
        row = self.session.get(m.Keyring, 1)
        if row is None:
            self.session.add(m.Keyring(id=1, check=self._seal.close(_CHECK, "keyring/check")))
        elif self._seal.open(row.check, "keyring/check") != _CHECK:
            raise WrongMasterKey("keyring/check")


@contextmanager
def transaction(engine: Engine, seal: Seal) -> Iterator[Tx]:
    """Commits at the end; an exception rolls everything back."""
    with Session(engine) as session, session.begin():
        yield Tx(session, seal)
