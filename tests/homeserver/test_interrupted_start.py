"""The first start, cut off at each of its requests: the same keys afterwards, never a second set.

The folder that goes on is a copy made at the moment of death: nothing was tidied up.
"""

import asyncio
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.matrix.client import MatrixDoor
from bot.matrix.crosssigning import OwnIdentity
from bot.matrix.secretstorage import SECRETS, SecretStorage
from bot.matrix.trust import unpadded
from bot.matrix.vault import Credentials, read_credentials
from bot.matrix.wire import Wire
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import PASSWORD, SEAL, Account, room_of, text, trusted
from tests.homeserver.proxy import Forward, Proxy
from tests.homeserver.test_entering import log_in, shown

pytestmark = pytest.mark.homeserver

DATA = "account_data/"
STEPS = (
    "POST login",
    "POST keys/query",
    f"GET {DATA}m.secret_storage.default_key",
    "POST keys/upload",
    "POST keys/query",
    "POST keys/device_signing/upload",
    "POST keys/query",
    "POST keys/signatures/upload",
    "POST keys/query",
    f"GET {DATA}m.secret_storage.default_key",
    f"GET {DATA}m.secret_storage.key.…",
    f"PUT {DATA}m.secret_storage.key.…",
    *(f"{method} {DATA}{name}" for name in SECRETS for method in ("GET", "PUT")),
    f"GET {DATA}m.secret_storage.default_key",
    f"PUT {DATA}m.secret_storage.default_key",
    "GET profile/displayname",
)
UPLOADS = [number for number, step in enumerate(STEPS) if "upload" in step or "PUT" in step]


@dataclass
class Watched:
    """A rule for the proxy: notes every request, and falls silent at one of them.

    `silent_at`: the step, and how many of its name come before it.
    """

    silent_at: tuple[str, int] | None = None
    forward_it: bool = True
    steps: list[str] = field(default_factory=list)
    bodies: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    silent: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        self.steps.append(label(request))
        at_it = self.silent_at == (self.steps[-1], self.steps[:-1].count(self.steps[-1]))
        reaches = not at_it or self.forward_it
        if reaches:
            body = await request.read()
            self.bodies.append((self.steps[-1], json.loads(body) if body else {}))
            answer = await forward()
        if at_it:
            self.silent.set()
            await asyncio.Event().wait()
        return answer

    def uploaded(self, step: str, part: str) -> list[Any]:
        """That part of each body that reached the server in such a step."""
        return [body[part] for name, body in self.bodies if step in name and part in body]


def label(request: web.Request) -> str:
    """The request without what is different every time."""
    short = request.path.removeprefix("/_matrix/client/v3/")
    if "/account_data/" in short:
        short = DATA + short.partition(f"/{DATA}")[2]
    if "m.secret_storage.key." in short:
        short = short.rpartition(".")[0] + ".…"
    if short.startswith("profile/"):
        short = "profile/displayname"
    return f"{request.method} {short}"


@dataclass
class Start:
    """A bot that has never run, behind a proxy."""

    homeserver: Homeserver
    proxy: Proxy
    bot: Account

    async def die(self, watched: Watched, folder: Path, key: str | None = None) -> None:
        """Start until the rule falls silent; `folder` then holds what was on disk."""
        self.proxy.rule = watched
        door = self.door(self.bot.folder, key)
        dying = asyncio.create_task(door.enter())
        silence = asyncio.create_task(watched.silent.wait())
        await asyncio.wait({dying, silence}, return_when=asyncio.FIRST_COMPLETED)
        assert not dying.done(), "the request was never made"
        shutil.copytree(self.bot.folder, folder)
        dying.cancel()
        await asyncio.wait({dying})
        await door.close()

    async def go_on(self, watched: Watched, folder: Path, key: str | None = None) -> Credentials:
        """Start and stop; what the folder then holds."""
        self.proxy.rule = watched
        door = self.door(folder, key)
        await door.enter()
        await door.close()
        held = read_credentials(folder, SEAL, self.bot.user_id)
        assert held is not None
        return held

    def door(self, folder: Path, key: str | None) -> MatrixDoor:
        user = self.bot.user_id
        return MatrixDoor(self.proxy.url, user, folder, SEAL, PASSWORD, recovery_key=key)

    async def stored(self, held: Credentials) -> tuple[str, tuple[str, ...]]:
        """What the recovery key opens."""
        wire = Wire(self.homeserver.url)
        wire.token = held.token
        storage = SecretStorage(wire, self.bot.user_id)
        found = await storage.fetch(unpadded(held.recovery_key))
        await wire.close()
        return found


@pytest.fixture
async def start(synapse: Homeserver, tmp_path: Path) -> Any:
    async with Proxy(synapse.url) as proxy:
        yield Start(synapse, proxy, Account(synapse, tmp_path))


async def test_a_first_start_takes_these_steps(start: Start) -> None:
    watched = Watched()
    await start.go_on(watched, start.bot.folder)
    assert tuple(watched.steps) == STEPS


async def test_a_second_start_uploads_nothing(start: Start) -> None:
    await start.go_on(Watched(), start.bot.folder)
    watched = Watched()
    await start.go_on(watched, start.bot.folder)
    assert watched.steps
    uploads = [(step, body) for step, body in watched.bodies if "upload" in step or "PUT" in step]
    assert uploads == [("POST keys/upload", {})]  # which asks how many are left


@pytest.mark.parametrize("reached", [True, False], ids=["after", "before"])
@pytest.mark.parametrize(
    "number", range(len(STEPS)), ids=[f"{n}-{step}" for n, step in enumerate(STEPS)]
)
async def test_killed_at_a_step(start: Start, tmp_path: Path, number: int, reached: bool) -> None:
    silent_at = (STEPS[number], STEPS[:number].count(STEPS[number]))
    first, second = Watched(silent_at, reached), Watched()
    await start.die(first, tmp_path / "copy")
    assert tuple(first.steps) == STEPS[: number + 1]
    held = await start.go_on(second, tmp_path / "copy")
    assert_one_set(first, second, held)
    after = shown(start.homeserver, start.bot)
    own = OwnIdentity.of(start.bot.user_id, held.seeds)
    assert own.master.public in str(after["master_keys"])
    assert list(after["device_keys"][start.bot.user_id]) == [held.device_id]
    assert await start.stored(held) == (held.storage_key, held.seeds)


def assert_one_set(first: Watched, second: Watched, held: Credentials) -> None:
    """Whatever reached the server in two runs is of one make."""

    def both(step: str, part: str) -> list[Any]:
        return first.uploaded(step, part) + second.uploaded(step, part)

    device_keys = both("keys/upload", "device_keys")
    assert device_keys
    assert all(one == device_keys[0] for one in device_keys)
    for part, most in (("one_time_keys", 50), ("fallback_keys", 1)):
        names = {
            (name, key["key"]) for keys in both("keys/upload", part) for name, key in keys.items()
        }
        assert len(names) == most
    masters = both("device_signing", "master_key")
    assert masters
    assert all(one == masters[0] for one in masters)
    assert set(both("default_key", "key")) == {held.storage_key}
    for name in SECRETS:
        for encrypted in both(name, "encrypted"):
            assert list(encrypted) == [held.storage_key]


async def test_what_a_killed_bot_was_to_others_it_still_is(
    start: Start, account: Any, tmp_path: Path
) -> None:
    """Killed when all keys were published and the signatures just were not."""
    step = ("POST keys/signatures/upload", 0)
    await start.die(Watched(step, forward_it=False), tmp_path / "copy")
    start.bot.folder = tmp_path / "copy"
    alice = await account()
    await start.bot.open()
    try:
        room = await room_of(start.bot, alice)
        event_id = await alice.door.send(room, "m.room.message", text("hello"), "t")
        assert trusted(await start.bot.hear_id(event_id))
    finally:
        await start.bot.shut()


async def test_answers_that_are_lost_are_asked_for_again(start: Start) -> None:
    """Every upload reaches the server, and the connection is cut before the answer."""
    cut: set[str] = set()

    class Cutting(Watched):
        async def __call__(self, request: web.Request, forward: Forward) -> web.StreamResponse:
            answer = await super().__call__(request, forward)
            step = self.steps[-1]
            if ("upload" in step or "PUT" in step) and step not in cut:
                cut.add(step)
                assert request.transport is not None
                request.transport.abort()
            return answer

    watched = Cutting()
    held = await start.go_on(watched, start.bot.folder)
    assert cut == {STEPS[number] for number in UPLOADS}
    assert_one_set(watched, Watched(), held)
    assert await start.stored(held) == (held.storage_key, held.seeds)
    token = log_in(start.homeserver, start.bot.name)
    devices = start.homeserver.call("GET", "/_matrix/client/v3/devices", token=token)["devices"]
    assert sum(device["device_id"].startswith("TAFELBOT") for device in devices) == 1
