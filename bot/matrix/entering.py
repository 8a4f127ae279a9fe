"""Becoming a device on the homeserver: crypto store and login; or taking both up again.

Each step is stored before it is taken, so that it can be interrupted anywhere and repeated.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot.matrix.door import CannotStart, MatrixRefused, SessionLost
from bot.matrix.machine import Machine, open_machine
from bot.matrix.replays import Replays
from bot.matrix.stamp import Stamp
from bot.matrix.vault import WAY_BACK, Credentials, Vault
from bot.matrix.wire import Wire, path
from storage.seal import Seal

DEVICE_NAME = "Tafelbot"
_log = logging.getLogger("tafelbot.matrix")


@contextmanager
def open_crypto(vault: Vault, folder: Path, seal: Seal, replays: Replays) -> Iterator[Machine]:
    """The crypto store that belongs to the session and to what was heard; made at the very first
    start only."""
    mine = vault.credentials
    machine = open_machine(folder, seal, mine.user_id, mine.device_id, mine.device_key)
    try:
        stamp = Stamp(vault, machine.store.database, replays)
        if mine.device_key:
            stamp.check()
        else:
            vault.keep(device_key=machine.ed25519)
        stamp.renew()
        try:
            yield machine
        finally:
            stamp.renew()
    finally:
        machine.store.database.close()


async def log_in(wire: Wire, vault: Vault, machine: Machine, password: str | None) -> None:
    """Have a working access token for our own device. With a password an ended session is not
    waited for, but one of a locked account is: no password opens that."""
    wire.token = vault.credentials.token
    patience = wire.patience
    if password is not None and patience is not None:
        wire.patience = replace(patience, grace=0.0)
    valid = bool(wire.token) and await _still_valid(wire, vault)
    wire.patience = patience
    if valid:
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
        raise CannotStart("The stored session belongs to another device. " + WAY_BACK)
    return True
