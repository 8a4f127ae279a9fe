"""Somebody else with a bot's folder and its master key, in a process of their own.

`python -m tests.homeserver.thief read FOLDER USER` takes events as JSON from standard input and
prints the ids of those that it could open. `… die FOLDER USER ROOM N` forgets the past of a room
in the bot's stead, and dies by SIGKILL at the Nth statement.
"""

import asyncio
import itertools
import json
import os
import signal
import sys
from pathlib import Path

import vodozemac

from bot.matrix.forgetting import Forgetting
from bot.matrix.keys import Keys
from bot.matrix.machine import Machine, open_machine
from bot.matrix.people import People
from bot.matrix.replays import Replays
from bot.matrix.rooms import Rooms
from bot.matrix.sharing import Sharing
from bot.matrix.vault import read_credentials
from bot.matrix.wire import Json, Wire
from storage.seal import Seal
from tests.homeserver.fixtures import SEAL


def stolen(folder: Path, seal: Seal, user: str) -> Machine:
    """The crypto store, as whoever has disk and master key opens it."""
    mine = read_credentials(folder, seal, user)
    assert mine is not None
    return open_machine(folder, seal, mine.user_id, mine.device_id, mine.device_key)


def opened(machine: Machine, events: list[Json]) -> list[str]:
    """Every event with every key, whatever room or sender it says it is of."""
    found = []
    for event, key in itertools.product(events, machine.inbound_group_store):
        message = vodozemac.MegolmMessage.from_base64(event["content"]["ciphertext"])
        try:
            key._session.decrypt(message)
        except vodozemac.MegolmDecryptionException:
            continue
        found.append(event["event_id"])
    return found


def die(folder: Path, machine: Machine, room: str, statements: int) -> None:
    """Forget, as far as that."""
    left = itertools.count(statements, -1)

    def trace(_statement: str) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    wire, replays = Wire("http://127.0.0.1:9"), Replays(folder, SEAL)
    people = People(wire, machine)
    rooms, keys = Rooms(wire, machine), Keys(wire, machine, people)
    forgetting = Forgetting(machine, Sharing(machine, people, rooms, keys), replays)
    for connection in (machine.store.database.connection(), replays._db):
        connection.set_trace_callback(trace)
    asyncio.run(forgetting.forget(room, own=True))


def main() -> None:
    what, folder, user, *rest = sys.argv[1:]
    machine = stolen(Path(folder), SEAL, user)
    if what == "read":
        sys.stdout.write(json.dumps(opened(machine, json.load(sys.stdin))))
    else:
        room, statements = rest
        die(Path(folder), machine, room, int(statements))


if __name__ == "__main__":
    main()
