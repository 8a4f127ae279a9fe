"""The hall, with its table gathered or not."""

from pathlib import Path

import pytest

from tests.hall import Hall
from tests.moments import gathered_hall


@pytest.fixture
def empty_hall(tmp_path: Path) -> Hall:
    """Nobody has spoken yet."""
    return Hall(tmp_path)


@pytest.fixture
async def hall(tmp_path: Path) -> Hall:
    """Everybody is enrolled and in the table's room."""
    return await gathered_hall(tmp_path)
