"""The table's room is watched: mended where we may, told once, and no case touched meanwhile."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.matrix.door import Hearing, Invitation, MatrixRefused
from bot.rules.refusal import Reason
from bot.rules.room import SERIOUS, Fault
from demo.scene import COORDINATOR, MAYOR, Scene
from tests import moments as at
from tests.hall import BOT, FakeDoor, Hall, Sent, facts_of, heard
from tests.matrix.test_mending import ELEMENT_LEVELS
from tests.moments import kinds, only, reason
from tests.test_exactly_once import MortalHall

ALL = frozenset(Fault)
STRANGER = "@who:elsewhere.example"
WRONG: dict[Fault, dict[str, Any]] = {
    Fault.ENCRYPTION_WEAKENED: {"rotation_messages": 10**9},
    Fault.HISTORY_OPEN: {"history_visibility": "shared"},
    Fault.JOINABLE: {"join_rule": "public"},
    Fault.GUESTS_ALLOWED: {"guest_access": "can_join"},
    Fault.BRIDGED: {"bridged": True},
    Fault.ANYBODY_GOVERNS: {"anybody_governs": True},
    Fault.MEMBER_GOVERNS: {"governors": frozenset({STRANGER})},
    Fault.POWERLESS: {"may_redact": False},
    Fault.ANYBODY_INVITES: {"anybody_invites": True},
    Fault.ALIASED: {"aliased": True},
    Fault.TELLING_NAME: {"name": "LIVC Voorbeeldstad"},
    Fault.TOPIC_SET: {"topic": "dinsdag"},
    Fault.REPLACED: {"replaced_by": "!new:elsewhere.example"},
}
BEYOND_US = {Fault.BRIDGED, Fault.POWERLESS, Fault.REPLACED}
MENDED = tuple(fault for fault in WRONG if fault not in BEYOND_US)


class Watch:
    """What the bot says to the table between two looks."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self._seen = set(hall.matrix.events)

    def said(self) -> list[Sent]:
        new = [one for key, one in self.hall.matrix.events.items() if key not in self._seen]
        self._seen |= {one.event_id for one in new}
        return [one for one in new if one.sender == BOT]

    async def after(self, **span: float) -> list[Sent]:
        """What time brings about."""
        self.hall.later(**span)
        await self.hall.app.hearer.watch()
        await self.hall.app.speaker.settle()
        return self.said()

    async def altered(self, by: str = COORDINATOR, **changes: Any) -> list[Sent]:
        await self.hall.alters(by, **changes)
        return self.said()


def faults(sent: list[Sent], kind: str) -> list[str]:
    return list(only(sent, kind)["faults"])


def test_every_fault_that_can_come_up_is_tried() -> None:
    assert set(WRONG) == set(Fault) - {Fault.NOT_ENCRYPTED, Fault.STRANGERS}


@pytest.mark.parametrize("fault", WRONG)
async def test_what_we_may_not_mend_is_told_once_with_its_remedy(hall: Hall, fault: Fault) -> None:
    moment, watch = await at.in_session(hall), Watch(hall)
    sent = await watch.altered(may_mend=frozenset(), **WRONG[fault])
    assert kinds(sent) == ["room.fault"]
    assert faults(sent, "room.fault") == [fault]
    assert only(sent, "room.fault")["serious"] is (fault in SERIOUS)
    assert len(str(sent[0].content["body"]).splitlines()) >= 2
    assert await watch.altered(by="clb") == []
    assert await watch.after(hours=3) == []
    sent = await moment.says(COORDINATOR, "!volgende")
    refused = [facts_of(one).get("reason") for one in sent] == [Reason.ROOM_UNSAFE]
    assert refused is (fault in SERIOUS)
    status = only(await moment.says("clb", "!status"), "status")
    assert status["faults"] == [fault]


@pytest.mark.parametrize("fault", MENDED)
async def test_what_we_may_mend_is_put_right_and_told_with_who_did_it(
    hall: Hall, fault: Fault
) -> None:
    moment, watch = await at.in_session(hall), Watch(hall)
    sent = await watch.altered(by="clb", may_mend=ALL, **WRONG[fault])
    assert kinds(sent) == ["room.mended"]
    assert faults(sent, "room.mended") == [fault]
    assert hall.user_id("clb") in str(sent[0].content["body"])
    assert "by" not in facts_of(sent[0])
    assert "refused" not in kinds(await moment.says(COORDINATOR, "!volgende"))
    assert at.store(hall)["room_fault"]
    await watch.after(hours=2)
    assert at.store(hall)["room_fault"] == []


async def test_a_stranger_who_set_it_is_not_named(hall: Hall) -> None:
    watch = Watch(hall)
    sent = await watch.altered(by="mallory", may_mend=ALL, topic="x")
    assert kinds(sent) == ["room.mended"]
    assert "mallory" not in str(sent[0].content)


async def test_a_meeting_opens_in_a_room_that_was_mended_on_the_way(hall: Hall) -> None:
    moment = await at.gathered(hall)
    room = hall.matrix.rooms[hall.room]
    room.facts = replace(room.facts, history_visibility="shared", may_mend=ALL)  # no event told us
    sent = await moment.says(COORDINATOR, "!vergadering openen")
    assert kinds(sent) == ["room.mended", "meeting.opened"]


async def test_no_meeting_opens_in_a_room_that_cannot_be_mended(hall: Hall) -> None:
    moment = await at.gathered(hall)
    room = hall.matrix.rooms[hall.room]
    room.facts = replace(room.facts, history_visibility="shared")  # no event told us
    sent = await moment.says(COORDINATOR, "!vergadering openen")
    assert kinds(sent) == ["room.fault", "refused"]
    assert facts_of(sent[1])["faults"] == ["history_open"]
    assert at.store(hall)["meeting"] == []


async def test_a_small_matter_keeps_no_meeting_from_opening(hall: Hall) -> None:
    moment = await at.gathered(hall)
    await hall.alters(topic="dinsdag")
    assert "meeting.opened" in kinds(await moment.says(COORDINATOR, "!vergadering openen"))


async def test_when_it_was_put_right_by_hand_work_goes_on(hall: Hall) -> None:
    moment, watch = await at.in_session(hall), Watch(hall)
    await watch.altered(history_visibility="shared")
    assert kinds(await watch.altered(history_visibility="joined")) == ["room.safe"]
    assert "refused" not in kinds(await moment.says(COORDINATOR, "!volgende"))


async def test_when_the_bot_is_given_power_it_puts_the_rest_right(hall: Hall) -> None:
    watch = Watch(hall)
    element: dict[str, Any] = {
        **WRONG[Fault.HISTORY_OPEN],
        **WRONG[Fault.GUESTS_ALLOWED],
        **WRONG[Fault.ANYBODY_INVITES],
        "may_redact": False,
        "may_invite": False,
        "may_remove": False,
    }
    sent = await watch.altered(**element)
    assert faults(sent, "room.fault") == [
        *("history_open", "guests_allowed", "powerless", "anybody_invites")
    ]
    power: dict[str, Any] = {"may_redact": True, "may_invite": True, "may_remove": True}
    sent = await watch.altered(may_mend=ALL, **power)
    assert kinds(sent) == ["room.mended"]
    assert faults(sent, "room.mended") == ["history_open", "guests_allowed", "anybody_invites"]
    assert await watch.after(seconds=15) == []


async def test_a_server_that_flips_a_setting_makes_us_say_little(hall: Hall) -> None:
    await at.in_session(hall)
    watch, told = Watch(hall), list[str]()
    for _ in range(60):
        told += kinds(await watch.altered(history_visibility="world_readable"))
        told += kinds(await watch.altered(history_visibility="joined"))
        told += kinds(await watch.after(seconds=30))
    assert told == ["room.fault", "room.safe"]
    told = []
    for _ in range(60):
        told += kinds(await watch.altered(history_visibility="world_readable"))
        told += kinds(await watch.after(minutes=1))
    assert told == ["room.fault"]


async def test_a_server_that_undoes_what_we_mend_is_not_followed_for_ever(hall: Hall) -> None:
    mends = Counting(hall.matrix)
    hall.desk.door = mends
    moment, watch = await at.in_session(hall), Watch(hall)
    told: list[str] = []
    for _ in range(120):
        told += kinds(await watch.altered(history_visibility="shared", may_mend=ALL))
        told += kinds(await watch.after(seconds=30))
    assert mends.count < 12
    assert told.count("room.mended") <= 2
    assert told.count("room.fault") <= 1
    await hall.alters(history_visibility="shared")
    assert reason(await moment.says(COORDINATOR, "!volgende")) == Reason.ROOM_UNSAFE
    assert "room.mended" in kinds(await watch.after(hours=1))


class Counting(FakeDoor):
    """Counts what was mended."""

    count = 0

    async def mend(self, room: str, fault: Fault, name: str, keep: Collection[str] = ()) -> None:
        self.count += 1
        await super().mend(room, fault, name, keep)


class Stubborn(FakeDoor):
    """A homeserver that takes the change and shows the old state."""

    async def mend(
        self, room: str, fault: Fault, name: str, keep: Collection[str] = ()
    ) -> None: ...


class Refusing(FakeDoor):
    """A homeserver that does not let us."""

    async def mend(self, room: str, fault: Fault, name: str, keep: Collection[str] = ()) -> None:
        raise MatrixRefused("M_FORBIDDEN", 403)


async def test_whoever_is_being_removed_is_not_announced(hall: Hall) -> None:
    """Two guests leave at the close; the first one's leaving makes us look."""

    class Slow(FakeDoor):
        async def remove(self, room: str, user: str) -> None:
            await super().remove(room, user)
            hall.app.hearer.check.changed()
            await hall.app.hearer.check.look()

    moment = await at.gathered(hall)
    for guest in ("jeugdhuis", "straathoek"):
        await moment.scene.enrol(guest, "ad-hoc jeugdwerk")
        hall.matrix.move(hall.room, hall.user_id(guest), "join")  # brought in by somebody
    await moment.says(COORDINATOR, "!vergadering openen")
    hall.desk.door = Slow(hall.matrix)
    sent = await moment.says(COORDINATOR, "!vergadering sluiten")
    sent += await Watch(hall).after(seconds=15)
    assert len(hall.matrix.rooms[hall.room].facts.joined) == 7
    assert "stranger.arrived" not in kinds(sent)


@pytest.mark.parametrize("door", [Stubborn, Refusing])
async def test_a_mending_that_does_not_help_is_told_as_a_fault(
    hall: Hall, door: type[FakeDoor]
) -> None:
    hall.desk.door = door(hall.matrix)
    moment, watch = await at.in_session(hall), Watch(hall)
    sent = await watch.altered(history_visibility="shared", may_mend=ALL)
    assert kinds(sent) == ["room.fault"]
    assert await watch.after(minutes=5) == []
    assert reason(await moment.says(COORDINATOR, "!volgende")) == Reason.ROOM_UNSAFE


async def test_after_a_restart_nothing_is_told_twice(hall: Hall) -> None:
    watch = Watch(hall)
    await watch.altered(history_visibility="shared")
    hall.start()
    assert await watch.after(seconds=15) == []
    assert kinds(await watch.altered(history_visibility="joined")) == ["room.safe"]


async def test_what_was_changed_while_the_bot_was_off_is_found_at_the_start(hall: Hall) -> None:
    room = hall.matrix.rooms[hall.room]
    room.facts = replace(room.facts, join_rule="public")
    hall.start()
    assert kinds(await Watch(hall).after(seconds=15)) == ["room.fault"]


async def test_what_was_mended_just_before_a_crash_is_told_after_it(hall: Hall) -> None:
    class Dying(FakeDoor):
        async def mend(
            self, room: str, fault: Fault, name: str, keep: Collection[str] = ()
        ) -> None:
            await super().mend(room, fault, name, keep)
            raise KeyboardInterrupt

    watch = Watch(hall)
    hall.desk.door = Dying(hall.matrix)
    with pytest.raises(KeyboardInterrupt):
        await watch.altered(topic="dinsdag", may_mend=ALL)
    watch.said()
    hall.start()
    sent = await watch.after(seconds=15)
    assert kinds(sent) == ["room.mended"]
    assert await watch.after(seconds=15) == []


@pytest.mark.parametrize("mends", [True, False])
async def test_killed_at_any_point_it_tells_what_it_found_once(tmp_path: Path, mends: bool) -> None:
    mortal = MortalHall(tmp_path)
    await Scene(mortal).gather()
    safe = mortal.matrix.rooms[mortal.room].facts
    may_mend = ALL if mends else frozenset()
    wrong = replace(safe, history_visibility="shared", topic="x", may_mend=may_mend)
    before = mortal.picture()
    for point in range(1, 1000):
        mortal.restore(before)
        watch, deaths = Watch(mortal), mortal.fate.deaths
        mortal.fate.point, mortal.fate.dies = 0, point.__eq__
        mortal.matrix.rooms[mortal.room].facts = wrong
        await mortal.hears(mortal.state_event(mortal.room, "clb"))
        told = kinds(watch.said() + await watch.after(seconds=15))
        assert told == (["room.mended"] if mends else ["room.fault"]), point
        if mortal.fate.deaths == deaths:
            break
    assert point > 8


async def test_a_redaction_of_a_setting_is_noticed(hall: Hall) -> None:
    await at.in_session(hall)
    watch, room = Watch(hall), hall.matrix.rooms[hall.room]
    room.facts = replace(room.facts, algorithm="")
    redaction = hall.matrix.add(hall.room, STRANGER, "m.room.redaction", {"redacts": "$setting"})
    await hall.hears(heard(redaction, hall.now, Hearing.CLEAR))
    assert faults(watch.said(), "room.fault") == ["encryption_weakened"]


async def test_a_stranger_is_announced_and_their_leaving_too(hall: Hall) -> None:
    moment, watch = await at.in_session(hall), Watch(hall)
    for membership, kind in (("join", "stranger.arrived"), ("leave", "room.safe")):
        hall.matrix.move(hall.room, STRANGER, membership)
        await hall.hears(hall.member_event(hall.room, STRANGER, membership))
        (sent,) = watch.said()
        assert facts_of(sent)["kind"] == kind
        assert STRANGER not in str(sent.content)
    assert "refused" not in kinds(await moment.says(COORDINATOR, "!volgende"))


async def test_a_stranger_who_is_enrolled_is_none_any_more(hall: Hall) -> None:
    moment, watch = await at.in_session(hall), Watch(hall)
    nieuw = hall.user_id("nieuw")
    hall.matrix.move(hall.room, nieuw, "join")
    await hall.hears(hall.member_event(hall.room, nieuw, "join"))
    assert kinds(watch.said()) == ["stranger.arrived"]
    await moment.says(COORDINATOR, f"!lid toevoegen {nieuw} partner school")
    watch.said()
    assert kinds(await watch.after(seconds=15)) == ["room.safe"]


async def test_an_invited_stranger_counts_where_the_invited_read_along(hall: Hall) -> None:
    moment = await at.in_session(hall)
    hall.matrix.move(hall.room, STRANGER, "invite")
    await hall.hears(hall.member_event(hall.room, STRANGER, "invite"))
    assert "refused" not in kinds(await moment.says(COORDINATOR, "!agenda"))
    await hall.alters(history_visibility="invited")
    assert reason(await moment.says(COORDINATOR, "!volgende")) == Reason.STRANGER_PRESENT


async def test_the_room_that_the_bot_makes_needs_no_mending(hall: Hall) -> None:
    await Watch(hall).after(seconds=15)
    assert at.store(hall)["room_fault"] == []
    assert not {"room.fault", "room.mended"} & {
        facts_of(event).get("kind") for event in hall.matrix.events.values()
    }


async def test_a_room_of_the_coordinators_own_is_looked_at_when_it_becomes_the_tables(
    empty_hall: Hall,
) -> None:
    hall = empty_hall
    user = hall.user_id(COORDINATOR)
    room = hall.matrix.new_room(
        {user, STRANGER}, {BOT}, history_visibility="shared", may_redact=False
    )
    await hall.hears(invitations=(Invitation(room, user, direct=False),))
    moment = at.Moment(hall, Scene(hall))
    sent = await moment.hears(hall.typed(COORDINATOR, "!status", room))
    told = ["room.bound", "stranger.arrived", "room.fault", "status"]
    assert kinds(sent) == ["member.recognised", *told]  # who stands in the settings
    assert faults(sent, "room.fault") == ["history_open", "powerless"]


async def test_only_the_mayors_seat_and_the_coordinator_may_govern(hall: Hall) -> None:
    watch = Watch(hall)
    stewards = frozenset(map(hall.user_id, (COORDINATOR, "burgemeester", "schepen")))
    assert await watch.altered(governors=stewards) == []
    sent = await watch.altered(governors=stewards | {hall.user_id("io")})
    assert faults(sent, "room.fault") == ["member_governs"]


async def test_a_room_the_bot_was_put_out_of_is_forgotten_with_its_faults(hall: Hall) -> None:
    watch = Watch(hall)
    await watch.altered(history_visibility="shared")
    hall.matrix.move(hall.room, BOT, "leave")
    await hall.hears(replace(hall.member_event(hall.room, BOT, "leave")))
    assert at.store(hall)["room_fault"] == []


def test_element_leaves_to_every_member_what_we_mend() -> None:
    assert ELEMENT_LEVELS["invite"] == 0


async def test_who_governs_beside_us_is_kept_when_power_is_mended(hall: Hall) -> None:
    class Noting(FakeDoor):
        kept: frozenset[str] = frozenset()

        async def mend(
            self, room: str, fault: Fault, name: str, keep: Collection[str] = ()
        ) -> None:
            self.kept = frozenset(keep)
            await super().mend(room, fault, name, keep)

    await at.gathered(hall)
    door = hall.desk.door = Noting(hall.matrix)
    await hall.alters(may_mend=ALL, anybody_governs=True)
    assert door.kept == {hall.user_id(who) for who in (MAYOR, "schepen", COORDINATOR)}
