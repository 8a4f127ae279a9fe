"""The least a bot can be on matrix-nio alone: it decrypts, repeats, and remembers where it was.

`python -m bench.echo URL USER FOLDER`, with the password in the environment. Nothing of Tafelbot's
is imported here: this is what a bot costs before it does anything of its own.
"""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from nio import (
    AsyncClient,
    AsyncClientConfig,
    InviteMemberEvent,
    LoginResponse,
    MatrixRoom,
    RoomMessageText,
)

WHOLE_BACKLOG = {"room": {"timeline": {"limit": 1000}}}  # nio does not fill gaps


async def echo(url: str, user_id: str, folder: Path) -> None:
    settings = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True)
    client = AsyncClient(url, user_id, store_path=str(folder), config=settings)
    await _enter(client, Session(folder / "session"))
    echoing = Echo(client)
    client.add_event_callback(echoing.invited, InviteMemberEvent)  # type: ignore[arg-type]
    client.add_event_callback(echoing.said, RoomMessageText)  # type: ignore[arg-type]
    try:
        await client.sync_forever(30_000, sync_filter=WHOLE_BACKLOG)
    finally:
        await client.close()


@dataclass(frozen=True)
class Session:
    """The same device each time."""

    file: Path

    def read(self) -> list[str]:
        return self.file.read_text().split() if self.file.exists() else []

    def write(self, device_id: str, token: str) -> None:
        self.file.write_text(f"{device_id} {token}")


async def _enter(client: AsyncClient, session: Session) -> None:
    if known := session.read():
        client.restore_login(client.user, *known)
        return
    answer = await client.login(os.environ["ECHO_PASSWORD"], device_name="echo")
    assert isinstance(answer, LoginResponse), answer
    session.write(answer.device_id, answer.access_token)
    await client.keys_upload()


class Echo:
    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def invited(self, room: MatrixRoom, event: InviteMemberEvent) -> None:
        if event.state_key == self._client.user_id and event.membership == "invite":
            await self._client.join(room.room_id)

    async def said(self, room: MatrixRoom, event: RoomMessageText) -> None:
        if event.sender == self._client.user_id or not event.decrypted:
            return
        content = {
            "msgtype": "m.notice",
            "body": event.body,
            "m.relates_to": {"m.in_reply_to": {"event_id": event.event_id}},
        }
        await self._client.room_send(
            room.room_id,
            "m.room.message",
            content,
            tx_id=f"echo-{event.event_id}",
            ignore_unverified_devices=True,
        )


if __name__ == "__main__":
    url, user_id, folder = sys.argv[1:]
    Path(folder).mkdir(exist_ok=True)
    asyncio.run(echo(url, user_id, Path(folder)))
