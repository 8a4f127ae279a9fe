"""Which message of which room key was which event: a ciphertext counts once (replay attacks).

A homeserver that sends an encrypted message again under a new event id must not be believed,
after a restart either. Only keyed digests and message numbers are stored; of a key that was
forgotten one row, whatever was heard under it.
"""

import hashlib
import hmac
import json
import sqlite3
from pathlib import Path

from bot.matrix.door import CannotStart
from bot.matrix.past import Past
from bot.matrix.vault import WAY_BACK
from storage.seal import Seal

SEEN = "seen.db"
LOST = "{file} is missing or damaged: without it a message could be heard twice. " + WAY_BACK

# `event` is NULL for what was read but did not count; `settled` is 0 until it was acted upon.
_TABLES = (
    "CREATE TABLE IF NOT EXISTS message (session BLOB, number INTEGER, event BLOB, "
    "settled INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (session, number)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS past (session BLOB PRIMARY KEY, end INTEGER NOT NULL, "
    "gaps TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS stamp (now TEXT, before TEXT)",
)
_READ = "INSERT INTO message (session, number) VALUES (?, ?) ON CONFLICT DO NOTHING"
_COUNT = (
    "INSERT INTO message (session, number, event) VALUES (?, ?, ?) "
    "ON CONFLICT DO UPDATE SET event = excluded.event"
)
_REACH = (
    "SELECT max(number) + 1, min(CASE WHEN settled = 0 THEN number END) FROM message "
    "WHERE session = ?"
)
_HEARD = "SELECT number FROM message WHERE session = ? AND number < ? AND event IS NOT NULL"
_PAST = (
    "INSERT INTO past VALUES (?, ?, ?) "
    "ON CONFLICT DO UPDATE SET end = excluded.end, gaps = excluded.gaps"
)


class Replays:
    """Remembers the event of each (sender key, session, message number)."""

    def __init__(self, folder: Path, seal: Seal, *, known: bool = False) -> None:
        """`known`: there was one before, so a missing one is lost and not made anew."""
        self._key = seal.derive("message index")
        file = folder / SEEN
        if known and not file.exists():
            raise CannotStart(LOST.format(file=file))
        self._db = sqlite3.connect(file, check_same_thread=False)
        try:
            self._open()
        except sqlite3.DatabaseError:
            self._db.close()
            raise CannotStart(LOST.format(file=file)) from None

    def _open(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA secure_delete=ON")
        for table in _TABLES:
            self._db.execute(table)
        self._db.commit()
        self._unsettled = True  # perhaps, from before

    def read(self, sender_key: str, session_id: str, number: int) -> None:
        """A message could be decrypted; whether it counts is seen later."""
        self._db.execute(_READ, (self._session(sender_key, session_id), number))
        self._unsettled = True

    def genuine(self, sender_key: str, session_id: str, number: int, event_id: str) -> bool:
        """False when the same message came before as another event."""
        session, event = self._session(sender_key, session_id), self._digest(event_id)
        query = "SELECT event FROM message WHERE session = ? AND number = ?"
        row = self._db.execute(query, (session, number)).fetchone()
        if row is not None and row[0] is not None:
            return hmac.compare_digest(row[0], event)
        if self._past(session).holds(number):
            return False
        self._db.execute(_COUNT, (session, number, event))
        self._unsettled = True
        return True

    def heard(self, sender_key: str, session_id: str, number: int) -> bool:
        """Whether that message counted once, as whatever event."""
        session = self._session(sender_key, session_id)
        query = "SELECT event IS NOT NULL FROM message WHERE session = ? AND number = ?"
        row = self._db.execute(query, (session, number)).fetchone()
        return bool(row and row[0]) or self._past(session).holds(number)

    def settle(self) -> None:
        """Everything noted so far has been acted upon, and will not come again after a crash."""
        if self._unsettled:
            self._db.execute("UPDATE message SET settled = 1 WHERE settled = 0")
            self._db.commit()
            self._unsettled = False

    def reach(self, sender_key: str, session_id: str) -> tuple[int, bool]:
        """(the number up to which a key is not needed any more, whether it is in use right now):
        what is being acted upon comes again if we are killed, and must be readable then."""
        session = self._session(sender_key, session_id)
        after, unsettled = self._db.execute(_REACH, (session,)).fetchone()
        if unsettled is not None:
            return int(unsettled), True
        return max(int(after or 0), self._past(session).end), False

    def forget(self, sender_key: str, session_id: str, end: int) -> None:
        """Keep of the messages before `end` only whether they were heard."""
        session = self._session(sender_key, session_id)
        rows = self._db.execute(_HEARD, (session, end))
        past = self._past(session).until(end, [number for (number,) in rows])
        self._db.execute(_PAST, (session, past.end, json.dumps(past.gaps)))
        self._db.execute("DELETE FROM message WHERE session = ? AND number < ?", (session, end))

    def marks(self) -> tuple[str, str]:
        """The last mark that was set, and the one before (`bot.matrix.stamp`)."""
        now, before = self._db.execute("SELECT now, before FROM stamp").fetchone() or ("", "")
        return str(now), str(before)

    def mark(self, now: str, before: str) -> None:
        """Set another mark, on disk."""
        self._db.execute("DELETE FROM stamp")
        self._db.execute("INSERT INTO stamp VALUES (?, ?)", (now, before))
        self._db.commit()

    def keep(self) -> None:
        """Put on disk what was noted since the last time."""
        self._db.commit()

    def scrub(self) -> None:
        """Keep, and leave nothing of what was deleted in the write-ahead log."""
        self._db.commit()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Keep, and let go of the file."""
        self._db.commit()
        self._db.close()

    def _past(self, session: bytes) -> Past:
        query = "SELECT end, gaps FROM past WHERE session = ?"
        row = self._db.execute(query, (session,)).fetchone()
        if row is None:
            return Past()
        return Past(row[0], tuple((start, end) for start, end in json.loads(row[1])))

    def _session(self, sender_key: str, session_id: str) -> bytes:
        return self._digest(f"{sender_key}\0{session_id}")

    def _digest(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode(), hashlib.sha256).digest()[:16]
