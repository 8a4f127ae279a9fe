"""Consensus means everybody (promise 2)."""

from hypothesis import example, given
from hypothesis import strategies as st

from bot.rules.consensus import Answer, Outcome, answered_by_all, cast, outcome

VOTERS = "abcdef"
rosters = st.dictionaries(st.sampled_from(VOTERS), st.booleans())
said = st.lists(st.tuples(st.sampled_from(VOTERS), st.sampled_from(Answer)), max_size=20)


def counted(ballots: list[tuple[str, Answer]]) -> dict[str, Answer]:
    box: dict[str, Answer] = {}
    for voter, answer in ballots:
        box[voter] = cast(box.get(voter), answer)
    return box


@given(roster=rosters, ballots=said)
def test_there_is_consensus_if_and_only_if_everybody_is_there_agreed_and_nobody_objected(
    roster: dict[str, bool], ballots: list[tuple[str, Answer]]
) -> None:
    agreed = {voter for voter, answer in ballots if answer == "agree"}
    objected = {voter for voter, answer in ballots if answer == "object"}
    gone = {voter for voter, there in roster.items() if not there}
    everybody = set(roster)
    model = everybody != set() and not gone and everybody <= agreed and not everybody & objected
    assert (outcome(roster, counted(ballots)) is Outcome.CONSENSUS) == model


@given(roster=rosters, ballots=said, data=st.data())
def test_order_and_repetition_change_nothing(
    roster: dict[str, bool], ballots: list[tuple[str, Answer]], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(ballots), max_size=10)) if ballots else []
    shuffled = data.draw(st.permutations(ballots + again))
    assert counted(ballots) == counted(shuffled)
    assert outcome(roster, counted(ballots)) is outcome(roster, counted(shuffled))


@given(roster=rosters, ballots=said, data=st.data())
def test_a_lost_ballot_never_makes_consensus_where_an_objection_arrived(
    roster: dict[str, bool], ballots: list[tuple[str, Answer]], data: st.DataObject
) -> None:
    kept = [one for one in ballots if data.draw(st.booleans())]
    objecting = {voter for voter, answer in kept if answer is Answer.OBJECT}
    if outcome(roster, counted(kept)) is Outcome.CONSENSUS:
        assert not objecting & set(roster)
        assert set(roster) <= {voter for voter, _ in kept}


@given(roster=rosters, ballots=said, other=said)
def test_answers_from_outside_the_roster_count_for_nothing(
    roster: dict[str, bool], ballots: list[tuple[str, Answer]], other: list[tuple[str, Answer]]
) -> None:
    outside = [one for one in other if one[0] not in roster]
    assert outcome(roster, counted(ballots + outside)) is outcome(roster, counted(ballots))


@given(roster=rosters, ballots=said, newcomer=st.booleans())
def test_whoever_joins_the_roster_must_answer_too(
    roster: dict[str, bool], ballots: list[tuple[str, Answer]], newcomer: bool
) -> None:
    assert outcome({**roster, "new": newcomer}, counted(ballots)) is Outcome.NO_CONSENSUS


def test_a_poll_is_over_when_all_answered_or_somebody_left() -> None:
    everybody = {"a": True, "b": True}
    assert not answered_by_all(everybody, {"a": Answer.OBJECT})
    assert answered_by_all(everybody, {"a": Answer.OBJECT, "b": Answer.AGREE})
    assert answered_by_all({"a": True, "b": False}, {})


@given(roster=rosters, ballots=said, doubted=st.frozensets(st.sampled_from(VOTERS)))
@example(roster={"a": True}, ballots=[("a", Answer.AGREE)], doubted=frozenset())
@example(roster={"a": True, "b": True}, ballots=[], doubted=frozenset("a"))
def test_a_secret_ends_a_poll_at_once_and_rules_consensus_out(
    roster: dict[str, bool], ballots: list[tuple[str, Answer]], doubted: frozenset[str]
) -> None:
    box = counted(ballots)
    assert answered_by_all(roster, box, doubted, secret=True)
    assert outcome(roster, box, doubted, secret=True) is Outcome.NO_CONSENSUS


def test_nobody_on_the_roster_is_no_consensus() -> None:
    assert outcome({}, {}) is Outcome.NO_CONSENSUS


doubts = st.frozensets(st.sampled_from(VOTERS))
AGREED = [("a", Answer.AGREE), ("b", Answer.AGREE)]
PAIR = {"a": True, "b": True}


@given(roster=rosters, ballots=said, doubted=doubts)
@example(roster=PAIR, ballots=AGREED, doubted=frozenset("b"))
def test_what_could_not_be_read_never_helps_to_consensus(
    roster: dict[str, bool], ballots: list[tuple[str, Answer]], doubted: frozenset[str]
) -> None:
    found = outcome(roster, counted(ballots), doubted)
    if doubted & set(roster):
        assert found is Outcome.NO_CONSENSUS
    else:
        assert found is outcome(roster, counted(ballots))


@given(roster=rosters, ballots=said, doubted=doubts)
@example(roster=PAIR, ballots=AGREED, doubted=frozenset("b"))
@example(roster=PAIR, ballots=[*AGREED, ("a", Answer.OBJECT)], doubted=frozenset("b"))
@example(roster=PAIR, ballots=AGREED, doubted=frozenset("c"))
def test_doubt_keeps_a_poll_open_exactly_while_it_decides(
    roster: dict[str, bool], ballots: list[tuple[str, Answer]], doubted: frozenset[str]
) -> None:
    box = counted(ballots)
    decides = outcome(roster, box) is Outcome.CONSENSUS and bool(doubted & set(roster))
    plain, over = answered_by_all(roster, box), answered_by_all(roster, box, doubted)
    assert over is (plain and not decides)
