"""Who sits at the operational table, and what each may do."""

from enum import StrEnum

from bot.rules.refusal import Reason, Refused


class Role(StrEnum):
    MAYOR = "mayor"
    MAYOR_DELEGATE = "mayor_delegate"
    INFORMATION_OFFICER = "information_officer"
    COORDINATOR = "coordinator"
    PARTNER = "partner"
    AD_HOC = "ad_hoc"


class Seat(StrEnum):
    """The three mandatory seats (C01)."""

    MAYOR = "mayor"
    INFORMATION_OFFICER = "information_officer"
    COORDINATOR = "coordinator"


class Organisation(StrEnum):
    MUNICIPALITY = "municipality"
    LOCAL_POLICE = "local_police"
    SOCIAL_WELFARE = "social_welfare"
    GENERAL_WELFARE = "general_welfare"
    PUPIL_GUIDANCE = "pupil_guidance"
    SCHOOL = "school"
    MENTAL_HEALTH = "mental_health"
    HEALTH = "health"
    YOUTH_CARE = "youth_care"
    YOUTH_WORK = "youth_work"
    EMPLOYMENT = "employment"
    HOUSING = "housing"
    INTEGRATION = "integration"
    JUSTICE_HOUSE = "justice_house"
    SPORT = "sport"
    STREET_WORK = "street_work"
    OTHER_SERVICE = "other_service"


class Excluded(StrEnum):
    """Services the law keeps away from the table; they exist only to be refused (C03)."""

    THREAT_ANALYSIS = "threat_analysis"
    STATE_SECURITY = "state_security"
    MILITARY_INTELLIGENCE = "military_intelligence"
    PUBLIC_PROSECUTION = "public_prosecution"
    FEDERAL_POLICE = "federal_police"
    OTHER_POLICE = "other_police"


class Right(StrEnum):
    """What a command asks of the person who says it."""

    MEMBER = "member"
    LASTING = "lasting"  # who does not come for one case only
    STEWARD = "steward"  # coordinator or mayor's seat
    CHAIR = "chair"  # the chair, or the coordinator
    MAYOR = "mayor"  # mayor's seat only
    OFFICER = "officer"  # information officer only


_SEAT_OF = {
    Role.MAYOR: Seat.MAYOR,
    Role.MAYOR_DELEGATE: Seat.MAYOR,
    Role.INFORMATION_OFFICER: Seat.INFORMATION_OFFICER,
    Role.COORDINATOR: Seat.COORDINATOR,
}


def seat_of(role: Role) -> Seat | None:
    """The mandatory seat a role fills, if any (C01)."""
    return _SEAT_OF.get(role)


def enrol(role: Role, organisation: Organisation | Excluded) -> None:
    """Refuse excluded services (C03, C07, C08) and police in any other part (C04, H02)."""
    if isinstance(organisation, Excluded):
        raise Refused(Reason.EXCLUDED_SERVICE, organisation=organisation)
    police = organisation is Organisation.LOCAL_POLICE
    if police is not (role is Role.INFORMATION_OFFICER):
        raise Refused(Reason.ROLE_MISMATCH, role=role, organisation=organisation)
    municipal = role in {Role.MAYOR, Role.MAYOR_DELEGATE, Role.COORDINATOR}
    if municipal and organisation is not Organisation.MUNICIPALITY:
        raise Refused(Reason.ROLE_MISMATCH, role=role, organisation=organisation)


def name(role: Role, by: Role) -> None:
    """Only the mayor's seat names who represents the mayor, and admits cases (H01, N12)."""
    if role is Role.MAYOR_DELEGATE and seat_of(by) is not Seat.MAYOR:
        raise Refused(Reason.MAYOR_NAMES)


def chair(role: Role, *, coordinator_chairs: bool) -> None:
    """Only the mayor's seat, or the coordinator under mandate (H01); never police (H02, H03)."""
    if role is Role.INFORMATION_OFFICER:
        raise Refused(Reason.OFFICER_CANNOT_CHAIR)
    if seat_of(role) is Seat.MAYOR or (role is Role.COORDINATOR and coordinator_chairs):
        return
    raise Refused(Reason.CANNOT_CHAIR)


def oversees(role: Role, *, chairs: bool) -> bool:
    """Whether somebody keeps the overview over all cases (H17, R28); others see their own."""
    return chairs or seat_of(role) in {Seat.MAYOR, Seat.COORDINATOR}


def entitled(right: Right, role: Role, *, chairs: bool) -> bool:
    """Whether a member may do what needs `right`; `chairs`: holds the chair now (H05, I01, I08)."""
    seat = seat_of(role)
    match right:
        case Right.MEMBER:
            return True
        case Right.LASTING:
            return role is not Role.AD_HOC
        case Right.STEWARD:
            return seat in {Seat.COORDINATOR, Seat.MAYOR}
        case Right.CHAIR:
            return chairs or seat is Seat.COORDINATOR
        case Right.MAYOR:
            return seat is Seat.MAYOR
        case Right.OFFICER:
            return role is Role.INFORMATION_OFFICER
