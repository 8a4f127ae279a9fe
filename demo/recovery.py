"""A recovery key for a member of the demo, so that a person can log in as them and be believed.

Secret storage as clients make it (specification, "Secret storage", `aes-hmac-sha2`): the private
keys of the cross-signing identity, encrypted with the recovery key, in the account's data.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Json = Mapping[str, object]

ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def secret_storage(secrets: Mapping[str, str]) -> tuple[str, Mapping[str, Json]]:
    """The recovery key as people type it, and the account data to upload: type → content.

    `secrets`: name such as `m.cross_signing.master` → unpadded base64 of the private key.
    """
    key, key_id = os.urandom(32), os.urandom(8).hex()
    check = _encrypt(bytes(32), key, "")
    data: dict[str, Json] = {
        f"m.secret_storage.key.{key_id}": {
            "algorithm": ALGORITHM,
            "iv": check["iv"],
            "mac": check["mac"],
        },
        "m.secret_storage.default_key": {"key": key_id},
    }
    for name, secret in secrets.items():
        data[name] = {"encrypted": {key_id: _encrypt(secret.encode(), key, name)}}
    return _typed(key), data


def _encrypt(plain: bytes, key: bytes, name: str) -> Mapping[str, str]:
    hkdf = HKDF(algorithm=SHA256(), length=64, salt=bytes(32), info=name.encode())
    both = hkdf.derive(key)
    start = bytearray(os.urandom(16))
    start[8] &= 0x7F  # bit 63 is zero, for clients whose counters are signed
    encryptor = Cipher(algorithms.AES(both[:32]), modes.CTR(bytes(start))).encryptor()
    ciphertext = encryptor.update(plain) + encryptor.finalize()
    mac = hmac.new(both[32:], ciphertext, hashlib.sha256).digest()
    return {"iv": _b64(start), "ciphertext": _b64(ciphertext), "mac": _b64(mac)}


def _typed(key: bytes) -> str:
    """Base58 with a parity byte, in groups of four (specification, "Key representation")."""
    body = b"\x8b\x01" + key
    parity = 0
    for byte in body:
        parity ^= byte
    number, signs = int.from_bytes(body + bytes([parity]), "big"), ""
    while number:
        number, place = divmod(number, 58)
        signs = _ALPHABET[place] + signs
    return " ".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def _b64(data: bytes | bytearray) -> str:
    return base64.b64encode(data).decode().rstrip("=")
