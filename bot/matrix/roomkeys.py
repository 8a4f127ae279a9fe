"""The room keys on disk: in order of arrival, one for each device that gave us one.

They lie in the crypto store, in a table of our own, for two reasons. Somebody else at the table
may send us a copy of a member's key; in a table with one row per session it would take the place
of the real one. And a key that was forgotten must not come back: of each we keep from which
message on it may be held (a keyed digest and a number).
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nio.crypto import GroupSessionStore
from nio.crypto.sessions import InboundGroupSession
from nio.store import SqliteStore

from bot.matrix.wire import Json

NEVER = 2**32  # beyond the last message of any key
_TABLES = (
    "CREATE TABLE IF NOT EXISTS roomkey (number INTEGER PRIMARY KEY, room TEXT NOT NULL, "
    "sender_key TEXT NOT NULL, session TEXT NOT NULL, ed25519 TEXT NOT NULL, chain TEXT NOT NULL, "
    "sealed BLOB NOT NULL, UNIQUE (room, sender_key, session))",
    "CREATE TABLE IF NOT EXISTS formerkey (session BLOB PRIMARY KEY, first INTEGER NOT NULL) "
    "WITHOUT ROWID",
)
_ADD = (
    "INSERT INTO roomkey (room, sender_key, session, ed25519, chain, sealed) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_ALL = "SELECT room, sender_key, ed25519, chain, sealed FROM roomkey ORDER BY number"
_CUT = "UPDATE roomkey SET sealed = ? WHERE room = ? AND sender_key = ? AND session = ?"
_DROP = "DELETE FROM roomkey WHERE room = ? AND sender_key = ? AND session = ?"
_NOTE = (
    "INSERT INTO formerkey VALUES (?, ?) "
    "ON CONFLICT DO UPDATE SET first = max(first, excluded.first)"
)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a key: it opens nothing before message `end`, now or when it is given
    again, or it is `gone` altogether."""

    key: InboundGroupSession
    end: int
    gone: bool


class RoomKeys:
    """On disk, and in memory as nio's machine knows them."""

    def __init__(self, store: SqliteStore, digest_key: bytes) -> None:
        self._database = store.database
        self._passphrase = store.pickle_key
        self._digest_key = digest_key
        for table in _TABLES:
            self._run(table)
        self.held = self.load()

    def load(self) -> GroupSessionStore:
        """All that lie on disk; each device's in the order in which they came."""
        found = GroupSessionStore()  # type: ignore[no-untyped-call]
        for room, sender_key, ed25519, chain, sealed in self._run(_ALL):
            found.add(
                InboundGroupSession.from_pickle(
                    sealed, ed25519, sender_key, room, self._passphrase, json.loads(chain)
                )
            )
        return found

    def of_event(self, room: str, content: Json) -> list[InboundGroupSession]:
        """The keys for an encrypted event's content: several devices may have given us one and
        said that it is theirs."""
        session_id, by_sender = str(content.get("session_id")), self.held[room].values()
        return [keys[session_id] for keys in by_sender if session_id in keys]

    def by_sender(self, room: str) -> dict[str, list[InboundGroupSession]]:
        """A room's keys by the devices they came from, in order of arrival."""
        by_sender = self.held[room].items()
        return {sender_key: list(keys.values()) for sender_key, keys in by_sender if keys}

    def rooms(self) -> frozenset[str]:
        """The rooms of which we hold a key."""
        return frozenset(key.room_id for key in self.held)

    def may_come(self, room: str, sender_key: str, session_id: str) -> bool:
        """Whether a key is news: none replaces the one that is there, or was ours."""
        held = self.held.get(room, sender_key, session_id)
        return held is None and self.since(session_id) < NEVER

    def has_forgotten(self, session_id: str) -> bool:
        """Whether there are messages that we could read once, and never shall again."""
        return self.since(session_id) > 0

    def add(self, key: InboundGroupSession) -> None:
        """A key that came; of a former one only what may be held."""
        since = self.since(key.id)
        if key.first_known_index < since:
            advance(key, since)
        chain = json.dumps(key.forwarding_chain)
        self._run(_ADD, *_name(key), key.ed25519, chain, key.pickle(self._passphrase))

    def since(self, session_id: str) -> int:
        """The first message for which this key may be held; `NEVER` for a former one of ours."""
        query = "SELECT first FROM formerkey WHERE session = ?"
        row = self._run(query, self._digest(session_id)).fetchone()
        return int(row[0]) if row else 0

    def forget(self, fates: Sequence[Fate]) -> None:
        """At once or not at all; the kept ones have been cut short in memory."""
        with self._database.atomic():
            for fate in fates:
                if fate.gone:
                    self._run(_DROP, *_name(fate.key))
                else:
                    self._run(_CUT, fate.key.pickle(self._passphrase), *_name(fate.key))
                self._run(_NOTE, self._digest(fate.key.id), fate.end)
        for key in [fate.key for fate in fates if fate.gone]:
            del self.held[key.room_id][key.sender_key][key.id]

    def scrub(self) -> None:
        """Leave nothing of what was overwritten in unused corners of the file."""
        self._run("PRAGMA temp_store = MEMORY")
        self._run("VACUUM")

    def _digest(self, session_id: str) -> bytes:
        return hmac.new(self._digest_key, session_id.encode(), hashlib.sha256).digest()[:16]

    def _run(self, sql: str, *values: object) -> Any:
        return self._database.execute_sql(sql, values)


def advance(key: InboundGroupSession, index: int) -> None:
    """Make the key one that opens nothing before the message with that number."""
    future = InboundGroupSession.import_session(
        key.export_session(index), key.ed25519, key.sender_key, key.room_id, key.forwarding_chain
    )
    key._session = future._session


def _name(key: InboundGroupSession) -> tuple[str, str, str]:
    return key.room_id, key.sender_key, key.id
