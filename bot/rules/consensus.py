"""Consensus means everybody (promise 2): F01, F07, F33, Q03, H07, P19."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

Voter = TypeVar("Voter")


class Answer(StrEnum):
    AGREE = "agree"
    OBJECT = "object"


class Outcome(StrEnum):
    CONSENSUS = "consensus"
    NO_CONSENSUS = "no_consensus"


def cast(before: Answer | None, answer: Answer) -> Answer:
    """One person's answer to one version; an objection is final, so order cannot matter (F01)."""
    return Answer.OBJECT if Answer.OBJECT in (before, answer) else Answer.AGREE


def answered_by_all(roster: Mapping[Voter, bool], ballots: Mapping[Voter, Answer]) -> bool:
    """Nothing can change any more: everybody still there has answered, or somebody left."""
    return not all(roster.values()) or all(voter in ballots for voter in roster)


def outcome(roster: Mapping[Voter, bool], ballots: Mapping[Voter, Answer]) -> Outcome:
    """Consensus if and only if everybody ever on the roster is still there and agreed (F01).

    `roster`: everybody ever on the case's roster, and whether they are still there. Silence,
    leaving, one objection and an empty roster are all "no consensus"; answers of others count
    for nothing.
    """
    everybody = bool(roster) and all(roster.values())
    if everybody and all(ballots.get(voter) is Answer.AGREE for voter in roster):
        return Outcome.CONSENSUS
    return Outcome.NO_CONSENSUS
