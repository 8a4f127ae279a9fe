"""Whose identity counts, for all that a homeserver may show."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules import identity
from bot.rules.identity import Finding, Proof, Standing
from bot.rules.people import Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused

KEYS = st.sampled_from("abc")
MAYBE = st.none() | KEYS


@given(pinned=MAYBE, offered=MAYBE, speaking=KEYS)
def test_only_the_pinned_identity_is_heard_and_only_while_it_is_the_only_one(
    pinned: str | None, offered: str | None, speaking: str
) -> None:
    heard = identity.heard(pinned, offered, speaking)
    assert heard is (pinned == speaking and offered is None)


@given(shown=st.lists(KEYS, min_size=1))
def test_whatever_a_homeserver_shows_the_first_identity_stays(shown: list[str]) -> None:
    pinned = offered = None
    for key in shown:
        match identity.judge(pinned, offered, key):
            case Finding.FIRST:
                pinned = key
            case Finding.REPLACED | Finding.RETURNED:
                offered = key
    assert pinned == shown[0]
    others = [key for key in shown if key != pinned]
    assert (offered is None) is (not others)  # nothing but people ends a suspension
    if others:
        assert not any(identity.heard(pinned, offered, key) for key in "abc")
        back = pinned in shown[shown.index(others[0]) :]
        assert offered == (pinned if back else others[0])  # never what nobody was told of


@given(pinned=KEYS, shown=KEYS)
def test_nobody_is_told_twice_of_what_goes_on(pinned: str, shown: str) -> None:
    for offered in "abc":
        found = identity.judge(pinned, offered, shown)
        assert found is (
            Finding.RETURNED if shown == pinned and offered != pinned else Finding.REPORTED
        )


@pytest.mark.parametrize("by", [None, *Proof])
def test_a_colleagues_word_is_worth_what_is_known_of_them(by: Proof | None) -> None:
    assert (identity.proof_of_word(by) is Proof.COMPARED) is (by is Proof.COMPARED)


@given(offered=MAYBE)
@pytest.mark.parametrize(("by", "whose"), list(product(Role, Role)))
def test_who_confirms_whose_identity(by: Role, whose: Role, offered: str | None) -> None:
    ours = seat_of(by) is seat_of(whose) and seat_of(whose) in {Seat.MAYOR, Seat.COORDINATOR}
    if ours:
        with pytest.raises(Refused) as caught:
            identity.confirm(by, whose, same_person=False, offered=offered)
        assert caught.value.reason is Reason.NOT_YOURS_TO_CONFIRM
    elif offered is None:
        with pytest.raises(Refused) as caught:
            identity.confirm(by, whose, same_person=False, offered=offered)
        assert caught.value.reason is Reason.NOTHING_TO_CONFIRM
    else:
        assert identity.confirm(by, whose, same_person=False, offered=offered) == offered


@pytest.mark.parametrize("role", Role)
def test_nobody_confirms_their_own(role: Role) -> None:
    with pytest.raises(Refused) as caught:
        identity.confirm(role, role, same_person=True, offered="a")
    assert caught.value.reason is Reason.NOT_YOURS_TO_CONFIRM


@given(stewards=st.lists(st.sampled_from([None, *Proof]), max_size=3))
def test_case_work_waits_while_a_steward_was_only_seen(stewards: list[Proof | None]) -> None:
    if Proof.SEEN in stewards:
        with pytest.raises(Refused) as caught:
            identity.require_compared(*stewards)
        assert caught.value.reason is Reason.NOT_COMPARED
    else:
        identity.require_compared(*stewards)


@given(pinned=MAYBE, offered=MAYBE, proof=st.none() | st.sampled_from(Proof))
def test_how_a_member_stands(pinned: str | None, offered: str | None, proof: Proof | None) -> None:
    found = identity.standing(pinned, offered, proof)
    assert (found is Standing.SUSPENDED) is (offered is not None)
    if found in {Standing.SEEN, Standing.COMPARED}:
        assert pinned is not None
        assert found.value == proof
