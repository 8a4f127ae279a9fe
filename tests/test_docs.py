"""The pages that are made from the code say what the code does."""

import re

import pytest

from bot.rules.refusal import Reason
from docs.__main__ import FOLDER, PAGES
from handlers.table import COMMANDS
from locales.kinds import KINDS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_the_code_would_write_it_now(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_the_messages_page_names_every_kind_and_reason() -> None:
    page = PAGES["messages.md"]()
    for kind in set(KINDS) - {"poll.question"}:
        assert f"### `{kind}`" in page
    for reason in Reason:
        assert f"| `{reason}` | " in page
    assert "account" not in re.findall(r"\| `(\w+)` \| account", page)
    assert not re.search(r"\{(?!\"|$|\n| )", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


def test_every_link_inside_a_page_leads_somewhere() -> None:
    page = PAGES["messages.md"]()
    headings = {line[4:].replace(" ", "-") for line in page.splitlines() if line.startswith("### ")}
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert links
    assert links <= headings


def test_the_commands_page_has_every_command_in_every_language() -> None:
    tables = PAGES["commands.md"]().split("\n## ")[1:]
    assert len(tables) == 4
    for table in tables:
        rows = [line for line in table.splitlines() if line.startswith("| `")]
        assert len(rows) == len(COMMANDS)
