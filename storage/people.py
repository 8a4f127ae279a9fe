"""Accounts, rooms and members: sealed ids that can be found again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.rules.facts import Account, MasterKey
from bot.rules.identity import Proof
from bot.rules.people import Organisation, Role
from storage import models as m
from storage.seal import Seal

# What names an account, but for its direct rooms: they go with it.
NAMING: tuple[InstrumentedAttribute[int] | InstrumentedAttribute[int | None], ...] = (
    m.Member.account_id,
    m.Meeting.chair_id,
    m.Meeting.moved_by,
    m.Presence.account_id,
    m.Case.notifier_id,
    m.Case.manager_id,
    m.Case.director_id,
    m.Draft.account_id,
    m.Rostered.account_id,
    m.Action.owner_id,
    m.Ballot.account_id,
    m.Yes.account_id,
    m.Doubt.account_id,
    m.Unread.account_id,
)


class RoomKind(StrEnum):
    TABLE = "table"
    DIRECT = "direct"
    FORMER = "former"  # the table's before it moved, still to be left
    ASKED = "asked"  # somebody of the table asks us in, and we are not there yet
    SIDE = "side"  # of one case, for its roster alone
    ASIDE = "aside"  # of somebody who has spoken elsewhere since, or not audibly yet


@dataclass(frozen=True, slots=True)
class Identity:
    """A member's master key, another one shown in its place, and how the first is known."""

    pinned: str | None = None
    offered: str | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody who sits at the table."""

    account: Account
    user_id: str
    role: Role
    identity: Identity


class People:
    def __init__(self, session: Session, seal: Seal) -> None:
        self._session = session
        self._seal = seal
        self.changed = False  # whether this transaction changed who sits at the table, and as whom

    def account(self, user_id: str) -> Account:
        """Our number of a Matrix account, given one if it has none."""
        if found := self.known(user_id):
            return found
        row = m.Account(
            blind=self._seal.index(user_id, "account"),
            sealed=self._seal.close(user_id.encode(), "account/sealed"),
        )
        self._session.add(row)
        self._session.flush()
        return Account(row.id)

    def known(self, user_id: str) -> Account | None:
        blind = self._seal.index(user_id, "account")
        row = self._session.scalar(select(m.Account).where(m.Account.blind == blind))
        return Account(row.id) if row else None

    def enrolled(self, user_id: str) -> Account | None:
        """The account of somebody who sits at the table."""
        account = self.known(user_id)
        return account if account is not None and self.member(account) is not None else None

    def user_id(self, account: int) -> str:
        row = self._session.get_one(m.Account, account)
        return self._seal.open(row.sealed, "account/sealed").decode()

    def account_row(self, account: int) -> m.Account:
        return self._session.get_one(m.Account, account)

    def member(self, account: int) -> m.Member | None:
        return self._session.get(m.Member, account)

    def members(self) -> Sequence[m.Member]:
        """Everybody enrolled, longest enrolled first."""
        return self._session.scalars(select(m.Member).order_by(m.Member.account_id)).all()

    def seated(self) -> tuple[Seated, ...]:
        """The same, with their Matrix ids and identities."""
        rows = self._session.execute(select(m.Member, m.Account).join(m.Account)).all()
        return tuple(
            Seated(
                Account(account.id),
                self._seal.open(account.sealed, "account/sealed").decode(),
                Role(member.role),
                self._identity(member),
            )
            for member, account in rows
        )

    def holding(self, *roles: Role) -> tuple[Account, ...]:
        return tuple(Account(row.account_id) for row in self.members() if row.role in roles)

    def is_officer(self, account: int) -> bool:
        return account in self.holding(Role.INFORMATION_OFFICER)

    def enrol(self, account: int, role: Role, organisation: Organisation) -> m.Member:
        row = m.Member(account_id=account, role=role, organisation=organisation)
        self._session.add(row)
        self._session.flush()
        self.changed = True
        return row

    def settle(self, account: int, role: Role) -> bool:
        """Sits there in this role because the settings say so; whether they did not sit there."""
        row = self.member(account)
        is_new = row is None
        row = row or self.enrol(account, role, Organisation.MUNICIPALITY)
        row.role, row.organisation, row.settled = role, Organisation.MUNICIPALITY, True
        self.changed = True
        return is_new

    def identity(self, account: int) -> Identity:
        """What is known of a member's identity; nothing of whoever is not a member."""
        row = self.member(account)
        return self._identity(row) if row is not None else Identity()

    def _identity(self, row: m.Member) -> Identity:
        if row.identity is None:
            return Identity()
        return Identity(
            self._seal.open(row.identity, "member/identity").decode(),
            self._seal.open(row.offered, "member/offered").decode() if row.offered else None,
            Proof(row.proof) if row.proof else None,
        )

    def pin(self, account: int, master_key: str, proof: Proof) -> None:
        """From now on this is who the member is; a suspension ends."""
        row = self._session.get_one(m.Member, account)
        row.identity = self._seal.close(MasterKey(master_key).encode(), "member/identity")
        row.proof, row.offered = proof, None
        self.changed = True

    def suspend(self, account: int, offered: str) -> None:
        """The homeserver shows another identity in place of the pinned one."""
        row = self._session.get_one(m.Member, account)
        row.offered = self._seal.close(MasterKey(offered).encode(), "member/offered")
        self.changed = True

    def strike(self, account: int) -> None:
        """No longer a member; the account's number stays while anything refers to it."""
        if row := self.member(account):
            self._session.delete(row)
            self._session.flush()
            self.changed = True

    def forget_former(self, named: Collection[int] = ()) -> list[int]:
        """Accounts and direct rooms of people who no longer sit at the table, unless something
        still names them: an action, a meeting that was opened meanwhile, or what is still to be
        done about them (`named`). Their numbers."""
        bound = union(*(select(one).where(one.is_not(None)) for one in NAMING))
        query = select(m.Account.id).where(m.Account.id.not_in(bound))
        former = [one for one in self._session.scalars(query) if one not in named]
        self._session.execute(delete(m.Room).where(m.Room.account_id.in_(former)))
        self._session.execute(delete(m.Account).where(m.Account.id.in_(former)))
        return former

    def room(self, room_id: str) -> m.Room | None:
        blind = self._seal.index(room_id, "room")
        return self._session.scalar(select(m.Room).where(m.Room.blind == blind))

    def table_room(self) -> m.Room | None:
        return self._session.scalar(select(m.Room).where(m.Room.kind == RoomKind.TABLE))

    def rooms(self, kind: RoomKind) -> list[str]:
        """The ids of all rooms of a kind."""
        rows = self._session.scalars(select(m.Room).where(m.Room.kind == kind).order_by(m.Room.id))
        return [self.room_id(row) for row in rows]

    def direct_room(self, account: int) -> m.Room | None:
        """The newest direct room of an account."""
        query = select(m.Room).where(m.Room.kind == RoomKind.DIRECT, m.Room.account_id == account)
        return self._session.scalar(query.order_by(m.Room.id.desc()))

    def side_room(self, case_id: int) -> m.Room | None:
        """The room in which one case is talked about."""
        query = select(m.Room).where(m.Room.kind == RoomKind.SIDE, m.Room.case_id == case_id)
        return self._session.scalar(query)

    def side_cases(self) -> list[int]:
        """Of which cases there is a side room; some may be forgotten."""
        query = select(m.Room.case_id).where(m.Room.kind == RoomKind.SIDE)
        return [case for case in self._session.scalars(query.order_by(m.Room.id)) if case]

    def add_room(
        self,
        room_id: str,
        kind: RoomKind,
        account: int | None = None,
        case: int | None = None,
    ) -> m.Room:
        row = m.Room(
            blind=self._seal.index(room_id, "room"),
            sealed=self._seal.close(room_id.encode(), "room/sealed"),
            kind=kind,
            account_id=account,
            case_id=case,
        )
        self._session.add(row)
        self._session.flush()
        return row

    def prefer(self, room: m.Room) -> None:
        """Of somebody's rooms, the one they are answered in: where they spoke last."""
        if room.kind == RoomKind.DIRECT:
            return
        if former := self.direct_room(room.account_id or 0):
            former.kind = RoomKind.ASIDE
        room.kind = RoomKind.DIRECT
        self._session.flush()

    def forget_room(self, room_id: str) -> None:
        """With what could not be read in it."""
        if row := self.room(room_id):
            self._session.execute(delete(m.Unread).where(m.Unread.room_id == row.id))
            self._session.delete(row)
            self._session.flush()

    def room_id(self, row: m.Room) -> str:
        return self._seal.open(row.sealed, "room/sealed").decode()
