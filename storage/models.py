"""Rows, nothing else. An allow-list: references, codes, dates, counts, sealed ids, digests.

A person, room or event is a number here; its Matrix id stands sealed in one place.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.rules.facts import Reference
from storage.types import CodeType, Digest, Instant, ReferenceType, Sealed, TokenType

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Instant, str: CodeType, Reference: ReferenceType}


class Keyring(Base):
    """One row that only the right master key opens."""

    __tablename__ = "keyring"
    id: Mapped[int] = mapped_column(primary_key=True)
    check: Mapped[bytes] = mapped_column(Sealed)


class SyncPoint(Base):
    """Up to where everything heard has been fully processed, and when that was."""

    __tablename__ = "sync_point"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[bytes] = mapped_column(Sealed)
    at: Mapped[datetime]


class Account(Base):
    """A Matrix account, sealed, with what it chose."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    blind: Mapped[bytes] = mapped_column(Digest, unique=True)
    sealed: Mapped[bytes] = mapped_column(Sealed)
    language: Mapped[str | None]
    greeted: Mapped[bool] = mapped_column(default=False)


class Room(Base):
    """A room we are in: the table's, the direct room of one account, or the side room of one
    case, in which exactly its roster is."""

    __tablename__ = "room"
    id: Mapped[int] = mapped_column(primary_key=True)
    blind: Mapped[bytes] = mapped_column(Digest, unique=True)
    sealed: Mapped[bytes] = mapped_column(Sealed)
    kind: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    case_id: Mapped[int | None]  # no foreign key: a case may be forgotten before its room


class RoomFault(Base):
    """Something that is the matter with the table's room, and what the table knows of it."""

    __tablename__ = "room_fault"
    code: Mapped[str] = mapped_column(primary_key=True)
    knowledge: Mapped[str]
    count: Mapped[int] = mapped_column(default=0)  # of strangers, as told last
    told_at: Mapped[datetime | None]


class Member(Base):
    """Somebody enrolled at the table, with the master key that is their identity.

    `settled`: because the settings say so. `offered`: another one that the homeserver shows in
    its place; the person is suspended.
    """

    __tablename__ = "member"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str]
    organisation: Mapped[str]
    identity: Mapped[bytes | None] = mapped_column(Sealed)
    proof: Mapped[str | None]
    offered: Mapped[bytes | None] = mapped_column(Sealed)
    settled: Mapped[bool] = mapped_column(default=False)


class Meeting(Base):
    __tablename__ = "meeting"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    planned_at: Mapped[datetime | None]
    opened_on: Mapped[date | None]
    chair_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    step: Mapped[str | None]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))
    action_id: Mapped[int | None]  # no foreign key: actions know their meeting
    moved_at: Mapped[datetime | None]
    moved_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    polls: Mapped[int] = mapped_column(default=0)  # numbers given, none of them twice


class Presence(Base):
    """The roll of a meeting that is not closed yet; deleted with it (promise 8). As what somebody
    came, for the minutes: they may have left the table before the end."""

    __tablename__ = "presence"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    there: Mapped[bool] = mapped_column(default=True)
    role: Mapped[str | None]
    organisation: Mapped[str | None]


class Case(Base):
    __tablename__ = "case"
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Reference] = mapped_column(unique=True)
    state: Mapped[str]
    notified_on: Mapped[date]
    route: Mapped[str | None]  # dropped after admission (N10)
    notifier_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    director_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    discussed_on: Mapped[date | None]
    expires_on: Mapped[date | None]


class Discussion(Base):
    """A day on which a case was discussed, and said to have been; the form shows them all."""

    __tablename__ = "discussion"
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)


class Draft(Base):
    """A notification whose questions are not all answered yet."""

    __tablename__ = "draft"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    route: Mapped[str]
    asked: Mapped[str]


class TakenUp(Base):
    """A case on the table in one meeting.

    `aside`: it has a side room. `informing`: the officer is asked whether the person may be told.
    `later`: case manager and actions are left to the next meeting.
    """

    __tablename__ = "taken_up"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    discussed: Mapped[bool | None]
    discussed_before: Mapped[date | None]
    polled: Mapped[bool] = mapped_column(default=False)
    aside: Mapped[bool] = mapped_column(default=False)
    informing: Mapped[bool] = mapped_column(default=False)
    later: Mapped[bool] = mapped_column(default=False)


class Rostered(Base):
    """How somebody stands to a case's roster in one meeting: on it, gone, left out."""

    __tablename__ = "rostered"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    standing: Mapped[str]


class Action(Base):
    """Shown as `A` and its id."""

    __tablename__ = "action"
    __table_args__ = {"sqlite_autoincrement": True}  # a number is never given twice
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    code: Mapped[str]
    due: Mapped[date]
    state: Mapped[str]
    made_in: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    answered_in: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))


class Fiche(Base):
    """A feedback form of a meeting: whether it is wanted, being agreed, adopted or ended."""

    __tablename__ = "fiche"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    direction: Mapped[str]
    state: Mapped[str]


class Poll(Base):
    """One poll on one version. An item is the versions of one number; its words stay in the
    room, where `source` and `line` find them again and `digest` proves them.

    `lane`: where it is held. `waiting`: not asked yet, since nobody has attested it. `secret`:
    somebody says it holds a secret of theirs; who, is kept nowhere.
    """

    __tablename__ = "poll"
    __table_args__ = (
        UniqueConstraint("meeting_id", "number", "version"),
        {"sqlite_autoincrement": True},  # slots in the outbox are made of it
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    number: Mapped[int]
    version: Mapped[int]
    lane: Mapped[int] = mapped_column(default=0)
    subject: Mapped[str]
    section: Mapped[str | None]
    sign: Mapped[str | None]
    phase: Mapped[str | None]
    waiting: Mapped[bool] = mapped_column(default=False)
    attested: Mapped[bool] = mapped_column(default=False)
    secret: Mapped[bool] = mapped_column(default=False)
    agree_id: Mapped[str] = mapped_column(TokenType, unique=True)
    object_id: Mapped[str] = mapped_column(TokenType, unique=True)
    secret_id: Mapped[str | None] = mapped_column(TokenType, unique=True, index=True)
    source: Mapped[bytes | None] = mapped_column(Sealed)
    line: Mapped[int | None]
    digest: Mapped[bytes | None] = mapped_column(Digest)
    outcome: Mapped[str | None]


class Ballot(Base):
    """One person's answer while a meeting lasts; deleted at its close. `mark`: the newest doubt of
    theirs that a yes has named, and so was said after."""

    __tablename__ = "ballot"
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    answer: Mapped[str]
    mark: Mapped[int] = mapped_column(default=0)


class Yes(Base):
    """An event that said yes in a poll: deleted or edited, it leaves doubt."""

    __tablename__ = "yes"
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"), primary_key=True)
    blind: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class Doubt(Base):
    """Something a person said while a poll was open, that may have been an objection. `mark`: its
    number among theirs in that poll, and 0 for what could not be read: that is deleted when it is
    read. All are deleted at the close."""

    __tablename__ = "doubt"
    poll_id: Mapped[int] = mapped_column(ForeignKey("poll.id"), primary_key=True)
    event: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    mark: Mapped[int] = mapped_column(default=0)


class Trace(Base):
    """An event of the room of a lane that must not outlive the meeting: redacted at its close."""

    __tablename__ = "trace"
    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    lane: Mapped[int] = mapped_column(default=0)
    blind: Mapped[bytes] = mapped_column(Digest, unique=True)
    event: Mapped[bytes] = mapped_column(Sealed)


class Seen(Base):
    """A line of an event that has been acted upon (promise 5)."""

    __tablename__ = "seen"
    event: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    on: Mapped[date]


class Unread(Base):
    """An event whose key has not reached us yet."""

    __tablename__ = "unread"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    event: Mapped[bytes] = mapped_column(Sealed)
    blind: Mapped[bytes] = mapped_column(Digest, unique=True)
    since: Mapped[datetime]
    told: Mapped[bool] = mapped_column(default=False)


class Outbox(Base):
    """Something to be said or done in Matrix, in order within its lane.

    `lane`: 0 for the table's room, an account for its direct room, and the negative number of a
    case for its side room. `slot` names a
    message that is looked up again: edited in place, replied to, redacted. `facts` are a sealed
    `bot.rules.facts` value. `event` is set once it is sent; a row without a slot is then gone.
    `attempts` failed in passing, and before `not_before` there is no other.
    """

    __tablename__ = "outbox"
    __table_args__ = {"sqlite_autoincrement": True}  # a transaction id is never used twice
    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[int]
    act: Mapped[str]
    kind: Mapped[str]
    facts: Mapped[bytes] = mapped_column(Sealed)
    token: Mapped[str] = mapped_column(TokenType)
    reply_to: Mapped[bytes | None] = mapped_column(Sealed)
    thread: Mapped[bytes | None] = mapped_column(Sealed)
    slot: Mapped[str | None]
    tried_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    event: Mapped[bytes | None] = mapped_column(Sealed)
