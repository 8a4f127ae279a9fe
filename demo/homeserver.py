"""A real Synapse on loopback: start, stop, kill, restart, register. For tests and the demo.

with Homeserver() as homeserver:
    user_id = homeserver.register("alice", "password")
    homeserver.kill()
    homeserver.start()  # same port, same data

Alone: `python -m demo.homeserver --user alice:password [--user ...]`
"""

import argparse
import atexit
import base64
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

RateLimits = Literal["none", "default"]

_NO_LIMIT = {"per_second": 100000, "burst_count": 100000}
_UNLIMITED: dict[str, Any] = {
    "rc_message": _NO_LIMIT,
    "rc_registration": _NO_LIMIT,
    "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), _NO_LIMIT),
    "rc_admin_redaction": _NO_LIMIT,
    "rc_joins": {"local": _NO_LIMIT, "remote": _NO_LIMIT},
    "rc_joins_per_room": _NO_LIMIT,
    "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _NO_LIMIT),
    "rc_key_requests": _NO_LIMIT,
    "rc_room_creation": _NO_LIMIT,
    "rc_media_create": _NO_LIMIT,
}
_FIXED: dict[str, Any] = {
    "pid_file": "homeserver.pid",
    "log_config": "log.yaml",
    "database": {"name": "sqlite3", "args": {"database": "homeserver.db"}},
    "media_store_path": "media",
    "signing_key_path": "signing.key",
    "enable_registration": False,
    "bcrypt_rounds": 4,
    "report_stats": False,
    "trusted_key_servers": [],
    "federation_domain_whitelist": [],
    "url_preview_enabled": False,
    "presence": {"enabled": False},
    "user_directory": {"enabled": False},
    "enable_search": False,
    "push": {"enabled": False},
    "send_federation": False,
    "max_upload_size": "50M",
}
_WARNINGS_ONLY = {
    "version": 1,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "WARNING", "handlers": ["out"]},
    "disable_existing_loggers": False,
}
# Synapse, ending when its standard input does: so it never outlives whoever started it. What it
# writes outlives it, but need not outlive the machine: waiting for the disk takes half its time.
# Nor does it gain from threads for its database: they mostly wait for each other.
_LAUNCHER = """
import functools, os, sqlite3, sys, threading
def watch():
    sys.stdin.buffer.read()
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
class Hasty(sqlite3.Connection):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.execute("PRAGMA synchronous=OFF")
sqlite3.connect = functools.partial(sqlite3.connect, factory=Hasty)
from twisted.enterprise import adbapi
from twisted.internet import defer
def at_once(pool, act, *args, **more):
    return defer.maybeDeferred(pool._runWithConnection, act, *args, **more)
adbapi.ConnectionPool.runWithConnection = at_once
from synapse.app.homeserver import main
main()
"""


class Homeserver:
    """One throwaway Synapse with SQLite in a temporary folder."""

    def __init__(
        self,
        *,
        python: str = sys.executable,
        server_name: str = "tafelbot.test",
        rate_limits: RateLimits = "none",
        **overrides: Any,
    ) -> None:
        """`overrides` replace top-level keys of homeserver.yaml."""
        self.python = python
        self.server_name = server_name
        self.directory = Path(tempfile.mkdtemp(prefix="synapse-"))
        self.log = self.directory / "homeserver.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._secret = secrets.token_hex(16)
        limits = _UNLIMITED if rate_limits == "none" else {}
        self._write_config({**limits, **overrides})
        atexit.register(self.close)

    def start(self, timeout: float = 180) -> float:
        """Start and wait until it answers; returns the seconds that took."""
        if self._process is not None:
            raise RuntimeError("already running")
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.python, "-c", _LAUNCHER, "-c", "homeserver.yaml"],
                cwd=self.directory,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"synapse ended early:\n{self.log.read_text()[-3000:]}")
            if time.monotonic() - began > timeout:
                self.kill()
                raise TimeoutError("synapse did not answer")
            time.sleep(0.05)
        return time.monotonic() - began

    def stop(self, signal_number: int = signal.SIGTERM, timeout: float = 120) -> None:
        """End the process, keep the data; `start` brings it back."""
        if self._process is not None:
            self._process.send_signal(signal_number)
            self._process.wait(timeout)
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None

    def kill(self) -> None:
        """End it without warning."""
        self.stop(signal.SIGKILL)

    def close(self) -> None:
        """End it and delete its data."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.close)

    def register(self, name: str, password: str, *, admin: bool = False) -> str:
        """Create an account by the registration shared secret; returns its user id."""
        nonce = self.call("GET", "/_synapse/admin/v1/register")["nonce"]
        parts = [nonce, name, password, "admin" if admin else "notadmin"]
        mac = hmac.new(self._secret.encode(), "\0".join(parts).encode(), hashlib.sha1)
        body = {
            "nonce": nonce,
            "username": name,
            "password": password,
            "admin": admin,
            "mac": mac.hexdigest(),
            "inhibit_login": True,
        }
        return str(self.call("POST", "/_synapse/admin/v1/register", body)["user_id"])

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, token: str = ""
    ) -> dict[str, Any]:
        """Any API call; `RuntimeError` when it is refused."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self.url + path, method=method, headers=headers, data=data
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
                answer: dict[str, Any] = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            with error:
                detail = error.read().decode()
            raise RuntimeError(f"{method} {path}: {error.code} {detail}") from None

    def _own_config(self) -> dict[str, Any]:
        listener = {
            "port": self.port,
            "type": "http",
            "tls": False,
            "x_forwarded": False,
            "bind_addresses": ["127.0.0.1"],
            "resources": [{"names": ["client"], "compress": False}],
        }
        return {
            "server_name": self.server_name,
            "public_baseurl": f"{self.url}/",
            "listeners": [listener],
            "macaroon_secret_key": secrets.token_hex(16),
            "form_secret": secrets.token_hex(16),
            "registration_shared_secret": self._secret,
        }

    def __enter__(self) -> "Homeserver":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5):  # noqa: S310
                return True
        except OSError:
            return False

    def _write_config(self, overrides: dict[str, Any]) -> None:
        seed = base64.b64encode(os.urandom(32)).decode().rstrip("=")
        (self.directory / "signing.key").write_text(f"ed25519 a_test {seed}\n")
        (self.directory / "log.yaml").write_text(json.dumps(_WARNINGS_ONLY))
        config = {**_FIXED, **self._own_config(), **overrides}
        # JSON is YAML.
        (self.directory / "homeserver.yaml").write_text(json.dumps(config, indent=2))


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def main() -> None:
    """Run one until interrupted."""
    parser = argparse.ArgumentParser(description="Run a throwaway Synapse until interrupted.")
    parser.add_argument("--user", action="append", default=[], metavar="NAME:PASSWORD")
    parser.add_argument("--rate-limits", choices=["none", "default"], default="none")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Homeserver(rate_limits=args.rate_limits) as homeserver:
        for user in args.user:
            print(homeserver.register(*user.split(":", 1)))
        print(homeserver.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
