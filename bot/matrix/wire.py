"""The client-server API as JSON in and JSON out, patient with weather, quick with refusals.

Lost connections and server faults are waited out here, once, so that nobody above has to
think of them; what the homeserver refuses for good is raised. Only the homeserver itself can
refuse: an error without an `errcode` comes from something that stands before it, and passes.
What nobody else is to wait for is given up after a few attempts, if it is not the homeserver
that is down but this one call that fails: `NotYet`.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from bot.matrix.admission import SILENT, Admission, Patience, pauses
from bot.matrix.door import MatrixRefused, NotYet, SessionLost

Json = dict[str, Any]

CLIENT = "/_matrix/client/v3"
FEW = 2  # attempts at what nobody else is to wait for
SHORT = 10.0  # seconds that are waited between them when the homeserver asks for a pause
_log = logging.getLogger("tafelbot.matrix")


class Refusal(MatrixRefused):
    """A final refusal with the body that came with it (user-interactive authentication)."""

    def __init__(self, errcode: str, status: int, body: Json) -> None:
        super().__init__(errcode, status)
        self.body = body


class _TryAgain(Exception):
    """A passing fault; `pause` when the server said for how long."""

    def __init__(self, kind: str, pause: float | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.pause = pause


class _NotLetIn(Exception):
    """A 401 that the homeserver, or what stands before it, gives a reason for."""

    def __init__(self, errcode: str) -> None:
        super().__init__(errcode)
        self.errcode = errcode


@dataclass(frozen=True, slots=True)
class Request:
    """One call: everything needed to repeat it."""

    method: str
    url: URL
    data: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: float


def path(*parts: str) -> str:
    """A path below the client API, each part escaped."""
    return CLIENT + "".join("/" + quote(part, safe="") for part in parts)


class Wire:
    """One account's connection to its homeserver."""

    def __init__(self, homeserver: str, patience: Patience | None = None) -> None:
        """Without `patience` the first 401 is `SessionLost`."""
        self._base = homeserver.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._down = False
        self._admission = Admission(self._whoami)
        self.patience = patience
        self.token = ""

    async def call(
        self,
        method: str,
        where: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - of one attempt, not of the call
        tries: int | None = None,
    ) -> Json:
        """The answer's body, after as many attempts as it takes; `Refusal` when it is final. With
        `tries` only so many while the homeserver answers everything else, then `NotYet`."""
        if body is not None:
            data = json.dumps(body).encode()
        kind = "application/json" if body is not None else "application/octet-stream"
        request = self._request(method, where, query, (kind, data), timeout)
        answer = await (self._patiently(request) if tries is None else self._try(request, tries))
        return answer if isinstance(answer, dict) else {}

    async def call_list(self, method: str, where: str) -> list[Any]:
        """The same for the few calls that answer with a list."""
        answer = await self._patiently(self._request(method, where, None, ("", None), 60.0))
        return answer if isinstance(answer, list) else []

    def _request(
        self,
        method: str,
        where: str,
        query: Mapping[str, str] | None,
        payload: tuple[str, bytes | None],
        seconds: float,
    ) -> Request:
        kind, data = payload
        headers = {"Content-Type": kind} if data is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = URL(f"{self._base}{where}{'?' + urlencode(query) if query else ''}", encoded=True)
        return Request(method, url, data, headers, seconds)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _patiently(self, request: Request) -> Any:
        growing = pauses()
        while True:
            try:
                answer = await self._let_in(request)
            except _TryAgain as fault:
                if fault.pause is None:
                    self._report_down(fault.kind)
                await self.sleep(next(growing) if fault.pause is None else fault.pause)
            else:
                self._report_up()
                return answer

    async def _try(self, request: Request, tries: int) -> Any:
        """While the homeserver is down the attempts do not count, but a single one is made once."""
        growing, left = pauses(), tries
        while True:
            try:
                return await self._let_in(request)
            except _TryAgain as fault:
                left -= tries == 1 or fault.pause is not None or await self._is_there()
                if not left or (fault.pause or 0.0) > SHORT:
                    raise NotYet(fault.kind, fault.pause) from None
                await self.sleep(next(growing) if fault.pause is None else fault.pause)

    async def _is_there(self) -> bool:
        """Whether the homeserver answers something else at once; if not, wait until it does."""
        versions = self._request("GET", "/_matrix/client/versions", None, ("", None), 60.0)
        try:
            await self._let_in(versions)
        except _TryAgain:
            await self._patiently(versions)
            return False
        except MatrixRefused:
            return True
        return True

    async def _let_in(self, request: Request) -> Any:
        """Once; a 401 passes if our session is valid all the same."""
        try:
            return await self._once(request)
        except _NotLetIn as refused:
            if self.patience is None or not self.token:
                raise SessionLost(refused.errcode) from None
            await self._admission.settle(refused.errcode, self.patience)
            raise _TryAgain(f"HTTP 401 {refused.errcode}, though the session is valid") from None

    async def _whoami(self) -> str | None:
        """None when our session is valid; else why not, or that nobody says."""
        asked = self._request("GET", path("account", "whoami"), None, ("", None), 60.0)
        try:
            await self._once(asked)
        except _NotLetIn as refused:
            return refused.errcode
        except _TryAgain as fault:
            self._report_down(fault.kind)
            return SILENT
        except MatrixRefused:
            return None
        return None

    async def sleep(self, seconds: float) -> None:
        """Until it is time to try again."""
        await (asyncio.sleep if self.patience is None else self.patience.sleep)(seconds)

    async def _once(self, request: Request) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        try:
            async with self._session.request(
                request.method,
                request.url,
                data=request.data,
                headers=request.headers,
                timeout=aiohttp.ClientTimeout(total=request.timeout),
                allow_redirects=False,
            ) as response:
                return _judge(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _TryAgain(type(error).__name__) from None

    def _report_down(self, kind: str) -> None:
        if not self._down:
            _log.warning("homeserver unreachable, trying again (%s)", kind)
        self._down = True

    def _report_up(self) -> None:
        if self._down:
            _log.info("homeserver is back")
        self._down = False


def _judge(status: int, headers: Mapping[str, str], raw: bytes) -> Any:
    """The body of a good answer; otherwise whether to try again, and when."""
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError):
        parsed = None
    body: Json = parsed if isinstance(parsed, dict) else {}
    if status == 429:
        raise _TryAgain("rate limit", _asked_pause(headers, body))
    if status >= 500 or status == 408 or (status < 300 and parsed is None):
        raise _TryAgain(f"HTTP {status}")
    if status < 300:
        return parsed
    if status == 401 and "flows" in body:  # the one refusal that may come without an errcode
        raise Refusal(str(body.get("errcode", "M_UNAUTHORIZED")), status, body)
    errcode = body.get("errcode")
    if status < 400 or not isinstance(errcode, str):
        raise _TryAgain(f"HTTP {status} not from a homeserver")
    if status == 401:
        raise _NotLetIn(errcode)
    raise Refusal(errcode, status, body)


def _asked_pause(headers: Mapping[str, str], body: Json) -> float:
    """How long the server asks us to wait: the header, else the older field, else 5 s."""
    header = headers.get("Retry-After", "")
    if header.isdigit():
        return max(0.1, min(float(header), 3600.0))
    asked = body.get("retry_after_ms")
    return max(0.1, min(asked / 1000, 3600.0)) if isinstance(asked, int | float) else 5.0
