"""The Matrix door against third-party clients."""
