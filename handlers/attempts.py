"""Whether somebody tried to answer a poll in a way that cannot be obeyed: misspelt, decorated, with
wrong syntax. It is read generously, since an attempt to object must not end in consensus (F01)."""

import re
from collections.abc import Sequence

from bot.rules.refusal import Reason, Refused
from handlers import core
from locales import commands
from locales.render import PREFIX

_PREFIXED = re.compile(rf"(?<!\w){re.escape(PREFIX)}(?=\w)")
_DECORATION = re.compile(rf"^(?:(?![@{re.escape(PREFIX)}])[\W\d_])+")  # a dash, `1.`, an emoji


def tries(line: core.Line) -> bool:
    """Whether a line is meant as an answer in a poll; who refuses loudly may mean that too."""
    return line.tries or core.answers(line) or line.name == "no"


def hides_answer(text: str, names: Sequence[str]) -> bool:
    """Whether a line that does not begin with our name or `!` is meant as an answer: behind a
    dash, a number or other words."""
    bare = _DECORATION.sub("", text)
    named = core.without_prefix(bare, names)
    rests = [text[found.end() :] for found in _PREFIXED.finditer(text)]
    rests += [named] if named is not None else []
    return any(tries(core.read(rest)) for rest in rests) or commands.objects(bare)


def leaves_doubt(line: core.Line, refused: Refused) -> bool:
    """Whether a line that was refused may have been an objection. What was said in clear anybody
    could have written; a yes that is clear and does not count takes nothing back."""
    if refused.reason in {Reason.NOT_ENCRYPTED, Reason.EDITED}:
        return False
    unclear = refused.reason in {Reason.WRONG_ARGUMENTS, Reason.WHICH_POLL}
    return unclear if line.name == "agree" else tries(line)
