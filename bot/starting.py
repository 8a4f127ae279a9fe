"""Said at every start, until it is put right."""

import logging

from bot.desk import Desk
from storage.outbox import Act

log = logging.getLogger("tafelbot.starting")

_MISSING = "protection.missing"


def say_what_is_missing(desk: Desk) -> None:
    """Without a data protection officer the bot works, but does not keep quiet about it (R22):
    on the terminal, and to the coordinator."""
    if not desk.table.unprotected:
        return
    log.warning(
        "data_protection_officer is not set: name the municipality's data protection officer "
        "in the settings; this is said at every start until then"
    )
    with desk.transaction() as tx:
        coordinator = tx.people.account(desk.table.coordinator)
        if not tx.outbox.waits(coordinator, Act.MESSAGE, _MISSING):  # not read since the last start
            tx.outbox.add(coordinator, Act.MESSAGE, _MISSING, {}, desk.chance.token())
