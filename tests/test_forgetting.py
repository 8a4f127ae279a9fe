"""When a meeting has been closed, the keys of what was said go, in every room."""

import pytest

from bot.matrix.door import Batch
from bot.rules.facts import EventId
from demo.scene import COORDINATOR
from storage.models import Base
from storage.outbox import TABLE_LANE, Act
from storage.people import NAMING
from tests import moments as at
from tests.hall import FakeDoor, Hall, heard


async def open_and_close(hall: Hall) -> None:
    await hall.say(COORDINATOR, "!vergadering openen", expect="meeting.opened")
    await hall.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")


async def test_the_close_forgets_the_keys_of_every_room(hall: Hall) -> None:
    rooms = {hall.room, *[await hall.direct(who) for who in ("io", "clb")]}
    await hall.say(COORDINATOR, "!vergadering openen", expect="meeting.opened")
    assert not hall.matrix.forgotten
    await hall.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")
    assert rooms <= set(hall.matrix.forgotten)
    assert all(hall.matrix.forgotten.values())


@pytest.mark.parametrize(("act", "gone"), [(Act.MESSAGE, False), (Act.REDACT, True)])
async def test_our_own_words_stay_where_we_may_have_to_look_for_one(
    hall: Hall, act: Act, *, gone: bool
) -> None:
    """Something was tried in a direct room, and we do not know that it was said; what is only
    being redacted was said before."""
    doubtful, plain = await hall.direct("clb"), await hall.direct("io")
    hall.matrix.move(doubtful, hall.user_id("clb"), "leave")
    await hall.hears(hall.member_event(doubtful, hall.user_id("clb"), "leave"))
    with hall.desk.transaction() as tx:
        clb = tx.people.known(hall.user_id("clb"))
        assert clb is not None
        tx.outbox.add(clb, act, "status", {}, hall.desk.chance.token())
        assert tx.outbox.next(clb, hall.now) is not None
    await open_and_close(hall)
    assert hall.matrix.forgotten[doubtful] is gone
    assert hall.matrix.forgotten[plain] is True
    assert hall.matrix.forgotten[hall.room] is True


async def test_a_meeting_that_was_opened_meanwhile_keeps_its_words(hall: Hall) -> None:
    await hall.say(COORDINATOR, "!vergadering openen", expect="meeting.opened")
    with hall.desk.transaction() as tx:  # of the meeting before, held up by a slow homeserver
        tx.outbox.add(TABLE_LANE, Act.FORGET, "meeting.closed", {}, hall.desk.chance.token())
    await hall.app.speaker.settle()
    assert not hall.matrix.forgotten
    await hall.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")
    assert hall.room in hall.matrix.forgotten


async def test_whoever_a_meeting_that_was_opened_meanwhile_names_is_kept(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    """The close before it is carried out when somebody of its roll is no longer a member."""
    moment = await at.roll_call(hall)
    lines = ("!vergadering sluiten", "!vergadering openen", "!aanwezig")
    for who, line in zip((COORDINATOR, COORDINATOR, "clb"), lines, strict=True):
        await heard_only(hall, who, line)
    await heard_only(hall, COORDINATOR, moment.line("!lid verwijderen {@clb}"))
    await hall.app.speaker.settle()
    assert "fault" not in caplog.text
    assert not forget_waits(hall)
    with hall.desk.transaction() as tx:
        assert tx.people.known(hall.user_id("clb")) is not None
    await hall.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")
    with hall.desk.transaction() as tx:
        assert tx.people.known(hall.user_id("clb")) is None


class Unforgetting(FakeDoor):
    """A door that cannot forget, until it is mended."""

    broken = True

    def keyed_rooms(self) -> frozenset[str]:
        if self.broken:
            raise OSError("disk full")
        return super().keyed_rooms()


async def test_forgetting_that_fails_is_tried_again_and_silences_nobody(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    door = hall.desk.door = Unforgetting(hall.matrix)
    await open_and_close(hall)
    assert "it is tried again" in caplog.text
    await hall.say(COORDINATOR, "!status", expect="status")
    assert forget_waits(hall)
    door.broken = False
    hall.app.hearer.overdue()
    await hall.app.speaker.settle()
    assert not forget_waits(hall)
    assert hall.room in hall.matrix.forgotten


async def test_forgetting_that_comes_late_leaves_the_meeting_that_is_open_alone(
    hall: Hall,
) -> None:
    door = hall.desk.door = Unforgetting(hall.matrix)
    await open_and_close(hall)
    moment = await at.polled(hall)
    assert forget_waits(hall)
    hall.desk.lines[EventId("$proposed"), 0] = "words"
    door.broken = False
    await moment.hears()
    assert not forget_waits(hall)
    assert hall.desk.lines
    assert not hall.matrix.forgotten
    await hall.vote("clb", moment.poll, "agree", expect="polls.overview")
    with hall.desk.transaction() as tx:
        assert tx.outbox.anchor(f"poll-{moment.poll['poll']}") == moment.poll["poll_event"]


def test_all_that_names_an_account_is_known_to_the_forgetting(hall: Hall) -> None:
    named = {
        str(column)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.column.table.name == "account" for key in column.foreign_keys)
    }
    assert named == {f"{one.class_.__tablename__}.{one.key}" for one in NAMING} | {
        "room.account_id"
    }


async def heard_only(hall: Hall, who: str, text: str) -> None:
    """A line that is heard while nothing can be said yet."""
    event = heard(hall.typed(who, text, hall.room), hall.now)
    await hall.app.hearer.hear(Batch(f"t{next(hall.tokens)}", (event,)))


def forget_waits(hall: Hall) -> bool:
    with hall.desk.transaction() as tx:
        return tx.outbox.waits(TABLE_LANE, Act.FORGET)
