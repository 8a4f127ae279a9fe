"""Somebody's account in the hands of its server: devices and identities that are not theirs."""

import json
from copy import deepcopy
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from bot.matrix.crosssigning import OwnIdentity, new_seeds
from bot.matrix.wire import Json
from demo.member import Member
from demo.operating import PASSWORD
from tests.homeserver.proxy import Forward, Proxy, body_of


class Forged:
    """An identity that the server has made for a user, and shows to whom it likes."""

    def __init__(self, user: str, keys: Json | None = None) -> None:
        """`keys`: as a client uploads them, made up if not given, nothing yet if empty."""
        self.user = user
        self.keys = OwnIdentity.of(user, new_seeds()).public_keys() if keys is None else keys
        self.signatures: dict[str, Json] = {}  # device → what vouches for it

    @property
    def master(self) -> str:
        return str(next(iter(self.keys["master_key"]["keys"].values())))

    def show(self, answer: Json) -> None:
        """In place of the real one, in an answer about keys."""
        if self.user not in answer.get("device_keys", {}):
            return
        for usage in ("master", "self_signing", "user_signing"):
            shown = answer.setdefault(f"{usage}_keys", {})
            shown.pop(self.user, None)
            if self.keys:
                shown[self.user] = deepcopy(self.keys[f"{usage}_key"])
        self.vouch(answer)

    def vouch(self, answer: Json) -> None:
        """The devices alone, signed by this identity."""
        for device, signatures in self.signatures.items():
            shown = answer.get("device_keys", {}).get(self.user, {}).get(device)
            if shown is not None:
                shown["signatures"][self.user].update(signatures)


class Impostor:
    """A whole client with a forged identity, logged in to somebody's account."""

    def __init__(
        self, url: str, user: str, folder: Path, bot: str, password: str = PASSWORD
    ) -> None:
        self.forged = Forged(user, {})
        self._proxy = Proxy(url, self._rule)
        self._data: dict[str, Json] = {}
        self._log_in = (user, password, folder, bot)

    async def __aenter__(self) -> "Impostor":
        await self._proxy.__aenter__()
        self.client = Member(self._proxy.url, *self._log_in)
        await self.client.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.client.stop()
        await self._proxy.__aexit__(kind, error, trace)

    @property
    def device(self) -> str:
        return self.client.credentials().device_id

    async def _rule(self, request: web.Request, forward: Forward) -> web.StreamResponse:
        """To this client the account has no other identity than its own."""
        path, raw = request.path, await request.read()
        if "/account_data/" in path:
            return self._account_data(request, raw)
        if path.endswith("/keys/device_signing/upload"):
            self.forged.keys = json.loads(raw)
            return web.json_response({})
        if path.endswith("/keys/signatures/upload"):
            self._take_signatures(json.loads(raw).get(self.forged.user, {}))
            return web.json_response({})
        answer = await forward()
        if not path.endswith("/keys/query") or answer.status != 200:
            return answer
        shown = body_of(answer)
        self.forged.show(shown)
        return web.json_response(shown)

    def _account_data(self, request: web.Request, raw: bytes) -> web.Response:
        if request.method == "PUT":
            self._data[request.path] = json.loads(raw)
            return web.json_response({})
        if request.path in self._data:
            return web.json_response(self._data[request.path])
        return web.json_response({"errcode": "M_NOT_FOUND", "error": ""}, status=404)

    def _take_signatures(self, objects: dict[str, Any]) -> None:
        user = self.forged.user
        for name, payload in objects.items():
            if "device_id" in payload:
                self.forged.signatures[name] = payload["signatures"][user]
            else:
                self.forged.keys["master_key"] = payload
