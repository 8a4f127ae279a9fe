"""Consensus means everybody (promise 2): F01, F07, F33, Q03, H07, P19."""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import TypeVar

Voter = TypeVar("Voter")


class BallotMode(StrEnum):
    """Whether the table sees each other's answers while a poll is open, or counts only (F01)."""

    OPEN = "open"
    PRIVATE = "private"


class Answer(StrEnum):
    AGREE = "agree"
    OBJECT = "object"


class Outcome(StrEnum):
    CONSENSUS = "consensus"
    NO_CONSENSUS = "no_consensus"
    DROPPED = "dropped"  # taken back by whoever proposed it, before or after the answers


def cast(before: Answer | None, answer: Answer) -> Answer:
    """One person's answer to one version; an objection is final, so order cannot matter (F01)."""
    return Answer.OBJECT if Answer.OBJECT in (before, answer) else Answer.AGREE


def answered_by_all(
    roster: Mapping[Voter, bool],
    ballots: Mapping[Voter, Answer],
    doubted: Set[Voter] = frozenset(),
    *,
    secret: bool = False,
) -> bool:
    """Nothing can change any more: everybody still there has answered, somebody left, or the
    words hold a secret. What could not be read keeps it open, unless somebody has objected
    anyway."""
    if secret or not all(roster.values()):
        return True
    open_to_doubt = doubted & set(roster) and Answer.OBJECT not in map(ballots.get, roster)
    return all(voter in ballots for voter in roster) and not open_to_doubt


def outcome(
    roster: Mapping[Voter, bool],
    ballots: Mapping[Voter, Answer],
    doubted: Set[Voter] = frozenset(),
    *,
    secret: bool = False,
) -> Outcome:
    """Consensus if and only if everybody ever on the roster is still there and agreed (F01).

    `roster`: everybody ever on the case's roster, and whether they are still there. `doubted`:
    who said something that could not be read and may have been an objection. `secret`: somebody
    says that the words hold a secret of theirs, whoever it is (F05). Silence, leaving, doubt, one
    objection, a secret and an empty roster are all "no consensus"; answers of others count for
    nothing.

    The limit: a homeserver that never shows us an objection at all, after an earlier yes of the
    same person, cannot be noticed here. It shows in the room: no answer, no figure moves.
    """
    everybody = bool(roster) and all(roster.values()) and not doubted & set(roster) and not secret
    if everybody and all(ballots.get(voter) is Answer.AGREE for voter in roster):
        return Outcome.CONSENSUS
    return Outcome.NO_CONSENSUS
