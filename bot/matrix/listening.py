"""The sync loop: what happened, gaps filled, nothing twice and nothing missed.

The token of a batch is the caller's to store. To-device messages are in the crypto store before
the next request tells the server to forget them.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.matrix.door import Batch, Event, Hearing, Invitation, MatrixRefused
from bot.matrix.keys import ONE_TIME, Keys
from bot.matrix.opening import Opener
from bot.matrix.people import People
from bot.matrix.replays import Replays
from bot.matrix.rooms import Rooms, while_present
from bot.matrix.verifying import Verifying
from bot.matrix.wire import Json, Wire, path

LONG_POLL = 30.0
PAGE = "500"
_FILTER = {
    "presence": {"types": []},
    "account_data": {"types": ["m.direct"]},
    "room": {
        "timeline": {"limit": 100, "lazy_load_members": True},
        "state": {"lazy_load_members": True},
        "ephemeral": {"types": []},
        "account_data": {"types": []},
    },
}
_KEYS_ONLY: Json = {"room": {"rooms": []}, "presence": {"types": []}, "account_data": {"types": []}}
PART = 100  # to-device messages after which there may be more (Synapse)
_log = logging.getLogger("tafelbot.matrix")


class Listening:
    """Hears one account."""

    def __init__(  # noqa: PLR0917 - where all parts meet
        self,
        wire: Wire,
        people: People,
        rooms: Rooms,
        keys: Keys,
        opener: Opener,
        replays: Replays,
        verifying: Verifying,
        us: str,
    ) -> None:
        self._wire = wire
        self._people = people
        self._rooms = rooms
        self._keys = keys
        self._opener = opener
        self._replays = replays
        self._verifying = verifying
        self._us = us
        self.active = False  # whether changes of rooms and devices reach us
        self.direct: Json | None = None  # account data `m.direct`, once it was reported

    async def listen(self, since: str | None) -> AsyncIterator[Batch]:
        """Batches for ever. Without `since`: invitations that wait, then what happens from now."""
        tidying = asyncio.create_task(self._keys.tidy())
        try:
            while True:
                body = await self._sync(since)
                batch = await self._batch(body, since)
                self._replays.keep()
                self.active = True
                yield batch
                self._replays.settle()  # whoever asks for more has done with it
                since = batch.token
                if tidying.done():  # beside the hearing: trouble with keys must not deafen us
                    tidying.result()
                    tidying = asyncio.create_task(self._keys.tidy())
        finally:
            self.active = False
            tidying.cancel()
            await asyncio.wait({tidying})

    async def _sync(self, since: str | None) -> Json:
        query = {"filter": json.dumps(_FILTER), "set_presence": "offline", "timeout": "0"}
        if since is not None:
            query["since"] = since
        if self.active:  # the first answer comes at once, with news or without
            query["timeout"] = str(int(LONG_POLL * 1000))
        return await self._wire.call("GET", path("sync"), query=query, timeout=LONG_POLL + 30)

    async def _batch(self, body: Json, since: str | None) -> Batch:
        self._take_devices(body, complete=self.active)
        keys_arrived = await self._take_keys(body)
        keys_arrived |= not self.active  # or before we were killed, when nobody was told
        await self._people.watch()
        keys_arrived |= self._people.answered()
        rooms = body.get("rooms", {})
        self._take_account_data(body)
        for room, part in {**rooms.get("join", {}), **rooms.get("leave", {})}.items():
            self._take_state(room, part)
        events: list[Event] = []
        if since is not None:
            present = {**rooms.get("leave", {}), **rooms.get("join", {})}
            heard = await asyncio.gather(
                *(self._hear(room, part, since) for room, part in present.items())
            )
            events = self._verifying.take_events(event for part in heard for event in part)
        invited = rooms.get("invite", {}).items()
        invitations = tuple(_invitation(room, part, self._us) for room, part in invited)
        requests = self._verifying.news()
        return Batch(
            token=body["next_batch"],
            events=tuple(events),
            invitations=invitations,
            keys_arrived=keys_arrived,
            verifications=requests,
            moved=self._rooms.news(),
        )

    async def _take_keys(self, body: Json) -> bool:
        """Room keys before the messages under them: a homeserver hands them out in parts."""
        messages = _listed(body.get("to_device"), "events")
        arrived = self._take_messages(messages)
        while len(messages) >= PART:
            query = {"filter": json.dumps(_KEYS_ONLY), "since": body["next_batch"], "timeout": "0"}
            body = await self._wire.call("GET", path("sync"), query=query)
            messages = _listed(body.get("to_device"), "events")
            arrived |= self._take_messages(messages)
        return arrived

    def _take_messages(self, messages: list[Json]) -> bool:
        arrived = self._keys.receive(messages)
        self._verifying.take_devices([*messages, *self._keys.opened()])
        return arrived

    def _take_devices(self, body: Json, *, complete: bool) -> None:
        if not complete:
            self._people.all_changed()
            self._rooms.all_moved()
        lists = body.get("device_lists", {})
        self._people.changed(lists.get("changed", []))
        self._people.gone(lists.get("left", []))
        if "device_one_time_keys_count" in body:
            left = body["device_one_time_keys_count"].get(ONE_TIME, 0)
            self._keys.left = left if isinstance(left, int) else 0
        if "device_unused_fallback_key_types" in body:
            self._keys.fallback_used = ONE_TIME not in body["device_unused_fallback_key_types"]

    def _take_account_data(self, body: Json) -> None:
        for event in _listed(body.get("account_data"), "events"):
            if event.get("type") == "m.direct" and isinstance(event.get("content"), dict):
                self.direct = event["content"]

    def _take_state(self, room: str, part: Json) -> None:
        """Whatever changed the room's state, or may have in a gap, outdates what we know."""
        timeline = part.get("timeline", {})
        events = _listed(part.get("state"), "events") + _listed(timeline, "events")
        self._rooms.moved(room, [event for event in events if _moves(event)])
        if timeline.get("limited"):
            self._rooms.moved(room, [{}])

    async def _hear(self, room: str, part: Json, since: str) -> list[Event]:
        timeline = part.get("timeline", {})
        raws = _listed(timeline, "events")
        if timeline.get("limited"):
            raws = await self._gap(room, timeline.get("prev_batch"), since) + raws
        raws = while_present(raws, self._us)
        unique = {raw.get("event_id"): raw for raw in raws if raw.get("sender") != self._us}
        events = await self._opener.events(room, list(unique.values()))
        for event in events:
            if event.hearing is Hearing.UNREADABLE:
                self._keys.asking.want(room, event.sender, unique[event.event_id]["content"])
        return events

    async def _gap(self, room: str, start: str | None, until: str) -> list[Json]:
        """What the server left out between the last sync and this timeline, oldest first."""
        found: list[Json] = []
        while start is not None:
            query = {"dir": "b", "from": start, "to": until, "limit": PAGE}
            try:
                page = await self._wire.call("GET", path("rooms", room, "messages"), query=query)
            except MatrixRefused as refusal:
                _log.warning("gap in %s cannot be filled (%s)", room, refusal)
                break
            chunk = _listed(page, "chunk")
            found += chunk
            start = page.get("end") if chunk else None
        if found:
            _log.info("gap of %d events filled", len(found))
        return found[::-1]


def _listed(part: Any, name: str) -> list[Json]:
    items = part.get(name) if isinstance(part, Mapping) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _moves(event: Json) -> bool:
    """Whether it changes the room's state: also by emptying an event of it."""
    return "state_key" in event or event.get("type") == "m.room.redaction"


def _invitation(room: str, part: Json, us: str) -> Invitation:
    for event in _listed(part.get("invite_state"), "events"):
        if event.get("type") == "m.room.member" and event.get("state_key") == us:
            direct = (event.get("content") or {}).get("is_direct") is True
            return Invitation(room, str(event.get("sender")), direct)
    return Invitation(room, "", direct=False)
