"""The list of defences does not rot: every change applies, every test exists."""

import re
from pathlib import Path

import pytest

from tests.defences import Mutant
from tests.mutants import ALL, ROOT, tracked
from tests.rows import ROWS


@pytest.mark.parametrize("mutant", ALL, ids=lambda one: one.name)
def test_a_defence_stands_where_the_list_says(mutant: Mutant, tmp_path: Path) -> None:
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True)
    copy.write_text((ROOT / mutant.file).read_text(encoding="utf-8"), encoding="utf-8")
    mutant.apply(tmp_path)
    assert mutant.tests
    for test in mutant.tests:
        assert exists(test), test


PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(\.\./(tests/[\w/]+\.py)\)((?: `test_\w+`)*)")


def test_every_row_of_the_list_has_tests_and_a_defence_to_take_away() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\|(.*)\|$", PAGE, flags=re.MULTILINE)
    assert [int(number) for number, _tests in rows] == [*range(1, 27)]
    for number, cell in rows:
        assert all(names for _file, names in LINK.findall(cell)), number
        assert LINK.findall(cell), number
    assert {one.row for one in ROWS} == {*range(1, 27)}


def test_every_test_on_the_page_exists() -> None:
    named = LINK.findall(PAGE)
    assert len(named) > 60
    found = [name for _file, names in named for name in re.findall(r"test_\w+", names)]
    assert sorted(found) == sorted(re.findall(r"`(test_\w+)`", PAGE))  # each stands by its file
    for file, names in named:
        assert exists(file), file
        for name in re.findall(r"test_\w+", names):
            assert exists(f"{file}::{name}"), (file, name)


def exists(test: str) -> bool:
    """Whether a test that is named as pytest names it is there."""
    file, _, name = test.partition("::")
    if file not in set(tracked()):
        return False
    text = (ROOT / file).read_text(encoding="utf-8")
    return not name or re.search(rf"def {re.escape(name)}\b", text) is not None
