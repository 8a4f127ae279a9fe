"""what people mean: doubts and their causes, rosters that are whole"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("ballot", "doubt"):
        op.add_column(table, sa.Column("mark", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "yes",
        sa.Column("poll_id", sa.Integer(), sa.ForeignKey("poll.id"), nullable=False),
        sa.Column("blind", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "blind", name=op.f("pk_yes")),
    )


def downgrade() -> None:
    op.drop_table("yes")
    for table in ("doubt", "ballot"):
        with op.batch_alter_table(table) as of_poll:
            of_poll.drop_column("mark")
