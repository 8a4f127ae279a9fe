"""What the table has been told is the matter with its room"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "room_fault",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("knowledge", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_room_fault")),
    )


def downgrade() -> None:
    op.drop_table("room_fault")
