"""What tells who somebody is, however it is spelt, and what only looks like it (F17, R01, N13)."""

import random
from datetime import date, time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.rules.personal import normalised
from handlers.personal import identifies

NATIONAL_NUMBERS = (
    "85.07.30-999.32",
    "85073099932",
    "85/07/30-999.32",
    "850730 - 999 32",
    "850730\u2011999\u201132",  # hyphens that do not break
    "85\u201307\u201330\u2014999\u221232",
    "85.07.30 999-32",
    "85 07 30 999 32",
    "8 5 0 7 3 0 9 9 9 3 2",
    "85_07_30_999_32",
    "85:07:30:999:32",
    "85.07.30 (999.32)",
    "850 730 999 32",
    "85\u00a007\u200930\u202f999\u300032",
    "85\u200b07\u200c30\u200d999\ufeff32",
    "85\u00ad07\u00ad30\u00ad999\u00ad32",
    "８５．０７．３０－９９９．３２",  # noqa: RUF001 - the wide figures of an input method
    "٨٥٠٧٣٠٩٩٩٣٢",
    "85.07.30-999.31",  # mistyped, and plainly meant as one
    "98.47.28-997.65",  # of who is not registered
    "98 47 28 99765",
)
TELEPHONES = (
    "0475-12-34-56",
    "0475/12.34.56",
    "0475 12 34 56",
    "0475 123 456",
    "0475123456",
    "0475.12.34.56",
    "0475 - 12 - 34 - 56",
    "0475, 12, 34, 56",
    "+ 0475 12 34 56",
    "04 75 12 34 56",
    "04.75.12.34.56",
    "0 475 12 34 56",
    "(0475) 12 34 56",
    "0475–12–34–56",
    "0475\u200b12\u200b34\u200b56",
    "0475\u00a012\u00a034\u00a056",
    "0\ufe0f\u20e34\ufe0f\u20e375123456",  # figures on keys
    "475 12 34 56",
    "32475123456",
    "+32 475 12 34 56",
    "+32 (0)475 12 34 56",
    "+32(0)475/12.34.56",
    "+32 [0] 475 12 34 56",
    "+ 32 475 12 34 56",
    "+32475123456",
    "0032 475 12 34 56",
    "0032 (0)475 12 34 56",
    "00 32 475 12 34 56",
    "02/518.21.11",
    "02 518 21 11",
    "(02) 518 21 11",
    "09 225 12 34",
    "051/22.69.30",
    "010/45.67.89",
    "+32 2 518 21 11",
    "0460 12 34 56",  # of a range that may not be given out yet
    "+31 6 12 34 56 78",
    "06-12345678",
    "+33 6 12 34 56 78",
    "06 12 34 56 78",
    "+49 151 23456789",
    "0151 23456789",
    "+352 621 123 456",
    "621 123 456",
    "+212 6 12 34 56 78",
    "+90 532 123 45 67",
)
ACCOUNTS = (
    "jan.peeters@example.be",
    "jan.peeters @ example.be",
    "jan.peeters(at)example.be",
    "jan.peeters [at] example [dot] be",
    "jan.peeters@exam\u200bple.be",
    "jan.peeters＠example.be",  # noqa: RUF001
    "@jan:voorbeeld.be",
    "@jan_p",
    "#vrienden:voorbeeld.be",
    "facebook.com/jan.peeters",
    "https://t.me/janp",
    "BE68 5390 0754 7034",
    "be68-5390-0754-7034",
    "BE68539007547034",
    "NL91 ABNA 0417 1643 00",
)
ADDRESSES = (
    "Kerkstraat 12",
    "kerkstraat 12",
    "Kerkstraat, 12",
    "Kerkstraat\u00a012",
    "Kerkstr. 12",
    "Koningslaan 3b",
    "Brusselsesteenweg 120",
    "Steenweg op Gent 40",
    "Grote Markt 1",
    "Oude Baan 12",
    "Molenweg 5",
    "Stationsplein 2",
    "rue de la Station, 4",
    "rue de la station 4",
    "rue Haute 12",
    "12, rue de la Loi",
    "avenue Louise 54",
    "chaussée de Mons 120",
    "Hauptstraße 7",
    "Hauptstrasse 7",
    "Hauptstr. 7",
    "Aachener Straße 12",
    "Schulgasse 3",
    "12 High Street",
    "10 Church Lane",
)
BIRTHS = (
    "geboren op 12/03/2004",
    "geb. 12.03.2004",
    "geb 4 mei 2004",
    "geboren te Gent op 12/3/04",
    "geboortedatum: 12 maart 2004",
    "née le 12 mars 2004",
    "né à Gand le 12 mars 2004",
    "né en 2004",
    "date de naissance 12/03/2004",
    "geboren am 12. März 2004",
    "Geburtsdatum 12.03.2004",
    "born 12 March 2004",
    "born on May 4th 2004",
    "DOB 2004-03-12",
    "° 12/03/2004",
    "°2004",
)
SENTENCES = (
    "{}",
    "Zijn gegevens: {}.",
    "Op 4/9/2026 om 14u30 zei hij {}, en daarna 3 keer niets.",
    "Depuis le 12/10/2026 ({}) il revient.",
    "Seit 12.10.2026, 14.30 Uhr: {}",
    "Seen 3 times in 2026; {} - 12 people",
)


@pytest.mark.parametrize("shown", [*NATIONAL_NUMBERS, *TELEPHONES, *ACCOUNTS, *ADDRESSES, *BIRTHS])
def test_what_plainly_identifies_somebody_is_found(shown: str) -> None:
    missed = [one for one in SENTENCES if not identifies(one.format(shown))]
    assert not missed


HARMLESS = """
Staat op straat 24 uur op 24.
Sliep op Straat 24 uur op 24.
Onderweg 2 keer gestopt op straat.
Neemt sinds 4 september opnieuw elke week deel aan de voetbaltraining.
Herhaalde op 12 oktober 2026 dat stemmen zinloos is.
Op 2026-10-12 om 14:30 was er een gesprek van 45 minuten met 3 leerkrachten.
Tussen 01/09/2026 en 15/10/2026 was er 8 keer contact.
Kwam op 12/10/2026 14u30 te laat.
Was er op 2026-10-12 09:15 en op 2026-10-13 09:20.
Van 12/10/2026-14/10/2026 afwezig, 12-10-2026 2 keer.
Van 4/10/26-12/10/26 afwezig.
Op 05/12/26 9:30, 02/02/26 14:30 en 4/9/26 14:30-15:30.
Op 01/09, 08/09, 15/09, 22/09 en 29/09 afwezig.
Schooljaren 2024-2025 2025-2026 zonder problemen.
Schooljaar 2025-2026, 12 op 20 voor wiskunde.
Score 3 op 10, versie 2, punt 12 van 2026.
Werkt van 14u30 tot 16u, 7 op 7.
Open van 09.00-12.00 en 13.00-17.00.
Zie art. 458ter van het Strafwetboek en punt 4 van 2026.
Kreeg 12.500 euro, waarvan 3/4 geleend werd.
Schuld van 1.250.000 euro in 2025.
Leeftijdsgroepen 0-3 3-6 6-12 12-18 jaar.
In de Kerkstraat 3 keer gezien.
In de Dorpsstraat 12 oktober een fiets vernield.
Op het schoolplein 12 leerlingen aangesproken.
Verslaan 12 tegenstanders in het spel.
Een geboren leider, sinds 2024 actief.
Zijn dossier telt 123 456 bladzijden.
Belde 112 en 1712 op 4 mei.
Fase 2 van 5; 50 % van de tijd, 0,5 dag per week.
Telt tot 1 2 3 4 5 6 7 8 9 10.
Jan\u200bPeeters
Depuis le 4 septembre 2026, il participe à l’entraînement (2 fois par semaine).
Le 12/10/2026, il a répété que voter ne sert à rien; 15 personnes étaient présentes.
Il dort dans la rue depuis 3 mois.
Présent sur place 24 heures sur 24, 7 jours sur 7.
En route vers l’école, 3 jeunes l’ont suivi.
Dans la rue de son école 3 fois en mai.
De 14h30 à 16h, le 5/10/26 à 8h15.
L’article 458ter, n° 3/4, point 4 de 2026.
12 sur 20 en 2025-2026, 3 fois sur 4.
Une dette de 12.500 euros depuis 2024.
Il est né sous une bonne étoile, dit-il depuis 2024.
Entre le 01/09/26 et le 05/09/26, 14:30 au plus tard.
La place de stage dure 3 jours par semaine.
Trajet entamé le 1er octobre 2026, durée 6 mois.
Nimmt seit dem 4. September 2026 wieder am Training teil.
Am 12.10.2026 um 14.30 Uhr fand ein Gespräch mit 2 Lehrern statt.
War am 5.12.26 9.30 Uhr da, 3 von 4 Malen.
Steht auf der Straße 24 Stunden am Tag.
Auf dem Spielplatz 3 Jugendliche angesprochen.
Schuljahr 2025-2026 ohne Probleme, 7 Tage von 7.
Schulden von 12.500 Euro, davon 3/4 seit 2024.
Artikel 458ter, Nr. 3/4, Punkt 4 von 2026.
Zwischen dem 1. und 15. Oktober 8 Mal Kontakt.
Von 14.30 bis 16 Uhr, jeden 2. Tag.
Ein geborener Redner, sagt der Lehrer seit 2024.
Since 4 September 2026 he attends training twice a week, 90 minutes each.
On 12 October 2026 he said again that voting is useless.
Saw 2 people on the street, 24 hours a day.
On 4 September High Street was blocked for 3 hours.
Scored 12 out of 20 in 2025-2026.
From 14:30 to 16:00 on 05/12/26, and at 9:30 on 06/12/26.
Owes 12,500 euro since 2024; paid 3/4 of it.
Article 458ter, item 4 of 2026, 7 days out of 7.
A born leader, active since 2024.
Called 112 at 9.15 on 2026-10-12.
""".strip().splitlines()


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_sentence_is_let_through(text: str) -> None:
    assert not identifies(text)


def test_there_is_something_of_everything() -> None:
    assert len({*NATIONAL_NUMBERS, *TELEPHONES, *ACCOUNTS, *ADDRESSES, *BIRTHS}) > 110
    assert len(set(HARMLESS)) > 60


def test_signs_that_nobody_sees_change_nothing() -> None:
    assert normalised("Jan\u200bPeeters") == "JanPeeters"
    assert normalised("\u202eJan\u00a0 \u2800Peeters\ufeff") == "Jan Peeters"
    assert normalised("é \u0065\u0301 ³ ［ ］ — − ⁄ ’") == "é é 3 ( ) - - / '"  # noqa: RUF001


BLANKS = ("", " ", "\u00a0", "\u2009", "\u202f", "\u200b", "\u2060", "\u00ad", "\ufeff")
SIGNS = (".", "/", "-", "\u2010", "\u2011", "\u2013", "\u2014", "\u2212", "\uff0d", "_", "·", "\t")
LONGER = (" - ", " . ", ", ", " / ", "\u2044", "\u2013\u200b")
SEPARATORS = st.sampled_from((*BLANKS, *SIGNS, *LONGER))
BEFORE = st.sampled_from(("", "Zijn nummer is ", "Op 4/9/2026: ", "né le 3 mai ", "3 keer (", "»"))
AFTER = st.sampled_from(("", ", zegt men.", " depuis 2024", ") am 4.9.2026", " at 14:30", "."))


def national_number(birth: date, serial: int, more_months: int) -> tuple[str, ...]:
    """Made as the law says: nine figures, and 97 minus their rest."""
    year, month, day = birth.year % 100, birth.month + more_months, birth.day
    body = f"{year:02d}{month:02d}{day:02d}{serial:03d}"
    check = 97 - int(("2" if birth.year >= 2000 else "") + body) % 97
    return body[:2], body[2:4], body[4:6], body[6:], f"{check:02d}"


@settings(max_examples=400, deadline=None)
@given(
    birth=st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    serial=st.integers(1, 998),
    more_months=st.sampled_from((0, 20, 40)),
    between=st.lists(SEPARATORS, min_size=4, max_size=4),
    around=st.tuples(BEFORE, AFTER),
)
def test_any_national_number_is_found_with_any_signs_between_its_parts(
    birth: date, serial: int, more_months: int, between: list[str], around: tuple[str, str]
) -> None:
    before, after = around
    parts = national_number(birth, serial, more_months)
    shown = "".join(f"{part}{sign}" for part, sign in zip(parts, [*between, ""], strict=True))
    assert identifies(f"{before}{shown}{after}")


MOBILE = st.builds(
    lambda prefix, rest: (prefix, f"{rest:06d}"),
    st.sampled_from(("0456", "0468", "0470", "0475", "0486", "0494", "0499")),
    st.integers(0, 999_999),
)
ZONES = (
    ("02", "5", 6),
    ("03", "2", 6),
    ("09", "2", 6),
    ("04", "3", 6),
    ("010", "4", 5),
    ("051", "2", 5),
    ("071", "3", 5),
    ("089", "6", 5),
)
LANDLINE = st.builds(
    lambda zone, rest: (zone[0], f"{zone[1]}{rest:0{zone[2]}d}"),
    st.sampled_from(ZONES),
    st.integers(0, 99_999),
)
ABROAD = ("0", "+32", "+32 ", "+32 (0)", "0032", "0032 (0)", "+32(0) ")


def grouped(digits: str, seed: int) -> list[str]:
    """In groups of two to four, or all in one."""
    chance = random.Random(seed)
    groups: list[str] = []
    while digits:
        size = min(chance.randint(2, 4), len(digits))
        size = len(digits) if len(digits) - size == 1 or seed % 7 == 0 else size
        groups.append(digits[:size])
        digits = digits[size:]
    return groups


@settings(max_examples=400, deadline=None)
@given(
    number=st.one_of(MOBILE, LANDLINE),
    start=st.sampled_from(ABROAD),
    seed=st.integers(0, 999),
    between=st.lists(SEPARATORS, min_size=5, max_size=5),
    around=st.tuples(BEFORE, AFTER),
)
def test_any_belgian_telephone_number_is_found_in_any_groups(
    number: tuple[str, str], start: str, seed: int, between: list[str], around: tuple[str, str]
) -> None:
    zone, rest = number
    before, after = around
    groups = [start + zone[1:], *grouped(rest, seed)]
    shown = "".join(part + sign for part, sign in zip(groups, [*between, ""], strict=False))
    assert identifies(f"{before}{shown}{after}")


@settings(max_examples=200, deadline=None)
@given(number=st.one_of(MOBILE, LANDLINE), sign=SEPARATORS, singly=st.booleans(), after=AFTER)
def test_nor_do_equal_signs_between_all_groups_hide_one(
    number: tuple[str, str], sign: str, singly: bool, after: str
) -> None:
    digits = "".join(number)
    groups = list(digits) if singly else [digits[i : i + 2] for i in range(0, len(digits), 2)]
    assert identifies(f"Bel {sign.join(groups)}{after}")


DAYS = st.dates(date(1995, 1, 1), date(2035, 12, 31))
SPELLINGS = (
    "{0:%d/%m/%Y}",
    "{0.day}/{0.month}/{0:%Y}",
    "{0:%d/%m/%y}",
    "{0.day}/{0.month}/{0:%y}",
    "{0:%d.%m.%Y}",
    "{0.day}.{0.month}.{0:%Y}",
    "{0:%d.%m.%y}",
    "{0.day}.{0.month}.{0:%y}",
    "{0:%d-%m-%Y}",
    "{0:%d-%m-%y}",
    "{0:%Y-%m-%d}",
    "{0:%d/%m}",
    "{0.day}/{0.month}",
)
HOURS = ("", " {0:%H:%M}", " {0:%H}u{0:%M}", " {0:%H}h{0:%M}", ", {0.hour}.{0:%M}", " {0.hour}u")
WORDS = ("{} - {}", "{}, {}", "Van {} tot {}.", "{}-{}", "{} {}", "Am {} und {} 3 Mal")
WHEN = st.tuples(DAYS, st.times(), st.sampled_from(SPELLINGS), st.sampled_from(HOURS))


@settings(max_examples=800, deadline=None)
@given(first=WHEN, second=WHEN, words=st.sampled_from(WORDS))
def test_dates_and_hours_in_their_usual_spellings_are_never_taken_for_a_number(
    first: tuple[date, time, str, str], second: tuple[date, time, str, str], words: str
) -> None:
    assume("-" not in first[2] or words != "{}-{}")
    shown = [spelt.format(day) + hour.format(at) for day, at, spelt, hour in (first, second)]
    assert not identifies(words.format(*shown))
