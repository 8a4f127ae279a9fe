"""Who is still to be asked into a room or removed from it: rows of the outbox that nobody but the
person they are about waits for."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.rules.facts import Account
from storage import models as m
from storage.outbox import MEMBERSHIP, Act, Outbox, Outgoing


class Memberships:
    def __init__(self, session: Session, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox

    def waiting(self) -> set[tuple[int, Account]]:
        """In which lanes something of the kind waits, and about whom."""
        return {(row.lane, self._about(row)) for row in self._rows(None, None)}

    def last(self, lane: int, member: Account) -> Outgoing | None:
        """What is to be done last about somebody in a lane; what was to be done before it is not
        done any more."""
        rows = self._rows(member, lane)
        for row in rows[:-1]:
            self._session.delete(row)
        self._session.flush()
        return self._outbox.open_row(rows[-1]) if rows else None

    def drop(self, member: Account | None = None, *, lane: int | None = None) -> None:
        """Somebody is asked in or removed no more, or nobody in a lane."""
        for row in self._rows(member, lane):
            self._session.delete(row)
        self._session.flush()

    def leaving(self, lane: int) -> bool:
        """Whether somebody is to be removed, and nothing has come in between yet."""
        rows = self._rows(None, lane)
        return any(row.act == Act.REMOVE and row.attempts == 0 for row in rows)

    def _rows(self, member: Account | None, lane: int | None) -> list[m.Outbox]:
        query = select(m.Outbox).where(m.Outbox.act.in_(MEMBERSHIP)).order_by(m.Outbox.id)
        if lane is not None:
            query = query.where(m.Outbox.lane == lane)
        rows = self._session.scalars(query)
        return [row for row in rows if member is None or self._about(row) == member]

    def _about(self, row: m.Outbox) -> Account:
        member = self._outbox.open_row(row).facts["member"]
        assert isinstance(member, Account)
        return member
