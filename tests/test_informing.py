"""Telling the person: the officer first, then everybody, then fixed words and no more (D01-D06)."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.composing import Composer
from bot.rules.facts import Reference
from bot.rules.reference import check_character
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, PEOPLE
from handlers.arguments import Words, attested
from storage.inspect import tables
from storage.outbox import TABLE_LANE
from tests import moments as at
from tests.hall import TABLE, Hall, Sent, facts_of
from tests.moments import kinds, only, reason, store


def asked_still(hall: Hall) -> bool:
    """Whether the officer is still asked."""
    (row,) = tables(hall.desk.engine, hall.desk.seal)["taken_up"]
    return bool(row["informing"])


def text(sent: list[Sent], kind: str) -> str:
    (found,) = [one for one in sent if facts_of(one).get("kind") == kind]
    return str(found.content["body"])


async def test_the_officer_is_asked_aloud_and_nobody_else(hall: Hall) -> None:
    moment = await at.followed(hall)
    (asked,) = await moment.says(COORDINATOR, f"!informeren {moment.case}")
    assert asked.content["m.mentions"] == {"user_ids": [hall.user_id("io")]}
    assert facts_of(asked)["case"] == moment.case
    assert asked_still(hall)


async def test_a_silent_officer_ends_it_and_leaves_nothing(hall: Hall) -> None:
    moment = await at.informing(hall)
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    assert "meeting.closed" in kinds(sent)
    assert not tables(hall.desk.engine, hall.desk.seal)["taken_up"]
    assert "inlichten" not in hall.matrix.uploads[-1].decode()


async def test_consensus_of_all_gives_the_fixed_words_in_four_languages(hall: Hall) -> None:
    moment = await at.telling(hall)
    assert moment.poll["subject"] == "inform"
    before = tables(hall.desk.engine, hall.desk.seal)["case"]
    sent = await moment.everybody("agree")
    closed = only(sent, "poll.closed")
    assert (closed["outcome"], closed["of"]) == ("consensus", len(PEOPLE) + 1)
    assert not closed.get("comes_back")
    words = text(sent, "inform.wording")
    for mark in ("(nl)", "(fr)", "(de)", "(en)"):
        assert words.count(mark) == 1
    assert words.count(TABLE.name) == 4
    assert moment.case not in words
    assert "@" not in words
    assert moment.case in text(sent, "inform.agreed")
    assert tables(hall.desk.engine, hall.desk.seal)["case"] == before


@pytest.mark.parametrize("how", ["objects", "is silent", "leaves", "is removed"])
async def test_one_who_does_not_agree_is_enough_that_the_person_is_not_told(
    hall: Hall, how: str
) -> None:
    moment = await at.telling(hall)
    sent = await moment.everybody("agree", but=("clb",))
    if how == "objects":
        sent += await moment.votes("clb", "object")
    elif how == "is silent":
        sent += await moment.says(COORDINATOR, f"!sluit {moment.poll['number']}")
    elif how == "leaves":
        sent += await moment.says("clb", "!vertrekken")
    else:
        sent += await moment.says(COORDINATOR, moment.line("!lid verwijderen {@clb}"))
    closed = only(sent, "poll.closed")
    assert (closed["outcome"], closed["not_told"]) == ("no_consensus", True)
    assert not closed.get("comes_back")
    assert not {"inform.agreed", "inform.wording"} & set(kinds(sent))


async def test_the_officers_word_counts_once_for_each_time_it_is_asked(hall: Hall) -> None:
    moment = await at.telling(hall)
    first = moment.poll["number"]
    await moment.votes("clb", "object")
    await moment.says(COORDINATOR, f"!sluit {first}")
    before = store(hall)
    assert reason(await moment.says("io", f"!verklaar {moment.case}")) == Reason.NOTHING_ASKED
    assert store(hall) == before
    await moment.says(COORDINATOR, f"!informeren {moment.case}")
    sent = await moment.says("io", f"!verklaar {moment.case}")
    assert only(sent, "poll.opened")["number"] > first


async def test_an_officer_who_is_not_on_the_roster_cannot_attest(hall: Hall) -> None:
    """A second one may sit in the room without having answered the roll call."""
    moment = await at.informing(hall)
    await moment.scene.enrol("io2", "information-officer lokale politie")
    before = store(hall)
    assert reason(await moment.says("io2", f"!verklaar {moment.case}")) == Reason.NOT_ON_ROSTER
    assert store(hall) == before
    assert "poll.opened" in kinds(await moment.says("io", f"!verklaar {moment.case}"))


async def test_the_poll_says_what_the_officer_declared_and_what_is_told(hall: Hall) -> None:
    moment = await at.informing(hall)
    sent = await moment.says("io", f"!verklaar {moment.case}")
    assert "geen onderzoek" in text(sent, "poll.opened")
    assert "niets meer" in text(sent, "poll.opened")


async def test_more_information_leaves_the_case_as_it_is_and_it_comes_back(hall: Hall) -> None:
    moment = await at.in_session(hall)
    before = tables(hall.desk.engine, hall.desk.seal)["case"]
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} meer informatie")
    moment.poll = only(sent, "poll.opened")
    assert moment.poll["subject"] == "more"
    closed = only(await moment.everybody("agree"), "poll.closed")
    assert (closed["outcome"], closed["effect"]) == ("consensus", "more")
    assert closed["comes_back"]
    assert tables(hall.desk.engine, hall.desk.seal)["case"] == before
    await moment.says(COORDINATOR, f"!besproken {moment.case} nee\n!later {moment.case}")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    hall.later(days=7)
    await moment.scene.open("")
    sent = await moment.says(COORDINATOR, "!volgende")
    assert only(sent, "agenda")["case"] == moment.case


async def test_without_consensus_on_more_information_nothing_is_decided(hall: Hall) -> None:
    moment = await at.in_session(hall)
    before = tables(hall.desk.engine, hall.desk.seal)["case"]
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} more")
    moment.poll = only(sent, "poll.opened")
    await moment.votes("clb", "object")
    closed = only(await moment.everybody("agree", but=("clb",)), "poll.closed")
    assert closed["outcome"] == "no_consensus"
    assert closed["comes_back"]
    assert closed.get("effect") is None
    assert tables(hall.desk.engine, hall.desk.seal)["case"] == before


MORE = (
    "more",
    "meer informatie",
    "plus d'informations",
    "plus d’informations",
    "mehr Informationen",
    "MEER-INFORMATIE.",
)


@pytest.mark.parametrize("typed", MORE)
async def test_more_information_may_be_asked_in_every_language(hall: Hall, typed: str) -> None:
    moment = await at.in_session(hall)
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} {typed}")
    assert only(sent, "poll.opened")["subject"] == "more"


def test_a_reference_of_figures_alone_is_no_number() -> None:
    """Whether or not it is typed with its dash."""
    figures = (f"{n}{check_character(str(n))}" for n in range(22222, 100000) if "0" not in str(n))
    typed = next(one for one in figures if one.isdigit() and "1" not in one)
    whole = Reference(f"{typed[:3]}-{typed[3:]}")
    assert attested(Words(typed, "attest")) == whole
    assert attested(Words(f"{whole}.", "attest")) == whole
    for number in ("7", "#7.", "12345"):
        assert attested(Words(number, "attest")) == int(number.strip("#."))


async def test_a_table_of_two_languages_is_shown_the_fixed_words_once(tmp_path: Path) -> None:
    hall = Hall(tmp_path, replace(TABLE, languages=("nl", "fr")))
    composer = Composer(hall.desk)
    words = composer.render(TABLE_LANE, "inform.wording", {}, {})
    assert [words.text.count(mark) for mark in ("(nl)", "(fr)", "(de)", "(en)")] == [1, 1, 1, 1]
    both = composer.render(TABLE_LANE, "inform.agreed", {"case": Reference("K7Q-4MX")}, {})
    assert "mag ingelicht worden" in both.text
    assert "peut être informée" in both.text
    hall.desk.engine.dispose()
