"""The clock: one year after the last confirmed discussion (R12, R13, R14)."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.retention import expires


@pytest.mark.parametrize(
    ("discussed", "last_day"),
    [
        ([date(2026, 3, 10)], date(2027, 3, 10)),
        ([date(2026, 3, 10), date(2026, 9, 1)], date(2027, 9, 1)),
        ([date(2026, 3, 10), date(2027, 3, 10)], date(2028, 3, 10)),
        ([date(2028, 2, 29)], date(2029, 2, 28)),
        ([date(2027, 2, 28)], date(2028, 2, 28)),
    ],
)
def test_it_counts_a_calendar_year_from_the_last_discussion(
    discussed: list[date], last_day: date
) -> None:
    for earlier, later in pairwise(discussed):
        assert later <= expires(earlier)  # on the last day it is still within the year
    assert expires(discussed[-1]) == last_day


def test_the_day_after_the_last_day_is_too_late() -> None:
    assert date(2027, 3, 11) > expires(date(2026, 3, 10))


@given(day=st.dates(max_value=date(9998, 12, 31)))
def test_it_is_never_longer_than_a_year(day: date) -> None:
    last = expires(day)
    assert 365 <= (last - day).days <= 366
    assert last.year == day.year + 1
    assert last.month == day.month
