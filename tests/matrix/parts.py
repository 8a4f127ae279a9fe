"""The encryption side of the bot without a homeserver, and devices that talk to it."""

import itertools
import secrets
from pathlib import Path
from typing import Any

import vodozemac

from bot.matrix.door import Event
from bot.matrix.forgetting import Forgetting
from bot.matrix.keys import Keys
from bot.matrix.machine import Machine, open_machine
from bot.matrix.opening import ENCRYPTED, Opener
from bot.matrix.people import People
from bot.matrix.replays import Replays
from bot.matrix.rooms import Rooms
from bot.matrix.sharing import Sharing
from bot.matrix.trust import MEGOLM, Device, Person, canonical, encode
from bot.matrix.wire import Wire
from storage.seal import Seal

BOT, ROOM = "@bot:a.test", "!room:a.test"
SEAL = Seal(bytes(32))
_events = (f"$e{number}" for number in itertools.count(1))

Raw = dict[str, Any]


class Parts:
    """What the bot has on disk and in memory for its rooms."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._known_key = ""
        self.devices: list[Talker] = []
        self.open()

    def open(self) -> None:
        """As at the start of the process."""
        self.machine = open_machine(self.folder, SEAL, BOT, "DEV", self._known_key)
        self._known_key = self.machine.ed25519
        wire = Wire("http://127.0.0.1:9")
        people = People(wire, self.machine)
        self._people = people
        for talker in self.devices:
            self.meet(talker)
        rooms, self.keys = Rooms(wire, self.machine), Keys(wire, self.machine, people)
        self.sharing = Sharing(self.machine, people, rooms, self.keys)
        self.replays = Replays(self.folder, SEAL)
        self.opener = Opener(self.machine, people, self.replays)
        self.forgetting = Forgetting(self.machine, self.sharing, self.replays)

    def meet(self, talker: "Talker") -> None:
        """Know somebody's device."""
        self._people._learn(talker.user, Person(talker.user, "master", (talker.device,)))

    def pin(self, talker: "Talker") -> None:
        """They sit at the table, under the identity that they are known by."""
        self._people.pin(talker.user, "master")

    def close(self) -> None:
        """As at its end."""
        self.machine.store.database.close()
        self.replays.close()

    def give(self, talker: "Talker", key: "Key") -> None:
        """A room key comes, in an Olm message of a device."""
        curve, ed25519 = talker.device.curve25519, talker.device.ed25519
        self.machine.create_group_session(curve, ed25519, ROOM, key.id, key.start)

    def hear(self, raw: Raw) -> Event | None:
        """What is made of an event."""
        event = self.opener.event(ROOM, raw)
        self.replays.keep()
        return event


class Key:
    """A room key of a device's own, and what it was when it was given away."""

    def __init__(self) -> None:
        self.session = vodozemac.GroupSession()
        self.id = self.session.session_id
        self.start = self.session.session_key.to_base64()


class Talker:
    """Somebody with one signed device."""

    def __init__(self, name: str) -> None:
        self.user = f"@{name}:a.test"
        curve, ed25519 = (encode(secrets.token_bytes(32)) for _ in range(2))
        self.device = Device(self.user, name, ed25519, curve, signed=True)
        self.key = Key()

    def say(self, words: str = "words") -> Raw:
        """An event as the homeserver shows it."""
        content = {"msgtype": "m.text", "body": words}
        inside = {"room_id": ROOM, "type": "m.room.message", "content": content}
        return self.event(self.key, self.key.session.encrypt(canonical(inside)).to_base64())

    def event(self, key: Key, ciphertext: str) -> Raw:
        """The same from its parts."""
        outside = {"algorithm": MEGOLM, "session_id": key.id, "ciphertext": ciphertext}
        return {
            "event_id": next(_events),
            "sender": self.user,
            "type": ENCRYPTED,
            "origin_server_ts": 1,
            "content": outside,
        }


def again(raw: Raw) -> Raw:
    """The same ciphertext as another event."""
    return {**raw, "event_id": next(_events)}


def opens(machine: Machine, raw: Raw) -> bool:
    """Whether any key on disk opens it."""
    message = vodozemac.MegolmMessage.from_base64(raw["content"]["ciphertext"])
    for key in machine.room_keys.load():
        try:
            key._session.decrypt(message)
        except vodozemac.MegolmDecryptionException:
            continue
        return True
    return False
