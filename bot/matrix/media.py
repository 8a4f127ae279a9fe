"""Files: encrypted here, uploaded as bytes without a name or a type."""

from typing import Any

from nio.crypto.attachments import encrypt_attachment

from bot.matrix.wire import Wire

TIMEOUT = 600.0


async def upload(wire: Wire, data: bytes, name: str, mimetype: str) -> dict[str, Any]:
    """Encrypt and upload; the content of an `m.file` message (specification, "Sending
    encrypted attachments")."""
    sealed, file = encrypt_attachment(data)
    answer = await wire.call("POST", "/_matrix/media/v3/upload", data=sealed, timeout=TIMEOUT)
    return {
        "msgtype": "m.file",
        "body": name,
        "filename": name,
        "info": {"mimetype": mimetype, "size": len(data)},
        "file": {**file, "url": answer["content_uri"]},
    }
