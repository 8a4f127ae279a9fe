"""Our account as the homeserver shows it, looked at beside the running bot, and its devices.

Nothing here changes the folder; only `log_out` changes anything at all.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from bot.matrix.confirming import PasswordWanted, with_password
from bot.matrix.crosssigning import OwnIdentity, published_key
from bot.matrix.door import CannotStart, Fingerprint, MatrixRefused
from bot.matrix.identity import own_keys
from bot.matrix.secretstorage import SecretStorage
from bot.matrix.trust import read_person, unpadded
from bot.matrix.vault import DEVICE_PREFIX, Credentials
from bot.matrix.wire import Json, Wire, path


class Published(StrEnum):
    """Whose cross-signing identity the homeserver shows for our account."""

    OURS = "ours"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class View:
    """`signed`: our device by our identity, as others see it. `stored`: the identity in secret
    storage, under the recovery key that we hold. `others`: further devices signed by it."""

    published: Published
    signed: bool
    stored: bool
    others: tuple[str, ...]


def fingerprint(mine: Credentials) -> Fingerprint | None:
    """Of the identity in the folder, if there is one."""
    if not mine.seeds:
        return None
    return Fingerprint(OwnIdentity.of(mine.user_id, mine.seeds).master.public)


async def look(homeserver: str, mine: Credentials) -> View:
    """Waits for the homeserver; `SessionLost` or `MatrixRefused` when it does not let us in."""
    async with _wire(homeserver, mine) as wire:
        shown = await own_keys(wire, mine.user_id)
        published = published_key(shown, mine.user_id, "master")
        found = fingerprint(mine)
        if found is None or published != found.master_key:
            other = Published.NONE if published is None else Published.OTHER
            return View(other, signed=False, stored=False, others=())
        stored = await _stored(SecretStorage(wire, mine.user_id), mine)
        devices = read_person(mine.user_id, shown, found.master_key).signed
        others = tuple(d.device_id for d in devices if d.device_id != mine.device_id)
        ours = any(d.device_id == mine.device_id and d.ed25519 == mine.device_key for d in devices)
        return View(Published.OURS, signed=ours, stored=stored, others=others)


async def lost_devices(homeserver: str, mine: Credentials) -> list[str]:
    """Devices of this account that a bot has made and that are not ours."""
    async with _wire(homeserver, mine) as wire:
        listed = (await wire.call("GET", path("devices"))).get("devices", [])
    names = [str(device.get("device_id")) for device in listed]
    return [n for n in names if n.startswith(DEVICE_PREFIX) and n != mine.device_id]


async def log_out(
    homeserver: str, mine: Credentials, devices: Sequence[str], password: str | None
) -> bool:
    """Take devices off the account; False when the homeserver refuses."""
    async with _wire(homeserver, mine) as wire:
        body: Json = {"devices": list(devices)}
        try:
            await with_password(wire, path("delete_devices"), body, mine.user_id, password)
        except (MatrixRefused, PasswordWanted):
            return False
    return True


@asynccontextmanager
async def _wire(homeserver: str, mine: Credentials) -> AsyncIterator[Wire]:
    wire = Wire(homeserver)
    wire.token = mine.token
    try:
        yield wire
    finally:
        await wire.close()


async def _stored(storage: SecretStorage, mine: Credentials) -> bool:
    try:
        _name, seeds = await storage.fetch(unpadded(mine.recovery_key))
    except (CannotStart, ValueError):
        return False
    return seeds == mine.seeds
