"""An attempt to object never ends in consensus (F01, promise 2): misspelt, decorated, edited,
deleted, in a caption. In doubt is not agreed, and only who is meant is told."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.matrix.door import Content, Hearing
from bot.rules.consensus import BallotMode
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, FEW, Scene
from locales.catalogue import LANGUAGES
from locales.codes import fold
from locales.commands import vocabulary, word
from tests import moments as at
from tests.hall import TABLE, Hall, Picture, Sent, facts_of
from tests.moments import Moment, gathered_hall, kinds, only, reason, store
from tests.test_exactly_once import MortalHall

PICTURES: dict[str, tuple[Picture, Moment]] = {}  # a moment is played once, and then pictured
RESPONSE = "org.matrix.msc3381.poll.response"
REDACTION = "m.room.redaction"
SAID: Mapping[str, Mapping[str, str]] = {
    "nl": {"poll": "peiling", "make": "ik maak", "because": "want het klopt niet", "not": "niet"},
    "fr": {"poll": "sondage", "make": "je fais", "because": "car c’est faux", "not": "pas"},
    "de": {"poll": "Abstimmung", "make": "ich habe", "because": "weil es nicht stimmt"},
    "en": {"poll": "poll", "make": "I have an", "because": "because it is wrong", "not": "not"},
}


async def reached(moment: Callable[[Hall], Awaitable[Moment]], folder: Path) -> Moment:
    """A moment in which `clb` has agreed in the native poll, in a hall of its own."""
    name = moment.__name__
    if name not in PICTURES:
        (folder / "first").mkdir()
        first = await moment(await gathered_hall(folder / "first"))
        await first.votes("clb", "agree")
        PICTURES[name] = first.hall.picture(), first
    picture, first = PICTURES[name]
    hall = Hall.as_in(picture, folder)
    return replace(first, hall=hall, scene=replace(first.scene, stage=hall))


def in_direct_room(moment: Moment, sent: list[Sent], who: str = "clb") -> list[Sent]:
    """What was sent to somebody alone."""
    return [one for one in sent if one.only == {moment.user(who)}]


async def doubted(moment: Moment, sent: list[Sent], cause: str = "not_understood") -> None:
    """They were told in private, and everybody else's yes makes no consensus of it."""
    (told,) = [one for one in sent if facts_of(one).get("kind") == "ballot.doubted"]
    assert in_direct_room(moment, [told]) == [told]
    assert facts_of(told)["cause"] == cause
    assert moment.user("clb") in told.content["m.mentions"]["user_ids"]
    assert not echoes(moment, sent)
    assert await ends(moment) == "no_consensus"


def echoes(moment: Moment, sent: list[Sent]) -> list[Sent]:
    """What the table's room shows, other than refusals, names nobody and counts only."""
    shown = [one for one in sent if one.room == moment.hall.room]
    others = [one for one in shown if facts_of(one)["kind"] != "refused"]
    assert {facts_of(one)["kind"] for one in others} <= {"polls.overview"}
    return [one for one in others if moment.user("clb") in json.dumps(one.content)]


async def ends(moment: Moment) -> str:
    """How the poll ends when the others agree, natively, and the chair closes it if need be."""
    sent = await moment.everybody("agree", but=("clb",))
    if "poll.closed" not in kinds(sent):
        sent = await moment.says(COORDINATOR, f"!sluit {moment.poll['number']}")
    return str(only(sent, "poll.closed")["outcome"])


def misspelt(typed: str) -> str:
    """One letter left out in the middle."""
    return typed[:2] + typed[3:]


def lines(language: str, number: int) -> dict[str, str]:
    """What was seen, and its like: none of it may count for nothing."""
    objects, said = word("object", language), SAID[language]
    return {
        "syntax": f"!{objects} {said['poll']} {number}",
        "misspelt": f"!{misspelt(objects)} {number}",
        "sentence": f"!{said['make']} {objects} {number}",
        "dash": f"- !{objects} {number}",
        "number": f"1. !{objects} {number}",
        "after ok": f"ok, !{objects} {number}",
        "emoji": f"👎 !{objects} {number}",
        "no prefix": f"{objects} {number}",
        "joined": f"!{objects}{number}",
        "another": f"!{objects} 99",
        "no": f"!{word('no', language)} {number}",
        "named": f"Tafelbot: {misspelt(objects)} {number}",
        "agree but": f"!{word('agree', language)} {number}, {said.get('not', 'nicht')}",
        "misspelt yes": f"!{misspelt(word('agree', language))} {number}",
    }


CASES = [(language, name) for language in LANGUAGES for name in lines("nl", 1)]


@pytest.mark.parametrize(("language", "name"), CASES)
async def test_what_is_not_understood_is_no_consensus(
    tmp_path: Path, language: str, name: str
) -> None:
    moment = await reached(at.polled, tmp_path)
    line = lines(language, moment.poll["number"])[name]
    await doubted(moment, await moment.says("clb", line))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "after", [", {because}", " 👎", ".1", ".", " 👎 {because}", "{because}", ")"]
)
async def test_whatever_follows_the_number_of_an_objection_is_ignored(
    tmp_path: Path, language: str, after: str
) -> None:
    moment = await reached(at.polled, tmp_path)
    after = after.format(**SAID[language])
    sent = await moment.says("clb", f"!{word('object', language)} {moment.poll['number']}{after}")
    assert "ballot.doubted" not in kinds(sent)
    assert [row["answer"] for row in store(moment.hall)["ballot"]].count("object") == 1
    assert await ends(moment) == "no_consensus"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("after", ["", ".", " 👎"])
async def test_an_objection_without_number_is_to_the_only_poll(
    tmp_path: Path, language: str, after: str
) -> None:
    moment = await reached(at.polled, tmp_path)
    await moment.says("clb", f"!{word('object', language)}{after}")
    assert "object" in [row["answer"] for row in store(moment.hall)["ballot"]]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_yes_names_its_poll(tmp_path: Path, language: str) -> None:
    """One that is held back would else count for the next poll; it takes nothing back."""
    moment = await reached(at.polled, tmp_path)
    before = store(moment.hall)
    sent = await moment.says("ocmw", f"!{word('agree', language)}")
    assert reason(sent) == Reason.NUMBER_MISSING
    assert store(moment.hall) == before


async def two_polls(hall: Hall) -> Moment:
    moment = await at.with_item(hall)
    await moment.votes("clb", "agree")
    moment.poll = only(await moment.says("io", "!punt sociaal + Traint mee."), "poll.opened")
    return moment


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["object", "agree"])
async def test_without_number_it_is_not_clear_which_of_several(
    tmp_path: Path, language: str, name: str
) -> None:
    moment = await reached(two_polls, tmp_path)
    sent = await moment.says("clb", f"!{word(name, language)}")
    assert only(sent, "refused")["reason"] == Reason.WHICH_POLL
    told = only(sent, "ballot.doubted")
    number = moment.poll["number"]
    assert [row["number"] for row in told["rows"]] == [number - 1, number]
    await doubted(moment, sent)


async def test_two_numbers_that_nobody_gave_out_leave_doubt_in_both(tmp_path: Path) -> None:
    moment = await reached(two_polls, tmp_path)
    sent = await moment.says("clb", "!bezwaar 99")
    assert only(sent, "refused")["reason"] == Reason.UNKNOWN_POLL
    shown = only(sent, "polls.overview")
    assert [row["doubts"] for row in shown["doubts"]] == [1, 1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("second", ["!{objects}", "!{misspelt}", "- !{objects}"])
async def test_in_one_message_what_may_be_an_objection_comes_before_a_yes(
    tmp_path: Path, language: str, second: str
) -> None:
    """Else the yes of the last who is asked would end the poll."""
    moment = await reached(at.polled, tmp_path)
    number, objects = moment.poll["number"], word("object", language)
    await moment.everybody("agree", but=("clb", "ocmw"))
    second = second.format(objects=objects, misspelt=misspelt(objects))
    line = f"!{word('agree', language)} {number}\n{second} {number}"
    sent = await moment.says("ocmw", line)
    outcomes = [facts_of(one).get("outcome") for one in sent]
    assert "consensus" not in outcomes
    assert ("no_consensus" in outcomes) is (second == f"!{objects}")


# Other kinds of message


def edit(of: Sent, words: str, kind: str = "m.text") -> Content:
    new = {"msgtype": kind, "body": words}
    relation = {"rel_type": "m.replace", "event_id": of.event_id}
    return {"msgtype": kind, "body": f"* {words}", "m.new_content": new, "m.relates_to": relation}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["m.text", "m.emote"])
async def test_a_yes_that_is_edited_into_an_objection(
    tmp_path: Path, language: str, kind: str
) -> None:
    moment = await reached(at.polled, tmp_path)
    number = moment.poll["number"]
    typed = moment.hall.typed("clb", f"!{word('agree', language)} {number}", moment.hall.room)
    await moment.hears(typed)
    content = edit(typed, f"!{word('object', language)} {number}", kind)
    await doubted(moment, await moment.sends("clb", content), "changed")


@pytest.mark.parametrize("words", ["even wachten", "!status", "!akkoord 2"])
async def test_a_yes_that_is_edited_into_anything_does_not_stand(
    tmp_path: Path, words: str
) -> None:
    moment = await reached(at.polled, tmp_path)
    number = moment.poll["number"]
    typed = moment.hall.typed("clb", f"!akkoord {number}", moment.hall.room)
    await moment.hears(typed)
    await doubted(moment, await moment.sends("clb", edit(typed, words)), "changed")


async def test_a_relation_in_clear_can_but_take_a_yes_away(tmp_path: Path) -> None:
    """A homeserver may write it beside any message; the message itself is done."""
    moment = await reached(at.polled, tmp_path)
    typed = moment.hall.typed("clb", f"!akkoord {moment.poll['number']}", moment.hall.room)
    await moment.hears(typed)
    relation = edit(typed, "")["m.relates_to"]
    content = {"msgtype": "m.text", "body": "!status", "m.relates_to": relation}
    sent = await moment.sends("clb", content)
    assert "status" in kinds(sent)
    assert only(sent, "ballot.doubted")["cause"] == "changed"


async def test_nobody_edits_the_yes_of_another(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    typed = moment.hall.typed("clb", f"!akkoord {moment.poll['number']}", moment.hall.room)
    await moment.hears(typed)
    assert await moment.sends("ocmw", edit(typed, "hallo")) == []
    assert await ends(moment) == "consensus"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["m.emote", "m.image", "m.video", "m.audio", "m.file", "other"])
@pytest.mark.parametrize("name", ["object", "agree"])
async def test_no_answer_is_given_in_a_caption_or_an_emote(
    tmp_path: Path, language: str, kind: str, name: str
) -> None:
    moment = await reached(at.polled, tmp_path)
    words = f"!{word(name, language)} {moment.poll['number']}"
    content = {"msgtype": kind, "body": words}
    if kind not in {"m.emote", "other"}:
        content["filename"] = "foto.jpg"
    before = store(moment.hall)["ballot"]
    sent = await moment.sends("clb", content)
    assert store(moment.hall)["ballot"] == before
    await doubted(moment, sent)


async def test_the_name_of_a_file_is_no_caption(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    for more in ({}, {"filename": "!bezwaar 1"}):
        assert await moment.sends("clb", {"msgtype": "m.file", "body": "!bezwaar 1", **more}) == []
    assert await ends(moment) == "consensus"


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "Dat is geen bezwaar.",
        "ik ga akkoord, maar 3 maanden is lang",
        "> !bezwaar 2",
        "Wie niet wil, typt `!bezwaar 2`.",
        "!punt sociaal + Gaat akkoord met hulp.",
        "!status",
        "!help bezwaar",
        "bezwaar maken kan tot 3 mei",
        "geheim",
    ],
)
async def test_what_is_no_attempt_leaves_no_doubt(tmp_path: Path, text: str) -> None:
    moment = await reached(at.polled, tmp_path)
    sent = await moment.says("clb", text)
    assert "ballot.doubted" not in kinds(sent)
    assert store(moment.hall)["doubt"] == []
    assert await ends(moment) == "consensus"


async def test_a_notice_is_no_attempt(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    assert await moment.sends("clb", {"msgtype": "m.notice", "body": "!bezwar 2"}) == []
    assert await ends(moment) == "consensus"


async def test_what_an_item_says_on_its_second_line_is_no_attempt(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    sent = await moment.says("io", "!punt sociaal + Diende in mei\nbezwaar 3 in, bij de gemeente.")
    moment.poll = only(sent, "poll.opened")
    assert store(hall)["doubt"] == []


async def test_words_in_clear_change_nothing(tmp_path: Path) -> None:
    """A homeserver could have written them (promise 3)."""
    moment = await reached(at.polled, tmp_path)
    before = store(moment.hall)
    for text in ("!bezwaar 2", "!bezwar 2", "- !bezwaar 2"):
        await moment.hears(moment.hall.typed("clb", text, moment.hall.room), how=Hearing.CLEAR)
    assert store(moment.hall) == before


async def test_whoever_is_not_asked_leaves_no_doubt(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    sent = await moment.says("jeugdhuis", "!bezwar 2")
    assert "ballot.doubted" not in kinds(sent)
    assert await ends(moment) == "consensus"


async def test_in_a_side_room_it_is_about_its_case_only(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    sent = await moment.says("clb", "!bezwar 3")
    assert [row["number"] for row in only(sent, "ballot.doubted")["rows"]] == [
        moment.poll["number"]
    ]
    assert hall.room not in {one.room for one in sent}


# Native answers


def answered(moment: Moment, answers: Any, event: str = "") -> Content:
    relation = {"rel_type": "m.reference", "event_id": event or moment.poll["poll_event"]}
    return {"m.relates_to": relation, RESPONSE: {"answers": answers}}


@pytest.mark.parametrize("answers", [["nonsense"], ["a" * 26], ["a", "b"], [3], "x", {"a": "b"}])
async def test_an_answer_that_nobody_gave_out_is_refused_and_leaves_doubt(
    tmp_path: Path, answers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    moment = await reached(at.polled, tmp_path)
    sent = await moment.sends("clb", answered(moment, answers), RESPONSE)
    assert only(sent, "refused")["reason"] == Reason.UNKNOWN_ANSWER
    assert "fault" not in caplog.text
    await doubted(moment, sent)


async def test_an_objection_to_an_earlier_version_leaves_doubt_in_the_one_asked_now(
    tmp_path: Path,
) -> None:
    moment = await reached(at.with_item, tmp_path)
    late = moment.hall.ballot("clb", moment.poll, "object")
    yes = moment.hall.ballot("clb", moment.poll, "agree")
    sent = await moment.says("io", moment.line("!wijzig {number} Traint opnieuw mee."))
    moment.poll = only(sent, "poll.opened")
    await moment.votes("clb", "agree")
    assert kinds(await moment.hears(yes)) == ["refused"]
    await doubted(moment, await moment.hears(late))


@pytest.mark.parametrize("event", ["", "$another"])
async def test_an_answer_taken_back_is_doubted_where_it_says_or_everywhere(
    tmp_path: Path, event: str
) -> None:
    moment = await reached(two_polls, tmp_path)
    sent = await moment.sends("clb", answered(moment, [], event), RESPONSE)
    told = only(sent, "ballot.doubted")
    number = moment.poll["number"]
    assert [row["number"] for row in told["rows"]] == ([number - 1, number] if event else [number])
    await doubted(moment, sent, "taken_back")


# Deleted


def redacting(moment: Moment, event: str, by: str = "clb") -> Sent:
    content = {"redacts": event}
    return moment.hall.matrix.add(moment.hall.room, moment.user(by), REDACTION, content)


@pytest.mark.parametrize("by", ["clb", COORDINATOR, "vreemd"])
@pytest.mark.parametrize("native", [False, True])
async def test_a_yes_that_is_deleted_does_not_stand(tmp_path: Path, by: str, native: bool) -> None:
    moment = await reached(at.polled, tmp_path)
    line = f"!akkoord {moment.poll['number']}"
    ballot = moment.hall.typed("clb", line, moment.hall.room)
    if native:
        ballot = moment.hall.ballot("clb", moment.poll, "agree")
    await moment.hears(ballot)
    redaction = redacting(moment, ballot.event_id, by)
    sent = await moment.hears(redaction, how=Hearing.CLEAR)
    again = redacting(moment, ballot.event_id, by)
    assert await moment.hears(redaction, again, how=Hearing.CLEAR) == []
    await doubted(moment, sent, "taken_back")


@pytest.mark.parametrize("native", [False, True])
async def test_an_objection_that_is_deleted_or_edited_stands(tmp_path: Path, native: bool) -> None:
    moment = await reached(at.polled, tmp_path)
    ballot = moment.hall.typed("clb", f"!bezwaar {moment.poll['number']}", moment.hall.room)
    if native:
        ballot = moment.hall.ballot("clb", moment.poll, "object")
    await moment.hears(ballot)
    assert "ballot.doubted" not in kinds(await moment.sends("clb", edit(ballot, "!akkoord 2")))
    redaction = redacting(moment, ballot.event_id)
    assert await moment.hears(redaction, how=Hearing.CLEAR) == []
    sent = await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_any_yes_of_several_that_is_deleted_counts(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    first = moment.hall.typed("clb", f"!akkoord {moment.poll['number']}", moment.hall.room)
    await moment.hears(first)
    await moment.votes("clb", "agree")
    sent = await moment.hears(redacting(moment, first.event_id), how=Hearing.CLEAR)
    await doubted(moment, sent, "taken_back")


async def test_a_deleted_message_that_was_no_yes_changes_nothing(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    chat = moment.hall.typed("clb", "hallo", moment.hall.room)
    before = store(moment.hall)
    assert await moment.hears(redacting(moment, chat.event_id), how=Hearing.CLEAR) == []
    assert await moment.hears(redacting(moment, "no event"), how=Hearing.CLEAR) == []
    assert store(moment.hall) == before


async def test_what_is_typed_in_the_direct_room_is_removed_by_us_without_doubt(
    tmp_path: Path,
) -> None:
    moment = await reached(at.polled, tmp_path)
    sent = await moment.says("ocmw", f"akkoord {moment.poll['number']}", direct=True)
    assert "ballot.doubted" not in kinds(sent)
    assert store(moment.hall)["doubt"] == []


async def test_deleting_does_not_undo_what_could_not_be_read(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    objection = moment.hall.ballot("clb", moment.poll, "object")
    await moment.hears(objection, how=Hearing.UNREADABLE)
    objection.content = {}
    await moment.hears(redacting(moment, objection.event_id), how=Hearing.CLEAR)
    await moment.hall.app.hearer.hear(at.Batch("keys", keys_arrived=True))
    await moment.hall.app.speaker.settle()
    assert await ends(moment) == "no_consensus"


# How doubt ends


def mark(sent: list[Sent]) -> str:
    """What a yes says that ends the doubt."""
    (row,) = only(sent, "ballot.doubted")["rows"]
    return f"{row['number']}.{row['version']}.{row['mark']}"


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_yes_that_names_the_doubt_ends_it(
    tmp_path: Path, language: str, direct: bool
) -> None:
    moment = await reached(at.polled, tmp_path)
    await moment.says("clb", f"!taal {language}")
    sent = await moment.says("clb", "!bezwar 2")
    (told,) = [one for one in sent if facts_of(one)["kind"] == "ballot.doubted"]
    line = f"!{word('agree', language)} {mark(sent)}"
    assert line in str(told.content["body"])
    assert f"!{word('object', language)} {moment.poll['number']}" in str(told.content["body"])
    sent = await moment.says("clb", line, direct=direct)
    assert "ballot.doubted" not in kinds(sent)
    assert await ends(moment) == "consensus"


async def test_an_objection_ends_it_too(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    await moment.says("clb", "!bezwar 2")
    sent = await moment.says("clb", f"!bezwaar {moment.poll['number']}")
    assert "doubts" not in only(sent, "polls.overview")
    sent = await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


@pytest.mark.parametrize("how", ["native", "bare", "version"])
async def test_a_yes_that_may_be_from_before_does_not(tmp_path: Path, how: str) -> None:
    moment = await reached(at.polled, tmp_path)
    number = moment.poll["number"]
    await moment.says("clb", "!bezwar 2")
    line = {"bare": f"!akkoord {number}", "version": f"!akkoord {number}.1"}
    for again in (False, True):
        sent = await (
            moment.votes("clb", "agree") if how == "native" else moment.says("clb", line[how])
        )
        assert ("ballot.doubted" in kinds(sent)) is not again  # said once
        if not again:
            assert only(sent, "ballot.doubted")["cause"] == "still"
            assert not echoes(moment, sent)
    assert await ends(moment) == "no_consensus"


async def test_nor_does_one_that_names_an_earlier_doubt(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    first = mark(await moment.says("clb", "!bezwar 2"))
    second = mark(await moment.says("clb", "!bezwar 2"))
    assert first != second
    await moment.says("clb", f"!akkoord {first}")
    assert store(moment.hall)["doubt"]
    await moment.everybody("agree", but=("clb",))
    sent = await moment.says("clb", f"!akkoord {second}")
    assert only(sent, "poll.closed")["outcome"] == "consensus"


async def test_a_doubt_that_was_ended_is_not_ended_again_by_the_same_words(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    yes = mark(await moment.says("clb", "!bezwar 2"))
    await moment.says("clb", f"!akkoord {yes}")
    sent = await moment.says("clb", "!bezwar 2")
    assert mark(sent) != yes
    await moment.says("clb", f"!akkoord {yes}")
    await doubted(moment, sent)


async def test_a_mark_that_was_not_given_out_ends_nothing(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    await moment.says("clb", f"!akkoord {moment.poll['number']}.1.9")
    await doubted(moment, await moment.says("clb", "!bezwar 2"))


async def test_several_attempts_are_told_in_one_message(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    sent = await moment.says("clb", "!bezwar 2")
    (first,) = [one for one in sent if facts_of(one)["kind"] == "ballot.doubted"]
    for text in ("!bezwaar peiling 2", "- !bezwaar 2"):
        (edited,) = [
            one
            for one in await moment.says("clb", text)
            if facts_of(one)["kind"] == "ballot.doubted"
        ]
        assert edited.content["m.relates_to"]["event_id"] == first.event_id
    assert facts_of(edited)["rows"][0]["mark"] == 3


async def test_what_can_be_read_at_last_and_is_no_answer_is_doubted_as_that(
    tmp_path: Path,
) -> None:
    moment = await reached(at.polled, tmp_path)
    typed = moment.hall.typed("clb", "!bezwar 2", moment.hall.room)
    sent = await moment.hears(typed, how=Hearing.UNREADABLE)
    assert "ballot.doubted" not in kinds(sent)  # its key may come in a moment
    before = set(moment.hall.matrix.events)
    await moment.hall.app.hearer.hear(at.Batch("keys", keys_arrived=True))
    await moment.hall.app.speaker.settle()
    new = [one for key, one in moment.hall.matrix.events.items() if key not in before]
    assert "ballot.doubted" in kinds(new)
    assert await ends(moment) == "no_consensus"


async def test_whoever_has_no_direct_room_gets_one(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    hall = moment.hall
    with hall.desk.transaction() as tx:
        tx.people.forget_room(await hall.direct("clb"))
    await moment.says("clb", "!bezwar 2")
    before = set(hall.matrix.events)
    await hall.come("clb")
    new = [one for key, one in hall.matrix.events.items() if key not in before]
    assert "ballot.doubted" in kinds([one for one in new if one.only == {moment.user("clb")}])


async def test_an_attempt_is_gone_after_the_close_wherever_it_was_made(tmp_path: Path) -> None:
    moment = await reached(at.polled, tmp_path)
    hall = moment.hall
    typed = [
        hall.typed("clb", "!bezwar 2", hall.room),
        hall.typed("clb", "- !bezwaar 2", hall.room),
        hall.typed("clb", "ik maak bezwaar 2", await hall.direct("clb")),
        hall.matrix.add(
            hall.room,
            moment.user("clb"),
            "m.room.message",
            {"msgtype": "m.emote", "body": "!bezwaar 2"},
        ),
    ]
    await moment.hears(*typed)
    await moment.says(COORDINATOR, f"!besproken {moment.case} nee")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert [one for one in typed if hall.matrix.events[one.event_id].content] == []
    left = store(hall)
    assert not left["doubt"]
    assert not left["yes"]


async def test_nothing_tells_the_table_whose_doubt_it_is_in_private_either(tmp_path: Path) -> None:
    """Two tables that differ only in who tried to object show the same."""
    shown = []
    for who in ("clb", "ocmw"):
        (tmp_path / who).mkdir()
        hall = Hall(tmp_path / who, replace(TABLE, ballot=BallotMode.PRIVATE))
        await Scene(hall).gather()
        moment = await at.polled(hall)
        await moment.everybody("agree", but=("clb", "ocmw"))
        sent = await moment.says(who, f"bezwar {moment.poll['number']}", direct=True)
        table = [one for one in sent if one.room == hall.room]
        assert kinds(table) == ["polls.overview"]
        shown.append([{**facts_of(one), "id": ""} for one in table])
    assert shown[0] == shown[1]


async def test_killed_at_any_point_a_doubt_is_left_and_ended_once(tmp_path: Path) -> None:
    mortal = MortalHall(tmp_path)
    await Scene(mortal, people=FEW).gather()
    moment = Moment(mortal, Scene(mortal, people=FEW, seated=(COORDINATOR, *FEW)))
    moment.case = await moment.scene.notify("ocmw")
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
    moment.poll = only(sent, "poll.opened")
    number = moment.poll["number"]
    typed = mortal.typed("ocmw", f"!akkoord {number}", mortal.room)
    await moment.hears(typed)
    steps = (
        ("ocmw", "!bezwar 1", [1]),
        ("ocmw", edit(typed, "- !bezwaar 1"), [1, 2]),
        ("ocmw", f"!akkoord {number}.1.2", [1, 2]),
    )
    for who, words, marks in steps:
        before = mortal.picture()
        for point in range(1, 40, 3):
            mortal.restore(before)
            deaths, mortal.fate.point = mortal.fate.deaths, 0
            mortal.fate.dies = lambda now, point=point: now == point  # type: ignore[misc]
            if isinstance(words, str):
                await moment.says(who, words)
            else:
                await moment.sends(who, words)
            mortal.fate.spare()
            assert [row["mark"] for row in store(mortal)["doubt"]] == marks
            shown = at.seen(mortal, "ballot.doubted")
            assert [told["rows"][0]["mark"] for told in shown] == marks
            if mortal.fate.deaths == deaths:
                break
    (ballot,) = [row for row in store(mortal)["ballot"] if row["mark"]]
    assert ballot["mark"] == 2


# Whatever the spelling


def spoilt(draw: st.DrawFn, typed: str) -> str:
    """With a letter left out, doubled, swapped or another one; in a long word two of them."""
    for _ in range(draw(st.integers(1, 2 if len(typed) > 5 else 1))):
        place = draw(st.integers(1, len(typed) - 2))
        letter = draw(st.sampled_from("aeinorst"))
        typed = draw(
            st.sampled_from(
                (
                    typed[:place] + typed[place + 1 :],
                    typed[:place] + typed[place] + typed[place:],
                    typed[:place] + letter + typed[place + 1 :],
                    typed[: place - 1] + typed[place] + typed[place - 1] + typed[place + 1 :],
                )
            )
        )
    return typed


BEFORE = ("!", "- !", "* !", "1. !", "ok, !", "👎 !", "Tafelbot: ", "Tafelbot, ", "- Tafelbot: ")
AFTER = ("", " {n}", " {n}!", ", want {n}", " #{n}", " peiling {n}", " {n} 👎", ": nee", " 99")


@st.composite
def attempts(draw: st.DrawFn) -> tuple[str, str]:
    """How somebody may try to object in one of the languages, and in which kind of message."""
    language = draw(st.sampled_from(LANGUAGES))
    name = draw(st.sampled_from(("object", "object", "agree", "secret")))
    objects = word(name, language)
    if draw(st.booleans()):
        objects = spoilt(draw, objects)
    before, after = draw(st.sampled_from(BEFORE)), draw(st.sampled_from(AFTER))
    line = (
        f"{before}{objects}{after}".upper() if draw(st.booleans()) else f"{before}{objects}{after}"
    )
    return line, draw(st.sampled_from(("m.text", "m.text", "m.emote", "m.image")))


def clear_yes(line: str, kind: str) -> bool:
    """One that counts as it stands, or plainly does not, is no attempt to object."""
    found = fold(line.removeprefix("!").removeprefix("Tafelbot").lstrip(":, ").split()[0])
    plain = kind == "m.text" and line.startswith(("!", "Tafelbot", "TAFELBOT"))
    return plain and vocabulary().get(found) not in {"object", "secret", None}


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(attempt=attempts())
def test_in_no_spelling_does_an_attempt_to_object_end_in_consensus(
    tmp_path_factory: pytest.TempPathFactory, attempt: tuple[str, str]
) -> None:
    line, kind = attempt

    async def tried() -> None:
        moment = await reached(at.polled, tmp_path_factory.mktemp("hall"))
        content = {"msgtype": kind, "body": line.replace("{n}", str(moment.poll["number"]))}
        if kind == "m.image":
            content["filename"] = "foto.jpg"
        await moment.sends("clb", content)
        outcome = await ends(moment)
        if not clear_yes(content["body"], kind):
            assert outcome == "no_consensus", content
        moment.hall.desk.engine.dispose()

    asyncio.run(tried())
