"""The visible lines of HTML, as a browser shows them (client-server API, "m.room.message")."""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot import visible
from bot.visible import Link, Visible

# Not what the sender says: somebody else's words, words that are only shown, words taken back.
_LEFT_OUT = frozenset({"blockquote", "pre", "code", "del", "s", "strike", "mx-reply"})
_HIDDEN = frozenset(
    {"head", "title", "script", "style", "template", "textarea", "option"}
    | {"iframe", "noscript", "noembed", "noframes", "listing", "plaintext", "xmp"}
)
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details"}
    | {"dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1"}
    | {"h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "mx-reply", "nav"}
    | {"ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})
_TEXT = "-text"


class _Break:
    """Where a line ends; the number that is shown before the next, None: as it was."""

    def __init__(self, marker: str | None = None) -> None:
        self.marker = marker


_Item = LexborNode | _Break


def read(html: str) -> Visible:
    """What the sender says: without quotes, code and what is struck out, at any depth."""
    page, tree = _Page(), _parsed(html)
    waiting: list[_Item] = [tree.body] if tree.body is not None else []
    while waiting:  # no recursion: how deep it goes is the sender's choice
        item = waiting.pop()
        if isinstance(item, _Break):
            page.end_line(item.marker)
        else:
            waiting += reversed(page.take(item))
    page.end_line(None)
    return page.read(tree)


class _Page:
    """Lines being put together."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._markers: dict[int, str] = {}
        self._links: list[Link] = []
        self._parts: list[str] = []
        self._marker = ""
        self._left_out = False

    def take(self, node: LexborNode) -> list[_Item]:
        """Write down a text or an account; of anything else, what is inside it."""
        tag = node.tag or ""
        if tag == _TEXT:
            self._parts.append(visible.without_invisible(node.text_content or ""))
            return []
        if tag in _LEFT_OUT:
            self._left_out = True
            self._parts.append(" ")
            return [_Break()] if tag in _BLOCKS else []
        if tag in _HIDDEN:
            return []
        if tag == "a" and (target := visible.account(node.attributes.get("href"))):
            self._links.append(Link(len(self._lines), _text(node), target))
            self._parts.append(visible.named(target))
            return []
        if tag in _CELLS:
            self._parts.append(" ")
        inside: list[_Item] = _numbered(node) if tag == "ol" else [*_children(node)]
        return [_Break(), *inside, _Break()] if tag in _BLOCKS else inside

    def end_line(self, marker: str | None) -> None:
        line = visible.finished("".join(self._parts))
        self._parts.clear()
        if line:
            if self._marker:
                self._markers[len(self._lines)] = self._marker
            self._lines.append(line)
            self._marker = ""
        if marker is not None:
            self._marker = marker

    def read(self, tree: LexborHTMLParser) -> Visible:
        linked = {visible.account(link.attributes.get("href")) for link in tree.css("a[href]")}
        typed = visible.accounts("\n".join(self._lines))
        return Visible(
            lines=tuple(self._lines),
            markers=self._markers,
            links=tuple(self._links),
            accounts=frozenset(linked - {""}) | typed,
            left_out=self._left_out,
        )


def _parsed(html: str) -> LexborHTMLParser:
    """Inside a body that is there already: nothing in it can make it another document."""
    return LexborHTMLParser(b"<!doctype html><body>" + html.encode("utf-8", "replace"))


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _numbered(node: LexborNode) -> list[_Item]:
    """The entries of a list, with the numbers that are shown before them."""
    start = node.attributes.get("start") or "1"
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
    inside: list[_Item] = []
    for child in _children(node):
        if child.tag == "li":
            inside += [_Break(f"{number}. "), child, _Break("")]
            number += 1
        else:
            inside.append(child)
    return inside


def _text(node: LexborNode) -> str:
    """What is shown of a link."""
    parts, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        if one.tag == _TEXT:
            parts.append(visible.without_invisible(one.text_content or ""))
        elif one.tag not in _LEFT_OUT | _HIDDEN:
            waiting += reversed(list(_children(one)))
    return " ".join("".join(parts).split())
