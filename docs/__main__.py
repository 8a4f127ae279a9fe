"""`python -m docs` writes the pages that are made from the code."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.composing import FACTS, POLL
from bot.rules.refusal import Reason
from handlers.table import COMMANDS
from locales import commands
from locales.catalogue import LANGUAGES, translate
from locales.codes import FAMILIES, LABELS, fold, label
from locales.kinds import KINDS
from locales.refusals import FIELDS, REFUSALS
from locales.render import PREFIX, row_fields

FOLDER = Path(__file__).parent

_FORMS = {
    "int": "whole number",
    "ints": "list of whole numbers",
    "case": "case reference, such as `K7Q-4MX`",
    "cases": "list of case references",
    "action": "action number, such as `A12`",
    "dates": "list of dates",
    "date": "date, ISO 8601: `2027-03-10`",
    "time": "moment, ISO 8601 with offset",
    "event": "Matrix event id",
    "key": "public master key of a member, unpadded base64",
    "form": "code of a feedback form: five groups of five signs",
    "flag": "`true` or `false`",
    "word": "case reference or action number",
    "answers": "`agree` and `object`: the random id of each answer in the native poll",
    "code:command": "name of a command",
    "code:reason": "one of the reasons below",
    "codes:family": "list of the codes that are possible there",
    "code:family": "the family of those codes, one of those below",
}
_ACCOUNTS = {"account", "accounts"}  # people are mentioned in the words, and not in the facts


def messages() -> str:
    """The page for whoever writes a program that reads what the bot says."""
    return "\n".join(_messages()).rstrip() + "\n"


def command_page() -> str:
    """The page for whoever sits at the table."""
    return "\n".join(_commands()).rstrip() + "\n"


PAGES = {"messages.md": messages, "commands.md": command_page}


def main() -> None:
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")


def _messages() -> Iterator[str]:
    yield "# Messages\n"
    yield "<!-- Made by `make docs` from the code. -->\n"
    yield (
        "Every message of the bot, but for `unheard` and `suspended`, is encrypted, and says "
        "the same thing twice: in words for people, and as facts for programs, "
        f"in the object `{FACTS}` of its content. The facts "
        "are the stable interface; words change and are translated.\n"
    )
    yield "```json\n" + _EXAMPLE + "\n```\n"
    yield (
        "- `kind` says what the message is; `id` is random and the same when a message had to be "
        "sent twice, so that a program can tell.\n"
        "- Facts are references, codes, dates, whole numbers and event ids: never words that "
        "somebody typed, never a person. A fact that has no value is left out.\n"
        "- Live figures are edits (`m.replace`) of one message; the facts stand in the content "
        "and again inside `m.new_content`.\n"
        "- An answer is a reply to the event it answers, in that event's thread if it has one. "
        "It is an `m.notice`; a message that asks somebody to act is an `m.text` that mentions "
        "them in `m.mentions`.\n"
        "- A kind or fact may be added; none changes its meaning.\n"
    )
    yield "## Kinds\n"
    for name, kind in KINDS.items():
        if name in {"refused", "poll.question"}:
            continue
        yield f"### `{name}`\n"
        yield f"{kind.about}\n"
        beside = {"opened": kind.fields["opened"]} if name == "minutes.ready" else kind.fields
        yield from _facts(beside)
    yield from _polls()
    yield from _refusals()
    yield from _codes()


def _facts(fields: Mapping[str, str]) -> Iterator[str]:
    shown = {name: form for name, form in fields.items() if form not in _ACCOUNTS}
    if not shown:
        return
    yield "| fact | what it is |"
    yield "|---|---|"
    for name, form in shown.items():
        yield f"| `{name}` | {_form(form)} |"
    yield ""


def _form(form: str) -> str:
    if form.startswith("rows:"):
        rows = row_fields(form).items()
        parts = [f"`{name}` ({_form(one)})" for name, one in rows if one not in _ACCOUNTS]
        return "list of objects with " + ", ".join(parts)
    if form in _FORMS:
        return _FORMS[form]
    many, _, family = form.partition(":")
    anchor = family.replace(" ", "-")
    return f"{'list of codes' if many == 'codes' else 'code'}: [{family}](#{anchor})"


def _polls() -> Iterator[str]:
    yield "## Polls\n"
    yield (
        f"A question to the table is a native poll, an event of type `{POLL}.start`. It carries "
        f"no facts. The message after it is `poll.opened`, a reply-free companion that names the "
        "poll's event in `poll_event` and the ids of its two answers in `answers`. The ids are "
        "random for each poll and each version, so an answer cannot be moved to other words.\n"
    )
    yield (
        "To answer, send in the same room, encrypted and from a device that its owner has "
        f"cross-signed, an event of type `{POLL}.response` (or the stable `m.poll.response`):\n"
    )
    yield "```json\n" + _RESPONSE + "\n```\n"
    yield (
        f"or type `{PREFIX}agree 3` or `{PREFIX}object 3`. One answer counts per person and "
        "version; an objection stays. An answer that does not count is `refused` with "
        "`not_on_roster` or `poll_closed`. When the poll is over the bot sends `poll.closed` and "
        "redacts the native poll: nothing is left of it in which a client could show a winner. A "
        "poll that somebody else has ended, deleted or changed is over too, and `interference` "
        "says so.\n"
    )


def _refusals() -> Iterator[str]:
    yield "## Refusals\n"
    yield "### `refused`\n"
    yield (
        "Something was not done, and nothing has changed. `reason` is one of these; the words "
        "say what to do. Beside it there may stand:\n"
    )
    yield from _facts(FIELDS)
    yield "| reason | in English |"
    yield "|---|---|"
    for reason in Reason:
        words = REFUSALS[reason].replace("|", "\\|")
        yield f"| `{reason}` | {_plain(words)} |"
    yield ""


def _plain(words: str) -> str:
    """A sentence with the words to type in place, and the names of its facts where they go."""
    for name in COMMANDS:
        words = words.replace(
            f"{{do_{name.replace('.', '_')}}}", f"{PREFIX}{commands.word(name, 'en')}"
        )
    for answer in ("yes", "no"):
        words = words.replace(f"{{{answer}}}", answer)
    return words.replace("{", "<").replace("}", ">")


def _codes() -> Iterator[str]:
    yield "## Codes\n"
    yield (
        "In the facts a code is always the same; people read and type it in their own language, "
        "or as it stands here.\n"
    )
    for family, codes in FAMILIES.items():
        yield f"### {family}\n"
        yield "| code | " + " | ".join(LANGUAGES) + " |"
        yield "|---|" + "---|" * len(LANGUAGES)
        for code in LABELS[codes]:
            words = [label(family, code, language) for language in LANGUAGES]
            yield f"| `{code}` | " + " | ".join(words) + " |"
        yield ""


def _commands() -> Iterator[str]:
    yield "# What can be said\n"
    yield "<!-- Made by `make docs` from the code. -->\n"
    yield (
        f"In the table's room a line begins with `{PREFIX}` or with the bot's name; in your "
        "direct room with the bot nothing is needed. Several lines may stand in one message. "
        "Capitals, accents and final punctuation do not matter. The words of all four languages "
        "are always understood; where several words are listed, each will do. What stands in "
        "square brackets may be left out.\n"
    )
    for language in LANGUAGES:
        yield f"## {label('language', language, 'en')}\n"
        yield "| word | does | who | where |"
        yield "|---|---|---|---|"
        for name in COMMANDS:
            yield _row(name, language)
        yield ""


def _row(name: str, language: str) -> str:
    command, wording = COMMANDS[name], commands.WORDINGS[name]
    first, *others = translate(wording.word, language, "command").split("|")
    usage = f"`{first} {commands.syntax(name, language)}`".replace(" `", "`")
    distinct = {fold(other): other for other in others if fold(other) != fold(first)}
    also = "".join(f", `{other}`" for other in distinct.values())
    who = label("right", command.right, language)
    where = " · ".join(sorted(label("place", place, language) for place in command.places))
    cells = (usage + also, translate(wording.summary, language), who, where)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_EXAMPLE = f"""\
{{
  "msgtype": "m.notice",
  "body": "…",
  "{FACTS}": {{
    "kind": "case.discussed",
    "id": "k3v…",
    "case": "K7Q-4MX",
    "expires": "2027-11-23"
  }}
}}"""

_RESPONSE = f"""\
{{
  "m.relates_to": {{"rel_type": "m.reference", "event_id": "poll_event"}},
  "{POLL}.response": {{"answers": ["the id of agree or of object"]}}
}}"""


if __name__ == "__main__":
    main()
