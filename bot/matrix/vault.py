"""Our credentials on disk: one sealed file, written before anything in it is used.

Device id and private keys are chosen here and stored first, so that a crash at any moment
repeats the same step with the same keys and never makes a second device or identity.
"""

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.matrix.door import CannotStart
from storage.seal import Seal, WrongMasterKey

SESSION, STORE = "session", "crypto.db"
DEVICE_PREFIX = "TAFELBOT"
_CONTEXT = "matrix/session"

WAY_BACK = (
    "Restore the whole folder from its newest backup; or, without one, run `tafelbot identity "
    "restore` with the account's recovery key: the bot comes back as a new device of the same "
    "identity, and messages sent to it meanwhile stay unread."
)
UNREADABLE = (
    "{file} cannot be opened with this master key, or is damaged. Put the right master key in "
    "place if there is one. " + WAY_BACK
)
LOST_SESSION = (
    "The session in {folder} is missing, but the crypto store of some device is there. " + WAY_BACK
)


class Unreadable(CannotStart):
    """The session file is there and does not open."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What makes us the same client after a restart."""

    user_id: str
    device_id: str
    token: str = field(default="", repr=False)
    device_key: str = ""  # public ed25519 key of the crypto store, once there is one
    seeds: tuple[str, ...] = field(default=(), repr=False)  # master, self- and user-signing
    recovery_key: str = field(default="", repr=False)  # unpadded base64, once there is one
    storage_key: str = ""  # the id of that key in the account's secret storage
    recovery_key_told: bool = False  # whether somebody has been shown it
    replacing: bool = False  # somebody decided that the account's identity is to be replaced
    stamp: str = ""  # the crypto store of the same moment bears the same


def new_device_id() -> str:
    """A device id that no other client has."""
    return DEVICE_PREFIX + secrets.token_hex(4).upper()


class Vault:
    """The sealed file `session` in the bot's folder."""

    def __init__(self, folder: Path, seal: Seal, user_id: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._seal = seal
        stored = read_credentials(folder, seal, user_id)
        self.credentials = stored or Credentials(user_id, new_device_id())
        if stored is None:
            _refuse_lonely_store(folder)
            self.keep()  # before there is a crypto store, so that one without a session is lost

    def keep(self, **changes: Any) -> None:
        """Change fields of `Credentials` and store; returns when it is safely on disk."""
        self.put(replace(self.credentials, **changes))

    def put(self, credentials: Credentials) -> None:
        """Store other credentials in place of all there is."""
        self.credentials = credentials
        sealed = self._seal.close(json.dumps(asdict(credentials)).encode(), _CONTEXT)
        write_safely(self._folder / SESSION, sealed)


def read_credentials(folder: Path, seal: Seal, user_id: str) -> Credentials | None:
    """What the folder holds, without changing anything; None when it holds nothing."""
    try:
        plain = seal.open((folder / SESSION).read_bytes(), _CONTEXT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotStart(
            f"{folder / SESSION} cannot be read ({type(error).__name__}). It must belong to the "
            "user that runs the bot."
        ) from None
    except (WrongMasterKey, ValueError):
        raise Unreadable(UNREADABLE.format(file=folder / SESSION)) from None
    stored = json.loads(plain)
    credentials = Credentials(**{**stored, "seeds": tuple(stored["seeds"])})
    if credentials.user_id != user_id:
        raise CannotStart(
            f"{folder} belongs to {credentials.user_id}, not to {user_id}. "
            "Give each account its own folder."
        )
    return credentials


def _refuse_lonely_store(folder: Path) -> None:
    if (folder / STORE).exists():
        raise CannotStart(LOST_SESSION.format(folder=folder))


def write_safely(path: Path, data: bytes) -> None:
    """Replace a file so that a crash leaves either the old or the new content."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class OnlyOne:
    """Holds the folder for this process: two clients of one device would lose messages."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = (folder / "lock").open("w")

    def __enter__(self) -> "OnlyOne":
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise CannotStart(
                "Another process already runs with this folder. Stop it first."
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
