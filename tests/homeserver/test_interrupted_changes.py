"""Replacing or joining an identity, cut off at each upload: finished at the next start."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.matrix.crosssigning import OwnIdentity
from bot.matrix.recovery import typed
from bot.matrix.restoring import plan_reset
from bot.matrix.secretstorage import SECRETS
from bot.matrix.trust import unpadded
from bot.matrix.vault import Credentials, read_credentials
from tests.homeserver.fixtures import SEAL
from tests.homeserver.test_entering import shown
from tests.homeserver.test_interrupted_start import DATA, Start, Watched, start

__all__ = ["start"]

pytestmark = pytest.mark.homeserver

RESET = (
    "POST keys/device_signing/upload",  # refused: the server asks for the password
    "POST keys/device_signing/upload",
    "POST keys/signatures/upload",
    f"PUT {DATA}m.secret_storage.key.…",
    *(f"PUT {DATA}{name}" for name in SECRETS),
    f"PUT {DATA}m.secret_storage.default_key",
)
JOIN = ("POST keys/upload", "POST keys/signatures/upload")


def uploads(steps: Sequence[str]) -> list[int]:
    """At which steps something is given to the server."""
    known = {*RESET, *JOIN}
    return [number for number, step in enumerate(steps) if step in known]


async def reset_steps(start: Start, folder: Path) -> list[str]:
    """All steps of a start that replaces the identity."""
    plan_reset(folder, SEAL, start.bot.user_id)
    watched = Watched()
    await start.go_on(watched, folder)
    return watched.steps


async def test_a_reset_takes_these_uploads(start: Start) -> None:
    await start.go_on(Watched(), start.bot.folder)
    steps = await reset_steps(start, start.bot.folder)
    given = [steps[number] for number in uploads(steps)]
    assert tuple(given) == ("POST keys/upload", *RESET)  # the first only counts what is there


@pytest.mark.parametrize("reached", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("number", range(len(RESET)))
async def test_a_reset_that_was_cut_off(
    start: Start, tmp_path: Path, number: int, reached: bool
) -> None:
    before = await start.go_on(Watched(), start.bot.folder)
    plan_reset(start.bot.folder, SEAL, start.bot.user_id)
    planned = read_credentials(start.bot.folder, SEAL, start.bot.user_id)
    assert planned is not None
    earlier = RESET[:number].count(RESET[number])
    await start.die(Watched((RESET[number], earlier), reached), tmp_path / "copy")
    held = await start.go_on(Watched(), tmp_path / "copy")
    assert held.seeds == planned.seeds != before.seeds
    assert held.recovery_key == planned.recovery_key != before.recovery_key
    assert not held.replacing
    await is_in_place(start, held)


@pytest.mark.parametrize("reached", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("step", JOIN)
async def test_a_joining_that_was_cut_off(
    start: Start, tmp_path: Path, step: str, reached: bool
) -> None:
    made = await start.go_on(Watched(), start.bot.folder)
    start.bot.folder = tmp_path / "joining"
    key = typed(unpadded(made.recovery_key))
    await start.die(Watched((step, 0), reached), tmp_path / "copy", key)
    held = await start.go_on(Watched(), tmp_path / "copy", key)
    assert (held.seeds, held.recovery_key) == (made.seeds, made.recovery_key)
    assert held.device_id != made.device_id
    await is_in_place(start, held)


async def is_in_place(start: Start, held: Credentials) -> None:
    own = OwnIdentity.of(start.bot.user_id, held.seeds)
    assert own.is_published(shown_to_itself(start, held))
    assert own.master.public in str(shown(start.homeserver, start.bot)["master_keys"])
    assert await start.stored(held) == (held.storage_key, held.seeds)


def shown_to_itself(start: Start, held: Credentials) -> dict[str, object]:
    body: dict[str, object] = {"device_keys": {held.user_id: []}}
    path = "/_matrix/client/v3/keys/query"
    return start.homeserver.call("POST", path, body, held.token)
