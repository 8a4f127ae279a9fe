"""What of the Matrix side can be tested without a homeserver."""
