"""Lies about words, devices, identities and rooms: each changes an answer in place."""

from bot.matrix.wire import Json
from demo.scene import Facts
from tests.homeserver.impostor import Impostor

RESPONSE = "org.matrix.msc3381.poll.response"


def relabel(shown: Json, room: str, sender: str, other: str) -> None:
    """What somebody said is shown as somebody else's."""
    for event in timeline(shown, room):
        if event["sender"] == sender:
            event["sender"] = other


def timeline(shown: Json, room: str) -> list[Json]:
    """What a sync shows of a room."""
    joined = shown.get("rooms", {}).get("join", {})
    found: list[Json] = joined.get(room, {}).get("timeline", {}).get("events", [])
    return found


def unsigned(shown: Json, impostor: Impostor) -> None:
    """As it is: it has signed itself, nobody else has."""


def bare(shown: Json, impostor: Impostor) -> None:
    """Without any signature."""
    device(shown, impostor)["signatures"] = {}


def foreign(shown: Json, impostor: Impostor) -> None:
    """Signed by an identity of the server's making; the real one is shown."""
    impostor.forged.vouch(shown)


def misnamed(shown: Json, impostor: Impostor) -> None:
    """The same signature under the name of the real self-signing key."""
    user = impostor.forged.user
    (real,) = shown["self_signing_keys"][user]["keys"]
    (forged,) = impostor.forged.signatures[impostor.device].values()
    device(shown, impostor)["signatures"][user][real] = forged


def device(shown: Json, impostor: Impostor) -> Json:
    """The impostor's device in an answer about keys."""
    found: Json = shown["device_keys"].get(impostor.forged.user, {}).get(impostor.device, {})
    return found


def no_signatures(shown: Json, user: str) -> None:
    for payload in shown["device_keys"].get(user, {}).values():
        payload["signatures"] = {}


def no_identity(shown: Json, user: str) -> None:
    for kind in ("master_keys", "self_signing_keys"):
        shown[kind].pop(user, None)


def no_device(shown: Json, user: str) -> None:
    if user in shown["device_keys"]:
        shown["device_keys"][user] = {}


def truth(_shown: list[Json]) -> None:
    """What there is."""


def replaced(state: list[Json], event: Json) -> None:
    """The state with one event in place of the real one; without any if it is empty."""
    where = (event["type"], event["state_key"])
    state[:] = [one for one in state if (one["type"], one["state_key"]) != where]
    if event["content"]:
        state.append(event)


def answering(poll: Facts, *answers: str) -> Json:
    """A ballot, as clients send it; without answers it takes an earlier one back."""
    relation = {"rel_type": "m.reference", "event_id": poll["poll_event"]}
    return {"m.relates_to": relation, RESPONSE: {"answers": list(answers)}}


def move(shown: Json, room: str, one: Facts, other: Facts) -> None:
    """What is clear of a ballot points to another poll."""
    for event in timeline(shown, room):
        relation = event["content"].get("m.relates_to", {})
        if relation.get("event_id") == one["poll_event"]:
            relation["event_id"] = other["poll_event"]
