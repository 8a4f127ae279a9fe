"""What is adopted is what was asked, word for word, and read by nobody else (F01, F05, C16)."""

from bot.rules.refusal import Reason
from demo.scene import COORDINATOR
from tests import moments as at
from tests.hall import Hall
from tests.moments import Moment, kinds, only, reason

WORDS = "Neemt opnieuw deel aan de training."


async def item(moment: Moment, text: str) -> int:
    """An item that everybody agrees to."""
    moment.poll = only(await moment.says("io", f"!punt {text}"), "poll.opened")
    await moment.everybody("agree")
    return int(moment.poll["number"])


async def test_the_whole_is_not_asked_again_while_an_item_is_open(hall: Hall) -> None:
    """It would come to stand on a form that everybody had agreed to without it."""
    moment = await at.whole_refused(hall)
    await moment.says("io", "!punt reden School, in mei.")
    assert reason(await moment.says("io", moment.line("!wijzig {number}"))) == Reason.POLLS_OPEN


async def test_a_form_without_items_is_not_asked(hall: Hall) -> None:
    moment = await at.whole_refused(hall)
    await moment.says("io", f"!schrap {moment.poll['number'] - 1}")
    assert reason(await moment.says("io", moment.line("!wijzig {number}"))) == Reason.UNKNOWN_ITEM


async def test_what_is_attested_voids_the_poll_on_the_whole(hall: Hall) -> None:
    moment = await at.with_psych(hall)
    waiting = moment.poll["number"]
    await item(moment, "reden School, in mei.")
    whole = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    sent = await moment.says("io", f"!verklaar {waiting} psychiater")
    closed = only(sent, "poll.closed")
    assert (closed["number"], closed["outcome"]) == (whole["number"], "dropped")
    assert only(sent, "poll.opened")["number"] == waiting


async def test_words_called_secret_are_out_wherever_they_stand(hall: Hall) -> None:
    moment = await at.adopted(hall)
    open_ = [only(await moment.says("io", f"!punt reden {WORDS}"), "poll.opened") for _ in "12"]
    await moment.says("io", f"!punt psych = {WORDS}")
    sent = await moment.says("clb", f"geheim {open_[0]['number']}", direct=True)
    assert kinds(sent).count("poll.closed") == len(open_)
    waiting = open_[1]["number"] + 1
    sent = await moment.says("io", f"!verklaar {waiting} psychiater")
    assert reason(sent) == Reason.SECRET_INSIDE
    closed = only(await moment.says("io", "!fiche sluiten"), "fiche.closed")
    assert (closed["agreed"], closed["of"]) == (0, 4)


async def test_a_whole_that_was_voided_and_not_refused_is_asked_again(hall: Hall) -> None:
    moment = await at.whole_asked(hall)
    added = only(await moment.says("io", "!punt reden School, in mei."), "poll.opened")
    await moment.says("io", f"!schrap {added['number']}")
    again = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    assert (again["number"], again["version"]) == (moment.poll["number"], 2)


async def test_an_item_may_change_after_any_whole_that_was_refused_since(hall: Hall) -> None:
    moment = await at.whole_refused(hall)
    first = moment.poll["number"] - 1
    await item(moment, "reden School, in mei.")
    await moment.says("io", "!fiche sluiten")
    await moment.says("io", "!punt reden Ook in juni.")  # voids it
    sent = await moment.says("io", f"!wijzig {first} Traint sinds mei.")
    assert only(sent, "poll.opened")["version"] == 2


async def test_agreed_words_are_not_shown_to_somebody_who_is_not_on_the_roster(hall: Hall) -> None:
    moment = await at.adopted(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    sent = await moment.says("io", "!fiche sluiten")
    assert reason(sent) == Reason.ROOM_EXCEEDS_ROSTER


async def test_nor_are_attested_ones(hall: Hall) -> None:
    moment = await at.with_psych(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    sent = await moment.says("io", moment.line("!verklaar {number} psychiater"))
    assert reason(sent) == Reason.ROOM_EXCEEDS_ROSTER


async def test_stating_who_is_on_the_roster_already_voids_nothing(hall: Hall) -> None:
    moment = await at.whole_asked(hall)
    sent = await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@clb}"))
    assert "poll.closed" not in kinds(sent)
    assert "fiche.adopted" in kinds(await moment.everybody("agree"))
