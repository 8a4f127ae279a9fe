"""Whose agreement a case needs, and when its roster is whole (C01, C15, F01, H04, I08)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.facts import Account
from bot.rules.people import Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused
from bot.rules.roster import Standing, missing, require_partaking, require_whole, voters

PEOPLE = tuple(map(Account, range(1, 8)))
people = st.sampled_from(PEOPLE)
standings = st.dictionaries(people, st.sampled_from(Standing))
present = st.dictionaries(people, st.sampled_from(Role))

Standings = dict[Account, Standing]
Present = dict[Account, Role]


@given(standings=standings, present=present)
def test_missing_is_who_is_at_the_table_and_neither_on_it_nor_left_out(
    standings: Standings, present: Present
) -> None:
    for who in PEOPLE:
        came_for_this = who in standings or present.get(who) is not Role.AD_HOC
        stands = {Standing.ON, Standing.GONE, Standing.LEFT_OUT}
        expected = who in present and came_for_this and standings.get(who) not in stands
        assert (who in missing(standings, present)) is expected


@given(standings=standings, present=present)
def test_whoever_is_missing_has_a_voice_like_whoever_is_on_it(
    standings: Standings, present: Present
) -> None:
    found = voters(standings, present)
    ever = {who for who, one in standings.items() if one in {Standing.ON, Standing.GONE}}
    assert set(found) == ever | set(missing(standings, present))
    gone = {who for who, there in found.items() if not there}
    assert gone == {who for who, one in standings.items() if one is Standing.GONE}


@given(standings=standings, present=present)
def test_it_is_whole_if_and_only_if_all_who_belong_on_it_are_and_stayed(
    standings: Standings, present: Present
) -> None:
    on = {role for who, role in present.items() if standings.get(who) is Standing.ON}
    seated = {seat_of(role) for role in on} >= set(Seat)
    left = Standing.GONE in standings.values()
    if left:
        reason: Reason | None = Reason.ROSTER_BROKEN
    elif missing(standings, present):
        reason = Reason.ROSTER_INCOMPLETE
    else:
        reason = None if seated else Reason.SEAT_OFF_ROSTER
    assert why(standings, present) is reason


def why(standings: Standings, present: Present) -> Reason | None:
    try:
        require_whole(standings, present)
    except Refused as refused:
        return refused.reason
    return None


SEATS = {
    Account(1): Role.MAYOR_DELEGATE,
    Account(2): Role.INFORMATION_OFFICER,
    Account(3): Role.COORDINATOR,
}


@pytest.mark.parametrize("gone", SEATS)
def test_no_seat_may_be_missing_from_it(gone: Account) -> None:
    on = dict.fromkeys(SEATS, Standing.ON)
    require_whole(on, SEATS)
    with pytest.raises(Refused) as caught:
        require_whole({**on, gone: Standing.LEFT_OUT}, SEATS)
    assert caught.value.reason is Reason.SEAT_OFF_ROSTER
    assert caught.value.facts == {"seats": (seat_of(SEATS[gone]),)}
    with pytest.raises(Refused) as caught:
        require_whole({who: one for who, one in on.items() if who != gone}, SEATS)
    assert caught.value.facts == {"members": (gone,)}


@pytest.mark.parametrize(
    ("standing", "present", "aside", "allowed"),
    [
        (Standing.ON, True, True, True),
        (Standing.ON, True, False, True),
        (Standing.GONE, False, False, True),
        (Standing.GONE, False, True, False),
        (Standing.GONE, True, True, False),
        (Standing.LEFT_OUT, True, False, False),
        (Standing.LEFT_OUT, False, False, False),
        (Standing.AWAY, False, False, True),
        (Standing.AWAY, True, False, False),
        (None, False, False, True),
        (None, True, False, False),
        (None, False, True, False),
    ],
)
def test_a_part_in_a_case_is_for_its_roster_and_for_who_is_absent(
    standing: Standing | None, present: bool, aside: bool, allowed: bool
) -> None:
    if allowed:
        require_partaking(standing, present=present, aside=aside)
        return
    with pytest.raises(Refused) as caught:
        require_partaking(standing, present=present, aside=aside)
    assert caught.value.reason is Reason.TAKES_NO_PART
