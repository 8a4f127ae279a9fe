"""The order of a meeting: last actions, running cases, new notifications (M01, M02)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from bot.rules.refusal import Reason, Refused

Action = TypeVar("Action")
Case = TypeVar("Case")

SETTLING = timedelta(seconds=60)


class MeetingState(StrEnum):
    PLANNED = "planned"
    ROLL_CALL = "roll_call"
    IN_SESSION = "in_session"
    CLOSED = "closed"


class Step(StrEnum):
    ACTIONS = "actions"
    CASES = "cases"
    NOTIFICATIONS = "notifications"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Agenda(Generic[Action, Case]):
    """What is still to come, in the order in which it will be taken up."""

    actions: Sequence[Action]
    cases: Sequence[Case]
    notifications: Sequence[Case]

    def next_step(self) -> Step:
        """New cases wait until the last meeting's actions are through (M01, M02)."""
        if self.actions:
            return Step.ACTIONS
        if self.cases:
            return Step.CASES
        return Step.NOTIFICATIONS if self.notifications else Step.CLOSING


def move_on(moved_at: datetime | None, by_same: bool, now: datetime) -> None:
    """Two people saying "next" within a minute move the meeting once."""
    if moved_at is not None and not by_same and now - moved_at < SETTLING:
        raise Refused(Reason.ALREADY_MOVED)
