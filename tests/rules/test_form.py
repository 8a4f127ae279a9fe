"""The code that stands for a form: any other word is another code (F01, F02)."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.facts import FormCode
from bot.rules.fiche import Phase, Section, Sign
from bot.rules.form import Entry, fingerprint, in_order, read, wording
from bot.rules.refusal import Reason, Refused

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
codes = st.from_regex(FormCode.form, fullmatch=True).map(FormCode)
entries = st.builds(
    Entry,
    st.sampled_from(Section),
    st.none() | st.sampled_from(Sign),
    st.none() | st.sampled_from(Phase),
    st.text(max_size=20),
)


@given(data=st.binary())
def test_the_code_is_the_first_125_bits_of_sha_256(data: bytes) -> None:
    number = int.from_bytes(hashlib.sha256(data).digest()) >> (256 - 125)
    signs = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(25)))
    assert fingerprint(data).replace("-", "") == signs


def test_a_known_code_stays_what_it_is() -> None:
    """People write codes down, so a new version of the program must find the same."""
    assert fingerprint(b"") == "4OYMI-QUY7Q-OBJGX-36TEJ-S35ZE"


@given(code=codes)
@pytest.mark.parametrize("between", ["", "-", " ", " - ", "\u2011", "\u2013", "\n"])
def test_case_spaces_and_dashes_are_forgiven(code: FormCode, between: str) -> None:
    assert read(code.lower().replace("-", between)) == code
    assert read(f" {code.replace('-', between)}") == code


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "AAAAA-BBBBB-CCCCC-DDDDD",
        "AAAAA-BBBBB-CCCCC-DDDDD-EEEE",
        "AAAAA-BBBBB-CCCCC-DDDDD-EEEEEE",
        "AAAAA-BBBBB-CCCCC-DDDDD-EEEE0",
        "AAAAA-BBBBB-CCCCC-DDDDD-EEEE1",
        "AAAAA-BBBBB-CCCCC-DDDDD-EEEE.",
        "AAAAA-BBBBB-CCCCC-DDDDD-EEE\u00df",
        "AAAAA-BBBBB-CCCCC-DDDDD-EEEE\u017f",
        "Hij traint opnieuw.",
    ],
)
def test_wrong_signs_and_lengths_are_refused(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        read(typed)
    assert caught.value.reason is Reason.MISTYPED_CODE
    assert not caught.value.facts


@given(before=st.lists(entries, max_size=4), after=st.lists(entries, max_size=4))
def test_two_forms_have_the_same_code_only_if_they_read_the_same(
    before: list[Entry], after: list[Entry]
) -> None:
    assert (wording(before) == wording(after)) == (in_order(before) == in_order(after))


@given(item=entries, words=st.text(min_size=1, max_size=5))
def test_any_change_of_an_item_is_another_code(item: Entry, words: str) -> None:
    assert wording([item]) != wording([replace(item, text=item.text + words)])
    for sign in {*Sign, None} - {item.sign}:
        assert wording([item]) != wording([replace(item, sign=sign)])
    for section in set(Section) - {item.section}:
        assert wording([item]) != wording([replace(item, section=section)])
    for phase in {*Phase, None} - {item.phase}:
        assert wording([item]) != wording([replace(item, phase=phase)])
    assert wording([item]) != wording([item, item])


@given(items=st.lists(entries, max_size=6))
def test_the_order_is_that_of_the_form_and_then_as_proposed(items: list[Entry]) -> None:
    ordered = in_order(items)
    for section in Section:
        of_section = [one for one in ordered if one.section is section]
        assert of_section == [one for one in items if one.section is section]
    places = [list(Section).index(one.section) for one in ordered]
    assert places == sorted(places)
