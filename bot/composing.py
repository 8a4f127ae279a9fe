"""Compose: the content of a Matrix event from kind and facts, rendered at the last moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.desk import Desk
from bot.matrix.door import Content
from bot.rules.facts import Account, Code, EventId, Facts, wire
from bot.rules.form import wording
from bot.rules.refusal import Reason
from bot.words import Words
from locales.catalogue import NP_, translate
from locales.codes import Language
from locales.kinds import KINDS, POLL_ANSWERS
from locales.render import Reader, Rendered, render
from storage.outbox import TABLE_LANE, Outgoing

FACTS = "org.tafelbot.v1"
POLL = "org.matrix.msc3381.poll"
TEXT = "org.matrix.msc1767.text"


class Composer:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.words = Words(desk)

    async def message(self, outgoing: Outgoing, edits: EventId | None) -> dict[str, Any]:
        """An `m.room.message`; `WordsMissing` when it would show words that are not to be had."""
        facts = dict(outgoing.facts)
        words = await self.words.of(facts)
        if outgoing.kind == "poll.opened":
            with self._desk.transaction() as tx:
                facts["poll_event"] = tx.outbox.anchor(f"poll-{facts['poll']}")
            facts["changed"] = "changes" in words or None
            if facts.get("items") is not None:
                facts["code"] = wording(await self.words.entries(facts))
        shown = self.render(outgoing.lane, outgoing.kind, facts, words)
        content = {**_text(shown), **self._ringing(outgoing), **self._facts(outgoing, facts)}
        return _edit(content, edits) if edits else {**content, **_relation(outgoing)}

    async def poll(self, outgoing: Outgoing) -> dict[str, Any]:
        """A native poll (MSC3381, unstable names: what clients speak); `WordsMissing`. One in a
        direct room has its facts with it, and none of the words."""
        private = outgoing.kind == "poll.asked"
        words = {} if private else await self.words.of(outgoing.facts)
        kind, facts = ("poll.asked", outgoing.facts) if private else ("poll.question", {})
        question = self.render(outgoing.lane, kind, outgoing.facts, words).text
        labels = self._labels(outgoing)
        fallback = "\n".join([question, *(f"{n}. {t}" for n, t in enumerate(labels.values(), 1))])
        return {
            **self._facts(outgoing, facts, kind=kind),
            TEXT: fallback,
            f"{POLL}.start": {
                "question": {TEXT: question, "body": question, "msgtype": "m.text"},
                "kind": f"{POLL}.disclosed",
                "max_selections": 1,
                "answers": [{"id": key, TEXT: label} for key, label in labels.items()],
            },
        }

    def _labels(self, outgoing: Outgoing) -> Mapping[str, str]:
        """What one can answer: the id and its words."""
        ids = outgoing.facts["answers"]
        assert isinstance(ids, Mapping)
        said = {answer: self._label(words, outgoing.lane) for answer, words in POLL_ANSWERS.items()}
        return {str(ids[answer]): label for answer, label in said.items() if answer in ids}

    def _label(self, words: str, lane: int) -> str:
        """On one line in every language, or once where they use the same word."""
        said = (translate(words, language) for language in self._languages(lane))
        return " / ".join(dict.fromkeys(said))

    def advice(self, outgoing: Outgoing) -> dict[str, Any]:
        """The same words for everybody, without facts about anyone: it travels in clear."""
        shown = self.render(outgoing.lane, outgoing.kind, {}, {})
        return {**_text(shown), FACTS: {"kind": outgoing.kind}}

    def in_clear(self) -> dict[str, Any]:
        """That a room is not encrypted, in it: the same words for everybody."""
        facts = {"reason": Code(Reason.NOT_ENCRYPTED.value)}
        return {
            **_text(self.render(TABLE_LANE, "refused", facts, {})),
            FACTS: {"kind": "refused", **wire(facts)},
        }

    def room_name(self, point: object = None) -> str:
        """Neutral: room names are not encrypted. Side rooms are told apart by a number."""
        name = NP_("room", "Meeting") if point is None else NP_("room", "Meeting – point {point}")
        return self.in_languages(name, "room").replace("\n", " / ").format(point=point)

    def marked(self, outgoing: Outgoing, names: Sequence[str]) -> dict[str, Any]:
        """The machine facts of a message, only those named."""
        return self._facts(outgoing, {name: outgoing.facts.get(name) for name in names})

    def render(self, lane: int, kind: str, facts: Facts, extra: Mapping[str, str]) -> Rendered:
        """In every language of the table, or in the person's own."""
        settings = {
            "fingerprint": str(self._desk.door.fingerprint),
            "table": self._desk.table.name,
            "zone": self._desk.table.police_zone,
        }
        known = {**extra, **settings}
        parts = [
            render(kind, facts, Reader(language, self._desk.table.zone, self._desk.user_id, known))
            for language in self._languages(lane)
        ]
        once = tuple(dict.fromkeys(parts))  # some words are the same in every language
        return Rendered(
            "\n\n".join(part.text for part in once), "".join(part.html for part in once)
        )

    def _languages(self, lane: int) -> Sequence[str]:
        if lane > TABLE_LANE:
            with self._desk.transaction() as tx:
                if own := tx.people.account_row(lane).language:
                    return (Language(own),)
        return self._desk.table.languages

    def in_languages(self, text: str, context: str | None = None, lane: int = TABLE_LANE) -> str:
        return "\n".join(translate(text, one, context) for one in self._languages(lane))

    def _ringing(self, outgoing: Outgoing) -> dict[str, Any]:
        """A notice, unless somebody has to act: then a message that mentions them."""
        facts = [outgoing.facts.get(name) for name in KINDS[outgoing.kind].rings]
        called = [one for fact in facts for one in (fact if isinstance(fact, tuple) else (fact,))]
        users = [self._desk.user_id(one) for one in called if isinstance(one, Account)]
        return {"msgtype": "m.text" if users else "m.notice", "m.mentions": {"user_ids": users}}

    def _facts(self, outgoing: Outgoing, facts: Facts, kind: str = "") -> dict[str, Any]:
        shown = {key: value for key, value in facts.items() if value is not None}
        packed = wire(shown)
        return {FACTS: {"kind": kind or outgoing.kind, "id": str(outgoing.token), **packed}}


def _text(shown: Rendered) -> dict[str, Any]:
    return {
        "msgtype": "m.notice",
        "body": shown.text,
        "format": "org.matrix.custom.html",
        "formatted_body": shown.html,
    }


def _edit(content: Content, edits: EventId) -> dict[str, Any]:
    """A message that replaces an earlier one; facts stand inside and outside."""
    return {
        **content,
        "body": f"* {content['body']}",
        "formatted_body": f"* {content['formatted_body']}",
        "m.new_content": dict(content),
        "m.relates_to": {"rel_type": "m.replace", "event_id": str(edits)},
    }


def _relation(outgoing: Outgoing) -> dict[str, Any]:
    """A reply to what was said, in its thread if it stood in one."""
    if outgoing.reply_to is None:
        return {}
    relation: dict[str, Any] = {"m.in_reply_to": {"event_id": str(outgoing.reply_to)}}
    if outgoing.thread is not None:
        relation |= {
            "rel_type": "m.thread",
            "event_id": str(outgoing.thread),
            "is_falling_back": False,
        }
    return {"m.relates_to": relation}
