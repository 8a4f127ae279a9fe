"""When a meeting has been closed, the keys of what was said go, in every room."""

from demo.scene import COORDINATOR
from storage.outbox import TABLE_LANE, Act
from tests.hall import Hall


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


async def test_our_own_words_stay_where_we_may_have_to_look_for_one(hall: Hall) -> None:
    """Something was tried in a direct room, and we do not know that it was said."""
    doubtful, plain = await hall.direct("clb"), await hall.direct("io")
    hall.matrix.move(doubtful, hall.user_id("clb"), "leave")
    await hall.hears(hall.member_event(doubtful, hall.user_id("clb"), "leave"))
    with hall.desk.transaction() as tx:
        clb = tx.people.known(hall.user_id("clb"))
        assert clb is not None
        tx.outbox.add(clb, Act.MESSAGE, "status", {}, hall.desk.chance.token())
        assert tx.outbox.next(clb, hall.now) is not None
    await open_and_close(hall)
    assert hall.matrix.forgotten[doubtful] is False
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
