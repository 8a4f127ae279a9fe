"""The least a bot can be on our door: it repeats what it hears, and remembers where it was.

`python -m bench.echo URL USER FOLDER`, with the password in the environment.
"""

import asyncio
import os
import sys
from pathlib import Path

from bot.matrix.door import Event, Hearing
from demo.client import Client
from storage.seal import Seal

KEY = bytes(32)  # nothing here is worth hiding


async def echo(url: str, user_id: str, folder: Path) -> None:
    door = Client(url, user_id, folder, Seal(KEY), os.environ["ECHO_PASSWORD"])
    await door.enter()
    place = folder / "since"
    since = place.read_text() if place.exists() else None
    async for batch in door.listen(since):
        for invitation in batch.invitations:
            await door.join(invitation.room)
        for event in batch.events:
            await _repeat(door, event)
        place.write_text(batch.token)


async def _repeat(door: Client, event: Event) -> None:
    if event.type != "m.room.message" or event.hearing is not Hearing.TRUSTED:
        return
    content = {
        "msgtype": "m.notice",
        "body": event.content["body"],
        "m.relates_to": {"m.in_reply_to": {"event_id": event.event_id}},
    }
    await door.send(event.room, "m.room.message", content, f"echo-{event.event_id}")


if __name__ == "__main__":
    url, user_id, folder = sys.argv[1:]
    asyncio.run(echo(url, user_id, Path(folder)))
