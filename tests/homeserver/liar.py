"""A homeserver's answers to the bot, changed on the way; and all that the bot asked of it."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.matrix.wire import Json
from tests.homeserver.proxy import Forward, body_of

Lie = Callable[[Any], None]  # changes an answer in place


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the bot's."""

    method: str
    path: str
    body: Any


class Liar:
    """The rule of a proxy. A lie is kept up as long as its `with` lasts."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.mailed: list[Json] = []  # to-device messages that the bot was shown
        self._lies: list[tuple[str, Lie]] = []
        self._changed: list[str] = []
        self._said: list[tuple[str, Json]] = []
        self._mail: list[Json] = []

    async def __call__(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw[:1] == b"{" else None
        self.asked.append(Asked(request.method, unquote(request.path), body))
        answer = await forward()
        if answer.status != 200 or answer.content_type != "application/json":
            return answer
        shown = body_of(answer)
        if request.path.endswith("/sync") and "since" in request.query:
            self._news(shown)
        for end, lie in list(self._lies):
            if unquote(request.path).endswith(end):
                lie(shown)
        return web.json_response(shown)

    def _news(self, shown: Json) -> None:
        """What is told once; the truth of the moment goes on after it."""
        self.mailed += shown.get("to_device", {}).get("events", [])
        mail, self._mail = self._mail, []
        shown.setdefault("to_device", {}).setdefault("events", [])[:0] = mail
        changed, self._changed = self._changed, []
        shown.setdefault("device_lists", {}).setdefault("changed", []).extend(changed)
        said, self._said = self._said, []
        for room, event in said:
            joined = shown.setdefault("rooms", {}).setdefault("join", {})
            timeline = joined.setdefault(room, {}).setdefault("timeline", {})
            timeline["events"] = [event, *timeline.get("events", [])]

    @contextmanager
    def lying(self, end: str, lie: Lie) -> Iterator[None]:
        """Change every answer to a path that ends like this."""
        self._lies.append((end, lie))
        try:
            yield
        finally:
            self._lies.remove((end, lie))

    def says(self, room: str, event: Mapping[str, Any]) -> None:
        """With the next sync something happened in a room; anything not given is made up."""
        made_up = {
            "event_id": f"${secrets.token_hex(16)}",
            "origin_server_ts": int(datetime.now(UTC).timestamp() * 1000),
            "content": {},
        }
        self._said.append((room, {**made_up, **event}))

    def has_changed(self, user: str) -> None:
        """With the next sync the bot must ask for somebody's keys again."""
        self._changed.append(user)

    def mails(self, events: Sequence[Json]) -> None:
        """With the next sync these messages come to the bot's device."""
        self._mail += events

    def recipients(self, since: int) -> set[tuple[str, str]]:
        """The devices that the bot has sent something encrypted to, after so many requests; it
        may ask a device for a key that it lacks."""
        where = "/sendToDevice/m.room.encrypted/"
        sent = [one.body["messages"] for one in self.asked[since:] if where in one.path]
        return {(user, device) for to in sent for user, those in to.items() for device in those}

    def puts(self, part: str, since: int = 0) -> list[Asked]:
        """What the bot has put where the path has this part."""
        return [one for one in self.asked[since:] if one.method == "PUT" and part in one.path]
