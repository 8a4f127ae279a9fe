"""The hall, with its table gathered or not."""

from pathlib import Path

import pytest

from demo.scene import Scene
from tests.hall import Hall


@pytest.fixture
def empty_hall(tmp_path: Path) -> Hall:
    """Nobody has spoken yet."""
    return Hall(tmp_path)


@pytest.fixture
async def hall(empty_hall: Hall) -> Hall:
    """Everybody is enrolled and in the table's room."""
    await Scene(empty_hall).gather()
    return empty_hall
