"""What cannot be read is never lost silently: it keeps a poll open, and is asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.matrix.door import Event, Hearing
from demo.scene import COORDINATOR
from tests import moments as at
from tests.hall import NOON, FakeDoor, FakeMatrix, Hall, Sent, heard
from tests.moments import Batch, Moment, figures, kinds, only, store


async def unreadable(moment: Moment, sent: Sent) -> list[str]:
    """An event arrives without its key; the kinds of messages in answer."""
    return kinds(await moment.hears(sent, how=Hearing.UNREADABLE))


async def key_comes(moment: Moment) -> list[Sent]:
    """Room keys arrive, and what waited for them can be read."""
    before = set(moment.hall.matrix.events)
    await moment.hall.app.hearer.hear(Batch("keys", keys_arrived=True))
    await moment.hall.app.speaker.settle()
    return [event for key, event in moment.hall.matrix.events.items() if key not in before]


async def test_an_unreadable_ballot_keeps_the_poll_open_and_is_shown(hall: Hall) -> None:
    moment = await at.with_item(hall)
    ballot = hall.ballot("clb", moment.poll, "object")
    assert await unreadable(moment, ballot) == ["polls.overview"]
    sent = await moment.everybody("agree")
    assert "poll.closed" not in kinds(sent)
    shown = figures(sent)
    assert (shown["doubts"], shown["answered"]) == (1, shown["of"])


async def test_it_counts_once_when_its_key_comes(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await unreadable(moment, hall.ballot("clb", moment.poll, "object"))
    await moment.everybody("agree", but=("clb",))
    assert only(await key_comes(moment), "poll.closed")["outcome"] == "no_consensus"
    assert await key_comes(moment) == []


async def test_what_turns_out_to_be_no_objection_lets_the_poll_go_on(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await unreadable(moment, hall.typed("clb", "Ik zoek het even op.", hall.room))
    assert "poll.closed" not in kinds(await moment.everybody("agree"))
    assert only(await key_comes(moment), "poll.closed")["outcome"] == "consensus"


@pytest.mark.parametrize("how", [Hearing.CLEAR, Hearing.UNSIGNED])
async def test_what_is_shown_in_its_place_does_not_end_the_doubt(hall: Hall, how: Hearing) -> None:
    """A homeserver may answer with something of its own when the event is asked for again."""
    moment = await at.with_item(hall)
    ballot = hall.ballot("clb", moment.poll, "object")
    await unreadable(moment, ballot)
    hall.desk.door = Swapping(hall.matrix, ballot.event_id, ballot.sender, how)
    await key_comes(moment)
    assert "poll.closed" not in kinds(await moment.everybody("agree"))
    sent = await moment.says(COORDINATOR, f"!sluit {moment.poll['number']}")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_nor_does_a_word_of_somebody_else(hall: Hall) -> None:
    moment = await at.with_item(hall)
    ballot = hall.ballot("clb", moment.poll, "object")
    await unreadable(moment, ballot)
    officer = moment.user("io")
    hall.desk.door = Swapping(hall.matrix, ballot.event_id, officer, Hearing.TRUSTED)
    await key_comes(moment)
    assert "poll.closed" not in kinds(await moment.everybody("agree"))


class Swapping(FakeDoor):
    """Shows other words in place of an event, said by somebody, or heard in another way."""

    def __init__(self, matrix: FakeMatrix, event_id: str, sender: str, how: Hearing) -> None:
        super().__init__(matrix)
        words = {"msgtype": "m.text", "body": "Ik zoek het even op."}
        self._shown = Sent(event_id, "", sender, "m.room.message", words)
        self._how = how

    async def fetch(self, room: str, event_id: str) -> Event | None:
        if event_id != self._shown.event_id:
            return await super().fetch(room, event_id)
        return heard(replace(self._shown, room=room), NOON, self._how)


async def test_a_later_yes_does_not_hide_what_could_not_be_read(hall: Hall) -> None:
    """A homeserver may hold an old yes back until after the objection whose key it dropped."""
    moment = await at.with_item(hall)
    await unreadable(moment, hall.ballot("clb", moment.poll, "object"))
    await moment.votes("clb", "agree")
    await moment.everybody("agree")
    sent = await moment.says(COORDINATOR, f"!sluit {moment.poll['number']}")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_one_objection_ends_it_whatever_else_is_unreadable(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await unreadable(moment, hall.ballot("clb", moment.poll, "agree"))
    await moment.votes("clb", "object")
    sent = await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_somebody_outside_the_roster_casts_no_doubt(hall: Hall) -> None:
    moment = await at.polled(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    assert await unreadable(moment, hall.typed("jeugdhuis", "?", hall.room)) == []
    assert only(await moment.everybody("agree"), "poll.closed")["outcome"] == "consensus"


async def test_the_person_is_told_and_the_doubt_ends_with_the_meeting(hall: Hall) -> None:
    moment = await at.polled(hall)
    await unreadable(moment, hall.ballot("clb", moment.poll, "object"))
    hall.now += timedelta(minutes=1)
    hall.app.hearer.overdue()
    await hall.app.speaker.settle()
    direct = hall.shown(await hall.direct("clb"))
    assert "niet kon lezen" in "\n".join(direct)
    await moment.says(COORDINATOR, f"!besproken {moment.case} nee")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert store(hall)["doubt"] == []


async def test_the_same_unreadable_event_again_is_one_doubt(hall: Hall) -> None:
    moment = await at.with_item(hall)
    ballot = hall.ballot("clb", moment.poll, "object")
    await unreadable(moment, ballot)
    assert await unreadable(moment, ballot) == []
    assert len(store(hall)["doubt"]) == 1


@pytest.mark.parametrize("how", [Hearing.CLEAR, Hearing.UNSIGNED])
async def test_only_what_is_believed_ends_a_doubt(hall: Hall, how: Hearing) -> None:
    """A homeserver may answer with anything when it is asked for the event again."""
    moment = await at.with_item(hall)
    ballot = hall.ballot("clb", moment.poll, "object")
    await unreadable(moment, ballot)
    door = hall.desk.door
    assert isinstance(door, FakeDoor)
    door.fetched_as = how
    await moment.everybody("agree")
    assert "poll.closed" not in kinds(await key_comes(moment))
    assert len(store(hall)["doubt"]) == 1
