"""what people mean: doubts and their causes, rosters that are whole"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
