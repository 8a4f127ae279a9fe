"""Four languages say the same, completely, and understand each other's words (promise 10)."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.lists import format_list
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.rules.facts import (
    Account,
    ActionNumber,
    Code,
    EventId,
    Fact,
    FormCode,
    MasterKey,
    Reference,
)
from bot.rules.refusal import Reason
from handlers.arguments import Words
from handlers.table import COMMANDS
from locales import commands, render
from locales.catalogue import LANGUAGES, catalogue, translate
from locales.codes import CONTEXTS, FAMILIES, LABELS, fold, label, read_code
from locales.kinds import KINDS
from locales.refusals import FIELDS, REFUSALS
from locales.render import Reader, row_fields
from tests.hall import TABLE

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "locales", "storage")
Forms = tuple[str, ...]
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def messages(language: str) -> list[Message]:
    found = [message for message in catalogue(language) if message.id]
    assert len(found) > 200
    return found


def template() -> Catalog:
    with (ROOT / "locales/messages.pot").open("rb") as file:
        return read_po(file)


def forms(message: Message) -> list[tuple[str, str]]:
    """A sentence and its translation, each with its plural if it has one."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    assert isinstance(message.string, tuple)
    return list(zip(message.id, message.string, strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_complete(language: str) -> None:
    wanted = {(one.context, one.id) for one in template() if one.id}
    found = {(one.context, one.id) for one in messages(language)}
    assert found == wanted
    assert [one.id for one in messages(language) if one.fuzzy] == []
    pairs = [pair for message in messages(language) for pair in forms(message)]
    assert [source for source, words in pairs if not words] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_same_placeholders_and_marks(language: str) -> None:
    pairs = [pair for message in messages(language) for pair in forms(message)]
    for source, words in pairs:
        assert set(PLACEHOLDER.findall(words)) == set(PLACEHOLDER.findall(source)), source
        assert words.count("**") == source.count("**"), source
        assert words.count("`") % 2 == 0, source
        assert ("`" in words) == ("`" in source), source


def test_the_template_is_what_the_code_says() -> None:
    found: set[tuple[str | None, object]] = set()
    keywords: dict[str, Any] = {"N_": None, "NP_": ((1, "c"), 2), "ngettext": (1, 2)}
    for package in PACKAGES:
        for _file, _line, said, _comments, context in extract_from_dir(
            str(ROOT / package), keywords=keywords
        ):
            plural = isinstance(said, tuple) and context is None
            found.add((context, said if isinstance(said, str) or plural else said[-1]))
    stored = {(one.context, one.id) for one in template() if one.id}
    assert found == stored, "run `make strings`"


def spellings(name: str) -> Iterator[str]:
    for language in LANGUAGES:
        for word in translate(commands.WORDINGS[name].word, language, "command").split("|"):
            yield fold(word)


def test_no_two_commands_share_a_word_in_any_language() -> None:
    owner: dict[str, str] = {}
    for name in COMMANDS:
        for spelling in spellings(name):
            assert owner.setdefault(spelling, name) == name, spelling
    assert len(owner) > len(COMMANDS) * 2


def test_every_command_has_its_words() -> None:
    assert set(commands.WORDINGS) == set(COMMANDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_word_that_is_shown_is_understood(language: str) -> None:
    for name in COMMANDS:
        shown = commands.word(name, language)
        found = commands.find([*shown.upper().split(), "K7Q-4MX"])
        assert found == (name, len(shown.split())), shown


@pytest.mark.parametrize("family", ["role", "organisation", "route", "section", "action"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_that_is_shown_can_be_typed(family: str, language: str) -> None:
    """Also as several words, with others after them."""
    readers = {take.__name__: take for command in COMMANDS.values() for take in command.arguments}
    names = {"action": "action_code"}
    take = readers[names.get(family, family)]
    for code in LABELS[FAMILIES[family]]:
        for shown in (label(family, code, language), code):
            assert read_code(FAMILIES[family], shown) == code
            after = "" if family == "organisation" else " 2027-01-01"
            assert take(Words(f"{shown}{after}", "help")) == code, shown


def test_every_family_of_codes_has_a_word_for_each() -> None:
    assert set(LABELS) == set(CONTEXTS)
    for family, words in LABELS.items():
        assert set(words) == {code.value for code in family}, family


def test_no_two_codes_of_a_family_share_a_word() -> None:
    for family, words in LABELS.items():
        owner: dict[str, str] = {}
        for code, english in words.items():
            for language in LANGUAGES:
                for word in translate(english, language, CONTEXTS[family]).split("|"):
                    assert owner.setdefault(fold(word), code) == code, (family, word)


SAMPLES: dict[str, Fact] = {
    "int": 3,
    "ints": (3, 4),
    "dates": (date(2026, 11, 23), date(2027, 3, 10)),
    "form": FormCode("ABCDE-FGHIJ-KLMNO-PQRST-UVWXY"),
    "case": Reference("K7Q-4MX"),
    "cases": (Reference("K7Q-4MX"), Reference("ABC-DEF")),
    "action": ActionNumber("A12"),
    "date": date(2027, 3, 10),
    "time": datetime(2027, 3, 10, 12, tzinfo=UTC),
    "event": EventId("$event"),
    "key": MasterKey("AbCd" * 10 + "AbC"),
    "flag": True,
    "word": Reference("K7Q-4MX"),
    "account": Account(1),
    "accounts": (Account(1), Account(2)),
    "answers": {"agree": Code("x"), "object": Code("y")},
    "code:command": Code("next"),
    "code:reason": Code("edited"),
    "code:family": Code("role"),
    "codes:family": (Code("partner"), Code("ad_hoc")),
}


def sample(form: str) -> Fact:
    if form in SAMPLES:
        return SAMPLES[form]
    if form.startswith("rows:"):
        row = {name: sample(one) for name, one in row_fields(form).items()}
        return (row, row)
    many, _, family = form.partition(":")
    first = Code(next(iter(LABELS[FAMILIES[family]])))
    return (first,) if many == "codes" else first


def reader(language: str) -> Reader:
    extra = {"text": "Traint.", "fingerprint": "AbCd", "table": "Stad", "zone": "PZ"}
    return Reader(language, TABLE.zone, lambda account: f"@a{int(account)}:stad", extra)


def clean(shown: render.Rendered) -> None:
    assert shown.text.strip()
    for mark in ("{", "}", "**", "`", "None"):
        assert mark not in shown.text, shown.text
    assert shown.html.count("<p>") == shown.html.count("</p>")
    assert not re.search(r"[{}`]|\*\*", shown.html), shown.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_can_be_said(language: str) -> None:
    for name, kind in KINDS.items():
        if not kind.lines:  # a refusal, or a file without words of its own
            continue
        full = {field: sample(form) for field, form in kind.fields.items()}
        full |= {"single": False} if name == "help" else {}
        clean(render.render(name, full, reader(language)))
        choices: dict[str, Fact] = {"outcome": Code("no_consensus"), "step": Code("closing")}
        least: dict[str, Fact] = {
            **full,
            "version": 2,
            "sign": None,
            "subject": Code("stop"),
            **choices,
        }
        clean(render.render(name, least, reader(language)))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_can_be_said_in_one_sentence_for_all(reason: Reason) -> None:
    facts = {name: sample(form) for name, form in FIELDS.items()}
    facts |= {"reason": Code(reason), "family": Code("role"), "usage": Code("item")}
    shown = [render.render("refused", facts, reader(language)) for language in LANGUAGES]
    for one in shown:
        clean(one)
        assert "\n" not in one.text
    assert len({one.text for one in shown}) == 4


def test_every_reason_has_its_sentence() -> None:
    assert set(REFUSALS) == set(Reason)


COUNTED = (  # what is said of none, one and two
    ("nl", ("0 berichten,",), ("1 bericht,", "nog 1 dag."), ("2 berichten,", "nog 2 dagen.")),
    ("fr", ("0 message,",), ("1 message,", "1 jour encore."), ("2 messages,", "2 jours encore.")),
    ("de", ("0 Nachrichten,",), ("1 Nachricht,", "noch 1 Tag."), ("2 Nachrichten,", "2 Tage.")),
    ("en", ("0 messages,",), ("1 message,", "1 day more."), ("2 messages,", "2 days more.")),
)


@pytest.mark.parametrize(("language", "none", "one", "two"), COUNTED)
def test_one_is_not_said_as_many(language: str, none: Forms, one: Forms, two: Forms) -> None:
    for count, wanted in enumerate((none, one, two)):
        facts: dict[str, Fact] = {"redacted": count, "days": count}
        shown = render.render("side.closed", facts, reader(language)).text
        assert [words for words in wanted if words not in shown] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_of_one_is_not_said_as_many(language: str) -> None:
    one, two = (
        render.render("item.void", {"numbers": numbers}, reader(language)).text
        for numbers in ((3,), (3, 4))
    )
    assert one.replace("3", "") != two.replace(format_list(["3", "4"], locale=language), "")


def test_french_says_none_and_one_alike() -> None:
    row = {"number": 1, "version": 1, "of": 5}
    shown = [
        render.render("polls.overview", {"rows": ({**row, "answered": n},)}, reader("fr")).text
        for n in (0, 1, 2)
    ]
    endings = [one.split(": ")[-1] for one in shown]
    assert endings == ["0 réponse sur 5", "1 réponse sur 5", "2 réponses sur 5"]


# From the glossary of the field: what people at a table would recognise at once.
GLOSSARY = (
    ("role", "information_officer", ("information officer", "information officer", None)),
    ("role", "coordinator", ("coördinator", "coordinateur", "Koordinator")),
    ("organisation", "social_welfare", ("OCMW", "CPAS", "ÖSHZ")),
    ("organisation", "pupil_guidance", ("CLB", "CPMS", None)),
    ("organisation", "justice_house", ("justitiehuis", "maison de justice", "Justizhaus")),
    ("organisation", "local_police", ("lokale taskforce", "taskforce locale", "lokalen Taskforce")),
    ("excluded", "threat_analysis", ("OCAD", "OCAM", None)),
    ("outcome", "consensus", ("consensus", "consensus", "Konsens")),
)


@pytest.mark.parametrize(("family", "code", "words"), GLOSSARY)
def test_the_words_are_those_of_the_field(
    family: str, code: str, words: tuple[str | None, ...]
) -> None:
    for language, word in zip(("nl", "fr", "de"), words, strict=True):
        if word is not None:
            assert fold(word) in fold(label(family, code, language)), language


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Volgende!", "next"),
        ("SUIVANT", "next"),
        ("decider", "decide"),
        ("Décider.", "decide"),
        ("présent", "present"),
        ("Sitzung  öffnen", "meeting.open"),
        ("nachster punkt", "next"),
    ],
)
def test_capitals_accents_and_punctuation_are_forgiven(typed: str, name: str) -> None:
    found = commands.find(typed.split())
    assert found is not None
    assert found[0] == name
