"""The account's secret storage: our identity kept with the homeserver, for the recovery key only.

With it a person can log in as the bot and be believed, and a bot that lost everything else
becomes the same bot again (specification, "Secrets").
"""

import logging
from collections.abc import Mapping
from typing import Any

from bot.matrix import recovery
from bot.matrix.door import CannotStart, MatrixRefused
from bot.matrix.recovery import NotReadable
from bot.matrix.trust import encode
from bot.matrix.wire import Json, Wire, path

DEFAULT_KEY = "m.secret_storage.default_key"
SECRETS = ("m.cross_signing.master", "m.cross_signing.self_signing", "m.cross_signing.user_signing")
_log = logging.getLogger("tafelbot.matrix")

NO_STORAGE = (
    "The account has a cross-signing identity but no secret storage, so a recovery key has "
    "nothing to open. In the client that made the identity, set up recovery; or start the bot "
    "with an account of its own that nobody has logged in to."
)
OTHER_ALGORITHM = "The account's secret storage is of a kind that the bot does not know."
WRONG_KEY = (
    "This recovery key does not open the account's secret storage. Use the newest recovery key "
    "of the bot's own account; a passphrase or the password is something else."
)
INCOMPLETE = (
    "The account's secret storage does not hold the whole cross-signing identity. In the client "
    "that made it, set up recovery again, and use the recovery key it then gives."
)


class SecretStorage:
    """One account's secrets."""

    def __init__(self, wire: Wire, user: str) -> None:
        self._wire = wire
        self._user = user

    async def default_key(self) -> str | None:
        """The id of the key that clients use; None without any, empty when it is garbage."""
        content = await self._get(DEFAULT_KEY)
        if not content:
            return None
        name = content.get("key")
        return name if isinstance(name, str) else ""

    async def fetch(self, key: bytes) -> tuple[str, tuple[str, ...]]:
        """The default key's id and our three seeds; `CannotStart` says what is wrong with them.

        Nothing of it is the server's word: without the recovery key nobody can have made it.
        """
        name = await self.default_key()
        described = await self._get(_described(name)) if name else {}
        if not name or not described:
            raise CannotStart(NO_STORAGE)
        if described.get("algorithm") != recovery.ALGORITHM:
            raise CannotStart(OTHER_ALGORITHM)
        if not recovery.fits(key, described):
            raise CannotStart(WRONG_KEY)
        seeds = [_seed(await self._get(secret), name, key, secret) for secret in SECRETS]
        if None in seeds:
            raise CannotStart(INCOMPLETE)
        return name, tuple(seed for seed in seeds if seed is not None)

    async def store(self, name: str, key: bytes, seeds: tuple[str, ...]) -> bool:
        """Put there whatever is not there yet; False when the homeserver would not have it.

        The default key comes last, so that no client ever finds half of it.
        """
        try:
            if not recovery.fits(key, await self._get(_described(name)) or {"iv": ""}):
                await self._put(_described(name), recovery.description(key))
            for secret, seed in zip(SECRETS, seeds, strict=True):
                content = await self._get(secret)
                if _seed(content, name, key, secret) != seed:
                    sealed = recovery.encrypt(seed, key, secret)
                    await self._put(secret, {"encrypted": {name: sealed}})
            if await self.default_key() != name:
                await self._put(DEFAULT_KEY, {"key": name})
        except MatrixRefused as refusal:
            _log.warning("the homeserver refused the bot's secret storage (%s)", refusal)
            return False
        return True

    async def _get(self, type_: str) -> Json:
        try:
            return await self._wire.call("GET", self._where(type_))
        except MatrixRefused as refusal:
            if refusal.status == 404:
                return {}
            raise

    async def _put(self, type_: str, content: Mapping[str, Any]) -> None:
        await self._wire.call("PUT", self._where(type_), body=content)

    def _where(self, type_: str) -> str:
        return path("user", self._user, "account_data", type_)


def _described(name: str) -> str:
    return f"m.secret_storage.key.{name}"


def _seed(content: Mapping[str, Any], name: str, key: bytes, secret: str) -> str | None:
    """One private key out of its account data, in our spelling; None when it is not there."""
    sealed = content.get("encrypted")
    try:
        opened = recovery.decrypt(
            sealed.get(name) if isinstance(sealed, Mapping) else None, key, secret
        )
        seed = recovery.loosely_decoded(opened)
    except NotReadable:
        return None
    return encode(seed) if len(seed) == recovery.KEY_BYTES else None
