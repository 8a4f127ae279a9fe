"""From kind and facts to words: the last step, in the reader's language, as text and as HTML."""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from babel.dates import format_date
from babel.lists import format_list

from bot.rules.facts import Account, Fact, Facts, MasterKey
from bot.rules.refusal import Reason
from locales import commands
from locales.catalogue import Counted, translate, translate_counted
from locales.codes import FAMILIES, LABELS, label
from locales.kinds import KINDS, Kind, Line
from locales.refusals import FIELDS, REFUSALS

PREFIX = "!"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str
    html: str


@dataclass(frozen=True)
class Reader:
    """For whom something is rendered. `name` gives a person's Matrix id; `extra` holds words
    that are known only now: the text of an item (of several: `text 3` for the row with that
    number), the bot's fingerprint, the table's name."""

    language: str
    zone: tzinfo
    name: Callable[[Account], str]
    extra: Mapping[str, str]


def render(kind: str, facts: Facts, reader: Reader) -> Rendered:
    """The words of a message."""
    lines = list(_lines(kind, facts, reader))
    plain = "\n".join(line.text for line in lines)
    return Rendered(plain, _paragraphs(lines))


def sentence(
    text: str | Counted, facts: Facts, fields: Mapping[str, str], reader: Reader
) -> Rendered:
    """One translated sentence with its facts in place."""
    template = _template(text, facts, reader.language)
    plain, rich = _Values(facts, fields, reader), _Values(facts, fields, reader, rich=True)
    bare = template.replace("**", "").replace("`", "")
    marked = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(template, quote=False))
    marked = re.sub(r"`(.+?)`", r"<code>\1</code>", marked)
    return Rendered(_PLACEHOLDER.sub(plain.of, bare), _PLACEHOLDER.sub(rich.of, marked))


def _template(text: str | Counted, facts: Facts, language: str) -> str:
    if isinstance(text, str):
        return translate(text, language)
    fact = facts.get(text.by)
    count = len(fact) if isinstance(fact, tuple) else fact
    assert isinstance(count, int)
    return translate_counted(text, count, language)


@dataclass(frozen=True)
class _Line:
    text: str
    html: str
    bullet: bool


def _lines(kind: str, facts: Facts, reader: Reader) -> Iterator[_Line]:
    if kind == "refused":
        reason = REFUSALS[Reason(str(facts["reason"]))]
        shown = sentence(reason, facts, FIELDS, reader)
        yield _Line(shown.text, shown.html, bullet=False)
        return
    described = KINDS[kind]
    for line in described.lines:
        if not _applies(line, facts):
            continue
        for row in _rows(line, facts):
            shown = sentence(line.text, row, _fields(described, line), reader)
            bullet = line.each is not None
            yield _Line(("• " if bullet else "") + shown.text, shown.html, bullet)


def _applies(line: Line, facts: Facts) -> bool:
    if line.unless is not None and facts.get(line.unless):
        return False
    if isinstance(line.when, tuple):
        return facts.get(line.when[0]) == line.when[1]
    if callable(line.when):
        return line.when(facts)
    return line.when is None or bool(facts.get(line.when))


def _rows(line: Line, facts: Facts) -> Iterator[Facts]:
    if line.each is None:
        yield facts
        return
    rows = facts.get(line.each) or ()
    assert isinstance(rows, tuple)
    for row in rows:
        assert isinstance(row, Mapping)
        yield row


def _fields(kind: Kind, line: Line) -> Mapping[str, str]:
    return kind.fields if line.each is None else row_fields(kind.fields[line.each])


def row_fields(form: str) -> dict[str, str]:
    """`rows: member account, role code:role` → the form of each field of a row."""
    pairs = form.removeprefix("rows:").split(",")
    return dict(pair.strip().split(" ", 1) for pair in pairs)


def _paragraphs(lines: list[_Line]) -> str:
    parts: list[str] = []
    for place, line in enumerate(lines):
        if not line.bullet:
            parts.append(f"<p>{line.html}</p>")
            continue
        opens = place == 0 or not lines[place - 1].bullet
        closes = place + 1 == len(lines) or not lines[place + 1].bullet
        parts.append(
            ("<ul>" if opens else "") + f"<li>{line.html}</li>" + ("</ul>" if closes else "")
        )
    return "".join(parts)


class _Values:
    """The values of one sentence's placeholders, as text or as HTML."""

    def __init__(
        self, facts: Facts, fields: Mapping[str, str], reader: Reader, *, rich: bool = False
    ) -> None:
        self._facts, self._fields, self._reader, self._rich = facts, fields, reader, rich

    def of(self, match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("do_"):
            return PREFIX + commands.word(_command(name[3:]), self._reader.language)
        for known in (name, f"{name} {self._facts.get('number')}"):
            if known in self._reader.extra:
                return self._plain(self._reader.extra[known])
        if name == "summary":
            summary = commands.WORDINGS[str(self._facts["command"])].summary
            return self._plain(translate(summary, self._reader.language))
        if name == "usage":
            return self._plain(
                usage(
                    str(self._facts.get("command", self._facts.get("usage"))), self._reader.language
                )
            )
        if name not in self._fields:
            return label(*_WORDS[name], self._reader.language)
        return self._value(self._facts.get(name), self._fields[name])

    def _value(self, fact: Fact, form: str) -> str:
        language = self._reader.language
        if form.startswith("also:"):  # a word that is added to another, if there is one
            return "" if fact is None else f", {self._value(fact, form.replace('also:', 'code:'))}"
        if isinstance(fact, tuple):
            shown = [self._value(one, form.replace("codes:", "code:")) for one in fact]
            if form.endswith(":family"):
                return format_list(shown, "or", locale=language)
            return format_list(shown, locale=language) if shown else "–"
        match fact:
            case None:
                return "–"
            case Account():
                return self._person(fact)
            case MasterKey():
                return fact.short
            case datetime():
                local = fact.astimezone(self._reader.zone)
                day = format_date(local, "full", locale=f"{language}_BE")
                return f"{day}, {local:%H:%M}"
            case date():
                return format_date(fact, "long", locale=f"{language}_BE")
        family = form.partition(":")[2]
        if family == "family":
            family = str(self._facts["family"])
        if family in FAMILIES and fact in LABELS[FAMILIES[family]]:
            return self._plain(label(family, str(fact), language))
        return self._plain(str(fact))

    def _person(self, account: Account) -> str:
        user = self._reader.name(account)
        if not self._rich:
            return user
        link = html.escape(f"https://matrix.to/#/{user}")
        return f'<a href="{link}">{html.escape(user)}</a>'

    def _plain(self, words: str) -> str:
        return html.escape(words, quote=False) if self._rich else words


_WORDS = {
    "yes": ("yesno", "yes"),
    "no": ("yesno", "no"),
    "follow": ("decision", "follow"),
    "stop": ("decision", "stop"),
    "refer": ("decision", "refer"),
    "psychiatrist": ("confirmer", "psychiatrist"),
    "psychologist": ("confirmer", "psychologist"),
    "none": ("confirmer", "none"),
    "more": ("decision", "more"),
}


def usage(name: str, language: str) -> str:
    """`!manager REF @user`."""
    return f"{PREFIX}{commands.word(name, language)} {commands.syntax(name, language)}".strip()


def _command(name: str) -> str:
    return name if name in commands.WORDINGS else name.replace("_", ".", 1)
