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
        "poll.void": kind(
            "A poll could not be put to the table, so nobody can agree in it.",
            N_("Poll {number} could not be shown in this room: it is void. It can be asked anew."),
            poll="int",
            number="int",
        ),
        "file.failed": kind(
            "A file could not be sent.",
            N_("The file could not be sent; the operator finds why in the log."),
            Line(
                N_("While the meeting is open, `{do_minutes}` makes the minutes again."),
                when="minutes",
            ),
            Line(
                N_("Until the meeting closes, the agreed words can be copied from its room."),
                when="form",
            ),
            minutes="flag",
            form="flag",
        ),
        "refused": kind(
            "Something was not done, and why.",
            reason="code:reason",
        ),
    }
)
