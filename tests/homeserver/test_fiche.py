"""A feedback form with a real bot process, undisturbed and killed over and over: the same end."""

import asyncio
import io
import json
import random
import urllib.request
from pathlib import Path

import pytest
from nio.crypto.attachments import decrypt_attachment

from bot.composing import FACTS
from demo.homeserver import Homeserver
from demo.operating import BotProcess, set_up
from demo.scene import COORDINATOR
from demo.stage import RealStage
from tests.french import AGREED, CANARIES, EVERYBODY, Ritual, on_paper
from tests.homeserver.test_whole_meeting import StumblingProcess, assert_forgotten, encrypted

SEED = 511
OF_THE_FORM = ("poll.", "fiche.", "item.", "refused")
_POLLS = {
    "open": ["poll.question", "poll.opened", "poll.closed"],
    "private": ["poll.opened", "poll.closed"],
}

# What is kept when all is over, and how many rows of it.
KEPT = {"account": 5, "member": 5, "case": 2, "meeting": 1, "keyring": 1, "sync_point": 1}


@pytest.mark.parametrize("ballot", ["open", "private"])
@pytest.mark.parametrize("killed", [False, True])
async def test_it_ends_as_if_nobody_had_died(tmp_path: Path, ballot: str, *, killed: bool) -> None:
    with Homeserver() as homeserver:
        bot = set_up(homeserver, tmp_path)
        bot.choose("fr", f'ballot = "{ballot}"')
        if killed:
            bot = StumblingProcess(bot, random.Random(SEED))
        people = tuple(EVERYBODY)
        async with RealStage(homeserver, tmp_path, bot, people=people, quiet=True) as stage:
            ritual = Ritual(stage)
            await ritual.play()
            await stage.quiet()
            paper = await written(homeserver, stage)
            said = encrypted(homeserver, stage)
            told = [kinds(stage, room) for room in stage._members[COORDINATOR].rooms]
        assert told == expected(_POLLS[ballot])
        assert paper == [*AGREED, ritual.code]
        ids = [one for one in stage.said() if one is not None]
        assert len(ids) == len(set(ids))
        assert_kept(bot, tmp_path)
        assert_forgotten(bot, said)


async def written(homeserver: Homeserver, stage: RealStage) -> list[str]:
    """What stands on the only paper that there is."""
    found = {
        (who, event.event_id): event.content
        for who, member in stage._members.items()
        for event in member.events
        if event.content.get(FACTS, {}).get("kind") == "fiche.form"
    }
    (((who, _), content),) = found.items()
    assert who == "io"
    file, token = content["file"], stage._members[who].credentials().token
    media = f"/_matrix/client/v1/media/download/{file['url'].removeprefix('mxc://')}"
    data = await asyncio.to_thread(downloaded, homeserver.url + media, token)
    plain = decrypt_attachment(data, file["key"]["k"], file["hashes"]["sha256"], file["iv"])  # type: ignore[no-untyped-call, unused-ignore]
    return on_paper(io.BytesIO(plain))


def downloaded(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310
        data: bytes = response.read()
        return data


def kinds(stage: RealStage, room: str) -> list[str]:
    """What the coordinator read of the form in a room, in order."""
    events = [e for e in stage._members[COORDINATOR].events if e.room == room]
    found = [e.content[FACTS]["kind"] for e in events if FACTS in e.content]
    return [kind for kind in found if kind.startswith(OF_THE_FORM)]


def expected(poll: list[str]) -> list[list[str]]:
    """At the table, and aside."""
    table = [*poll, "fiche.opened", *poll, *poll, "fiche.closed"]
    items = [*(poll * 4), "refused", "item.waiting", *(poll * 5)]
    return [table, [*poll, "fiche.opened", *items, "fiche.adopted"]]


def assert_kept(bot: BotProcess, folder: Path) -> None:
    """Nothing of the moment, and no word of it in any file or in the log."""
    store = json.loads(bot.inspect("--json"))
    rows = {name: len(found) for name, found in store.items() if found}
    assert {name: rows[name] for name in KEPT} == KEPT
    assert set(rows) == {*KEPT, "room", "seen"}
    for path in (bot.log, *(folder / "data").rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        assert not [canary for canary in CANARIES if canary.encode() in data], path.name
