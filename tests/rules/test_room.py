"""What a table's room must be: each fault is found, and nothing else is called one."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules import reference
from bot.rules.room import (
    LONGEST_MS,
    MOST_MESSAGES,
    SERIOUS,
    Fault,
    Room,
    faults,
    serious,
    tells,
    weakened,
)

NAMES = ("Voorbeeldstad", "PZ Voorbeeld")
SAFE = Room(name="Meeting")
ONE_FAULT: dict[Fault, dict[str, Any]] = {
    Fault.NOT_ENCRYPTED: {"encrypted": False},
    Fault.ENCRYPTION_WEAKENED: {"algorithm": ""},
    Fault.STRANGERS: {"strangers": 1},
    Fault.HISTORY_OPEN: {"history_visibility": "shared"},
    Fault.JOINABLE: {"join_rule": "knock"},
    Fault.GUESTS_ALLOWED: {"guest_access": "can_join"},
    Fault.BRIDGED: {"bridged": True},
    Fault.ANYBODY_GOVERNS: {"anybody_governs": True},
    Fault.MEMBER_GOVERNS: {"member_governs": True},
    Fault.POWERLESS: {"powerless": True},
    Fault.ANYBODY_INVITES: {"anybody_invites": True},
    Fault.ALIASED: {"aliased": True},
    Fault.TELLING_NAME: {"name": "LIVC-R"},
    Fault.TOPIC_SET: {"topic": "dinsdag"},
    Fault.REPLACED: {"replaced": True},
}


def test_nothing_is_the_matter_with_a_room_as_it_must_be() -> None:
    assert faults(SAFE, NAMES) == ()
    assert faults(replace(SAFE, history_visibility="invited")) == ()


@pytest.mark.parametrize("fault", Fault)
def test_one_setting_is_one_fault(fault: Fault) -> None:
    assert faults(replace(SAFE, **ONE_FAULT[fault]), NAMES) == (fault,)


@given(st.sets(st.sampled_from([fault for fault in Fault if fault is not Fault.MEMBER_GOVERNS])))
def test_faults_add_up_most_serious_first(some: set[Fault]) -> None:
    changed: dict[str, Any] = {}
    for fault in some:
        changed |= ONE_FAULT[fault]
    hidden = {Fault.ENCRYPTION_WEAKENED} if Fault.NOT_ENCRYPTED in some else set()
    found = faults(replace(SAFE, **changed))
    assert set(found) == some - hidden
    order = list(Fault)
    assert [order.index(fault) for fault in found] == sorted(order.index(f) for f in found)


@given(st.sets(st.sampled_from(Fault)), st.sets(st.sampled_from(Fault)))
def test_a_serious_fault_stays_serious_whatever_else_is_found(
    some: set[Fault], more: set[Fault]
) -> None:
    assert set(serious(some)) == some & SERIOUS
    assert set(serious(some)) <= set(serious(some | more))


@given(st.sampled_from(["history_visibility", "join_rule", "guest_access", "algorithm"]), st.text())
def test_an_unknown_setting_is_never_safe(name: str, value: str) -> None:
    allowed = {"joined", "invited"} if name == "history_visibility" else {getattr(SAFE, name)}
    changed: dict[str, Any] = {name: value}
    found = faults(replace(SAFE, **changed))
    assert bool(found) is (value not in allowed)
    assert set(found) <= SERIOUS | {Fault.GUESTS_ALLOWED}


@given(st.one_of(st.none(), st.integers()), st.one_of(st.none(), st.integers()))
def test_keys_may_last_shorter_than_recommended_but_not_longer(
    messages: int | None, span: int | None
) -> None:
    short = (messages is None or 0 < messages <= MOST_MESSAGES) and (
        span is None or 0 < span <= LONGEST_MS
    )
    room = replace(SAFE, rotation_messages=messages, rotation_ms=span)
    assert weakened(room) is not short


def test_every_setting_can_be_at_fault() -> None:
    named = {name for changed in ONE_FAULT.values() for name in changed}
    assert named | {"rotation_messages", "rotation_ms"} == {one.name for one in fields(Room)}


@pytest.mark.parametrize(
    "name",
    [
        "LIVC-R Voorbeeldstad",
        "livcr dinsdag",
        "CSIL R",
        "BLIS-R",
        "blis",
        "Overleg radicalisering",
        "Table radicalisme",
        "Radikalisierung",
        "déradicalisation",
        "Terrorisme",
        "extremisme",
        "Overleg Voorbeeldstad",
        "VOORBEELDSTAD",
        "pz voorbeeld",
        "punt K7Q-4MX",
        "k7q4mx",
    ],
)
def test_a_name_that_tells(name: str) -> None:
    assert tells(name, NAMES)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Vergadering",
        "Meeting / Réunion / Vergadering / Sitzung",
        "Point 3",
        "Établissement",  # holds b-l-i-s
        "Overleg dinsdag 14:00",
        "Zaal 12-34",
        "Tafel",
    ],
)
def test_a_name_that_tells_nothing(name: str) -> None:
    assert not tells(name, NAMES)


def test_a_short_municipality_is_found_as_a_word_only() -> None:
    assert tells("Overleg As", ["As"])
    assert not tells("Basis", ["As"])
    assert tells("overleg sint niklaas", ["Sint-Niklaas"])


def test_a_name_that_is_everybodys_does_not_tell() -> None:
    assert not tells("Overleg", ["Overleg Gent"])
    assert tells("Gent", ["Overleg Gent"])
    assert tells("overleg gent", ["Overleg Gent"])


@given(
    st.text(alphabet=reference.ALPHABET, min_size=5, max_size=5),
    st.text(alphabet=" .!", max_size=3),
)
def test_a_reference_in_a_name_always_tells(free: str, around: str) -> None:
    shaped = free + reference.check_character(free)
    assert tells(f"punt{around or ' '}{shaped[:3]}-{shaped[3:]}{around}")
    assert tells(f"{shaped[:3]}-{shaped[3:]}".lower())


@given(st.text())
def test_case_and_accents_hide_nothing(name: str) -> None:
    assert tells(f"{name} LIVC")
    assert tells(f"RADICALISÉ {name}")
