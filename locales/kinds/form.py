"""The form of a message: its fields, and its lines of words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.rules.facts import Facts
from locales.catalogue import Counted


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph. `**bold**` and `` `typed` `` are the only marks.

    Shown only `when` a fact is set (or equals the second of a pair, or passes a test), `unless`
    it is; once for `each` row of a fact that is a list. `{do_next}` stands
    for the command `next` as it is typed.
    """

    text: str | Counted
    when: str | tuple[str, str] | Callable[[Facts], bool] | None = None
    unless: str | None = None
    each: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """`fields`: name → form; `rings`: the account fields whose people are mentioned aloud."""

    about: str
    fields: Mapping[str, str]
    lines: tuple[Line, ...]
    rings: tuple[str, ...] = ()


def kind(
    about: str,
    *lines: Line | str | Counted,
    rings: tuple[str, ...] = (),
    fields: Mapping[str, str] = MappingProxyType({}),
    **more: str,
) -> Kind:
    shown = tuple(line if isinstance(line, Line) else Line(line) for line in lines)
    return Kind(about, MappingProxyType({**fields, **more}), shown, rings)
