"""The table's room: made by the bot, or the coordinator's own."""

from bot.rules.facts import Account
from handlers.turn import Say, Says, Turn
from storage.outbox import TABLE_LANE, Act
from storage.tx import Tx


def create(turn: Turn) -> Says:
    """Make the table's room with the right settings and invite everybody enrolled (I01); when
    there is one already, invite again whoever is not in it."""
    if turn.tx.people.table_room() is not None:
        return [*invitations(turn.tx), Say("room.exists")]
    making = Say("room.created", {"asker": turn.me}, TABLE_LANE, Act.CREATE)
    return [making, *invitations(turn.tx)]


def invitations(tx: Tx) -> Says:
    """Ask everybody enrolled into the table's room; who is there already is not asked again."""
    return [invitation(Account(row.account_id)) for row in tx.people.members()]


def invitation(account: Account) -> Say:
    return Say("member.added", {"member": account}, TABLE_LANE, Act.INVITE)


def removal(account: Account) -> Say:
    return Say("member.removed", {"member": account}, TABLE_LANE, Act.REMOVE)
