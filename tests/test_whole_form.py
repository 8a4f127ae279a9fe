"""The feedback form from "at all?" to the adopted whole (F01, F07, F09-F11, F20, F26, F34)."""

from dataclasses import replace

import pytest

from bot.rules.fiche import FicheText
from bot.rules.form import fingerprint
from bot.rules.refusal import Reason
from bot.words import difference
from demo.scene import COORDINATOR
from tests import moments as at
from tests.hall import Hall, Sent, facts_of
from tests.moments import Facts, Moment, kinds, only, reason

CODE = fingerprint(b"a form")


async def item(moment: Moment, text: str, answer: str = "agree") -> Facts:
    """An item is proposed and answered by everybody."""
    moment.poll = only(await moment.says("io", f"!punt {text}"), "poll.opened")
    await moment.everybody(answer)
    return dict(moment.poll)


async def close(moment: Moment, answer: str = "agree") -> list[Sent]:
    """Everybody is asked about the whole, and answers."""
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    return await moment.everybody(answer)


def words(sent: list[Sent], kind: str) -> str:
    return next(str(one.content["body"]) for one in sent if facts_of(one).get("kind") == kind)


async def test_whether_to_feed_back_at_all_is_asked_first(hall: Hall) -> None:
    moment = await at.wanted(hall)
    assert moment.poll["subject"] == "feedback"
    sent = await moment.everybody("agree")
    opened = only(sent, "fiche.opened")
    assert len(opened["sections"]) == 9
    assert "protectieve" in words(sent, "fiche.opened") or "familie" in words(sent, "fiche.opened")


async def test_without_consensus_nothing_is_fed_back_and_it_can_be_asked_anew(hall: Hall) -> None:
    moment = await at.wanted(hall)
    sent = await moment.everybody("object")
    assert "fiche.opened" not in kinds(sent)
    assert "niets teruggekoppeld" in words(sent, "poll.closed")
    assert reason(await moment.says("io", "!punt reden Iets.")) == Reason.NO_FICHE
    again = only(await moment.says("io", f"!fiche {moment.case}"), "poll.opened")
    assert (again["number"], again["version"]) == (moment.poll["number"], 2)


async def test_a_form_from_the_task_force_is_asked_about_too(hall: Hall) -> None:
    moment = await at.followed(hall)
    sent = await moment.says("io", f"!fiche {moment.case} van-ltf")
    moment.poll = only(sent, "poll.opened")
    assert "De lokale taskforce heeft een vraag gestuurd" in words(sent, "poll.opened")
    assert only(await moment.everybody("agree"), "fiche.opened")["direction"] == "from_ltf"


async def test_the_whole_is_asked_with_its_words_in_the_order_of_the_form(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    await item(moment, "traject uitvoering Loopt sinds 4 september.")
    await item(moment, "sociaal + Traint sinds 4 september opnieuw.")
    await item(moment, "daden - Vernielde op 12 oktober een fiets.", "object")
    await item(moment, "reden School bracht het aan in mei.")
    sent = await moment.says("io", "!fiche sluiten")
    moment.poll = only(sent, "poll.opened")
    body = words(sent, "poll.opened")
    assert [row["section"] for row in moment.poll["items"]] == ["reason", "social", "trajectory"]
    assert body.index("School bracht") < body.index("Traint sinds") < body.index("Loopt sinds")
    assert "Vernielde" not in body
    assert moment.poll["code"] in body
    assert moment.poll["one_sided"] == "positive"
    sent = await moment.everybody("agree")
    assert only(sent, "fiche.adopted")["of"] == len(moment.scene.seated)
    assert reason(await moment.says("io", "!punt reden Nog iets.")) == Reason.NO_FICHE


async def test_an_objection_to_the_whole_lets_items_change_and_unchanged_it_ends(
    hall: Hall,
) -> None:
    moment = await at.with_fiche(hall)
    first = await item(moment, "sociaal + Traint sinds 4 september opnieuw.")
    assert reason(await moment.says("io", f"!schrap {first['number']}")) == Reason.ITEM_ADOPTED
    sent = await close(moment, "object")
    assert "fiche.adopted" not in kinds(sent)
    await moment.says("io", f"!wijzig {first['number']} Traint sinds 5 september opnieuw.")
    moment.poll = at.seen(hall, "poll.opened")[-1]
    assert (moment.poll["number"], moment.poll["version"]) == (first["number"], 2)
    await moment.everybody("agree")
    sent = await close(moment, "object")
    assert moment.poll["version"] == 2
    sent = await moment.says("io", "!fiche sluiten")
    closed = only(sent, "fiche.closed")
    assert (closed["agreed"], closed["of"]) == (1, 1)


async def test_a_whole_that_a_change_made_void_is_asked_again(hall: Hall) -> None:
    """It was not refused, also when the form is the same again."""
    moment = await at.whole_asked(hall)
    sent = await moment.says("io", "!punt reden School bracht het aan in mei.")
    await moment.says("io", f"!schrap {only(sent, 'poll.opened')['number']}")
    sent = await close(moment)
    assert moment.poll["version"] == 2
    assert "fiche.adopted" in kinds(sent)


async def test_the_same_whole_can_be_asked_again_by_its_number(hall: Hall) -> None:
    moment = await at.whole_refused(hall)
    moment.poll = only(await moment.says("io", moment.line("!wijzig {number}")), "poll.opened")
    assert only(await moment.everybody("agree"), "fiche.adopted")


@pytest.mark.parametrize("change", ["item", "roster", "leaving"])
async def test_any_change_voids_the_poll_on_the_whole(hall: Hall, change: str) -> None:
    moment = await at.whole_asked(hall)
    whole = moment.poll
    await moment.everybody("agree", but=("clb",))
    if change == "item":
        sent = await moment.says("io", "!punt reden School bracht het aan in mei.")
    elif change == "roster":
        await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
        await moment.says("jeugdhuis", "!aanwezig")
        sent = await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    else:
        sent = await moment.says("clb", "!vertrekken")
    closed = only(sent, "poll.closed")
    assert (closed["number"], closed["outcome"] != "consensus") == (whole["number"], True)
    moment.poll = whole
    assert reason(await moment.votes("clb", "agree")) == Reason.POLL_CLOSED
    assert not at.seen(hall, "fiche.adopted")


async def test_whoever_comes_onto_the_roster_must_agree_to_each_item(hall: Hall) -> None:
    moment = await at.adopted(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    await moment.says("jeugdhuis", "!aanwezig")
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    closed = only(await moment.says("io", "!fiche sluiten"), "fiche.closed")
    assert (closed["agreed"], closed["of"]) == (0, 1)


async def test_a_psychiatric_item_waits_until_it_is_attested_and_says_so(hall: Hall) -> None:
    moment = await at.with_psych(hall)
    number = moment.poll["number"]
    sent = await moment.says("io", f"!verklaar {number} psychiater")
    moment.poll = only(sent, "poll.opened")
    assert moment.poll["attested"] is True
    assert "psychiater of een psycholoog dit bevestigd" in words(sent, "poll.opened")
    assert "diagnose" in words(sent, "poll.opened")
    await moment.everybody("object")
    sent = await moment.says("io", f"!wijzig {number} Kreeg in oktober een diagnose.")
    assert "poll.opened" not in kinds(sent)  # other words were not attested
    assert only(sent, "item.waiting")["number"] == number
    await moment.says("io", f"!verklaar {number} psycholoog")
    moment.poll = at.seen(hall, "poll.opened")[-1]
    assert (moment.poll["number"], moment.poll["version"]) == (number, 2)


async def test_an_item_that_waits_is_not_part_of_the_form(hall: Hall) -> None:
    moment = await at.with_psych(hall)
    closed = only(await moment.says("io", "!fiche sluiten"), "fiche.closed")
    assert (closed["agreed"], closed["of"]) == (0, 1)


async def test_a_dropped_item_is_not_fed_back(hall: Hall) -> None:
    moment = await at.with_item(hall)
    sent = await moment.says("io", moment.line("!schrap {number}"))
    assert only(sent, "poll.closed")["outcome"] == "dropped"
    assert reason(await moment.votes("clb", "agree")) == Reason.POLL_CLOSED
    assert reason(await moment.says("io", moment.line("!schrap {number}"))) == Reason.UNKNOWN_ITEM
    sent = await moment.says("io", moment.line("!wijzig {number}"))
    assert only(sent, "poll.opened")["version"] == 2


async def test_the_same_words_can_be_asked_again(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.everybody("object")
    sent = await moment.says("io", moment.line("!wijzig {number}"))
    moment.poll = only(sent, "poll.opened")
    assert moment.poll["same"] is True
    assert "Neemt opnieuw deel aan de training." in words(sent, "poll.opened")
    assert only(await moment.everybody("agree"), "poll.closed")["outcome"] == "consensus"


async def test_an_amended_item_shows_what_was_changed(hall: Hall) -> None:
    moment = await at.with_item(hall)
    sent = await moment.says("io", moment.line("!wijzig {number} Neemt weer deel aan de training."))
    assert "‘opnieuw’ → ‘weer’" in words(sent, "poll.opened")


def test_a_difference_is_shown_word_by_word() -> None:
    assert difference("a b c", "a x c d") == "‘b’ → ‘x’; ‘’ → ‘d’"
    assert difference("a b", "a b") == ""


async def test_an_item_without_a_date_is_asked_for_one(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    sent = await moment.says("io", "!punt sociaal + Traint opnieuw.")
    assert only(sent, "poll.opened")["undated"] is True
    sent = await moment.says("io", "!punt sociaal + Traint sinds september opnieuw.")
    assert "undated" not in only(sent, "poll.opened")


async def test_the_phase_of_a_trajectory_is_a_code_beside_the_words(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    sent = await moment.says("io", "!punt traject geen-traject Wil dit niet, zei hij op 4 mei.")
    poll = only(sent, "poll.opened")
    assert (poll["section"], poll["phase"]) == ("trajectory", "not_started")
    assert "Wil dit niet" in words(sent, "poll.opened")
    assert "geen-traject Wil" not in words(sent, "poll.opened")
    sent = await moment.says("io", "!punt reden Opstart van het jaar 2026.")
    assert "phase" not in only(sent, "poll.opened")


async def test_several_items_in_one_message_one_of_them_over_two_lines(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    text = "!punt sociaal + Traint sinds mei\nen helpt er ook.\n!punt reden School, in mei."
    sent = await moment.says("io", text)
    opened = [one for one in sent if facts_of(one).get("kind") == "poll.opened"]
    assert len(opened) == 2
    assert "Traint sinds mei en helpt er ook." in str(opened[0].content["body"])
    hall.desk.engine.dispose()
    hall.start()  # the words are found again in the room
    for one in opened:
        moment.poll = facts_of(one)
        await moment.everybody("agree")
    sent = await moment.says("io", "!fiche sluiten")
    assert "Traint sinds mei en helpt er ook." in words(sent, "poll.opened")


async def test_items_are_proposed_in_a_thread_too(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    root = next(key for key, one in hall.matrix.events.items() if "fiche.opened" in kinds([one]))
    relation = {"rel_type": "m.thread", "event_id": root}
    content = {"msgtype": "m.text", "body": "!punt reden School.", "m.relates_to": relation}
    assert only(await moment.sends("io", content), "poll.opened")["section"] == "reason"


async def test_an_item_whose_words_are_gone_is_void_and_said_so(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    typed = hall.typed("io", "!punt sociaal + Traint sinds mei.", hall.room)
    lost = only(await moment.hears(typed), "poll.opened")
    moment.poll = lost
    await moment.everybody("agree")
    await item(moment, "reden School, in mei.")
    hall.matrix.events[typed.event_id].content = {}
    sent = await moment.says("io", "!fiche sluiten")
    assert only(sent, "item.void")["numbers"] == [lost["number"]]
    assert "poll.void" in kinds(sent)
    assert "poll.opened" not in kinds(sent)
    sent = await close(moment)
    assert [row["section"] for row in moment.poll["items"]] == ["reason"]
    assert "fiche.adopted" in kinds(sent)


async def test_on_a_screen_the_table_agrees_to_one_version_by_its_code(hall: Hall) -> None:
    hall.desk.table = replace(hall.desk.table, fiche_text=FicheText.SCREEN)
    moment = await at.with_fiche(hall)
    moment.poll = only(await moment.says("io", f"!formulier {CODE} geen"), "poll.opened")
    assert moment.poll["code"] == CODE
    await moment.everybody("agree", but=("clb",))
    other = fingerprint(b"another")
    sent = await moment.says("io", f"!formulier {other.lower()} geen")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"
    moment.poll = only(sent, "poll.opened")
    assert (moment.poll["code"], moment.poll["version"]) == (other, 2)
    sent = await moment.everybody("agree")
    assert "fiche.adopted" in kinds(sent)
    assert not hall.matrix.uploads


async def test_two_forms_on_one_case_do_not_stand_side_by_side(hall: Hall) -> None:
    moment = await at.whole_adopted(hall)
    assert reason(await moment.says("io", f"!fiche {moment.case}")) == Reason.FICHE_ADOPTED
