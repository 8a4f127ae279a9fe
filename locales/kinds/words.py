"""Help, language, refusals and faults."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_
from locales.kinds.form import Kind, Line, kind

WORDS: Mapping[str, Kind] = MappingProxyType(
    {
        "language.set": kind(
            "The language of a person's direct messages.",
            N_("From now on your direct messages are in {language}."),
            language="code:language",
        ),
        "help": kind(
            "What can be said.",
            Line(N_("**What you can say**"), unless="single"),
            Line("`{usage}` – {summary}", each="rows"),
            Line(
                N_(
                    "Capitals, accents and final full stops do not matter; several "
                    "commands may stand "
                    "in one message, one per line. References look like `K7Q-4MX`."
                ),
                unless="single",
            ),
            Line(N_("Choose one of: {choices}."), when="choices"),
            rows="rows: command code:command",
            single="flag",
            choices="codes:family",
            family="code:family",
        ),
        "fault": kind(
            "The program failed; the operator finds the same number in the log.",
            N_(
                "Something went wrong on my side (number {number}); nothing was changed. Try again."
            ),
            number="int",
        ),
        "refused": kind(
            "Something was not done, and why.",
            reason="code:reason",
        ),
    }
)
