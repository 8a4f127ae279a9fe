"""The feedback form as a file: the official order, the agreed words, nobody's trace (F17-F31)."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import docx as word
import pytest
from docx.document import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.form import BY_HAND, HAND, Form, docx
from bot.rules.facts import Code, Fact, Reference
from bot.rules.fiche import Direction, Phase, Section, Sign
from bot.rules.form import Entry, wording
from locales.catalogue import LANGUAGES, translate
from storage.outbox import Act
from tests import moments as at
from tests.hall import Hall, facts_of

DAYS = (date(2026, 10, 26), date(2026, 11, 23))
ITEMS = (
    Entry(Section.QUESTIONS, None, None, "Is er iets dat wij moeten weten?"),
    Entry(Section.SOCIAL, Sign.POSITIVE, None, "Neemt sinds 4 september deel aan de training."),
    Entry(Section.BELIEFS, Sign.NEGATIVE, None, "Herhaalde op 12 oktober dat stemmen zinloos is."),
    Entry(Section.SOCIAL, Sign.NEUTRAL, None, "Verhuisde op 1 oktober."),
    Entry(Section.TRAJECTORY, None, Phase.CARRYING_OUT, "Begeleiding sinds 1 oktober."),
    Entry(Section.REASON, None, None, "Uitspraken in september."),
    Entry(Section.PSYCH, Sign.NEUTRAL, None, "Bevestigd in oktober."),
    Entry(Section.OTHER, Sign.NEUTRAL, None, "Een buur helpt."),
    Entry(Section.ACTS, Sign.NEUTRAL, None, "Geen."),
    Entry(Section.INTENTION, Sign.POSITIVE, None, "Ziet af van geweld."),
)
FORM = Form("Voorbeeldstad", "PZ Voorbeeld", Direction.TO_LTF, DAYS, ITEMS, ("nl",))
FACTS: dict[str, Fact] = {
    "case": Reference("K7Q-4MX"),
    "direction": Code("to_ltf"),
    "discussed": DAYS,
    "poll": 7,
    "items": ({"number": 1, "poll": 9, "section": Code("reason")},),  # of which nobody knows
}


def read(form: Form) -> Document:
    return word.Document(io.BytesIO(docx(form)))


def styled(form: Form, name: str) -> list[str]:
    """The paragraphs of a kind."""
    lines = [(line.style.name if line.style else "", line.text) for line in read(form).paragraphs]
    return [text for style, text in lines if str(style).startswith(name)]


def headings(form: Form) -> list[str]:
    return styled(form, "Heading")


def items(form: Form) -> list[str]:
    return styled(form, "List Bullet")


def grid(form: Form) -> list[tuple[str, str]]:
    (table,) = read(form).tables
    return [(row.cells[0].text, row.cells[1].text) for row in table.rows]


def footer(form: Form) -> str:
    return "\n".join(line.text for line in read(form).sections[0].footer.paragraphs)


def test_the_order_is_that_of_the_official_form() -> None:
    assert headings(FORM) == [
        "1. Gegevens van de bespreking",
        "2. Reden van agendering",
        "3. Analyse per risicodomein",
        "a. Overtuigingen, opvattingen, ideologie",
        "b. Sociale context",
        "c. Intentie",
        "d. Daden, capaciteit, vermogen",
        "e. Psychische stoornissen (bevestigd door een psychiater of psycholoog)",
        "f. Bijkomende beschermende factoren en kwetsbaarheidsfactoren",
        "4. Individuele opvolging",
        "5. Vragen aan de lokale taskforce",
    ]
    assert items(FORM) == [
        "Uitspraken in september.",
        "negatief: Herhaalde op 12 oktober dat stemmen zinloos is.",
        "positief: Neemt sinds 4 september deel aan de training.",
        "neutraal: Verhuisde op 1 oktober.",
        "positief: Ziet af van geweld.",
        "neutraal: Geen.",
        "neutraal: Bevestigd in oktober.",
        "neutraal: Een buur helpt.",
        "uitvoering van een traject: Begeleiding sinds 1 oktober.",
        "Is er iets dat wij moeten weten?",
    ]


@pytest.mark.parametrize("languages", [*((one,) for one in LANGUAGES), ("nl", "fr")])
def test_who_was_discussed_is_left_blank_to_be_written_by_hand(languages: tuple[str, ...]) -> None:
    form = replace(FORM, languages=languages)
    rows = grid(form)
    assert [value for _name, value in rows] == [
        "Voorbeeldstad",
        "26/10/2026, 23/11/2026",
        "PZ Voorbeeld",
        "",
        "",
        "",
    ]
    for (name, _value), line in zip(rows[3:], BY_HAND, strict=True):
        for language in languages:
            assert translate(line, language, "form") in name
            assert translate(HAND, language, "form") in name


def test_sections_without_an_item_are_left_out() -> None:
    only = replace(FORM, items=(Entry(Section.REASON, None, None, "Uitspraken."),))
    assert headings(only) == ["1. Gegevens van de bespreking", "2. Reden van agendering"]
    risk = replace(FORM, items=(Entry(Section.ACTS, Sign.NEUTRAL, None, "Geen."),))
    assert headings(risk)[1:] == ["3. Analyse per risicodomein", "d. Daden, capaciteit, vermogen"]


@pytest.mark.parametrize(
    ("language", "heading", "questions"),
    [
        ("nl", "als antwoord aan de lokale taskforce", "5. Vragen aan de lokale taskforce"),
        ("fr", "en réponse à la Taskforce locale (TFL)", "5. Questions à la Taskforce locale"),
        ("de", "als Antwort an die Lokale Taskforce", "5. Fragen an die Lokale Taskforce"),
        ("en", "in reply to the local task force", "5. Questions to the local task force"),
    ],
)
def test_what_the_table_replies_to_the_task_force_is_headed_as_its_own(
    language: str, heading: str, questions: str
) -> None:
    reply = replace(FORM, direction=Direction.FROM_LTF, languages=(language,))
    assert read(reply).paragraphs[1].text == heading
    assert headings(reply)[-1].startswith(questions)


def test_an_item_without_a_sign_stands_on_the_form_without_one() -> None:
    plain = replace(FORM, items=(Entry(Section.SOCIAL, None, None, "Verhuisde op 1 oktober."),))
    assert items(plain) == ["Verhuisde op 1 oktober."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_footer_has_the_code_of_what_was_agreed_and_the_day(language: str) -> None:
    shown = footer(replace(FORM, languages=(language,)))
    assert str(wording(ITEMS)) in shown
    assert "23/11/2026" in shown
    assert "26/10/2026" not in shown
    other = (replace(ITEMS[0], text="Iets anders."), *ITEMS[1:])
    assert str(wording(ITEMS)) not in footer(replace(FORM, items=other))


def test_the_same_form_is_the_same_bytes_and_tells_nobody_who_or_when() -> None:
    made = docx(FORM)
    assert made == docx(FORM)
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        assert not [name for name in file.namelist() if "docProps" in name]
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        parts = {name: file.read(name).decode() for name in file.namelist()}
    for name, text in parts.items():
        assert not re.search(r"python|creator|lastModified|w:author", text), name
        assert "K7Q" not in text


texts = st.text(min_size=1, max_size=40)


@settings(max_examples=20)
@given(text=texts)
def test_words_of_any_signs_stand_on_the_form_as_they_were_agreed(text: str) -> None:
    """Or with a mark in the place of a sign that no such file can hold."""
    (line,) = items(replace(FORM, items=(Entry(Section.REASON, None, None, text),)))
    readable = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    assert line == re.sub("\r\n?", "\n", readable)


def test_marks_of_the_file_format_stay_words() -> None:
    text = "</w:t><w:br/> {day} %s & \u202e {{x}}"
    assert items(replace(FORM, items=(Entry(Section.REASON, None, None, text),))) == [text]


async def test_the_officer_alone_gets_the_words_that_everybody_agreed_to(hall: Hall) -> None:
    """With the code that the poll on the whole showed, under a name that tells of no case."""
    moment = await at.whole_asked(hall)
    code = str(moment.poll["code"])
    (file,) = [one for one in await moment.everybody("agree") if "file" in one.content]
    assert file.room == await hall.direct("io")
    assert file.content["filename"] == "formulier-2026-11-23.docx"
    made = word.Document(io.BytesIO(hall.matrix.uploads[-1]))
    lines = [line.text for line in made.paragraphs]
    assert lines[-1] == "positief: Neemt opnieuw deel aan de training."
    assert code in made.sections[0].footer.paragraphs[0].text
    assert moment.case not in "".join(lines)


async def test_without_its_words_there_is_no_form_and_the_officer_is_told(hall: Hall) -> None:
    moment = await at.followed(hall)
    await moment.says("io", "status", direct=True)
    uploads = len(hall.matrix.uploads)
    with hall.desk.transaction() as tx:
        officer = tx.people.account(moment.user("io"))
        tx.outbox.add(officer, Act.FILE, "fiche.form", FACTS, hall.desk.chance.token())
    new = await moment.hears()
    (failed,) = [one for one in new if facts_of(one).get("kind") == "file.failed"]
    assert failed.room == await hall.direct("io")
    assert len(hall.matrix.uploads) == uploads
