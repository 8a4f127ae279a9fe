"""Whom to believe: pure functions from a `/keys/query` answer to people and their devices.

The homeserver hands out everybody's keys and may lie. What counts is the chain of signatures
master key -> self-signing key -> device, all of one user (Matrix specification, "Cross-signing").
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.matrix.door import Standing

MEGOLM = "m.megolm.v1.aes-sha2"


@dataclass(frozen=True, slots=True)
class Device:
    """One device of a person, its keys signed by itself; `signed` also by its owner."""

    user_id: str
    device_id: str
    ed25519: str
    curve25519: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Person:
    """What the homeserver shows of a user, as far as the signatures bear it out.

    `master_key` is the identity that counts, `shown` whichever one the server shows; they differ
    when another one is pinned.
    """

    user_id: str
    master_key: str | None
    devices: tuple[Device, ...]
    malformed: int = 0
    shown: str | None = None

    @property
    def signed(self) -> tuple[Device, ...]:
        """The devices that their owner vouches for."""
        return tuple(device for device in self.devices if device.signed)

    @property
    def standing(self) -> Standing:
        """The same in the words of the door."""
        good = len(self.signed)
        unsigned = len(self.devices) - good + self.malformed
        return Standing(self.master_key is not None, good, unsigned, self.master_key or "")


def read_person(user: str, answer: Mapping[str, Any], pinned: str | None = None) -> Person:
    """One user out of a `/keys/query` answer. With a `pinned` master key no other one counts."""
    shown = usable_key(user, "master", _part(_part(answer, "master_keys"), user))
    master = shown if pinned in {None, shown} else None
    signer = _signing_key(user, master, _part(_part(answer, "self_signing_keys"), user))
    listed = _part(_part(answer, "device_keys"), user)
    read = [_device(user, name, payload, signer) for name, payload in listed.items()]
    devices = tuple(device for device in read if device is not None)
    return Person(user, master, devices, malformed=len(read) - len(devices), shown=shown)


def signed_by(payload: Any, user: str, key_id: str, public_key: str) -> bool:
    """Whether a signed JSON object holds a valid signature of that ed25519 key."""
    if not isinstance(payload, Mapping):
        return False
    signature = _part(_part(payload, "signatures"), user).get(f"ed25519:{key_id}")
    key_bytes, signature_bytes = unpadded(public_key), unpadded(signature)
    if len(key_bytes) != 32 or len(signature_bytes) != 64:
        return False
    try:
        message = canonical(payload)
        Ed25519PublicKey.from_public_bytes(key_bytes).verify(signature_bytes, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def canonical(payload: Mapping[str, Any]) -> bytes:
    """What is signed of a JSON object (specification, "Canonical JSON", "Signing JSON")."""
    bare = {key: payload[key] for key in payload if key not in ("signatures", "unsigned")}
    return json.dumps(
        bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def encode(data: bytes) -> str:
    """Unpadded base64; clients do not see keys that are padded."""
    return base64.b64encode(data).decode().rstrip("=")


def unpadded(text: Any) -> bytes:
    """The bytes of strictly unpadded base64, in its one proper spelling; empty otherwise."""
    if not isinstance(text, str):
        return b""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if encode(data) == text else b""


def _part(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = mapping.get(key)
    return part if isinstance(part, Mapping) else {}


def usable_key(user: str, usage: str, payload: Mapping[str, Any]) -> str | None:
    """The one public key of a cross-signing key object, if it is what it says it is."""
    keys, usages = payload.get("keys"), payload.get("usage")
    if payload.get("user_id") != user or not isinstance(usages, list) or usage not in usages:
        return None
    if not isinstance(keys, Mapping) or len(keys) != 1:
        return None
    ((key_id, key),) = keys.items()
    return key if key_id == f"ed25519:{key}" and len(unpadded(key)) == 32 else None


def _signing_key(user: str, master: str | None, payload: Mapping[str, Any]) -> str | None:
    if master is None or not signed_by(payload, user, master, master):
        return None
    return usable_key(user, "self_signing", payload)


def _device(user: str, name: str, payload: Any, signer: str | None) -> Device | None:
    if not isinstance(payload, Mapping):
        return None
    if payload.get("user_id") != user or payload.get("device_id") != name:
        return None
    keys = _part(payload, "keys")
    ed25519, curve25519 = keys.get(f"ed25519:{name}"), keys.get(f"curve25519:{name}")
    if not isinstance(ed25519, str) or len(unpadded(curve25519)) != 32:
        return None
    if not signed_by(payload, user, name, ed25519):
        return None
    signed = signer is not None and signed_by(payload, user, signer, signer)
    return Device(user, name, ed25519, str(curve25519), signed)
