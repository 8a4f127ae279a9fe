"""The only kinds of column there are; none of them can hold prose (promise 1)."""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, String
from sqlalchemy.types import TypeDecorator

from bot.rules.facts import Code, Reference


class CodeType(TypeDecorator[str]):
    """A word of the program's own, refused if it does not look like one."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(Code(value))


class ReferenceType(TypeDecorator[str]):
    """A case reference."""

    impl = String(7)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(Reference(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Reference | None:
        return None if value is None else Reference(value)


class TokenType(TypeDecorator[str]):
    """A random word, 26 signs of base32."""

    impl = String(26)
    cache_ok = True
    form = re.compile(r"[a-z2-7]{26}")

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is not None and not self.form.fullmatch(value):
            raise ValueError("not a token")
        return None if value is None else str(value)


class Instant(TypeDecorator[datetime]):
    """A moment, aware in and aware out; databases forget zones, so UTC is kept."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Sealed(TypeDecorator[bytes]):
    """What only the master key opens; sealed and opened in `storage.tx`."""

    impl = LargeBinary
    cache_ok = True


class Digest(TypeDecorator[bytes]):
    """A keyed digest (HMAC-SHA-256): can be compared, not read."""

    impl = LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is not None and len(value) != 32:
            raise ValueError("not a digest")
        return None if value is None else bytes(value)
