"""Which message of which room key was which event: a ciphertext counts once (replay attacks).

A homeserver that sends an encrypted message again under a new event id must not be believed,
after a restart either. Only keyed digests are stored.
"""

import hashlib
import hmac
import sqlite3
from pathlib import Path

from storage.seal import Seal


class Replays:
    """Remembers the event of each (sender key, session, message index)."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        self._key = seal.derive("message index")
        self._db = sqlite3.connect(folder / "seen.db", check_same_thread=False)
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
