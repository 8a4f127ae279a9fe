"""Two sides of a verification, and whoever stands between them."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

import pytest
import vodozemac
from hypothesis import given
from hypothesis import strategies as st

from bot.matrix.agreement import Cancel, Code, Party
from bot.matrix.sas import Message, Sas
from bot.matrix.trust import canonical

TRANSACTION = "$request"
REFERENCE = {"m.relates_to": {"rel_type": "m.reference", "event_id": TRANSACTION}}
Tamper = Callable[[str, dict[str, Any]], dict[str, Any]]


def key(seed: str) -> str:
    """A public key as it is written."""
    return base64.b64encode(hashlib.sha256(seed.encode()).digest()).decode().rstrip("=")


ALICE = Party("@alice:a.example", "ALICEDEV", key("alice device"), key("alice master"))
BOT = Party("@bot:b.example", "BOTDEV", key("bot device"), key("bot master"))


@dataclass
class Talk:
    """Both sides, with the post between them."""

    alice: Sas
    bot: Sas
    tamper: Tamper = lambda _kind, content: content
    said: list[Message] = field(default_factory=list)
    cancelled: dict[str, Code] = field(default_factory=dict)
    delivered: list[tuple[Sas, Message]] = field(default_factory=list)
    replaying: bool = False
    replayed: int = 0

    def other(self, one: Sas) -> Sas:
        return self.bot if one is self.alice else self.alice

    def post(self, sender: Sas, messages: list[Message]) -> None:
        """Deliver, and what is answered, until nobody has anything to say."""
        for kind, content in messages:
            self.said.append((kind, content))
            receiver = self.other(sender)
            try:
                answers = receiver.receive(kind, self.tamper(kind, content))
                self.replay(receiver, (kind, content))
            except Cancel as cancel:
                self.cancelled["bot" if receiver is self.bot else "alice"] = cancel.code
                return
            self.post(receiver, answers)

    def replay(self, receiver: Sas, message: Message) -> None:
        self.delivered.append((receiver, message))
        for former, (kind, content) in self.delivered if self.replaying else ():
            assert former.receive(kind, json.loads(json.dumps(content))) == []
            self.replayed += 1

    def start(self, one: Sas) -> None:
        self.post(one, one.start())

    def confirm(self, one: Sas) -> None:
        try:
            self.post(one, one.answer(same=True))
        except Cancel as cancel:
            self.cancelled["bot" if one is self.bot else "alice"] = cancel.code

    @property
    def finished(self) -> list[bool]:
        return [self.alice.finished, self.bot.finished]


def talk(*, seen_bot: Party = BOT, seen_alice: Party = ALICE, **more: Any) -> Talk:
    """`seen_…`: what the homeserver shows the other side of them."""
    alice = Sas(ALICE, seen_bot, TRANSACTION, REFERENCE)
    return Talk(alice, Sas(BOT, seen_alice, TRANSACTION, REFERENCE), **more)


def change(kind: str, **fields: Any) -> Tamper:
    """Put other fields into the messages of a kind."""
    return lambda one, content: {**content, **fields} if one == kind else content


@pytest.mark.parametrize("starter", ["alice", "bot"])
@pytest.mark.parametrize("first", ["alice", "bot"])
def test_both_see_the_same_and_are_verified(starter: str, first: str) -> None:
    both = talk()
    both.start(getattr(both, starter))
    assert both.alice.string == both.bot.string
    assert both.alice.string is not None
    assert len(both.alice.string.emoji) == 7
    one = getattr(both, first)
    both.confirm(one)
    assert both.finished == [False, False]
    both.confirm(both.other(one))
    assert both.finished == [True, True]
    assert [kind for kind, _ in both.said] == [
        "start", "accept", "key", "key", "mac", "mac", "done", "done",
    ]  # fmt: skip
    assert all(content["m.relates_to"] == REFERENCE["m.relates_to"] for _, content in both.said)


def test_commitment_and_macs_are_as_the_specification_says() -> None:
    """Against the words of the specification, not against the code: nothing but vodozemac."""
    peer, bot = vodozemac.Sas(), Sas(BOT, ALICE, "txn", {"transaction_id": "txn"})
    ((_, start),) = bot.start()
    public = peer.public_key.to_base64()
    digest = hashlib.sha256(public.encode() + canonical(start)).digest()
    accept = {
        "key_agreement_protocol": "curve25519-hkdf-sha256",
        "hash": "sha256",
        "message_authentication_code": "hkdf-hmac-sha256.v2",
        "short_authentication_string": ["decimal", "emoji"],
        "commitment": base64.b64encode(digest).decode().rstrip("="),
    }
    ((_, shown),) = bot.receive("accept", accept)
    assert bot.receive("key", {"key": public}) == []
    shared = peer.diffie_hellman(vodozemac.Curve25519PublicKey.from_base64(shown["key"]))
    found = shared.bytes(
        "MATRIX_KEY_VERIFICATION_SAS|@bot:b.example|BOTDEV|"
        f"{shown['key']}|@alice:a.example|ALICEDEV|{public}|txn"
    )
    assert bot.string is not None
    assert (bot.string.emoji, bot.string.decimals) == (tuple(found.emoji_indices), found.decimals)
    ((_, mac),) = bot.answer(same=True)
    info = "MATRIX_KEY_VERIFICATION_MAC@bot:b.exampleBOTDEV@alice:a.exampleALICEDEVtxn"
    names = sorted([f"ed25519:{BOT.master_key}", "ed25519:BOTDEV"])
    shared.verify_mac(",".join(names), f"{info}KEY_IDS", mac["keys"])
    values = {"ed25519:BOTDEV": BOT.ed25519, f"ed25519:{BOT.master_key}": BOT.master_key}
    for name, value in values.items():
        shared.verify_mac(value, f"{info}{name}", mac["mac"][name])
    assert set(mac["mac"]) == set(values)


@pytest.mark.parametrize("late", [False, True])
def test_when_both_start_the_smaller_user_id_counts(*, late: bool) -> None:
    both = talk()
    crossing, hers = both.bot.start(), both.alice.start()
    if late:
        both.post(both.alice, hers)  # the bot has started too, and takes hers
    both.post(both.bot, crossing)  # hers counts for her as well
    if not late:
        both.post(both.alice, hers)
    assert both.alice.string == both.bot.string is not None
    both.confirm(both.alice)
    both.confirm(both.bot)
    assert both.finished == [True, True]


def test_a_start_of_another_method_crossing_ours_ends_it() -> None:
    both = talk(tamper=change("start", method="m.qr.v1"))
    both.bot.start()
    both.start(both.alice)
    assert both.cancelled == {"bot": Code.UNEXPECTED}


def test_a_client_without_emoji_compares_numbers() -> None:
    both = talk(tamper=change("start", short_authentication_string=["decimal"]))
    both.start(both.alice)
    assert both.bot.string is not None
    assert both.bot.string.emoji == ()
    assert len(both.bot.string.decimals) == 3


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"method": "m.reciprocate.v1"}, Code.UNKNOWN_METHOD),
        ({"hashes": ["md5"]}, Code.UNKNOWN_METHOD),
        ({"message_authentication_codes": ["hkdf-hmac-sha256"]}, Code.UNKNOWN_METHOD),
        ({"key_agreement_protocols": []}, Code.UNKNOWN_METHOD),
        ({"short_authentication_string": ["song"]}, Code.UNKNOWN_METHOD),
        ({"short_authentication_string": "emoji"}, Code.INVALID),
        ({"from_device": "OTHER"}, Code.UNEXPECTED),
        ({"hashes": None}, Code.INVALID),
        ({"extra": float("nan")}, Code.INVALID),
        ({"extra": "\ud800"}, Code.INVALID),
    ],
)
def test_a_start_we_cannot_follow(fields: dict[str, Any], code: Code) -> None:
    both = talk(tamper=change("start", **fields))
    both.start(both.alice)
    assert both.cancelled == {"bot": code}
    assert both.bot.receive("start", {}) == []  # it has ended


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"hash": "md5"}, Code.UNKNOWN_METHOD),
        ({"message_authentication_code": "hkdf-hmac-sha256"}, Code.UNKNOWN_METHOD),
        ({"short_authentication_string": []}, Code.UNKNOWN_METHOD),
        ({"commitment": 7}, Code.INVALID),
        ({"commitment": "AAAA"}, Code.COMMITMENT),
    ],
)
def test_an_acceptance_we_cannot_follow(fields: dict[str, Any], code: Code) -> None:
    both = talk(tamper=change("accept", **fields))
    both.start(both.bot)
    assert both.cancelled == {"bot": code}


def test_the_string_differs_with_a_man_in_the_middle() -> None:
    """Somebody answers each side with keys of their own, and well-formed commitments."""
    mallory = replace(ALICE, ed25519=key("mallory"), master_key=key("mallory's"))
    alice = Sas(ALICE, BOT, TRANSACTION, REFERENCE)
    posing = Sas(BOT, ALICE, TRANSACTION, REFERENCE)  # to alice, as the bot
    bot = Sas(BOT, mallory, TRANSACTION, REFERENCE)
    passing = Sas(mallory, BOT, TRANSACTION, REFERENCE)  # to the bot, as alice
    Talk(alice, posing).start(alice)
    other = Talk(passing, bot)
    other.start(passing)
    assert alice.string != bot.string
    with pytest.raises(Cancel) as refused:
        bot.answer(same=False)
    assert refused.value.code is Code.SAS
    assert bot.answer(same=True) == []


def test_a_replaced_key_breaks_the_commitment_of_who_started() -> None:
    forged = vodozemac.Sas().public_key.to_base64()
    both = talk()
    keys = iter([0, 1])

    def tamper(kind: str, content: dict[str, Any]) -> dict[str, Any]:
        replaced = kind == "key" and next(keys) == 1  # the accepting side's
        return {**content, "key": forged} if replaced else content

    both.tamper = tamper
    both.start(both.bot)
    assert both.cancelled == {"bot": Code.COMMITMENT}


def test_a_changed_start_breaks_the_commitment() -> None:
    both = talk(tamper=change("start", short_authentication_string=["decimal"]))
    both.start(both.bot)
    assert both.cancelled == {"bot": Code.COMMITMENT}


@pytest.mark.parametrize("field_name", ["ed25519", "master_key"])
def test_a_homeserver_that_shows_another_key_of_theirs_is_found_out(field_name: str) -> None:
    wrong = replace(ALICE, **{field_name: key("server's own")})
    both = talk(seen_alice=wrong)
    both.start(both.alice)
    assert both.alice.string == both.bot.string  # nobody can see it in the emoji
    both.confirm(both.bot)
    both.confirm(both.alice)
    assert both.cancelled == {"bot": Code.KEY_MISMATCH}
    assert both.finished == [False, False]


def test_keys_unknown_to_us_do_no_harm_and_the_device_may_be_left_out() -> None:
    """Verifying single devices of others is deprecated: the identity is what counts."""
    bot = Sas(BOT, ALICE, TRANSACTION, REFERENCE)
    shared = agreed(bot)
    both = [f"ed25519:{ALICE.master_key}", "ed25519:UNKNOWN"]
    values = {both[0]: ALICE.master_key, both[1]: key("unknown")}
    assert bot.receive("mac", mac(shared, values)) == []
    assert [kind for kind, _ in bot.answer(same=True)] == ["mac", "done"]
    assert bot.receive("done", {}) == []
    assert bot.finished


def test_who_does_not_vouch_for_their_identity_is_not_verified() -> None:
    bot = Sas(BOT, ALICE, TRANSACTION, REFERENCE)
    shared = agreed(bot)
    with pytest.raises(Cancel) as refused:
        bot.receive("mac", mac(shared, {"ed25519:ALICEDEV": ALICE.ed25519}))
    assert refused.value.code is Code.KEY_MISMATCH


def test_done_before_our_person_has_looked_verifies_nobody() -> None:
    both = talk()
    both.start(both.alice)
    both.confirm(both.alice)  # her MAC is in, and good
    with pytest.raises(Cancel) as refused:
        both.bot.receive("done", REFERENCE)
    assert refused.value.code is Code.UNEXPECTED
    assert not both.bot.finished


def test_a_key_added_to_the_list_of_keys_is_noticed() -> None:
    bot = Sas(BOT, ALICE, TRANSACTION, REFERENCE)
    shared = agreed(bot)
    content = mac(shared, {f"ed25519:{ALICE.master_key}": ALICE.master_key})
    content["mac"]["ed25519:MORE"] = "AAAA"
    with pytest.raises(Cancel) as refused:
        bot.receive("mac", content)
    assert refused.value.code is Code.KEY_MISMATCH


def agreed(bot: Sas) -> vodozemac.EstablishedSas:
    """A peer of vodozemac's that has come as far as the emoji."""
    peer = vodozemac.Sas()
    alice = Sas(ALICE, BOT, TRANSACTION, REFERENCE)
    bot.receive(*alice.start()[0])
    ((_, shown),) = bot.receive("key", {"key": peer.public_key.to_base64()})
    return peer.diffie_hellman(vodozemac.Curve25519PublicKey.from_base64(shown["key"]))


def mac(shared: vodozemac.EstablishedSas, values: dict[str, str]) -> dict[str, Any]:
    info = f"MATRIX_KEY_VERIFICATION_MAC{ALICE.user_id}ALICEDEV{BOT.user_id}BOTDEV{TRANSACTION}"
    return {
        "mac": {name: shared.calculate_mac(one, info + name) for name, one in values.items()},
        "keys": shared.calculate_mac(",".join(sorted(values)), f"{info}KEY_IDS"),
    }


def test_what_comes_again_changes_nothing() -> None:
    """The homeserver repeats everything it has ever delivered, after every message."""
    both = talk()
    both.replaying = True
    both.start(both.alice)
    both.confirm(both.alice)
    both.confirm(both.bot)
    assert both.replayed == sum(range(1, 9))
    assert both.finished == [True, True]
    assert both.cancelled == {}


KINDS = ["start", "accept", "key", "mac", "done", "ready", "what"]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.text(max_size=5), inside),
    max_leaves=6,
)
FIELDS = [
    "method", "from_device", "hashes", "key", "mac", "keys", "commitment", "hash",
    "key_agreement_protocols", "message_authentication_codes", "short_authentication_string",
]  # fmt: skip
CONTENT = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), JUNK)


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), CONTENT), max_size=4),
    st.sampled_from(["fresh", "started", "keyed", "confirmed"]),
)
def test_garbage_verifies_nobody_and_breaks_nothing(
    garbage: list[tuple[str, dict[str, Any]]], when: str
) -> None:
    both = talk()
    if when == "started":
        both.bot.start()
    elif when != "fresh":
        both.start(both.alice)
    if when == "confirmed":
        both.confirm(both.bot)
    for kind, content in garbage:
        try:
            both.bot.receive(kind, content)
        except Cancel:
            break
    both.bot.answer(same=True)
    assert not both.bot.finished


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_messages_out_of_order_verify_nobody(order: tuple[int, ...]) -> None:
    both = talk()
    both.start(both.alice)
    both.confirm(both.alice)
    hers = [m for m in both.said if m[0] in {"start", "mac"}]
    hers.insert(1, next(m for m in both.said if m[0] == "key"))
    hers.append(("done", REFERENCE))
    fresh = Sas(BOT, ALICE, TRANSACTION, REFERENCE)
    for number in order:
        try:
            fresh.receive(*hers[number])
        except Cancel:
            break
        if fresh.string is not None:
            fresh.answer(same=True)
    assert not fresh.finished  # another commitment, another key: an old answer fits nowhere
