"""the feedback form: side rooms, secrets, attestations, and the form as a whole"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


_AUTOINCREMENT = {"sqlite_autoincrement": True}


def upgrade() -> None:
    with op.batch_alter_table("room") as room:
        room.add_column(sa.Column("case_id", sa.Integer(), nullable=True))
    for flag in ("aside", "informing"):
        op.add_column("taken_up", _flag(flag))
    op.add_column(
        "fiche", sa.Column("state", sa.String(length=40), nullable=False, server_default="closed")
    )
    op.execute("UPDATE fiche SET state = 'open' WHERE open")
    with op.batch_alter_table("fiche") as fiche:
        fiche.drop_column("open")
    op.add_column("poll", sa.Column("lane", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("poll", sa.Column("phase", sa.String(length=40), nullable=True))
    for flag in ("waiting", "attested", "secret"):
        op.add_column("poll", _flag(flag))
    op.add_column("poll", sa.Column("secret_id", sa.String(length=26), nullable=True))
    op.create_index(op.f("ix_poll_secret_id"), "poll", ["secret_id"], unique=True)
    op.add_column("trace", sa.Column("lane", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("trace") as trace:
        trace.drop_column("lane")
    op.drop_index(op.f("ix_poll_secret_id"), "poll")
    with op.batch_alter_table("poll", table_kwargs=_AUTOINCREMENT) as poll:
        for name in ("secret_id", "secret", "attested", "waiting", "phase", "lane"):
            poll.drop_column(name)
    op.add_column("fiche", sa.Column("open", sa.Boolean(), nullable=False, server_default="0"))
    op.execute("UPDATE fiche SET open = 1 WHERE state = 'open'")
    with op.batch_alter_table("fiche") as fiche:
        fiche.drop_column("state")
    with op.batch_alter_table("taken_up") as taken_up:
        taken_up.drop_column("informing")
        taken_up.drop_column("aside")
    with op.batch_alter_table("room") as room:
        room.drop_column("case_id")


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
