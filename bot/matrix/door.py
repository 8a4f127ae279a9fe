"""What the rest of the bot may know of Matrix: plain facts in, plain acts out.

`bot.matrix.client` is the one real door; tests put a fake one in its place. Nothing here
imports nio.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.matrix.talk import Talk, VerificationRequest
from bot.rules.room import MEGOLM, Fault

Content = Mapping[str, Any]


class Hearing(StrEnum):
    """How an event reached us, which decides whether it is believed (promise 3)."""

    TRUSTED = "trusted"  # encrypted, from a device that its owner has cross-signed
    UNSIGNED = "unsigned"  # encrypted, from a device that nobody vouches for
    UNREADABLE = "unreadable"  # encrypted, and the key has not reached us
    CLEAR = "clear"  # not encrypted: a homeserver could have written it


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a room's timeline or state, never one of our own.

    `at` is the server's claim, in UTC. `content` is the decrypted content (empty when
    unreadable), with the clear `m.relates_to` of the envelope where the inside has none; that of a
    redaction has the event it empties as `redacts`.
    `identity` is the master key that vouches for the device of a trusted event.
    """

    event_id: str
    room: str
    sender: str
    at: datetime
    type: str
    content: Content
    hearing: Hearing
    state_key: str | None = None
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody asks us into a room; `direct` is what their client claimed about it."""

    room: str
    sender: str
    direct: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What one sync brought, gaps filled, in order within each room.

    `token` may be stored once everything in the batch has been fully processed.
    `keys_arrived`: room keys came with it, or news of whose they are, so that unreadable events
    may be readable now.
    `verifications`: requests that wait for `Door.verify`; nothing was answered to them.
    `moved`: rooms whose state is or may be another one now, also when no event here says so.
    """

    token: str
    events: tuple[Event, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    keys_arrived: bool = False
    verifications: tuple[VerificationRequest, ...] = ()
    moved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """A room to be made: encrypted, `joined` visibility, invite only, no guests, no topic.

    `marker` is a random word kept in the room's state, so that a creation that was interrupted
    before we learnt the room's id is found again and not repeated.
    """

    marker: str
    name: str
    invite: tuple[str, ...] = ()
    direct: bool = False


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A room as it is now. `encrypted` stays true once it was seen true; all the rest is what
    the homeserver shows of the room's state, which is not encrypted and can be made up.

    `governors`: who besides us may change encryption, history, join rules, guest access or power
    levels. `redactors`: who besides us may redact what others said. `set_by`: fault → who set what
    it would be about. `may_mend`: what our power lets us put right. `upgraded_by`: who named
    `replaced_by`, if the power levels let them.
    """

    encrypted: bool
    joined: frozenset[str]
    invited: frozenset[str]
    history_visibility: str
    join_rule: str
    guest_access: str
    topic: str
    may_redact: bool
    may_invite: bool
    may_remove: bool
    replaced_by: str | None = None
    flagged_direct: bool = False  # an invitation or our own account data called it direct
    name: str = ""
    algorithm: str = MEGOLM
    rotation_messages: int | None = None
    rotation_ms: int | None = None
    aliased: bool = False
    bridged: bool = False
    anybody_invites: bool = False
    anybody_governs: bool = False
    governors: frozenset[str] = frozenset()
    redactors: frozenset[str] = frozenset()
    set_by: Mapping[Fault, str] = field(default_factory=dict)
    may_mend: frozenset[Fault] = frozenset()
    upgraded_by: str | None = None
    predecessor: str | None = None
    creator: str = ""
    names: Mapping[str, str] = field(default_factory=dict)  # what members call themselves there


class MatrixRefused(Exception):
    """The homeserver answered with a final error; retrying would not help."""

    def __init__(self, errcode: str, status: int = 0) -> None:
        super().__init__(f"{errcode} ({status})")
        self.errcode = errcode
        self.status = status


class NotYet(Exception):
    """The homeserver answers, but one act about one person fails in passing: a server elsewhere
    does not answer, say. Later it may be done; nobody else waits for it. `pause`: how many
    seconds the homeserver asks to wait, if it does."""

    def __init__(self, kind: str, pause: float | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.pause = pause


class SessionLost(Exception):
    """The homeserver has ended our session. Nobody but the command line may catch it: what
    waits stays where it is until somebody starts the bot with the password."""


class CannotStart(Exception):
    """The account or the crypto store is not in a state to go on; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Our public master key, unpadded base64, in groups of four for reading aloud."""

    master_key: str

    def __str__(self) -> str:
        return " ".join(self.master_key[i : i + 4] for i in range(0, len(self.master_key), 4))


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a person can be heard: has a cross-signing identity, and devices signed by it.

    `master_key` names the identity (unpadded base64), to be pinned and compared. `answered`:
    whether the person's own server said so; if not, all the rest is only not known.
    """

    identity: bool
    signed_devices: int
    unsigned_devices: int = field(default=0)
    master_key: str = ""
    answered: bool = True

    @property
    def can_be_heard(self) -> bool:
        return self.identity and self.signed_devices > 0


class Door(Protocol):
    """One Matrix account. Every call waits through rate limits and lost connections, with
    growing pauses and one log line, and raises `MatrixRefused` for a final refusal;
    `SessionLost` when the account is no longer let in. What is about one person (inviting,
    removing, a direct room, their standing) raises `NotYet` when it alone fails."""

    user_id: str

    async def enter(self) -> None:
        """Log in or take up the old session; have our cross-signing identity in place."""

    def listen(self, since: str | None) -> AsyncIterator[Batch]:
        """What happens from `since` on, for ever; replays nothing and skips nothing."""

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

    async def send_clear(self, room: str, content: Content, txn: str) -> str:
        """An `m.room.message` without encryption: only for a constant word to the unheard."""

    async def redact(self, room: str, event_id: str, txn: str) -> None: ...

    async def upload(self, data: bytes, name: str, mimetype: str) -> dict[str, Any]:
        """Encrypt and upload; an `m.file` content of it (body, filename, info, file)."""

    async def fetch(self, room: str, event_id: str) -> Event | None:
        """One event again, decrypted; None when the server no longer has it."""

    async def recent_own(self, room: str, limit: int) -> list[tuple[str, Content]]:
        """Our own last messages in a room, newest first: (event id, decrypted content)."""

    def keyed_rooms(self) -> frozenset[str]:
        """The rooms of which there is something to forget."""

    async def forget_keys(self, room: str, *, own: bool = True) -> None:
        """Be unable from now on to read what was said in a room and has been acted upon; with
        `own` also what we said there. What comes next is heard. Can be repeated."""

    async def create_room(self, plan: RoomPlan) -> str: ...

    async def join(self, room: str) -> None: ...

    async def leave(self, room: str) -> None: ...

    async def invite(self, room: str, user: str) -> None:
        """Idempotent: inviting somebody who is in or invited is no error."""

    async def remove(self, room: str, user: str) -> None:
        """Idempotent: removing somebody who is not there is no error."""

    async def room(self, room: str) -> RoomFacts | None:
        """None when we are not in it."""

    def pin(self, user: str, master_key: str | None) -> None:
        """The user is one of ours, and only this identity of theirs counts, for hearing and for
        keys. None: it is not known yet; they are heard as whoever they are, and get no keys."""

    def unpin(self, user: str) -> None:
        """The user is not one of ours any more: no room keys for them."""

    def identities(self) -> Mapping[str, str]:
        """The master key that the server shows of each of ours, pinned or not; without those of
        whom it shows none. Kept up to date while we listen."""

    async def mend(self, room: str, fault: Fault, name: str, keep: Collection[str] = ()) -> None:
        """Put one fault right, as far as one state event can; `name` is what a room with a
        telling name is called from now on, `keep` are the users who go on governing it beside
        us. Idempotent: what is right already is left alone."""

    async def standing(self, user: str) -> Standing:
        """Asks the server anew."""

    async def verify(self, user: str, room: str | None, talk: Talk) -> str:
        """Compare emoji with a user: the master key that was verified; `NotVerified` if not.

        Takes up the request of the user that waits, if there is one; otherwise asks, in `room`
        (their direct one) or else their devices. Ends after ten minutes. Needs somebody to listen;
        cancelling it cancels for both.
        """

    async def vouch(self, user: str, master_key: str) -> None:
        """Sign an identity that was verified and counts, for our own account to see. Nothing
        depends on it: a homeserver that refuses it or is silent is left alone."""

    def display_name(self) -> str:
        """Our own; members may call us by it."""

    async def read(self, room: str, event_id: str) -> None:
        """A read receipt: the quiet sign that something was heard."""

    @property
    def fingerprint(self) -> Fingerprint: ...

    async def close(self) -> None: ...
