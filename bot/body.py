"""What a message says, as a person saw it: one reader for every `m.room.message`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot import markup, plain
from bot.matrix.door import Content
from bot.spoken import replacement
from bot.visible import Visible
from handlers import core

TEXT = "m.text"
_MEDIA = frozenset({"m.image", "m.file", "m.audio", "m.video"})
_WORDLESS = frozenset({"m.notice", "m.key.verification.request"})


@dataclass(frozen=True, slots=True)
class Message:
    """The visible lines of a message, and whom it mentions.

    `edit`: it stands in place of an earlier one. `reply`: it answers one, and mentions whom it
    answers, perhaps without a word.
    """

    msgtype: str = ""
    visible: Visible = field(default_factory=Visible)
    mentions: frozenset[str] = frozenset()
    edit: bool = False
    reply: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        return self.visible.lines

    def paragraph(self, number: int, names: Sequence[str]) -> str:
        """A line with those that go on with it."""
        return core.paragraph(self.lines, number, names, self.visible.markers)


def read_message(content: Content) -> Message:
    """Of an edit, what it puts in place. Words are those of text, of an emote, of a caption; HTML
    is read where there is HTML, since that is what clients show."""
    new = replacement(content)
    said = content if new is None else new
    msgtype = said.get("msgtype")
    if not isinstance(msgtype, str) or msgtype in _WORDLESS:
        return Message()
    return Message(
        msgtype=msgtype,
        visible=_visible(said) if msgtype not in _MEDIA or _captioned(said) else Visible(),
        mentions=_mentions(said),
        edit=new is not None,
        reply=_answers(content),
    )


def quotes(content: Content) -> bool:
    """Whether anything in a message is not said by its sender: a quote of any kind, code, what is
    struck out. In text and HTML, whichever of them is shown: all of it lies in the room."""
    new = replacement(content)
    return any(_quotes(one) for one in (content, new) if one is not None)


def _visible(content: Content) -> Visible:
    html = _html(content)
    return markup.read(html) if html.strip() else plain.read(_body(content))


def _quotes(content: Content) -> bool:
    html = _html(content)
    return plain.read(_body(content)).left_out or (bool(html) and markup.read(html).left_out)


def _body(content: Content) -> str:
    body = content.get("body")
    return body if isinstance(body, str) else ""


def _html(content: Content) -> str:
    formatted = content.get("formatted_body")
    return formatted if isinstance(formatted, str) else ""


def _captioned(content: Content) -> bool:
    """A body beside a file name is a caption, unless it is the file name itself (MSC2530)."""
    name = content.get("filename")
    return isinstance(name, str) and name != content.get("body")


def _mentions(content: Content) -> frozenset[str]:
    mentions = content.get("m.mentions")
    users = mentions.get("user_ids") if isinstance(mentions, Mapping) else None
    listed = users if isinstance(users, list) else []
    return frozenset(one for one in listed if isinstance(one, str))


def _answers(content: Content) -> bool:
    relation = content.get("m.relates_to")
    return isinstance(relation, Mapping) and "m.in_reply_to" in relation
