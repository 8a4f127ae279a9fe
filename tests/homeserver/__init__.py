"""The Matrix door against a real Synapse."""
