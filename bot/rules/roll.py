"""The roll call: which mandatory seats are filled."""

from collections.abc import Iterable

from bot.rules.people import Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused


def seats_missing(present: Iterable[Role]) -> tuple[Seat, ...]:
    """The mandatory seats nobody present fills, in the law's order (C01, H04)."""
    filled = {seat_of(role) for role in present}
    return tuple(seat for seat in Seat if seat not in filled)


def require_quorum(present: Iterable[Role]) -> None:
    """Case work needs all three mandatory seats (C01, H04)."""
    if missing := seats_missing(present):
        raise Refused(Reason.SEATS_MISSING, seats=missing)
