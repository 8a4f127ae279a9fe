"""What hearing and speaking share: the door, the store, the clock, and what is only in memory."""

import asyncio
import base64
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine

from bot.matrix.door import Door, RoomFacts
from bot.rules.facts import Token
from handlers.turn import Table
from storage.people import Seated
from storage.seal import Seal
from storage.tx import Tx, transaction


class Dice:
    """Randomness nobody can guess."""

    def pick(self, alphabet: str) -> str:
        return secrets.choice(alphabet)

    def token(self) -> Token:
        return Token(base64.b32encode(secrets.token_bytes(17)).decode().lower()[:26])


PATIENCE = 10.0  # seconds


class Desk:
    """One table's working place; lives as long as the process."""

    def __init__(
        self, door: Door, engine: Engine, seal: Seal, table: Table, clock: Callable[[], datetime]
    ) -> None:
        self.door = door
        self.engine = engine
        self.seal = seal
        self.table = table
        self.clock = clock
        self.chance = Dice()
        self.bell = asyncio.Event()  # something may wait in the outbox
        self.patience = PATIENCE  # for what others are not to wait for: it is done later
        self.on_people: Callable[[], None] = lambda: None  # who sits at the table has changed
        self.lines: dict[tuple[str, int], str] = {}  # lines that propose an item, for now only
        self.seated: Mapping[str, Seated] = {}  # who sits at the table, by Matrix id
        self._users: Mapping[int, str] = {}
        self._seat()
        self._rooms: dict[str, RoomFacts | None] = {}
        self._changes: Counter[str] = Counter()

    @property
    def names(self) -> tuple[str, str]:
        """What people may call us by, instead of the prefix."""
        return self.door.user_id, self.door.display_name()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """One transaction; the bell rings if it left something to be said."""
        with transaction(self.engine, self.seal) as tx:
            yield tx
        if tx.outbox.grew:
            self.bell.set()
        if tx.people.changed:
            self._seat()
            self.on_people()

    def _seat(self) -> None:
        """Nearly everything that is heard asks who sits there: looked up once per change."""
        with transaction(self.engine, self.seal) as tx:
            seated = tx.people.seated()
        self.seated = {one.user_id: one for one in seated}
        self._users = {one.account: one.user_id for one in seated}

    def user_id(self, account: int) -> str:
        """The Matrix id of an account."""
        if account in self._users:
            return self._users[account]
        with self.transaction() as tx:
            return tx.people.user_id(account)

    async def room(self, room_id: str) -> RoomFacts | None:
        """A room as it is now; asked once until something in it changes."""
        while room_id not in self._rooms:
            changes = self._changes[room_id]
            facts = await self.door.room(room_id)
            if changes == self._changes[room_id]:  # else the answer may be from before the change
                self._rooms[room_id] = facts
        return self._rooms[room_id]

    def room_changed(self, room_id: str) -> None:
        self._changes[room_id] += 1
        self._rooms.pop(room_id, None)
