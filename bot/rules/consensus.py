"""Consensus means everybody (promise 2): F01, F07, F33, Q03, H07, P19."""

from collections.abc import Iterable, Mapping, Set
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


def in_doubt(
    doubts: Iterable[tuple[Voter, int]],
    named: Mapping[Voter, int],
    ballots: Mapping[Voter, Answer],
) -> frozenset[Voter]:
    """Whose answer does not stand, because something they did may have been an objection: deleted
    or changed, misspelt, unreadable (F01, promise 2).

    `doubts`: each with its mark, which numbers those of one person in one poll as they come and
    which only that person is told; 0 for what could not be read, which only reading it ends.
    `named`: the highest mark that a yes of theirs has named. Such a yes was said after that doubt
    and all before it; any other may have been on its way before, held back by a homeserver, and
    ends none. So the order in which they arrive cannot matter. Whoever has objected is in no doubt.
    """
    left = {who for who, mark in doubts if not 0 < mark <= named.get(who, 0)}
    return frozenset(who for who in left if ballots.get(who) is not Answer.OBJECT)


def answered_by_all(
    roster: Mapping[Voter, bool],
    ballots: Mapping[Voter, Answer],
    doubted: Set[Voter] = frozenset(),
    *,
    secret: bool = False,
) -> bool:
    """Nothing can change any more: everybody still there has answered, somebody left, or the
    words hold a secret. Doubt keeps it open, unless somebody has objected anyway."""
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
    whose answer does not stand (`in_doubt`). `secret`: somebody
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
