"""A homeserver that shows an identity of its own from the very first moment (promise 3)."""

from pathlib import Path

import pytest

from bot.composing import FACTS
from bot.matrix.door import Event
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import PASSWORD, OpenAccount
from tests.homeserver.impostor import Impostor
from tests.homeserver.liar import Liar
from tests.homeserver.test_room_checks import Table

pytestmark = pytest.mark.homeserver


async def test_no_case_is_touched_for_a_coordinator_nobody_has_compared(
    account: OpenAccount, synapse: Homeserver, tmp_path: Path
) -> None:
    """The server is the coordinator, and no fingerprint in the settings says otherwise."""
    coordinator, liar = await account(), Liar()
    table = Table(synapse, tmp_path, coordinator)
    table.proxy.rule = liar
    user, folder = coordinator.user_id, tmp_path / "impostor"
    folder.mkdir()
    async with Impostor(synapse.url, user, folder, table.bot, PASSWORD) as impostor:
        with liar.lying("/keys/query", impostor.forged.show):
            async with table:
                client = impostor.client
                await client.open_direct()
                assert client.direct is not None
                await client.type(client.direct, "leden")
                listed = await client.facts(client.direct, "members", 0)
                (row,) = [row for row in listed["rows"] if row["key"]]
                assert (row["key"], row["standing"]) == (impostor.forged.master, "seen")
                await client.type(client.direct, "melden")
                refused = await client.facts(client.direct, "refused", 0)
                assert refused["reason"] == "not_compared"
    assert coordinator.door.fingerprint.master_key != impostor.forged.master
    assert not [event for event in coordinator.events if told(event)]


def told(event: Event) -> bool:
    """Whether the real coordinator can read something of the bot's."""
    return FACTS in event.content
