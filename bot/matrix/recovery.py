"""The recovery key of an account, and what is encrypted with it. Nothing here asks the server.

Specification: "Key representation" for what people type, "Secret storage" with its algorithm
`m.secret_storage.v1.aes-hmac-sha2` for the rest.
"""

import base64
import binascii
import functools
import hashlib
import hmac
import operator
import os
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.matrix.trust import encode

ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2"
KEY_BYTES = 32
_PREFIX = b"\x8b\x01"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class NotReadable(Exception):
    """Not a recovery key, not encrypted with this one, or not encrypted as specified."""


def new_key() -> bytes:
    """A recovery key, 32 bytes."""
    return os.urandom(KEY_BYTES)


def typed(key: bytes) -> str:
    """The key as people write it down: base58 with a parity byte, in groups of four."""
    body = _PREFIX + key
    number, signs = int.from_bytes(body + bytes([_parity(body)]), "big"), ""
    while number:
        number, place = divmod(number, len(_ALPHABET))
        signs = _ALPHABET[place] + signs
    return " ".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def read_typed(text: str) -> bytes:
    """The key of what somebody typed, however it is spaced; `NotReadable` when it is none."""
    number = 0
    for sign in "".join(text.split()):
        place = _ALPHABET.find(sign)
        if place < 0:
            raise NotReadable
        number = number * len(_ALPHABET) + place
    try:
        whole = number.to_bytes(len(_PREFIX) + KEY_BYTES + 1, "big")
    except OverflowError:
        raise NotReadable from None
    if not whole.startswith(_PREFIX) or _parity(whole) != 0:
        raise NotReadable
    return whole[len(_PREFIX) : -1]


def encrypt(secret: str, key: bytes, name: str) -> dict[str, str]:
    """One secret for the account data of that name: `iv`, `ciphertext`, `mac`."""
    start = bytearray(os.urandom(16))
    start[8] &= 0x7F  # bit 63 is zero, for clients whose counters are signed
    return _encrypt(secret.encode(), key, name, bytes(start))


def decrypt(sealed: Any, key: bytes, name: str) -> str:
    """What `encrypt` was given; `NotReadable` when it is not of this key and name."""
    start, ciphertext, mac = (_bytes(sealed, part) for part in ("iv", "ciphertext", "mac"))
    aes, authentication = _keys(key, name)
    if len(start) != 16 or not hmac.compare_digest(_mac(authentication, ciphertext), mac):
        raise NotReadable
    try:
        return _crypt(ciphertext, aes, start).decode()
    except UnicodeDecodeError:
        raise NotReadable from None


def description(key: bytes) -> dict[str, str]:
    """The content of `m.secret_storage.key.…`, by which the key is recognised."""
    check = encrypt("\0" * KEY_BYTES, key, "")
    return {"algorithm": ALGORITHM, "iv": check["iv"], "mac": check["mac"]}


def fits(key: bytes, described: Mapping[str, Any]) -> bool:
    """Whether it is the key described; where nothing says otherwise, what it opens will tell."""
    if "iv" not in described and "mac" not in described:
        return True
    try:
        start, mac = _bytes(described, "iv"), _bytes(described, "mac")
    except NotReadable:
        return False
    if len(start) != 16:
        return False
    aes, authentication = _keys(key, "")
    return hmac.compare_digest(_mac(authentication, _crypt(bytes(KEY_BYTES), aes, start)), mac)


def loosely_decoded(text: Any) -> bytes:
    """Base64 with padding or without, for other clients write both; `NotReadable` otherwise."""
    if not isinstance(text, str):
        raise NotReadable
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise NotReadable from None


def _parity(data: bytes) -> int:
    return functools.reduce(operator.xor, data, 0)


def _bytes(sealed: Any, part: str) -> bytes:
    if not isinstance(sealed, Mapping):
        raise NotReadable
    return loosely_decoded(sealed.get(part))


def _keys(key: bytes, name: str) -> tuple[bytes, bytes]:
    hkdf = HKDF(algorithm=SHA256(), length=64, salt=bytes(32), info=name.encode())
    both = hkdf.derive(key)
    return both[:32], both[32:]


def _encrypt(plain: bytes, key: bytes, name: str, start: bytes) -> dict[str, str]:
    aes, authentication = _keys(key, name)
    ciphertext = _crypt(plain, aes, start)
    mac = _mac(authentication, ciphertext)
    return {"iv": encode(start), "ciphertext": encode(ciphertext), "mac": encode(mac)}


def _crypt(data: bytes, aes: bytes, start: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(aes), modes.CTR(start)).encryptor()
    return cipher.update(data) + cipher.finalize()


def _mac(authentication: bytes, ciphertext: bytes) -> bytes:
    return hmac.new(authentication, ciphertext, hashlib.sha256).digest()
