"""`tafelbot`: run the bot, make a key, look into the store, verify somebody."""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.app import App, lock, open_desk, run_until_stopped
from bot.config import ConfigError, load, new_key
from bot.matrix.door import CannotStart, SessionLost
from bot.terminal import Console, Verification
from storage.inspect import lines, tables


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.do(arguments))
    except (ConfigError, CannotStart) as error:
        print(f"tafelbot cannot start:\n{error}", file=sys.stderr)
        return 2
    except (SessionLost, ExceptionGroup) as error:
        if not _session_lost(error):
            raise
        sentence = "the homeserver has ended the bot's session; start it once with the password"
        print(f"tafelbot has stopped:\n{sentence}", file=sys.stderr)
        return 2


def _session_lost(error: Exception) -> bool:
    """Also from within the tasks that were running."""
    if isinstance(error, ExceptionGroup):
        return error.subgroup(SessionLost) is not None
    return isinstance(error, SessionLost)


def run(arguments: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings = load(arguments.config)
    with lock(settings.data_dir):
        asyncio.run(run_until_stopped(App(open_desk(settings), settings.data_dir)))
    return 0


def key(arguments: argparse.Namespace) -> int:
    try:
        new_key(arguments.file)
    except FileExistsError:
        raise ConfigError(f"{arguments.file} exists already and is left as it is") from None
    print(f"{arguments.file}: keep a copy in a safe place; without it the store is lost")
    return 0


def inspect(arguments: argparse.Namespace) -> int:
    """Everything the store holds, unsealed."""
    desk = open_desk(load(arguments.config))
    found = tables(desk.engine, desk.seal)
    if arguments.json:
        print(json.dumps(found, indent=2, default=str))
    else:
        print("\n".join(lines(found)))
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Compare emoji with somebody, through the running bot."""
    settings = load(arguments.config, with_key=False)
    language = settings.table.languages[0]
    console = Console(print, input)
    try:
        verification = Verification(settings.data_dir, arguments.user, language, console)
        return 0 if verification.run() else 1
    except (KeyboardInterrupt, EOFError):  # hanging up tells the bot
        print()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tafelbot", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, do, about in (
        ("run", run, "run the bot until it is stopped"),
        ("inspect", inspect, "print everything the store holds"),
        ("verify", verify, "compare emoji with a member, through the running bot"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("--config", type=Path, default=Path("tafelbot.toml"))
        command.set_defaults(do=do)
        if name == "verify":
            command.add_argument("user", metavar="@NAME:SERVER")
        if name == "inspect":
            command.add_argument("--json", action="store_true", help="every column, as JSON")
    keys = commands.add_parser("key", help="`key new FILE` makes a master key")
    keys.add_argument("what", choices=["new"])
    keys.add_argument("file", type=Path)
    keys.set_defaults(do=key)
    return parser


if __name__ == "__main__":
    sys.exit(main())
