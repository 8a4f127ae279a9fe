"""Somebody is who they were when they sat down at the table, or is not heard (promise 3)."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, DELEGATE, MAYOR, Scene
from storage.outbox import Act
from tests import moments as at
from tests.hall import STEWARDS, TABLE, FakeDoor, FakeMatrix, Hall, facts_of, heard, key_of
from tests.moments import Moment, kinds, only, reason, store

R = Reason


async def reset(moment: Moment, who: str, generation: int = 1) -> list[str]:
    """Somebody has another identity from now on; the kinds of messages in answer."""
    user = moment.user(who)
    moment.hall.matrix.keys[user] = key_of(user, generation)
    return kinds(await moment.hears())


async def says_as(moment: Moment, who: str, text: str, generation: int) -> list[str]:
    """A line under one of somebody's identities, as the door would hand it over."""
    event = heard(moment.hall.typed(who, text, moment.hall.room), moment.hall.now)
    event = replace(event, identity=key_of(moment.user(who), generation))
    return kinds(await moment.hears_events(event))


async def test_an_identity_is_stated_in_the_room_when_it_is_first_seen(hall: Hall) -> None:
    moment = await at.gathered(hall)
    added = [
        facts_of(event)
        for event in hall.matrix.events.values()
        if facts_of(event).get("kind") == "member.added" and event.room == hall.room
    ]
    enrolled = [who for who in moment.scene.people if who != DELEGATE]  # who stands in the settings
    assert [facts["key"] for facts in added] == [key_of(moment.user(who)) for who in enrolled]
    shown = "\n".join(hall.shown(hall.room))
    for who in moment.scene.people:
        assert short(key_of(moment.user(who))) in shown


async def test_an_identity_that_comes_later_is_stated_when_it_comes(hall: Hall) -> None:
    moment = await at.gathered(hall)
    user = moment.user("laatkomer")
    hall.matrix.keys[user] = ""
    sent = await moment.says(COORDINATOR, f"!lid toevoegen {user} partner CLB")
    assert "key" not in only(sent, "member.added")
    hall.matrix.keys[user] = key_of(user)
    (row,) = only(await moment.hears(), "member.recognised")["rows"]
    assert row["key"] == key_of(user)
    assert kinds(await moment.hears()) == []


def short(key: str) -> str:
    return " ".join(key[i : i + 4] for i in range(0, 16, 4))


async def test_a_replaced_identity_is_not_heard_and_gets_no_keys(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    assert await reset(moment, "clb") == ["member.suspended", "roll.updated"]
    before = store(hall)
    assert await says_as(moment, "clb", "!aanwezig", generation=1) == ["suspended"]
    assert await says_as(moment, "clb", "!aanwezig", generation=0) == []  # once an hour is enough
    assert store(hall) == before
    door = hall.desk.door
    assert isinstance(door, FakeDoor)
    assert door.pins[moment.user("clb")] is None  # neither the new one nor the old one


async def test_what_is_said_in_clear_to_the_suspended_names_nobody(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    await reset(moment, "clb")
    await says_as(moment, "clb", "!aanwezig", generation=1)
    (said,) = [e for e in hall.matrix.events.values() if e.clear]
    assert set(facts_of(said)) == {"kind"}
    assert "@" not in str(said.content["body"])


async def test_for_the_meeting_a_suspended_person_has_left(hall: Hall) -> None:
    moment = await at.polled(hall)
    told = await reset(moment, "clb")
    assert told == ["member.suspended", "roll.updated", "poll.closed"]
    await moment.says(COORDINATOR, "!status")
    assert reason(await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")) == (
        R.SUSPENDED_PRESENT
    )


async def test_the_old_identity_coming_back_does_not_end_the_suspension(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    await reset(moment, "clb")
    assert await reset(moment, "clb", generation=0) == []
    assert await says_as(moment, "clb", "!aanwezig", generation=0) == ["suspended"]


async def test_confirming_brings_the_old_identity_back_when_it_is_shown_again(hall: Hall) -> None:
    """What a homeserver had put in its place for a while is not let in."""
    moment = await at.roll_call(hall)
    await reset(moment, "clb")
    await reset(moment, "clb", generation=0)
    sent = await moment.says(COORDINATOR, moment.line("!lid bevestigen {@clb}"))
    assert only(sent, "member.confirmed")["key"] == key_of(moment.user("clb"))
    assert await says_as(moment, "clb", "!aanwezig", generation=0) == ["roll.updated"]
    assert await says_as(moment, "clb", "!aanwezig", generation=1) == ["unheard"]


async def test_a_homeserver_that_goes_back_and_forth_is_told_of_once(hall: Hall) -> None:
    moment = await at.gathered(hall)
    told = [kind for n in range(6) for kind in await reset(moment, "clb", generation=(n + 1) % 2)]
    assert told == ["member.suspended"]


async def test_a_suspension_soon_after_a_confirmation_is_told_and_counts(hall: Hall) -> None:
    moment = await at.polled(hall)
    await reset(moment, "clb")
    await reset(moment, "clb", generation=0)
    await moment.says(COORDINATOR, moment.line("!lid bevestigen {@clb}"))
    await says_as(moment, "clb", "!aanwezig", generation=0)
    assert await reset(moment, "clb") == ["member.suspended", "roll.updated"]


async def test_back_and_forth_of_an_identity_in_the_settings_is_told_of_once_an_hour(
    hall: Hall,
) -> None:
    moment = await at.roll_call(hall)
    told = []
    for number in range(6):
        told += await reset(moment, COORDINATOR, generation=(number + 1) % 2)
    assert [kind for kind in told if kind.startswith("member.")] == [
        "member.suspended",
        "member.confirmed",
    ]
    assert await says_as(moment, COORDINATOR, "!status", generation=0) == ["status"]
    hall.later(hours=1)
    assert "member.suspended" in await reset(moment, COORDINATOR)


async def test_whose_identity_the_settings_hold_is_heard_when_it_is_shown_again(
    hall: Hall,
) -> None:
    moment = await at.gathered(hall)
    (suspended,) = await reset(moment, COORDINATOR)
    assert suspended == "member.suspended"
    hall.desk.engine.dispose()
    hall.start()
    assert kinds(await moment.hears()) == []  # starting anew changes nothing
    assert await says_as(moment, COORDINATOR, "!status", generation=1) == ["suspended"]
    assert "member.confirmed" in await reset(moment, COORDINATOR, generation=0)
    assert await says_as(moment, COORDINATOR, "!status", generation=0) == ["status"]


async def test_two_who_were_only_seen_cannot_vouch_for_one_another(tmp_path: Path) -> None:
    """A homeserver may have made up both of them at first sight."""
    hall = await with_settled(tmp_path)
    moment = Moment(hall, Scene(hall))
    await moment.scene.gather()
    await reset(moment, COORDINATOR)
    line = moment.line("!lid bevestigen {@coordinator}")
    assert only(await moment.says("schepen", line), "member.confirmed")["uncompared"]
    assert reason(await moment.says("ocmw", "melden", direct=True)) == R.NOT_COMPARED


async def test_the_word_of_somebody_compared_is_enough(tmp_path: Path) -> None:
    hall = await with_settled(tmp_path, MAYOR)
    moment = Moment(hall, Scene(hall))
    await moment.scene.gather()
    hall.app.watch.verified(moment.user("schepen"), key_of(moment.user("schepen")))
    await reset(moment, COORDINATOR)
    line = moment.line("!lid bevestigen {@coordinator}")
    assert not only(await moment.says("schepen", line), "member.confirmed")["uncompared"]
    assert "notification.asked" in kinds(await moment.says("ocmw", "melden", direct=True))


async def test_the_coordinator_lets_somebody_in_again(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    await reset(moment, "clb")
    sent = await moment.says(COORDINATOR, moment.line("!lid bevestigen {@clb}"))
    assert only(sent, "member.confirmed")["key"] == key_of(moment.user("clb"), 1)
    assert "heard" in kinds(sent)
    assert await says_as(moment, "clb", "!aanwezig", generation=1) == ["roll.updated"]
    assert await says_as(moment, "clb", "!aanwezig", generation=0) == ["unheard"]


async def test_only_what_was_told_is_confirmed(hall: Hall) -> None:
    """A homeserver that swaps the key once more while people look into it gains nothing."""
    moment = await at.roll_call(hall)
    await reset(moment, "clb")
    assert await reset(moment, "clb", generation=2) == []
    sent = await moment.says(COORDINATOR, moment.line("!lid bevestigen {@clb}"))
    assert only(sent, "member.confirmed")["key"] == key_of(moment.user("clb"), 1)
    assert only(sent, "member.suspended")["key"] == key_of(moment.user("clb"), 2)
    assert await says_as(moment, "clb", "!aanwezig", generation=2) == ["suspended"]


async def test_the_coordinators_own_change_is_for_the_mayors_seat(tmp_path: Path) -> None:
    hall = await with_settled(tmp_path, MAYOR)
    moment = Moment(hall, Scene(hall))
    await moment.scene.gather()
    hall.app.watch.verified(moment.user(COORDINATOR), key_of(moment.user(COORDINATOR)))
    await reset(moment, COORDINATOR)
    line = moment.line("!lid bevestigen {@coordinator}")
    assert await says_as(moment, COORDINATOR, line, 1) == ["suspended"]
    assert "member.confirmed" in kinds(await moment.says("schepen", line))
    assert await says_as(moment, COORDINATOR, "!status", generation=1) == ["status"]


async def test_the_mayors_seat_is_for_the_coordinator(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await reset(moment, "schepen")
    sent = await moment.says(COORDINATOR, moment.line("!lid bevestigen {@schepen}"))
    assert "member.confirmed" in kinds(sent)


async def test_an_identity_in_the_settings_is_not_changed_by_a_word(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await reset(moment, COORDINATOR)
    line = moment.line("!lid bevestigen {@coordinator}")
    assert reason(await moment.says("schepen", line)) == R.STANDS_IN_CONFIG


async def with_settled(folder: Path, *settled: str, absent: str = "") -> Hall:
    """A hall where the settings hold the fingerprints of only some; `absent` has none at all."""
    known = {f"@{who}:{TABLE.mayor.partition(':')[2]}" for who in settled}
    keys = {user: key_of(user) for user in STEWARDS if user in known}
    matrix = FakeMatrix(keys={absent: ""})
    return Hall(folder, replace(TABLE, fingerprints=keys), matrix)


async def test_case_work_waits_until_mayor_and_coordinator_are_compared(tmp_path: Path) -> None:
    hall = await with_settled(tmp_path, MAYOR)
    moment = Moment(hall, Scene(hall))
    await moment.scene.gather()
    assert reason(await moment.says("ocmw", "melden", direct=True)) == R.NOT_COMPARED
    hall.app.watch.verified(moment.user(COORDINATOR), key_of(moment.user(COORDINATOR)))
    await hall.app.speaker.settle()
    assert "notification.asked" in kinds(await moment.says("ocmw", "melden", direct=True))


async def test_a_mayor_who_never_came_holds_up_nothing(tmp_path: Path) -> None:
    hall = await with_settled(tmp_path, COORDINATOR, absent=TABLE.mayor)
    moment = Moment(hall, Scene(hall))
    await moment.scene.gather()
    assert "notification.asked" in kinds(await moment.says("ocmw", "melden", direct=True))


async def test_what_changed_while_the_bot_was_off_is_noticed(hall: Hall) -> None:
    moment = await at.gathered(hall)
    user = moment.user("clb")
    hall.desk.engine.dispose()
    hall.matrix.keys[user] = key_of(user, 1)
    hall.start()
    assert "member.suspended" in kinds(await moment.hears())
    assert await says_as(moment, "clb", "!status", generation=1) == ["suspended"]


async def test_whoever_leaves_the_table_gets_no_more_keys(hall: Hall) -> None:
    moment = await at.gathered(hall)
    door = hall.desk.door
    assert isinstance(door, FakeDoor)
    assert moment.user("clb") in door.pins
    await moment.says(COORDINATOR, moment.line("!lid verwijderen {@clb}"))
    assert moment.user("clb") not in door.pins


@pytest.mark.parametrize("user", ["@vreemd:voorbeeldstad.example", "@x:elsewhere.example"])
async def test_nobody_but_a_member_can_be_verified(hall: Hall, user: str) -> None:
    await at.gathered(hall)
    before = store(hall)
    assert not hall.app.watch.verified(user, key_of(user))
    assert store(hall) == before


def tell(hall: Hall, who: str, *messages: str) -> None:
    """Let messages wait for somebody in private."""
    with hall.desk.transaction() as tx:
        lane = tx.people.enrolled(hall.user_id(who))
        assert lane is not None
        for kind in messages:
            tx.outbox.add(lane, Act.MESSAGE, kind, {}, hall.desk.chance.token())


async def test_what_a_suspended_person_could_not_read_waits_until_they_can(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    direct = await hall.direct("clb")
    await reset(moment, "clb")
    tell(hall, "clb", "move.waits", "room.created")
    assert kinds(await moment.hears()) == []
    assert await says_as(moment, "clb", "!aanwezig", generation=1) == ["suspended"]
    sent = await moment.says(COORDINATOR, moment.line("!lid bevestigen {@clb}"))
    private = kinds([one for one in sent if one.room == direct])
    assert private[:2] == ["move.waits", "room.created"]


async def test_what_nobody_has_an_identity_to_read_waits_until_they_have(hall: Hall) -> None:
    moment, user = await at.gathered(hall), hall.user_id("laatkomer")
    hall.matrix.keys[user] = ""
    await moment.says(COORDINATOR, f"!lid toevoegen {user} partner CLB")
    await hall.come("laatkomer")
    tell(hall, "laatkomer", "move.waits")
    assert "move.waits" not in kinds(await moment.hears())
    hall.matrix.keys[user] = key_of(user)
    assert "move.waits" in kinds(await moment.hears())
