"""What minutes say of a case that was on the table: how it stands, never what was said (M12)."""

from collections.abc import Iterable
from enum import StrEnum

from bot.rules.consensus import Outcome
from bot.rules.decision import Decision
from bot.rules.notification import CaseState


class Result(StrEnum):
    """A case that is stopped or referred is forgotten and leaves no line (Q05, R11)."""

    FOLLOWED = "followed"
    MORE = "more"
    NO_CONSENSUS = "no_consensus"
    UNDECIDED = "undecided"


def result(state: CaseState, decisions: Iterable[tuple[Decision, Outcome | None]]) -> Result:
    """How a case stands after what was asked about it, oldest first: as the last outcome says
    (Q03). Which decision found no consensus is not told: "referred" would be a label (A.W)."""
    settled = [(what, outcome) for what, outcome in decisions if outcome is not None]
    if settled and settled[-1][1] is not Outcome.CONSENSUS:
        return Result.NO_CONSENSUS
    if settled and settled[-1][0] is Decision.MORE:
        return Result.MORE
    return Result.FOLLOWED if state is CaseState.FOLLOWED else Result.UNDECIDED
