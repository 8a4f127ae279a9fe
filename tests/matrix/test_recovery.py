"""Recovery keys as people type them, and secrets that only they open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matrix import recovery
from bot.matrix.recovery import NotReadable

KEY = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
TYPED = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"  # as other clients write it
NAME = "m.cross_signing.master"
keys = st.binary(min_size=32, max_size=32)


def test_a_known_key_is_written_as_other_clients_write_it() -> None:
    assert recovery.typed(KEY) == TYPED
    assert recovery.read_typed(TYPED) == KEY


@given(keys)
def test_what_is_written_is_read(key: bytes) -> None:
    written = recovery.typed(key)
    assert recovery.read_typed(written) == key
    assert recovery.read_typed(f"  {written.replace(' ', '')}\n") == key


@given(keys, st.integers(0, 47), st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZ"))
def test_one_wrong_letter_is_noticed_or_opens_nothing(key: bytes, place: int, sign: str) -> None:
    written = recovery.typed(key).replace(" ", "")
    wrong = written[:place] + sign + written[place + 1 :]
    if wrong != written:
        try:
            read = recovery.read_typed(wrong)
        except NotReadable:
            return
        assert not recovery.fits(read, recovery.description(key))


@pytest.mark.parametrize("text", ["", " ", "1", "EsTc", TYPED + "2", TYPED[:-1], "0OIl", "é" * 48])
def test_what_is_no_recovery_key(text: str) -> None:
    with pytest.raises(NotReadable):
        recovery.read_typed(text)


@given(keys, st.text())
def test_what_is_encrypted_is_decrypted(key: bytes, secret: str) -> None:
    assert recovery.decrypt(recovery.encrypt(secret, key, NAME), key, NAME) == secret


def test_another_key_or_name_opens_nothing() -> None:
    sealed = recovery.encrypt("secret", KEY, NAME)
    for key, name in ((bytes(32), NAME), (KEY, "m.cross_signing.self_signing")):
        with pytest.raises(NotReadable):
            recovery.decrypt(sealed, key, name)


def test_padded_base64_is_read_too() -> None:
    sealed = recovery.encrypt("secret", KEY, NAME)
    padded = {part: text + "=" * (-len(text) % 4) for part, text in sealed.items()}
    assert padded != sealed
    assert recovery.decrypt(padded, KEY, NAME) == "secret"


@pytest.mark.parametrize(
    "garbage",
    [None, 5, [], {}, "text", {"iv": 1}, {"iv": "?", "ciphertext": "?", "mac": "?"}],
    ids=str,
)
def test_garbage_is_not_readable(garbage: object) -> None:
    with pytest.raises(NotReadable):
        recovery.decrypt(garbage, KEY, NAME)


@pytest.mark.parametrize("part", ["iv", "ciphertext", "mac"])
def test_a_changed_or_missing_part_is_noticed(part: str) -> None:
    sealed = recovery.encrypt("secret", KEY, NAME)
    changed = [{**sealed, part: other} for other in ("", "AAAA", None, "AAAA" + sealed[part])]
    changed.append({name: text for name, text in sealed.items() if name != part})
    for one in changed:
        with pytest.raises(NotReadable):
            recovery.decrypt(one, KEY, NAME)


def test_a_key_is_recognised_by_its_description() -> None:
    described = recovery.description(KEY)
    assert described["algorithm"] == recovery.ALGORITHM
    assert recovery.fits(KEY, described)
    assert not recovery.fits(bytes(32), described)
    assert recovery.fits(bytes(32), {"algorithm": recovery.ALGORITHM})  # nothing to check by
    for garbage in ({"iv": 5, "mac": 5}, {"iv": "AA", "mac": "AA"}, {**described, "mac": "?"}):
        assert not recovery.fits(KEY, garbage)
