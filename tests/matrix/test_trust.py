"""The chain master -> self-signing -> device: whole it counts, bent anywhere it does not."""

import copy
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bot.matrix.crosssigning import OwnIdentity, Signer
from bot.matrix.trust import canonical, encode, read_person, signed_by, unpadded

ALICE, MALLORY = "@alice:one.test", "@mallory:two.test"
SEEDS = st.binary(min_size=32, max_size=32).map(encode)


def device_of(user: str, name: str, seed: str, signer: Signer | None) -> dict[str, Any]:
    """A device's keys, signed by itself and perhaps by its owner."""
    key = Signer.of(seed)
    bare = {
        "user_id": user,
        "device_id": name,
        "algorithms": ["m.megolm.v1.aes-sha2"],
        "keys": {f"ed25519:{name}": key.public, f"curve25519:{name}": encode(b"c" * 32)},
    }
    private = Ed25519PrivateKey.from_private_bytes(unpadded(seed))
    signatures = {f"ed25519:{name}": encode(private.sign(canonical(bare)))}
    if signer is not None:
        signatures |= signer.sign(bare, user)["signatures"][user]
    return {**bare, "signatures": {user: signatures}, "unsigned": {"device_display_name": "any"}}


def answer_of(user: str, seeds: tuple[str, str, str], device_seed: str) -> dict[str, Any]:
    """What an honest server says of a user with one signed device, PHONE."""
    own = OwnIdentity.of(user, seeds)
    keys = own.public_keys()
    return {
        "master_keys": {user: keys["master_key"]},
        "self_signing_keys": {user: keys["self_signing_key"]},
        "device_keys": {user: {"PHONE": device_of(user, "PHONE", device_seed, own.self_signing)}},
    }


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all strings in a JSON value."""
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for i, item in enumerate(value) for leaf in leaves(item, (*path, i))]
    return [path]


def changed(answer: dict[str, Any], path: tuple[Any, ...], new: str) -> dict[str, Any]:
    """A copy with another string at the path."""
    bent = copy.deepcopy(answer)
    place: Any = bent
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new
    return bent


SEED_SETS = st.tuples(SEEDS, SEEDS, SEEDS)


@given(SEED_SETS, SEEDS)
def test_a_whole_chain_counts(seeds: tuple[str, str, str], device_seed: str) -> None:
    person = read_person(ALICE, answer_of(ALICE, seeds, device_seed))
    assert person.master_key == Signer.of(seeds[0]).public
    assert [device.device_id for device in person.signed] == ["PHONE"]
    assert person.standing.can_be_heard
    assert read_person(ALICE, answer_of(ALICE, seeds, device_seed), person.master_key) == person


@given(SEED_SETS, SEEDS, st.data())
def test_any_bent_string_breaks_it(
    seeds: tuple[str, str, str], device_seed: str, data: st.DataObject
) -> None:
    answer = answer_of(ALICE, seeds, device_seed)
    counted = [
        path for path in leaves(answer) if "unsigned" not in path and path[0] != "user_signing_keys"
    ]
    path = data.draw(st.sampled_from(counted))
    old: Any = answer
    for step in path:
        old = old[step]
    at = data.draw(st.integers(0, len(old) - 1))
    character = data.draw(st.sampled_from("ABab01+/=_ ").filter(lambda c: c != old[at]))
    bent = changed(answer, path, old[:at] + character + old[at + 1 :])
    assert not read_person(ALICE, bent).signed


@given(SEED_SETS, SEED_SETS, SEEDS, st.data())
def test_a_foreign_part_breaks_it(
    seeds: tuple[str, str, str],
    others: tuple[str, str, str],
    device_seed: str,
    data: st.DataObject,
) -> None:
    """A part of another identity, for the same user: nothing is signed across the seam."""
    if seeds[:2] == others[:2] or seeds[0] == others[0] or seeds[1] == others[1]:
        return
    answer, other = answer_of(ALICE, seeds, device_seed), answer_of(ALICE, others, device_seed)
    part = data.draw(st.sampled_from(sorted(answer)))
    assert not read_person(ALICE, {**answer, part: other[part]}).signed


@given(SEED_SETS, SEEDS)
def test_keys_of_another_user_do_not_count(seeds: tuple[str, str, str], device_seed: str) -> None:
    mallory = answer_of(MALLORY, seeds, device_seed)
    relabelled = {part: {ALICE: value[MALLORY]} for part, value in mallory.items()}
    person = read_person(ALICE, relabelled)
    assert (person.master_key, person.devices) == (None, ())
    assert person.standing.unsigned_devices == 1


@given(SEED_SETS, SEED_SETS, SEEDS)
def test_another_than_the_pinned_identity_does_not_count(
    seeds: tuple[str, str, str], others: tuple[str, str, str], device_seed: str
) -> None:
    pinned = Signer.of(seeds[0]).public
    if pinned == Signer.of(others[0]).public:
        return
    person = read_person(ALICE, answer_of(ALICE, others, device_seed), pinned)
    assert not person.signed
    assert not person.standing.can_be_heard


@given(SEED_SETS, SEEDS, SEEDS)
def test_a_device_added_by_the_server_is_unsigned(
    seeds: tuple[str, str, str], device_seed: str, added_seed: str
) -> None:
    answer = answer_of(ALICE, seeds, device_seed)
    answer["device_keys"][ALICE]["ADDED"] = device_of(ALICE, "ADDED", added_seed, None)
    person = read_person(ALICE, answer)
    assert [device.device_id for device in person.signed] == ["PHONE"]
    assert person.standing.unsigned_devices == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["master_keys", "self_signing_keys", "device_keys"]), st.booleans())
def test_nonsense_is_nobody(nonsense: Any, part: str, inside: bool) -> None:
    answer = {part: {ALICE: nonsense} if inside else nonsense}
    assert not read_person(ALICE, answer).signed
    assert not signed_by(nonsense, ALICE, "x", "x")


@given(st.binary(max_size=40))
def test_base64_is_unpadded_and_unique(data: bytes) -> None:
    text = encode(data)
    assert "=" not in text
    assert unpadded(text) == data
    if len(text) % 4:
        assert unpadded(text + "=" * (-len(text) % 4)) == b""


def test_canonical_json() -> None:
    """Examples of the specification, "Canonical JSON"."""
    assert canonical({"b": "2", "a": "1"}) == b'{"a":"1","b":"2"}'
    assert canonical({"a": "日本語"}) == '{"a":"日本語"}'.encode()
    assert canonical({"a": json.loads('"\\u65E5"'), "signatures": 1, "unsigned": 2}) == (
        '{"a":"日"}'.encode()
    )
