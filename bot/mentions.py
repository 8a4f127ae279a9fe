"""Whether what a message shows of accounts, and what it says of them unseen, are the same."""

import unicodedata
from collections.abc import Mapping

from bot import visible
from bot.body import Message
from bot.visible import Link


def contradicts(
    message: Message, number: int, members: Mapping[str, str], besides: frozenset[str]
) -> bool:
    """Whether a line shows another account than it means. `members`: who sits at the table, and
    what they call themselves. `besides`: accounts that are mentioned, or not, without a word: the
    sender and we ourselves."""
    links = [one for one in message.visible.links if one.line == number]
    if any(_misleads(link, members) for link in links):
        return True
    if message.reply or message.edit:  # clients mention the author of what is answered, unseen
        return False
    meant = visible.accounts(message.lines[number]) - besides
    mentioned = message.mentions - besides
    return bool(meant - mentioned and mentioned - message.visible.accounts)


def _misleads(link: Link, members: Mapping[str, str]) -> bool:
    """Whether a link shows another account, or another member's name, than it leads to."""
    shown = unicodedata.normalize("NFKC", link.shown)
    accounts = visible.accounts(shown)
    if accounts or not shown:
        return accounts != {link.target}
    called = _folded(shown)
    if called in _names(link.target, members.get(link.target, "")):
        return False
    return any(called in _names(user, name) for user, name in members.items())


def _names(user: str, name: str) -> set[str]:
    return {_folded(user.partition(":")[0]), _folded(name)} - {""}


def _folded(name: str) -> str:
    return "".join(name.removeprefix("@").split()).casefold()
