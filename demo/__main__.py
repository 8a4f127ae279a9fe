"""`make demo`: a whole table meets on a real homeserver, on this machine only."""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from demo.homeserver import Homeserver
from demo.operating import ACCOUNTS, PASSWORD, set_up
from demo.scene import COORDINATOR, Scene
from demo.stage import RealStage


async def play(*, stay: bool) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tafelbot-demo-") as name:
        folder = Path(name)
        print("starting a homeserver, the bot and seven members …", flush=True)
        with Homeserver() as homeserver:
            async with RealStage(homeserver, folder, set_up(homeserver, folder)) as stage:
                print(f"ready after {time.monotonic() - began:.0f} s", flush=True)
                await Scene(stage).play()
                await stage.quiet()
                print(f"\nplayed in {time.monotonic() - began:.0f} s")
                if stay:
                    await _stay(homeserver, stage)
            print("\nWhat the bot's store holds:")
            print(stage.bot.inspect())


async def _stay(homeserver: Homeserver, stage: RealStage) -> None:
    seat = stage.user_id(COORDINATOR)
    key = await asyncio.to_thread(stage.recovery_key, COORDINATOR)
    print(
        f"\nThe homeserver stays up at {homeserver.url}.\n"
        f"Take the coordinator's seat with Element or another client: {seat},\n"
        f"password {PASSWORD}; verify your session with the recovery key\n"
        f"    {key}\n"
        f"The others ({', '.join(ACCOUNTS)}) have the same password.\n"
        "Ctrl-C ends everything.",
        flush=True,
    )
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="keep everything running")
    try:
        asyncio.run(play(stay=parser.parse_args().stay))
    except KeyboardInterrupt:
        print("\nended")


if __name__ == "__main__":
    main()
