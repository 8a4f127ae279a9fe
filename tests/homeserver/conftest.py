"""Fixtures of this folder."""

from tests.homeserver.fixtures import account, synapse

__all__ = ["account", "synapse"]
