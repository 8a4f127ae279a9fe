"""What the two sides of a verification can do, offered and chosen; one way of each, the current.

Client-server API, "Verification messages specific to SAS".
"""

from typing import Any

from bot.matrix.agreement import Cancel, Code
from bot.matrix.wire import Json

METHOD = "m.sas.v1"
EMOJI, DECIMAL = "emoji", "decimal"
_AGREEMENT, _HASH, _MAC = "curve25519-hkdf-sha256", "sha256", "hkdf-hmac-sha256.v2"

OFFER: Json = {
    "method": METHOD,
    "key_agreement_protocols": [_AGREEMENT],
    "hashes": [_HASH],
    "message_authentication_codes": [_MAC],
    "short_authentication_string": [EMOJI, DECIMAL],
}


def offered(content: Json) -> tuple[str, ...]:
    """How the string can be shown, after a start that offers what we know."""
    if text(content["method"]) != METHOD:
        raise Cancel(Code.UNKNOWN_METHOD)
    for name in ("key_agreement_protocols", "hashes", "message_authentication_codes"):
        if OFFER[name][0] not in _texts(content[name]):
            raise Cancel(Code.UNKNOWN_METHOD)
    return _ways(content)


def choice(ways: tuple[str, ...]) -> Json:
    """The same, chosen."""
    return {
        "method": METHOD,
        "key_agreement_protocol": _AGREEMENT,
        "hash": _HASH,
        "message_authentication_code": _MAC,
        "short_authentication_string": list(ways),
    }


def chosen(content: Json) -> tuple[str, ...]:
    """How the string can be shown, after they have chosen among what we offered."""
    for name in ("key_agreement_protocol", "hash", "message_authentication_code"):
        if text(content[name]) != choice(())[name]:
            raise Cancel(Code.UNKNOWN_METHOD)
    return _ways(content)


def text(value: Any) -> str:
    """The value, if it is text; `TypeError` otherwise."""
    if not isinstance(value, str):
        raise TypeError
    return value


def _ways(content: Json) -> tuple[str, ...]:
    given = _texts(content["short_authentication_string"])
    found = tuple(way for way in (EMOJI, DECIMAL) if way in given)
    if not found:
        raise Cancel(Code.UNKNOWN_METHOD)
    return found


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [text(one) for one in value]
