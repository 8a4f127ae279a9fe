"""What may be proposed for the form, and what tells who somebody is (F09, F17, F19, F26, R01)."""

import pytest

from bot.rules.fiche import (
    RISK_DOMAINS,
    SIGNS,
    TEXT_LIMIT,
    Confirmer,
    Section,
    Sign,
    check_text,
    declared,
    locked,
    one_sided,
    require_changeable,
    require_confirmed,
    undated,
    unsigned,
    weighed,
)
from bot.rules.refusal import Reason, Refused

TEXT = "Neemt sinds 4 september deel aan de training."


def why(text: str, *, personal: bool = False) -> Reason | None:
    try:
        check_text(text, personal=personal)
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize("section", Section)
def test_a_sign_is_offered_in_the_risk_domains_and_demanded_nowhere(section: Section) -> None:
    assert unsigned(section, None) is (section in RISK_DOMAINS)
    assert weighed(section, None) is None
    for sign in Sign:
        assert not unsigned(section, sign)
        assert weighed(section, sign) == (sign if section in RISK_DOMAINS else None)


@pytest.mark.parametrize("section", Section)
def test_mental_disorders_and_nothing_else_wait_to_be_attested(section: Section) -> None:
    assert locked(section) is (section is Section.PSYCH)


@pytest.mark.parametrize(
    "text",
    [
        "Sinds september.",
        "Op 4/9 gezien",
        "In 2026",
        "le 3 août",
        "seit März",
        "12 okt",
        "Am 3. 4.",
    ],
)
def test_a_text_with_a_date_or_month_is_situated_in_time(text: str) -> None:
    assert not undated(Section.ACTS, text)


@pytest.mark.parametrize("text", ["Traint opnieuw.", "12 keer gezien", "1,5 uur"])
def test_where_facts_belong_a_text_without_one_is_asked_for_it(text: str) -> None:
    assert undated(Section.ACTS, text)
    assert undated(Section.TRAJECTORY, "Traint opnieuw.")
    assert not undated(Section.QUESTIONS, text)


def sides(*signs: Sign | None) -> list[tuple[Section, Sign | None]]:
    return [(Section.SOCIAL, sign) for sign in signs]


def test_a_form_with_only_good_or_only_bad_is_one_sided() -> None:
    reason = (Section.REASON, None)
    assert one_sided([*sides(Sign.POSITIVE, Sign.NEUTRAL), reason]) is Sign.POSITIVE
    assert one_sided(sides(Sign.NEGATIVE)) is Sign.NEGATIVE
    assert one_sided(sides(Sign.POSITIVE, Sign.NEGATIVE)) is None
    assert one_sided([*sides(Sign.NEUTRAL), reason]) is None
    assert one_sided([]) is None


def test_of_an_item_without_a_sign_nobody_knows_on_which_side_it_stands() -> None:
    assert one_sided(sides(Sign.POSITIVE, None)) is None
    assert one_sided(sides(None)) is None


def test_only_what_one_of_the_two_has_confirmed_stands_under_mental_disorders() -> None:
    require_confirmed(Confirmer.PSYCHIATRIST)
    require_confirmed(Confirmer.PSYCHOLOGIST)
    with pytest.raises(Refused, match=Reason.UNCONFIRMED):
        require_confirmed(Confirmer.NONE)


def test_a_form_that_nobody_can_read_here_is_declared_each_time() -> None:
    assert declared(Confirmer.PSYCHIATRIST)
    assert declared(Confirmer.PSYCHOLOGIST)
    assert not declared(Confirmer.NONE)
    with pytest.raises(Refused, match=Reason.DECLARATION_MISSING):
        declared(None)


@pytest.mark.parametrize("adopted", [True, False])
@pytest.mark.parametrize("refused_since", [True, False])
def test_what_is_adopted_changes_only_after_the_whole_was_refused(
    adopted: bool, refused_since: bool
) -> None:
    if adopted and not refused_since:
        with pytest.raises(Refused):
            require_changeable(adopted=adopted, refused_since=refused_since)
    else:
        require_changeable(adopted=adopted, refused_since=refused_since)


def test_the_text_is_there_and_fits() -> None:
    assert why(TEXT) is None
    assert why(TEXT, personal=True) is Reason.PERSONAL_DATA
    assert why(" ") is Reason.TEXT_MISSING
    assert why("a" * TEXT_LIMIT) is None
    with pytest.raises(Refused, match=Reason.TEXT_TOO_LONG) as caught:
        check_text("a" * (TEXT_LIMIT + 1), personal=False)
    assert caught.value.facts == {"limit": TEXT_LIMIT}


def test_each_sign_can_be_typed() -> None:
    assert set(SIGNS.values()) == set(Sign)
    assert SIGNS["\u2212"] is Sign.NEGATIVE
