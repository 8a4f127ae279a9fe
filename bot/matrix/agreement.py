"""What both sides of a verification share: codes, keys, the short string, the MACs.

Client-server API, "SAS HKDF calculation" and "MAC calculation".
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import vodozemac

from bot.matrix.talk import ShortString
from bot.matrix.trust import canonical, encode
from bot.matrix.wire import Json


class Code(StrEnum):
    """Why a verification is cancelled."""

    USER = "m.user"
    TIMEOUT = "m.timeout"
    UNKNOWN_METHOD = "m.unknown_method"
    UNEXPECTED = "m.unexpected_message"
    KEY_MISMATCH = "m.key_mismatch"
    INVALID = "m.invalid_message"
    ACCEPTED = "m.accepted"
    COMMITMENT = "m.mismatched_commitment"
    SAS = "m.mismatched_sas"


class Cancel(Exception):
    """We end the verification: `code` is to be told to the other side."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Party:
    """One side: the device that speaks, and the keys that the other side has of it (unpadded
    base64): what the homeserver shows of them, true of ourselves."""

    user_id: str
    device_id: str
    ed25519: str
    master_key: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """The secret of two sides after the exchange of keys; `first` has sent the start, and the
    ephemeral keys stand beside each."""

    secret: vodozemac.EstablishedSas
    first: tuple[Party, str]
    second: tuple[Party, str]
    transaction: str

    def string(self, *, emoji: bool) -> ShortString:
        """What the two people compare."""
        sides = [
            part
            for party, key in (self.first, self.second)
            for part in (party.user_id, party.device_id, key)
        ]
        info = "|".join(("MATRIX_KEY_VERIFICATION_SAS", *sides, self.transaction))
        found = self.secret.bytes(info)
        return ShortString(tuple(found.emoji_indices) if emoji else (), found.decimals)

    def mac(self, by: Party, to: Party, name: str, value: str) -> str:
        """Of a key by its id, or of the list of all ids."""
        return self.secret.calculate_mac(value, self._info(by, to, name))

    def check(self, by: Party, to: Party, name: str, value: str, mac: str) -> None:
        """`Cancel` unless the MAC is of this value."""
        try:
            self.secret.verify_mac(value, self._info(by, to, name), mac)
        except vodozemac.SasException:
            raise Cancel(Code.KEY_MISMATCH) from None

    def _info(self, by: Party, to: Party, name: str) -> str:
        sides = by.user_id + by.device_id + to.user_id + to.device_id
        return f"MATRIX_KEY_VERIFICATION_MAC{sides}{self.transaction}{name}"


def key_ids(party: Party) -> Json:
    """The keys a side vouches for, by their ids."""
    return {
        f"ed25519:{party.device_id}": party.ed25519,
        f"ed25519:{party.master_key}": party.master_key,
    }


def commitment(key: str, start: Json) -> str:
    """What the accepting side binds itself to before it sees the other's key."""
    return encode(hashlib.sha256(key.encode() + canonical(start)).digest())
