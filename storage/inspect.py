"""Look into the store: every table, every column, unsealed. Nothing else is kept."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Engine, select

from storage.models import Base
from storage.seal import Seal
from storage.types import Digest, Sealed

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def tables(engine: Engine, seal: Seal) -> Tables:
    """Table → rows; what is sealed is opened, digests are shown in hexadecimal."""
    with engine.connect() as connection:
        return {
            table.name: [
                {column.name: _plain(column, row[column.name], seal) for column in table.columns}
                for row in connection.execute(select(table)).mappings()
            ]
            for table in Base.metadata.sorted_tables
        }


def lines(found: Tables) -> Iterator[str]:
    """For people: empty tables in one line, digests of events by day, the rest row by row."""
    empty = [name for name, rows in found.items() if not rows]
    for name, rows in found.items():
        if rows:
            yield f"{name} ({len(rows)})"
        if name == "seen":
            yield from (
                f"  {count} digests, {on}" for on, count in Counter(r["on"] for r in rows).items()
            )
            continue
        for row in rows:
            yield "  " + "  ".join(
                f"{key}={value}" for key, value in row.items() if value is not None
            )
    yield f"empty: {', '.join(empty)}"


def _plain(column: Column[Any], value: Any, seal: Seal) -> Any:
    if value is None:
        return None
    if isinstance(column.type, Sealed):
        plain = seal.open(value, f"{column.table.name}/{column.name}").decode()
        return json.loads(plain) if plain.startswith("{") else plain
    return value.hex()[:16] if isinstance(column.type, Digest) else value
