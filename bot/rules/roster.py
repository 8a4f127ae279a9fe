"""Rosters: who takes part in one case (C15, F01, DESIGN "Running cases")."""

from bot.rules.people import Role, seat_of
from bot.rules.refusal import Reason, Refused


def leave_out(role: Role, *, polled: bool) -> None:
    """People may be left out only before the first poll of that case; a mandatory seat never
    (C01, C15, F01)."""
    if polled:
        raise Refused(Reason.ROSTER_FROZEN)
    if seat_of(role) is not None:
        raise Refused(Reason.SEAT_STAYS)
