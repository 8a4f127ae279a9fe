"""What mends a room, and who may: from made-up state events, without a homeserver."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matrix.door import RoomFacts
from bot.matrix.mending import ALIAS, TYPES, cure
from bot.matrix.powers import (
    ABOVE_ALL,
    GOVERNING,
    POWERS,
    State,
    anybody_governs,
    level,
    may,
    may_set,
    needed_to_set,
)
from bot.matrix.rooms import facts
from bot.rules.room import BEYOND_POWER, MEGOLM, Fault
from tests.matrix.test_rooms import ALICE, BOB, BOT, event, member, state

# As Synapse and Element make a private encrypted room.
ELEMENT_LEVELS: dict[str, Any] = {
    "users": {ALICE: 100},
    "users_default": 0,
    "events": {
        "m.room.name": 50,
        POWERS: 100,
        "m.room.history_visibility": 100,
        ALIAS: 50,
        "m.room.tombstone": 100,
        "m.room.encryption": 100,
    },
    "events_default": 0,
    "state_default": 50,
    "ban": 50,
    "kick": 50,
    "redact": 50,
    "invite": 0,
}


def element(**users: int) -> State:
    """Alice's room with the bot and Bob in it; levels by name."""
    named = {"bot": BOT, "alice": ALICE, "bob": BOB}
    levels = {**ELEMENT_LEVELS, "users": {named[name]: given for name, given in users.items()}}
    return state(
        event("m.room.create", {"room_version": "10"}, sender=ALICE),
        member(ALICE, "join"),
        member(BOB, "join"),
        event("m.room.encryption", {"algorithm": MEGOLM}, sender=ALICE),
        event("m.room.history_visibility", {"history_visibility": "shared"}, sender=ALICE),
        event("m.room.guest_access", {"guest_access": "can_join"}, sender=ALICE),
        event("m.room.name", {"name": "LIVC"}, sender=ALICE),
        event("m.room.topic", {"topic": "dinsdag"}, sender=BOB),
        event(ALIAS, {"alias": "#livc:a.test"}, sender=ALICE),
        event(POWERS, levels, sender=ALICE),
    )


def seen(some: State, *, encrypted: bool = False) -> RoomFacts:
    found = facts(some, BOT, encrypted=encrypted, direct=False)
    assert found is not None
    return found


def test_what_a_common_client_makes_is_seen_as_it_is() -> None:
    found = seen(element(alice=100))
    assert (found.algorithm, found.rotation_messages, found.rotation_ms) == (MEGOLM, None, None)
    assert (found.name, found.aliased, found.bridged) == ("LIVC", True, False)
    assert (found.anybody_invites, found.anybody_governs) == (True, False)
    assert found.governors == {ALICE}
    assert found.may_mend == frozenset()
    assert found.set_by[Fault.TOPIC_SET] == BOB
    assert found.creator == ALICE


def test_power_decides_what_may_be_mended() -> None:
    half = seen(element(alice=100, bot=50)).may_mend
    assert {Fault.TOPIC_SET, Fault.TELLING_NAME, Fault.JOINABLE, Fault.GUESTS_ALLOWED} <= half
    assert not half & {Fault.HISTORY_OPEN, Fault.ENCRYPTION_WEAKENED, Fault.ANYBODY_INVITES}
    whole = seen(element(alice=100, bot=100)).may_mend
    assert whole == set(TYPES) - {Fault.POWERLESS, Fault.REPLACED}


@pytest.mark.parametrize("fault", Fault)
def test_a_cure_cures_and_is_then_none(fault: Fault) -> None:
    room = dict(element(alice=100, bot=100, bob=60))
    found = cure(fault, room, BOT, "Meeting")
    if found is None:
        assert fault in BEYOND_POWER | {Fault.NOT_ENCRYPTED, Fault.ENCRYPTION_WEAKENED}
        return
    type_, content = found
    room[type_, ""] = event(type_, content)
    assert cure(fault, room, BOT, "Meeting") is None
    after = seen(room)
    assert {
        Fault.HISTORY_OPEN: after.history_visibility == "joined",
        Fault.JOINABLE: after.join_rule == "invite",
        Fault.GUESTS_ALLOWED: after.guest_access == "forbidden",
        Fault.ANYBODY_GOVERNS: not after.anybody_governs,
        Fault.MEMBER_GOVERNS: after.governors == {ALICE},
        Fault.ANYBODY_INVITES: not after.anybody_invites,
        Fault.ALIASED: not after.aliased,
        Fault.TELLING_NAME: after.name == "Meeting",
        Fault.TOPIC_SET: not after.topic,
    }[fault]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"algorithm": "m.none"},
        {"algorithm": MEGOLM, "rotation_period_msgs": 10**9},
        {"algorithm": MEGOLM, "rotation_period_ms": "for ever"},
    ],
)
def test_weakened_encryption_is_put_back(settings: Any) -> None:
    room = dict(element(alice=100, bot=100))
    room["m.room.encryption", ""] = event("m.room.encryption", settings)
    assert seen(room, encrypted=True).encrypted
    found = cure(Fault.ENCRYPTION_WEAKENED, room, BOT, "")
    assert found == ("m.room.encryption", {"algorithm": MEGOLM})


@pytest.mark.parametrize("type_", ["m.bridge", "uk.half-shot.bridge"])
def test_a_bridge_is_seen_until_its_state_is_emptied(type_: str) -> None:
    room = dict(element(alice=100))
    room[type_, "irc://x"] = event(type_, {"bridgebot": "@b:a.test"}, "irc://x")
    assert seen(room).bridged
    room[type_, "irc://x"] = event(type_, {}, "irc://x")
    assert not seen(room).bridged


def test_without_power_levels_everybody_governs() -> None:
    found = seen(state(member(ALICE, "join")))
    assert found.anybody_governs
    assert ALICE in found.governors


def test_a_tombstone_counts_only_with_the_power_for_it() -> None:
    for by, counts in ((ALICE, True), (BOB, False)):
        room = dict(element(alice=100))
        tombstone = event("m.room.tombstone", {"replacement_room": "!n:a.test"}, sender=by)
        room["m.room.tombstone", ""] = tombstone
        found = seen(room)
        assert (found.replaced_by, found.upgraded_by == by) == ("!n:a.test", counts)


LEVELS = st.integers(min_value=-10, max_value=150)


@given(
    st.dictionaries(st.sampled_from([*GOVERNING, "m.room.name"]), LEVELS),
    st.dictionaries(st.sampled_from(["users_default", "state_default", "invite"]), LEVELS),
    LEVELS,
)
def test_nothing_is_raised_above_our_own_level(
    events: dict[str, int], defaults: dict[str, int], own: int
) -> None:
    levels = event(POWERS, {**defaults, "events": events, "users": {BOT: own, ALICE: 200}})
    room = state(event("m.room.create", {"room_version": "10"}, sender=ALICE), levels)
    found = cure(Fault.ANYBODY_GOVERNS, room, BOT, "")
    if found is None:
        return
    after = dict(room)
    after[POWERS, ""] = event(POWERS, found[1])
    for type_ in GOVERNING:
        before, now = needed_to_set(room, type_), needed_to_set(after, type_)
        assert now >= min(before, own, 100)
        assert now <= max(before, own)
    assert level(after, BOT) == own


@pytest.mark.parametrize(
    "levels",
    [
        {"users_default": 100},
        {"users_default": 50, "users": {ALICE: 100}, "state_default": 50},
        {"users_default": 50, "users": {ALICE: 50, BOT: 100}, "state_default": 50},
        {"users_default": 100, "users": [ALICE]},
    ],
)
def test_power_of_everybody_becomes_power_of_those_who_are_to_have_it(levels: Any) -> None:
    created = event("m.room.create", {"room_version": "10"}, sender=ALICE)
    room = dict(state(created, event(POWERS, levels, sender=ALICE), member(BOB, "join")))
    assert anybody_governs(room)
    found = cure(Fault.ANYBODY_GOVERNS, room, BOT, "", {ALICE})
    assert found is not None
    room[POWERS, ""] = event(POWERS, found[1])
    assert not anybody_governs(room)
    assert may_set(room, ALICE, POWERS)
    assert all(may(room, BOT, act) for act in ("invite", "kick", "redact"))


@given(
    st.dictionaries(st.sampled_from([*GOVERNING, "m.room.name"]), LEVELS),
    st.dictionaries(st.sampled_from(["users_default", "state_default", "invite"]), LEVELS),
    st.dictionaries(st.sampled_from([ALICE, BOB, BOT]), LEVELS),
    st.sampled_from(["10", "12"]),
)
def test_whoever_is_to_govern_a_room_goes_on_governing_it(
    events: dict[str, int], defaults: dict[str, int], users: dict[str, int], version: str
) -> None:
    keep = {ALICE, "@not-there:a.test"}
    levels = event(POWERS, {**defaults, "events": events, "users": users})
    created = event("m.room.create", {"room_version": version}, sender=ALICE)
    before = state(created, levels)
    found = cure(Fault.ANYBODY_GOVERNS, before, BOT, "", keep)
    if found is None or not may_set(before, BOT, POWERS):
        return
    after = {**before, (POWERS, ""): event(POWERS, found[1])}
    for user in {BOT, *keep}:
        assert may_set(after, user, POWERS) >= may_set(before, user, POWERS)
        assert level(after, user) >= level(before, user)
        assert level(after, user) <= max(level(before, user), level(before, BOT))


def test_a_creator_of_a_newer_room_may_mend_all() -> None:
    levels = event(POWERS, {"users": {}, "events": {POWERS: 100}})
    room = state(levels, version="12")
    assert level(room, BOT) == ABOVE_ALL
    assert Fault.ANYBODY_INVITES in seen(room).may_mend
