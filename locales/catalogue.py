"""The four languages: `.po` files read at start, nothing compiled."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

LANGUAGES = ("nl", "fr", "de", "en")
SOURCE = "en"
_FOLDER = Path(__file__).parent


def N_(text: str) -> str:
    """Marks a sentence for translation."""
    return text


@dataclass(frozen=True, slots=True)
class Counted:
    """A sentence in the two forms that all four languages have, and the fact that decides."""

    one: str
    many: str
    by: str


def ngettext(one: str, many: str, by: str) -> Counted:
    """Marks a sentence about a number of things for translation; `by`: the fact that is that
    number, or a list of that many."""
    return Counted(one, many, by)


def NP_(context: str, text: str) -> str:
    """Marks a word for translation; the context tells where it is used."""
    return text


@cache
def catalogue(language: str) -> Catalog:
    """The parsed catalogue of a language; every message of it must be there."""
    with (_FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def _table(language: str) -> Mapping[tuple[str | None, str], str]:
    return {
        (message.context, str(message.id)): str(message.string)
        for message in catalogue(language)
        if message.id and not message.pluralizable and _usable(message)
    }


@cache
def _forms(language: str) -> Mapping[str, tuple[str, str]]:
    return {
        message.id[0]: (message.string[0], message.string[1])
        for message in catalogue(language)
        if isinstance(message.id, tuple) and isinstance(message.string, tuple) and _usable(message)
    }


def _usable(message: Message) -> bool:
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(forms) and not message.fuzzy


def translate(text: str, language: str, context: str | None = None) -> str:
    """The text in a language; a missing translation is the English original."""
    return text if language == SOURCE else _table(language).get((context, text), text)


def translate_counted(text: Counted, count: int, language: str) -> str:
    """The form for a number: French counts nothing as one, the others do not."""
    one, many = _forms(language).get(text.one, (text.one, text.many))
    return one if Locale(language).plural_form(count) == "one" else many
