"""Who sits at the table: enrolling, removing, listing."""

from bot.rules import identity, people
from bot.rules.facts import Account, Code, Fact, MasterKey
from bot.rules.identity import Proof
from bot.rules.people import Excluded, Organisation, Role, Seat, seat_of
from bot.rules.refusal import Reason, Refused
from handlers import roll, rooms, traces
from handlers.turn import Say, Says, Turn
from storage import models as m
from storage.outbox import TABLE_LANE, Act, side_lane
from storage.people import Identity
from storage.tx import Tx


def add(turn: Turn, user_id: str, role: Role, organisation: Organisation | Excluded) -> Says:
    """Enrol and invite, in the mayor's name, announced (I01, C02, C03)."""
    if role is Role.MAYOR:
        raise Refused(Reason.STANDS_IN_CONFIG)
    if user_id == turn.table.bot:
        raise Refused(Reason.NOT_A_PERSON)
    people.name(role, turn.role)
    people.enrol(role, organisation)
    assert isinstance(organisation, Organisation)
    account = turn.tx.people.account(user_id)
    if turn.tx.people.member(account) is not None:
        raise Refused(Reason.ALREADY_ENROLLED)
    turn.tx.people.enrol(account, role, organisation)
    says = turn.announce(
        "member.added", {"member": account, "role": role, "organisation": organisation}
    )
    if role is Role.AD_HOC:  # heard in their direct room; the table's is not for them (I08)
        return [*says, greeting(account), Say("guest.expected", lane=account)]
    if turn.tx.people.table_room() is not None:
        says.append(rooms.invitation(account))
    return [*says, greeting(account)]


def greeting(account: Account) -> Say:
    """Tell somebody whether they are heard, in their direct room."""
    return Say("heard", lane=account, act=Act.GREET)


def remove(turn: Turn, user_id: str) -> Says:
    """No longer at the table; secrecy continues (S24)."""
    account = turn.person(user_id)
    if user_id in turn.table.seats:
        raise Refused(Reason.STANDS_IN_CONFIG)
    says = strike(turn, account)
    return [*turn.announce(says[0].kind, says[0].facts), *says[1:]]


def strike(turn: Turn, account: Account) -> Says:
    """Take somebody off the table and out of its room, and out of every roster and role."""
    says = roll.depart(turn, account)
    said, *rest = part_with(turn.tx, account)
    return [said, *says, *(one for one in rest if one not in says)]


def part_with(tx: Tx, account: Account) -> Says:
    """No longer a member: not of the table, not of its rooms, without a part in any case."""
    row = tx.people.member(account)
    assert row is not None
    facts: dict[str, Fact] = {
        "member": account,
        "role": Code(row.role),
        "organisation": Code(row.organisation),
    }
    says = [Say("member.removed", facts, lane=TABLE_LANE)]
    tx.cases.release(account)
    tx.people.strike(account)
    says += traces.of_direct_room(tx, account)
    tx.outbox.drop_lane(account)
    tx.memberships.drop(account)
    if tx.people.table_room() is not None:
        says.append(rooms.removal(account))
    return says + [rooms.removal(account, side_lane(case)) for case in tx.people.side_cases()]


def confirm(turn: Turn, user_id: str) -> Says:
    """Somebody's new identity is theirs: a colleague has looked into it, in person."""
    account = turn.person(user_id)
    if user_id in turn.table.fingerprints:
        raise Refused(Reason.STANDS_IN_CONFIG)
    row = turn.tx.people.member(account)
    assert row is not None
    offered = turn.tx.people.identity(account).offered
    same = account == turn.me
    key = identity.confirm(turn.role, Role(row.role), same_person=same, offered=offered)
    proof = identity.proof_of_word(turn.tx.people.identity(turn.me).proof)
    turn.tx.people.pin(account, key, proof)
    facts: dict[str, Fact] = {
        "member": account,
        "key": MasterKey(key),
        "uncompared": user_id in turn.table.stewards and proof is not Proof.COMPARED,
    }
    return [*turn.announce("member.confirmed", facts), *_heard_again(turn.tx, account)]


def compared(tx: Tx, account: Account, key: str) -> Says:
    """Somebody's identity was compared by emoji, beside them."""
    facts: dict[str, Fact] = {"member": account, "key": MasterKey(key)}
    return [Say("member.compared", facts, lane=TABLE_LANE), *_heard_again(tx, account)]


def returned(tx: Tx, account: Account, key: str) -> Says:
    """Somebody is shown again as who they are in the settings, which are beyond doubt."""
    facts: dict[str, Fact] = {"member": account, "key": MasterKey(key)}
    return [Say("member.confirmed", facts, lane=TABLE_LANE), *_heard_again(tx, account)]


def suspended(turn: Turn, account: Account, key: str) -> Says:
    """Somebody has another identity: neither heard nor given keys until it is confirmed, and for
    the meeting as if they had left (F01)."""
    row = turn.tx.people.member(account)
    assert row is not None
    steward = seat_of(Role(row.role)) is Seat.COORDINATOR
    others = (Role.MAYOR, Role.MAYOR_DELEGATE) if steward else (Role.COORDINATOR,)
    facts: dict[str, Fact] = {
        "member": account,
        "key": MasterKey(key),
        "confirmers": turn.tx.people.holding(*others),
        "settled": turn.tx.people.user_id(account) in turn.table.fingerprints,
    }
    return [Say("member.suspended", facts, lane=TABLE_LANE), *roll.depart(turn, account)]


def _heard_again(tx: Tx, account: Account) -> Says:
    tx.people.account_row(account).greeted = False
    return [greeting(account)]


def list_all(turn: Turn) -> Says:
    """Everybody enrolled, with role, organisation and identity (H09)."""
    return [Say("members", {"rows": tuple(map(_row, _known(turn.tx)))})]


def _known(tx: Tx) -> list[tuple[m.Member, Identity]]:
    return [(row, tx.people.identity(row.account_id)) for row in tx.people.members()]


def _row(known: tuple[m.Member, Identity]) -> Fact:
    row, whose = known
    return {
        "member": Account(row.account_id),
        "role": Code(row.role),
        "organisation": Code(row.organisation),
        "key": MasterKey(whose.pinned) if whose.pinned else None,
        "standing": identity.standing(whose.pinned, whose.offered, whose.proof),
    }
