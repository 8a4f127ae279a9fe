"""What a message says, as its sender meant it: replies stripped, mentions as Matrix ids."""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import unquote

from bot.matrix.door import Content
from bot.rules.facts import EventId

POLL_RESPONSES = {  # event type → where its content has the answers
    "org.matrix.msc3381.poll.response": "org.matrix.msc3381.poll.response",
    "m.poll.response": "m.selections",
}
_FILES = {"m.audio", "m.file", "m.image", "m.video"}
_MATRIX_TO = "https://matrix.to/#/"
_BREAKS = {"br", "p", "div", "li", "blockquote"}


def spoken(content: Content) -> list[str]:
    """The lines of a message. Clients write a mention as a link in the HTML and only a display
    name in the text, so HTML with a mention wins (specification, client-server API, "Mentions")."""
    body, formatted = content.get("body"), content.get("formatted_body")
    if content.get("msgtype") in _FILES and content.get("filename") in {None, body}:
        return []  # the name of a file is no caption
    text = body if isinstance(body, str) else ""
    if isinstance(formatted, str) and "matrix.to" in formatted:
        reader = _Reader()
        reader.feed(formatted)
        text = "".join(reader.parts)
    return [" ".join(line.split()) for line in _without_quote(text)]


def quotes(content: Content) -> bool:
    """Whether a reply repeats what it answers, as older clients do."""
    body, formatted = content.get("body"), content.get("formatted_body")
    return str(body).startswith("> ") or "<mx-reply>" in str(formatted)


def _without_quote(text: str) -> list[str]:
    """Replies may still carry the old fallback, quoting the original on top."""
    lines = text.strip().split("\n")
    if not lines[0].startswith("> "):
        return lines
    while lines and lines[0].startswith(">"):
        lines.pop(0)
    return lines


def replacement(content: Content) -> Content | None:
    """What an edit puts in place of a message (specification, "Event replacements"). Without new
    words it is a message like any other: the relation may stand outside the encryption, where a
    homeserver can write it beside somebody's objection."""
    relation, new = content.get("m.relates_to"), content.get("m.new_content")
    edit = isinstance(relation, Mapping) and relation.get("rel_type") == "m.replace"
    return new if edit and isinstance(new, Mapping) else None


def edits(content: Content) -> EventId | None:
    """The event that it replaces; may be written in clear, so nothing but doubt rests on it."""
    relation = content.get("m.relates_to")
    edit = isinstance(relation, Mapping) and relation.get("rel_type") == "m.replace"
    return related(content) if edit else None


def redacted(content: Content) -> EventId | None:
    """The event that a redaction empties; never encrypted."""
    try:
        return EventId(content["redacts"])
    except (KeyError, TypeError, ValueError):
        return None


def withdrawn(type_: str, content: Content) -> bool:
    """Whether a poll response holds no answer at all: the one before is taken back (MSC3381)."""
    inside = content.get(POLL_RESPONSES[type_])
    answers = inside.get("answers") if isinstance(inside, Mapping) else inside
    return not answers


def thread(content: Content) -> EventId | None:
    """The root of the thread a message stands in."""
    relation = content.get("m.relates_to")
    threaded = isinstance(relation, Mapping) and relation.get("rel_type") == "m.thread"
    return related(content) if threaded else None


def related(content: Content) -> EventId | None:
    """The event that an event says it belongs to; travels in clear, so nothing rests on it."""
    relation = content.get("m.relates_to")
    try:
        return EventId(relation["event_id"]) if isinstance(relation, Mapping) else None
    except (KeyError, TypeError, ValueError):
        return None


def selection(type_: str, content: Content) -> str | None:
    """The one answer id of a poll response, in either of its two forms (MSC3381)."""
    inside = content.get(POLL_RESPONSES[type_])
    answers = inside.get("answers") if isinstance(inside, Mapping) else inside
    if isinstance(answers, list) and len(answers) == 1 and isinstance(answers[0], str):
        return answers[0]
    return None


class _Reader(HTMLParser):
    """Text with user links as ids, without the quoted reply."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._skipping: str | None = None  # inside mx-reply or a mention's own text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipping:
            return
        target = unquote(dict(attrs).get("href") or "")
        if tag == "mx-reply":
            self._skipping = tag
        elif tag == "a" and target.startswith(_MATRIX_TO + "@"):
            self.parts.append(target.removeprefix(_MATRIX_TO).partition("?")[0])
            self._skipping = tag
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._skipping:
            self._skipping = None

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.parts.append(data)
