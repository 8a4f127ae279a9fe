"""Facts go in and come out the same, and prose is none of them (promise 1)."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.facts import (
    Account,
    ActionNumber,
    Code,
    EventId,
    Fact,
    FormCode,
    Reference,
    Token,
    pack,
    unpack,
    wire,
)
from bot.rules.people import Role
from bot.rules.refusal import Reason, Refused

codes = st.from_regex(Code.form, fullmatch=True).map(Code)
simple: st.SearchStrategy[Fact] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(1, 99).map(Account),
    codes,
    st.from_regex(Reference.form, fullmatch=True).map(Reference),
    st.from_regex(ActionNumber.form, fullmatch=True).map(ActionNumber),
    st.from_regex(EventId.form, fullmatch=True).map(EventId),
    st.from_regex(Token.form, fullmatch=True).map(Token),
    st.from_regex(FormCode.form, fullmatch=True).map(FormCode),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
)
everything = st.recursive(
    simple,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(codes, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(fact=everything)
def test_what_is_packed_comes_out_the_same_kind_and_value(fact: Fact) -> None:
    found = unpack(json.loads(json.dumps(pack(fact))))
    assert found == fact
    assert type(found) is type(fact)


@pytest.mark.parametrize(
    "prose",
    [
        "plain",
        b"bytes",
        1.5,
        {"key": "plain"},
        ("plain",),
        ["plain"],
        {"Not A Code": 1},
        {"a": {"b": ("c",)}},
        object(),
    ],
)
def test_a_plain_string_is_refused_wherever_it_hides(prose: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        pack(prose)  # type: ignore[arg-type]


@pytest.mark.parametrize("word", [Code, Reference, ActionNumber, EventId, Token, FormCode])
@pytest.mark.parametrize("prose", ["Hij traint opnieuw.", "", "a b", "x" * 300, "ja\n"])
def test_no_word_takes_prose(word: type[Code], prose: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        word(prose)


def test_codes_of_a_family_come_back_as_codes() -> None:
    assert unpack(pack(Role.PARTNER)) == Code(Role.PARTNER)


def test_on_the_wire_nobody_is_named() -> None:
    facts: Fact = {
        "member": Account(3),
        "roster": (Account(1), Account(2)),
        "case": Reference("K7Q-4MX"),
        "expires": date(2027, 3, 10),
        "at": datetime(2027, 3, 10, 12, tzinfo=UTC),
        "rows": ({"owner": Account(1), "action": ActionNumber("A1")},),
    }
    assert wire(facts) == {
        "case": "K7Q-4MX",
        "expires": "2027-03-10",
        "at": "2027-03-10T12:00:00+00:00",
        "rows": [{"action": "A1"}],
    }


def test_a_refusal_carries_its_reason_and_facts() -> None:
    refused = Refused(Reason.TEXT_TOO_LONG, limit=500)
    assert str(refused) == "text_too_long"
    assert refused.facts == {"limit": 500}
