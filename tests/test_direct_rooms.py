"""A direct room is of two, encrypted, or it is not used."""

from dataclasses import replace

import pytest

from demo.scene import COORDINATOR
from storage.outbox import Act
from tests import moments as at
from tests.hall import BOT, Hall, Sent
from tests.moments import kinds

THIRD = "@vreemd:elsewhere.example"


async def visited(hall: Hall, membership: str, who: str = THIRD) -> str:
    """Somebody's direct room, with a third person joined or invited."""
    moment = await at.gathered(hall)
    await moment.says("ocmw", "melden", direct=True)
    room = await hall.direct("ocmw")
    hall.matrix.move(room, who, membership)
    await hall.hears(hall.member_event(room, who, membership))
    return room


async def told(hall: Hall, who: str = "ocmw") -> list[Sent]:
    """The bot has something to say to somebody of its own accord."""
    before = set(hall.matrix.events)
    with hall.desk.transaction() as tx:
        account = tx.people.account(hall.user_id(who))
        tx.outbox.add(account, Act.MESSAGE, "unreadable", {}, hall.desk.chance.token())
    await hall.app.speaker.settle()
    return [one for key, one in hall.matrix.events.items() if key not in before]


@pytest.mark.parametrize("membership", ["join", "invite"])
async def test_a_third_person_stops_its_use(hall: Hall, membership: str) -> None:
    room = await visited(hall, membership)
    moment = await at.gathered(hall)
    assert await moment.hears(hall.typed("ocmw", "ja", room)) == []
    assert await moment.hears(hall.typed("ocmw", "!status", room)) == []
    assert await told(hall) == []
    with hall.desk.transaction() as tx:
        row = tx.people.room(room)
        assert row is None or row.account_id is None


@pytest.mark.parametrize("membership", ["join", "invite"])
async def test_even_a_member_of_the_table_is_a_third_person_there(
    hall: Hall, membership: str
) -> None:
    clb = hall.user_id("clb")
    room = await visited(hall, membership, clb)
    moment = await at.gathered(hall)
    for who in ("ocmw", "clb"):
        assert await moment.hears(hall.typed(who, "status", room)) == []


async def test_a_third_person_of_whom_no_event_tells_stops_its_use(hall: Hall) -> None:
    """The homeserver shows them in the state alone."""
    moment = await at.gathered(hall)
    await moment.says("ocmw", "melden", direct=True)
    room = await hall.direct("ocmw")
    hall.matrix.move(room, THIRD, "join")
    await hall.hears(moved=frozenset({room}))
    assert [one for one in await told(hall) if one.room == room] == []


async def test_what_is_said_there_is_for_one_alone(hall: Hall) -> None:
    """Even while somebody else is there of whom the homeserver said nothing."""
    moment = await at.gathered(hall)
    await moment.says("ocmw", "melden", direct=True)
    hall.matrix.move(await hall.direct("ocmw"), THIRD, "join")
    (said,) = await told(hall)
    assert said.only == {hall.user_id("ocmw")}
    at_the_table = [one for one in hall.matrix.events.values() if one.room == hall.room]
    assert at_the_table
    assert not [one for one in at_the_table if one.only is not None]


async def test_what_waits_is_said_in_a_new_room_of_two(hall: Hall) -> None:
    room = await visited(hall, "join")
    await told(hall)
    await hall.come("ocmw")
    said = [one for one in hall.matrix.events.values() if one.sender == BOT]
    assert kinds(said[-1:]) == ["unreadable"]
    assert said[-1].room != room
    assert hall.matrix.rooms[said[-1].room].facts.joined == {BOT, hall.user_id("ocmw")}


async def test_when_the_third_person_is_gone_it_is_used_again(hall: Hall) -> None:
    room = await visited(hall, "join")
    hall.matrix.move(room, THIRD, "leave")
    await hall.hears(hall.member_event(room, THIRD, "leave"))
    moment = await at.gathered(hall)
    sent = await moment.hears(hall.typed("ocmw", "ja", room))
    assert kinds(sent) == ["notification.asked"]


async def test_without_encryption_nothing_is_said_or_heard(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await moment.says(COORDINATOR, "status", direct=True)
    room = await hall.direct(COORDINATOR)
    facts = hall.matrix.rooms[room].facts
    hall.matrix.rooms[room].facts = replace(facts, encrypted=False)
    await hall.hears(hall.state_event(room, COORDINATOR))
    assert await moment.hears(hall.typed(COORDINATOR, "status", room)) == []
    assert [one for one in await told(hall, COORDINATOR) if one.room == room] == []


async def test_the_room_the_bot_makes_is_asked_for_encrypted_and_direct(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await moment.says(COORDINATOR, f"!lid toevoegen {hall.user_id('nieuw')} partner school")
    rooms = [room for room in hall.matrix.rooms.values() if room.marker]
    direct = [room.facts for room in rooms if hall.user_id("nieuw") in room.facts.invited]
    assert all(facts.encrypted for facts in direct)
    assert sorted(facts.flagged_direct for facts in direct) == [False, True]
