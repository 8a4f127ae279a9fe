"""What the table has been told is the matter with its room: codes and moments only."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.rules.room import Fault
from storage import models as m


class Knowledge(StrEnum):
    """What the table knows of a fault."""

    UNTOLD = "untold"  # being mended; it is told what came of it
    TOLD = "told"
    GONE = "gone"  # as it was told last; kept a while, so that it is not told over and over


class Faults:
    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> Mapping[Fault, m.RoomFault]:
        rows = self._session.scalars(select(m.RoomFault))
        return {Fault(row.code): row for row in rows}

    def set(self, fault: Fault, knowledge: Knowledge, count: int, at: datetime | None) -> None:
        """`at`: when the table was told last, None to leave it."""
        row = self._session.get(m.RoomFault, fault.value)
        if row is None:
            row = m.RoomFault(code=fault.value)
            self._session.add(row)
        row.knowledge, row.count = knowledge, count
        row.told_at = row.told_at if at is None else at
        self._session.flush()

    def forget(self, fault: Fault) -> None:
        self._session.execute(delete(m.RoomFault).where(m.RoomFault.code == fault.value))

    def forget_all(self) -> None:
        """The table has another room, or none."""
        self._session.execute(delete(m.RoomFault))
