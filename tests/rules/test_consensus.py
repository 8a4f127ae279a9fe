"""Consensus means everybody (promise 2)."""

from hypothesis import example, given
from hypothesis import strategies as st

from bot.rules.consensus import Answer, Outcome, answered_by_all, cast, in_doubt, outcome

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


# What one person does in one poll. A doubt gets the next mark when it comes; a yes names one that
# they had been told when they said it, or none (0); "read" is what could not be read at first.
ACTS = ("yes", "object", "doubt", "unreadable")
acts = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(ACTS), st.integers(0, 3)))


def seen(arriving: list[tuple[str, str, int]]) -> Outcome:
    """What comes of acts that arrive in this order."""
    ballots: dict[str, Answer] = {}
    named: dict[str, int] = {}
    doubts: list[tuple[str, int]] = []
    for who, act, mark in arriving:
        if act in {"yes", "object"}:
            answer = Answer.AGREE if act == "yes" else Answer.OBJECT
            ballots[who] = cast(ballots.get(who), answer)
        if act == "yes":
            named[who] = max(named.get(who, 0), min(mark, marks(doubts, who)))
        elif act == "unreadable":
            doubts.append((who, 0))
        elif act == "doubt":
            doubts.append((who, marks(doubts, who) + 1))
    return outcome(PAIR, ballots, in_doubt(doubts, named, ballots))


def marks(doubts: list[tuple[str, int]], who: str) -> int:
    return max((mark for one, mark in doubts if one == who), default=0)


@given(arriving=acts)
@example(arriving=[("a", "doubt", 0), ("a", "yes", 0), ("b", "yes", 0)])
@example(arriving=[("a", "doubt", 0), ("a", "yes", 1), ("b", "yes", 0)])
def test_consensus_is_a_clear_yes_of_everybody_after_their_last_doubt(
    arriving: list[tuple[str, str, int]],
) -> None:
    model = True
    for who in PAIR:
        theirs = [(act, mark) for one, act, mark in arriving if one == who]
        wrong = {"object", "unreadable"} & {act for act, _ in theirs}
        last = max((at for at, (act, _) in enumerate(theirs) if act == "doubt"), default=-1)
        named = sum(act == "doubt" for act, _ in theirs)
        clear = [act for act, mark in theirs[last + 1 :] if act == "yes" and mark >= named]
        model = model and not wrong and bool(clear)
    assert (seen(arriving) is Outcome.CONSENSUS) is model


@given(arriving=acts, data=st.data())
@example(arriving=[("a", "yes", 0), ("a", "doubt", 0), ("b", "yes", 0)], data=None)
def test_a_yes_that_is_held_back_never_makes_consensus(
    arriving: list[tuple[str, str, int]], data: st.DataObject | None
) -> None:
    """Whoever is in doubt or objects at the end is, however late the yes of before arrives."""
    unmarked = [one for one in arriving if one[1] == "yes" and one[2] == 0]
    rest = [one for one in arriving if one not in unmarked]
    late = [*rest, *(data.draw(st.permutations(unmarked)) if data else unmarked)]
    assert seen(late) is seen(arriving)


@given(ballots=st.dictionaries(st.sampled_from("ab"), st.sampled_from(Answer)))
def test_whoever_has_objected_is_in_no_doubt(ballots: dict[str, Answer]) -> None:
    found = in_doubt([("a", 1), ("b", 0)], {}, ballots)
    assert found == {who for who in "ab" if ballots.get(who) is not Answer.OBJECT}
