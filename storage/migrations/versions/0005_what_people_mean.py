"""what people mean: doubts and their causes, rosters that are whole"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_AUTOINCREMENT = {"sqlite_autoincrement": True}


def upgrade() -> None:
    op.add_column("member", _flag("settled"))
    for code in ("role", "organisation"):
        op.add_column("presence", sa.Column(code, sa.String(length=40), nullable=True))
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("not_before", sa.DateTime(), nullable=True))
    with op.batch_alter_table("rostered") as rostered:
        rostered.add_column(
            sa.Column("standing", sa.String(length=40), nullable=False, server_default="on")
        )
    op.execute("UPDATE rostered SET standing = 'gone' WHERE NOT there")
    with op.batch_alter_table("rostered") as rostered:
        rostered.alter_column("standing", server_default=None)
        rostered.drop_column("there")
    op.add_column("taken_up", _flag("later"))


def downgrade() -> None:
    with op.batch_alter_table("taken_up") as taken_up:
        taken_up.drop_column("later")
    op.execute("DELETE FROM rostered WHERE standing IN ('away', 'left_out')")
    op.add_column("rostered", sa.Column("there", sa.Boolean(), nullable=False, server_default="1"))
    op.execute("UPDATE rostered SET there = 0 WHERE standing = 'gone'")
    with op.batch_alter_table("rostered") as rostered:
        rostered.drop_column("standing")
    with op.batch_alter_table("outbox", table_kwargs=_AUTOINCREMENT) as outbox:
        outbox.drop_column("not_before")
        outbox.drop_column("attempts")
    with op.batch_alter_table("presence") as presence:
        presence.drop_column("organisation")
        presence.drop_column("role")
    with op.batch_alter_table("member") as member:
        member.drop_column("settled")


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
