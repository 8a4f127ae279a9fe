"""The hall, with its table gathered or not."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.hall import Hall
from tests.moments import gathered_hall

settings.register_profile(  # how fast a machine is tells nothing of the program
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


@pytest.fixture
def empty_hall(tmp_path: Path) -> Hall:
    """Nobody has spoken yet."""
    return Hall(tmp_path)


@pytest.fixture
async def hall(tmp_path: Path) -> Hall:
    """Everybody is enrolled and in the table's room."""
    return await gathered_hall(tmp_path)
