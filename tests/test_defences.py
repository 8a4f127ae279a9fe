"""The list of defences does not rot: every change applies, every test exists."""

import re
from pathlib import Path

import pytest

from tests.defences import MUTANTS, REVIEWED, Mutant
from tests.mutants import ROOT, tracked


@pytest.mark.parametrize("mutant", [*MUTANTS, *REVIEWED], ids=lambda one: one.name)
def test_a_defence_stands_where_the_list_says(mutant: Mutant, tmp_path: Path) -> None:
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True)
    copy.write_text((ROOT / mutant.file).read_text(encoding="utf-8"), encoding="utf-8")
    mutant.apply(tmp_path)
    assert mutant.tests
    for test in mutant.tests:
        assert exists(test), test


def exists(test: str) -> bool:
    """Whether a test that is named as pytest names it is there."""
    file, _, name = test.partition("::")
    if file not in set(tracked()):
        return False
    text = (ROOT / file).read_text(encoding="utf-8")
    return not name or re.search(rf"def {re.escape(name)}\b", text) is not None
