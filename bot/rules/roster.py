"""Rosters: who takes part in one case (C15, F01, DESIGN "Running cases")."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot.rules.facts import Account
from bot.rules.people import Organisation, Role, seat_of
from bot.rules.refusal import Reason, Refused
from bot.rules.roll import seats_missing

Function = tuple[Role, Organisation]


class Standing(StrEnum):
    """How somebody stands to the roster of a case in one meeting."""

    ON = "on"
    AWAY = "away"  # was on it, and left before the first poll
    GONE = "gone"  # was on it, and left after that
    LEFT_OUT = "left_out"  # by the chair, or stepped aside


Standings = Mapping[Account, Standing]
Present = Mapping[Account, Role]


def missing(standings: Standings, present: Present) -> tuple[Account, ...]:
    """Who is at the table and should be on the roster: everybody who was not left out, and of
    those who come for one case only whoever was on it before (C15, F01, I08)."""
    return tuple(who for who, role in present.items() if _belongs(standings.get(who), role))


def _belongs(standing: Standing | None, role: Role) -> bool:
    return standing is Standing.AWAY or (standing is None and role is not Role.AD_HOC)


def voters(standings: Standings, present: Present) -> dict[Account, bool]:
    """Everybody whose agreement consensus takes, and whether they can still give it: all who were
    on the roster when or after it was polled, and who should be on it (F01)."""
    ever = (Standing.ON, Standing.GONE)
    rostered = {who: one is Standing.ON for who, one in standings.items() if one in ever}
    return rostered | dict.fromkeys(missing(standings, present), True)


def require_whole(standings: Standings, present: Present) -> None:
    """Nothing is asked unless the three seats and everybody at the table who was not left out are
    on the roster, and nobody has left it (C01, H04, F01, F33, Q03, D02)."""
    if Standing.GONE in standings.values():
        raise Refused(Reason.ROSTER_BROKEN)
    if absent := missing(standings, present):
        raise Refused(Reason.ROSTER_INCOMPLETE, members=absent)
    on = (role for who, role in present.items() if standings.get(who) is Standing.ON)
    if seats := seats_missing(on):
        raise Refused(Reason.SEAT_OFF_ROSTER, seats=seats)


def leave_out(role: Role, *, polled: bool) -> None:
    """People may be left out only before the first poll of that case; a mandatory seat never
    (C01, C15, F01)."""
    if polled:
        raise Refused(Reason.ROSTER_FROZEN)
    if seat_of(role) is not None:
        raise Refused(Reason.SEAT_STAYS)


def require_partaking(standing: Standing | None, *, present: bool, aside: bool) -> None:
    """Whoever is left out of a case gets no part in it. Who is absent may get one, unless the case
    has a room of its own, of which nobody outside is told (S12, S13, C16)."""
    if standing is Standing.ON or (standing is Standing.GONE and not aside):
        return
    if present or aside or standing is Standing.LEFT_OUT:
        raise Refused(Reason.TAKES_NO_PART)


def speaking_order(roster: Iterable[Function], first: Function | None) -> tuple[Function, ...]:
    """Each function once: whose case it is, then the others, the mandatory seats last (Q07)."""
    last = sorted(roster, key=lambda function: seat_of(function[0]) is not None)
    return tuple(dict.fromkeys(last if first is None else [first, *last]))
