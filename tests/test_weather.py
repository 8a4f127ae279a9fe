"""What a homeserver, or something that stands before it, can do to the bot."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot import __main__ as command
from bot.matrix import wire
from bot.matrix.door import Batch, Content, Event, Hearing, Invitation, MatrixRefused, SessionLost
from bot.rules.facts import Account
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, ITEMS
from storage.inspect import tables
from storage.outbox import TABLE_LANE, Act
from tests import moments as at
from tests.hall import BOT, FakeDoor, Hall, facts_of, heard
from tests.moments import Moment, kinds, only, reason

WORDS = ITEMS[2]
REFUSED = MatrixRefused("M_FORBIDDEN", 403)


class Broken(FakeDoor):
    """Fails at what it is told to, in the way it is told to."""

    def __init__(self, hall: Hall, **failing: Exception) -> None:
        super().__init__(hall.matrix)
        self.failing = failing
        self.made: list[str] = []
        hall.desk.door = self

    def _weather(self, act: str) -> None:
        if act in self.failing:
            raise self.failing[act]

    async def send(
        self,
        room: str,
        type_: str,
        content: Content,
        txn: str,
        *,
        only: Collection[str] | None = None,
    ) -> str:
        self._weather("poll" if type_.endswith("poll.start") else "send")
        if not self.matrix.rooms[room].facts.encrypted:
            raise MatrixRefused("NOT_ENCRYPTED")
        return await super().send(room, type_, content, txn, only=only)

    async def redact(self, room: str, event_id: str, txn: str) -> None:
        self._weather("redact")
        await super().redact(room, event_id, txn)

    async def upload(self, data: bytes, name: str, mimetype: str) -> dict[str, Any]:
        self._weather("upload")
        return await super().upload(data, name, mimetype)

    async def fetch(self, room: str, event_id: str) -> Event | None:
        self._weather("fetch")
        return await super().fetch(room, event_id)

    async def recent_own(self, room: str, limit: int) -> list[tuple[str, Content]]:
        self._weather("recent_own")
        return await super().recent_own(room, limit)

    async def create_room(self, plan: Any) -> str:
        self._weather("create_direct" if plan.direct else "create_table")
        self.made.append(plan.marker)
        return await super().create_room(plan)


def waiting(hall: Hall) -> list[Mapping[str, Any]]:
    """What the outbox still has to say."""
    rows = tables(hall.desk.engine, hall.desk.seal)["outbox"]
    return [row for row in rows if row["event"] is None]


async def to_the_close(moment: Moment) -> None:
    await moment.says("io", "!fiche sluiten")
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja\n!later {case}"))


# A: only the homeserver refuses


@pytest.mark.parametrize(
    ("status", "raw"),
    [
        (404, b"404 page not found\n"),
        (403, b"<html>Forbidden</html>"),
        (401, b"<html>Unauthorized</html>"),
        (302, b""),
        (307, b'{"errcode": "M_UNKNOWN"}'),
        (400, b'{"errcode": 7}'),
        (403, b'{"error": "blocked"}'),
    ],
)
def test_what_is_not_from_the_homeserver_passes(status: int, raw: bytes) -> None:
    with pytest.raises(wire._TryAgain):
        wire._judge(status, {}, raw)


def test_a_refusal_of_the_homeserver_is_final() -> None:
    with pytest.raises(MatrixRefused) as refused:
        wire._judge(403, {}, b'{"errcode": "M_FORBIDDEN"}')
    assert refused.value.status == 403


def test_a_question_for_the_password_has_no_errcode() -> None:
    body = {"session": "s", "flows": [{"stages": ["m.login.password"]}]}
    with pytest.raises(wire.Refusal) as refused:
        wire._judge(401, {}, json.dumps(body).encode())
    assert refused.value.body["session"] == "s"


# B: the session is lost


def test_an_ended_session_is_no_refusal() -> None:
    with pytest.raises(wire._NotLetIn):
        wire._judge(401, {}, b'{"errcode": "M_UNKNOWN_TOKEN"}')


async def test_what_waits_survives_the_end_of_the_session(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await to_the_close(moment)
    door = Broken(hall)
    lost = SessionLost("M_UNKNOWN_TOKEN")
    door.failing = dict.fromkeys(("send", "redact", "upload"), lost)
    with pytest.raises(ExceptionGroup) as group:
        await moment.says(COORDINATOR, "!vergadering sluiten")
    assert group.group_contains(SessionLost)
    hall.start()
    before = set(hall.matrix.events)
    await hall.hears()
    sent = [one for key, one in hall.matrix.events.items() if key not in before]
    assert "meeting.closed" in kinds(sent)
    assert not waiting(hall)
    assert not [e for e in hall.matrix.events.values() if "deel aan de training" in str(e.content)]


async def test_the_session_ends_while_something_is_heard(hall: Hall) -> None:
    moment = await at.gathered(hall)
    unread = hall.typed("clb", "!status", hall.room)
    await moment.hears(unread, how=Hearing.UNREADABLE)
    with hall.desk.transaction() as tx:
        point = tx.sync_point()
    Broken(hall, fetch=SessionLost("M_UNKNOWN_TOKEN"))
    with pytest.raises(SessionLost):
        await hall.app.hearer.hear(Batch("never", keys_arrived=True))
    with hall.desk.transaction() as tx:
        assert tx.sync_point() == point


async def test_a_lost_session_is_no_fault_of_ours(hall: Hall) -> None:
    class Gone(FakeDoor):
        async def room(self, room: str) -> Any:
            raise SessionLost("M_UNKNOWN_TOKEN")

    await at.gathered(hall)
    hall.desk.door = Gone(hall.matrix)
    hall.desk.room_changed(hall.room)
    typed = heard(hall.typed("clb", "!status", hall.room), hall.now)
    with pytest.raises(SessionLost):
        await hall.app.hearer.hear(Batch("never", (typed,)))


@pytest.mark.parametrize(
    "error", [SessionLost("x"), ExceptionGroup("tasks", [SessionLost("x")])], ids=["bare", "tasks"]
)
def test_the_process_ends_with_a_sentence(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_arguments: object) -> int:
        raise error

    monkeypatch.setattr(command, "run", run)
    assert command.main(["run"]) == 2
    said = "the homeserver has ended the bot's session; start it once with the password"
    assert said in capsys.readouterr().err


def test_another_fault_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_arguments: object) -> int:
        raise ExceptionGroup("tasks", [ValueError("x")])

    monkeypatch.setattr(command, "run", run)
    with pytest.raises(ExceptionGroup):
        command.main(["run"])


# C: a lane goes on


async def test_a_room_that_cannot_be_searched_does_not_empty_the_tables_lane(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await to_the_close(moment)
    closing = heard(hall.typed(COORDINATOR, "!vergadering sluiten", hall.room), hall.now)
    await hall.app.hearer.hear(Batch("y", (closing,)))
    with hall.desk.transaction() as tx:
        tx.outbox.next(TABLE_LANE, hall.now)
    hall.later(hours=13)
    Broken(hall, recent_own=REFUSED)
    await hall.app.speaker.settle()
    assert not waiting(hall)
    assert "meeting.closed" in [facts_of(e).get("kind") for e in hall.matrix.events.values()]
    assert not [e for e in hall.matrix.events.values() if "deel aan de training" in str(e.content)]


@pytest.mark.parametrize("error", [REFUSED, KeyError("room_id")], ids=["refused", "fault"])
async def test_a_fault_in_a_lane_stops_nothing_else(hall: Hall, error: Exception) -> None:
    class Odd(FakeDoor):
        async def room(self, room: str) -> Any:
            if room == direct:
                raise error
            return await super().room(room)

    moment = await at.gathered(hall)
    await moment.says("clb", "status", direct=True)
    direct = await hall.direct("clb")
    with hall.desk.transaction() as tx:
        account = tx.people.account(hall.user_id("clb"))
        tx.outbox.add(account, Act.MESSAGE, "unreadable", {}, hall.desk.chance.token())
    hall.desk.door = Odd(hall.matrix)
    hall.desk.room_changed(direct)
    assert kinds(await moment.says("io", "!status")) == ["status"]
    assert len(waiting(hall)) == 1
    hall.desk.door = FakeDoor(hall.matrix)
    hall.app.hearer.overdue()
    assert hall.desk.bell.is_set()
    await hall.app.speaker.settle()
    assert not waiting(hall)


async def test_a_room_that_may_not_be_made_drops_what_waits_for_it(hall: Hall) -> None:
    moment = await at.gathered(hall)
    Broken(hall, create_direct=REFUSED)
    await moment.says(COORDINATOR, "!lid toevoegen @nieuw:x.example partner CLB")
    assert not waiting(hall)


# D: polls and files that cannot be sent


@pytest.mark.parametrize("error", [REFUSED, ValueError("of ours")], ids=["refused", "fault"])
async def test_a_decision_that_could_not_be_asked_is_void(hall: Hall, error: Exception) -> None:
    moment = await at.in_session(hall)
    Broken(hall, poll=error)
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
    assert kinds(sent) == ["poll.void"]
    assert only(sent, "poll.void")["number"] == 1
    assert reason(await moment.says("clb", "!akkoord 1")) == Reason.POLL_CLOSED
    Broken(hall)
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
    assert kinds(sent) == ["poll.question", "poll.opened"]


async def test_an_item_that_could_not_be_asked_is_void(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    Broken(hall, poll=REFUSED)
    sent = await moment.says("io", f"!punt {ITEMS[0]}")
    assert kinds(sent) == ["poll.void"]
    assert not hall.desk.lines
    assert reason(await moment.says("clb", "!akkoord 2")) == Reason.POLL_CLOSED


async def test_minutes_that_could_not_be_sent_are_not_claimed(hall: Hall) -> None:
    moment = await at.with_item(hall)
    await to_the_close(moment)
    Broken(hall, upload=MatrixRefused("M_TOO_LARGE", 413))
    said = kinds(await moment.says(COORDINATOR, "!vergadering sluiten"))
    assert said.index("file.failed") < said.index("meeting.closed")


async def test_what_could_not_be_redacted_is_said_once_in_each_meeting(hall: Hall) -> None:
    moment = await at.with_item(hall)
    Broken(hall, redact=REFUSED)
    await to_the_close(moment)
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    assert kinds(sent).count("redaction.failed") == 1
    hall.later(days=7)
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    await moment.says("io", moment.line("!fiche {case}"))
    await moment.says("io", f"!punt {ITEMS[0]}")
    await to_the_close(moment)
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    (failed,) = [one for one in sent if facts_of(one).get("kind") == "redaction.failed"]
    assert "m.relates_to" not in failed.content


# E: which room is somebody's


async def in_clear(hall: Hall, who: str) -> str:
    """A room of two without encryption."""
    room = hall.matrix.new_room({hall.user_id(who)}, {BOT}, flagged_direct=True, encrypted=False)
    await hall.hears(invitations=(Invitation(room, hall.user_id(who), direct=True),))
    return room


async def test_a_room_in_clear_is_nobodys_room(hall: Hall) -> None:
    moment = await at.gathered(hall)
    Broken(hall)
    await moment.says("ocmw", "status", direct=True)
    good, clear = await hall.direct("ocmw"), await in_clear(hall, "ocmw")
    typed = [hall.typed("ocmw", "status", clear) for _ in range(2)]
    (answer,) = await moment.hears(*typed, how=Hearing.CLEAR)
    assert (answer.room, answer.clear) == (clear, True)
    assert facts_of(answer) == {"kind": "refused", "reason": "not_encrypted"}
    for word in ("melden", "ja", "ja", "ja"):
        sent = await moment.hears(hall.typed("ocmw", word, good))
    assert only(sent, "notification.received")


async def test_the_word_in_clear_is_said_once_for_one_event(hall: Hall) -> None:
    moment = await at.gathered(hall)
    clear = await in_clear(hall, "ocmw")
    typed = hall.typed("ocmw", "status", clear)
    assert await moment.hears(typed, how=Hearing.CLEAR)
    hall.start()
    assert not await moment.hears(typed, how=Hearing.CLEAR)


async def test_answers_go_where_somebody_spoke_last(hall: Hall) -> None:
    moment = await at.gathered(hall)
    user = hall.user_id("ocmw")
    await moment.says("ocmw", "status", direct=True)
    old = await hall.direct("ocmw")
    new = hall.matrix.new_room({user}, {BOT}, flagged_direct=True)
    await hall.hears(invitations=(Invitation(new, user, direct=True),))
    for room in (new, old, new):
        (answer,) = await moment.hears(hall.typed("ocmw", "status", room))
        assert answer.room == room


@pytest.mark.parametrize("how", [Hearing.CLEAR, Hearing.UNSIGNED, Hearing.UNREADABLE])
async def test_what_is_not_believed_makes_no_room_anybodys(hall: Hall, how: Hearing) -> None:
    moment = await at.gathered(hall)
    user = hall.user_id("ocmw")
    await moment.says("ocmw", "status", direct=True)
    old = await hall.direct("ocmw")
    new = hall.matrix.new_room({user}, {BOT}, flagged_direct=True)
    await hall.hears(invitations=(Invitation(new, user, direct=True),))
    typed = hall.typed("ocmw", "status", new)
    await moment.hears(typed, how=how)
    with hall.desk.transaction() as tx:
        row = tx.people.direct_room(tx.people.account(user))
        assert row is not None
        assert tx.people.room_id(row) == old
    if how is Hearing.UNREADABLE:  # it counts when its key comes
        before = set(hall.matrix.events)
        await hall.app.hearer.hear(Batch("k", keys_arrived=True))
        await hall.app.speaker.settle()
        (answer,) = [one for key, one in hall.matrix.events.items() if key not in before]
        assert answer.room == new


async def test_nothing_is_said_in_a_direct_room_where_somebody_else_is(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await moment.says("ocmw", "status", direct=True)
    direct, user = await hall.direct("ocmw"), "@vreemd:x.example"
    hall.matrix.move(direct, user, "join")
    await hall.hears(hall.member_event(direct, user, "join"))
    with hall.desk.transaction() as tx:
        account = tx.people.account(hall.user_id("ocmw"))
        tx.outbox.add(account, Act.MESSAGE, "unreadable", {}, hall.desk.chance.token())
    await hall.app.speaker.settle()
    assert "unreadable" not in [facts_of(e).get("kind") for e in hall.matrix.events.values()]
    await hall.come("ocmw")
    assert facts_of(list(hall.matrix.events.values())[-1])["kind"] == "unreadable"


# F: whoever declines


def invited_to(hall: Hall, user: str) -> list[str]:
    rooms = hall.matrix.rooms.items()
    return [key for key, room in rooms if user in room.facts.invited and key != hall.room]


async def test_whoever_declines_is_not_asked_again_until_enrolled_anew(hall: Hall) -> None:
    moment = await at.gathered(hall)
    door, user = Broken(hall), hall.user_id("nieuw")
    await moment.says(COORDINATOR, f"!lid toevoegen {user} partner school")
    (room,) = invited_to(hall, user)
    hall.matrix.move(room, user, "leave")
    await hall.hears(hall.member_event(room, user, "leave"))
    await hall.come("nieuw")  # into the table's room
    await moment.says("nieuw", "!status")
    await moment.says("nieuw", "!status")
    assert len(door.made) == 1
    assert [row["act"] for row in waiting(hall)] == ["greet"]
    await moment.says(COORDINATOR, f"!lid verwijderen {user}")
    await moment.says(COORDINATOR, f"!lid toevoegen {user} partner school")
    assert len(set(door.made)) == 2
    (fresh,) = invited_to(hall, user)
    assert fresh != room
    await hall.come("nieuw")
    assert "heard" in [facts_of(e).get("kind") for e in hall.matrix.events.values()]


# G: reading again


@pytest.mark.parametrize("error", [REFUSED, KeyError("x")], ids=["refused", "fault"])
async def test_what_may_not_be_read_again_is_given_up(hall: Hall, error: Exception) -> None:
    moment = await at.gathered(hall)
    await moment.hears(hall.typed("clb", "!status", hall.room), how=Hearing.UNREADABLE)
    Broken(hall, fetch=error)
    await hall.app.hearer.hear(Batch("x", keys_arrived=True))
    assert not tables(hall.desk.engine, hall.desk.seal)["unread"]


# H: the table's room


def ask_for_room(hall: Hall, times: int = 1) -> Account:
    """As the handler queues it."""
    with hall.desk.transaction() as tx:
        asker = tx.people.account(hall.user_id(COORDINATOR))
        for _ in range(times):
            chance = hall.desk.chance
            tx.outbox.add(TABLE_LANE, Act.CREATE, "room.created", {"asker": asker}, chance.token())
            invited = {"member": asker}
            tx.outbox.add(TABLE_LANE, Act.INVITE, "member.added", invited, chance.token())
    return asker


async def test_the_room_is_told_of_once_it_is_there(empty_hall: Hall) -> None:
    hall = empty_hall
    direct, door = await hall.direct(COORDINATOR), Broken(hall)
    await at.without_room(hall).hears(hall.typed(COORDINATOR, "status", direct))
    ask_for_room(hall, times=2)
    await hall.app.speaker.settle()
    assert len(door.made) == 1
    assert hall.user_id(COORDINATOR) in hall.matrix.rooms[hall.room].facts.invited
    assert "room.created" in [facts_of(e).get("kind") for e in hall.matrix.events.values()]


@pytest.mark.parametrize("error", [REFUSED, KeyError("room_id")], ids=["refused", "fault"])
async def test_a_room_that_could_not_be_made_is_said(empty_hall: Hall, error: Exception) -> None:
    hall = empty_hall
    direct = await hall.direct(COORDINATOR)
    await at.without_room(hall).hears(hall.typed(COORDINATOR, "status", direct))
    Broken(hall, create_table=error)
    ask_for_room(hall)
    await hall.app.speaker.settle()
    said = [facts_of(e).get("kind") for e in hall.matrix.events.values() if e.room == direct]
    assert "room.failed" in said
    assert "room.created" not in said
    assert not [one for one in waiting(hall) if one["act"] in {"create", "invite"}]


async def test_a_new_room_comes_before_what_waited_for_the_old_one(empty_hall: Hall) -> None:
    hall = empty_hall
    with hall.desk.transaction() as tx:
        token = hall.desk.chance.token()
        tx.outbox.add(TABLE_LANE, Act.MESSAGE, "meeting.closed", {"redacted": 0}, token)
    ask_for_room(hall)
    await hall.app.speaker.settle()
    assert "meeting.closed" in [facts_of(e).get("kind") for e in hall.matrix.events.values()]


# J and K: words


async def test_words_are_in_memory_only_until_they_stand_in_a_poll(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    await moment.says("io", f"!punt {ITEMS[0]}")
    await moment.says("clb", f"!punt {WORDS}")
    await moment.says("io", f"punt {WORDS}", direct=True)
    assert not hall.desk.lines


async def test_words_from_an_unsigned_device_are_removed_at_once(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    typed = hall.typed("io", f"!punt {WORDS}", hall.room)
    await moment.hears(typed, how=Hearing.UNSIGNED)
    assert hall.matrix.events[typed.event_id].content == {}


@pytest.mark.parametrize("how", [Hearing.TRUSTED, Hearing.UNSIGNED, Hearing.CLEAR])
async def test_words_in_a_direct_room_are_removed_at_once(hall: Hall, how: Hearing) -> None:
    moment = await at.with_fiche(hall)
    await moment.says("io", "status", direct=True)
    typed = hall.typed("io", f"punt {WORDS}", await hall.direct("io"))
    await moment.hears(typed, how=how)
    assert hall.matrix.events[typed.event_id].content == {}


async def test_words_that_may_not_be_removed_from_a_direct_room_are_not_told_of(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    await moment.says("io", "status", direct=True)
    room = hall.matrix.rooms[await hall.direct("io")]
    room.facts = replace(room.facts, may_redact=False)
    assert reason(await moment.says("io", f"punt {WORDS}", direct=True)) == Reason.NOT_HERE
