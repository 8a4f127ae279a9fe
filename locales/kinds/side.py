"""Side rooms, and who comes for one case only."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_, ngettext
from locales.kinds.form import Kind, Line, kind

SIDE: Mapping[str, Kind] = MappingProxyType(
    {
        "side.opened": kind(
            "A case goes on in a room of its own, for its roster alone.",
            N_("**{case} goes on in a room of its own**, point {point}, for {roster}."),
            N_(
                "An invitation waits for each of you. The first question is asked there as soon "
                "as all of you are in; this room says nothing of it meanwhile."
            ),
            rings=("roster",),
            case="case",
            point="int",
            roster="accounts",
        ),
        "side.called": kind(
            "Told to somebody who came for one case, in the direct room.",
            N_(
                "**{case}**, the point you came for, is dealt with in a room of its own. An "
                "invitation to it waits for you: accept it."
            ),
            case="case",
        ),
        "side.failed": kind(
            "There is no room for a case of its own, or none any more.",
            N_(
                "**There is no room for {case} alone.** The homeserver did not let me make it, or "
                "has put me out; the operator finds why in the log. What was asked there has no "
                "consensus."
            ),
            N_("The case is dealt with here again; ask anew, or go on with `{do_next}`."),
            case="case",
        ),
        "side.closed": kind(
            "The room of a case is emptied and left; said in the table's room.",
            N_("**The room of that point is closed**, and everybody is out of it."),
            ngettext(
                "Deleted there: {redacted} message, whatever it held.",
                "Deleted there: {redacted} messages, whatever they held.",
                "redacted",
            ),
            Line(
                ngettext(
                    "The homeserver keeps the encrypted originals for {days} day more.",
                    "The homeserver keeps the encrypted originals for {days} days more.",
                    "days",
                ),
                when="days",
            ),
            N_("Other devices can keep what they have shown already."),
            redacted="int",
            days="int",
        ),
        "guest.expected": kind(
            "Told to somebody who comes for one case, in the direct room.",
            N_(
                "You are invited to the table for one point. During the meeting, type "
                "`{do_present}` here; that also accepts the secrecy of what is said there."
            ),
            N_(
                "When it is your point, you are asked into a room of its own. After it you "
                "leave that room and the table; the duty of secrecy continues."
            ),
        ),
    }
)
