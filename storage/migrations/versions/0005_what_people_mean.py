"""what people mean: doubts and their causes, rosters that are whole"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Polls that were about to be ended in clients are redacted instead.
    op.execute(
        "UPDATE outbox SET act = 'redact', slot = NULL WHERE act = 'poll_end' AND event IS NULL"
    )


def downgrade() -> None:
    pass
