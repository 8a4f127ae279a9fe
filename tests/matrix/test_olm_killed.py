"""Killed while a room key is taken in: the homeserver sends it again, and then it is there."""

import itertools
import multiprocessing
import os
import shutil
import signal
from pathlib import Path

from bot.matrix.admission import pauses
from bot.matrix.keys import Keys
from bot.matrix.machine import Machine, open_machine
from bot.matrix.people import People
from bot.matrix.trust import MEGOLM, Device, Person
from bot.matrix.wire import Json, Wire
from tests.matrix.parts import BOT, ROOM, SEAL, Key

ALICE = "@alice:a.test"


def opened(folder: Path, user: str, known_key: str = "") -> Machine:
    folder.mkdir(exist_ok=True)
    return open_machine(folder, SEAL, user, "DEV", known_key)


def receive(machine: Machine, raw: Json) -> None:
    wire = Wire("http://127.0.0.1:9")
    Keys(wire, machine, People(wire, machine)).receive([raw])


def receive_until(folder: Path, known_key: str, raw: Json, statements: int) -> None:
    """Take it in, and die by SIGKILL at the last of so many statements."""
    left = itertools.count(statements, -1)

    def trace(_statement: str) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    machine = opened(folder, BOT, known_key)
    machine.store.database.connection().set_trace_callback(trace)
    receive(machine, raw)


def room_key(bot: Machine, alice: Machine, key: Key) -> Json:
    """As it comes from a homeserver."""
    content = {
        "algorithm": MEGOLM,
        "room_id": ROOM,
        "session_id": key.id,
        "session_key": key.start,
    }
    device = Device(BOT, "DEV", bot.ed25519, bot.curve25519, signed=True)
    alice.learn(Person(BOT, "master", (device,)))
    sealed = alice.seal_for(device, "m.room_key", content)
    return {"type": "m.room.encrypted", "sender": ALICE, "content": sealed}


def test_a_room_key_is_not_lost_between_two_statements(tmp_path: Path) -> None:
    """The first of an Olm session, and one in the middle of it."""
    bot, alice = opened(tmp_path / "whole", BOT), opened(tmp_path / "alice", ALICE)
    bot.account.generate_one_time_keys(1)
    (one_time,) = bot.account.one_time_keys["curve25519"].values()
    bot.save_account()
    alice.create_session(one_time, bot.curve25519)
    for key in (Key(), Key()):
        raw = room_key(bot, alice, key)
        bot.store.database.close()
        for statements in itertools.count():
            folder = tmp_path / f"{key.id[:4].replace('/', '-')}{statements}"
            shutil.copytree(tmp_path / "whole", folder)
            child = multiprocessing.get_context("fork").Process(
                target=receive_until, args=(folder, bot.ed25519, raw, statements)
            )
            child.start()
            child.join()
            again = opened(folder, BOT, bot.ed25519)
            receive(again, raw)
            assert again.room_keys.of_event(ROOM, {"session_id": key.id})
            again.store.database.close()
            if child.exitcode == 0:
                break
        assert statements > 5
        bot = opened(tmp_path / "whole", BOT, bot.ed25519)
        receive(bot, raw)
    bot.store.database.close()
    alice.store.database.close()


def test_pauses_grow_to_a_minute() -> None:
    assert [*itertools.islice(pauses(), 9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
