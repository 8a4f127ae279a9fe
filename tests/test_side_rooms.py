"""A case that is not for everybody in the table's room goes on where its roster is, and nobody
else (C15, C16, I08)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.matrix.door import Hearing, MatrixRefused, RoomPlan
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, GUEST, PEOPLE, Scene
from storage.inspect import tables
from storage.people import RoomKind
from tests import moments as at
from tests.hall import BOT, FakeDoor, Hall, Sent, facts_of, key_of
from tests.moments import Moment, kinds, only, reason
from tests.test_exactly_once import MortalHall, Sweep

SEATED = (COORDINATOR, *PEOPLE)


def side_rooms(hall: Hall) -> list[str]:
    with hall.desk.transaction() as tx:
        return tx.people.rooms(RoomKind.SIDE)


def people(hall: Hall, room: str) -> set[str]:
    """Who is in a room or asked in, beside the bot."""
    facts = hall.matrix.rooms[room].facts
    return {user[1:].partition(":")[0] for user in (facts.joined | facts.invited) - {BOT}}


def anybody(hall: Hall, room: str) -> set[str]:
    return people(hall, room) | ({BOT} & hall.matrix.rooms[room].facts.joined)


def in_room(sent: list[Sent], room: str) -> list[str]:
    return kinds([one for one in sent if one.room == room])


# when, and for whom


async def test_a_form_stays_in_the_table_s_room_while_everybody_there_takes_part(
    hall: Hall,
) -> None:
    await at.with_item(hall)
    assert side_rooms(hall) == []


async def test_a_form_goes_aside_when_somebody_in_the_room_takes_no_part(hall: Hall) -> None:
    moment = await at.followed(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    sent = await moment.says("io", f"!fiche {moment.case}")
    (room,) = side_rooms(hall)
    assert people(hall, room) == set(SEATED)
    told = next(one for one in sent if facts_of(one)["kind"] == "side.opened")
    assert told.room == hall.room
    assert len(told.content["m.mentions"]["user_ids"]) == len(SEATED)
    facts = hall.matrix.rooms[room].facts
    assert facts.encrypted
    assert facts.history_visibility == "joined"


async def test_somebody_left_out_reads_no_item_and_no_answer(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    await moment.says("io", f"!fiche {moment.case}")
    roster = [who for who in SEATED if who != "clb"]
    await hall.aside(roster)
    await hall.hears()  # only now that all are in, they are asked
    moment.poll = at.seen(hall, "poll.opened")[-1]
    await moment.everybody("agree", but=("clb",))
    sent = await moment.says("io", "!punt sociaal + Traint opnieuw.")
    moment.poll = only(sent, "poll.opened")
    sent += await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["outcome"] == "consensus"
    assert {one.room for one in sent} == {hall.floor}
    assert "clb" not in people(hall, hall.floor)


async def test_who_comes_for_one_case_is_asked_into_its_room_only(hall: Hall) -> None:
    moment = await at.with_guest(hall)
    assert GUEST not in people(hall, hall.room)
    direct = await hall.direct(GUEST)
    said = in_room([one for one in hall.matrix.events.values() if one.sender == BOT], direct)
    assert said == ["heard", "guest.expected"]
    assert in_room(await moment.says(GUEST, "aanwezig", direct=True), direct) == ["roll.updated"]
    line = moment.line("!deelnemers {case} +{@jeugdhuis}")
    sent = await moment.says(COORDINATOR, line)
    assert in_room(sent, hall.room) == ["roster.stated", "side.opened"]
    assert in_room(sent, direct) == ["side.called"]
    (room,) = side_rooms(hall)
    assert people(hall, room) == {*SEATED, GUEST}


async def test_who_comes_for_one_case_is_on_no_roster_by_themselves(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    await moment.scene.enrol(GUEST, "ad-hoc jeugdwerk")
    await moment.says(GUEST, "aanwezig", direct=True)
    await moment.says(COORDINATOR, "!volgende")
    with hall.desk.transaction() as tx:
        meeting, guest = tx.meetings.running(), tx.people.known(hall.user_id(GUEST))
        assert meeting is not None
        assert guest in tx.meetings.present(meeting)
        roster = tx.meetings.roster(meeting, meeting.case_id or 0)
    assert len(roster) == len(SEATED)
    assert guest not in roster


async def test_who_is_added_later_is_asked_in_and_who_is_left_out_is_removed(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    await moment.says("io", f"!fiche {moment.case}")
    (room,) = side_rooms(hall)
    await hall.aside([who for who in SEATED if who != "clb"])
    await hall.hears()
    await moment.says(COORDINATOR, f"!sluit {at.seen(hall, 'poll.opened')[-1]['number']}")
    hall.back()
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@clb}"))
    assert people(hall, room) == set(SEATED)


# what is said there


async def test_no_poll_is_asked_before_everybody_can_read_it(hall: Hall) -> None:
    moment = await at.called(hall)
    line = f"!beslis {moment.case} niet-opvolgen"
    await hall.aside(SEATED)
    assert reason(await moment.says(COORDINATOR, line)) == Reason.NOT_ALL_IN
    typed = hall.typed(COORDINATOR, line, hall.room)
    assert await moment.hears(typed) == []
    assert reason(await moment.says("clb", "!volgende")) == Reason.NOT_HERE  # others are answered
    before = set(hall.matrix.events)
    await hall.come(GUEST)
    new = [one for key, one in hall.matrix.events.items() if key not in before]
    assert "poll.opened" in in_room(new, hall.floor)


async def test_words_of_an_item_typed_at_the_table_are_deleted_at_once(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    typed = hall.typed("io", "!punt sociaal - Zwanenzang.", hall.room)
    assert reason(await moment.hears(typed)) == Reason.ANOTHER_ROOM
    assert hall.matrix.events[typed.event_id].content == {}


async def test_another_case_is_not_spoken_of_there(hall: Hall) -> None:
    moment = await at.aside(hall)
    other = await at.admitted(hall)
    hall.apart = side_rooms(hall)[0]
    for line in ("!besproken {case} ja", "!deelnemers {case}", "!beslis {case} opvolgen"):
        assert reason(await moment.says(COORDINATOR, other.line(line))) == Reason.ANOTHER_ROOM


async def test_a_poll_on_another_case_is_not_answered_there(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    with hall.desk.transaction() as tx:
        poll = tx.polls.find(moment.poll["poll"])
        assert poll is not None
        room = tx.people.side_room(poll.case_id)
        assert room is not None
        room.case_id = 99  # as if it were another's
    lines = ("clb", "!bezwaar {number}"), (COORDINATOR, "!sluit {number}")
    for who, line in (*lines, (COORDINATOR, "!herinneren {number}")):
        assert reason(await moment.says(who, moment.line(line))) == Reason.ANOTHER_ROOM


async def test_an_unreadable_word_there_casts_doubt_on_its_case_only(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    typed = hall.typed("clb", "?", hall.floor)
    sent = await moment.hears(typed, how=Hearing.UNREADABLE)
    (row,) = only(sent, "polls.overview")["doubts"]
    assert row["doubts"] == 1
    assert {one.room for one in sent} == {hall.floor}


async def test_it_is_agreed_to_where_it_is_asked_and_objected_to_anywhere(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    hall.back()
    assert reason(await moment.says("clb", moment.line("!akkoord {number}"))) == Reason.ANOTHER_ROOM
    await moment.says("clb", moment.line("!bezwaar {number}"))
    with hall.desk.transaction() as tx:
        poll = tx.polls.find(int(moment.poll["poll"]))
        assert poll is not None
        assert list(tx.polls.ballots(poll).values()) == ["object"]


async def test_who_comes_for_one_case_is_told_of_no_other(hall: Hall) -> None:
    moment = await at.with_guest(hall)
    for line in ("agenda", "acties", "leden", "melden"):
        assert reason(await moment.says(GUEST, line, direct=True)) == Reason.NOT_ENTITLED
    told = only(await moment.says(GUEST, "status", direct=True), "status")
    assert "case" not in told
    assert moment.case not in str(told)


async def test_nobody_is_asked_in_while_a_poll_is_open_there(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    hall.back()
    await moment.scene.enrol("jeugdwelzijn", "partner jeugdwerk")
    await moment.says("jeugdwelzijn", "!aanwezig")
    line = moment.line("!deelnemers {case} +{@jeugdwelzijn}")
    assert reason(await moment.says(COORDINATOR, line)) == Reason.POLLS_OPEN


# who goes


async def test_whoever_walks_out_of_it_has_left_that_roster_and_not_the_meeting(
    hall: Hall,
) -> None:
    moment = await at.aside_with_item(hall)
    await moment.everybody("agree", but=("clb",))
    user, before = hall.user_id("clb"), set(hall.matrix.events)
    hall.matrix.move(hall.floor, user, "leave")
    await hall.hears(hall.member_event(hall.floor, user, "leave"))
    new = [one for key, one in hall.matrix.events.items() if key not in before]
    assert only(new, "poll.closed")["outcome"] == "no_consensus"
    hall.back()
    assert reason(await moment.says("clb", moment.line("!bezwaar {number}"))) == Reason.POLL_CLOSED
    assert only(await moment.says("clb", "!status"), "status")["present"] == len(SEATED) + 1


async def at_table(moment: Moment, line: str) -> None:
    typed = moment.hall.typed(COORDINATOR, moment.line(line), moment.hall.room)
    await moment.hears(typed)


async def replaced(moment: Moment) -> None:
    moment.hall.matrix.keys[moment.user("clb")] = key_of(moment.user("clb"), 1)
    await moment.hears()


GOING: dict[str, Callable[[Moment], object]] = {
    "leaves": lambda moment: moment.says("clb", "!vertrekken"),
    "is removed": lambda moment: at_table(moment, "!lid verwijderen {@clb}"),
    "is another": replaced,
    "walks out": lambda moment: moment.hall.goes("clb"),
}


@pytest.mark.parametrize("how", GOING)
async def test_whoever_is_gone_from_the_meeting_is_out_of_it_at_once(hall: Hall, how: str) -> None:
    moment = await at.aside_with_item(hall)
    await GOING[how](moment)  # type: ignore[misc]
    assert "clb" not in people(hall, hall.floor)
    with hall.desk.transaction() as tx:
        poll = tx.polls.find(int(moment.poll["poll"]))
        assert poll is not None
        assert poll.outcome == "no_consensus"


async def test_whoever_left_before_it_was_made_is_not_asked_in(hall: Hall) -> None:
    class Slow(FakeDoor):
        async def create_room(self, plan: RoomPlan) -> str:
            with hall.desk.transaction() as tx:
                meeting, clb = tx.meetings.running(), tx.people.known(hall.user_id("clb"))
                assert meeting is not None
                assert clb is not None
                tx.meetings.leave_rosters(meeting, clb)
            return await super().create_room(plan)

    moment = await at.with_guest(hall)
    await moment.says(GUEST, "aanwezig", direct=True)
    hall.app.speaker._desk.door = Slow(hall.matrix)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    (room,) = side_rooms(hall)
    assert people(hall, room) == {*SEATED, GUEST} - {"clb"}


# who should not be there


@pytest.mark.parametrize(
    ("who", "why"),
    [("vreemd", Reason.STRANGER_PRESENT), ("straathoek", Reason.ROOM_EXCEEDS_ROSTER)],
)
async def test_nothing_is_proposed_or_agreed_while_somebody_else_is_there(
    hall: Hall, who: str, why: Reason
) -> None:
    moment = await at.aside_with_item(hall)
    hall.back()
    if why is Reason.ROOM_EXCEEDS_ROSTER:
        await moment.scene.enrol(who, "partner jeugdwerk")
    (hall.apart,) = side_rooms(hall)
    hall.matrix.move(hall.floor, hall.user_id(who), "join")
    await hall.hears(hall.member_event(hall.floor, hall.user_id(who), "join"))
    assert reason(await moment.says("io", "!punt intentie = Zwanenzang.")) == why
    assert reason(await moment.says("clb", moment.line("!akkoord {number}"))) == why
    assert "polls.overview" in kinds(await moment.says("clb", moment.line("!bezwaar {number}")))


async def test_nobody_but_the_roster_gets_the_key_whoever_is_said_to_be_there(hall: Hall) -> None:
    """A homeserver can make somebody of the table appear in the room: no word is theirs to read."""
    moment = await at.aside_with_item(hall)
    hall.back()
    await moment.scene.enrol("straathoek", "partner jeugdwerk")
    (hall.apart,) = side_rooms(hall)
    hall.matrix.move(hall.floor, hall.user_id("straathoek"), "join")
    sent = await moment.says("clb", "!status")
    assert {one.room for one in sent} == {hall.floor}
    roster = {hall.user_id(who) for who in (*SEATED, GUEST)}
    assert [one.only for one in sent] == [roster]


async def test_it_must_be_as_safe_as_the_table_s_room(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    await hall.alters(room=hall.floor, history_visibility="shared", may_mend=frozenset())
    assert reason(await moment.says("clb", moment.line("!akkoord {number}"))) == Reason.ROOM_UNSAFE


# what goes wrong


class Refusing(FakeDoor):
    async def create_room(self, plan: RoomPlan) -> str:
        if plan.direct:
            return await super().create_room(plan)
        raise MatrixRefused("M_FORBIDDEN", 403)


async def test_a_room_that_may_not_be_made_is_told_and_asked_for_again(hall: Hall) -> None:
    moment = await at.with_guest(hall)
    await moment.says(GUEST, "aanwezig", direct=True)
    hall.desk.door = Refusing(hall.matrix)
    line = moment.line("!deelnemers {case} +{@jeugdhuis}")
    sent = await moment.says(COORDINATOR, line)
    assert in_room(sent, hall.room) == ["roster.stated", "side.opened", "side.failed"]
    assert side_rooms(hall) == []
    hall.desk.door = hall.door()
    hall.app.watch.start()
    await moment.says(COORDINATOR, line)
    assert len(side_rooms(hall)) == 1


async def test_a_room_that_we_are_put_out_of_is_lost_with_what_is_asked_there(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    room, before = hall.floor, set(hall.matrix.events)
    hall.back()
    hall.matrix.move(room, BOT, "leave")
    await hall.hears(hall.member_event(room, BOT, "leave"))
    new = [one for key, one in hall.matrix.events.items() if key not in before]
    assert "side.failed" in in_room(new, hall.room)
    assert side_rooms(hall) == []
    assert hall.matrix.forgotten[room] is True
    assert reason(await moment.says("clb", moment.line("!akkoord {number}"))) == Reason.POLL_CLOSED


# the end


async def test_next_takes_everybody_out_and_all_that_was_said(hall: Hall) -> None:
    moment = await at.aside_with_item(hall)
    room = hall.floor
    aloud = hall.typed("ocmw", "Zwanenzang, onder ons.", room)
    await moment.hears(aloud)
    await moment.everybody("agree")
    await moment.says(GUEST, moment.line("!akkoord {number}"))
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    await moment.everybody("agree")
    await moment.says(GUEST, moment.line("!akkoord {number}"))
    hall.back()
    gone = sum(one.room == room and not one.content for one in hall.matrix.events.values())
    sent = await moment.says(COORDINATOR, "!volgende")
    assert anybody(hall, room) == set()
    assert side_rooms(hall) == []
    assert hall.matrix.forgotten[room] is True
    assert "Traint" not in str([one.content for one in hall.matrix.events.values()])
    assert hall.matrix.events[aloud.event_id].content == {}
    found = tables(hall.desk.engine, hall.desk.seal)
    assert {one["lane"] for one in found["trace"]} == {0}  # ballots at the table, until the close
    assert {one["role"] for one in found["member"]} & {"ad_hoc"} == set()
    assert in_room(sent, hall.room)[-1] == "agenda"
    emptied = [one for one in hall.matrix.events.values() if one.room == room and not one.content]
    assert len(emptied) > 6
    assert only(sent, "side.closed")["redacted"] >= len(emptied) - gone


async def test_the_close_takes_everybody_out_too(hall: Hall) -> None:
    moment = await at.aside(hall)
    room = hall.floor
    hall.back()
    await moment.says(COORDINATOR, f"!beslis {moment.case} niet-opvolgen")
    await moment.says(COORDINATOR, f"!besproken {moment.case} nee\n!later {moment.case}")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert anybody(hall, room) == set()
    found = tables(hall.desk.engine, hall.desk.seal)
    assert found["outbox"] == found["trace"] == found["poll"] == []
    assert {one["kind"] for one in found["room"]} == {"table", "direct"}


async def test_a_case_forgotten_in_it_leaves_no_room_behind(hall: Hall) -> None:
    moment = await at.aside(hall)
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} niet-opvolgen")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("agree")
    room = hall.floor
    sent = await moment.says(GUEST, f"!akkoord {moment.poll['number']}")
    assert only(sent, "poll.closed")["effect"] == "stop"
    hall.back()
    await moment.says(COORDINATOR, "!volgende")
    assert anybody(hall, room) == set()
    assert side_rooms(hall) == []
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert tables(hall.desk.engine, hall.desk.seal)["outbox"] == []


async def test_the_next_case_has_a_room_of_its_own(hall: Hall) -> None:
    moment = await at.aside(hall)
    first = hall.floor
    hall.back()
    second = await at.admitted(hall)
    await moment.says(COORDINATOR, "!volgende")
    await moment.says(COORDINATOR, second.line("!deelnemers {case} -{@clb}"))
    await moment.says("io", f"!fiche {second.case}")
    (room,) = side_rooms(hall)
    assert room != first
    assert people(hall, room) == set(SEATED) - {"clb"}


async def test_a_case_taken_up_earlier_is_put_on_the_table_again_in_a_new_room(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    await moment.says("io", f"!fiche {moment.case}")
    (first,) = side_rooms(hall)
    await hall.aside([who for who in SEATED if who != "clb"])
    await hall.hears()
    await moment.says(COORDINATOR, f"!sluit {at.seen(hall, 'poll.opened')[-1]['number']}")
    hall.back()
    hall.later(minutes=2)
    await moment.says(COORDINATOR, "!volgende")
    assert only(await moment.says(COORDINATOR, "!status"), "status").get("case") is None
    await moment.says(COORDINATOR, moment.line("!deelnemers {case}"))
    assert only(await moment.says(COORDINATOR, "!status"), "status")["case"] == moment.case
    await moment.says("io", f"!fiche {moment.case}")
    (room,) = side_rooms(hall)
    assert room != first
    assert anybody(hall, first) == set()
    assert people(hall, room) == set(SEATED) - {"clb"}


# killed in between


STEPS = (
    ("jeugdhuis", "aanwezig @direct"),
    (COORDINATOR, "!deelnemers {case} +{@jeugdhuis}"),
    ("io", "!fiche {case} @aside @poll"),
    (COORDINATOR, "!akkoord {number} @aside"),
    ("schepen", "!akkoord {number} @aside"),
    ("io", "!akkoord {number} @aside"),
    ("clb", "!akkoord {number} @aside"),
    ("ocmw", "!akkoord {number} @aside"),
    ("gezondheid", "!akkoord {number} @aside"),
    ("jeugdhuis", "!akkoord {number} @aside"),
    ("io", "!punt sociaal + Traint elke week. @aside @poll"),
    ("clb", "!akkoord {number} @aside"),
    ("ocmw", "!vertrekken @aside"),
    ("io", "!fiche sluiten @aside"),
    (COORDINATOR, "!volgende"),
    ("ocmw", "!aanwezig"),
    (COORDINATOR, "!deelnemers {case}"),
    (COORDINATOR, "!besproken {case} nee"),
    (COORDINATOR, "!later {case}"),
    (COORDINATOR, "!vergadering sluiten"),
)


@pytest.mark.parametrize("stride", [108, 36])  # 1 tries every point there is
async def test_killed_at_any_point_it_is_made_once_and_emptied_once(
    tmp_path: Path, stride: int
) -> None:
    hall = MortalHall(tmp_path)
    await Scene(hall).gather()
    moment = await at.with_guest(hall)
    sweep = Sweep(hall, stride=stride)
    for who, written in STEPS:
        text, *marks = written.split(" @")
        line, direct = moment.line(text), "direct" in marks
        if "aside" in marks and hall.apart is None:
            await hall.aside((*SEATED, GUEST))
        elif "aside" not in marks:
            hall.back()

        async def speak(who: str = who, line: str = line, direct: bool = direct) -> list[Sent]:
            return await moment.says(who, line, direct=direct)

        sent = await sweep.step(written.split("{")[0], speak)
        assert "refused" not in kinds(sent), (written, [facts_of(one) for one in sent])
        if "poll" in marks:
            moment.poll = only(sent, "poll.opened")
    assert hall.fate.deaths > 250 / stride
    assert tables(hall.desk.engine, hall.desk.seal)["outbox"] == []
    assert side_rooms(hall) == []
