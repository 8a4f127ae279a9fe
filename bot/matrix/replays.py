"""Which message of which room key was which event: a ciphertext counts once (replay attacks).

A homeserver that sends an encrypted message again under a new event id must not be believed,
after a restart either. Only keyed digests are stored.
"""

import hashlib
import hmac
import sqlite3
from pathlib import Path

from bot.matrix.door import CannotStart
from bot.matrix.vault import WAY_BACK
from storage.seal import Seal

SEEN = "seen.db"
LOST = "{file} is missing or damaged: without it a message could be heard twice. " + WAY_BACK


class Replays:
    """Remembers the event of each (sender key, session, message index)."""

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
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS seen (message BLOB PRIMARY KEY, event BLOB) WITHOUT ROWID"
        )
        self._db.commit()

    def genuine(self, sender_key: str, session_id: str, number: int, event_id: str) -> bool:
        """False when the same message came before as another event."""
        message = self._digest(f"{sender_key}\0{session_id}\0{number}")
        event = self._digest(event_id)
        row = self._db.execute("SELECT event FROM seen WHERE message = ?", (message,)).fetchone()
        if row is None:
            self._db.execute("INSERT INTO seen VALUES (?, ?)", (message, event))
            return True
        return hmac.compare_digest(row[0], event)

    def keep(self) -> None:
        """Put on disk what was noted since the last time."""
        self._db.commit()

    def close(self) -> None:
        """Keep, and let go of the file."""
        self._db.commit()
        self._db.close()

    def _digest(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode(), hashlib.sha256).digest()[:16]
