"""Sealing at rest: what a stolen disk without the master key must not tell.

Everything that names a person, a room or an event is stored sealed (AES-256-GCM) beside a
keyed blind index, by which it can be found again without being read. All keys derive (HKDF,
RFC 5869) from one master key that is never stored in the data directory.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12


class WrongMasterKey(Exception):
    """What was sealed under another master key cannot be opened with this one."""


@dataclass(frozen=True)
class Seal:
    """Seals and finds; made once from the master key (32 bytes)."""

    master_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.master_key) != MASTER_KEY_BYTES:
            raise ValueError("a master key has 32 bytes")

    def close(self, plain: bytes, context: str) -> bytes:
        """Encrypt; `context` ("table/column") is authenticated, so cells cannot be swapped."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `close` made with the same context; else `WrongMasterKey`."""
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, context.encode())
        except InvalidTag:
            raise WrongMasterKey(context) from None

    def index(self, plain: str, context: str) -> bytes:
        """The blind index of a value: equal for equal values, meaningless without the key."""
        return hmac.new(self._index_key, f"{context}\0{plain}".encode(), hashlib.sha256).digest()

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose; each purpose has its own."""
        hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"tafelbot {purpose}".encode())
        return hkdf.derive(self.master_key)

    @cached_property
    def _index_key(self) -> bytes:
        return self.derive("index")

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.derive("seal"))
