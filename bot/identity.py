"""`tafelbot identity`: the bot's own cross-signing identity, for who looks after the server.

What is asked and said goes through a `Terminal`. Nothing secret is printed unasked.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.config import Settings
from bot.matrix import ourselves, recovery, restoring
from bot.matrix.client import MatrixDoor
from bot.matrix.door import CannotStart, MatrixRefused, SessionLost
from bot.matrix.ourselves import Published
from bot.matrix.trust import unpadded
from bot.matrix.vault import Credentials, read_credentials
from storage.seal import Seal

PATIENCE = 10.0  # seconds that `show` waits for the homeserver
YES = "yes"

WHAT_EXPORT_MEANS = """\
Whoever has the recovery key and can log in to the account {user} is the bot for everybody who
trusts it. Keep the key on paper or in a safe, apart from the account's password."""

WHAT_RESET_MEANS = """\
This replaces the cross-signing identity of {user} by a new one.
- Everybody at the table is told by their client that the bot's identity has changed.
- Those who verified the bot cannot send messages in its rooms any more until they have accepted
  the new identity in their client.
- They should compare the new fingerprint with you before they accept it.
- The recovery key there is now becomes useless; you will be shown a new one.
If only the bot's folder was lost, `tafelbot identity restore` with the recovery key does without
all this."""

HAND_OVER = """\
The recovery key of {user}:

    {key}

Write it down and keep it apart from the server. With it a lost bot becomes the same bot again
(`tafelbot identity restore`), and you can verify yourself when you log in as the bot with a
client. `tafelbot identity export` shows it again."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """How a person is spoken to; `ask_secret` does not show what is typed."""

    say: Callable[[str], None]
    ask: Callable[[str], str]
    ask_secret: Callable[[str], str]

    def confirms(self, question: str, wanted: str = YES) -> bool:
        """Whether exactly the wanted word was typed."""
        return self.ask(f"{question} Type {wanted} to go on: ").strip() == wanted


def show(settings: Settings, terminal: Terminal) -> int:
    """What the folder holds of the identity, and what the homeserver shows of it."""
    mine = _held(settings)
    own = ourselves.fingerprint(mine)
    terminal.say(f"account      {mine.user_id}")
    terminal.say(f"device       {mine.device_id}")
    terminal.say(f"fingerprint  {own or 'none yet: start the bot first'}")
    if not mine.token:
        terminal.say("homeserver   not looked at: the bot has never logged in")
        return 0
    for line in asyncio.run(_seen(settings, mine)):
        terminal.say(line)
    return 0


def export(settings: Settings, terminal: Terminal) -> int:
    """The recovery key, after a confirmation; may be done beside the running bot."""
    mine = _held(settings)
    if not mine.recovery_key:
        raise CannotStart("There is no recovery key yet: the bot makes it at its first start.")
    terminal.say(WHAT_EXPORT_MEANS.format(user=mine.user_id))
    if not terminal.confirms("Show it now?"):
        terminal.say("Nothing was shown.")
        return 1
    terminal.say(recovery.typed(unpadded(mine.recovery_key)))
    return 0


def restore(settings: Settings, terminal: Terminal) -> int:
    """A new device for an identity whose folder was lost or damaged. The bot must be stopped."""
    seal = _seal(settings)
    folder, user = settings.matrix_dir, settings.user_id
    whole = restoring.can_start(folder, seal, user)
    if whole:
        terminal.say("The bot's folder is whole: there is nothing to restore. Start the bot.")
        if not terminal.confirms("Does it not start? Begin again as a new device of the identity?"):
            return 0
    known = restoring.set_aside_lost(folder, seal, user, even_whole=whole)
    typed = None
    if known is None or not known.seeds:
        typed = settings.typed_recovery_key() or terminal.ask_secret("The account's recovery key: ")
    password = _password(settings, terminal)
    terminal.say(f"The bot is back: {asyncio.run(_enter(settings, terminal, password, typed))}")
    if number := restoring.delete_lost(folder):
        terminal.say(f"{number} files of the lost device were deleted.")
    asyncio.run(_part_with_lost(settings, terminal, password))
    return 0


def reset(settings: Settings, terminal: Terminal) -> int:
    """Another identity in place of the one there is. The bot must be stopped."""
    terminal.say(WHAT_RESET_MEANS.format(user=settings.user_id))
    agreed = terminal.confirms("Replace the identity?") and terminal.confirms(
        "This cannot be undone.", settings.user_id
    )
    if not agreed:
        terminal.say("Nothing was changed.")
        return 1
    password = _password(settings, terminal)
    seal = _seal(settings)
    before = restoring.plan_reset(settings.matrix_dir, seal, settings.user_id)
    try:
        fingerprint = asyncio.run(_enter(settings, terminal, password, None))
    except CannotStart:
        if asyncio.run(_old_one_stands(settings)):
            restoring.take_back(settings.matrix_dir, seal, before)
        raise
    terminal.say(f"The bot's identity is new. Its fingerprint: {fingerprint}")
    return 0


def hand_over(terminal: Terminal, user_id: str) -> Callable[[str], bool]:
    """Shows a recovery key that was just made."""

    def tell(key: str) -> bool:
        terminal.say(HAND_OVER.format(user=user_id, key=key))
        return True

    return tell


async def _enter(
    settings: Settings, terminal: Terminal, password: str | None, typed: str | None
) -> str:
    door = MatrixDoor(
        settings.homeserver,
        settings.user_id,
        settings.matrix_dir,
        _seal(settings),
        password,
        recovery_key=typed,
        tell=hand_over(terminal, settings.user_id),
    )
    await door.enter()
    await door.close()
    return str(door.fingerprint)


async def _seen(settings: Settings, mine: Credentials) -> list[str]:
    try:
        async with asyncio.timeout(PATIENCE):
            view = await ourselves.look(settings.homeserver, mine)
    except TimeoutError:
        return ["homeserver   does not answer: what it shows could not be looked at"]
    except (SessionLost, MatrixRefused):
        return ["homeserver   does not let the bot in: start the bot once with the password"]
    published = {
        Published.OURS: "yes",
        Published.NONE: "no",
        Published.OTHER: "no: the homeserver shows another identity of this account",
    }
    lines = [
        f"published    {published[view.published]}",
        f"signed       {'yes' if view.signed else 'no'}: this device by this identity",
        f"stored       {'yes' if view.stored else 'no'}: in secret storage, for the recovery key",
    ]
    if view.others:
        lines.append(f"more devices {', '.join(view.others)}: they speak and read as the bot")
    return lines


async def _old_one_stands(settings: Settings) -> bool:
    """Whether the homeserver surely does not have the identity that the folder holds: what cannot
    be known is no reason to part with the only copy of its private keys."""
    try:
        async with asyncio.timeout(PATIENCE):
            view = await ourselves.look(settings.homeserver, _held(settings))
    except (SessionLost, MatrixRefused, TimeoutError):
        return False
    return view.published is not Published.OURS


async def _part_with_lost(settings: Settings, terminal: Terminal, password: str | None) -> None:
    """A lost device still reads what is said, if somebody has found it."""
    mine = _held(settings)
    lost = await ourselves.lost_devices(settings.homeserver, mine)
    if not lost:
        return
    listed = ", ".join(lost)
    if not terminal.confirms(f"The account still has {listed}. Log the lost device out?"):
        terminal.say("It stays. Whoever has its folder and the master key reads what is said.")
    elif await ourselves.log_out(settings.homeserver, mine, lost, password):
        terminal.say(f"{listed}: logged out.")
    else:
        terminal.say(f"The homeserver refused. Log {listed} out in a client, or ask its admin.")


def _held(settings: Settings) -> Credentials:
    held = read_credentials(settings.matrix_dir, _seal(settings), settings.user_id)
    if held is None:
        raise CannotStart(
            f"{settings.matrix_dir} holds no session: start the bot first, or run `tafelbot "
            "identity restore` if its folder was lost."
        )
    return held


def _password(settings: Settings, terminal: Terminal) -> str:
    return settings.login_password() or terminal.ask_secret(f"The password of {settings.user_id}: ")


def _seal(settings: Settings) -> Seal:
    return Seal(settings.master_key_bytes())
