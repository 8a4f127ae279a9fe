"""the first meeting"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("blind", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=True),
        sa.Column("greeted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("blind", name=op.f("uq_account_blind")),
    )
    op.create_table(
        "keyring",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keyring")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.String(length=26), nullable=False),
        sa.Column("reply_to", sa.LargeBinary(), nullable=True),
        sa.Column("thread", sa.LargeBinary(), nullable=True),
        sa.Column("slot", sa.String(length=40), nullable=True),
        sa.Column("tried_at", sa.DateTime(), nullable=True),
        sa.Column("event", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "seen",
        sa.Column("event", sa.LargeBinary(length=32), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("event", "line", name=op.f("pk_seen")),
    )
    op.create_table(
        "sync_point",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_point")),
    )
    op.create_table(
        "case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("notified_on", sa.Date(), nullable=False),
        sa.Column("route", sa.String(length=40), nullable=True),
        sa.Column("notifier_id", sa.Integer(), nullable=True),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.Column("director_id", sa.Integer(), nullable=True),
        sa.Column("discussed_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["director_id"], ["account.id"], name=op.f("fk_case_director_id")),
        sa.ForeignKeyConstraint(["manager_id"], ["account.id"], name=op.f("fk_case_manager_id")),
        sa.ForeignKeyConstraint(["notifier_id"], ["account.id"], name=op.f("fk_case_notifier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("reference", name=op.f("uq_case_reference")),
    )
    op.create_table(
        "draft",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("route", sa.String(length=40), nullable=False),
        sa.Column("asked", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_draft_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_draft")),
    )
    op.create_table(
        "member",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_member")),
    )
    op.create_table(
        "room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("blind", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_room_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("blind", name=op.f("uq_room_blind")),
    )
    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("planned_at", sa.DateTime(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("chair_id", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(length=40), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("action_id", sa.Integer(), nullable=True),
        sa.Column("moved_at", sa.DateTime(), nullable=True),
        sa.Column("moved_by", sa.Integer(), nullable=True),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_meeting_case_id")),
        sa.ForeignKeyConstraint(["chair_id"], ["account.id"], name=op.f("fk_meeting_chair_id")),
        sa.ForeignKeyConstraint(["moved_by"], ["account.id"], name=op.f("fk_meeting_moved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_table(
        "unread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("blind", sa.LargeBinary(length=32), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_unread_account_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_unread_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unread")),
        sa.UniqueConstraint("blind", name=op.f("uq_unread_blind")),
    )
    op.create_table(
        "action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("made_in", sa.Integer(), nullable=False),
        sa.Column("answered_in", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_in"], ["meeting.id"], name=op.f("fk_action_answered_in")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_action_case_id")),
        sa.ForeignKeyConstraint(["made_in"], ["meeting.id"], name=op.f("fk_action_made_in")),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("fk_action_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "fiche",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_fiche_case_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_fiche_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "case_id", name=op.f("pk_fiche")),
    )
    op.create_table(
        "poll",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=True),
        sa.Column("sign", sa.String(length=40), nullable=True),
        sa.Column("agree_id", sa.String(length=26), nullable=False),
        sa.Column("object_id", sa.String(length=26), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_poll_case_id")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_poll_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll")),
        sa.UniqueConstraint("agree_id", name=op.f("uq_poll_agree_id")),
        sa.UniqueConstraint("meeting_id", "number", "version", name=op.f("uq_poll_meeting_id")),
        sa.UniqueConstraint("object_id", name=op.f("uq_poll_object_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "presence",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("there", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_presence_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_presence_meeting_id")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "account_id", name=op.f("pk_presence")),
    )
    op.create_table(
        "rostered",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("there", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_rostered_account_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_rostered_case_id")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_rostered_meeting_id")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "case_id", "account_id", name=op.f("pk_rostered")),
    )
    op.create_table(
        "taken_up",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("discussed", sa.Boolean(), nullable=True),
        sa.Column("discussed_before", sa.Date(), nullable=True),
        sa.Column("polled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_taken_up_case_id")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_taken_up_meeting_id")
        ),
        sa.PrimaryKeyConstraint("meeting_id", "case_id", name=op.f("pk_taken_up")),
    )
    op.create_table(
        "trace",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("blind", sa.LargeBinary(length=32), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_trace_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace")),
        sa.UniqueConstraint("blind", name=op.f("uq_trace_blind")),
    )
    op.create_table(
        "ballot",
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ballot_account_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_ballot_poll_id")),
        sa.PrimaryKeyConstraint("poll_id", "account_id", name=op.f("pk_ballot")),
    )


def downgrade() -> None:
    op.drop_table("ballot")
    op.drop_table("trace")
    op.drop_table("taken_up")
    op.drop_table("rostered")
    op.drop_table("presence")
    op.drop_table("poll")
    op.drop_table("fiche")
    op.drop_table("action")
    op.drop_table("unread")
    op.drop_table("meeting")
    op.drop_table("room")
    op.drop_table("member")
    op.drop_table("draft")
    op.drop_table("case")
    op.drop_table("sync_point")
    op.drop_table("seen")
    op.drop_table("outbox")
    op.drop_table("keyring")
    op.drop_table("account")
