"""The clock: one year after the last confirmed discussion (R12, R13, R14)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.rules.refusal import Reason, Refused
from bot.rules.retention import expired, expires, require_kept


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


@given(day=st.dates(max_value=date(9998, 1, 1)), after=st.integers(-400, 400))
def test_a_case_has_expired_from_the_day_after_its_last(day: date, after: int) -> None:
    assume((day - date.min).days > 400)
    today = day + timedelta(days=after)
    assert expired(day, today) is (after > 0)
    if after <= 0:
        require_kept(day, today)
        return
    with pytest.raises(Refused) as caught:
        require_kept(day, today)
    assert caught.value.reason is Reason.EXPIRED


def test_what_was_never_discussed_has_no_year_to_end() -> None:
    assert not expired(None, date(2030, 1, 1))
    require_kept(None, date(2030, 1, 1))
