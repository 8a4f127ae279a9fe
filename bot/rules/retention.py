"""The retention clock: one year after the last confirmed discussion (R12, R13, R14)."""

from datetime import date

from bot.rules.refusal import Reason, Refused


def expires(discussed_on: date) -> date:
    """The last day a case may be kept; 29 February counts to 28 February, the shorter reading.

    `discussed_on` is the date on which the meeting opened (vectors: law/domain.md A.Y).
    """
    try:
        return discussed_on.replace(year=discussed_on.year + 1)
    except ValueError:
        return date(discussed_on.year + 1, 2, 28)


def expired(last_day: date | None, today: date) -> bool:
    """Whether a case is past the last day it may be kept; nothing revives it (R12, R13, R21)."""
    return last_day is not None and today > last_day


def require_kept(last_day: date | None, today: date) -> None:
    """What has expired is nobody's any more: brought again, it gets a new reference (R14, A.Y)."""
    if expired(last_day, today):
        raise Refused(Reason.EXPIRED)
