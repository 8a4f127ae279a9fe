"""Comparing emoji with somebody: what the rest of the bot may know of a verification."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """Somebody's client asks to compare emoji with us, and nobody here has begun to.

    `room`: where it was asked; None when it came to our device directly.
    """

    user: str
    room: str | None


@dataclass(frozen=True, slots=True)
class ShortString:
    """What two people compare: seven emoji, as numbers (0 to 63) in the specification's table,
    or three numbers if one of the two clients can show no emoji (`emoji` is empty then)."""

    emoji: tuple[int, ...]
    decimals: tuple[int, int, int]


class Talk(Protocol):
    """The one who compares, at our end.

    `asking`: what a client that cannot compare shows instead of our request; sent in clear.
    """

    @property
    def asking(self) -> str: ...

    async def wait(self, *, asked: bool) -> None:
        """The other person has something to do: accept what we `asked`, or go on with what
        they asked themselves."""

    async def compare(self, string: ShortString) -> bool:
        """Whether both see the same. May be cancelled when the other side gives up."""


class NotVerified(Exception):
    """A verification ended without success.

    `code` is the specification's (`m.user`, `m.mismatched_sas`, `m.key_mismatch`, `m.timeout` …,
    `unknown` for any other), or `no_identity` (the user has no cross-signed device),
    `unsigned_device` (theirs is none), `busy` (one with this user is running already).
    `theirs`: the other side has ended it.
    """

    def __init__(self, code: str, *, theirs: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.theirs = theirs
