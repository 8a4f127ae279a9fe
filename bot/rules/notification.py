"""New notifications: who may bring which, and the questions before a reference (N01-N15)."""

from enum import StrEnum

from bot.rules.people import Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused


class Route(StrEnum):
    MEMBER = "member"
    NON_MEMBER = "non_member"
    LTF = "ltf"
    MUNICIPALITY = "municipality"


class Attestation(StrEnum):
    """The three questions, in order; any "no" ends the notification kindly."""

    INDICATIONS = "indications"  # P03
    WEIGHED = "weighed"  # N05, N07, P11
    TERRITORY = "territory"  # P15


class CaseState(StrEnum):
    NOTIFIED = "notified"
    ADMITTED = "admitted"
    FOLLOWED = "followed"


def bring(route: Route, role: Role) -> None:
    """Members bring their own (N08), the mayor's seat or the coordinator a non-member's (N09), the
    information officer what comes from the task force (N10), the mayor another municipality's
    (N11)."""
    bringer = {
        Route.MEMBER: True,
        Route.NON_MEMBER: seat_of(role) in {Seat.MAYOR, Seat.COORDINATOR},
        Route.LTF: role is Role.INFORMATION_OFFICER,
        Route.MUNICIPALITY: seat_of(role) is Seat.MAYOR,
    }
    if not bringer[route]:
        raise Refused(Reason.ROUTE_NOT_YOURS, route=route)


def question_after(asked: Attestation | None) -> Attestation | None:
    """The next question of the notification, None when all have been answered with yes."""
    order = list(Attestation)
    place = 0 if asked is None else order.index(asked) + 1
    return order[place] if place < len(order) else None


def require_admitted(state: CaseState) -> None:
    """Only what the mayor admitted comes to the table (N12)."""
    if state is CaseState.NOTIFIED:
        raise Refused(Reason.NOT_ADMITTED)
