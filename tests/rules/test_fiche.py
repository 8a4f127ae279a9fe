"""What may be proposed for the form, and what tells who somebody is (F09, F17, F19, F26, R01)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.fiche import (
    RISK_DOMAINS,
    SIGNS,
    TEXT_LIMIT,
    Section,
    Sign,
    check_text,
    locked,
    one_sided,
    propose,
    require_changeable,
    undated,
)
from bot.rules.personal import looks_personal
from bot.rules.refusal import Reason, Refused

TEXT = "Neemt sinds 4 september deel aan de training."


def why(section: Section, sign: Sign | None, text: str) -> Reason | None:
    try:
        propose(section, sign, text)
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize("section", Section)
def test_the_risk_domains_need_a_sign_and_the_others_do_not(section: Section) -> None:
    assert why(section, None, TEXT) == (Reason.SIGN_MISSING if section in RISK_DOMAINS else None)
    for sign in Sign:
        assert why(section, sign, TEXT) is None


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


def test_a_form_with_only_good_or_only_bad_is_one_sided() -> None:
    assert one_sided([Sign.POSITIVE, Sign.NEUTRAL, None]) is Sign.POSITIVE
    assert one_sided([Sign.NEGATIVE]) is Sign.NEGATIVE
    assert one_sided([Sign.POSITIVE, Sign.NEGATIVE]) is None
    assert one_sided([None, Sign.NEUTRAL]) is None


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
    assert why(Section.REASON, None, " ") is Reason.TEXT_MISSING
    assert why(Section.REASON, None, "a" * TEXT_LIMIT) is None
    assert why(Section.REASON, None, "a" * (TEXT_LIMIT + 1)) is Reason.TEXT_TOO_LONG
    with pytest.raises(Refused) as caught:
        check_text("a" * (TEXT_LIMIT + 1))
    assert caught.value.facts == {"limit": TEXT_LIMIT}


def test_each_sign_can_be_typed() -> None:
    assert set(SIGNS.values()) == set(Sign)
    assert SIGNS["\u2212"] is Sign.NEGATIVE


def national_number(birth: int, serial: int, *, since_2000: bool) -> str:
    body = f"{birth:06d}{serial:03d}"
    check = 97 - int(("2" if since_2000 else "") + body) % 97
    return f"{body}{check:02d}"


@given(
    birth=st.integers(0, 991231),
    serial=st.integers(1, 997),
    since_2000=st.booleans(),
    dotted=st.booleans(),
)
def test_a_national_number_is_found(
    birth: int, serial: int, since_2000: bool, dotted: bool
) -> None:
    n = national_number(birth, serial, since_2000=since_2000)
    shown = f"{n[:2]}.{n[2:4]}.{n[4:6]}-{n[6:9]}.{n[9:]}" if dotted else n
    assert looks_personal(f"Zijn nummer is {shown}, zegt men.")


@pytest.mark.parametrize(
    "text",
    [
        "Bel 0470 12 34 56.",
        "Bel 0470/12.34.56",
        "Tel. +32 2 518 21 11",
        "Appelez le 02/518.21.11",
        "mail naar jan.peeters@example.be",
        "op Matrix is dat @jan:voorbeeld.be",
        "op Instagram @jan_p",
        "geboren op 12/03/2004",
        "geb. 12.03.2004",
        "né le 12 mars 2004",
        "née le 12 mars 2004",
        "born 12 March 2004",
        "° 12/03/2004",
        "DOB 2004-03-12",
        "Woont in de Kerkstraat 12, 9000 Gent.",
        "Habite rue de la Station, 4",
        "Wohnt in der Hauptstraße 7.",
    ],
)
def test_what_plainly_identifies_somebody_is_found(text: str) -> None:
    assert looks_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "Neemt sinds 4 september opnieuw elke week deel aan de voetbaltraining.",
        "Herhaalde op 12 oktober 2026 dat stemmen zinloos is.",
        "Op 2026-10-12 om 14:30 was er een gesprek van 45 minuten met 3 leerkrachten.",
        "Tussen 01/09/2026 en 15/10/2026 was er 8 keer contact.",
        "Depuis le 4 septembre 2026, il participe à l’entraînement (2 fois par semaine).",
        "Le 12/10/2026, il a répété que voter ne sert à rien; 15 personnes étaient présentes.",
        "Nimmt seit dem 4. September 2026 wieder am Training teil.",
        "Am 12.10.2026 um 14.30 Uhr fand ein Gespräch mit 2 Lehrern statt.",
        "Since 4 September 2026 he attends training twice a week, 90 minutes each.",
        "On 12 October 2026 he said again that voting is useless.",
        "Score 3 op 10, versie 2, punt 12 van 2026.",
        "Kwam op 12/10/2026 14u30 te laat.",
        "Was er op 2026-10-12 09:15 en op 2026-10-13 09:20.",
        "Van 12/10/2026-14/10/2026 afwezig, 12-10-2026 2 keer.",
        "Schooljaren 2024-2025 2025-2026 zonder problemen.",
        "Onderweg 2 keer gestopt op straat.",
    ],
)
def test_an_ordinary_dated_sentence_is_let_through(text: str) -> None:
    assert not looks_personal(text)
    check_text(text)
