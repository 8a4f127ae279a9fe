"""An account that already has an identity: joined with the recovery key, or left alone."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.matrix import recovery
from bot.matrix.client import MatrixDoor
from bot.matrix.crosssigning import new_seeds
from bot.matrix.door import CannotStart, Fingerprint
from bot.matrix.secretstorage import DEFAULT_KEY, SECRETS
from bot.matrix.trust import unpadded
from bot.matrix.vault import read_credentials
from bot.matrix.wire import path
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import PASSWORD, SEAL, Account
from tests.homeserver.proxy import Forward, Proxy, body_of
from tests.homeserver.test_entering import log_in

pytestmark = pytest.mark.homeserver

Lie = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Two:
    """An account with an identity made in one folder, and a bot that comes in another one."""

    homeserver: Homeserver
    proxy: Proxy
    made: Account
    folder: Path
    recovery_key: str = ""
    fingerprint: Fingerprint = field(default_factory=lambda: Fingerprint(""))

    async def make(self) -> None:
        door = MatrixDoor(
            self.homeserver.url, self.made.user_id, self.made.folder, SEAL, PASSWORD, tell=self.tell
        )
        await door.enter()
        self.fingerprint = door.fingerprint
        await door.close()

    def tell(self, key: str) -> bool:
        assert not self.recovery_key, "it is told once"
        self.recovery_key = key
        return True

    async def come(self, recovery_key: str | None) -> Fingerprint:
        """The bot starts in its own folder; the fingerprint it has then."""
        user = self.made.user_id
        door = MatrixDoor(
            self.proxy.url, user, self.folder, SEAL, PASSWORD, recovery_key=recovery_key
        )
        try:
            await door.enter()
            return door.fingerprint
        finally:
            await door.close()

    def data(self, type_: str) -> dict[str, Any]:
        return self.homeserver.call("GET", self._data(type_), token=self.token())

    def put(self, type_: str, content: Mapping[str, Any]) -> None:
        self.homeserver.call("PUT", self._data(type_), dict(content), token=self.token())

    def published(self) -> Any:
        body: dict[str, Any] = {"device_keys": {self.made.user_id: []}}
        answer = self.homeserver.call("POST", path("keys", "query"), body, self.token())
        return answer.get("master_keys", {}).get(self.made.user_id, {}).get("keys")

    def token(self) -> str:
        return log_in(self.homeserver, self.made.name)

    def _data(self, type_: str) -> str:
        return path("user", self.made.user_id, "account_data", type_)


@pytest.fixture
async def new(synapse: Homeserver, tmp_path: Path) -> AsyncIterator[Two]:
    """An account that nobody has logged in to."""
    async with Proxy(synapse.url) as proxy:
        yield Two(synapse, proxy, Account(synapse, tmp_path / "made"), tmp_path / "bot")


@pytest.fixture
async def two(new: Two) -> Two:
    """An account with an identity."""
    await new.make()
    return new


async def test_the_recovery_key_is_told_once_and_kept_sealed(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    await two.make()
    held = read_credentials(two.made.folder, SEAL, two.made.user_id)
    assert held is not None
    assert unpadded(held.recovery_key) == recovery.read_typed(two.recovery_key)
    bare = two.recovery_key.replace(" ", "")
    assert bare not in caplog.text.replace(" ", "")
    for file in two.made.folder.iterdir():
        assert held.recovery_key.encode() not in file.read_bytes()
        assert bare.encode() not in file.read_bytes()


async def test_the_recovery_key_joins_the_identity(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    before = two.published()
    assert "speak and read as the bot" not in caplog.text
    assert await two.come(two.recovery_key) == two.fingerprint
    assert "speak and read as the bot" in caplog.text  # the one that made it
    assert two.published() == before
    assert await two.come(None) == two.fingerprint  # from its own folder from now on


async def test_a_joined_identity_leaves_secret_storage_as_it_is(two: Two) -> None:
    names = (DEFAULT_KEY, *SECRETS)
    before = [two.data(name) for name in names]
    await two.come(two.recovery_key)
    assert [two.data(name) for name in names] == before


async def test_without_a_recovery_key_it_is_left_alone(two: Two) -> None:
    before = two.published()
    with pytest.raises(CannotStart, match="recovery_key_file"):
        await two.come(None)
    assert two.published() == before


@pytest.mark.parametrize("typed", ["", "hunter2", "EsTc LW2K"])
async def test_what_is_no_recovery_key(two: Two, typed: str) -> None:
    with pytest.raises(CannotStart, match="not a recovery key") as caught:
        await two.come(typed)
    assert "hunter2" not in str(caught.value)


async def test_a_wrong_recovery_key_and_then_the_right_one(two: Two) -> None:
    with pytest.raises(CannotStart, match="does not open"):
        await two.come(recovery.typed(recovery.new_key()))
    assert await two.come(two.recovery_key) == two.fingerprint


async def test_an_identity_without_secret_storage(two: Two) -> None:
    two.put(DEFAULT_KEY, {})
    with pytest.raises(CannotStart, match="no secret storage"):
        await two.come(two.recovery_key)


async def test_a_secret_storage_of_another_kind(two: Two) -> None:
    name = f"m.secret_storage.key.{two.data(DEFAULT_KEY)['key']}"
    two.put(name, {**two.data(name), "algorithm": "m.secret_storage.v9"})
    with pytest.raises(CannotStart, match="kind"):
        await two.come(two.recovery_key)


def other_key(two: Two, name: str) -> dict[str, Any]:
    """A secret that is encrypted for somebody else's key."""
    key_id = two.data(DEFAULT_KEY)["key"]
    sealed = recovery.encrypt(new_seeds()[0], recovery.new_key(), name)
    return {"encrypted": {key_id: sealed}}


def no_seed(two: Two, name: str) -> dict[str, Any]:
    """A secret that is well encrypted and no private key."""
    key_id = two.data(DEFAULT_KEY)["key"]
    sealed = recovery.encrypt("c2hvcnQ", recovery.read_typed(two.recovery_key), name)
    return {"encrypted": {key_id: sealed}}


def nothing(_two: Two, _name: str) -> dict[str, Any]:
    return {}


def garbage(_two: Two, _name: str) -> dict[str, Any]:
    return {"encrypted": ["garbage"]}


@pytest.mark.parametrize("spoil", [other_key, no_seed, nothing, garbage])
@pytest.mark.parametrize("name", SECRETS)
async def test_secrets_that_are_not_all_there(
    two: Two, name: str, spoil: Callable[[Two, str], dict[str, Any]]
) -> None:
    two.put(name, spoil(two, name))
    with pytest.raises(CannotStart, match="whole cross-signing identity"):
        await two.come(two.recovery_key)


@pytest.mark.parametrize("name", SECRETS)
async def test_secrets_that_are_not_those_of_the_published_identity(two: Two, name: str) -> None:
    """Even who has the recovery key cannot make the bot sign with other keys than shown."""
    key, key_id = recovery.read_typed(two.recovery_key), two.data(DEFAULT_KEY)["key"]
    sealed = recovery.encrypt(new_seeds()[0], key, name)
    two.put(name, {"encrypted": {key_id: sealed}})
    before = two.published()
    with pytest.raises(CannotStart, match="not those of"):
        await two.come(two.recovery_key)
    assert two.published() == before


def hidden(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "master_keys": {}, "self_signing_keys": {}, "user_signing_keys": {}}


def emptied(answer: dict[str, Any]) -> dict[str, Any]:
    users = answer.get("master_keys", {})
    return {**answer, "master_keys": {user: {"keys": 5} for user in users}}


def unsigned(answer: dict[str, Any]) -> dict[str, Any]:
    keys = answer.get("self_signing_keys", {})
    bare = {user: {**key, "signatures": {}} for user, key in keys.items()}
    return {**answer, "self_signing_keys": bare}


def lying(lie: Lie) -> Any:
    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith("/keys/query"):
            return answer
        body = json.dumps(lie(body_of(answer)))
        return web.Response(body=body.encode(), content_type="application/json")

    return rule


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (hidden, "shows no cross-signing identity"),
        (emptied, "not those of"),
        (unsigned, "not those"),
    ],
    ids=["hidden", "emptied", "unsigned"],
)
async def test_a_server_that_lies_about_the_identity_to_be_joined(
    two: Two, lie: Lie, said: str
) -> None:
    two.proxy.rule = lying(lie)
    with pytest.raises(CannotStart, match=said):
        await two.come(two.recovery_key)


async def test_garbage_in_place_of_an_identity_is_an_identity(two: Two) -> None:
    two.proxy.rule = lying(emptied)
    with pytest.raises(CannotStart, match="already has"):
        await two.come(None)


def answering(answer: dict[str, Any], part: str, content: Any) -> dict[str, Any]:
    return {**answer, part: content}


@pytest.mark.parametrize("part", ["device_keys", "master_keys", "self_signing_keys"])
async def test_garbage_in_place_of_keys_is_refused(new: Two, part: str) -> None:
    """Never a crash, and never taken for nothing."""
    user, before = new.made.user_id, await new.come(None)
    garbage: list[Any] = [5, [], "x", {user: 5}, {user: []}, {user: {"keys": 5}}]
    for content in garbage:
        new.proxy.rule = lying(partial(answering, part=part, content=content))
        with pytest.raises(CannotStart):
            await new.come(None)
    new.proxy.rule = lying(lambda answer: answer)
    assert await new.come(None) == before


async def test_signatures_that_do_not_appear_stop_the_bot(new: Two) -> None:
    """Others would neither believe it nor write to it."""
    new.proxy.rule = lying(unsigned)
    with pytest.raises(CannotStart, match="device as signed"):
        await new.come(None)
    new.proxy.rule = lying(lambda answer: answer)
    await new.come(None)


async def test_secret_storage_of_somebody_elses_making_stops_a_first_start(new: Two) -> None:
    for content in ({"key": "theirs"}, {"key": 5}, {"other": "garbage"}):
        new.put(DEFAULT_KEY, content)
        with pytest.raises(CannotStart, match="secret storage"):
            await new.come(None)
    assert new.published() is None


async def test_an_identity_offered_in_place_of_the_bots_own_stops_it(
    new: Two, synapse: Homeserver, tmp_path: Path
) -> None:
    other = Account(synapse, tmp_path / "other")
    await new.come(None)
    await other.door.enter()
    body: dict[str, Any] = {"device_keys": {other.user_id: []}}
    theirs = synapse.call("POST", path("keys", "query"), body, log_in(synapse, other.name))
    await other.door.close()
    renamed = json.loads(json.dumps(theirs).replace(other.user_id, new.made.user_id))
    new.proxy.rule = lying(lambda _answer: dict(renamed))
    with pytest.raises(CannotStart, match="another cross-signing identity"):
        await new.come(None)
    new.proxy.rule = lying(lambda answer: answer)
    await new.come(None)


async def test_a_server_that_forgot_everything_is_given_the_same_again(new: Two) -> None:
    """It may hide what it was given: the bot uploads what it has and makes nothing new."""
    before = await new.come(None)
    published, name = new.published(), new.data(DEFAULT_KEY)["key"]
    for secret in (DEFAULT_KEY, f"m.secret_storage.key.{name}", *SECRETS):
        new.put(secret, {})
    assert await new.come(None) == before
    assert (new.published(), new.data(DEFAULT_KEY)["key"]) == (published, name)
    assert all(new.data(secret)["encrypted"] for secret in SECRETS)


async def test_secret_storage_that_somebody_replaced_is_left_alone(
    new: Two, caplog: pytest.LogCaptureFixture
) -> None:
    before = await new.come(None)
    new.put(DEFAULT_KEY, {"key": "theirs"})
    assert await new.come(None) == before
    assert new.data(DEFAULT_KEY) == {"key": "theirs"}
    assert "no longer the bot's own" in caplog.text


async def test_a_server_that_refuses_secret_storage_does_not_stop_the_bot(
    new: Two, caplog: pytest.LogCaptureFixture
) -> None:
    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if request.method == "PUT" and "/account_data/" in request.path:
            return web.json_response({"errcode": "M_FORBIDDEN"}, status=403)
        return await forward()

    caplog.set_level(logging.WARNING)
    new.proxy.rule = rule
    before = await new.come(None)
    assert "refused the bot's secret storage" in caplog.text
    new.proxy.rule = lying(lambda answer: answer)
    assert await new.come(None) == before
    assert new.data(DEFAULT_KEY)["key"]
