"""Alembic runs in-process, on the connection it is handed."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from storage.models import Base


def plain_type(kind: str, column: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Migrations name plain types only, so that they do not change with `storage.types`."""
    if kind == "type" and isinstance(column, TypeDecorator):
        return f"sa.{column.impl_instance!r}"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=plain_type,
)
with context.begin_transaction():
    context.run_migrations()
