"""Watch over identities: the first one is pinned, another in its place suspends its member."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.desk import Desk
from bot.matrix.door import NotYet
from bot.rules import identity
from bot.rules.facts import Account, EventId, Fact, MasterKey
from bot.rules.identity import Finding, Proof
from handlers import core, members
from handlers.turn import Request, Turn
from locales.codes import Place
from storage.outbox import TABLE_LANE
from storage.tx import Tx

log = logging.getLogger("tafelbot.trusting")

QUIET = timedelta(hours=1)
_NOBODY = EventId("$nobody-asked")


class Watch:
    """Keeps what the door believes of people and what the store knows of them the same."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._judged: Mapping[str, str] | None = None  # what was shown when they were judged
        self._ours: set[str] = set()
        self._told: dict[Account, datetime] = {}  # when a suspension was told last
        self._untold: set[Account] = set()  # whose present one was not
        desk.on_people = self._teach

    def start(self) -> None:
        """Before anything is heard or said."""
        self._teach()
        self.look()

    def look(self) -> None:
        """Judge the identities that the homeserver shows now; cheap when nothing has moved."""
        shown = dict(self._desk.door.identities())
        if shown == self._judged:
            return
        self._judged = shown
        with self._desk.transaction() as tx:
            self._judge(tx, shown)

    async def meet(self, account: Account) -> MasterKey | None:
        """Ask who somebody is who has just been enrolled; their identity, if they have one, and
        `NotYet` if their server does not answer."""
        standing = await self._desk.door.standing(self._desk.user_id(account))
        if not standing.answered:
            raise NotYet("their server does not answer")
        key = standing.master_key
        with self._desk.transaction() as tx:
            if key and tx.people.member(account) and tx.people.identity(account).pinned is None:
                tx.people.pin(account, key, Proof.SEEN)
            pinned = tx.people.identity(account).pinned
        self.look()
        return MasterKey(pinned) if pinned else None

    def verified(self, user: str, master_key: str) -> bool:
        """People have compared the identity, beside the member. False for whoever is not one, and
        for an identity other than the settings say: then either is wrong."""
        if self._desk.table.fingerprints.get(user, master_key) != master_key:
            return False
        with self._desk.transaction() as tx:
            account = tx.people.enrolled(user)
            if account is None:
                return False
            tx.people.pin(account, master_key, Proof.COMPARED)
            core.write_down_at(tx, members.compared(tx, account, master_key), self._desk.chance)
        log.info("account %d was verified by emoji", account)
        self.look()
        return True

    def _judge(self, tx: Tx, shown: Mapping[str, str]) -> None:
        first: list[Fact] = []
        for user, seat in self._desk.seated.items():
            account, known, key = seat.account, seat.identity, shown.get(user)
            if key is None:
                continue
            match identity.judge(known.pinned, known.offered, key):
                case Finding.FIRST:
                    tx.people.pin(account, key, Proof.SEEN)
                    if not tx.outbox.tells("member.added", account):  # it will say so itself
                        first.append({"member": account, "key": MasterKey(key)})
                case Finding.REPLACED:
                    self._suspend(tx, account, key)
                case Finding.RETURNED:
                    self._returned(tx, account, key)
        if first:
            token = self._desk.chance.token()
            tx.outbox.add_rows(TABLE_LANE, "member.recognised", tuple(first), token)

    def _suspend(self, tx: Tx, account: Account, key: str) -> None:
        log.warning("account %d has another identity now and is suspended", account)
        tx.people.suspend(account, key)
        request = Request(_NOBODY, 0, account, Place.TABLE, self._desk.clock())
        turn = Turn(request, tx, self._desk.table, self._desk.chance)
        told, *rest = members.suspended(turn, account, key)
        core.write_down_at(tx, [told, *rest] if self._is_news(account) else rest, turn.chance)

    def _returned(self, tx: Tx, account: Account, key: str) -> None:
        """Confirming brings it back; whose identity the settings hold needs no confirming."""
        log.warning("account %d has its former identity again", account)
        if not self._settled(account):
            tx.people.suspend(account, key)
            return
        tx.people.pin(account, key, Proof.COMPARED)
        if account not in self._untold:
            core.write_down_at(tx, members.returned(tx, account, key), self._desk.chance)

    def _is_news(self, account: Account) -> bool:
        """Each suspension is told, but for those that end without anybody's doing: there a
        homeserver may go back and forth for ever."""
        now, told = self._desk.clock(), self._told.get(account)
        if self._settled(account) and told is not None and now - told < QUIET:
            self._untold.add(account)
            return False
        self._told[account] = now
        self._untold.discard(account)
        return True

    def _settled(self, account: Account) -> bool:
        """Whether the settings hold their identity."""
        return self._desk.user_id(account) in self._desk.table.fingerprints

    def _teach(self) -> None:
        """The door shares keys with, and asks about, exactly the people who sit at the table:
        from the very moment on in which they do, or no longer do."""
        self._judged = None
        # Nothing for the suspended: the identity they had may be in other hands by now.
        known = {user: one.identity for user, one in self._desk.seated.items()}
        pins = {user: one.pinned if one.offered is None else None for user, one in known.items()}
        for user in self._ours - set(pins):
            self._desk.door.unpin(user)
        for user, key in pins.items():
            self._desk.door.pin(user, key)
        self._ours = set(pins)
