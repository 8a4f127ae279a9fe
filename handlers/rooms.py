"""The table's room: made by the bot, or the coordinator's own."""

from bot.rules.facts import Account
from bot.rules.people import Role
from handlers.turn import Say, Says, Turn
from storage import models as m
from storage.outbox import TABLE_LANE, Act, side_lane
from storage.tx import Tx


def create(turn: Turn) -> Says:
    """Make the table's room with the right settings and invite everybody enrolled (I01); when
    there is one already, invite again whoever is not in it."""
    if turn.tx.people.table_room() is not None:
        return [*invitations(turn.tx), Say("room.exists")]
    making = Say("room.created", {"asker": turn.me}, TABLE_LANE, Act.CREATE)
    return [making, *invitations(turn.tx)]


def invitations(tx: Tx) -> Says:
    """Ask everybody enrolled into the table's room; who is there already is not asked again. Who
    comes for one case only is heard in their direct room (I08)."""
    rows = tx.people.members()
    return [invitation(Account(row.account_id)) for row in rows if row.role != Role.AD_HOC]


def invitation(account: Account, lane: int = TABLE_LANE) -> Say:
    return Say("member.added", {"member": account}, lane, Act.INVITE)


def removal(account: Account, lane: int = TABLE_LANE) -> Say:
    return Say("member.removed", {"member": account}, lane, Act.REMOVE)


def asides(tx: Tx, meeting: m.Meeting) -> list[int]:
    """The lanes of the side rooms there are, or are about to be; a case may be forgotten before
    its room is gone."""
    coming = {row.case_id for row in tx.meetings.aside(meeting)}
    return [side_lane(case) for case in sorted(coming | set(tx.people.side_cases()))]
