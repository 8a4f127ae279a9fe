"""Room state read by pure functions: facts, powers, who gets keys, when keys are renewed."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matrix.powers import State, may
from bot.matrix.rooms import facts, index, recipients, rotation, strictness, while_present

BOT, ALICE, BOB = "@bot:a.test", "@alice:a.test", "@bob:b.test"


def event(type_: str, content: Any, key: str = "", sender: str = BOT) -> dict[str, Any]:
    return {"type": type_, "state_key": key, "sender": sender, "content": content}


def member(user: str, membership: str) -> dict[str, Any]:
    return event("m.room.member", {"membership": membership}, user)


def state(*events: dict[str, Any], version: str = "10") -> State:
    created = event("m.room.create", {"room_version": version})
    return index([created, member(BOT, "join"), *events])


def test_facts_of_a_bare_room() -> None:
    found = facts(state(), BOT, encrypted=False, direct=False)
    assert found is not None
    assert not found.encrypted
    assert sorted(found.joined | found.invited) == [BOT]
    assert (found.history_visibility, found.join_rule) == ("shared", "invite")
    assert (found.topic, found.replaced_by) == ("", None)


def test_facts_of_a_full_room() -> None:
    found = facts(
        state(
            member(ALICE, "join"),
            member(BOB, "invite"),
            member("@gone:a.test", "leave"),
            event("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}),
            event("m.room.topic", {"topic": "secret"}),
            event("m.room.tombstone", {"replacement_room": "!new:a.test"}),
        ),
        BOT,
        encrypted=False,
        direct=True,
    )
    assert found is not None
    assert found.encrypted
    assert found.flagged_direct
    assert sorted(found.joined) == [ALICE, BOT]
    assert sorted(found.invited) == [BOB]
    assert (found.topic, found.replaced_by) == ("secret", "!new:a.test")


def test_what_members_call_themselves() -> None:
    named = {"membership": "join", "displayname": "Alice"}
    odd = {"membership": "invite", "displayname": 3}
    events = (event("m.room.member", named, ALICE), event("m.room.member", odd, BOB))
    found = facts(state(*events), BOT, encrypted=True, direct=False)
    assert found is not None
    assert found.names == {ALICE: "Alice"}


@pytest.mark.parametrize(
    ("levels", "redactors"),
    [
        ({"users": {BOT: 100, ALICE: 50}}, {ALICE}),
        ({"users": {BOT: 100, ALICE: 50}, "redact": 100}, set()),
        ({"users": {BOT: 100}, "users_default": 50}, {ALICE, BOB}),
    ],
)
def test_who_else_may_redact_what_others_said(levels: Any, redactors: set[str]) -> None:
    here = (member(ALICE, "join"), member(BOB, "join"))
    powers = event("m.room.power_levels", levels)
    found = facts(state(*here, powers), BOT, encrypted=True, direct=False)
    assert found is not None
    assert found.redactors == redactors


def test_encryption_stays_once_seen() -> None:
    found = facts(state(event("m.room.encryption", {})), BOT, encrypted=True, direct=False)
    assert found is not None
    assert found.encrypted


def test_not_in_the_room() -> None:
    assert facts(state(member(BOT, "leave")), BOT, encrypted=True, direct=False) is None


@pytest.mark.parametrize(
    ("levels", "act", "allowed"),
    [
        ({"users": {BOT: 100}}, "redact", True),
        ({"users": {BOT: 49}}, "redact", False),
        ({"users": {BOT: 50}, "redact": 75}, "redact", False),
        ({"users_default": 50}, "kick", True),
        ({"users": {ALICE: 100}}, "invite", True),
        ({"users": {ALICE: 100}, "invite": 50}, "invite", False),
        ({"users": {BOT: "100"}}, "redact", False),
    ],
)
def test_powers(levels: Any, act: str, allowed: bool) -> None:
    assert may(state(event("m.room.power_levels", levels)), BOT, act) is allowed


def test_creators_have_all_powers_from_version_12_on() -> None:
    levels = event("m.room.power_levels", {"users": {}})
    assert may(state(levels, version="12"), BOT, "redact")
    assert not may(state(levels, version="11"), BOT, "redact")
    assert not may(state(levels, version="12"), ALICE, "redact")


@pytest.mark.parametrize(
    ("visibility", "invited_too"),
    [("joined", False), ("invited", True), ("shared", False), ("world_readable", False)],
)
def test_keys_for_the_invited(visibility: str, invited_too: bool) -> None:
    seen = state(
        member(ALICE, "join"),
        member(BOB, "invite"),
        event("m.room.history_visibility", {"history_visibility": visibility}),
    )
    assert recipients(seen) == {BOT, ALICE} | ({BOB} if invited_too else set())


def test_strictness_grows() -> None:
    order = ["world_readable", "shared", "invited", "joined", "something new"]
    levels = [
        strictness(state(event("m.room.history_visibility", {"history_visibility": word})))
        for word in order
    ]
    assert levels == sorted(set(levels))


@given(st.one_of(st.none(), st.integers(), st.text()), st.one_of(st.none(), st.integers()))
def test_rotation_is_never_endless(messages: Any, milliseconds: Any) -> None:
    settings = {"rotation_period_msgs": messages, "rotation_period_ms": milliseconds}
    count, age = rotation(state(event("m.room.encryption", settings)))
    assert 1 <= count <= 100
    assert timedelta(hours=1) <= age <= timedelta(days=7)


def moved(before: str, after: str, number: int) -> dict[str, Any]:
    """Our own coming or going."""
    return {
        "event_id": f"${number}",
        **event("m.room.member", {"membership": after}, BOT),
        "unsigned": {"prev_content": {"membership": before}},
    }


COME, GO, RENAME = ("invite", "join"), ("join", "leave"), ("join", "join")


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ("ab", "ab"),
        ("a+b", "b"),  # from before we came
        ("a-", "a"),
        ("a-b+c", "ac"),  # nothing from while we were gone
        ("a+b-c+d", "bd"),
        ("a=b", "ab"),  # our name changed
        ("a-b+c-d", "ac"),
    ],
)
def test_only_what_happened_while_we_were_there(told: str, heard: str) -> None:
    moves = {"+": COME, "-": GO, "=": RENAME}
    raws = [
        moved(*moves[sign], number) if sign in moves else {"type": "m.room.message", "word": sign}
        for number, sign in enumerate(told)
    ]
    assert "".join(raw.get("word", "") for raw in while_present(raws, BOT)) == heard
