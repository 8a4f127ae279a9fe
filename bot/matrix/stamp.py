"""A mark that session file, crypto store and the memory of messages bear alike, renewed at every
start and stop.

One of them restored from an older copy would make the bot use keys again that it has used
before, or hear again what it has heard: it is noticed before a single message is sent. A whole
folder from a backup is of one moment, and passes.
"""

import secrets
from typing import Any

from bot.matrix.door import CannotStart
from bot.matrix.replays import Replays
from bot.matrix.vault import WAY_BACK, Vault

MIXED = "The session, the crypto store and seen.db in the bot's folder are not of the same moment. "


class Stamp:
    """Compares and renews. `database`: the open crypto store."""

    def __init__(self, vault: Vault, database: Any, replays: Replays) -> None:
        self._vault = vault
        self._replays = replays
        self._database = database
        database.execute_sql("CREATE TABLE IF NOT EXISTS tafelbot_stamp (now TEXT, before TEXT)")

    def check(self) -> None:
        """`CannotStart` unless all are of the same moment."""
        stored = self._database.execute_sql("SELECT now, before FROM tafelbot_stamp").fetchone()
        # The stores are marked first: when that was interrupted, the session bears the mark before.
        for marks in (stored or ("",), self._replays.marks()):
            if self._vault.credentials.stamp not in marks:
                raise CannotStart(MIXED + WAY_BACK)

    def renew(self) -> None:
        """Mark all."""
        fresh, before = secrets.token_hex(8), self._vault.credentials.stamp
        with self._database.atomic():
            self._database.execute_sql("DELETE FROM tafelbot_stamp")
            row = (fresh, before)
            self._database.execute_sql("INSERT INTO tafelbot_stamp VALUES (?, ?)", row)
        self._replays.mark(fresh, before)
        self._vault.keep(stamp=fresh)
