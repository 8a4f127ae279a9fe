"""What a member's client makes of what was said: what it has read, and what it can still open."""

from typing import Any

from demo.operating import BOT
from tests.interop.driver import Member, MemberError, Seen
from tests.interop.stage import POLL, PeerStage, api, raw_events

Raw = dict[str, Any]


def is_speech(stage: PeerStage, event: Seen, room: str = "") -> bool:
    """Whether it is something that the bot said, readable or not."""
    types = ("m.room.message", "m.room.encrypted", POLL)
    where = room in {"", event["room_id"]}
    return where and event["sender"] == stage.user_id(BOT) and event["type"].startswith(types)


def as_read(member: Member) -> dict[str, Seen]:
    """Each event as it was first decrypted, before it was edited or redacted."""
    found: dict[str, Seen] = {}
    for event in member.reports:
        if event["type"] != "m.room.encrypted" and not event["redacted"]:
            found.setdefault(event["event_id"], event)
    return found


async def unread(stage: PeerStage, member: Member) -> set[str]:
    """What the bot said that a client could not read, unless it came to it as redacted already."""
    read = as_read(member)
    missing = {e["event_id"]: e for e in member.reports if is_speech(stage, e)}
    found = set[str]()
    for event_id in missing.keys() - read.keys():
        (raw, *_) = await single(member, missing[event_id]["room_id"], event_id)
        by = raw.get("unsigned", {}).get("redacted_because", {}).get("sender")
        first = next(e for e in member.reports if e["event_id"] == event_id)
        if not (first["redacted"] and raw["content"] == {} and by == stage.user_id(BOT)):
            found.add(event_id)
    return found


async def opens(member: Member, event: Raw) -> bool:
    """Whether a device can decrypt an event that is handed to it."""
    found: Seen = await member.open(event=event)
    return found["failure"] is None and found["type"] != "m.room.encrypted"


def is_secret(event: Raw) -> bool:
    """Whether it holds something that a key opens."""
    return event["type"] == "m.room.encrypted" and "ciphertext" in event["content"]


async def shown(member: Member, room: str) -> list[Raw]:
    """All that the homeserver still shows a member of a room, edits beside what they edit, and
    what the member's device makes of it."""
    found = list[Raw]()
    for event in await raw_events(member, room):
        edit = event.get("unsigned", {}).get("m.relations", {}).get("m.replace", {})
        for one in (event, edit):
            found.append(one)
            if "content" in one and is_secret(one):
                found.append(await member.open(event=one))
    return found


async def single(member: Member, room: str, event: str) -> list[Raw]:
    """One event, and all that refers to it, as the homeserver shows them."""
    one = await member.request(path=api("rooms", room, "event", event))
    path = api("rooms", room, "relations", event).replace("v3", "v1", 1)
    return [one, *(await member.request(path=path))["chunk"]]


async def refusals(member: Member, room: str, event: str) -> set[str]:
    """What a member is answered who wants to be in a room, or to see anything of it."""
    asks = [("POST", api("join", room)), ("POST", api("knock", room))]
    views = ("messages", "state", "members", "joined_members")
    asks += [("GET", api("rooms", room, view)) for view in views]
    asks += [("GET", api("rooms", room, view, event)) for view in ("event", "context")]
    asks.append(("GET", api("rooms", room, "relations", event).replace("v3", "v1", 1)))
    return {await _answer(member, method, path) for method, path in asks}


async def _answer(member: Member, method: str, path: str) -> str:
    query = {"dir": "b"} if path.endswith("messages") else {}
    body: Raw | None = {} if method == "POST" else None
    try:
        await member.request(method=method, path=path, query=query, body=body)
    except MemberError as refused:
        return "no" if "403" in str(refused) or "404" in str(refused) else str(refused)
    return f"{method} {path}"
