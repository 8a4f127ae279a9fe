"""A proxy between a door and its homeserver: the bad weather, and the lies, of tests."""

import json
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

Forward = Callable[[], Awaitable[web.Response]]
Rule = Callable[[web.Request, Forward], Awaitable[web.StreamResponse]]


async def pass_on(request: web.Request, forward: Forward) -> web.StreamResponse:
    """The rule that changes nothing."""
    return await forward()


class Proxy:
    """Forwards everything to a homeserver, the way `rule` wants it."""

    def __init__(self, target: str, rule: Rule = pass_on) -> None:
        self.rule = rule
        self.url = ""
        self._target = target

    async def __aenter__(self) -> "Proxy":
        self._client = aiohttp.ClientSession(auto_decompress=True)
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()

        async def forward() -> web.Response:
            kept = ("Authorization", "Content-Type")
            headers = {name: request.headers[name] for name in kept if name in request.headers}
            url = self._target + request.raw_path
            async with self._client.request(
                request.method, URL(url, encoded=True), data=body, headers=headers
            ) as answer:
                return web.Response(
                    status=answer.status,
                    body=await answer.read(),
                    content_type=answer.content_type,
                )

        return await self.rule(request, forward)


def body_of(response: web.Response) -> Any:
    """The JSON of a forwarded answer."""
    assert isinstance(response.body, bytes)
    return json.loads(response.body)
