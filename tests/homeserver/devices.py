"""Further devices of an account: their keys, made and signed by hand."""

from typing import Any

import vodozemac

from bot.matrix.trust import MEGOLM, canonical
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import Account
from tests.homeserver.test_entering import log_in

API = "/_matrix/client/v3"

OLM = "m.olm.v1.curve25519-aes-sha2"


class FurtherDevice:
    """A device that can be sent to; it reads nothing and says nothing."""

    def __init__(self, homeserver: Homeserver, owner: Account, *, signed: bool = True) -> None:
        self.homeserver = homeserver
        self.owner = owner
        self.token = log_in(homeserver, owner.name)
        self.id = str(self.call("GET", "account/whoami")["device_id"])
        self._since = ""
        self._account = vodozemac.Account()
        self._account.generate_one_time_keys(2)
        one_time = {
            f"signed_curve25519:{name}": self._signed({"key": key.to_base64()})
            for name, key in self._account.one_time_keys.items()
        }
        body = {"device_keys": self.device_keys(), "one_time_keys": one_time}
        self.call("POST", "keys/upload", body)
        if signed:
            self.sign()

    def call(self, method: str, where: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Any API call, as this device."""
        return self.homeserver.call(method, f"{API}/{where}", body, self.token)

    def device_keys(self) -> dict[str, Any]:
        """As it is published."""
        keys = {
            f"curve25519:{self.id}": self._account.curve25519_key.to_base64(),
            f"ed25519:{self.id}": self._account.ed25519_key.to_base64(),
        }
        user = self.owner.user_id
        bare = {"user_id": user, "device_id": self.id, "algorithms": [OLM, MEGOLM], "keys": keys}
        return self._signed(bare)

    def sign(self) -> None:
        """Its owner vouches for it."""
        own = self.owner.door._own
        signed = own.self_signing.sign(self.device_keys(), self.owner.user_id)
        answer = self.call(
            "POST", "keys/signatures/upload", {self.owner.user_id: {self.id: signed}}
        )
        assert not answer.get("failures")

    def messages(self) -> int:
        """How many messages others sent to it since the last time."""
        body = self.call("GET", f"sync?timeout=0{self._since}")
        self._since = f"&since={body['next_batch']}"
        events = body.get("to_device", {}).get("events", [])
        return sum(event["sender"] != self.owner.user_id for event in events)

    def _signed(self, payload: dict[str, Any]) -> dict[str, Any]:
        signature = self._account.sign(canonical(payload)).to_base64()
        mine = {f"ed25519:{self.id}": signature}
        return {**payload, "signatures": {self.owner.user_id: mine}}
