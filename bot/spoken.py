"""What an event belongs to, and what a ballot chooses."""

from collections.abc import Mapping

from bot.matrix.door import Content
from bot.rules.facts import EventId

POLL_RESPONSES = {  # event type → where its content has the answers
    "org.matrix.msc3381.poll.response": "org.matrix.msc3381.poll.response",
    "m.poll.response": "m.selections",
}


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
