"""The lines of a text without HTML: without what it quotes, and without the signs of markdown that
a client has left in it (CommonMark, "Inlines")."""

import re
from collections import Counter
from dataclasses import dataclass

from bot import visible
from bot.visible import Link, Visible

_FENCE = re.compile(r" {0,3}(?:(`{3,})[^`]*$|(~{3,}))")
_TOKEN = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<address>@[!-9;-?A-~]+:[A-Za-z0-9.:\[\]-]+|(?:https?://|matrix:|matrix\.to/)[^\s()<>*]+)"
    r"|!?\[(?P<shown>[^\[\]\n]*)\]\((?P<target>[^()\s]*)\)"
    r"|(?P<signs>[*_~`|]+)"
    r"|(?P<paragraph>\n\n)"
)
_RUN = re.compile(r"\*+|_+|~{2,}|`+|\|\|")


def read(text: str) -> Visible:
    """What the sender says. Lines keep their numbers; what was left out is an empty one."""
    lines = without_fallback(text.replace("\r\n", "\n").strip().split("\n"))
    own = _own([visible.without_invisible(line) for line in lines])
    inline = _Inline("\n".join(line or "" for line in own))
    shown, links = inline.shown()
    return Visible(
        lines=tuple(visible.finished(line) for line in shown.split("\n")),
        links=tuple(links),
        accounts=visible.accounts(text) | visible.accounts(visible.finished(shown)),
        left_out=text.lstrip().startswith(">") or None in own or inline.left_out,
    )


def without_fallback(lines: list[str]) -> list[str]:
    """Replies may still carry the old fallback, quoting the original on top ("Rich replies")."""
    if not lines[0].startswith("> "):
        return lines
    rest = next((n for n, line in enumerate(lines) if not line.startswith(">")), len(lines))
    return lines[rest:]


def _own(lines: list[str]) -> list[str | None]:
    """None for the lines that are quoted, and for those in a block of code, closed or not."""
    found: list[str | None] = []
    fence = ""
    for line in lines:
        edge = _FENCE.match(line)
        signs = (edge[1] or edge[2]) if edge else ""
        found.append(None if fence or edge or line.lstrip().startswith(">") else line)
        if not fence:
            fence = signs
        elif signs.startswith(fence) and line.strip() == signs:
            fence = ""
    return found


@dataclass(frozen=True, slots=True)
class _Edit:
    """What stands for a part of the text: nothing for a sign of markdown, for instance."""

    start: int
    end: int
    text: str = ""
    link: tuple[str, str] | None = None  # what is shown, and the account it leads to
    leaves_out: bool = False


class _Inline:
    """Signs in pairs are markdown; all others are signs that the sender wrote."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[_Edit] = []
        self._open: list[tuple[str, int, int]] = []  # sign, start and end of those not paired yet
        self._count: Counter[str] = Counter()  # of each sign among them
        self.left_out = False
        for token in _TOKEN.finditer(text):
            self._take(token)

    def shown(self) -> tuple[str, list[Link]]:
        """The text without markdown, and the links in it, by line."""
        parts: list[str] = []
        links: list[Link] = []
        at = line = 0
        for edit in sorted(self._edits, key=lambda one: (one.start, -one.end)):
            if edit.start < at:  # inside what was left out
                continue
            parts += [self._text[at : edit.start], edit.text]
            line += self._text.count("\n", at, edit.start)
            if edit.link is not None:
                links.append(Link(line, *edit.link))
            self.left_out |= edit.leaves_out
            line += self._text.count("\n", edit.start, edit.end)
            at = edit.end
        return "".join([*parts, self._text[at:]]), links

    def _take(self, token: re.Match[str]) -> None:
        start, end = token.span()
        if token["paragraph"]:
            self._open.clear()
            self._count.clear()
        elif token["escaped"]:
            self._edits.append(_Edit(start, end, token["escaped"]))
        elif token["shown"] is not None:
            self._edits.append(_link(token))
        elif token["signs"]:
            self._signs(token["signs"], start, end)

    def _signs(self, signs: str, start: int, end: int) -> None:
        """Signs that touch each other, each kind with its own partners."""
        before, after = self._text[start - 1 : start] if start else "", self._text[end : end + 1]
        for run in _RUN.finditer(signs):
            sign, at = run[0], start + run.start()
            opens, closes = _sides(sign, before, after)
            if sign[0] in "*_":  # any number of them, each paired by itself
                for one in range(at, at + len(sign)):
                    self._sign(sign[0], one, one + 1, opens=opens, closes=closes)
            else:
                kind = "~~" if sign[0] == "~" else sign
                self._sign(kind, at, at + len(sign), opens=opens, closes=closes)

    def _sign(self, sign: str, start: int, end: int, *, opens: bool, closes: bool) -> None:
        if closes and self._count[sign]:
            self._pair(sign, start, end)
        elif opens:
            self._open.append((sign, start, end))
            self._count[sign] += 1

    def _pair(self, sign: str, start: int, end: int) -> None:
        while True:  # those in between have no partner any more
            other, begin, after = self._open.pop()
            self._count[other] -= 1
            if other == sign:
                break
        if sign[0] in "~`":  # struck out, or code: not said
            lines = self._text.count("\n", begin, end)
            self._edits.append(_Edit(begin, end, " " + "\n" * lines, leaves_out=True))
        else:
            self._edits += [_Edit(begin, after), _Edit(start, end)]


def _sides(signs: str, before: str, after: str) -> tuple[bool, bool]:
    """Whether signs can open and close: not towards a space, and not inside a word, except those
    that no word has."""
    opens, closes = bool(after.strip()), bool(before.strip())
    if signs[0] in "~|":
        return opens, closes
    inside = str.isdigit if signs[:2] == "**" else str.isalnum
    return opens and not inside(before), closes and not inside(after)


def _link(token: re.Match[str]) -> _Edit:
    shown, target = token["shown"], visible.account(token["target"])
    if not target:
        return _Edit(*token.span(), shown)
    return _Edit(*token.span(), visible.named(target), link=(shown.strip("*_`~\\ "), target))
