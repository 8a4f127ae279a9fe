"""The Matrix side of the bot, and the only place that imports nio."""
