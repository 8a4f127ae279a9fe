"""The stage of the demo: a real homeserver, a client for each member, the bot as a process."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bot.composing import FACTS
from bot.matrix.door import Event
from bot.matrix.recovery import typed
from bot.matrix.trust import unpadded
from demo.homeserver import Homeserver
from demo.member import PATIENCE, Member
from demo.operating import BOT, PASSWORD, BotProcess
from demo.scene import COORDINATOR, GUEST, PEOPLE


class RealStage:
    """See `demo.scene.Stage`. Prints what the members' clients decrypted."""

    def __init__(
        self,
        homeserver: Homeserver,
        folder: Path,
        bot: BotProcess,
        *,
        people: Sequence[str] = (*PEOPLE, GUEST),
        quiet: bool = False,
    ) -> None:
        self._people = (COORDINATOR, *people)
        self._homeserver = homeserver
        self._folder = folder
        self._quiet = quiet
        self._shown: set[str] = set()
        self._members: dict[str, Member] = {}
        self.bot = bot

    async def __aenter__(self) -> "RealStage":
        for who in self._people:
            folder = self._folder / who
            folder.mkdir()
            url, user = self._homeserver.url, self.user_id(who)
            member = Member(url, user, PASSWORD, folder, self.user_id(BOT))
            member.watch = self._show
            self._members[who] = member
        await asyncio.gather(*(member.start() for member in self._members.values()))
        self.bot.know("coordinator", self._members[COORDINATOR].master_key)
        self.bot.start()
        await self._members[COORDINATOR].open_direct()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(member.stop() for member in self._members.values()))
        await asyncio.to_thread(self.bot.end)

    async def say(
        self, who: str, text: str, *, expect: str, direct: bool = False
    ) -> Mapping[str, Any]:
        member = self._members[who]
        room, start = self._room(member, direct=direct), len(member.events)
        if direct:
            self._print(f" ┆ {who}: {text}")
        await member.type(room, text)
        return await member.facts(room, expect, start)

    async def votes(self, voters: Sequence[str], poll: Mapping[str, Any], answer: str) -> None:
        members = [self._members[who] for who in voters]
        await asyncio.gather(*(one.votes(poll, answer) for one in members))

    async def see(self, who: str, kind: str, *, direct: bool = False) -> Mapping[str, Any]:
        member = self._members[who]
        return await member.newest(self._room(member, direct=direct), kind)

    async def come(self, who: str) -> None:
        """Clients join by themselves; wait until they have."""
        await self._members[who].has(table=True, direct=True)

    async def quiet(self) -> None:
        """Wait until nothing is left that the bot still has to do."""
        async with asyncio.timeout(PATIENCE):
            while json.loads(await asyncio.to_thread(self.bot.inspect, "--json"))["outbox"]:
                pass

    def recovery_key(self, who: str) -> str:
        """With which a person who logs in as somebody verifies themselves."""
        return typed(unpadded(self._members[who].credentials().recovery_key))

    def said(self) -> list[str | None]:
        """The ids of everything the bot said and the coordinator's client decrypted."""
        events = self._members[COORDINATOR].events
        return [e.content[FACTS].get("id") for e in events if FACTS in e.content]

    def user_id(self, who: str) -> str:
        return f"@{who}:{self._homeserver.server_name}"

    def chapter(self, title: str) -> None:
        self._print(f"\n── {title} " + "─" * (70 - len(title)))

    def today(self) -> date:
        return datetime.now(UTC).date()

    def _room(self, member: Member, *, direct: bool) -> str:
        room = member.direct if direct else member.table
        assert room is not None
        return room

    def _show(self, event: Event) -> None:
        """Each event once, as the first client decrypted it."""
        if event.event_id in self._shown or self._quiet:
            return
        self._shown.add(event.event_id)
        table = self._members[COORDINATOR].table
        for line in shown(event, apart=event.room != table):
            self._print(line)

    def _print(self, line: str) -> None:
        if not self._quiet:
            print(line, flush=True)


def shown(event: Event, *, apart: bool) -> list[str]:
    """An event as lines of the transcript; `apart`: in a direct room."""
    side = "┆" if apart else " "
    who = event.sender.removeprefix("@").partition(":")[0]
    content = event.content
    if event.type == "org.matrix.msc3381.poll.start":
        start = content["org.matrix.msc3381.poll.start"]
        answers = " | ".join(a["org.matrix.msc1767.text"] for a in start["answers"])
        return [f" {side} {who}: [peiling] ( {answers} )"]
    if event.type == "org.matrix.msc3381.poll.response":
        return [f" {side} {who}: [kiest in de peiling]"]
    body = content.get("body")
    if event.type != "m.room.message" or not isinstance(body, str) or event.state_key is not None:
        return []
    edited = "m.new_content" in content
    first, *rest = body.removeprefix("* ").split("\n")
    mark = " (bijgewerkt)" if edited else ""
    lines = [f" {side} {who}{mark}: {first}", *(f" {side}    {line}" for line in rest if line)]
    return lines[:1] if edited else lines
