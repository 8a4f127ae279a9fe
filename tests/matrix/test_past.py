"""Which messages were heard before a key was forgotten, against a plain set of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from bot.matrix.forgetting import superseded
from bot.matrix.past import Past

NUMBERS = st.frozensets(st.integers(0, 40))


@given(st.lists(st.tuples(st.integers(0, 40), NUMBERS)))
def test_a_past_says_the_same_as_a_list_of_what_was_heard(
    steps: list[tuple[int, frozenset[int]]],
) -> None:
    past, heard, end = Past(), set[int](), 0
    for until, numbers in steps:
        past, end = past.until(until, numbers), max(end, until)
        heard |= {number for number in numbers if number < end}
        assert [number for number in range(45) if past.holds(number)] == sorted(heard)
        assert all(a < b for a, b in past.gaps)
        assert all(one[1] < two[0] for one, two in zip(past.gaps, past.gaps[1:], strict=False))


def test_a_message_of_a_huge_number_costs_nothing() -> None:
    past = Past().until(2**31 + 1, [0, 2**31])
    assert past == Past(2**31 + 1, ((1, 2**31),))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8))
def test_the_newest_key_in_use_and_all_after_it_stay(keys: list[tuple[bool, bool]]) -> None:
    old = superseded([passed_on for passed_on, _ in keys], [used for _, used in keys])
    fresh = [number for number, (passed_on, used) in enumerate(keys) if used and not passed_on]
    newest = max(fresh, default=0)
    assert old == [number < newest for number in range(len(keys))]
