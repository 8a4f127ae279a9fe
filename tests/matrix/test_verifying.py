"""Two accounts verify each other over a homeserver in memory that can be late, deaf or false."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.matrix.crosssigning import OwnIdentity, new_seeds
from bot.matrix.door import Event, Hearing
from bot.matrix.talk import NotVerified, ShortString
from bot.matrix.trust import canonical, encode, signed_by
from bot.matrix.verifying import MOST, Verifying
from bot.matrix.wire import Json, Wire

ROOM = "!room:a.example"
PREFIX = "m.key.verification."


class Person:
    """An account with one device, and a verification of it."""

    def __init__(self, server: "Server", user_id: str, device_id: str) -> None:
        self.server = server
        self.user_id = user_id
        self.device_id = device_id
        self.own = OwnIdentity.of(user_id, new_seeds())
        self._device = Ed25519PrivateKey.generate()
        self.verifying = Verifying(Post(server, self), self.own, device_id, self.ed25519)
        self.verifying.start_after = 0.01
        self.strings: list[ShortString] = []
        self.waited: list[bool] = []
        self.others: list[Event] = []
        self.asking = "compare with me"
        self.says: bool | None = True  # None: nothing, ever

    @property
    def ed25519(self) -> str:
        return encode(self._device.public_key().public_bytes_raw())

    def device(self) -> Json:
        """As published, signed by itself and its owner."""
        keys = {
            f"ed25519:{self.device_id}": self.ed25519,
            f"curve25519:{self.device_id}": encode(bytes(32)),
        }
        bare = {"user_id": self.user_id, "device_id": self.device_id, "keys": keys}
        by_owner = self.own.self_signing.sign(bare, self.user_id)["signatures"][self.user_id]
        itself = encode(self._device.sign(canonical(bare)))
        signatures = {**by_owner, f"ed25519:{self.device_id}": itself}
        return {**bare, "signatures": {self.user_id: signatures}}

    async def wait(self, *, asked: bool) -> None:
        self.waited.append(asked)

    async def compare(self, string: ShortString) -> bool:
        self.strings.append(string)
        if self.says is None:
            await asyncio.Event().wait()
        return self.says is True

    async def verify(self, other: "Person", room: str | None) -> str:
        return await self.verifying.verify(other.user_id, room, self)

    def take_event(self, event: Event) -> None:
        self.others += self.verifying.take_events([event])


@dataclass
class Server:
    """Carries everything at once, to everybody but the sender; `rule` may change or lose it."""

    people: dict[str, Person] = field(default_factory=dict)
    rule: Callable[[str, Json], Json | None] = lambda _kind, content: content
    repeats: bool = False
    stalls: bool = False
    signatures: list[Json] = field(default_factory=list)
    carried: list[tuple[str, str, Json]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def add(self, user_id: str, device_id: str) -> Person:
        self.people[user_id] = Person(self, user_id, device_id)
        return self.people[user_id]

    def send(self, sender: Person, type_: str, content: Json) -> str:
        """A room's event."""
        event_id = f"$e{next(self.numbers)}"
        kind = type_.removeprefix(PREFIX)
        self.carried.append((sender.user_id, kind, content))
        changed = self.rule(kind, json.loads(json.dumps(content)))
        for other in self.people.values():
            if other is not sender and changed is not None:
                self.deliver(other, sender.user_id, event_id, type_, changed)
        return event_id

    def deliver(self, to: Person, sender: str, event_id: str, type_: str, content: Json) -> None:
        at = datetime.fromtimestamp(time.time(), UTC)
        event = Event(event_id, ROOM, sender, at, type_, content, Hearing.CLEAR)
        for _ in range(2 if self.repeats else 1):
            to.take_event(event)

    def send_devices(self, sender: Person, type_: str, messages: Json) -> None:
        for user, devices in messages.items():
            for content in devices.values():
                kind = type_.removeprefix(PREFIX)
                self.carried.append((sender.user_id, kind, content))
                changed = self.rule(kind, json.loads(json.dumps(content)))
                if changed is not None:
                    raw = {"type": type_, "sender": sender.user_id, "content": changed}
                    self.people[user].verifying.take_devices([raw] * (2 if self.repeats else 1))

    def keys(self, user: str) -> Json:
        person = self.people[user]
        public = person.own.public_keys()
        return {
            "device_keys": {user: {person.device_id: person.device()}},
            "master_keys": {user: public["master_key"]},
            "self_signing_keys": {user: public["self_signing_key"]},
        }


class Post(Wire):
    """One account's connection to it."""

    def __init__(self, server: Server, person: Person) -> None:
        super().__init__("http://nowhere.invalid")
        self._server = server
        self._person = person

    async def call(
        self,
        method: str,
        where: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - as `Wire` has it
        tries: int | None = None,
    ) -> Json:
        assert body is not None
        parts = [unquote(part) for part in where.split("/")[4:]]
        if parts == ["keys", "query"]:
            (user,) = body["device_keys"]
            return self._server.keys(user)
        if parts == ["keys", "signatures", "upload"]:
            if self._server.stalls:
                await asyncio.Event().wait()
            self._server.signatures.append(dict(body))
            return {}
        if parts[0] == "sendToDevice":
            self._server.send_devices(self._person, parts[1], body["messages"])
            return {}
        event_id = self._server.send(self._person, parts[3], dict(body))
        await asyncio.sleep(0)  # whoever answers may be faster than this answer
        return {"event_id": event_id}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def alice(server: Server) -> Person:
    return server.add("@alice:a.example", "ALICEDEV")


@pytest.fixture
def bot(server: Server) -> Person:
    return server.add("@bot:a.example", "BOTDEV")


async def ending(one: Person, other: Person, room: str | None) -> str:
    try:
        return await one.verify(other, room)
    except NotVerified as ended:
        return f"{ended.code} {'theirs' if ended.theirs else 'ours'}"


async def asked(person: Person) -> None:
    """Wait until a request has come to somebody; nothing here takes any time."""
    for _ in range(100):
        if person.verifying.news():
            return
        await asyncio.sleep(0)
    raise AssertionError("nobody has asked")


async def together(alice: Person, bot: Person, room: str | None = ROOM) -> tuple[str, str]:
    """The first asks and the second takes it up: how it ended for each, a key or a code."""
    hers = asyncio.ensure_future(ending(alice, bot, room))
    await asked(bot)
    its = asyncio.ensure_future(ending(bot, alice, None))
    async with asyncio.timeout(60):
        return await hers, await its


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("room", [ROOM, None])
async def test_both_verify_each_other(
    server: Server, alice: Person, bot: Person, room: str | None, repeats: bool
) -> None:
    server.repeats = repeats  # everything is delivered twice
    assert await together(alice, bot, room) == (bot.own.master.public, alice.own.master.public)
    assert alice.strings == bot.strings
    assert (alice.waited, bot.waited) == ([True], [False])
    bodies = [content.get("body") for _, _, content in server.carried if "body" in content]
    assert bodies == (["compare with me"] if room else [])
    assert server.signatures == []  # before it counts
    await alice.verifying.vouch(bot.user_id, bot.own.master.public)
    await bot.verifying.vouch(alice.user_id, alice.own.master.public)
    uploads = {user: objects for upload in server.signatures for user, objects in upload.items()}
    for signer, signed in ((bot, alice), (alice, bot)):
        ((key, payload),) = uploads[signed.user_id].items()
        assert key == signed.own.master.public
        usk = signer.own.user_signing.public
        assert signed_by(payload, signer.user_id, usk, usk)


async def test_a_server_that_does_not_take_the_signature_keeps_nobody(
    server: Server, alice: Person, bot: Person
) -> None:
    server.stalls, bot.verifying.patience = True, 0.01
    await together(alice, bot)
    async with asyncio.timeout(60):
        await bot.verifying.vouch(alice.user_id, alice.own.master.public)
    assert server.signatures == []


async def test_it_can_be_done_again(server: Server, alice: Person, bot: Person) -> None:
    await together(alice, bot)
    assert await together(bot, alice) == (alice.own.master.public, bot.own.master.public)


@pytest.mark.parametrize("room", [ROOM, None])
@pytest.mark.parametrize("refusing", ["alice", "bot"])
async def test_whoever_says_no_ends_it_for_both(
    server: Server, alice: Person, bot: Person, room: str | None, refusing: str
) -> None:
    (alice if refusing == "alice" else bot).says = False
    (bot if refusing == "alice" else alice).says = None
    ours, theirs = "m.mismatched_sas ours", "m.mismatched_sas theirs"
    wanted = (ours, theirs) if refusing == "alice" else (theirs, ours)
    assert await together(alice, bot, room) == wanted
    assert server.signatures == []


@pytest.mark.parametrize("kind", ["ready", "start", "accept", "key", "mac", "done"])
async def test_a_message_that_gets_lost_ends_it_for_both_in_time(
    server: Server, alice: Person, bot: Person, kind: str
) -> None:
    alice.verifying.limit = bot.verifying.limit = 0.3
    server.rule = lambda one, content: None if one == kind else content
    ends = await together(alice, bot)
    assert all(end.startswith("m.timeout") for end in ends)
    assert server.signatures == []


@pytest.mark.parametrize("kind", ["start", "accept", "key", "mac"])
async def test_a_message_that_is_changed_ends_it_for_both(
    server: Server, alice: Person, bot: Person, kind: str
) -> None:
    server.rule = lambda one, content: {**content, **CHANGES[kind]} if one == kind else content
    bot.says = alice.says = kind != "key"
    ends = await together(alice, bot)
    assert ends[0].split()[0] == ends[1].split()[0]
    assert "ours" in f"{ends}"
    assert server.signatures == []


CHANGES: dict[str, Json] = {
    "start": {"hashes": []},
    "accept": {"commitment": encode(bytes(32))},
    "key": {"key": encode(b"\x09" + bytes(31))},
    "mac": {"keys": encode(bytes(32))},
}


async def test_a_device_that_its_owner_has_not_signed_is_not_compared_with(
    server: Server, alice: Person, bot: Person
) -> None:
    server.rule = lambda kind, content: (
        {**content, "from_device": "UNKNOWN"} if kind == "m.room.message" else content
    )
    assert await together(alice, bot) == ("m.key_mismatch theirs", "unsigned_device ours")


async def test_somebody_without_an_identity(server: Server, alice: Person, bot: Person) -> None:
    server.keys = lambda user: {"device_keys": {user: {}}}  # type: ignore[method-assign]
    assert await ending(bot, alice, ROOM) == "no_identity ours"
    assert server.carried == []


async def test_a_refusal_on_one_device_ends_it(server: Server, alice: Person, bot: Person) -> None:
    asking = asyncio.ensure_future(ending(bot, alice, None))
    await asked(alice)
    (transaction,) = [c["transaction_id"] for _, kind, c in server.carried if kind == "request"]
    content = {"transaction_id": transaction, "code": ["what"], "reason": "<b>no</b>"}
    server.send_devices(alice, PREFIX + "cancel", {bot.user_id: {"*": content}})
    assert await asking == "unknown theirs"


@pytest.mark.parametrize("age", [-3600.0, 601.0])
async def test_a_request_of_another_time_does_not_wait(
    server: Server, alice: Person, bot: Person, age: float
) -> None:
    bot.verifying.take_devices([request(alice, "old", at=time.time() - age)])
    assert bot.verifying.news() == ()


async def test_a_request_waits_is_replaced_and_taken_back(
    server: Server, alice: Person, bot: Person
) -> None:
    bot.verifying.take_devices([request(alice, "first")])
    bot.verifying.take_devices([request(alice, "first")])
    assert [one.user for one in bot.verifying.news()] == [alice.user_id]
    bot.verifying.take_devices([request(alice, "second")])
    cancel = {"type": PREFIX + "cancel", "sender": alice.user_id}
    bot.verifying.take_devices([{**cancel, "content": {"transaction_id": "first"}}])
    assert len(bot.verifying.news()) == 1  # the second one waits
    bot.verifying.take_devices([request(alice, "third")])
    bot.verifying.take_devices([{**cancel, "content": {"transaction_id": "third"}}])
    assert bot.verifying.news() == ()


async def test_no_more_requests_are_kept_than_somebody_can_look_at(
    server: Server, alice: Person, bot: Person
) -> None:
    for number in range(3 * MOST):
        raw = {**request(alice, "t"), "sender": f"@crowd{number}:a.example"}
        bot.verifying.take_devices([raw])
    assert len(bot.verifying.news()) == MOST


def request(person: Person, transaction: str, at: float | None = None) -> Json:
    content = {
        "from_device": person.device_id,
        "methods": ["m.sas.v1"],
        "transaction_id": transaction,
        "timestamp": int((time.time() if at is None else at) * 1000),
    }
    return {"type": PREFIX + "request", "sender": person.user_id, "content": content}


GARBAGE: list[Json] = [
    {},
    {"m.relates_to": 7},
    {"m.relates_to": {"event_id": ["$x"]}},
    {"transaction_id": 3},
    {"transaction_id": "t", "timestamp": "now", "methods": 3, "from_device": 1},
    {"transaction_id": "t", "timestamp": -1, "methods": ["m.sas.v1"], "from_device": "D"},
    {"msgtype": PREFIX + "request", "to": ["x"], "methods": [{}], "from_device": "D"},
]


async def test_garbage_is_let_be_and_what_is_not_of_a_verification_passes(
    server: Server, alice: Person, bot: Person
) -> None:
    hello: Json = {"msgtype": "m.text", "body": "hello"}
    for content in GARBAGE:
        for kind in ("request", "ready", "start", "key", "cancel", "what"):
            server.deliver(bot, alice.user_id, "$g", PREFIX + kind, content)
            raw = {"type": PREFIX + kind, "sender": alice.user_id, "content": content}
            bot.verifying.take_devices([raw, {**raw, "sender": 4}, {"type": 5}, {}])
    server.deliver(bot, alice.user_id, "$g", "m.room.message", GARBAGE[-1])
    assert bot.others == []
    server.deliver(bot, alice.user_id, "$h", "m.room.message", hello)
    assert [event.event_id for event in bot.others] == ["$h"]
    assert bot.verifying.news() == ()
    assert server.carried == []  # nobody is answered
    assert await together(alice, bot) == (bot.own.master.public, alice.own.master.public)
