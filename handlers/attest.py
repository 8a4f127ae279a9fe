"""What the information officer attests, by a case's reference or an item's number."""

from bot.rules.facts import Reference
from bot.rules.refusal import Reason, Refused
from handlers import informing
from handlers.turn import Says, Turn


def attest(turn: Turn, wanted: Reference | int) -> Says:
    """That no investigation is harmed when the person is told (D04)."""
    if isinstance(wanted, Reference):
        return informing.attest(turn, wanted)
    raise Refused(Reason.UNKNOWN_ITEM)
