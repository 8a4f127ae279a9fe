"""The feedback form: polls on its items, versions, and who counts (F01, F05, F07)."""

import pytest

from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, PEOPLE
from tests import moments as at
from tests.hall import Hall, facts_of
from tests.moments import figures, kinds, only, reason


async def test_an_amended_item_is_asked_anew_and_old_answers_say_nothing_of_it(hall: Hall) -> None:
    moment = await at.with_item(hall)
    old = moment.poll
    await moment.everybody("agree", but=("clb",))
    sent = await moment.says("io", f"!wijzig {old['number']} Traint opnieuw.")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"
    new = only(sent, "poll.opened")
    assert (new["number"], new["version"]) == (old["number"], 2)
    assert not set(new["answers"].values()) & set(old["answers"].values())
    assert reason(await moment.votes("clb", "agree")) == Reason.POLL_CLOSED  # the old one's id
    moment.poll = new
    sent = await moment.votes("clb", "agree")
    assert figures(sent)["answered"] == 1


async def test_an_objection_is_final_even_when_taken_back(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.votes("clb", "object")
    await moment.votes("clb", "agree")
    sent = await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_whoever_is_silent_has_not_consented(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.everybody("agree", but=("clb",))
    sent = await moment.says(COORDINATOR, f"!sluit {moment.poll['number']}")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


@pytest.mark.parametrize("how", ["leaves", "walks out", "is removed"])
async def test_whoever_goes_in_mid_poll_takes_the_consensus_along(hall: Hall, how: str) -> None:
    moment = await at.with_item(hall)
    await moment.everybody("agree", but=("ocmw",))
    before = set(hall.matrix.events)
    if how == "leaves":
        await moment.says("clb", "!vertrekken")
    elif how == "walks out":
        await hall.goes("clb")
    else:
        await moment.says(COORDINATOR, moment.line("!lid verwijderen {@clb}"))
    new = [event for key, event in hall.matrix.events.items() if key not in before]
    assert only(new, "poll.closed")["outcome"] == "no_consensus"
    if how == "leaves":
        await moment.says("clb", "!aanwezig")
        sent = await moment.says("io", f"!wijzig {moment.poll['number']} Traint opnieuw.")
        assert "poll.opened" not in kinds(sent)  # a room with somebody off the roster


async def test_whoever_leaves_after_agreeing_takes_the_item_along(hall: Hall) -> None:
    moment = await at.adopted(hall)
    await moment.says("clb", "!vertrekken")
    closed = only(await moment.says("io", "!fiche sluiten"), "fiche.closed")
    assert (closed["agreed"], closed["of"]) == (0, 1)


async def test_whoever_joins_the_roster_while_a_poll_is_open_must_answer_too(hall: Hall) -> None:
    moment = await at.polled(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    await moment.says("jeugdhuis", "!aanwezig")
    await moment.everybody("agree", but=("clb",))
    sent = await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    assert figures(sent)["of"] == len(PEOPLE) + 2
    assert "poll.closed" not in kinds(await moment.votes("clb", "agree"))
    sent = await moment.says("jeugdhuis", f"!akkoord {moment.poll['number']}")
    assert only(sent, "poll.closed")["outcome"] == "consensus"


async def test_words_deleted_from_the_room_make_an_item_void(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    typed = hall.typed("io", "!punt sociaal + Traint opnieuw.", hall.room)
    before = set(hall.matrix.events)
    event = at.heard(typed, hall.now)
    await hall.app.hearer.hear(at.Batch("x", (event,)))
    hall.matrix.events[typed.event_id].content = {}
    hall.desk.engine.dispose()
    hall.start()
    await hall.hears()
    new = [
        facts_of(one).get("kind") for key, one in hall.matrix.events.items() if key not in before
    ]
    assert "poll.void" in new
    assert "poll.opened" not in new
    assert reason(await moment.says("clb", "!akkoord 2")) == Reason.POLL_CLOSED
