"""Whose identity counts at the table: seen, compared, replaced (promise 3).

An identity is a Matrix master key. The homeserver hands it out and may lie; so the first one
seen is kept, and another one in its place counts for nothing until people have looked into it.
"""

from enum import StrEnum

from bot.rules.people import Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused


class Proof(StrEnum):
    """How it is known that a pinned identity is the person's."""

    SEEN = "seen"  # the homeserver showed it first
    COMPARED = "compared"  # people compared it: by emoji, or as it stands in the settings


class Standing(StrEnum):
    """What can be said of a member's identity."""

    UNKNOWN = "unknown"  # has never been seen with one
    SEEN = "seen"
    COMPARED = "compared"
    SUSPENDED = "suspended"


class Finding(StrEnum):
    """What the identity that the homeserver shows now means."""

    FIRST = "first"  # to be pinned
    SAME = "same"
    REPLACED = "replaced"  # the person is suspended
    RETURNED = "returned"  # suspended, and the pinned one is shown again
    REPORTED = "reported"  # suspended already, nothing new to tell


def judge(pinned: str | None, offered: str | None, shown: str) -> Finding:
    """`offered`: what was shown in place of the pinned one when the person was suspended. It
    stays what it was while people look into it, so that they confirm what they were told of; but
    when the pinned one is shown again, confirming brings that one back."""
    if pinned is None:
        return Finding.FIRST
    if offered is None:
        return Finding.SAME if shown == pinned else Finding.REPLACED
    return Finding.RETURNED if shown == pinned != offered else Finding.REPORTED


def standing(pinned: str | None, offered: str | None, proof: Proof | None) -> Standing:
    """How a member stands, in one word."""
    if offered is not None:
        return Standing.SUSPENDED
    return Standing.UNKNOWN if pinned is None or proof is None else Standing(proof.value)


def heard(pinned: str | None, offered: str | None, speaking: str) -> bool:
    """Whether somebody who speaks under an identity is the person at the table."""
    return pinned is not None and offered is None and speaking == pinned


def confirm(by: Role, whose: Role, *, same_person: bool, offered: str | None) -> str:
    """The identity that counts from now on. Coordinator and mayor's seat look into everybody's,
    but the coordinator's is for the mayor's seat, and the reverse."""
    if same_person or seat_of(whose) in {Seat.MAYOR, Seat.COORDINATOR} & {seat_of(by)}:
        raise Refused(Reason.NOT_YOURS_TO_CONFIRM)
    if offered is None:
        raise Refused(Reason.NOTHING_TO_CONFIRM)
    return offered


def proof_of_word(by: Proof | None) -> Proof:
    """How well an identity is known that a colleague confirmed: as well as theirs is. Whoever a
    homeserver made up at first sight cannot vouch for others."""
    return Proof.COMPARED if by is Proof.COMPARED else Proof.SEEN


def require_compared(*stewards: Proof | None) -> None:
    """Before the first case people must have compared the identities of mayor and coordinator,
    who decide who sits at the table; there is nothing to compare of whoever has none (None)."""
    if Proof.SEEN in stewards:
        raise Refused(Reason.NOT_COMPARED)
