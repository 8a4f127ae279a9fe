"""The settings: one TOML file, secrets from files or the environment, unknown keys refused."""

import base64
import binascii
import os
import tomllib
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.rules.consensus import BallotMode
from bot.rules.facts import MasterKey
from bot.rules.fiche import FicheText
from handlers.turn import Table
from storage.seal import MASTER_KEY_BYTES

Fingerprint = Annotated[  # a public master key; the spaces are for reading it aloud
    str,
    BeforeValidator(lambda text: str(text).replace(" ", "")),
    Field(pattern=f"^{MasterKey.form.pattern}$"),
]
USER_ID = r"@[^\s:]+:[^\s:]+(:\d+)?"


class ConfigError(Exception):
    """The settings cannot be used; the message says what is missing, line by line."""


class TableSettings(BaseModel):
    """One operational table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    police_zone: str = Field(min_length=1)
    languages: tuple[Literal["nl", "fr", "de", "en"], ...] = Field(min_length=1, max_length=1)
    timezone: str = "Europe/Brussels"
    mayor: str = Field(pattern=f"^{USER_ID}$")
    mayor_fingerprint: Fingerprint | None = None
    coordinator: str = Field(pattern=f"^{USER_ID}$")
    coordinator_fingerprint: Fingerprint | None = None
    coordinator_chairs: bool = False
    mayor_delegates: tuple[Annotated[str, Field(pattern=f"^{USER_ID}$")], ...] = ()
    # Whom to reach. Nobody is shown it and it is secret here, so that no log holds a name.
    data_protection_officer: SecretStr | None = None
    fiche_text: FicheText = FicheText.ROOM
    ballot: BallotMode = BallotMode.OPEN
    homeserver_keeps_redacted_days: int = Field(7, ge=0)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("is not a time zone such as Europe/Brussels") from None
        return name

    @field_validator("data_protection_officer")
    @classmethod
    def _somebody(cls, contact: SecretStr | None) -> SecretStr | None:
        if contact is not None and not contact.get_secret_value().strip():
            raise ValueError("is empty: name a contact, or leave the setting out")
        return contact

    @field_validator("mayor_delegates")
    @classmethod
    def _others(cls, delegates: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if {info.data.get("mayor"), info.data.get("coordinator")} & set(delegates):
            raise ValueError("names the mayor or the coordinator, who sit there already")
        return delegates

    def table(self) -> Table:
        return Table(
            name=self.name,
            police_zone=self.police_zone,
            languages=self.languages,
            zone=self.zone,
            mayor=self.mayor,
            coordinator=self.coordinator,
            coordinator_chairs=self.coordinator_chairs,
            delegates=self.mayor_delegates,
            fingerprints=self._fingerprints(),
            fiche_text=self.fiche_text,
            ballot=self.ballot,
            homeserver_keeps_redacted_days=self.homeserver_keeps_redacted_days,
            unprotected=self.data_protection_officer is None,
        )

    def _fingerprints(self) -> dict[str, str]:
        given = {
            self.mayor: self.mayor_fingerprint,
            self.coordinator: self.coordinator_fingerprint,
        }
        return {user: key for user, key in given.items() if key is not None}

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.timezone)


class Settings(BaseSettings):
    """`TAFELBOT_PASSWORD`, `TAFELBOT_MASTER_KEY` and `TAFELBOT_RECOVERY_KEY` may stand in the
    environment."""

    model_config = SettingsConfigDict(env_prefix="TAFELBOT_", frozen=True, extra="forbid")

    homeserver: str = Field(pattern=r"^https?://\S+$")
    user_id: str = Field(pattern=f"^{USER_ID}$")
    data_dir: Path
    database: str | None = None
    password_file: Path | None = None
    master_key_file: Path | None = None
    recovery_key_file: Path | None = None
    password: SecretStr | None = None
    master_key: SecretStr | None = None
    recovery_key: SecretStr | None = None
    tables: tuple[TableSettings, ...] = Field(min_length=1, max_length=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data_dir / 'tafelbot.db'}"

    @property
    def table(self) -> Table:
        return replace(self.tables[0].table(), bot=self.user_id)

    @property
    def matrix_dir(self) -> Path:
        """Where the bot's device lives."""
        return self.data_dir / "matrix"

    def login_password(self) -> str | None:
        """Needed for the first login only."""
        return _optional(self.password, self.password_file)

    def typed_recovery_key(self) -> str | None:
        """Needed once, to join an identity that the account has."""
        return _optional(self.recovery_key, self.recovery_key_file)

    def master_key_bytes(self) -> bytes:
        """32 bytes, from the environment or the file that `tafelbot key new` makes."""
        if self.master_key is not None:
            return decode_key(self.master_key.get_secret_value(), "TAFELBOT_MASTER_KEY")
        if self.master_key_file is None:
            raise ConfigError("master_key_file is missing; `tafelbot key new FILE` makes one")
        if not self.master_key_file.exists():
            raise ConfigError(
                f"master_key_file: {self.master_key_file} does not exist; "
                f"`tafelbot key new {self.master_key_file}` makes it"
            )
        return decode_key(_secret(self.master_key_file), f"master_key_file {self.master_key_file}")


def load(path: Path, *, with_key: bool = True) -> Settings:
    """Settings from a file; paths in it are relative to it. `ConfigError` says what is wrong,
    also with the master key, unless the command does without."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    for secret in ("password", "master_key", "recovery_key"):
        if secret in raw:
            raise ConfigError(f"{secret} does not belong in the file: use {secret}_file")
    try:
        settings = Settings(**_absolute(raw, path.parent))
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(one) for one in _innermost(error))) from None
    if with_key:
        settings.master_key_bytes()
    return settings


def new_key(path: Path) -> None:
    """Write a fresh master key that only its owner may read; an existing file is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(base64.b64encode(os.urandom(MASTER_KEY_BYTES)).decode() + "\n")


def decode_key(text: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ConfigError(f"{origin} does not hold a key made by `tafelbot key new`")
    return key


def _absolute(raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    paths = {"data_dir", "password_file", "master_key_file", "recovery_key_file"}
    return {
        key: folder.resolve() / value if key in paths and isinstance(value, str) else value
        for key, value in raw.items()
    }


def _optional(given: SecretStr | None, file: Path | None) -> str | None:
    """From the environment, or from a file; one that is not there counts as nothing."""
    if given is not None:
        return given.get_secret_value()
    return None if file is None or not file.exists() else _secret(file)


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}") from None


def _innermost(error: ValidationError) -> list[Any]:
    """A setting that is wrong makes the list around it too short: say the first only."""
    found = error.errors()
    places = [one["loc"] for one in found]
    return [
        one
        for one in found
        if not any(place[: len(one["loc"])] == one["loc"] != place for place in places)
    ]


def _sentence(error: Any) -> str:
    """`tables.0.mayor: is missing`; never the value itself, which may be a secret."""
    where = ".".join(str(part) for part in error["loc"])
    kind = error["type"]
    if kind == "missing":
        return f"{where}: is missing"
    if kind == "extra_forbidden":
        return f"{where}: is not a setting"
    if kind == "string_pattern_mismatch":
        return f"{where}: is to be written as {_form(where)}"
    if kind == "too_long" and where.endswith("tables"):
        return f"{where}: one table; several municipalities run as several bot accounts"
    return f"{where}: {error['msg']}"


def _form(where: str) -> str:
    if where.endswith("_fingerprint"):
        return "the 43 signs of a master key"
    return "https://…" if where == "homeserver" else "@name:server"
