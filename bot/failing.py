"""What becomes of an act that could not be done now: tried again later, or said to have failed.

An act about one person is tried again with growing pauses, for a day; the table is told at the
first failure and at the end. When the homeserver refuses our account itself, all waits for it.
"""

import logging
from datetime import timedelta

from bot.desk import Desk
from bot.matrix.door import MatrixRefused, NotYet
from bot.rules.facts import Account, Fact
from bot.rules.people import Role
from bot.words import WordsMissing
from storage import models as m
from storage.outbox import MEMBERSHIP, TABLE_LANE, Act, Outgoing
from storage.tx import Tx

log = logging.getLogger("tafelbot.speaking")

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_TRYING = timedelta(days=1)

ACCOUNT_PAUSE = timedelta(minutes=1)
OF_THE_ACCOUNT = frozenset(  # refused is not what we want to do, but whoever we are
    {
        "M_USER_SUSPENDED",
        "M_USER_LOCKED",
        "M_LIMIT_EXCEEDED",
        "M_RESOURCE_LIMIT_EXCEEDED",
        "M_CONSENT_NOT_GIVEN",
    }
)
_TOLD_AS = {Act.INVITE: "invitation", Act.REMOVE: "removal"}


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None once it was tried for long enough."""
    each = [min(FIRST_PAUSE * 2 ** min(n, 10), LONGEST_PAUSE) for n in range(attempts)]
    return each[-1] if sum(each[:-1], timedelta()) < LONGEST_TRYING else None


def of_the_account(error: Exception) -> bool:
    """Whether the homeserver refuses our account, and not the act."""
    return isinstance(error, MatrixRefused) and error.errcode in OF_THE_ACCOUNT


def report(outgoing: Outgoing, error: Exception) -> None:
    """A refusal in one line; a fault of ours with all that helps to find it."""
    if isinstance(error, MatrixRefused):
        log.warning("%s %s refused: %s", outgoing.act, outgoing.kind, error.errcode)
    elif isinstance(error, WordsMissing):
        log.warning("%s %s: its words are not to be had", outgoing.act, outgoing.kind)
    else:
        log.error("fault while speaking: %s %s", outgoing.act, outgoing.kind, exc_info=error)


class Failures:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def wait(self, tx: Tx, outgoing: Outgoing, error: Exception) -> None:
        """Our account is refused: the same again in a while, and in its order."""
        report(outgoing, error)
        tx.outbox.postpone(outgoing, self._desk.clock() + ACCOUNT_PAUSE, failed=False)

    async def later(self, outgoing: Outgoing, fault: NotYet) -> None:
        """Something about one person: tried again, up to an end; then it is told and dropped."""
        member = _whom(outgoing)
        silent = outgoing.act not in MEMBERSHIP and await self._invitation_tells(member)
        asked = None if fault.pause is None else timedelta(seconds=fault.pause)
        with self._desk.transaction() as tx:
            failed = outgoing.attempts + (asked is None)
            pause = pause_after(failed) if failed else FIRST_PAUSE
            log.warning("%s of account %d not done yet: %s", outgoing.act, member, fault.kind)
            if not tx.outbox.stands(outgoing):
                return  # nobody wants it any more
            if pause is None:
                self._end(tx, outgoing, member, silent=silent)
                return
            until = self._desk.clock() + max(pause, asked or pause)
            tx.outbox.postpone(outgoing, until, failed=asked is None)
            if (failed, asked) == (1, None) and not silent:
                self._tell(tx, outgoing, member, "waits")

    def _end(self, tx: Tx, outgoing: Outgoing, member: Account, *, silent: bool) -> None:
        if outgoing.act in MEMBERSHIP:
            tx.outbox.sent(outgoing, None)
        else:
            tx.outbox.drop_lane(outgoing.lane)
        if not silent:
            self._tell(tx, outgoing, member, "ended")

    def _tell(self, tx: Tx, outgoing: Outgoing, member: Account, what: str) -> None:
        case = tx.session.get(m.Case, -outgoing.lane) if outgoing.lane < TABLE_LANE else None
        facts: dict[str, Fact] = {"member": member, "stewards": _stewards(tx, member)}
        if case is not None:
            facts["case"] = case.reference
        kind = f"{_TOLD_AS.get(outgoing.act, 'direct')}.{what}"
        tx.outbox.add(TABLE_LANE, Act.MESSAGE, kind, facts, self._desk.chance.token())

    async def _invitation_tells(self, member: Account) -> bool:
        """Who is not in the table's room yet, and is asked in, is told of with that."""
        with self._desk.transaction() as tx:
            row, room = tx.people.member(member), tx.people.table_room()
            asked = row is not None and row.role != Role.AD_HOC
            room_id = tx.people.room_id(room) if room is not None else None
            user = tx.people.user_id(member)
        facts = await self._desk.room(room_id) if room_id is not None else None
        return asked and facts is not None and user not in facts.joined


def _whom(outgoing: Outgoing) -> Account:
    member = outgoing.facts["member"] if outgoing.act in MEMBERSHIP else Account(outgoing.lane)
    assert isinstance(member, Account)
    return member


def _stewards(tx: Tx, member: Account) -> tuple[Account, ...]:
    """Who can do something about it: whoever chairs, and the coordinator; else the mayor."""
    meeting = tx.meetings.running()
    chair = () if meeting is None or meeting.chair_id is None else (Account(meeting.chair_id),)
    found = dict.fromkeys((*chair, *tx.people.holding(Role.COORDINATOR)))
    return tuple(one for one in found if one != member) or tx.people.holding(Role.MAYOR)
