"""Case references are random and a slip of the keyboard is noticed (R01, promise 7)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.facts import Reference
from bot.rules.reference import ALPHABET, check_character, make, read
from bot.rules.refusal import Reason, Refused

frees = st.text(alphabet=ALPHABET, min_size=5, max_size=5)


def whole(free: str) -> str:
    return free + check_character(free)


def mistyped(typed: str) -> bool:
    with pytest.raises(Refused) as caught:
        read(typed)
    return caught.value.reason is Reason.MISTYPED_REFERENCE


@given(free=frees)
def test_every_single_wrong_sign_is_caught(free: str) -> None:
    signs = whole(free)
    for place in range(6):
        for other in set(ALPHABET) - {signs[place]}:
            assert mistyped(signs[:place] + other + signs[place + 1 :])


@given(free=frees)
def test_every_swap_of_neighbours_is_caught(free: str) -> None:
    signs = whole(free)
    for place in range(5):
        swapped = signs[:place] + signs[place + 1] + signs[place] + signs[place + 2 :]
        if swapped != signs:
            assert mistyped(swapped)


@given(free=frees)
def test_it_is_read_however_it_is_typed(free: str) -> None:
    signs = whole(free)
    shown = Reference(f"{signs[:3]}-{signs[3:]}")
    for typed in (
        shown,
        signs,
        signs.lower(),
        shown.lower(),
        f" {shown} ",
        shown[:3] + "\u2011" + signs[3:],
    ):
        assert read(typed) == shown


@pytest.mark.parametrize(
    "typed", ["", "K7Q", "K7Q-4M", "K7Q-4MXX", "I0O-111", "K7Q 4MX", "é7Q-4MX"]
)
def test_what_has_another_form_is_mistyped(typed: str) -> None:
    assert mistyped(typed)


def test_signs_that_look_alike_are_never_used() -> None:
    assert set("01IOL") & set(ALPHABET) <= {"L"} - {"L"} | set()
    assert len(ALPHABET) == len(set(ALPHABET)) == 31


def test_made_ones_can_be_read() -> None:
    chance = random.Random(7)
    for _ in range(200):
        made = make(chance.choice)
        assert read(made) == made
