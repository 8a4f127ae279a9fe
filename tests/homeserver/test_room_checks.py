"""The table's room on a real homeserver: as a common client makes it, weakened, visited, moved."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.app import App
from bot.composing import FACTS
from bot.desk import Desk
from bot.matrix.client import MatrixDoor
from bot.matrix.door import Event, Hearing
from demo.homeserver import Homeserver
from storage.database import open_database
from tests.hall import TABLE
from tests.homeserver.fixtures import PASSWORD, SEAL, Account, OpenAccount, text
from tests.homeserver.proxy import Forward, Proxy, body_of, pass_on
from tests.homeserver.test_door import MESSAGE, raw_event
from tests.homeserver.test_entering import log_in
from tests.moments import Facts

pytestmark = pytest.mark.homeserver

ROOMS = "/_matrix/client/v3/rooms"
MEGOLM = "m.megolm.v1.aes-sha2"


class Table:
    """The whole bot behind a proxy, and its coordinator with a client of their own."""

    def __init__(self, homeserver: Homeserver, folder: Path, coordinator: Account) -> None:
        self.homeserver = homeserver
        self.coordinator = coordinator
        self.proxy = Proxy(homeserver.url)
        self.bot = homeserver.register(f"bot-{coordinator.name}", PASSWORD)
        self.room = ""
        self.ahead = timedelta()  # how far the bot's clock is
        self._folder = folder
        self._token = log_in(homeserver, coordinator.name)
        self._said = 0

    async def __aenter__(self) -> "Table":
        await self.proxy.__aenter__()
        self.homeserver.register(self.mayor[1:].partition(":")[0], PASSWORD)
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self.proxy.__aexit__(None, None, None)

    @property
    def mayor(self) -> str:
        return self.bot.replace("@bot-", "@mayor-")

    def start(self) -> None:
        """The bot; again, if it was stopped."""
        engine = open_database(f"sqlite:///{self._folder / 'tafelbot.db'}")
        table = replace(TABLE, delegates=(), mayor=self.mayor, coordinator=self.coordinator.user_id)
        door = MatrixDoor(self.proxy.url, self.bot, self._folder / "bot", SEAL, PASSWORD)
        self.desk = Desk(door, engine, SEAL, table, lambda: datetime.now(UTC) + self.ahead)
        self._running = asyncio.create_task(App(self.desk).run())

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.wait({self._running})
        await self.desk.door.close()
        self.desk.engine.dispose()

    async def api(self, method: str, where: str, body: dict[str, Any] | None = None) -> Any:
        """A call in the coordinator's name."""
        return await asyncio.to_thread(self.homeserver.call, method, where, body, self._token)

    async def state(self, type_: str) -> Any:
        return await self.api("GET", f"{ROOMS}/{self.room}/state/{type_}")

    async def set(self, type_: str, content: dict[str, Any]) -> None:
        await self.api("PUT", f"{ROOMS}/{self.room}/state/{type_}", content)

    async def element_room(self, version: str = "10") -> None:
        """A private, encrypted room with the bot in it, as Element makes one."""
        settings = {
            "m.room.encryption": {"algorithm": MEGOLM},
            "m.room.guest_access": {"guest_access": "can_join"},
        }
        body = {
            "preset": "private_chat",
            "visibility": "private",
            "room_version": version,
            "invite": [self.bot],
            "initial_state": [
                {"type": type_, "state_key": "", "content": content}
                for type_, content in settings.items()
            ],
        }
        self.room = (await self.api("POST", "/_matrix/client/v3/createRoom", body))["room_id"]
        await self.coordinator.saw_join(self.room, self.bot)

    async def empower(self) -> None:
        levels = await self.state("m.room.power_levels")
        users = {**levels["users"], self.bot: 100}
        await self.set("m.room.power_levels", {**levels, "users": users})

    async def mended_room(self, version: str = "10") -> None:
        """The same, when it has become the table's and the bot has put it right."""
        await self.element_room(version)
        await self.says("!vergadering openen")
        await self.told("refused")
        await self.empower()
        await self.told("room.mended")

    async def says(self, line: str) -> None:
        self._said += 1
        await self.coordinator.door.send(self.room, MESSAGE, text(line), f"say-{self._said}")

    async def told(self, kind: str, **facts: Any) -> Event:
        """What the bot said to the table, encrypted."""

        def wanted(event: Event) -> bool:
            found = event.content.get(FACTS, {})
            same = all(found.get(name) == value for name, value in facts.items())
            return event.room == self.room and found.get("kind") == kind and same

        event = await self.coordinator.hear(wanted)
        raw = await asyncio.to_thread(
            raw_event, self.homeserver, self.coordinator, self.room, event.event_id
        )
        assert raw["type"] == "m.room.encrypted"
        return event

    def kinds(self) -> list[str]:
        events = [one for one in self.coordinator.events if one.room == self.room]
        return [one.content[FACTS]["kind"] for one in events if FACTS in one.content]


OpenTable = Callable[[], Awaitable[Table]]


@pytest.fixture
async def table(synapse: Homeserver, tmp_path: Path, account: OpenAccount) -> AsyncIterator[Table]:
    async with Table(synapse, tmp_path, await account()) as made:
        yield made


async def test_a_room_as_element_makes_it_is_explained_and_then_mended(table: Table) -> None:
    await table.element_room()
    await table.says("!vergadering openen")
    fault = await table.told("room.fault")
    assert fault.content[FACTS]["faults"] == [
        *("history_open", "guests_allowed", "powerless", "anybody_invites")
    ]
    assert fault.content[FACTS]["empower"]
    refused = await table.told("refused")
    assert refused.content[FACTS]["faults"] == ["history_open"]
    await table.empower()
    mended = await table.told("room.mended")
    assert mended.content[FACTS]["faults"] == ["history_open", "guests_allowed", "anybody_invites"]
    assert table.coordinator.user_id in mended.content["body"]
    assert (await table.state("m.room.history_visibility"))["history_visibility"] == "joined"
    assert (await table.state("m.room.guest_access"))["guest_access"] == "forbidden"
    assert (await table.state("m.room.power_levels"))["invite"] == 50
    assert (await table.state("m.room.power_levels"))["users"][table.coordinator.user_id] == 100
    await table.says("!vergadering openen")
    await table.told("meeting.opened")
    assert table.kinds().count("room.fault") == 1


async def test_every_mendable_setting_is_put_right(table: Table) -> None:
    await table.mended_room()
    for fault, type_, content in (
        ("topic_set", "m.room.topic", {"topic": "dinsdag"}),
        ("telling_name", "m.room.name", {"name": "LIVC Voorbeeldstad"}),
        ("joinable", "m.room.join_rules", {"join_rule": "knock"}),
        ("encryption_weakened", "m.room.encryption", {"algorithm": MEGOLM, **ENDLESS}),
    ):
        await table.set(type_, content)
        await table.told("room.mended", faults=[fault])
        assert await table.state(type_) != content
    assert (await table.state("m.room.encryption")) == {"algorithm": MEGOLM}


async def test_a_setting_that_was_redacted_is_put_back(table: Table) -> None:
    await table.mended_room()
    events = await table.api("GET", f"{ROOMS}/{table.room}/state")
    (setting,) = [one["event_id"] for one in events if one["type"] == "m.room.encryption"]
    await table.api("PUT", f"{ROOMS}/{table.room}/redact/{setting}/t1", {})
    await table.told("room.mended", faults=["encryption_weakened"])
    assert (await table.state("m.room.encryption")) == {"algorithm": MEGOLM}


async def test_the_room_that_the_bot_makes_needs_no_mending(table: Table) -> None:
    coordinator = table.coordinator
    body = {"is_direct": True, "invite": [table.bot], "preset": "private_chat"}
    direct = await table.api("POST", "/_matrix/client/v3/createRoom", {**body, **ENCRYPTED})
    table.room = direct["room_id"]
    await coordinator.saw_join(table.room, table.bot)
    await table.says("kamer maken")

    def invited() -> str | None:
        rooms = [one.room for one in coordinator.invitations if one.sender == table.bot]
        return rooms[0] if rooms else None

    async with asyncio.timeout(120), coordinator._news:
        await coordinator._news.wait_for(invited)
    table.room = str(invited())
    await coordinator.door.join(table.room)
    await table.says("!vergadering openen")
    await table.told("meeting.opened")
    assert not {"room.fault", "room.mended", "stranger.arrived"} & set(table.kinds())


ENDLESS = {"rotation_period_msgs": 10**9, "rotation_period_ms": 10**15}
ENCRYPTED = {
    "initial_state": [
        {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": MEGOLM}}
    ]
}


@pytest.mark.parametrize("shown", [{}, {"algorithm": "m.none"}, {"algorithm": MEGOLM, **ENDLESS}])
async def test_a_server_that_shows_weaker_encryption_is_reported_and_not_obeyed(
    table: Table, shown: Mapping[str, Any]
) -> None:
    await table.mended_room()
    table.proxy.rule = lying(table.room, dict(shown))
    await table.says("!vergadering openen")
    await table.told("room.fault", faults=["encryption_weakened"])
    await table.told("refused", faults=["encryption_weakened"])
    table.proxy.rule = pass_on
    await table.says("!vergadering openen")
    await table.told("room.safe")
    await table.told("meeting.opened")


def lying(room: str, shown: Facts) -> Callable[..., Awaitable[web.StreamResponse]]:
    """A homeserver that shows another encryption setting than the one that was set."""

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not request.path.endswith(f"/rooms/{room}/state") or answer.status != 200:
            return answer
        events = body_of(answer)
        for event in events:
            if event["type"] == "m.room.encryption":
                event["content"] = shown
        return web.Response(body=json.dumps(events).encode(), content_type="application/json")

    return rule


async def test_a_stranger_is_announced_and_their_leaving_too(
    table: Table, account: OpenAccount
) -> None:
    await table.mended_room()
    stranger = await account()
    await table.coordinator.door.invite(table.room, stranger.user_id)
    await stranger.invited(table.room)
    await stranger.door.join(table.room)
    arrived = await table.told("stranger.arrived")
    assert arrived.content[FACTS]["strangers"] == 1
    unread = await stranger.hear_id(arrived.event_id)  # signed device and all
    assert unread.hearing is Hearing.UNREADABLE
    await stranger.door.leave(table.room)
    await table.told("room.safe")


@pytest.mark.parametrize(("version", "newer"), [("10", "11"), ("11", "12")])
async def test_a_room_that_is_upgraded_is_followed(table: Table, version: str, newer: str) -> None:
    await table.mended_room(version)
    old = table.room
    answer = await table.api("POST", f"{ROOMS}/{old}/upgrade", {"new_version": newer})
    await table.told("room.fault", faults=["replaced"])
    table.room = answer["replacement_room"]
    await table.coordinator.door.invite(table.room, table.bot)
    await table.coordinator.saw_join(table.room, table.bot)
    await table.says("!vergadering openen")
    await table.told("room.moved")
    await table.told("meeting.opened")
    await table.coordinator.hear(
        lambda e: (
            e.room == old and e.state_key == table.bot and e.content.get("membership") == "leave"
        )
    )
