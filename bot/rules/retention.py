"""The retention clock: one year after the last confirmed discussion (R12, R13, R14)."""

from datetime import date


def expires(discussed_on: date) -> date:
    """The last day a case may be kept; 29 February counts to 28 February, the shorter reading.

    `discussed_on` is the date on which the meeting opened (vectors: law/domain.md A.Y).
    """
    try:
        return discussed_on.replace(year=discussed_on.year + 1)
    except ValueError:
        return date(discussed_on.year + 1, 2, 28)
