"""Which messages of a room key came before it was forgotten; pure, and small to keep.

A key that was forgotten opens nothing any more. An event under it may be one that was heard
before (a replay, to be ignored) or one that never reached us (its sender must be told). The
number of a message is readable without the key, so this is all that is needed.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Range = tuple[int, int]  # first, and first after it


@dataclass(frozen=True, slots=True)
class Past:
    """Everything before message number `end` was heard, but for the `gaps` (in order, apart)."""

    end: int = 0
    gaps: tuple[Range, ...] = ()

    def holds(self, number: int) -> bool:
        """Whether that message was heard."""
        return number < self.end and not any(a <= number < b for a, b in self.gaps)

    def until(self, end: int, heard: Iterable[int]) -> "Past":
        """The same and what has been `heard` since, as far as it comes before `end`."""
        end = max(end, self.end)
        numbers = sorted(set(heard))
        unknown = _joined([*self.gaps, (self.end, end)])
        gaps = [gap for one in unknown for gap in _without(one, numbers)]
        return Past(end, tuple(gaps))


def _without(gap: Range, numbers: Sequence[int]) -> list[Range]:
    """The parts of a gap between the numbers."""
    start, end = gap
    parts = []
    for number in numbers[bisect_left(numbers, start) : bisect_left(numbers, end)]:
        parts.append((start, number))
        start = number + 1
    return [(a, b) for a, b in [*parts, (start, end)] if a < b]


def _joined(gaps: Iterable[Range]) -> list[Range]:
    """The same numbers in as few gaps as possible."""
    joined: list[Range] = []
    for start, end in gaps:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
