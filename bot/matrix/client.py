"""`MatrixDoor`: the one real door, put together from its parts."""

import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bot.matrix import media
from bot.matrix.acts import Acts, invited_directly
from bot.matrix.admission import Patience
from bot.matrix.crosssigning import OwnIdentity
from bot.matrix.door import (
    Batch,
    CannotStart,
    Content,
    Event,
    Fingerprint,
    MatrixRefused,
    RoomFacts,
    RoomPlan,
    Standing,
)
from bot.matrix.entering import log_in, open_crypto
from bot.matrix.forgetting import Forgetting
from bot.matrix.identity import Access, have_identity
from bot.matrix.keys import Keys
from bot.matrix.listening import Listening
from bot.matrix.machine import Machine
from bot.matrix.opening import ENCRYPTED, Opener
from bot.matrix.people import People
from bot.matrix.reading import Reading
from bot.matrix.replays import Replays
from bot.matrix.rooms import Rooms, facts
from bot.matrix.sharing import Sharing
from bot.matrix.talk import Talk
from bot.matrix.vault import OnlyOne, Vault
from bot.matrix.verifying import Verifying
from bot.matrix.wire import FEW, Wire, path
from bot.rules.room import Fault
from storage.seal import Seal

PATIENCE = Patience()


class MatrixDoor:
    """One Matrix account on one homeserver; see `bot.matrix.door.Door`."""

    def __init__(
        self,
        homeserver: str,
        user_id: str,
        folder: Path,
        seal: Seal,
        password: str | None = None,
        *,
        recovery_key: str | None = None,
        tell: Callable[[str], bool] | None = None,
        patience: Patience = PATIENCE,
    ) -> None:
        """`recovery_key` is for joining an identity that the account has; `tell` shows one that
        was made, and says whether it could; `patience` is with a session that is not let in."""
        self.user_id = user_id
        self._folder = folder
        self._seal = seal
        self._access = Access(password, recovery_key, tell or (lambda _key: False))
        self._wire = Wire(homeserver, patience)
        self._held = ExitStack()
        self._name = user_id.removeprefix("@").partition(":")[0]
        self._own: OwnIdentity
        self.verifying: Verifying  # once inside
        self._direct_senders: dict[str, str] = {}
        logging.getLogger("nio").setLevel(logging.CRITICAL)  # it may print what it decrypts
        logging.getLogger("peewee").setLevel(logging.WARNING)  # it prints every query

    async def enter(self) -> None:
        """Log in or take up the old session; have our cross-signing identity in place."""
        try:
            await self._enter()
        except MatrixRefused as refusal:
            await self.close()
            raise CannotStart(
                f"The homeserver refuses something that the bot needs to start ({refusal})."
            ) from None
        except BaseException:
            await self.close()
            raise

    async def _enter(self) -> None:
        self._held.enter_context(OnlyOne(self._folder))
        vault = Vault(self._folder, self._seal, self.user_id)
        known = bool(vault.credentials.device_key)
        replays = Replays(self._folder, self._seal, known=known)
        self._held.callback(replays.close)
        machine = self._held.enter_context(open_crypto(vault, self._folder, self._seal, replays))
        await log_in(self._wire, vault, machine, self._access.password)
        await self._assemble(vault, machine, replays)
        await self._learn_name()

    async def _assemble(self, vault: Vault, machine: Machine, replays: Replays) -> None:
        """The parts of the door, with our identity in place."""
        self._people = People(self._wire, machine)
        keys = Keys(self._wire, machine, self._people)
        self._own = await have_identity(self._wire, vault, machine, keys, self._access)
        self._people.pin(self.user_id, self._own.master.public)
        self._rooms = Rooms(self._wire, machine)
        self._sharing = Sharing(machine, self._people, self._rooms, keys)
        self._forgetting = Forgetting(machine, self._sharing, replays)
        self._machine, self._keys = machine, keys
        opener = Opener(machine, self._people, replays)
        self._reading = Reading(self._wire, opener, keys, replays, self.user_id)
        self._acts = Acts(self._wire, self._rooms, self.user_id)
        self.verifying = Verifying(self._wire, self._own, machine.device_id, machine.ed25519)
        self._listening = Listening(
            self._wire,
            self._people,
            self._rooms,
            keys,
            opener,
            replays,
            self.verifying,
            self.user_id,
        )

    async def listen(self, since: str | None) -> AsyncIterator[Batch]:
        """What happens from `since` on, for ever; replays nothing and skips nothing."""
        async for batch in self._listening.listen(since):
            for invitation in batch.invitations:
                if invitation.direct:
                    self._direct_senders[invitation.room] = invitation.sender
            yield batch

    async def send(
        self,
        room: str,
        type_: str,
        content: Content,
        txn: str,
        *,
        only: Collection[str] | None = None,
    ) -> str:
        """Send encrypted to cross-signed devices only, with `only` to those of these users,
        whoever else is in the room; the event id. Same `txn`, same event."""
        self._freshen()
        await self._rooms.state(room)
        if not self._rooms.encrypted(room):
            raise MatrixRefused("NOT_ENCRYPTED")
        sealed = await self._sharing.encrypt(room, {"type": type_, "content": dict(content)}, only)
        if "m.relates_to" in content:  # the server needs it, and clients look for it here
            sealed["m.relates_to"] = content["m.relates_to"]
        return await self._put(room, ENCRYPTED, sealed, txn)

    async def send_clear(self, room: str, content: Content, txn: str) -> str:
        """An `m.room.message` without encryption: only for a constant word to the unheard."""
        return await self._put(room, "m.room.message", content, txn)

    async def _put(self, room: str, type_: str, content: Content, txn: str) -> str:
        where = path("rooms", room, "send", type_, txn)
        return str((await self._wire.call("PUT", where, body=content))["event_id"])

    async def redact(self, room: str, event_id: str, txn: str) -> None:
        """Take an event's content off the server, as far as it goes."""
        await self._wire.call("PUT", path("rooms", room, "redact", event_id, txn), body={})

    async def upload(self, data: bytes, name: str, mimetype: str) -> dict[str, Any]:
        """Encrypt and upload; an `m.file` content of it (body, filename, info, file)."""
        return await media.upload(self._wire, data, name, mimetype)

    async def fetch(self, room: str, event_id: str) -> Event | None:
        """One event again, decrypted; None when the server no longer has it."""
        self._freshen()
        return await self._reading.fetch(room, event_id)

    async def recent_own(self, room: str, limit: int) -> list[tuple[str, Content]]:
        """Our own last messages in a room, newest first: (event id, decrypted content)."""
        return await self._reading.recent_own(room, limit)

    def keyed_rooms(self) -> frozenset[str]:
        """The rooms of which there is something to forget."""
        asked_for = {one.room_id for one in self._machine.outgoing_key_requests.values()}
        return self._machine.room_keys.rooms() | asked_for

    async def forget_keys(self, room: str, *, own: bool = True) -> None:
        """Be unable from now on to read what was said in a room and has been acted upon; with
        `own` also what we said there. What comes next is heard. Can be repeated."""
        await self._forgetting.forget(room, own=own)
        await self._keys.renew_fallback()

    async def create_room(self, plan: RoomPlan) -> str:
        """Make a room, or find the one already made for the plan's marker."""
        room = await self._acts.create_room(plan)
        if plan.direct and plan.invite:
            self._listening.direct = await self._acts.flag_direct(room, plan.invite[0])
        return room

    async def join(self, room: str) -> None:
        """Accept an invitation; a direct one is noted as such in our account data."""
        await self._acts.join(room)
        sender = self._direct_senders.pop(room, None)
        if sender is not None:
            self._listening.direct = await self._acts.flag_direct(room, sender)

    async def leave(self, room: str) -> None:
        """Idempotent: leaving where we are not is no error."""
        await self._acts.leave(room)

    async def invite(self, room: str, user: str) -> None:
        """Idempotent: inviting somebody who is in or invited is no error."""
        await self._acts.invite(room, user)

    async def remove(self, room: str, user: str) -> None:
        """Idempotent: removing somebody who is not there is no error."""
        await self._acts.remove(room, user)

    async def room(self, room: str) -> RoomFacts | None:
        """None when we are not in it."""
        try:
            state = await self._rooms.state(room, anew=True)
        except MatrixRefused as refusal:
            if refusal.status in (403, 404):
                return None
            raise
        if self._listening.direct is None:
            self._listening.direct = await self._acts.direct_rooms()
        listed = any(room in (rooms or ()) for rooms in self._listening.direct.values())
        direct = listed or invited_directly(state, self.user_id)
        return facts(state, self.user_id, encrypted=self._rooms.encrypted(room), direct=direct)

    async def mend(self, room: str, fault: Fault, name: str, keep: Collection[str] = ()) -> None:
        """Put one fault right, as far as one state event can; `keep` go on governing the room."""
        await self._acts.mend(room, fault, name, keep)

    async def standing(self, user: str) -> Standing:
        """Asks the server anew."""
        await self._people.ask([user], FEW)
        person = self._people.person(user)
        nothing = Standing(identity=False, signed_devices=0, answered=False)
        return person.standing if person else nothing

    async def verify(self, user: str, room: str | None, talk: Talk) -> str:
        """Compare emoji with a user: the master key that was verified; `NotVerified` if not."""
        return await self.verifying.verify(user, room, talk)

    async def vouch(self, user: str, master_key: str) -> None:
        """Sign an identity that was verified, for our own account to see; nothing depends on it."""
        await self.verifying.vouch(user, master_key)

    def pin(self, user: str, master_key: str | None) -> None:
        """Only this identity of the user counts from now on; None: not known yet, no keys."""
        self._people.pin(user, master_key)

    def unpin(self, user: str) -> None:
        """The user is not one of ours any more: no room keys for them."""
        self._people.unpin(user)

    def identities(self) -> Mapping[str, str]:
        """The master key that the server shows of each of ours, pinned or not."""
        return self._people.identities()

    def display_name(self) -> str:
        """Our own; members may call us by it."""
        return self._name

    async def read(self, room: str, event_id: str) -> None:
        """A read receipt: the quiet sign that something was heard."""
        await self._wire.call("POST", path("rooms", room, "receipt", "m.read", event_id), body={})

    @property
    def fingerprint(self) -> Fingerprint:
        """Our public master key."""
        return Fingerprint(self._own.master.public)

    async def close(self) -> None:
        """Let go of connections and files; `enter` may follow."""
        await self._wire.close()
        self._held.close()

    def _freshen(self) -> None:
        """While nobody listens, changes do not reach us: then nothing remembered may be used."""
        if not self._listening.active:
            self._rooms.all_moved()
            self._people.all_changed()

    async def _learn_name(self) -> None:
        try:
            profile = await self._wire.call("GET", path("profile", self.user_id, "displayname"))
        except MatrixRefused:
            return
        if isinstance(profile.get("displayname"), str):
            self._name = profile["displayname"]
