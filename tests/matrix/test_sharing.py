"""Who is handed a room key, and when it is renewed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from bot.matrix.keys import ONE_TIME, Keys
from bot.matrix.machine import Machine, open_machine
from bot.matrix.people import People
from bot.matrix.rooms import Rooms
from bot.matrix.sharing import Sharing
from bot.matrix.trust import Device, Person
from bot.matrix.wire import Json, Wire
from storage.seal import Seal

BOT, ALICE, MALLORY = "@bot:a.test", "@alice:a.test", "@mallory:a.test"
ROOM = "!room:a.test"


class Post(Wire):
    """A homeserver that hands out one-time keys, and notes to whom something is sent."""

    def __init__(self, machines: dict[str, Machine]) -> None:
        super().__init__("http://127.0.0.1:9")
        self._machines = machines
        self.reached: list[str] = []

    async def call(self, method: str, where: str, **more: Any) -> Json:
        body = more.get("body")
        if "/sendToDevice/" in unquote(where) and body is not None:
            self.reached += sorted(body["messages"])
        if not where.endswith("/keys/claim") or body is None:
            return {}
        return {"one_time_keys": {user: self._claimed(user) for user in body["one_time_keys"]}}

    def _claimed(self, user: str) -> Json:
        machine = self._machines[user]
        machine.account.generate_one_time_keys(1)
        ((name, key),) = machine.account.one_time_keys["curve25519"].items()
        machine.account.mark_keys_as_published()
        return {machine.device_id: {f"{ONE_TIME}:{name}": machine.signed({"key": key})}}

    async def call_list(self, method: str, where: str) -> list[Any]:
        """Everybody is in the room."""
        return [
            {
                "type": "m.room.member",
                "state_key": user,
                "sender": user,
                "content": {"membership": "join"},
            }
            for user in self._machines
        ]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    users = (BOT, ALICE, MALLORY)
    machines = {}
    for number, user in enumerate(users):
        folder = tmp_path / str(number)
        folder.mkdir()
        machines[user] = open_machine(folder, Seal(bytes(32)), user, "DEV", "")
    yield Post(machines)
    for machine in machines.values():
        machine.store.database.close()


@pytest.fixture
def sharing(post: Post) -> Sharing:
    """Everybody in the room is pinned and has one signed device."""
    machine = post._machines[BOT]
    people = People(post, machine)
    for user, other in post._machines.items():
        device = Device(user, "DEV", other.ed25519, other.curve25519, signed=True)
        people.pin(user, "master")
        people._learn(user, Person(user, "master", (device,)))
        people._outdated.discard(user)
    return Sharing(machine, people, Rooms(post, machine), Keys(post, machine, people))


async def test_what_is_for_one_only_they_can_read(sharing: Sharing, post: Post) -> None:
    """Whoever else the room holds, and although they were given its key a moment ago."""
    before = await sharing.encrypt(ROOM, {"type": "m.room.message", "content": {}})
    assert post.reached == [ALICE, MALLORY]
    after = await sharing.encrypt(ROOM, {"type": "m.room.message", "content": {}}, {ALICE})
    assert post.reached == [ALICE, MALLORY, ALICE]
    assert after["session_id"] != before["session_id"]
    again = await sharing.encrypt(ROOM, {"type": "m.room.message", "content": {}}, {ALICE})
    assert again["session_id"] == after["session_id"]
