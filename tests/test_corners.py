"""Smaller rituals, and corners where words or consent could slip through."""

from dataclasses import replace

from bot.matrix.door import Hearing, Invitation, MatrixRefused
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, ITEMS
from tests import moments as at
from tests.hall import BOT, FakeDoor, Hall, facts_of
from tests.moments import figures, kinds, only, reason, store


async def test_whoever_takes_an_answer_back_has_not_agreed(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.votes("clb", "agree")
    withdrawn = {
        "m.relates_to": {"rel_type": "m.reference", "event_id": moment.poll["poll_event"]},
        "org.matrix.msc3381.poll.response": {"answers": []},
    }
    sent = await moment.sends("clb", withdrawn, "org.matrix.msc3381.poll.response")
    assert sorted(kinds(sent)) == ["ballot.doubted", "polls.overview"]
    await moment.votes("clb", "agree")
    sent = await moment.everybody("agree", but=("clb",))
    assert "poll.closed" not in kinds(sent)
    sent = await moment.says(COORDINATOR, f"!sluit {moment.poll['number']}")
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_an_answer_taken_back_is_no_objection_in_a_poll_it_was_moved_to(hall: Hall) -> None:
    """Which poll is meant stands outside the encryption: a homeserver may write another there."""
    moment = await at.with_item(hall)
    await moment.votes("clb", "agree")
    before = store(hall)["ballot"]
    moved = {
        "m.relates_to": {"rel_type": "m.reference", "event_id": moment.poll["poll_event"]},
        "m.selections": [],
    }
    await moment.sends("clb", moved, "m.poll.response")
    assert store(hall)["ballot"] == before
    sent = await moment.says("clb", f"!bezwaar {moment.poll['number']}")
    assert figures(sent)["answered"] == 1


async def test_an_objection_is_not_taken_back(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await moment.votes("clb", "object")
    withdrawn = {
        "m.relates_to": {"event_id": moment.poll["poll_event"]},
        "m.selections": [],
    }
    await moment.sends("clb", withdrawn, "m.poll.response")
    sent = await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_words_of_an_item_sent_in_clear_are_removed_at_once(hall: Hall) -> None:
    moment = await at.with_item(hall)
    typed = hall.typed("io", f"!punt {ITEMS[0]}", hall.room)
    sent = await moment.hears(typed, how=Hearing.CLEAR)
    assert reason(sent) == Reason.NOT_ENCRYPTED
    assert hall.matrix.events[typed.event_id].content == {}


async def test_words_that_identify_somebody_are_removed_at_once(hall: Hall) -> None:
    moment = await at.with_item(hall)
    typed = hall.typed("io", "!punt sociaal + Bel 0470 12 34 56.", hall.room)
    assert reason(await moment.hears(typed)) == Reason.PERSONAL_DATA
    assert hall.matrix.events[typed.event_id].content == {}


async def test_words_in_any_line_of_an_edit_are_gone_after_the_close(hall: Hall) -> None:
    moment = await at.with_item(hall)
    content = {
        "msgtype": "m.text",
        "body": "* !status",
        "m.new_content": {"msgtype": "m.text", "body": f"!status\n!punt {ITEMS[2]}"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$old"},
    }
    assert reason(await moment.sends("io", content)) == Reason.EDITED
    await moment.says("io", "!fiche sluiten")
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja\n!later {case}"))
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert not [e for e in hall.matrix.events.values() if "uitspraak" in str(e.content)]


async def test_a_room_where_the_bot_may_not_redact_is_told_so(hall: Hall) -> None:
    moment = await at.with_item(hall)
    room = hall.matrix.rooms[hall.room]
    room.facts = replace(room.facts, may_redact=False)
    await moment.says("io", "!fiche sluiten")
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja\n!later {case}"))
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    assert "redaction.failed" in kinds(sent)


async def test_spaces_of_any_kind_separate_words(hall: Hall) -> None:
    moment = await at.with_item(hall)
    sent = await moment.says(COORDINATOR, "!plannen\u00a02027-03-10\t14u30")
    assert only(sent, "meeting.planned")["at"].startswith("2027-03-10T14:30")


async def test_an_odd_thread_relation_is_no_fault(hall: Hall) -> None:
    moment = await at.gathered(hall)
    content = {
        "msgtype": "m.text",
        "body": "!status",
        "m.relates_to": {"rel_type": "m.thread", "event_id": 7},
    }
    assert kinds(await moment.sends("clb", content)) == ["status"]


async def test_a_meeting_is_planned_anew_and_comes_with_a_calendar_file(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await moment.says(COORDINATOR, "!plannen 2027-03-10 14:00")
    sent = await moment.says(COORDINATOR, "!plannen 17/03/2027 9.30")
    assert kinds(sent) == ["meeting.planned", "meeting.calendar"]
    assert b"DTSTART:20270317T083000Z" in hall.matrix.uploads[-1]
    sent = await moment.says("clb", "!status")
    assert only(sent, "status")["planned"] == "2027-03-17T09:30:00+01:00"


async def test_a_no_ends_a_notification_and_nothing_is_kept(hall: Hall) -> None:
    moment = await at.gathered(hall)
    before = at.store(hall)
    await moment.says("ocmw", "melden", direct=True)
    await moment.says("ocmw", "ja", direct=True)
    sent = await moment.says("ocmw", "nee", direct=True)
    assert kinds(sent) == ["notification.ended"]
    after = at.store(hall)
    assert {k: v for k, v in after.items() if k not in {"room", "account"}} == {
        k: v for k, v in before.items() if k not in {"room", "account"}
    }


async def test_a_refused_notification_is_forgotten_and_its_notifier_told(hall: Hall) -> None:
    moment = await at.notified(hall)
    sent = await moment.says("schepen", f"weigeren {moment.case}", direct=True)
    assert kinds(sent) == ["notification.refused", "notification.refused"]
    assert {event.room for event in sent} == {
        await hall.direct("schepen"),
        await hall.direct("ocmw"),
    }
    assert not at.store(hall)["case"]


async def test_minutes_are_had_before_the_end(hall: Hall) -> None:
    moment = await at.with_item(hall)
    assert kinds(await moment.says(COORDINATOR, "!verslag")) == ["minutes.ready"]


async def test_the_chair_falls_to_the_coordinator_when_the_mayors_seat_leaves(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    await moment.says(COORDINATOR, moment.line("!voorzitter {@schepen}"))
    sent = await moment.says("schepen", "!vertrekken")
    assert "chair.changed" in kinds(sent)
    assert "@coordinator" in str(sent[-1].content["body"])


async def test_an_item_after_a_forgotten_case_is_asked_in_a_poll_of_its_own(hall: Hall) -> None:
    moment = await at.followed(hall)
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))
    await moment.scene.close(moment.case)
    other = await moment.scene.notify("clb")
    await moment.scene.open("")
    await moment.says(COORDINATOR, f"!volgende\n!deelnemers {other}")
    sent = await moment.says(COORDINATOR, f"!beslis {other} niet-opvolgen")
    stopped = moment.poll = only(sent, "poll.opened")
    await moment.everybody("agree")
    await moment.says(COORDINATOR, moment.line("!deelnemers {case}"))
    asked = moment.poll = only(await moment.says("io", moment.line("!fiche {case}")), "poll.opened")
    assert asked["number"] == stopped["number"] + 1
    assert asked["poll_event"] != stopped["poll_event"]
    await moment.everybody("agree")
    moment.poll = only(await moment.says("io", f"!punt {ITEMS[2]}"), "poll.opened")
    await moment.everybody("agree")
    await moment.says("io", "!fiche sluiten")
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja\n!later {case}"))
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    assert "meeting.closed" in kinds(sent)
    assert not [e for e in hall.matrix.events.values() if "uitspraak" in str(e.content)]


async def test_a_meeting_can_be_closed_when_a_seat_has_left(hall: Hall) -> None:
    moment = await at.polled(hall)
    await moment.says("io", "!vertrekken")
    assert reason(await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))) == (
        Reason.SEATS_MISSING
    )
    await moment.says(COORDINATOR, moment.line("!besproken {case} nee"))
    assert "meeting.closed" in kinds(await moment.says(COORDINATOR, "!vergadering sluiten"))


async def test_nobody_agrees_while_a_stranger_is_in_the_room(hall: Hall) -> None:
    moment = await at.polled(hall)
    hall.matrix.move(hall.room, "@who:elsewhere.example", "join")
    await hall.hears(hall.member_event(hall.room, "@who:elsewhere.example", "join"))
    assert reason(await moment.votes("clb", "agree")) == Reason.STRANGER_PRESENT
    assert "polls.overview" in kinds(await moment.votes("clb", "object"))


async def test_whoever_left_the_room_is_invited_again(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await hall.goes("clb")
    sent = await moment.says(COORDINATOR, "kamer maken", direct=True)
    assert kinds(sent) == ["room.exists"]
    assert hall.user_id("clb") in hall.matrix.rooms[hall.room].facts.invited


async def test_the_mayors_seat_takes_the_chair_when_it_falls_free(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    sent = await moment.says(COORDINATOR, "!vertrekken")
    assert "chair.changed" in kinds(sent)
    sent = await moment.says("clb", "!status")
    assert "@schepen" in str(sent[-1].content["body"])


async def test_a_new_mayor_in_the_settings_takes_the_seat_of_the_old(hall: Hall) -> None:
    hall.table = replace(hall.table, mayor=hall.user_id("nieuwe"))
    hall.start()
    await hall.app.speaker.settle()
    roles = [row["role"] for row in at.store(hall)["member"]]
    assert roles.count("mayor") == 1
    assert hall.user_id("nieuwe") in hall.matrix.rooms[hall.room].facts.invited


async def test_a_stranger_who_invites_the_bot_is_left_alone(hall: Hall) -> None:
    room = hall.matrix.new_room({"@who:elsewhere.example"}, {BOT})
    await hall.hears(invitations=(Invitation(room, "@who:elsewhere.example", direct=True),))
    assert BOT not in hall.matrix.rooms[room].facts.joined


async def test_a_partner_cannot_bring_the_bot_into_a_room_of_several(hall: Hall) -> None:
    room = hall.matrix.new_room({hall.user_id("clb"), hall.user_id("io")}, {BOT})
    await hall.hears(invitations=(Invitation(room, hall.user_id("clb"), direct=False),))
    assert BOT not in hall.matrix.rooms[room].facts.joined


class Unwelcoming(FakeDoor):
    """A homeserver on which some people do not exist."""

    async def invite(self, room: str, user: str) -> None:
        if "nobody" in user:
            raise MatrixRefused("M_NOT_FOUND", 404)
        await super().invite(room, user)

    async def create_room(self, plan):  # type: ignore[no-untyped-def]
        if any("nobody" in user for user in plan.invite):
            raise MatrixRefused("M_NOT_FOUND", 404)
        return await super().create_room(plan)


async def test_inviting_somebody_who_does_not_exist_is_said_and_stops_nothing(hall: Hall) -> None:
    hall.desk.door = Unwelcoming(hall.matrix)
    moment = await at.gathered(hall)
    sent = await moment.says(COORDINATOR, "!lid toevoegen @nobody:x.example partner CLB")
    assert kinds(sent) == ["member.added", "invitation.failed"]
    assert kinds(await moment.says("clb", "!status")) == ["status"]
    assert facts_of(sent[0])["role"] == "partner"
