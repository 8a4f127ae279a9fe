"""Who is heard, where, and in which words (promise 3)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.matrix.door import Batch, Hearing, Invitation
from bot.matrix.talk import VerificationRequest
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, Scene
from tests import moments as at
from tests.hall import BOT, Hall, facts_of, heard
from tests.moments import kinds, only, reason, store


async def test_several_commands_in_one_message_are_done_in_order(hall: Hall) -> None:
    moment = await at.gathered(hall)
    sent = await moment.says(COORDINATOR, "!vergadering openen\nhallo allemaal\n!aanwezig\n!status")
    assert kinds(sent) == ["meeting.opened", "roll.updated", "status"]


async def test_what_is_not_said_to_the_bot_is_let_be(hall: Hall) -> None:
    moment = await at.gathered(hall)
    assert await moment.says("clb", "vergadering openen") == []
    assert kinds(await moment.says("clb", "Tafelbot: status")) == ["status"]
    assert kinds(await moment.says("clb", f"{BOT} status")) == ["status"]


async def test_a_notice_is_never_answered(hall: Hall) -> None:
    moment = await at.gathered(hall)
    assert await moment.sends(COORDINATOR, {"msgtype": "m.notice", "body": "!status"}) == []


async def test_somebody_unsigned_is_advised_in_the_direct_room_in_clear_once(hall: Hall) -> None:
    moment = await at.gathered(hall)
    direct = await hall.direct("clb")
    before = store(hall)
    typed = [hall.typed("clb", text, hall.room) for text in ("!aanwezig", "!aanwezig")]
    (advice,) = await moment.hears(*typed, how=Hearing.UNSIGNED)
    assert advice.clear
    assert advice.room == direct
    assert facts_of(advice) == {"kind": "unheard"}
    assert store(hall) == before


@pytest.mark.parametrize("days", [-400, 400])
async def test_the_time_of_an_event_is_believed_within_reason(hall: Hall, days: int) -> None:
    """It is the server's claim, and the clock of retention would start from it."""
    moment = await at.gathered(hall)
    typed = hall.typed(COORDINATOR, "!vergadering openen", hall.room)
    event = heard(typed, hall.now)
    await moment.hears_events(replace(event, at=event.at + timedelta(days=days)))
    with hall.desk.transaction() as tx:
        meeting = tx.meetings.running()
        assert meeting is not None
        assert meeting.opened_on == hall.now.date()


async def test_what_could_not_be_read_is_heard_once_when_its_key_comes(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    typed = hall.typed(COORDINATOR, "!volgende", hall.room)
    unread = heard(typed, hall.now, Hearing.UNREADABLE)
    assert await moment.hears_events(unread) == []
    before = set(hall.matrix.events)
    for token in ("with-key", "again"):
        await hall.app.hearer.hear(Batch(token, keys_arrived=True))
        await hall.app.speaker.settle()
    new = [one for key, one in hall.matrix.events.items() if key not in before]
    assert kinds(new) == ["agenda"]


async def test_whoever_could_not_be_read_for_a_while_is_told_once(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await moment.says("clb", "status", direct=True)
    typed = hall.typed("clb", "!status", hall.room)
    await moment.hears_events(heard(typed, hall.now, Hearing.UNREADABLE))
    before = set(hall.matrix.events)
    for _ in range(3):
        hall.later(seconds=20)
        hall.app.hearer.overdue()
        await hall.app.speaker.settle()
    new = [one for key, one in hall.matrix.events.items() if key not in before]
    assert kinds(new) == ["unreadable"]


async def test_a_room_is_forgotten_also_when_something_in_it_could_not_be_read(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await moment.says("clb", "status", direct=True)
    direct = await hall.direct("clb")
    typed = hall.typed("clb", "status", direct)
    await moment.hears_events(heard(typed, hall.now, Hearing.UNREADABLE))
    hall.matrix.move(direct, hall.user_id("ocmw"), "join")
    await hall.hears(hall.member_event(direct, hall.user_id("ocmw"), "join"))
    sent = await moment.hears(hall.typed("clb", "status", direct))
    assert "fault" not in kinds(sent)


async def test_a_mention_is_read_as_the_account_it_links_to(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    user = moment.user("schepen")
    content = {
        "msgtype": "m.text",
        "body": "!voorzitter Schepen Peeters",
        "format": "org.matrix.custom.html",
        "formatted_body": f'!voorzitter <a href="https://matrix.to/#/{user}">Schepen Peeters</a>',
    }
    assert kinds(await moment.sends(COORDINATOR, content)) == ["chair.changed"]


async def test_a_reply_is_read_without_what_it_quotes(hall: Hall) -> None:
    moment = await at.gathered(hall)
    quoting = {"msgtype": "m.text", "body": "> <@x:y> !vergadering openen\n\n!status"}
    assert kinds(await moment.sends(COORDINATOR, quoting)) == ["status"]


async def test_an_answer_in_a_thread_stays_in_it(hall: Hall) -> None:
    moment = await at.gathered(hall)
    thread = {"rel_type": "m.thread", "event_id": "$begin"}
    content = {"msgtype": "m.text", "body": "!status", "m.relates_to": thread}
    (sent,) = await moment.sends(COORDINATOR, content)
    assert sent.content["m.relates_to"]["event_id"] == "$begin"


async def test_two_people_who_say_next_move_the_meeting_once(hall: Hall) -> None:
    moment = await at.moved_on(hall)
    assert reason(await moment.says(COORDINATOR, "!volgende")) == Reason.ALREADY_MOVED
    hall.later(seconds=60)
    assert kinds(await moment.says(COORDINATOR, "!volgende")) == ["agenda"]


async def test_whoever_is_not_enrolled_is_not_answered(hall: Hall) -> None:
    moment = await at.with_stranger(hall)
    assert await moment.says("vreemd", "!status") == []
    room = hall.matrix.new_room({hall.user_id("vreemd")}, {BOT})
    await hall.hears(invitations=(Invitation(room, hall.user_id("vreemd"), direct=True),))
    assert BOT not in hall.matrix.rooms[room].facts.joined


async def test_the_coordinators_own_room_becomes_the_tables(empty_hall: Hall) -> None:
    hall = empty_hall
    user = hall.user_id(COORDINATOR)
    room = hall.matrix.new_room({user, hall.user_id("iemand")}, {BOT})
    await hall.hears(invitations=(Invitation(room, user, direct=False),))
    moment = at.Moment(hall, Scene(hall))
    sent = await moment.hears(hall.typed(COORDINATOR, "!status", room))
    assert only(sent, "room.bound")["kind"] == "room.bound"
    assert hall.room == room


async def test_a_room_of_two_binds_only_when_the_word_is_for_the_table(empty_hall: Hall) -> None:
    hall = empty_hall
    user = hall.user_id(COORDINATOR)
    moment = at.Moment(hall, Scene(hall))
    for direct, line, binds in (
        (True, "!vergadering openen", False),
        (False, "!status", False),
        (False, "!vergadering openen", True),
    ):
        room = hall.matrix.new_room({user}, {BOT}, flagged_direct=direct)
        await hall.hears(invitations=(Invitation(room, user, direct=direct),))
        sent = await moment.hears(hall.typed(COORDINATOR, line, room))
        assert ("room.bound" in kinds(sent)) == binds, (direct, line)


async def test_a_room_without_encryption_never_binds(empty_hall: Hall) -> None:
    hall = empty_hall
    user = hall.user_id(COORDINATOR)
    room = hall.matrix.new_room({user, hall.user_id("iemand")}, {BOT}, encrypted=False)
    await hall.hears(invitations=(Invitation(room, user, direct=False),))
    moment = at.Moment(hall, Scene(hall))
    assert "room.bound" not in kinds(await moment.hears(hall.typed(COORDINATOR, "!status", room)))


async def test_whoever_asks_to_compare_emoji_is_told_what_it_takes_once_an_hour(
    hall: Hall,
) -> None:
    await at.gathered(hall)

    async def asks(who: str) -> list[str]:
        before = set(hall.matrix.events)
        requests = (VerificationRequest(hall.user_id(who), None),)
        await hall.app.hearer.hear(Batch("asked", verifications=requests))
        await hall.app.speaker.settle()
        new = [one for key, one in hall.matrix.events.items() if key not in before]
        assert all(one.room == direct for one in new)
        return kinds(new)

    direct = await hall.direct("clb")
    assert await asks("vreemde") == []
    assert await asks("clb") == ["verification.waiting"]
    assert await asks("clb") == []
    hall.later(minutes=61)
    assert await asks("clb") == ["verification.waiting"]


async def test_a_relation_written_beside_a_message_does_not_silence_it(hall: Hall) -> None:
    """A homeserver can write one outside the encryption, as if the message were an edit."""
    moment = await at.with_item(hall)
    content = {
        "msgtype": "m.text",
        "body": f"!bezwaar {moment.poll['number']}",
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$earlier"},
    }
    assert kinds(await moment.sends("clb", content)) == ["polls.overview"]
