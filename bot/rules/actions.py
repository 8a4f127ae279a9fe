"""The action catalogue: an action is an owner, a code and a date, never words (Q13, S12)."""

from datetime import date
from enum import StrEnum

from bot.rules.refusal import Reason, Refused


class ActionCode(StrEnum):
    CONTACT_PERSON = "contact_person"
    CONTACT_FAMILY = "contact_family"
    CONTACT_SCHOOL = "contact_school"
    REFER_WELFARE = "refer_welfare"
    REFER_MENTAL_HEALTH = "refer_mental_health"
    REFER_EMPLOYMENT = "refer_employment"
    REFER_HOUSING = "refer_housing"
    REFER_DISENGAGEMENT = "refer_disengagement"
    GATHER_INFORMATION = "gather_information"
    COORDINATE_SERVICES = "coordinate_services"
    CONSULT_OFFICER = "consult_officer"
    OTHER = "other"


class ActionState(StrEnum):
    OPEN = "open"
    DONE = "done"
    IMPOSSIBLE = "impossible"


def due(day: date, today: date) -> date:
    """A date to act by; today is still possible, the past is not (Q13)."""
    if day < today:
        raise Refused(Reason.DATE_PAST)
    return day
