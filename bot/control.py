"""The control socket: how the operator, on the same machine, tells the running bot something.

JSON lines on the unix socket `control` in the data directory, for its owner only. The one thing
to ask is `{"verify": "@user:server"}`. Answers: `{"wait": asked}`, `{"compare": {"emoji": […],
"decimals": […]}}`, to which `{"same": bool}` is said, and at the end `{"verified": master key}`
or `{"failed": code, "theirs": bool}`. Hanging up stops it.
"""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.desk import Desk
from bot.matrix.door import MatrixRefused
from bot.matrix.talk import NotVerified, ShortString
from locales.catalogue import translate
from locales.terminal import ASKING

NAME = "control"
OnVerified = Callable[[str, str], bool]  # user, master key (unpadded base64); whether it counts
log = logging.getLogger("tafelbot.control")


class NotUnderstood(ValueError):
    """What came over the socket is nothing of ours."""


class Control:
    """Serves the socket; `on_verified` is told of every verification that succeeded."""

    def __init__(self, desk: Desk, folder: Path, on_verified: OnVerified) -> None:
        self._desk = desk
        self._path = folder / NAME
        self._on_verified = on_verified
        self._callers: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Until cancelled; then nobody who still talks to us is left waiting."""
        server = await asyncio.start_unix_server(self._answer, sock=_listen_at(self._path))
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            self._path.unlink(missing_ok=True)
            for caller in self._callers:
                caller.cancel()
            if self._callers:
                await asyncio.wait(self._callers)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = asyncio.current_task()
        assert caller is not None
        self._callers.add(caller)
        try:
            asking = translate(ASKING, self._desk.table.languages[0])
            await self._serve(_Caller(reader, writer, asking))
        except (ConnectionError, ValueError) as error:  # gone, or nothing we understand
            log.warning("a caller was not understood (%s)", type(error).__name__)
        except asyncio.CancelledError:
            log.info("a caller was hung up on")  # we stop; nobody waits for this task
        finally:
            self._callers.discard(caller)
            writer.close()

    async def _serve(self, caller: "_Caller") -> None:
        asked = await caller.hear()
        user = (asked or {}).get("verify")
        if not isinstance(user, str):
            raise NotUnderstood
        verifying = asyncio.ensure_future(self._verify(user, caller))
        listening = asyncio.ensure_future(caller.listen())
        try:
            await asyncio.wait({verifying, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (verifying, listening):
                task.cancel()
            await asyncio.wait({verifying, listening})
        if not verifying.cancelled():
            await caller.say(verifying.result())

    async def _verify(self, user: str, caller: "_Caller") -> dict[str, Any]:
        """How it ended, in the words of the socket."""
        if user not in self._desk.seated:
            return {"failed": "unknown_member", "theirs": False}
        try:
            master_key = await self._desk.door.verify(user, await self._direct(user), caller)
        except NotVerified as ended:
            log.warning("verification failed: %s", ended.code)
            return {"failed": ended.code, "theirs": ended.theirs}
        except MatrixRefused as refused:
            log.warning("verification refused: %s", refused.errcode)
            return {"failed": "refused", "theirs": False}
        if not self._on_verified(user, master_key):
            return {"failed": "not_as_settled", "theirs": False}
        await self._desk.door.vouch(user, master_key)
        return {"verified": master_key}

    async def _direct(self, user: str) -> str | None:
        """The room of two, if both are in it and nobody else."""
        with self._desk.transaction() as tx:
            account = tx.people.known(user)
            row = tx.people.direct_room(account) if account is not None else None
            room_id = tx.people.room_id(row) if row is not None else None
        room = await self._desk.room(room_id) if room_id is not None else None
        if room is None or user not in room.joined:
            return None
        return room_id if room.joined | room.invited == {user, self._desk.door.user_id} else None


class _Caller:
    """Who sits at the other end of a connection; a `bot.matrix.talk.Talk`."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asking: str
    ) -> None:
        self.asking = asking
        self._reader = reader
        self._writer = writer
        self._answers: asyncio.Queue[bool] = asyncio.Queue()

    async def say(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")
        await self._writer.drain()

    async def hear(self) -> dict[str, Any] | None:
        """The next line; None at the end."""
        raw = await self._reader.readline()
        message = json.loads(raw) if raw else None
        if message is not None and not isinstance(message, dict):
            raise NotUnderstood
        return message

    async def listen(self) -> None:
        """Take answers until the caller hangs up, or talks nonsense."""
        with contextlib.suppress(ValueError, ConnectionError):
            while (message := await self.hear()) is not None:
                self._answers.put_nowait(message.get("same") is True)

    async def wait(self, *, asked: bool) -> None:
        await self.say({"wait": asked})

    async def compare(self, string: ShortString) -> bool:
        await self.say({"compare": {"emoji": string.emoji, "decimals": string.decimals}})
        return await self._answers.get()


def _listen_at(path: Path) -> socket.socket:
    """A socket that only its owner may open, in place of one that was left behind."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(fresh))
        fresh.chmod(0o600)
        fresh.replace(path)
    except OSError:
        bound.close()
        raise
    return bound
