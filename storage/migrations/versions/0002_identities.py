"""members' identities"""

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


def downgrade() -> None:
    with op.batch_alter_table("member") as member:
        member.drop_column("offered")
        member.drop_column("proof")
        member.drop_column("identity")
