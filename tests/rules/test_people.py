"""Who may sit where, and do what (C01-C08, H01-H05)."""

import itertools
from collections.abc import Callable

import pytest

from bot.rules.people import (
    Excluded,
    Organisation,
    Right,
    Role,
    Seat,
    chair,
    enrol,
    entitled,
    name,
    oversees,
    seat_of,
)
from bot.rules.refusal import Reason, Refused


def refused(act: Callable[[], None]) -> Reason | None:
    try:
        act()
    except Refused as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize("service", Excluded)
@pytest.mark.parametrize("role", Role)
def test_an_excluded_service_is_enrolled_in_no_role(role: Role, service: Excluded) -> None:
    with pytest.raises(Refused) as caught:
        enrol(role, service)
    assert caught.value.reason is Reason.EXCLUDED_SERVICE


def test_the_police_sits_there_only_as_information_officer_and_nobody_else_does() -> None:
    municipal = {Role.MAYOR, Role.MAYOR_DELEGATE, Role.COORDINATOR}
    allowed = set()
    for role, organisation in itertools.product(Role, Organisation):
        if (why := refused(lambda role=role, at=organisation: enrol(role, at))) is None:  # type: ignore[misc]
            allowed.add((role, organisation))
        assert why in {None, Reason.ROLE_MISMATCH}
    for role, organisation in allowed:
        assert (organisation is Organisation.LOCAL_POLICE) == (role is Role.INFORMATION_OFFICER)
        assert role not in municipal or organisation is Organisation.MUNICIPALITY
    others = set(Organisation) - {Organisation.LOCAL_POLICE}
    assert allowed >= set(itertools.product((Role.PARTNER, Role.AD_HOC), others))
    assert {role for role, _ in allowed} == set(Role)


def test_only_the_mayors_seat_names_who_represents_the_mayor() -> None:
    for role, by in itertools.product(Role, Role):
        why = refused(lambda role=role, by=by: name(role, by))  # type: ignore[misc]
        mayors = {Role.MAYOR, Role.MAYOR_DELEGATE}
        wrong = role is Role.MAYOR_DELEGATE and by not in mayors
        assert why is (Reason.MAYOR_NAMES if wrong else None)


def test_the_chairs_seats_and_whoever_chairs_keep_the_overview() -> None:
    seats = {Role.MAYOR, Role.MAYOR_DELEGATE, Role.COORDINATOR}
    assert {role for role in Role if oversees(role, chairs=False)} == seats
    assert {role for role in Role if oversees(role, chairs=True)} == set(Role)


@pytest.mark.parametrize("mandate", [True, False])
def test_the_police_never_chairs_and_the_coordinator_only_under_mandate(mandate: bool) -> None:
    may = set()
    for role in Role:
        why = refused(lambda role=role: chair(role, coordinator_chairs=mandate))  # type: ignore[misc]
        if why is None:
            may.add(role)
        officer = role is Role.INFORMATION_OFFICER
        assert (why is Reason.OFFICER_CANNOT_CHAIR) == officer
    assert may == {Role.MAYOR, Role.MAYOR_DELEGATE} | ({Role.COORDINATOR} if mandate else set())


def test_three_roles_fill_the_three_seats() -> None:
    assert {seat_of(role) for role in Role} == {*Seat, None}
    assert seat_of(Role.MAYOR_DELEGATE) is Seat.MAYOR
    assert seat_of(Role.PARTNER) is None


@pytest.mark.parametrize(
    ("right", "roles"),
    [
        (Right.MEMBER, set(Role)),
        (Right.STEWARD, {Role.MAYOR, Role.MAYOR_DELEGATE, Role.COORDINATOR}),
        (Right.CHAIR, {Role.COORDINATOR}),
        (Right.MAYOR, {Role.MAYOR, Role.MAYOR_DELEGATE}),
        (Right.OFFICER, {Role.INFORMATION_OFFICER}),
    ],
)
def test_a_right_belongs_to_these_roles(right: Right, roles: set[Role]) -> None:
    assert {role for role in Role if entitled(right, role, chairs=False)} == roles
    chairing = {role for role in Role if entitled(right, role, chairs=True)}
    assert chairing == (set(Role) if right is Right.CHAIR else roles)
