"""The hall, with its table gathered or not; and examples may take as long as they need."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.hall import Hall
from tests.moments import gathered_hall

# Else a busy machine would look like a fault.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def empty_hall(tmp_path: Path) -> Hall:
    """Nobody has spoken yet."""
    return Hall(tmp_path)


@pytest.fixture
async def hall(tmp_path: Path) -> Hall:
    """Everybody is enrolled and in the table's room."""
    return await gathered_hall(tmp_path)
