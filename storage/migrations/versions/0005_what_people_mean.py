"""what people mean: doubts and their causes, rosters that are whole"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "member", sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for code in ("role", "organisation"):
        op.add_column("presence", sa.Column(code, sa.String(length=40), nullable=True))
    op.execute(
        "UPDATE presence SET (role, organisation) = (SELECT role, organisation FROM member "
        "WHERE member.account_id = presence.account_id)"
    )


def downgrade() -> None:
    with op.batch_alter_table("presence") as presence:
        presence.drop_column("organisation")
        presence.drop_column("role")
    with op.batch_alter_table("member") as member:
        member.drop_column("settled")
