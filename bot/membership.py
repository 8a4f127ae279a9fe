"""Invitations and removals: each person's in order, and nobody else waits for them."""

from bot.desk import Desk
from bot.doing import Doer
from bot.failing import Failures, of_the_account, report
from bot.matrix.door import NotYet, SessionLost
from bot.rules.facts import Account
from storage.outbox import TABLE_LANE, Act, Outgoing
from storage.tx import Tx

_FAILED = {Act.INVITE: "invitation.failed", Act.REMOVE: "removal.failed"}


class Membership:
    """Who is asked into the room of a lane, or removed from it."""

    def __init__(self, desk: Desk, doer: Doer, failures: Failures) -> None:
        self._desk = desk
        self._doer = doer
        self._failures = failures

    async def settle(self, lane: int, member: Account) -> None:
        """Do what waits about one person in one room, if its time has come."""
        while (found := self._next(lane, member)) is not None:
            await self._do(*found)
            self._desk.bell.set()  # the end of a meeting waits for who is to be gone

    def _next(self, lane: int, member: Account) -> tuple[Outgoing, str] | None:
        """With the room. Before that is made, or while it is emptied, nothing is done; nobody is
        asked into a side room that is gone, or removed from it."""
        with self._desk.transaction() as tx:
            if any(tx.outbox.waits(lane, act) for act in (Act.CREATE, Act.DISMISS)):
                return None
            outgoing = tx.memberships.last(lane, member)
            row = tx.people.side_room(-lane) if lane < TABLE_LANE else tx.people.table_room()
            if outgoing is None or not outgoing.due(self._desk.clock()):
                return None
            if row is not None:
                tx.outbox.tried(outgoing, self._desk.clock())
                return outgoing, tx.people.room_id(row)
            if lane < TABLE_LANE:
                tx.memberships.drop(lane=lane)
                self._desk.bell.set()  # the end of a meeting waits for its side rooms
            return None

    async def _do(self, outgoing: Outgoing, room: str) -> None:
        try:
            await self._doer.do(outgoing, room)
        except SessionLost:
            raise
        except NotYet as fault:
            await self._failures.later(outgoing, fault)
        except Exception as error:
            with self._desk.transaction() as tx:
                self._failed(tx, outgoing, error)
        else:
            with self._desk.transaction() as tx:
                tx.outbox.sent(outgoing, None)

    def _failed(self, tx: Tx, outgoing: Outgoing, error: Exception) -> None:
        """Say so in the room, where people can do something about it."""
        if of_the_account(error):
            self._failures.wait(tx, outgoing, error)
            return
        report(outgoing, error)
        facts = {"member": outgoing.facts["member"]}
        tx.outbox.instead(outgoing, _FAILED[outgoing.act], facts, self._desk.chance.token())
