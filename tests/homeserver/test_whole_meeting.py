"""Two whole meetings on a real homeserver, undisturbed and with the bot killed over and over."""

import asyncio
import json
import random
import signal
from pathlib import Path

from bot.config import load
from bot.matrix.wire import Json
from demo.homeserver import Homeserver
from demo.operating import BotProcess, set_up
from demo.scene import COORDINATOR, FEW, Scene
from demo.stage import RealStage
from storage.seal import Seal
from tests.homeserver.thief import opened, stolen

SEED = 458
WORST, BEST = 30, 80  # passages until the bot dies

# What is kept between meetings, and how many rows of it: everything else is gone.
KEPT = {"account": 5, "member": 5, "case": 1, "meeting": 2, "keyring": 1, "sync_point": 1}


async def test_the_store_holds_only_what_may_be_kept(tmp_path: Path) -> None:
    with Homeserver() as homeserver:
        bot = set_up(homeserver, tmp_path)
        async with RealStage(homeserver, tmp_path, bot, people=tuple(FEW), quiet=True) as stage:
            await few(stage).play()
            await stage.quiet()
            said = encrypted(homeserver, stage)
        assert_kept(bot)
        assert_forgotten(bot, said)


async def test_a_bot_killed_over_and_over_holds_the_same_meetings(tmp_path: Path) -> None:
    with Homeserver() as homeserver:
        bot = StumblingProcess(set_up(homeserver, tmp_path), random.Random(SEED))
        async with RealStage(homeserver, tmp_path, bot, people=tuple(FEW), quiet=True) as stage:
            await few(stage).play()
            await stage.quiet()
            said = [kind for kind in stage.said() if kind is not None]
        assert_kept(bot)
        assert bot.deaths > 10
        assert len(said) == len(set(said))


def encrypted(homeserver: Homeserver, stage: RealStage) -> list[Json]:
    """All that the homeserver still shows the coordinator, in whatever room."""
    member, found = stage._members[COORDINATOR], list[Json]()
    for room in (*member.rooms, member.direct):
        where = f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=1000"
        found += homeserver.call("GET", where, None, member.credentials().token)["chunk"]
    return [event for event in found if event["content"].get("ciphertext")]


def assert_forgotten(bot: BotProcess, said: list[Json]) -> None:
    """Who has the bot's disk and master key opens nothing of what was said."""
    settings = load(bot.config)
    seal, folder = Seal(settings.master_key_bytes()), settings.data_dir / "matrix"
    machine = stolen(folder, seal, settings.user_id)
    keys = list(machine.inbound_group_store)
    machine.store.database.close()
    assert len(keys) > 4
    assert len(said) > 50
    assert opened(machine, said) == []


def few(stage: RealStage) -> Scene:
    return Scene(stage, people=FEW, guest=None, worker="ocmw")


def assert_kept(bot: BotProcess) -> None:
    store = json.loads(bot.inspect("--json"))
    rows = {name: len(found) for name, found in store.items() if found}
    assert {name: rows[name] for name in KEPT} == KEPT
    assert set(rows) == {*KEPT, "room", "seen"}
    (case,) = store["case"]
    assert case["state"] == "followed"
    assert case["expires_on"] is not None
    assert case["route"] is None


class StumblingProcess(BotProcess):
    """Dies at a random passage, and is started again."""

    def __init__(self, plain: BotProcess, chance: random.Random) -> None:
        super().__init__(plain.config.parent, ())
        self._chance = chance
        self._over = False
        self._supervisor: asyncio.Task[None] | None = None
        self.deaths = 0

    def start(self) -> None:
        if self._supervisor is None:
            self._supervisor = asyncio.create_task(self._supervise())
        self._raise()

    def end(self, number: int = signal.SIGTERM) -> int:
        self._over = True
        return super().end(number)

    def _raise(self) -> None:
        self._module = ("tests.homeserver.stumbling", str(self._chance.randint(WORST, BEST)))
        super().start()

    async def _supervise(self) -> None:
        """Start it again whenever it has died, as a service manager would."""
        while not self._over:
            await asyncio.sleep(0.02)
            if self.has_ended():
                self.deaths += 1
                self._raise()
