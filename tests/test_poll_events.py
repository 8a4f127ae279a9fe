"""What clients show of a poll is what counts: settled it is gone from them, and whatever others do
to an open one has a consequence that is told (promise 2)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.matrix.door import Event, Hearing
from bot.rules.consensus import BallotMode
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR
from handlers.turn import Table
from locales.catalogue import LANGUAGES
from tests import moments as at
from tests.hall import BOT, TABLE, Hall, Sent, facts_of, heard
from tests.moments import Moment, kinds, native, only, reason, store

UNSTABLE, STABLE = "org.matrix.msc3381.poll.end", "m.poll.end"
STRANGER = "@beheerder:elders.example"

Deed = Callable[[Moment], Awaitable[list[Sent]]]


@pytest.fixture
async def hall(tmp_path: Path) -> Hall:
    return await at.gathered_hall(tmp_path)


def event_of(moment: Moment, kind: str = "poll.start") -> Sent:
    """The newest native poll, or the message beside it."""
    events = list(moment.hall.matrix.events.values())
    if kind == "poll.start":
        return native(moment.hall)[-1]
    return [one for one in events if facts_of(one).get("kind") == "poll.opened"][-1]


def power(moment: Moment, *who: str) -> None:
    """Who may redact what others said, as clients see it."""
    room = moment.hall.matrix.rooms[moment.hall.room]
    room.facts = replace(room.facts, redactors=frozenset(map(moment.user, who)))
    moment.hall.desk.room_changed(moment.hall.room)


async def ends(
    moment: Moment, who: str, type_: str = UNSTABLE, how: Hearing = Hearing.TRUSTED
) -> list[Sent]:
    """Somebody presses "end poll"."""
    relation = {"rel_type": "m.reference", "event_id": event_of(moment).event_id}
    content = {"m.relates_to": relation, UNSTABLE: {}}
    sent = moment.hall.matrix.add(moment.hall.room, moment.user(who), type_, content)
    return await moment.hears(sent, how=how)


async def deletes(moment: Moment, target: Sent, user: str) -> list[Sent]:
    """As an administrator or the homeserver can: never encrypted."""
    content = {"redacts": target.event_id}
    sent = moment.hall.matrix.add(target.room, user, "m.room.redaction", content)
    return await moment.hears(sent, how=Hearing.CLEAR)


async def edits(
    moment: Moment, target: Sent, user: str, how: Hearing = Hearing.CLEAR
) -> list[Sent]:
    relation = {"rel_type": "m.replace", "event_id": target.event_id}
    content = {"m.relates_to": relation, "m.new_content": {"body": "iets anders"}}
    return await moment.hears(
        moment.hall.matrix.add(target.room, user, target.type, content), how=how
    )


# Once settled


@pytest.mark.parametrize("answer", ["agree", "object"])
async def test_a_settled_poll_is_redacted_and_the_outcome_is_the_last_word(
    hall: Hall, answer: str
) -> None:
    moment = await at.polled(hall)
    await moment.everybody("agree", but=("clb",))
    sent = await moment.votes("clb", answer)
    assert native(hall) == []
    shown = [one for one in hall.matrix.events.values() if one.content and not is_edit(one)]
    last = [one for one in shown if one.room == hall.room and one.sender == BOT][-1]
    assert facts_of(last)["kind"] == "poll.closed"
    assert not [one for one in sent if one.type.endswith("poll.end")]


def is_edit(sent: Sent) -> bool:
    return bool(sent.content.get("m.relates_to", {}).get("rel_type") == "m.replace")


@pytest.mark.parametrize("mode", BallotMode)
async def test_typed_answers_and_native_ones_leave_the_same_on_the_screen(
    tmp_path: Path, mode: BallotMode
) -> None:
    """A client knows only the native ones, and would count without the objection."""
    hall = await at.gathered_hall(tmp_path)
    hall.table = hall.desk.table = replace(hall.table, ballot=mode)
    moment = await at.polled(hall)
    await moment.everybody("agree", but=("clb",))
    private = mode is BallotMode.PRIVATE
    sent = await moment.says("clb", f"!bezwaar {moment.poll['number']}", direct=private)
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"
    assert native(hall) == []


async def test_nothing_is_redacted_twice_and_the_number_told_is_true(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.everybody("agree")  # settled: its native poll is gone, its words are not
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    door, asked = hall.desk.door, list[str]()
    redact = door.redact

    async def counted(room: str, event_id: str, txn: str) -> None:
        asked.append(event_id)
        await redact(room, event_id, txn)

    door.redact = counted  # type: ignore[method-assign]
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    assert len(asked) == len(set(asked)) == only(sent, "meeting.closed")["redacted"]
    assert not [one for one in hall.matrix.events.values() if holds_words(one)]


def holds_words(sent: Sent) -> bool:
    return "training" in str(sent.content)


async def test_what_is_settled_by_the_close_is_counted_once(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    before = [one for one in hall.matrix.events.values() if one.content]
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    gone = [one for one in before if not hall.matrix.events[one.event_id].content]
    assert only(sent, "meeting.closed")["redacted"] == len(gone)


async def test_a_redaction_that_the_homeserver_refused_is_tried_again_at_the_close(
    hall: Hall,
) -> None:
    moment = await at.polled(hall)
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    may_redact(hall, may=False)
    assert "redaction.failed" in kinds(await moment.everybody("object"))
    assert len(native(hall)) == 1
    may_redact(hall, may=True)
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, "!vergadering sluiten"))
    assert native(hall) == []


def may_redact(hall: Hall, *, may: bool) -> None:
    room = hall.matrix.rooms[hall.room]
    room.facts = replace(room.facts, may_redact=may)
    hall.desk.room_changed(hall.room)


# Ended by others


@pytest.mark.parametrize("type_", [UNSTABLE, STABLE])
async def test_whoever_may_close_a_poll_closes_it_by_ending_it(hall: Hall, type_: str) -> None:
    moment = await at.polled(hall)
    await moment.everybody("agree", but=("clb",))
    closed = only(await ends(moment, COORDINATOR, type_), "poll.closed")
    assert closed["outcome"] == "no_consensus"
    assert "interference" not in closed
    assert native(hall) == []
    assert reason(await moment.says("clb", f"!akkoord {moment.poll['number']}")) == (
        Reason.POLL_CLOSED
    )


async def test_ended_by_another_member_with_power_it_is_void(hall: Hall) -> None:
    moment = await at.polled(hall)
    await moment.everybody("agree", but=("clb",))
    power(moment, "io")
    closed = only(await ends(moment, "io"), "poll.closed")
    assert (closed["outcome"], closed["interference"]) == ("no_consensus", "ended")
    assert native(hall) == []


async def test_an_end_that_clients_ignore_is_told_to_whoever_tried(hall: Hall) -> None:
    moment = await at.polled(hall)
    before = store(hall)
    sent = await ends(moment, "clb")
    assert kinds(sent) == ["poll.not_ended"]
    assert sent[0].room == await hall.direct("clb")
    assert store(hall) == before
    assert len(native(hall)) == 1


@pytest.mark.parametrize("how", [Hearing.CLEAR, Hearing.UNSIGNED])
async def test_an_end_that_is_not_believed_but_shown_makes_it_void(
    hall: Hall, how: Hearing
) -> None:
    """Also of the coordinator's account: anybody may have sent it, and clients show it ended."""
    moment = await at.polled(hall)
    power(moment, COORDINATOR)
    closed = only(await ends(moment, COORDINATOR, how=how), "poll.closed")
    assert closed["interference"] == "ended"


@pytest.mark.parametrize("how", [Hearing.CLEAR, Hearing.UNSIGNED])
async def test_an_end_that_nobody_believes_changes_nothing(hall: Hall, how: Hearing) -> None:
    moment = await at.polled(hall)
    before = store(hall)
    await ends(moment, "clb", how=how)
    assert store(hall) == before


# Deleted or changed by others


async def by_a_member(moment: Moment) -> list[Sent]:
    return await deletes(moment, event_of(moment), moment.user(COORDINATOR))


async def by_a_stranger(moment: Moment) -> list[Sent]:
    return await deletes(moment, event_of(moment), STRANGER)


async def the_message_beside_it(moment: Moment) -> list[Sent]:
    return await deletes(moment, event_of(moment, "companion"), moment.user("clb"))


async def an_edit(moment: Moment) -> list[Sent]:
    return await edits(moment, event_of(moment), moment.user("clb"), Hearing.TRUSTED)


async def a_forged_edit(moment: Moment) -> list[Sent]:
    return await edits(moment, event_of(moment, "companion"), STRANGER)


DEEDS: Sequence[tuple[Deed, str]] = (
    (by_a_member, "deleted"),
    (by_a_stranger, "deleted"),
    (the_message_beside_it, "deleted"),
    (an_edit, "edited"),
    (a_forged_edit, "edited"),
)


@pytest.mark.parametrize(("deed", "interference"), DEEDS)
async def test_a_poll_that_others_touched_is_void_and_the_table_is_told(
    hall: Hall, deed: Deed, interference: str
) -> None:
    moment = await at.polled(hall)
    await moment.everybody("agree", but=("clb",))
    sent = await deed(moment)
    closed = only(sent, "poll.closed")
    assert (closed["outcome"], closed["interference"]) == ("no_consensus", interference)
    assert native(hall) == []
    moment.poll = closed
    assert reason(await moment.says("clb", f"!akkoord {closed['number']}")) == Reason.POLL_CLOSED


async def test_it_is_told_once_and_a_settled_poll_is_left_alone(hall: Hall) -> None:
    moment = await at.polled(hall)
    poll, beside = event_of(moment), event_of(moment, "companion")
    await deletes(moment, poll, moment.user(COORDINATOR))
    before = store(hall)
    assert kinds(await deletes(moment, poll, moment.user(COORDINATOR))) == []
    assert kinds(await deletes(moment, beside, STRANGER)) == []
    assert store(hall) == before


async def test_a_deletion_of_something_else_is_none_of_ours(hall: Hall) -> None:
    moment = await at.polled(hall)
    line = hall.matrix.add(hall.room, moment.user("clb"), "m.room.message", {"body": "dag"})
    before = store(hall)
    assert kinds(await deletes(moment, line, moment.user("clb"))) == []
    assert kinds(await edits(moment, line, moment.user("clb"))) == []
    assert store(hall) == before


async def test_it_counts_too_when_the_bot_was_away(hall: Hall) -> None:
    """Everything comes at once, answers after it too, and the bot dies in between."""
    moment = await at.polled(hall)
    poll = event_of(moment)
    content = {"redacts": poll.event_id}
    gone = hall.matrix.add(hall.room, moment.user(COORDINATOR), "m.room.redaction", content)
    backlog = [heard(gone, hall.now, Hearing.CLEAR)]
    for who in moment.scene.seated:
        backlog.append(heard(hall.ballot(who, moment.poll, "agree"), hall.now))
    hall.start()
    sent = await moment.hears_events(*backlog)
    assert only(sent, "poll.closed")["interference"] == "deleted"
    hall.start()
    again: list[Event] = list(backlog)
    assert kinds(await moment.hears_events(*again)) == []


async def test_a_deletion_that_comes_after_the_outcome_changes_nothing(hall: Hall) -> None:
    moment = await at.polled(hall)
    poll = event_of(moment)
    await moment.everybody("agree")
    before = store(hall)
    assert kinds(await deletes(moment, poll, STRANGER)) == []
    assert store(hall) == before


# Asked again


async def test_a_decision_is_asked_again(hall: Hall) -> None:
    moment = await at.polled(hall)
    await by_a_member(moment)
    moment.poll = only(
        await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen"), "poll.opened"
    )
    assert only(await moment.everybody("agree"), "poll.closed")["outcome"] == "consensus"


async def test_an_item_is_asked_again_in_the_same_words(hall: Hall) -> None:
    moment = await at.with_item(hall)
    closed = only(await the_message_beside_it(moment), "poll.closed")
    assert closed["usage"] == "amend"
    moment.poll = only(await moment.says("io", f"!wijzig {closed['number']}"), "poll.opened")
    assert moment.poll["version"] == 2
    assert only(await moment.everybody("agree"), "poll.closed")["outcome"] == "consensus"


async def test_whether_to_feed_back_at_all_is_asked_again(hall: Hall) -> None:
    moment = await at.followed(hall)
    moment.poll = only(await moment.says("io", f"!fiche {moment.case}"), "poll.opened")
    assert only(await by_a_member(moment), "poll.closed")["usage"] == "fiche"
    moment.poll = only(await moment.says("io", f"!fiche {moment.case}"), "poll.opened")
    assert "fiche.opened" in kinds(await moment.everybody("agree"))


async def test_the_whole_form_is_asked_again_although_it_is_unchanged(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.everybody("agree")
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    closed = only(await by_a_member(moment), "poll.closed")
    assert (closed["outcome"], closed["usage"]) == ("dropped", "fiche.close")
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    assert "fiche.adopted" in kinds(await moment.everybody("agree"))


SAID = {
    "nl": ("vervalt", "verwijderd", "!beslis"),
    "fr": ("est annulé", "supprimé", "!décider"),
    "de": ("entfällt", "gelöscht", "!entscheiden"),
    "en": ("is void", "deleted", "!decide"),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_happened_and_what_to_do_is_said_in_every_language(
    hall: Hall, language: str
) -> None:
    table: Table = replace(TABLE, languages=(language,))
    moment = await at.polled(hall)
    hall.table = hall.desk.table = table
    (said,) = [one for one in await by_a_member(moment) if facts_of(one)["kind"] == "poll.closed"]
    assert [words for words in SAID[language] if words not in said.content["body"]] == []


# In somebody's own room


@pytest.mark.parametrize("deed", ["deleted", "ended"])
async def test_whoever_removes_their_own_paper_has_taken_back_their_answer(
    tmp_path: Path, deed: str
) -> None:
    """Nobody else sees that poll, so it stays open for them."""
    hall = await at.gathered_hall(tmp_path)
    moment = await at.asked_in_private(hall)
    await moment.votes("clb", "agree")
    asked = hall.asked("clb", moment.poll)
    if deed == "deleted":
        sent = await deletes(moment, asked, moment.user("clb"))
    else:
        relation = {"rel_type": "m.reference", "event_id": asked.event_id}
        content = {"m.relates_to": relation}
        room, user = asked.room, moment.user("clb")
        sent = await moment.hears(hall.matrix.add(room, user, UNSTABLE, content))
    assert "ballot.doubted" in kinds(sent)
    assert len(native(hall)) == len(moment.scene.seated)
    last = await moment.everybody("agree", but=("clb",))
    assert "poll.closed" not in kinds(last)


# What a client shows of an answer


@pytest.mark.parametrize("languages", [("nl",), ("fr",), ("de",), ("en",), ("nl", "fr")])
async def test_an_answer_is_short_enough_to_be_shown_whole(
    hall: Hall, languages: tuple[str, ...]
) -> None:
    moment = await at.followed(hall)
    hall.table = hall.desk.table = replace(hall.table, languages=languages)
    await moment.opens_form()
    await moment.says("io", "!punt sociaal + Neemt sinds 4 september opnieuw deel.")
    question = event_of(moment).content["org.matrix.msc3381.poll.start"]
    texts = [one["org.matrix.msc1767.text"] for one in question["answers"]]
    assert [text for text in texts if len(text) > 40 or "\n" in text] == []
    assert len(set(texts)) == 2
