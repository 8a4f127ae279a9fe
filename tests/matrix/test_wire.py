"""What the homeserver, or something before it, answers: waited out, checked, or given up."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from bot.matrix.admission import GRACE, Patience
from bot.matrix.door import MatrixRefused, NotYet, SessionLost
from bot.matrix.wire import FEW, Request, Wire, _judge, _TryAgain, path

WHOAMI, VERSIONS, SYNC = "/account/whoami", "/versions", "/sync"
ME = (200, b'{"user_id": "@bot:x"}')
INVITE = path("rooms", "!r:x", "invite")
Answer = tuple[int, bytes]
DOWN: Answer = (0, b"")


def refusing(status: int, errcode: str, **more: object) -> Answer:
    return status, json.dumps({"errcode": errcode, **more}).encode()


UNKNOWN = refusing(401, "M_UNKNOWN_TOKEN")
LOCKED = refusing(401, "M_USER_LOCKED", soft_logout=True)


class Clock:
    """Time passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Scripted(Wire):
    """A homeserver of which each answer is written down."""

    def __init__(self, says: Callable[[str, int, float], Answer]) -> None:
        """`says`: what is answered to a call, the how-manieth of its kind, at which second."""
        self.clock = Clock()
        patience = Patience(clock=lambda: self.clock.now, sleep=self.clock.sleep)
        super().__init__("http://x", patience)
        self.token = "t"
        self.calls: list[str] = []
        self._says = says

    async def _once(self, request: Request) -> Any:
        where = "/" + request.url.path.removeprefix("/_matrix/client/").removeprefix("v3/")
        self.calls.append(where)
        status, raw = self._says(where, self.calls.count(where), self.clock.now)
        if not status:
            raise _TryAgain("refused connection")
        return _judge(status, {}, raw)

    async def sync(self) -> dict[str, Any]:
        return await self.call("GET", path("sync"))

    async def invite(self) -> dict[str, Any]:
        return await self.call("POST", INVITE, body={}, tries=FEW)


@pytest.mark.parametrize(
    "once",
    [
        UNKNOWN,
        refusing(401, "M_UNKNOWN_TOKEN", soft_logout=True),
        refusing(401, "M_MISSING_TOKEN"),
        LOCKED,
        (401, b"<html>Unauthorized</html>"),
        (401, b'{"error": "log in first"}'),
    ],
    ids=["unknown", "soft", "stripped", "locked", "page", "json"],
)
async def test_one_401_while_the_session_is_valid_ends_nothing(once: Answer) -> None:
    wire = Scripted(lambda where, n, _: ME if where == WHOAMI else once if n == 1 else (200, b"{}"))
    assert await wire.sync() == {}
    assert wire.calls.count(SYNC) == 2
    assert wire.clock.now < 10


async def test_a_session_that_is_said_to_be_gone_for_some_minutes_is_held_on_to() -> None:
    wire = Scripted(lambda _w, _n, now: UNKNOWN if now < GRACE - 60 else (200, b"{}"))
    assert await wire.sync() == {}
    assert wire.clock.now >= GRACE - 60


async def test_a_session_that_is_gone_is_lost_after_some_minutes_with_its_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wire = Scripted(lambda _w, _n, _t: UNKNOWN)
    with pytest.raises(SessionLost, match="M_UNKNOWN_TOKEN"):
        await wire.sync()
    assert GRACE <= wire.clock.now < GRACE + 120
    assert wire.calls.count(SYNC) == 1
    assert "M_UNKNOWN_TOKEN" in caplog.messages[-1]


async def test_what_is_no_word_about_the_session_begins_the_minutes_anew() -> None:
    """Four minutes of 401, a restart of the homeserver, four minutes more."""

    def says(_where: str, _n: int, now: float) -> Answer:
        if now < 240 or 500 < now < 700:
            return UNKNOWN
        return DOWN if now <= 500 else (200, b"{}")

    wire = Scripted(says)
    assert await wire.sync() == {}
    assert wire.clock.now >= 700


async def test_a_locked_account_is_waited_for_and_seldom_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "tafelbot.matrix")
    days = 2 * 24 * 3600.0
    wire = Scripted(lambda _w, _n, now: LOCKED if now < days else (200, b"{}"))
    assert await wire.sync() == {}
    told = [line for line in caplog.messages if "is locked" in line]
    assert 24 <= len(told) <= 49


async def test_without_patience_the_first_401_is_the_end() -> None:
    wire = Scripted(lambda _w, _n, _t: UNKNOWN)
    wire.patience = None
    with pytest.raises(SessionLost):
        await wire.sync()
    assert wire.calls == [SYNC]


async def test_one_act_that_fails_is_given_up_while_all_else_is_answered() -> None:
    wire = Scripted(lambda w, _n, _t: (200, b"{}") if w == VERSIONS else (502, b"no such host"))
    with pytest.raises(NotYet):
        await wire.invite()
    assert wire.calls.count("/rooms/!r:x/invite") == FEW
    assert wire.clock.now < 5


async def test_while_the_homeserver_is_down_the_attempts_do_not_count() -> None:
    wire = Scripted(lambda _w, _n, now: DOWN if now < 3600 else (200, b"{}"))
    assert await wire.invite() == {}
    assert wire.clock.now >= 3600


async def test_a_long_pause_that_is_asked_for_is_passed_on() -> None:
    limited = refusing(429, "M_LIMIT_EXCEEDED", retry_after_ms=330_000)
    wire = Scripted(lambda _w, _n, _t: limited)
    with pytest.raises(NotYet) as later:
        await wire.invite()
    assert later.value.pause == 330
    assert len(wire.calls) == 1


async def test_a_short_pause_is_waited() -> None:
    limited = refusing(429, "M_LIMIT_EXCEEDED", retry_after_ms=2000)
    wire = Scripted(lambda _w, n, _t: limited if n == 1 else (200, b"{}"))
    assert await wire.invite() == {}
    assert wire.clock.now == 2


async def test_a_refusal_of_one_act_is_final() -> None:
    wire = Scripted(lambda _w, _n, _t: refusing(403, "M_FORBIDDEN"))
    with pytest.raises(MatrixRefused):
        await wire.invite()
