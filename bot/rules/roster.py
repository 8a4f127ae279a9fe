"""Rosters: who takes part in one case (C15, F01, DESIGN "Running cases")."""

from collections.abc import Iterable

from bot.rules.people import Organisation, Role, seat_of
from bot.rules.refusal import Reason, Refused

Function = tuple[Role, Organisation]


def leave_out(role: Role, *, polled: bool) -> None:
    """People may be left out only before the first poll of that case; a mandatory seat never
    (C01, C15, F01)."""
    if polled:
        raise Refused(Reason.ROSTER_FROZEN)
    if seat_of(role) is not None:
        raise Refused(Reason.SEAT_STAYS)


def speaking_order(roster: Iterable[Function], first: Function | None) -> tuple[Function, ...]:
    """Each function once: whose case it is, then the others, the mandatory seats last (Q07)."""
    last = sorted(roster, key=lambda function: seat_of(function[0]) is not None)
    return tuple(dict.fromkeys(last if first is None else [first, *last]))
