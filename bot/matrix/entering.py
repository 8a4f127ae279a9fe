"""Becoming somebody on the homeserver: login, keys, identity; or taking all of it up again.

Each step is stored before it is taken, so that it can be interrupted anywhere and repeated.
"""

import logging
from pathlib import Path

from bot.matrix.crosssigning import (
    OwnIdentity,
    new_seeds,
    publish,
    published_master,
    sign_ourselves,
)
from bot.matrix.door import CannotStart, MatrixRefused, SessionLost
from bot.matrix.keys import Keys
from bot.matrix.machine import Machine, open_machine
from bot.matrix.trust import read_person
from bot.matrix.vault import Credentials, Vault
from bot.matrix.wire import Json, Wire, path
from storage.seal import Seal

DEVICE_NAME = "Tafelbot"
_log = logging.getLogger("tafelbot.matrix")


def open_crypto(vault: Vault, folder: Path, seal: Seal) -> Machine:
    """The crypto store that belongs to the session; made at the very first start only."""
    mine = vault.credentials
    machine = open_machine(folder, seal, mine.user_id, mine.device_id, mine.device_key)
    if not mine.device_key:
        vault.keep(device_key=machine.ed25519)
    return machine


async def log_in(wire: Wire, vault: Vault, machine: Machine, password: str | None) -> None:
    """Have a working access token for our own device."""
    wire.token = vault.credentials.token
    if wire.token and await _still_valid(wire, vault):
        return
    if password is None:
        what = "The session has ended" if wire.token else "There is no session yet"
        raise CannotStart(f"{what}: start the bot with the account's password once.")
    wire.token = ""
    token = await _new_token(wire, vault.credentials, password)
    machine.account.shared = False  # a device that was logged out is published again
    vault.keep(token=token)
    wire.token = token


async def _new_token(wire: Wire, mine: Credentials, password: str) -> str:
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": mine.user_id},
        "password": password,
        "device_id": mine.device_id,
        "initial_device_display_name": DEVICE_NAME,
    }
    try:
        answer = await wire.call("POST", path("login"), body=body)
    except (MatrixRefused, SessionLost) as refusal:
        raise CannotStart(
            f"The homeserver refused the login of {mine.user_id} ({refusal}). "
            "Check the account and its password."
        ) from None
    if answer.get("user_id") != mine.user_id or answer.get("device_id") != mine.device_id:
        raise CannotStart("The homeserver logged the bot in as somebody else. Check its address.")
    _log.info("logged in as %s, device %s", mine.user_id, mine.device_id)
    return str(answer["access_token"])


async def _still_valid(wire: Wire, vault: Vault) -> bool:
    try:
        answer = await wire.call("GET", path("account", "whoami"))
    except SessionLost:
        return False
    except MatrixRefused as refusal:
        raise CannotStart(
            f"The homeserver does not let the account in ({refusal.errcode})."
        ) from None
    if answer.get("device_id") != vault.credentials.device_id:
        raise CannotStart("The stored session belongs to another device. Restore a whole backup.")
    return True


async def have_identity(
    wire: Wire, vault: Vault, machine: Machine, keys: Keys, password: str | None
) -> OwnIdentity:
    """Device keys and cross-signing identity in place, and seen in place; never replaced."""
    user = machine.user_id
    _refuse_foreign(published_master(await _own_keys(wire, user), user), vault)
    if not vault.credentials.seeds:
        vault.keep(seeds=new_seeds())
    own = OwnIdentity.of(user, vault.credentials.seeds)
    await keys.publish()
    shown = await _own_keys(wire, user)
    if published_master(shown, user) is None:
        await publish(wire, own, password)
        shown = await _own_keys(wire, user)
    _refuse_other_device(shown, machine)
    if await sign_ourselves(wire, own, shown, machine):
        shown = await _own_keys(wire, user)
    seen = read_person(user, shown, own.master.public)
    if machine.curve25519 not in {device.curve25519 for device in seen.signed}:
        raise CannotStart("The homeserver does not show the bot's device as signed. Try again.")
    return own


def _refuse_foreign(published: str | None, vault: Vault) -> None:
    """An identity of somebody else's making is left alone (a person made it in a client)."""
    if published is None:
        return
    seeds, user = vault.credentials.seeds, vault.credentials.user_id
    if seeds and OwnIdentity.of(user, seeds).master.public == published:
        return
    raise CannotStart(
        f"{user} already has a cross-signing identity that was not made by this bot. It is not "
        "replaced, because people may have verified it. Use an account of its own that nobody "
        "has logged in to with a client, or restore the bot's folder from a backup."
    )


def _refuse_other_device(shown: Json, machine: Machine) -> None:
    """The server must show the device keys that we hold."""
    device = shown.get("device_keys", {}).get(machine.user_id, {}).get(machine.device_id, {})
    if device.get("keys") != machine.device_keys()["keys"]:
        raise CannotStart(
            "The homeserver shows other keys for the bot's device than the crypto store holds. "
            "Restore the folder as a whole from its newest backup."
        )


async def _own_keys(wire: Wire, user: str) -> Json:
    return await wire.call("POST", path("keys", "query"), body={"device_keys": {user: []}})
