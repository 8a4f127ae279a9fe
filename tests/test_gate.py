"""Whatever the server of one room does, the table goes on being heard."""

import asyncio
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from bot.matrix.door import Invitation
from bot.rules.room import Fault
from demo.scene import COORDINATOR
from storage.people import RoomKind
from tests import moments as at
from tests.hall import BOT, FakeDoor, Hall, heard
from tests.moments import kinds
from tests.test_moving import new_room, replaced, speaks

ALL = frozenset(Fault)


class Stuck(FakeDoor):
    """A homeserver that does not answer for some rooms, until it is let go."""

    def __init__(self, hall: Hall, *rooms: str) -> None:
        super().__init__(hall.matrix)
        assert isinstance(hall.desk.door, FakeDoor)
        self.pins = hall.desk.door.pins
        self.rooms = rooms
        self.free = asyncio.Event()
        hall.desk.door, hall.desk.patience = self, 0

    async def join(self, room: str) -> None:
        await self._answers(room)
        await super().join(room)

    async def leave(self, room: str) -> None:
        await self._answers(room)
        await super().leave(room)

    async def mend(self, room: str, fault: Fault, name: str, keep: Collection[str] = ()) -> None:
        await self._answers(room)
        await super().mend(room, fault, name, keep)

    async def _answers(self, room: str) -> None:
        if room in self.rooms:
            await self.free.wait()


@pytest.fixture(autouse=True)
def closed(hall: Hall) -> Iterator[None]:
    yield
    hall.app.hearer.close()


async def invited(hall: Hall, user: str, room: str) -> list[str]:
    """The kinds of what is answered to a word at the table that comes with an invitation."""
    before = set(hall.matrix.events)
    word = heard(hall.typed(COORDINATOR, "!status", hall.room), hall.now)
    async with asyncio.timeout(120):
        await hall.hears(word, invitations=(Invitation(room, user, direct=True),))
    new = [one for key, one in hall.matrix.events.items() if key not in before]
    return kinds([one for one in new if one.sender == BOT])


async def what_goes_on() -> None:
    """Tasks that nobody waits for have their turn."""
    for _ in range(9):
        await asyncio.sleep(0)


def asked(hall: Hall) -> list[str]:
    with hall.desk.transaction() as tx:
        return tx.people.rooms(RoomKind.ASKED)


def joined(hall: Hall, room: str) -> bool:
    return BOT in hall.matrix.rooms[room].facts.joined


async def test_a_room_that_lets_us_wait_at_its_door_deafens_nobody(hall: Hall) -> None:
    moment, user = await at.gathered(hall), hall.user_id("clb")
    room = hall.matrix.new_room({user}, {BOT}, flagged_direct=True)
    door = Stuck(hall, room)
    assert await invited(hall, user, room) == ["status"]
    assert kinds(await moment.says(COORDINATOR, "!status")) == ["status"]
    assert asked(hall) == [room]
    door.free.set()
    await what_goes_on()
    assert joined(hall, room)
    assert kinds(await moment.hears(hall.typed("clb", "status", room))) == ["status"]


async def test_an_invitation_that_waits_is_followed_after_a_restart(hall: Hall) -> None:
    user = hall.user_id("clb")
    room = hall.matrix.new_room({user}, {BOT}, flagged_direct=True)
    Stuck(hall, room)
    await invited(hall, user, room)
    hall.app.hearer.close()
    hall.start()
    await hall.app.hearer.watch()
    assert joined(hall, room)
    assert asked(hall) == []


async def test_whoever_has_left_the_table_is_not_followed_after_a_restart(hall: Hall) -> None:
    moment, user = await at.gathered(hall), hall.user_id("clb")
    room = hall.matrix.new_room({user}, {BOT}, flagged_direct=True)
    Stuck(hall, room)
    await invited(hall, user, room)
    await moment.says(COORDINATOR, moment.line("!lid verwijderen {@clb}"))
    hall.app.hearer.close()
    hall.start()
    await hall.app.hearer.watch()
    await what_goes_on()
    assert not joined(hall, room)
    assert asked(hall) == []


async def test_a_stranger_that_cannot_be_declined_deafens_nobody(hall: Hall) -> None:
    await at.gathered(hall)
    user = "@mallory:elsewhere.example"
    room = hall.matrix.new_room({user}, {BOT})
    Stuck(hall, room)
    assert await invited(hall, user, room) == ["status"]
    assert asked(hall) == []


async def test_a_room_that_cannot_be_mended_deafens_nobody(hall: Hall) -> None:
    moment = await at.gathered(hall)
    door = Stuck(hall, hall.room)
    wrong: dict[str, Any] = {"may_mend": ALL, "topic": "dinsdag", "history_visibility": "shared"}
    async with asyncio.timeout(120):
        await hall.alters("clb", **wrong)
    assert "room.fault" in kinds([one for one in hall.matrix.events.values() if one.sender == BOT])
    assert kinds(await moment.says("clb", "!status")) == ["status"]
    door.free.set()
    hall.later(hours=2)
    await hall.app.hearer.watch()
    facts = hall.matrix.rooms[hall.room].facts
    assert (facts.topic, facts.history_visibility) == ("", "joined")


async def test_a_former_room_that_cannot_be_left_deafens_nobody(hall: Hall) -> None:
    old = hall.room
    new = await new_room(hall)
    await replaced(hall, new)
    door = Stuck(hall, old)
    async with asyncio.timeout(120):
        assert kinds(await speaks(hall, new)) == ["room.moved", "status"]
    assert joined(hall, old)
    door.free.set()
    await hall.app.hearer.watch()
    assert not joined(hall, old)


async def test_that_we_left_is_not_believed_without_looking(hall: Hall) -> None:
    moment, room = await at.gathered(hall), hall.room
    await hall.hears(hall.member_event(room, BOT, "leave"))
    assert hall.room == room
    assert kinds(await moment.says(COORDINATOR, "!status")) == ["status"]
    hall.matrix.move(room, BOT, "leave")
    await hall.hears(hall.member_event(room, BOT, "leave"))
    with hall.desk.transaction() as tx:
        assert tx.people.table_room() is None
