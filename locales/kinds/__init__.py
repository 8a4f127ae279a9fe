"""Every message the bot can send: its kind, the facts it carries, and its words.

Kinds and facts are a stable interface for other programs (`docs/messages.md` is made from
them). Words are rendered last, by `locales.render`, in the reader's language.
"""

from collections.abc import Mapping
from types import MappingProxyType

from locales.kinds.ballots import BALLOTS
from locales.kinds.cases import CASES
from locales.kinds.fiche import FICHE
from locales.kinds.form import Kind, Line
from locales.kinds.informing import INFORMING
from locales.kinds.meeting import MEETING
from locales.kinds.people import PEOPLE
from locales.kinds.polls import POLL_ANSWERS, POLLS
from locales.kinds.reaching import REACHING
from locales.kinds.rooms import ROOMS
from locales.kinds.side import SIDE
from locales.kinds.words import WORDS

__all__ = ["KINDS", "POLL_ANSWERS", "Kind", "Line"]

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        **PEOPLE,
        **REACHING,
        **ROOMS,
        **SIDE,
        **MEETING,
        **CASES,
        **INFORMING,
        **POLLS,
        **BALLOTS,
        **FICHE,
        **WORDS,
    }
)
