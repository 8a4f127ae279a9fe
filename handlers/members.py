"""Who sits at the table: enrolling, removing, listing."""

from bot.rules import people
from bot.rules.facts import Account, Code, Fact
from bot.rules.people import Excluded, Organisation, Role
from bot.rules.refusal import Reason, Refused
from handlers import roll, rooms
from handlers.turn import Say, Says, Turn
from storage.outbox import TABLE_LANE, Act
from storage.tx import Tx


def add(turn: Turn, user_id: str, role: Role, organisation: Organisation | Excluded) -> Says:
    """Enrol and invite, in the mayor's name, announced (I01, C02, C03)."""
    if role is Role.MAYOR:
        raise Refused(Reason.STANDS_IN_CONFIG)
    people.enrol(role, organisation)
    assert isinstance(organisation, Organisation)
    account = turn.tx.people.account(user_id)
    if turn.tx.people.member(account) is not None:
        raise Refused(Reason.ALREADY_ENROLLED)
    turn.tx.people.enrol(account, role, organisation)
    says = turn.announce(
        "member.added", {"member": account, "role": role, "organisation": organisation}
    )
    if turn.tx.people.table_room() is not None:
        says.append(rooms.invitation(account))
    return [*says, greeting(account)]


def greeting(account: Account) -> Say:
    """Tell somebody whether they are heard, in their direct room."""
    return Say("heard", lane=account, act=Act.GREET)


def remove(turn: Turn, user_id: str) -> Says:
    """No longer at the table; secrecy continues (S24)."""
    account = turn.person(user_id)
    if user_id in {turn.table.mayor, turn.table.coordinator}:
        raise Refused(Reason.STANDS_IN_CONFIG)
    says = strike(turn, account)
    return [*turn.announce(says[0].kind, says[0].facts), *says[1:]]


def strike(turn: Turn, account: Account) -> Says:
    """Take somebody off the table and out of its room, and out of every roster and role."""
    says = roll.depart(turn, account)
    said, *rest = part_with(turn.tx, account)
    return [said, *says, *rest]


def part_with(tx: Tx, account: Account) -> Says:
    """No longer a member: not of the table, not of its room, without a part in any case."""
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
    tx.outbox.drop_lane(account)
    if tx.people.table_room() is not None:
        says.append(rooms.removal(account))
    return says


def list_all(turn: Turn) -> Says:
    """Everybody enrolled, with role and organisation (H09)."""
    rows: tuple[Fact, ...] = tuple(
        {
            "member": Account(row.account_id),
            "role": Code(row.role),
            "organisation": Code(row.organisation),
        }
        for row in turn.tx.people.members()
    )
    return [Say("members", {"rows": rows})]
