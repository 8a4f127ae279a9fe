"""nio's Olm machine with the corners closed that it leaves open.

The machine keeps the Olm account, the sessions with other devices and the room keys in its
SQLite store. Which devices to believe is not its affair: `people.py` tells it.
"""

import logging
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import peewee  # type: ignore[import-untyped]
from nio.crypto import Olm, OlmDevice, TrustState
from nio.crypto.key_request import OutgoingKeyRequest
from nio.crypto.sessions import InboundGroupSession
from nio.events import ForwardedRoomKeyEvent, OlmEvent, RoomKeyEvent, ToDeviceEvent
from nio.store import SqliteStore

from bot.matrix.door import CannotStart
from bot.matrix.roomkeys import RoomKeys
from bot.matrix.trust import MEGOLM, Device, Person
from bot.matrix.vault import STORE, WAY_BACK
from bot.matrix.wire import Json
from storage.seal import Seal

MENDING_INTERVAL = timedelta(hours=1)
_log = logging.getLogger("tafelbot.matrix")

LOST_STORE = (
    "The crypto store in {folder} is missing or damaged, but the account's session is there. "
    + WAY_BACK
)


class Machine(Olm):
    """Encryption of one device."""

    def __init__(
        self, user_id: str, device_id: str, store: SqliteStore, room_keys: RoomKeys
    ) -> None:
        self.room_keys = room_keys  # first: nio's machine loads what is stored while it is made
        super().__init__(user_id, device_id, store)
        self.broken: set[tuple[str, str]] = set()  # (user, identity key) of useless Olm sessions
        self.opened: list[Json] = []  # what came encrypted and is not for the machine itself

    def load(self) -> None:
        """What is stored; the room keys from a table of our own."""
        super().load()
        self.inbound_group_store = self.room_keys.held

    def save_inbound_group_session(self, session: InboundGroupSession) -> None:
        """Into that table."""
        self.room_keys.add(session)

    @property
    def ed25519(self) -> str:
        """Our device's public signing key."""
        return str(self.account.identity_keys["ed25519"])

    @property
    def curve25519(self) -> str:
        """Our device's public identity key."""
        return str(self.account.identity_keys["curve25519"])

    def device_keys(self) -> Json:
        """Our device as it is published, signed by itself."""
        keys = {
            "algorithms": list(self._algorithms),
            "device_id": self.device_id,
            "user_id": self.user_id,
            "keys": {
                f"curve25519:{self.device_id}": self.curve25519,
                f"ed25519:{self.device_id}": self.ed25519,
            },
        }
        return self.signed(keys)

    def signed(self, payload: Json) -> Json:
        """The payload with the device's signature."""
        signature = self.sign_json(payload)
        return {**payload, "signatures": {self.user_id: {f"ed25519:{self.device_id}": signature}}}

    def new_fallback_key(self) -> None:
        """Make a fallback key, unless one waits to be published."""
        account: Any = self.account._account  # its type stub does not know fallback keys
        if not account.fallback_key:
            account.generate_fallback_key()

    def renew_fallback_key(self) -> None:
        """Make a fallback key such that none from before opens anything: the account keeps the
        one before the newest."""
        account: Any = self.account._account
        account.generate_fallback_key()
        account.generate_fallback_key()

    def fallback_keys(self) -> dict[str, str]:
        """The fallback key that waits to be published, if any."""
        account: Any = self.account._account
        return {name: key.to_base64() for name, key in account.fallback_key.items()}

    def seal_for(self, device: Device, type_: str, content: Json) -> Json | None:
        """An Olm message for one device; None without a session with it."""
        session = self.session_store.get(device.curve25519)
        recipient = self.device_store[device.user_id].get(device.device_id)
        if session is None or recipient is None:
            return None
        sealed: Json = self._olm_encrypt(  # type: ignore[no-untyped-call]
            session, recipient, type_, content
        )
        return sealed

    def learn(self, person: Person) -> None:
        """Take over a person's devices; those signed by their owner count as verified."""
        self.device_store._entries[person.user_id] = {
            device.device_id: OlmDevice(
                device.user_id,
                device.device_id,
                {"ed25519": device.ed25519, "curve25519": device.curve25519},
                trust_state=TrustState.verified if device.signed else TrustState.unset,
            )
            for device in person.devices
        }

    def receive(self, raw: Json) -> bool:
        """Take in an Olm message; True when it brought a room key. Never raises."""
        try:
            event = ToDeviceEvent.parse_event(raw)
            if not isinstance(event, OlmEvent):
                return False
            return isinstance(self.decrypt_event(event), RoomKeyEvent)
        except Exception as error:  # whatever a stranger sends, the others must be heard
            _log.warning("unusable to-device message (%s)", type(error).__name__)
            self._note_broken(raw)
            return False

    def _note_broken(self, raw: Json) -> None:
        sender, content = raw.get("sender"), raw.get("content")
        key = content.get("sender_key") if isinstance(content, dict) else None
        if isinstance(sender, str) and isinstance(key, str):
            self.broken.add((sender, key))

    def create_group_session(
        self, sender_key: str, sender_fp_key: str, room_id: str, session_id: str, session_key: str
    ) -> None:
        """A room key never replaces the one that is there, nor one that was there."""
        if self.room_keys.may_come(room_id, sender_key, session_id):
            super().create_group_session(
                sender_key, sender_fp_key, room_id, session_id, session_key
            )

    def together(self) -> AbstractContextManager[None]:
        """What is stored within it is stored as a whole, or not at all if we are killed."""
        together: AbstractContextManager[None] = self.store.database.atomic()
        return together

    def note_request(self, room: str, session_id: str) -> None:
        """Remember that we asked for a room key: only then may an answer be accepted."""
        request = OutgoingKeyRequest(session_id, session_id, room, MEGOLM)
        self.outgoing_key_requests[session_id] = request
        self.store.add_outgoing_key_request(request)

    def drop_requests(self, room: str) -> None:
        """From now on no answer for that room is accepted."""
        for request in [r for r in self.outgoing_key_requests.values() if r.room_id == room]:
            del self.outgoing_key_requests[request.request_id]
            self.store.remove_outgoing_key_request(request)

    def may_mend(self, device: Device) -> bool:
        """Not when a session was made lately: somebody could keep us busy making new ones."""
        session = self.session_store.get(device.curve25519)
        if session is None:
            return True
        age: timedelta = datetime.now() - session.creation_time  # noqa: DTZ005 - as nio writes it
        return age >= MENDING_INTERVAL

    def _handle_olm_event(self, sender: str, sender_key: str, payload: Json) -> Any:
        """Verification messages may come encrypted too."""
        if str(payload["type"]).startswith("m.key.verification."):
            self.opened.append({**payload, "sender": sender})
            return None
        return super()._handle_olm_event(sender, sender_key, payload)

    def _mark_device_for_unwedging(self, sender: str, sender_key: str) -> None:
        """Remembered even for a device that we do not know yet."""
        self.broken.add((sender, sender_key))

    def _should_accept_forward(
        self, sender: str, sender_key: str, event: ForwardedRoomKeyEvent
    ) -> bool:
        """Only what we asked for, from the signed device that owns the session itself."""
        request = self.outgoing_key_requests.get(event.session_id)
        if request is None or request.room_id != event.room_id or event.algorithm != MEGOLM:
            return False
        if not self.room_keys.may_come(event.room_id, sender_key, event.session_id):
            return False
        device = self.device_store.device_from_sender_key(sender, sender_key)
        content: dict[str, Any] = event.source["content"]
        return (
            device is not None
            and device.verified
            and content.get("sender_key") == device.curve25519
            and content.get("sender_claimed_ed25519_key") == device.ed25519
        )


def open_machine(folder: Path, seal: Seal, user_id: str, device_id: str, known_key: str) -> Machine:
    """Open the store, or make it when `known_key` is empty; a lost one is never made anew."""
    if known_key and not (folder / STORE).exists():
        raise CannotStart(LOST_STORE.format(folder=folder))
    try:
        store = SqliteStore(user_id, device_id, str(folder), seal.derive("nio store").hex(), STORE)
        room_keys = RoomKeys(store, seal.derive("room key"))
        machine = Machine(user_id, device_id, store, room_keys)
    except (peewee.DatabaseError, ValueError, TypeError):  # vodozemac's errors are ValueErrors
        raise CannotStart(LOST_STORE.format(folder=folder)) from None
    if known_key and machine.ed25519 != known_key:
        store.database.close()
        raise CannotStart(LOST_STORE.format(folder=folder))
    return machine
