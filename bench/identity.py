"""A cross-signing identity for an account whose client has none: without one, nobody at the table
would hear it or give it keys."""

from bot.matrix.crosssigning import OwnIdentity, new_seeds
from demo.homeserver import Homeserver

API = "/_matrix/client/v3"


def sign_devices(homeserver: Homeserver, user_id: str, password: str) -> None:
    """Publish an identity and sign every device of the account that has keys."""
    name = user_id.removeprefix("@").partition(":")[0]
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": name},
        "password": password,
    }
    token = homeserver.call("POST", f"{API}/login", login)["access_token"]
    own = OwnIdentity.of(user_id, new_seeds())
    auth = {"auth": {key: login[key] for key in ("type", "identifier", "password")}}
    homeserver.call(
        "POST", f"{API}/keys/device_signing/upload", {**own.public_keys(), **auth}, token
    )
    shown = homeserver.call("POST", f"{API}/keys/query", {"device_keys": {user_id: []}}, token)
    signed = {
        device: own.self_signing.sign(_bare(keys), user_id)
        for device, keys in shown["device_keys"][user_id].items()
    }
    assert signed
    answer = homeserver.call("POST", f"{API}/keys/signatures/upload", {user_id: signed}, token)
    assert not answer.get("failures"), answer
    homeserver.call("POST", f"{API}/logout", {}, token)


def _bare(keys: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in keys.items() if name != "unsigned"}
