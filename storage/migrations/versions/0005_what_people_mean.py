"""what people mean: doubts and their causes, rosters that are whole"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "discussion",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_discussion_case_id")),
        sa.PrimaryKeyConstraint("case_id", "on", name=op.f("pk_discussion")),
    )
    case, discussion = (
        sa.table("case", sa.column("id"), sa.column("discussed_on", sa.Date())),
        sa.table("discussion", sa.column("case_id"), sa.column("on", sa.Date())),
    )
    known = sa.select(case.c.id, case.c.discussed_on).where(case.c.discussed_on.is_not(None))
    op.execute(discussion.insert().from_select(["case_id", "on"], known))


def downgrade() -> None:
    op.drop_table("discussion")
