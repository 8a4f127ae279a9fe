"""`tafelbot`: run the bot, make a key, verify somebody, look after what the bot keeps."""

import argparse
import asyncio
import functools
import getpass
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot import identity
from bot.app import App, lock, matrix_door, open_desk, run_until_stopped
from bot.config import ConfigError, Settings, load, new_key
from bot.identity import Terminal
from bot.matrix.door import CannotStart, SessionLost
from bot.rules import form
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
        code = _session_lost(error)
        if code is None:
            raise
        sentence = "the homeserver has ended the bot's session; start it once with the password"
        print(f"tafelbot has stopped:\n{sentence} ({code})", file=sys.stderr)
        return 2


def _session_lost(error: BaseException) -> str | None:
    """The code of the homeserver, also from within the tasks that were running."""
    if isinstance(error, ExceptionGroup):
        found = (_session_lost(one) for one in error.exceptions)
        return next((code for code in found if code is not None), None)
    return str(error) if isinstance(error, SessionLost) else None


def run(arguments: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings = load(arguments.config)
    door = functools.partial(matrix_door, tell=functools.partial(_tell, settings.user_id))
    with lock(settings.data_dir):
        app = App(open_desk(settings, door), settings.data_dir)
        asyncio.run(run_until_stopped(app))
    return 0


def _tell(user_id: str, recovery_key: str) -> bool:
    """Show it to a person; never to a log, which is where a service's output goes."""
    if not sys.stdout.isatty():
        logging.getLogger("tafelbot").warning(
            "a recovery key was made: `tafelbot identity export` shows it; write it down"
        )
        return True
    return identity.hand_over(TERMINAL, user_id)(recovery_key)


def look_after_identity(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    command: Callable[[Settings, Terminal], int] = IDENTITY[arguments.what][0]
    if arguments.what in ("show", "export"):
        return command(settings, TERMINAL)
    with lock(settings.data_dir):
        open_desk(settings).engine.dispose()  # with a wrong master key nothing may be touched
        return command(settings, TERMINAL)


def key(arguments: argparse.Namespace) -> int:
    try:
        new_key(arguments.file)
    except FileExistsError:
        raise ConfigError(f"{arguments.file} exists already and is left as it is") from None
    print(f"{arguments.file}: keep a copy in a safe place; without it the store is lost")
    return 0


def fingerprint(arguments: argparse.Namespace) -> int:
    """The code of a form; needs no settings, so anybody can check it on their own machine."""
    try:
        data = arguments.file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{arguments.file} cannot be read: {error.strerror}") from None
    print(form.fingerprint(data))
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


def _asked(how: Callable[[str], str], question: str) -> str:
    """What was typed; nothing where nobody is there to type."""
    try:
        return how(question)
    except EOFError:
        return ""


TERMINAL = Terminal(
    say=print,
    ask=functools.partial(_asked, input),
    ask_secret=functools.partial(_asked, getpass.getpass),
)
IDENTITY: dict[str, tuple[Callable[[Settings, Terminal], int], str]] = {
    "show": (identity.show, "its fingerprint, and what the homeserver shows of it"),
    "export": (identity.export, "the recovery key, after a confirmation"),
    "restore": (identity.restore, "bring a lost bot back with the recovery key"),
    "reset": (identity.reset, "replace the identity, with all that this means"),
}


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
    about = "; ".join(f"`{name}`: {what}" for name, (_do, what) in IDENTITY.items())
    own = commands.add_parser("identity", help="look after the bot's own identity", epilog=about)
    own.add_argument("what", choices=list(IDENTITY))
    own.add_argument("--config", type=Path, default=Path("tafelbot.toml"))
    own.set_defaults(do=look_after_identity)
    keys = commands.add_parser("key", help="`key new FILE` makes a master key")
    keys.add_argument("what", choices=["new"])
    keys.add_argument("file", type=Path)
    keys.set_defaults(do=key)
    print_code = commands.add_parser("fingerprint", help="print the code of a feedback form")
    print_code.add_argument("file", type=Path)
    print_code.set_defaults(do=fingerprint)
    return parser


if __name__ == "__main__":
    sys.exit(main())
