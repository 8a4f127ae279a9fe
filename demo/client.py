"""What a member of the table has in hand: a client that trusts at first sight."""

from collections.abc import Collection
from bot.matrix.client import MatrixDoor
from bot.matrix.door import Content
from bot.matrix.rooms import recipients


class Client(MatrixDoor):
    """Shares its room keys with everybody in the room who has an identity, as clients do; the
    bot does so only with the people of the table."""

    async def send(
        self,
        room: str,
        type_: str,
        content: Content,
        txn: str,
        *,
        only: Collection[str] | None = None,
    ) -> str:
        """Send encrypted to cross-signed devices only; the event id. Same `txn`, same event."""
        users = recipients(await self._rooms.state(room))
        await self._people.ensure(users)
        for user in users:
            person = self._people.person(user)
            if person and person.master_key and not self._people.pinned(user):
                self.pin(user, person.master_key)
        return await super().send(room, type_, content, txn, only=only)
