"""Somebody's server that refuses connections, seen from a real homeserver; and rooms made once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.matrix.door import Hearing, RoomPlan
from bot.matrix.wire import path
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import PASSWORD, Account, OpenAccount
from tests.homeserver.proxy import Forward, Proxy
from tests.homeserver.test_entering import log_in
from tests.homeserver.test_room_checks import Table
from tests.homeserver.test_weather import Behind

pytestmark = pytest.mark.homeserver

FAR = "@x:127.0.0.1:9"


@pytest.fixture(scope="module")
def federating() -> Iterator[Homeserver]:
    """It may speak with any other homeserver, if there is one."""
    with Homeserver(federation_domain_whitelist=None, ip_range_blacklist=[]) as homeserver:
        yield homeserver


@pytest.fixture
async def table(federating: Homeserver, tmp_path: Path) -> AsyncIterator[Table]:
    coordinator = Account(federating, tmp_path)
    await coordinator.open()
    async with Table(federating, tmp_path, coordinator) as made:
        yield made
    await coordinator.shut()


class Calls:
    """Counts what was asked of the homeserver, and waits for it."""

    def __init__(self, proxy: Proxy) -> None:
        self.seen: Counter[str] = Counter()
        self._news = asyncio.Condition()
        proxy.rule = self._rule

    async def _rule(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        async with self._news:
            kind = request.path.rpartition("/")[2]
            self.seen["ask in" if FAR in request.path or kind == "invite" else kind] += 1
            self._news.notify_all()
        return answer

    async def more(self, kind: str, count: int) -> None:
        """Wait until so many more have been answered."""
        wanted = self.seen[kind] + count
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: self.seen[kind] >= wanted)


async def test_a_server_that_refuses_connections_silences_no_table(table: Table) -> None:
    await table.mended_room()
    calls = Calls(table.proxy)
    await table.says(f"!lid toevoegen {FAR} partner school")
    await table.told("member.added", unreached=True)
    await table.says("!status")
    await table.told("status")
    await table.told("invitation.waits")
    table.ahead += timedelta(hours=1)
    table.desk.bell.set()
    await calls.more("ask in", 3)  # into the table's room and into their own
    assert calls.seen["createRoom"] == 1
    await table.stop()
    table.start()
    await table.says("!leden")
    await table.told("members")
    table.ahead += timedelta(hours=1)
    table.desk.bell.set()
    await calls.more("ask in", 3)
    assert calls.seen["createRoom"] == 1  # it is found again
    await table.says(f"!lid verwijderen {FAR}")
    await table.told("member.removed")
    await table.says("!acties")
    await table.told("actions")
    assert table.kinds().count("invitation.waits") == 1
    assert "invitation.failed" not in table.kinds()
    assert "removal.failed" not in table.kinds()


async def test_who_cannot_be_removed_reads_no_more_of_us(
    table: Table, federating: Homeserver, tmp_path: Path
) -> None:
    member = Account(federating, tmp_path)
    await member.open()
    await table.mended_room()
    await table.says(f"!lid toevoegen {member.user_id} partner school")
    await member.invited(table.room)
    await member.door.join(table.room)
    await table.coordinator.saw_join(table.room, member.user_id)

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        if request.path.endswith("/kick"):
            return web.Response(status=504, text="gateway time-out")
        return await forward()

    table.proxy.rule = rule
    await table.says(f"!lid verwijderen {member.user_id}")
    await table.told("removal.waits")
    await table.says("!agenda")
    said = await table.told("agenda")
    assert (await member.hear_id(said.event_id)).hearing is Hearing.UNREADABLE
    await member.shut()


async def test_a_suspended_account_says_it_later(table: Table, federating: Homeserver) -> None:
    await table.mended_room()
    federating.register("admin", PASSWORD, admin=True)
    token = log_in(federating, "admin")

    async def suspend(*, really: bool) -> None:
        where = f"/_synapse/admin/v1/suspend/{table.bot}"
        await asyncio.to_thread(federating.call, "PUT", where, {"suspend": really}, token)

    refused = asyncio.Event()

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if "/send/" in request.path and answer.status == 403:
            refused.set()
        return answer

    table.proxy.rule = rule
    await suspend(really=True)
    await table.says("!status")
    await table.says("!leden")
    async with asyncio.timeout(30):
        await refused.wait()
    await suspend(really=False)
    table.ahead += timedelta(minutes=2)
    table.desk.bell.set()
    await table.told("status")
    await table.told("members")


async def test_a_room_whose_making_was_answered_by_an_error_is_made_once(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    alice = await account()
    made: list[int] = []

    async def rule(request: web.Request, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if request.path.endswith("/createRoom"):
            made.append(answer.status)
            return web.Response(status=504, text="gateway time-out")
        return answer

    async with Proxy(synapse.url, rule) as proxy:
        bot = Behind(synapse, tmp_path, proxy)
        await bot.open()
        plan = RoomPlan("marker", "R", (alice.user_id,), direct=True)
        room = await bot.door.create_room(plan)
        assert made == [200]
        assert await bot.door.create_room(plan) == room
        joined = await bot.door._wire.call("GET", path("joined_rooms"))
        assert joined["joined_rooms"] == [room]
        invitation = await alice.invited(room)
        assert invitation.direct
        assert [one.room for one in alice.invitations] == [room]
        await bot.shut()
