"""The hall, with its table gathered or not."""

from pathlib import Path

import pytest

from demo.scene import Scene
from tests.hall import Hall, Picture

GATHERED: list[Picture] = []  # played once, and then pictured


@pytest.fixture
def empty_hall(tmp_path: Path) -> Hall:
    """Nobody has spoken yet."""
    return Hall(tmp_path)


@pytest.fixture
async def hall(empty_hall: Hall) -> Hall:
    """Everybody is enrolled and in the table's room."""
    if GATHERED:
        empty_hall.restore(GATHERED[0])
        return empty_hall
    await Scene(empty_hall).gather()
    GATHERED.append(empty_hall.picture())
    return empty_hall
