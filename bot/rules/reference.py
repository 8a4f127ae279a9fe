"""Case references: random, without order or meaning, with a check character (R01, promise 7)."""

from collections.abc import Callable

from bot.rules.facts import Reference
from bot.rules.refusal import Reason, Refused

# 31 signs, a prime, so that the weighted sum catches every wrong sign and every swap.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 6
_FREE = LENGTH - 1
_OFFSET = 25  # makes K7Q-4MX, the example in every text, a well-formed reference


def check_character(free: str) -> str:
    """The sixth character, computed from the first five."""
    total = sum((place + 2) * ALPHABET.index(sign) for place, sign in enumerate(free))
    return ALPHABET[(total + _OFFSET) % len(ALPHABET)]


def make(pick: Callable[[str], str]) -> Reference:
    """A fresh reference such as `K7Q-4MX`; `pick` chooses one sign of an alphabet at random."""
    free = "".join(pick(ALPHABET) for _ in range(_FREE))
    return _shape(free + check_character(free))


def read(typed: str) -> Reference:
    """What a person typed, with or without the dash, in either case (I and O are never used)."""
    signs = typed.upper().replace("-", "").replace("\u2011", "").strip()
    if len(signs) != LENGTH or any(sign not in ALPHABET for sign in signs):
        raise Refused(Reason.MISTYPED_REFERENCE)
    if check_character(signs[:_FREE]) != signs[_FREE]:
        raise Refused(Reason.MISTYPED_REFERENCE)
    return _shape(signs)


def _shape(signs: str) -> Reference:
    return Reference(f"{signs[:3]}-{signs[3:]}")
