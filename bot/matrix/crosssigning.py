"""Our own cross-signing identity, without which members' clients neither hear nor read us.

Made once and sealed on disk before any of it is uploaded: were it replaced, members who have
verified us could not write to us any more (specification, "Cross-signing").
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.matrix.confirming import PasswordWanted, with_password
from bot.matrix.door import CannotStart, MatrixRefused
from bot.matrix.machine import Machine
from bot.matrix.trust import canonical, encode, signed_by, unpadded, usable_key
from bot.matrix.wire import Json, Wire, path

_log = logging.getLogger("tafelbot.matrix")


@dataclass(frozen=True, slots=True)
class Signer:
    """One ed25519 key pair."""

    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, seed: str) -> "Signer":
        """From the stored form."""
        return cls(Ed25519PrivateKey.from_private_bytes(unpadded(seed)))

    @property
    def public(self) -> str:
        """The public key, unpadded base64."""
        return encode(self._private.public_key().public_bytes_raw())

    def sign(self, payload: Mapping[str, Any], user: str) -> Json:
        """The payload with our signature as the only one."""
        signature = encode(self._private.sign(canonical(payload)))
        return {**payload, "signatures": {user: {f"ed25519:{self.public}": signature}}}


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """Master, self-signing and user-signing keys of our account."""

    user_id: str
    master: Signer
    self_signing: Signer
    user_signing: Signer

    @classmethod
    def of(cls, user_id: str, seeds: tuple[str, ...]) -> "OwnIdentity":
        """From the stored seeds."""
        master, self_signing, user_signing = (Signer.of(seed) for seed in seeds)
        return cls(user_id, master, self_signing, user_signing)

    def public_master(self) -> Json:
        """The master key as it is uploaded, unsigned."""
        return self._public(self.master, "master")

    def public_keys(self) -> Json:
        """The body of `/keys/device_signing/upload`."""
        sign = self.master.sign
        return {
            "master_key": self.public_master(),
            "self_signing_key": sign(self._public(self.self_signing, "self_signing"), self.user_id),
            "user_signing_key": sign(self._public(self.user_signing, "user_signing"), self.user_id),
        }

    def is_published(self, answer: Mapping[str, Any]) -> bool:
        """Whether all three keys are those that the server shows, the latter two signed."""
        master = self.master.public
        for usage, signer in (
            ("master", self.master),
            ("self_signing", self.self_signing),
            ("user_signing", self.user_signing),
        ):
            if published_key(answer, self.user_id, usage) != signer.public:
                return False
            payload = answer[f"{usage}_keys"][self.user_id]
            if usage != "master" and not signed_by(payload, self.user_id, master, master):
                return False
        return True

    def _public(self, signer: Signer, usage: str) -> Json:
        key = signer.public
        return {"user_id": self.user_id, "usage": [usage], "keys": {f"ed25519:{key}": key}}


def new_seeds() -> tuple[str, str, str]:
    """The private keys of a new identity."""
    return encode(os.urandom(32)), encode(os.urandom(32)), encode(os.urandom(32))


def shown_of(answer: Any, *names: str) -> Any:
    """What stands under these names, one in the other; None where the server shows nothing
    or garbage."""
    for name in names:
        answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer


def published_key(answer: Mapping[str, Any], user: str, usage: str) -> str | None:
    """Our account's master, self_signing or user_signing key as the server shows it, whoever
    made it; None without any, empty when it is malformed."""
    payload = shown_of(answer, f"{usage}_keys", user)
    if payload is None:
        return None
    return (usable_key(user, usage, payload) if isinstance(payload, Mapping) else None) or ""


async def publish(wire: Wire, own: OwnIdentity, password: str | None) -> None:
    """Upload the identity; the server may ask for the account's password."""
    where = path("keys", "device_signing", "upload")
    try:
        await with_password(wire, where, own.public_keys(), own.user_id, password)
    except PasswordWanted:
        raise CannotStart(
            "The homeserver wants the account's password once, to publish the bot's "
            "cross-signing identity. Start it with the password."
        ) from None
    except MatrixRefused as refusal:
        raise CannotStart(
            f"The homeserver refused the bot's cross-signing identity ({refusal.errcode}). "
            "Check the account's password."
        ) from None
    _log.info("cross-signing identity published")


async def sign_ourselves(
    wire: Wire, own: OwnIdentity, answer: Mapping[str, Any], machine: Machine
) -> bool:
    """Have the device signed by the self-signing key and the master key by the device.

    `answer` is what `/keys/query` shows of us now; False when both are there already.
    """
    user, device_id = own.user_id, machine.device_id
    shown_device = shown_of(answer, "device_keys", user, device_id)
    shown_master = shown_of(answer, "master_keys", user)
    ssk = own.self_signing.public
    by_owner = signed_by(shown_device, user, ssk, ssk)
    if by_owner and signed_by(shown_master, user, device_id, machine.ed25519):
        return False
    objects = {
        device_id: own.self_signing.sign(machine.device_keys(), user),
        own.master.public: machine.signed(own.public_master()),
    }
    result = await wire.call("POST", path("keys", "signatures", "upload"), body={user: objects})
    if result.get("failures"):
        raise CannotStart("The homeserver refused the signatures of the bot's own device.")
    _log.info("own device signed")
    return True


async def vouch(wire: Wire, own: OwnIdentity, user: str, master_key: str) -> None:
    """Sign the master key of a user that was verified, as their client signs ours.

    Only our own account sees the signature. A refusal changes nothing of what was verified.
    """
    keys = {f"ed25519:{master_key}": master_key}
    signed = own.user_signing.sign(
        {"user_id": user, "usage": ["master"], "keys": keys}, own.user_id
    )
    where = path("keys", "signatures", "upload")
    try:
        result = await wire.call("POST", where, body={user: {master_key: signed}})
    except MatrixRefused as refusal:
        _log.warning("signature on a verified identity refused (%s)", refusal)
        return
    if result.get("failures"):
        _log.warning("signature on a verified identity refused")
