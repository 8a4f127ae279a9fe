"""Asking for room keys that did not come (specification, "Key requests")."""

from bot.matrix.machine import Machine
from bot.matrix.people import People
from bot.matrix.trust import MEGOLM
from bot.matrix.wire import Json

MOST_REQUESTS = 1000  # room keys that are asked for at a time


class Asking:
    """What is still to be asked for, and of whom."""

    def __init__(self, machine: Machine, people: People) -> None:
        self._machine = machine
        self._people = people
        self._wanted: list[tuple[str, str, str, str]] = []  # sender, device, room, session
        self._asked: set[str] = set()  # by this process: the one before may have been killed first

    def want(self, room: str, sender: str, content: Json) -> None:
        """Ask the sending device for a room key that did not come, once: of people who sit at
        the table, since nobody else is heard, and each request is noted on disk."""
        session, device = content.get("session_id"), content.get("device_id")
        if not isinstance(session, str) or self._has_or_had(room, sender, session):
            return
        noted = self._machine.outgoing_key_requests
        if not self._people.pinned(sender) or (
            len(noted) >= MOST_REQUESTS and session not in noted
        ):
            return
        if session not in self._asked or session not in noted:
            self._asked.add(session)
            self._machine.note_request(room, session)
            target = device if isinstance(device, str) else "*"
            self._wanted.append((sender, target, room, session))

    def _has_or_had(self, room: str, sender: str, session: str) -> bool:
        """Whether we know the sender's own key, perhaps from a later message on. Somebody else's
        copy of it is not theirs."""
        keys = self._machine.room_keys.of_event(room, {"session_id": session})
        owners = (self._people.owner(sender, key.sender_key, key.ed25519) for key in keys)
        return self._machine.room_keys.has_forgotten(session) or any(owners)

    def due(self) -> list[tuple[str, str, Json]]:
        """The requests not made yet, for `m.room_key_request`: user, device, content."""
        requests, self._wanted = self._wanted, []
        self._machine.outgoing_to_device_messages.clear()  # cancellations, to nobody's use
        return [
            (sender, device, self._request(room, session))
            for sender, device, room, session in requests
        ]

    def _request(self, room: str, session: str) -> Json:
        return {
            "action": "request",
            "body": {"algorithm": MEGOLM, "room_id": room, "session_id": session},
            "request_id": session,
            "requesting_device_id": self._machine.device_id,
        }
