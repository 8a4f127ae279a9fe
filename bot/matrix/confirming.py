"""Calls that the homeserver wants confirmed with the account's password.

Specification: "User-Interactive Authentication API", the stage `m.login.password`.
"""

from bot.matrix.wire import Json, Refusal, Wire


class PasswordWanted(Exception):
    """The call needs the password, and there is none."""


async def with_password(
    wire: Wire, where: str, body: Json, user_id: str, password: str | None
) -> None:
    """Post it, and once more with the password if the homeserver asks for that."""
    try:
        await wire.call("POST", where, body=body)
    except Refusal as refusal:
        if refusal.status != 401 or "session" not in refusal.body:
            raise
        if password is None:
            raise PasswordWanted from None
        auth = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user_id},
            "password": password,
            "session": refusal.body["session"],
        }
        await wire.call("POST", where, body={**body, "auth": auth})
