"""identities of members, and ballots that could not be read"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("member") as member:
        member.add_column(sa.Column("identity", sa.LargeBinary(), nullable=True))
        member.add_column(sa.Column("proof", sa.String(length=40), nullable=True))
        member.add_column(sa.Column("offered", sa.LargeBinary(), nullable=True))
    op.create_table(
        "doubt",
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_doubt_account_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_doubt_poll_id")),
        sa.PrimaryKeyConstraint("poll_id", "event", name=op.f("pk_doubt")),
    )


def downgrade() -> None:
    op.drop_table("doubt")
    with op.batch_alter_table("member") as member:
        member.drop_column("offered")
        member.drop_column("proof")
        member.drop_column("identity")
