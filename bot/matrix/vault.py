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

from bot.matrix.door import CannotStart
from storage.seal import Seal, WrongMasterKey

_CONTEXT = "matrix/session"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What makes us the same client after a restart."""

    user_id: str
    device_id: str
    token: str = field(default="", repr=False)
    device_key: str = ""  # public ed25519 key of the crypto store, once there is one
    seeds: tuple[str, ...] = field(default=(), repr=False)  # master, self- and user-signing


def new_device_id() -> str:
    """A device id that no other client has."""
    return "TAFELBOT" + secrets.token_hex(4).upper()


class Vault:
    """The sealed file `session` in the bot's folder."""

    def __init__(self, folder: Path, seal: Seal, user_id: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / "session"
        self._seal = seal
        self.credentials = self._load(user_id) or Credentials(user_id, new_device_id())

    def _load(self, user_id: str) -> Credentials | None:
        try:
            plain = self._seal.open(self._path.read_bytes(), _CONTEXT)
        except FileNotFoundError:
            return None
        except (WrongMasterKey, ValueError):
            raise CannotStart(
                f"{self._path} cannot be opened with this master key. Put the right master key "
                "in place, or restore both from the same backup."
            ) from None
        stored = json.loads(plain)
        credentials = Credentials(**{**stored, "seeds": tuple(stored["seeds"])})
        if credentials.user_id != user_id:
            raise CannotStart(
                f"{self._path.parent} belongs to {credentials.user_id}, not to {user_id}. "
                "Give each account its own folder."
            )
        return credentials

    def keep(
        self,
        *,
        token: str | None = None,
        device_key: str | None = None,
        seeds: tuple[str, ...] | None = None,
    ) -> None:
        """Change and store; returns when it is safely on disk."""
        now = self.credentials
        self.credentials = replace(
            now,
            token=now.token if token is None else token,
            device_key=now.device_key if device_key is None else device_key,
            seeds=now.seeds if seeds is None else seeds,
        )
        sealed = self._seal.close(json.dumps(asdict(self.credentials)).encode(), _CONTEXT)
        write_safely(self._path, sealed)


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
