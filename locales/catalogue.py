"""The four languages: `.po` files read at start, nothing compiled."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LANGUAGES = ("nl", "fr", "de", "en")
SOURCE = "en"
_FOLDER = Path(__file__).parent


def N_(text: str) -> str:
    """Marks a sentence for translation."""
    return text


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
        if message.id and message.string and not message.fuzzy
    }


def translate(text: str, language: str, context: str | None = None) -> str:
    """The text in a language; a missing translation is the English original."""
    return text if language == SOURCE else _table(language).get((context, text), text)
