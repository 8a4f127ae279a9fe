"""How fast the bot answers, beside a bare echo on the same homeserver: `make bench`."""
