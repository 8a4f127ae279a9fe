"""What the table may decide on a case (Q01, Q04, Q05)."""

from enum import StrEnum


class Decision(StrEnum):
    """In the order in which they are offered: the lightest first, the task force last (P26)."""

    STOP = "stop"  # not, or no longer, for this table
    MORE = "more"  # information needed: it stays as it is and comes back
    FOLLOW = "follow"
    REFER = "refer"


def forgets(decision: Decision) -> bool:
    """Not followed or referred: the reference is forgotten at once (Q05, R11)."""
    return decision in {Decision.STOP, Decision.REFER}


def carried(*, managed: bool, actions: int) -> bool:
    """Whether a followed case has what following means: a case manager and an action (Q13)."""
    return managed and actions > 0
