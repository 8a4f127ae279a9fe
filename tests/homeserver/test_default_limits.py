"""A feedback form, from the question whether at all to the close, at the rate limits that Synapse
has by default.

They leave each account ten messages at once and then one in five seconds: what the bot has to
say queues up, and nothing of it may be lost or overtaken. What comes before, and what is cleaned
up when the meeting is closed, need not wait here.
"""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.composing import FACTS
from demo.homeserver import Homeserver
from demo.operating import ACCOUNTS, BOT, PASSWORD, set_up
from demo.scene import COORDINATOR, FEW, ITEMS, Scene
from demo.stage import RealStage

# What the table reads, in this order, beside messages that are edited in place.
LIVE = {"roll.updated", "polls.overview"}
LOGINS = {"address": {"per_second": 100, "burst_count": 100}}  # of all from one machine
_POLL = ("poll.question", "poll.opened", "poll.closed")
SAID = [
    *(*_POLL, "fiche.opened", *_POLL, *_POLL, *_POLL, "fiche.adopted"),
    *("case.discussed", "minutes.ready", "meeting.closed"),
]


class Limits:
    """What an administrator of the homeserver can spare accounts."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        homeserver.register("admin", PASSWORD, admin=True)
        who = {"type": "m.id.user", "user": "admin"}
        body = {"type": "m.login.password", "identifier": who, "password": PASSWORD}
        answer = homeserver.call("POST", "/_matrix/client/v3/login", body)
        self._token = str(answer["access_token"])

    def lift(self, *names: str) -> None:
        for name in names:
            none = {"messages_per_second": 0, "burst_count": 0}
            self._homeserver.call("POST", self._path(name), none, self._token)

    def restore(self, *names: str) -> None:
        for name in names:
            self._homeserver.call("DELETE", self._path(name), None, self._token)

    def _path(self, name: str) -> str:
        user = f"@{name}:{self._homeserver.server_name}"
        return f"/_synapse/admin/v1/users/{user}/override_ratelimit"


class Timed(RealStage):
    """Notes how long each line waited for its answer, and that answers came in order."""

    def __init__(self, homeserver: Homeserver, folder: Path) -> None:
        bot = set_up(homeserver, folder)
        super().__init__(homeserver, folder, bot, people=tuple(FEW), quiet=True)
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


async def at_the_point(stage: Timed, scene: Scene) -> None:
    """A new case is on the table."""
    await scene.gather()
    scene.first = await notified(stage)
    await stage.say("schepen", f"!toelaten {scene.first}", expect="case.admitted")
    await scene.open("")
    await stage.say(COORDINATOR, "!volgende", expect="agenda")


async def ritual(stage: Timed, scene: Scene) -> list[float]:
    """The form: whether at all, two items, the whole, the paper. How long after the last ballot
    each outcome was shown."""
    items = [f"!punt {item}" for item in ITEMS[:2]]
    for line in (f"!fiche {scene.first}", *items, "!fiche sluiten"):
        await scene.everybody(await stage.say("io", line, expect="poll.opened"), "agree")
    outcomes = [seconds for kind, seconds in stage.waited if kind == "poll.closed"]
    await stage.see("io", "fiche.form", direct=True)
    await stage.say(COORDINATOR, f"!besproken {scene.first} ja", expect="case.discussed")
    await stage.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")
    return outcomes


async def notified(stage: Timed) -> str:
    """The reference of a new notification."""
    await stage.say("schepen", "melden", direct=True, expect="notification.asked")
    for _ in range(2):
        await stage.say("schepen", "ja", direct=True, expect="notification.asked")
    got = await stage.say("schepen", "ja", direct=True, expect="notification.received")
    return str(got["case"])


@pytest.mark.homeserver
async def test_a_form_at_the_default_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Homeserver(rate_limits="default", rc_login=LOGINS) as homeserver:
        stage, limits, everybody = Timed(homeserver, tmp_path), Limits(homeserver), (BOT, *ACCOUNTS)
        limits.lift(*everybody)
        async with stage:
            scene = Scene(stage, people=FEW, guest=None)
            await at_the_point(stage, scene)
            before = len(stage.read())
            limits.restore(*everybody)
            began = time.monotonic()
            outcomes = await ritual(stage, scene)
            lasted = time.monotonic() - began
            limits.lift(BOT)
            await stage.quiet()
        store = json.loads(stage.bot.inspect("--json"))
    read = stage.read()
    said = [one["kind"] for one in read[before:] if one["kind"] not in LIVE]
    assert said == SAID
    assert len({one["id"] for one in read}) == len(read)
    assert not [name for name in ("outbox", "ballot", "poll", "trace") if store[name]]
    longest = max(seconds for _, seconds in stage.waited)
    with capsys.disabled():
        shown = ", ".join(f"{seconds:.0f}" for seconds in outcomes)
        sys.stderr.write(
            f"\nat default limits: outcomes {shown} s after the last ballot, longest wait "
            f"{longest:.0f} s, {lasted:.0f} s from the first word to the close\n"
        )
