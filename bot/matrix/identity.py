"""Our cross-signing identity in place: made, taken up again, joined, or replaced on demand.

Whatever the homeserver shows of our account is its claim. An identity is ours when we hold its
private keys, from our own making or out of secret storage by the recovery key; any other one
stops us, and none is replaced unless somebody decided it at the command line.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.matrix import recovery
from bot.matrix.crosssigning import (
    OwnIdentity,
    new_seeds,
    publish,
    published_key,
    shown_of,
    sign_ourselves,
)
from bot.matrix.door import CannotStart
from bot.matrix.keys import Keys
from bot.matrix.machine import Machine
from bot.matrix.secretstorage import SecretStorage
from bot.matrix.trust import encode, read_person, unpadded
from bot.matrix.vault import WAY_BACK, Credentials, Vault
from bot.matrix.wire import Json, Wire, path

_log = logging.getLogger("tafelbot.matrix")

NO_RECOVERY_KEY = (
    "{user} already has a cross-signing identity, and its private keys are not in the bot's "
    "folder. It is not replaced, because people may have verified it. Give the account's "
    "recovery key (recovery_key_file, or `tafelbot identity restore`), restore the bot's folder "
    "from a backup, or use an account that nobody has logged in to with a client."
)
NO_IDENTITY = (
    "There is a recovery key, but the homeserver shows no cross-signing identity of {user} to "
    "join. If the account is new, take the recovery key out of the settings. If it is not, the "
    "homeserver has lost the identity or hides it: do not go on before you know why."
)
NOT_THE_SAME = (
    "The keys in the account's secret storage are not those of the cross-signing identity that "
    "the homeserver shows. Either the identity was replaced and its recovery set up no further, "
    "or the homeserver is not to be trusted. In a client, check the account's recovery."
)
FOREIGN = (
    "The homeserver shows another cross-signing identity of {user} than the bot's own. Either "
    "somebody logged in as the bot and replaced it, or the homeserver is not to be trusted. The "
    "bot does not replace it by itself; `tafelbot identity reset` does, and explains what it means."
)
FOREIGN_STORAGE = (
    "{user} has a secret storage of somebody else's making, but no cross-signing identity. Use "
    "an account that nobody has logged in to with a client, or let `tafelbot identity reset` "
    "replace what is there."
)


def _nobody_looks(_key: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Access:
    """What the operator gives: password and recovery key, as long as they are needed.

    `tell` is given a recovery key that was just made, as people type it; False when it could
    not show it to anybody.
    """

    password: str | None = field(default=None, repr=False)
    recovery_key: str | None = field(default=None, repr=False)
    tell: Callable[[str], bool] = _nobody_looks


async def have_identity(
    wire: Wire, vault: Vault, machine: Machine, keys: Keys, access: Access
) -> OwnIdentity:
    """Device keys and cross-signing identity in place, and seen in place; never replaced."""
    user = machine.user_id
    storage = SecretStorage(wire, user)
    shown = await own_keys(wire, user)
    if not vault.credentials.seeds:
        await _choose(vault, storage, shown, access)
    own = OwnIdentity.of(user, vault.credentials.seeds)
    _refuse_foreign(shown, own, vault)
    await keys.publish()
    shown = await own_keys(wire, user)
    if published_key(shown, user, "master") != own.master.public:
        await publish(wire, own, access.password)
        shown = await own_keys(wire, user)
    await _have_it_signed(wire, own, shown, machine)
    await _have_recovery(vault, storage, access)
    return own


async def _have_it_signed(wire: Wire, own: OwnIdentity, shown: Json, machine: Machine) -> None:
    """Our device under our identity, as `shown` or seen afterwards."""
    user = own.user_id
    _refuse_other_device(shown, machine)
    if await sign_ourselves(wire, own, shown, machine):
        shown = await own_keys(wire, user)
    seen = read_person(user, shown, own.master.public)
    if machine.curve25519 not in {one.curve25519 for one in seen.signed}:
        raise CannotStart("The homeserver does not show the bot's device as signed. Try again.")
    others = [one.device_id for one in seen.signed if one.device_id != machine.device_id]
    if others:
        _log.warning("more devices speak and read as the bot: %s", ", ".join(others))


async def own_keys(wire: Wire, user: str) -> Json:
    """What the homeserver shows of our account."""
    return await wire.call("POST", path("keys", "query"), body={"device_keys": {user: []}})


def to_be_replaced(now: Credentials) -> Credentials:
    """Credentials with a new identity, which the next start puts in the old one's place."""
    return _with_new_recovery(now, seeds=new_seeds(), replacing=True)


async def _choose(vault: Vault, storage: SecretStorage, shown: Json, access: Access) -> None:
    """The private keys: out of secret storage if there is an identity, else new ones."""
    user = vault.credentials.user_id
    published = published_key(shown, user, "master")
    if access.recovery_key is not None:
        if published is None:
            raise CannotStart(NO_IDENTITY.format(user=user))
        await _join(vault, storage, shown, access.recovery_key)
    elif published is not None:
        raise CannotStart(NO_RECOVERY_KEY.format(user=user))
    elif await storage.default_key() is not None:
        raise CannotStart(FOREIGN_STORAGE.format(user=user))
    else:
        vault.keep(seeds=new_seeds())


async def _join(vault: Vault, storage: SecretStorage, shown: Json, typed: str) -> None:
    """Take over an identity, if the recovery key opens it and it is the published one."""
    try:
        key = recovery.read_typed(typed)
    except recovery.NotReadable:
        raise CannotStart(
            "This is not a recovery key: it has 12 groups of four letters and digits, beginning "
            "with Es or Et. Check it for typing errors."
        ) from None
    name, seeds = await storage.fetch(key)
    user = vault.credentials.user_id
    if not OwnIdentity.of(user, seeds).is_published(shown):
        raise CannotStart(NOT_THE_SAME)
    vault.keep(seeds=seeds, recovery_key=encode(key), storage_key=name, recovery_key_told=True)
    _log.info("joined the account's cross-signing identity")


async def _have_recovery(vault: Vault, storage: SecretStorage, access: Access) -> None:
    """The identity in secret storage too, unless somebody has put another one there."""
    default = await storage.default_key()
    mine = vault.credentials
    foreign = default is not None and default != (mine.storage_key or None)
    if foreign and not mine.replacing:
        _log.warning("the account's secret storage is no longer the bot's own; it is left alone")
        return
    if not mine.recovery_key:
        mine = _with_new_recovery(mine)
        vault.put(mine)
    key = unpadded(mine.recovery_key)
    told = mine.recovery_key_told
    if await storage.store(mine.storage_key, key, mine.seeds) and not told:
        told = access.tell(recovery.typed(key))
    if told != mine.recovery_key_told or mine.replacing:
        vault.keep(recovery_key_told=told, replacing=False)


def _with_new_recovery(now: Credentials, **changes: object) -> Credentials:
    return replace(
        now,
        recovery_key=encode(recovery.new_key()),
        storage_key=secrets.token_hex(16),
        recovery_key_told=False,
        **changes,  # type: ignore[arg-type]
    )


def _refuse_foreign(shown: Json, own: OwnIdentity, vault: Vault) -> None:
    """An identity of somebody else's making is left alone (a person made it in a client)."""
    published = published_key(shown, own.user_id, "master")
    if published not in (None, own.master.public) and not vault.credentials.replacing:
        raise CannotStart(FOREIGN.format(user=own.user_id))


def _refuse_other_device(shown: Json, machine: Machine) -> None:
    """The server must show the device keys that we hold."""
    keys = shown_of(shown, "device_keys", machine.user_id, machine.device_id, "keys")
    if keys != machine.device_keys()["keys"]:
        raise CannotStart(
            "The homeserver shows other keys for the bot's device than the crypto store holds. "
            + WAY_BACK
        )
