"""The table moves to the room that replaces its own, and only there (specification, "Room
upgrades"): what a homeserver can make up alone moves nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.matrix.door import Hearing, Invitation
from demo.scene import COORDINATOR, MAYOR, Scene
from storage.people import RoomKind
from tests import moments as at
from tests.hall import BOT, FakeDoor, Hall, Sent
from tests.moments import kinds
from tests.test_exactly_once import MortalHall, Sweep

OTHER = "!other:elsewhere.example"


async def new_room(hall: Hall, by: str = COORDINATOR, **more: Any) -> str:
    """A room that says it replaces the table's, made by somebody; the bot is asked in by them."""
    user = hall.user_id(by)
    known: dict[str, Any] = {"predecessor": hall.room, "creator": user, **more}
    room = hall.matrix.new_room({user, hall.user_id("clb")}, {BOT}, **known)
    await hall.hears(invitations=(Invitation(room, user, direct=False),))
    return room


async def replaced(hall: Hall, new: str, by: str = COORDINATOR) -> None:
    """The table's room says that it is replaced, by somebody with the power for it."""
    await hall.alters(by, replaced_by=new, upgraded_by=hall.user_id(by))


async def speaks(
    hall: Hall, room: str, who: str = COORDINATOR, how: Hearing = Hearing.TRUSTED
) -> list[Sent]:
    moment = await at.gathered(hall)
    return await moment.hears(hall.typed(who, "!status", room), how=how)


async def test_the_table_moves_when_its_coordinator_speaks_in_the_new_room(hall: Hall) -> None:
    old = hall.room
    new = await new_room(hall)
    await replaced(hall, new)
    assert hall.room == old
    sent = await speaks(hall, new)
    assert hall.room == new
    assert kinds(sent) == ["room.moved", "status"]
    assert {one.room for one in sent} == {new}
    assert BOT not in hall.matrix.rooms[old].facts.joined
    assert hall.user_id("io") in hall.matrix.rooms[new].facts.invited
    assert at.store(hall)["room_fault"] == []


async def test_the_new_room_is_looked_at_like_any_other(hall: Hall) -> None:
    new = await new_room(hall, history_visibility="shared")
    await replaced(hall, new)
    assert kinds(await speaks(hall, new)) == ["room.moved", "room.fault", "status"]


async def test_the_mayor_moves_it_and_the_coordinator_may_be_the_first_to_speak(
    hall: Hall,
) -> None:
    new = await new_room(hall, MAYOR)
    hall.matrix.move(new, hall.user_id(COORDINATOR), "join")
    await replaced(hall, new, MAYOR)
    await speaks(hall, new)
    assert hall.room == new


async def test_a_replacement_is_told_once_and_changes_nothing(hall: Hall) -> None:
    old, before = hall.room, set(hall.matrix.events)
    for by in ("mallory", COORDINATOR, "clb"):
        await replaced(hall, OTHER, by)
    told = [one for key, one in hall.matrix.events.items() if key not in before]
    assert kinds([one for one in told if one.sender == BOT]) == ["room.fault"]
    assert hall.room == old
    moment = await at.gathered(hall)
    assert "meeting.opened" in kinds(await moment.says(COORDINATOR, "!vergadering openen"))


FORGED: dict[str, dict[str, Any]] = {
    "nobody replaced the old room": {"replaced_by": None},
    "another room replaced it": {"replaced_by": OTHER},
    "who replaced it had no power": {"upgraded_by": None},
    "a member without a seat replaced it": {"upgraded_by": "@clb:voorbeeldstad.example"},
    "somebody unknown replaced it": {"upgraded_by": "@mallory:elsewhere.example"},
}
MADE_UP: dict[str, dict[str, Any]] = {
    "it does not name the old room": {"predecessor": None},
    "it names another room": {"predecessor": OTHER},
    "somebody else made it": {"creator": "@clb:voorbeeldstad.example"},
    "it is not encrypted": {"encrypted": False},
}


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_tombstone_moves_nothing(hall: Hall, forged: str) -> None:
    old = hall.room
    new = await new_room(hall)
    await replaced(hall, new)
    facts = hall.matrix.rooms[old].facts
    creator = FORGED[forged].get("upgraded_by") or hall.matrix.rooms[new].facts.creator
    hall.matrix.rooms[new].facts = replace(hall.matrix.rooms[new].facts, creator=creator)
    hall.matrix.rooms[old].facts = replace(facts, **FORGED[forged])
    await hall.hears(hall.state_event(old, COORDINATOR), hall.state_event(new, COORDINATOR))
    assert await speaks(hall, new) == []
    assert hall.room == old
    assert BOT in hall.matrix.rooms[old].facts.joined


@pytest.mark.parametrize("made_up", MADE_UP)
async def test_a_made_up_room_is_not_moved_to(hall: Hall, made_up: str) -> None:
    old = hall.room
    new = await new_room(hall, **MADE_UP[made_up])
    await replaced(hall, new)
    await speaks(hall, new)
    assert hall.room == old


@pytest.mark.parametrize("how", [Hearing.CLEAR, Hearing.UNSIGNED, Hearing.UNREADABLE])
async def test_a_word_that_is_not_believed_moves_nothing(hall: Hall, how: Hearing) -> None:
    old = hall.room
    new = await new_room(hall)
    await replaced(hall, new)
    await speaks(hall, new, how=how)
    assert hall.room == old


async def test_a_word_of_a_member_without_a_seat_moves_nothing(hall: Hall) -> None:
    old = hall.room
    new = await new_room(hall)
    await replaced(hall, new)
    assert await speaks(hall, new, "clb") == []
    assert hall.room == old


async def test_a_stranger_cannot_bring_the_bot_into_the_replacement(hall: Hall) -> None:
    user = "@mallory:elsewhere.example"
    new = hall.matrix.new_room({user}, {BOT}, predecessor=hall.room, creator=user)
    await hall.hears(invitations=(Invitation(new, user, direct=False),))
    assert BOT not in hall.matrix.rooms[new].facts.joined


async def test_the_table_does_not_move_while_a_meeting_is_open(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    old = hall.room
    new = await new_room(hall)
    await replaced(hall, new)
    sent = await speaks(hall, new)
    assert kinds(sent) == ["move.waits"]
    assert sent[0].room == await hall.direct(COORDINATOR)
    assert hall.room == old
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert "room.moved" in kinds(await speaks(hall, new))


async def test_a_move_killed_at_any_point_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    mortal = MortalHall(tmp_path)
    await Scene(mortal).gather()
    new = await new_room(mortal)
    await replaced(mortal, new)
    sweep, moment = Sweep(mortal, stride=5), await at.gathered(mortal)

    async def act() -> list[Sent]:
        sent = await moment.hears(mortal.typed(COORDINATOR, "!status", new))
        await mortal.app.hearer.watch()
        return sent

    assert kinds(await sweep.step("move", act)) == ["room.moved", "status"]
    assert mortal.fate.deaths > 5


async def test_the_former_room_is_left_after_a_crash_too(hall: Hall) -> None:
    class Dying(FakeDoor):
        async def leave(self, room: str) -> None:
            raise KeyboardInterrupt

    old = hall.room
    new = await new_room(hall)
    await replaced(hall, new)
    hall.desk.door = Dying(hall.matrix)
    with pytest.raises(KeyboardInterrupt):
        await speaks(hall, new)
    hall.start()
    assert hall.room == new
    assert [one.room for one in await speaks(hall, old)] == [new]  # what was still to be said
    await hall.app.hearer.watch()
    assert BOT not in hall.matrix.rooms[old].facts.joined
    with hall.desk.transaction() as tx:
        assert tx.people.rooms(RoomKind.FORMER) == []
        assert tx.people.room(old) is None
