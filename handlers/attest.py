"""What the information officer declares, by a case's reference or an item's number."""

from bot.rules.facts import Code, Reference
from bot.rules.fiche import Confirmer
from bot.rules.refusal import Reason, Refused
from handlers import informing, items
from handlers.turn import Says, Turn


def attest(turn: Turn, wanted: Reference | int, confirmer: Confirmer | None) -> Says:
    """That no investigation is harmed when the person is told (D04), or that a psychiatrist or
    psychologist has confirmed an item (F26)."""
    if isinstance(wanted, Reference) and confirmer is None:
        return informing.attest(turn, wanted)
    if isinstance(wanted, Reference) or confirmer is None:
        raise Refused(Reason.WRONG_ARGUMENTS, usage=Code("attest"))
    return items.attest(turn, wanted, confirmer)
