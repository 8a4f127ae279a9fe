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
    op.execute(
        "UPDATE presence SET (role, organisation) = (SELECT role, organisation FROM member "
        "WHERE member.account_id = presence.account_id)"
    )
    # Polls that were about to be ended in clients are redacted instead.
    op.execute(
        "UPDATE outbox SET act = 'redact', slot = NULL WHERE act = 'poll_end' AND event IS NULL"
    )
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
    _create_answers()
    _create_discussions()


def downgrade() -> None:
    op.drop_table("discussion")
    op.drop_table("yes")
    for table in ("doubt", "ballot"):
        with op.batch_alter_table(table) as of_poll:
            of_poll.drop_column("mark")
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


def _create_answers() -> None:
    """Which events cast a yes, and since when somebody is in doubt."""
    for table in ("ballot", "doubt"):
        op.add_column(table, sa.Column("mark", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "yes",
        sa.Column("poll_id", sa.Integer(), sa.ForeignKey("poll.id"), nullable=False),
        sa.Column("blind", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "blind", name=op.f("pk_yes")),
    )


def _create_discussions() -> None:
    """The days on which a case was discussed, as far as they are known."""
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


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
