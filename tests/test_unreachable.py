"""One person's trouble is nobody else's: whoever cannot be reached silences no room."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.failing import LONGEST_TRYING, pause_after
from bot.matrix.door import MatrixRefused, NotYet, RoomPlan, Standing
from demo.scene import COORDINATOR, GUEST, PEOPLE
from handlers import members
from storage.inspect import tables
from storage.outbox import Act
from storage.people import RoomKind
from tests import moments as at
from tests.hall import FakeDoor, Hall, Sent, facts_of
from tests.moments import kinds, only

SEATED = (COORDINATOR, *PEOPLE)
FAR = "@ver:onbereikbaar.example"
ADD = f"!lid toevoegen {FAR} partner school"
REMOVE = f"!lid verwijderen {FAR}"
HOUR = timedelta(hours=1)


class Weather:
    """Which acts fail in passing, about whom; it outlives a bot that is started again."""

    def __init__(self, hall: Hall, *acts: str, user: str = FAR) -> None:
        self.hall = hall
        self.acts = set(acts)
        self.user = user
        self.pause: float | None = None
        self.tried: list[tuple[str, float]] = []  # act, and when it was
        self.began = hall.now
        self._blow()

    def _blow(self) -> None:
        former, door = self.hall.desk.door, StormyDoor(self)
        assert isinstance(former, FakeDoor)
        door.pins = former.pins
        self.hall.desk.door = door

    def start(self) -> None:
        """Kill the bot and start it again."""
        self.hall.start()
        self._blow()

    def here(self, act: str, user: str) -> None:
        if user != self.user:
            return
        self.tried.append((act, (self.hall.now - self.began).total_seconds()))
        if act in self.acts:
            raise NotYet("HTTP 502", self.pause)

    def times(self, act: str) -> list[float]:
        return [when for one, when in self.tried if one == act]


class StormyDoor(FakeDoor):
    def __init__(self, weather: Weather) -> None:
        super().__init__(weather.hall.matrix)
        self.weather = weather

    async def invite(self, room: str, user: str) -> None:
        self.weather.here("invite", user)
        await super().invite(room, user)

    async def remove(self, room: str, user: str) -> None:
        self.weather.here("remove", user)
        await super().remove(room, user)

    async def create_room(self, plan: RoomPlan) -> str:
        for user in plan.invite:
            self.weather.here("create", user)
        return await super().create_room(plan)

    async def standing(self, user: str) -> Standing:
        if user == self.weather.user and "standing" in self.weather.acts:
            return Standing(identity=False, signed_devices=0, answered=False)
        return await super().standing(user)


async def wait(hall: Hall, **span: float) -> list[Sent]:
    """Time passes and the bell rings, as it does every few seconds; what is said then."""
    before = set(hall.matrix.events)
    hall.later(**span)
    hall.app.hearer.overdue()
    await hall.app.speaker.settle()
    return [one for key, one in hall.matrix.events.items() if key not in before]


def waiting(hall: Hall) -> list[Mapping[str, Any]]:
    rows = tables(hall.desk.engine, hall.desk.seal)["outbox"]
    return [row for row in rows if row["event"] is None]


def test_pauses_grow_from_half_a_minute_to_an_hour_for_a_day() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 32)]
    kept = [one for one in pauses if one is not None]
    assert kept[:3] == [timedelta(seconds=s) for s in (30, 60, 120)]
    assert max(kept) == kept[-1] == HOUR
    assert kept == sorted(kept)
    assert LONGEST_TRYING <= sum(kept, timedelta()) < LONGEST_TRYING + HOUR
    assert pause_after(1000) is None


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", "is nog niet aangekomen"),
        ("fr", "n’est pas encore arrivée"),
        ("de", "ist noch nicht angekommen"),
        ("en", "has not arrived yet"),
    ],
)
async def test_an_invitation_that_fails_silences_nobody(
    hall: Hall, language: Any, words: str
) -> None:
    moment = await at.gathered(hall)
    hall.desk.table = replace(hall.table, languages=(language,))
    Weather(hall, "invite", "create", "standing")
    sent = await moment.says(COORDINATOR, ADD)
    assert kinds(sent) == ["member.added", "invitation.waits"]
    assert words in sent[-1].content["body"]
    assert sent[-1].content["m.mentions"]["user_ids"] == [hall.user_id(COORDINATOR)]
    assert only(sent, "member.added")["unreached"] is True
    assert kinds(await moment.says("clb", "!status")) == ["status"]


async def test_it_is_tried_for_a_day_and_told_twice(hall: Hall) -> None:
    moment = await at.gathered(hall)
    weather = Weather(hall, "invite", "create")
    await moment.says(COORDINATOR, ADD)
    said: list[Sent] = []
    while waiting(hall):
        due = min(row["not_before"] for row in waiting(hall))
        said += await wait(hall, seconds=(due - hall.now).total_seconds())
    assert kinds(said) == ["invitation.ended"]
    times = weather.times("invite")
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps[:4] == [30, 60, 120, 240]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 3600
    assert times[-1] >= 24 * 3600
    assert len(times) < 40
    assert not waiting(hall)
    assert at.seen(hall, "invitation.waits")


async def test_it_arrives_when_their_server_is_back(hall: Hall) -> None:
    moment = await at.gathered(hall)
    weather = Weather(hall, "invite", "create")
    await moment.says(COORDINATOR, ADD)
    weather.acts.clear()
    assert FAR not in hall.matrix.rooms[hall.room].facts.invited
    assert await wait(hall, seconds=29) == []
    await wait(hall, seconds=2)
    assert FAR in hall.matrix.rooms[hall.room].facts.invited
    assert [row["act"] for row in waiting(hall)] == ["greet"]  # until they come in


async def test_a_restart_keeps_the_schedule(hall: Hall) -> None:
    moment = await at.gathered(hall)
    weather = Weather(hall, "invite", "create")
    await moment.says(COORDINATOR, ADD)
    for _ in range(4):
        await wait(hall, minutes=5)
    tried = len(weather.tried)
    weather.start()
    await wait(hall, seconds=1)
    assert len(weather.tried) == tried
    await wait(hall, hours=1)
    assert len(weather.tried) > tried
    assert len(at.seen(hall, "invitation.waits")) == 1


async def test_removing_the_member_drops_what_waits_for_them(hall: Hall) -> None:
    moment = await at.gathered(hall)
    weather = Weather(hall, "invite", "create", "standing")
    await moment.says(COORDINATOR, ADD)
    assert kinds(await moment.says(COORDINATOR, REMOVE)) == ["member.removed"]
    assert not waiting(hall)
    weather.tried.clear()
    await wait(hall, days=2)
    assert not weather.tried


async def test_who_is_removed_is_asked_in_nowhere(hall: Hall) -> None:
    """What was to be done about them is not left behind either, where they cannot be removed."""
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@ocmw}"))
    user = hall.user_id("clb")
    Weather(hall, "invite", "remove", user=user)
    await moment.says("io", f"!fiche {moment.case}")
    with hall.desk.transaction() as tx:
        part_with = members.part_with(tx, tx.people.account(user))
        assert not [row for row in tx.memberships.waiting() if row[1] == tx.people.account(user)]
        assert [say.act for say in part_with].count(Act.REMOVE) == 2  # the table's, the case's


async def test_of_who_was_removed_meanwhile_nothing_is_told(hall: Hall) -> None:
    """Their server took its time to fail, and they are removed by then."""
    moment = await at.gathered(hall)
    weather = Weather(hall)
    await moment.says(COORDINATOR, ADD)
    with hall.desk.transaction() as tx:
        account = tx.people.account(FAR)
        tx.outbox.add(0, Act.INVITE, "member.added", {"member": account}, hall.desk.chance.token())
        outgoing = tx.memberships.last(0, account)
    assert outgoing is not None
    await moment.says(COORDINATOR, REMOVE)
    for attempts in (0, 1000):
        late = replace(outgoing, attempts=attempts)
        await hall.app.speaker._failures.later(late, NotYet("HTTP 502"))
    await hall.app.speaker.settle()
    said = {facts_of(e).get("kind") for e in hall.matrix.events.values()}
    assert not said & {"invitation.waits", "invitation.ended"}
    assert weather.tried


async def test_enrolled_again_they_are_tried_at_once(hall: Hall) -> None:
    moment = await at.gathered(hall)
    weather = Weather(hall, "invite", "create")
    await moment.says(COORDINATOR, ADD)
    await moment.says(COORDINATOR, REMOVE)
    weather.acts.clear()
    await moment.says(COORDINATOR, ADD)
    assert FAR in hall.matrix.rooms[hall.room].facts.invited


async def test_a_limit_on_invitations_is_waited_for_and_not_told(hall: Hall) -> None:
    moment = await at.gathered(hall)
    weather = Weather(hall, "invite")
    weather.pause = 330.0
    assert kinds(await moment.says(COORDINATOR, ADD)) == ["member.added"]
    weather.acts.clear()
    await wait(hall, seconds=329)
    assert len(weather.times("invite")) == 1
    await wait(hall, seconds=2)
    assert FAR in hall.matrix.rooms[hall.room].facts.invited


async def test_who_cannot_be_removed_yet_gets_no_key(hall: Hall) -> None:
    moment = await at.gathered(hall)
    user = hall.user_id("clb")
    weather = Weather(hall, "remove", user=user)
    door = hall.desk.door
    assert isinstance(door, FakeDoor)
    assert user in door.pins
    sent = await moment.says(COORDINATOR, f"!lid verwijderen {user}")
    assert kinds(sent) == ["member.removed", "removal.waits"]
    assert user not in door.pins
    assert user in hall.matrix.rooms[hall.room].facts.joined
    assert kinds(await moment.says("io", "!status")) == ["status"]
    await hall.app.hearer.watch()
    await hall.app.speaker.settle()
    assert "stranger.arrived" in [facts_of(e).get("kind") for e in hall.matrix.events.values()]
    weather.acts.clear()
    await wait(hall, seconds=31)
    assert user not in hall.matrix.rooms[hall.room].facts.joined


async def test_a_meeting_ends_though_somebody_cannot_be_removed(hall: Hall) -> None:
    moment = await at.in_session(hall)
    user = hall.user_id("clb")
    weather = Weather(hall, "remove", user=user)
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))
    await moment.says(COORDINATOR, f"!lid verwijderen {user}")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    await wait(hall, seconds=1)
    assert [row["act"] for row in waiting(hall)] == ["remove"]
    assert hall.matrix.forgotten[hall.room]
    weather.acts.clear()
    await wait(hall, hours=1)
    assert user not in hall.matrix.rooms[hall.room].facts.joined
    assert not waiting(hall)


async def test_a_side_room_lacks_one_and_the_chair_is_told(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@ocmw}"))
    clb = hall.user_id("clb")
    weather = Weather(hall, "invite", user=clb)
    sent = await moment.says("io", f"!fiche {moment.case}")
    assert only(sent, "invitation.waits")["case"] == moment.case
    (side,) = (room for room in rooms(hall, RoomKind.SIDE))
    others = {hall.user_id(who) for who in SEATED if who not in {"clb", "ocmw"}}
    assert hall.matrix.rooms[side].facts.invited == others
    assert kinds(await moment.says("schepen", "!status")) == ["status"]
    for who in SEATED:
        await hall.come(who)
    assert not at.seen(hall, "poll.opened")  # they could not read it
    weather.acts.clear()
    await wait(hall, seconds=31)
    await hall.come("clb")
    assert at.seen(hall, "poll.opened")


async def test_who_left_the_roster_is_not_asked_in_any_more(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@ocmw}"))
    weather = Weather(hall, "invite", user=hall.user_id("clb"))
    await moment.says("io", f"!fiche {moment.case}")
    for who in SEATED:
        await hall.come(who)
    await moment.says("clb", "!vertrekken")
    weather.tried.clear()
    await wait(hall, days=2)
    assert not weather.times("invite")
    assert not [row for row in waiting(hall) if row["act"] in {"invite", "remove"}]


async def test_a_side_room_is_left_while_an_invitation_waits(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@ocmw}"))
    Weather(hall, "invite", user=hall.user_id("clb"))
    await moment.says("io", f"!fiche {moment.case}")
    (side,) = rooms(hall, RoomKind.SIDE)
    await moment.says(COORDINATOR, "!sluit 1")
    await moment.scene.close(moment.case, carried=True)
    await wait(hall, minutes=1)
    assert not hall.matrix.rooms[side].facts.joined
    assert hall.matrix.forgotten[hall.room]
    assert not waiting(hall)


async def test_a_guest_who_cannot_be_reached_is_told_of(hall: Hall) -> None:
    moment = await at.in_session(hall)
    user = hall.user_id(GUEST)
    weather = Weather(hall, "create", user=user)
    sent = await moment.says(COORDINATOR, f"!lid toevoegen {user} ad-hoc jeugdwerk")
    assert kinds(sent) == ["member.added", "direct.waits"]
    weather.acts.clear()
    await wait(hall, seconds=31)
    await hall.come(GUEST)
    said = [facts_of(e).get("kind") for e in hall.matrix.events.values()]
    assert {"heard", "guest.expected"} <= set(said)


async def test_a_guest_is_given_up_after_a_day(hall: Hall) -> None:
    moment = await at.in_session(hall)
    user = hall.user_id(GUEST)
    Weather(hall, "create", user=user)
    await moment.says(COORDINATOR, f"!lid toevoegen {user} ad-hoc jeugdwerk")
    said: list[Sent] = []
    for _ in range(32):
        said += await wait(hall, hours=1)
    assert kinds(said).count("direct.ended") == 1
    assert not waiting(hall)


async def test_who_opens_a_room_of_their_own_is_answered_at_once(hall: Hall) -> None:
    moment = await at.gathered(hall)
    user = hall.user_id("nieuw")
    Weather(hall, "create", "standing", user=user)
    await moment.says(COORDINATOR, f"!lid toevoegen {user} partner school")
    for _ in range(5):
        await wait(hall, hours=1)
    sent = await moment.says("nieuw", "status", direct=True)
    assert "status" in kinds(sent)


async def test_a_side_room_is_emptied_though_one_removal_fails(hall: Hall) -> None:
    moment = await at.aside(hall)
    Weather(hall, "remove", user=hall.user_id("clb"))
    (side,) = rooms(hall, RoomKind.SIDE)
    hall.back()
    await moment.says(COORDINATOR, "!volgende")
    for _ in range(6):
        await wait(hall, minutes=10)
    facts = hall.matrix.rooms[side].facts
    assert facts.joined == {hall.user_id("clb")}
    assert hall.matrix.forgotten[side]


# refused is the account, not the act


class Suspended(FakeDoor):
    """The account may say and make nothing for now."""

    errcode = "M_USER_SUSPENDED"

    async def send(self, *_: Any, **__: Any) -> str:
        raise MatrixRefused(self.errcode, 403)

    async def create_room(self, _plan: RoomPlan) -> str:
        raise MatrixRefused(self.errcode, 403)

    async def redact(self, *_: Any) -> None:
        raise MatrixRefused(self.errcode, 403)

    async def remove(self, *_: Any) -> None:
        raise MatrixRefused(self.errcode, 403)

    async def invite(self, *_: Any) -> None:
        raise MatrixRefused(self.errcode, 403)


@pytest.mark.parametrize("errcode", ["M_USER_SUSPENDED", "M_LIMIT_EXCEEDED", "M_USER_LOCKED"])
async def test_while_the_account_is_suspended_nothing_is_lost(hall: Hall, errcode: str) -> None:
    moment = await at.polled(hall)
    hall.desk.door = door = Suspended(hall.matrix)
    door.errcode = errcode
    assert await moment.everybody("agree") == []  # the outcome cannot be told
    assert await moment.says(COORDINATOR, moment.line("!informeren {case}")) == []
    assert await moment.says("io", f"!verklaar {moment.case}") == []
    hall.desk.door = FakeDoor(hall.matrix)
    assert await wait(hall, seconds=59) == []
    said = kinds(await wait(hall, seconds=2))
    assert said.index("poll.closed") < said.index("poll.opened")
    assert "poll.void" not in [facts_of(e).get("kind") for e in hall.matrix.events.values()]
    assert not waiting(hall)


async def test_while_the_account_is_suspended_no_room_is_given_up(hall: Hall) -> None:
    moment = await at.in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@ocmw}"))
    hall.desk.door = Suspended(hall.matrix)
    await moment.says("io", f"!fiche {moment.case}")
    user = hall.user_id("nieuw")
    await moment.says(COORDINATOR, f"!lid toevoegen {user} partner school")
    hall.desk.door = FakeDoor(hall.matrix)
    await wait(hall, seconds=61)
    await wait(hall, seconds=61)
    (side,) = rooms(hall, RoomKind.SIDE)
    assert hall.user_id("clb") in hall.matrix.rooms[side].facts.invited
    asked = [room.facts for room in hall.matrix.rooms.values() if user in room.facts.invited]
    assert len(asked) == 2  # the table's and their own
    said = [facts_of(e).get("kind") for e in hall.matrix.events.values()]
    assert "side.failed" not in said


def rooms(hall: Hall, kind: RoomKind) -> list[str]:
    with hall.desk.transaction() as tx:
        return tx.people.rooms(kind)
