"""A whole meeting at the rate limits that Synapse has by default.

They leave each account ten messages at once and then one in five seconds: what the bot has to
say queues up, and nothing of it may be lost or overtaken.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.composing import FACTS
from demo.homeserver import Homeserver
from demo.operating import set_up
from demo.scene import COORDINATOR, ITEMS, PEOPLE, Scene
from demo.stage import RealStage

SEATS = {who: PEOPLE[who] for who in ("schepen", "io")}

# What the table reads, in this order, beside messages that are edited in place.
LIVE = {"roll.updated", "polls.overview"}
SAID = [
    *("member.added", "member.added", "case.admitted", "meeting.opened", "agenda"),
    *("fiche.opened", "poll.question", "poll.opened", "poll.closed", "poll.ended"),
    *("case.discussed", "minutes.ready", "meeting.closed"),
]


class Timed(RealStage):
    """Notes how long each line waited for its answer, and that answers came in order."""

    def __init__(self, homeserver: Homeserver, folder: Path) -> None:
        bot = set_up(homeserver, folder)
        super().__init__(homeserver, folder, bot, people=tuple(SEATS), quiet=True)
        self.waited: list[tuple[str, float]] = []

    async def say(
        self, who: str, text: str, *, expect: str, direct: bool = False
    ) -> Mapping[str, Any]:
        began = time.monotonic()
        found = await super().say(who, text, expect=expect, direct=direct)
        self.waited.append((expect, time.monotonic() - began))
        return found

    def read(self) -> list[Mapping[str, Any]]:
        """Everything the bot said to the table, as the coordinator's client decrypted it."""
        coordinator = self._members[COORDINATOR]
        events = [e for e in coordinator.events if e.room == coordinator.table]
        return [e.content[FACTS] for e in events if FACTS in e.content]


async def short_meeting(stage: Timed) -> None:
    """Roll call, a new case, one item of its feedback form, minutes and redactions."""
    scene = Scene(stage, people=SEATS, guest=None)
    await scene.gather()
    reference = await notified(stage)
    await stage.say("schepen", f"!toelaten {reference}", expect="case.admitted")
    await stage.say(COORDINATOR, "!vergadering openen", expect="meeting.opened")
    await asyncio.gather(
        *(stage.say(who, "!aanwezig", expect="roll.updated") for who in scene.seated)
    )
    await stage.say(COORDINATOR, "!volgende", expect="agenda")
    await stage.say("io", f"!fiche {reference}", expect="fiche.opened")
    poll = await stage.say("io", f"!punt {ITEMS[0]}", expect="poll.opened")
    await scene.everybody(poll, "agree")
    await stage.say(COORDINATOR, f"!besproken {reference} ja", expect="case.discussed")
    await stage.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")


async def notified(stage: Timed) -> str:
    """The reference of a new notification."""
    await stage.say("schepen", "melden", direct=True, expect="notification.asked")
    for _ in range(2):
        await stage.say("schepen", "ja", direct=True, expect="notification.asked")
    got = await stage.say("schepen", "ja", direct=True, expect="notification.received")
    return str(got["case"])


@pytest.mark.homeserver
async def test_a_whole_meeting_at_the_default_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    with Homeserver(rate_limits="default") as homeserver:
        stage = Timed(homeserver, tmp_path)
        async with stage:
            await short_meeting(stage)
            await stage.quiet()
        store = json.loads(stage.bot.inspect("--json"))
    read = stage.read()
    assert [one["kind"] for one in read if one["kind"] not in LIVE] == SAID
    assert len({one["id"] for one in read}) == len(read)
    assert not [name for name in ("outbox", "ballot", "poll", "trace") if store[name]]
    outcome = next(seconds for kind, seconds in stage.waited if kind == "poll.closed")
    longest = max(seconds for _, seconds in stage.waited)
    with capsys.disabled():
        sys.stderr.write(
            f"\nat default limits: outcome {outcome:.0f} s after the last ballot, longest wait "
            f"{longest:.0f} s, {time.monotonic() - began:.0f} s in all\n"
        )
