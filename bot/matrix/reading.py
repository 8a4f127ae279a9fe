"""Looking things up again: one event, or what we said last."""

import json
from typing import Any

from bot.matrix.door import Content, Event, Hearing, MatrixRefused
from bot.matrix.keys import Keys
from bot.matrix.opening import ENCRYPTED, Opener
from bot.matrix.replays import Replays
from bot.matrix.wire import Json, Wire, path

MOST_PAGES = 10


class Reading:
    """Reads back from the homeserver."""

    def __init__(self, wire: Wire, opener: Opener, keys: Keys, replays: Replays, us: str) -> None:
        self._wire = wire
        self._opener = opener
        self._keys = keys
        self._replays = replays
        self._us = us

    async def fetch(self, room: str, event_id: str) -> Event | None:
        """One event again, decrypted; None when the server no longer has it, or not for us."""
        try:
            raw = await self._wire.call("GET", path("rooms", room, "event", event_id))
        except MatrixRefused as refusal:
            if refusal.status in {403, 404}:
                return None
            raise
        if raw.get("event_id") != event_id or "redacted_because" in (raw.get("unsigned") or {}):
            return None
        events = await self._opener.events(room, [raw])
        self._replays.keep()
        if not events:
            return None
        if events[0].hearing is Hearing.UNREADABLE:
            self._keys.asking.want(room, events[0].sender, raw["content"])
        return events[0]

    async def recent_own(self, room: str, limit: int) -> list[tuple[str, Content]]:
        """Our own last messages, newest first; only what our own device encrypted."""
        found: list[tuple[str, Content]] = []
        where, start = path("rooms", room, "messages"), ""
        for _ in range(MOST_PAGES):
            query = {"dir": "b", "limit": "100", "filter": _by(self._us)}
            page = await self._wire.call("GET", where, query=query | _from(start))
            chunk = page.get("chunk") or []
            found += [own for raw in chunk if (own := self._own(room, raw)) is not None]
            start = page.get("end") or ""
            if not chunk or not start or len(found) >= limit:
                break
        self._replays.keep()
        return found[:limit]

    def _own(self, room: str, raw: Json) -> tuple[str, Content] | None:
        content: Any = raw.get("content")
        if raw.get("sender") != self._us or raw.get("type") != ENCRYPTED:
            return None
        if not isinstance(content, dict) or not content.get("ciphertext"):
            return None
        opened, event_id = self._opener.open(room, raw), str(raw.get("event_id"))
        if opened is None or not self._opener.is_ours(opened, event_id):
            return None
        return event_id, opened.content


def _by(sender: str) -> str:
    return json.dumps({"senders": [sender], "lazy_load_members": True})


def _from(token: str) -> dict[str, str]:
    return {"from": token} if token else {}
