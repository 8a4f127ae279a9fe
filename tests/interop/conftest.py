"""Fixtures of this folder; its tests need node and the client installed beside them."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from demo.homeserver import Homeserver
from tests.homeserver.fixtures import account, synapse
from tests.interop.driver import NODE, Member

__all__ = ["account", "member", "synapse"]

MISSING = (
    "INTEROP TESTS SKIPPED: node or the client is missing; "
    "run `npm ci --ignore-scripts` in tests/interop"
)

StartMember = Callable[..., Awaitable[Member]]


def require_client() -> None:
    """Skip, and say so, where there is no client."""
    installed = Path(__file__).with_name("node_modules").is_dir()
    if shutil.which(NODE) is None or not installed:
        pytest.skip(MISSING)


@pytest.fixture
async def member(synapse: Homeserver) -> AsyncIterator[StartMember]:
    """Starts members, each a client of another make; stops them all."""
    require_client()
    async with AsyncExitStack() as running:

        async def start(name: str, *, only_signed: bool = True, **login: object) -> Member:
            person = Member(synapse.url, name, "password", only_signed=only_signed, **login)
            return await running.enter_async_context(person)

        yield start
