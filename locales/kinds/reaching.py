"""Somebody who cannot be reached, asked in or removed: nobody else waits, and the table is told."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_
from locales.kinds.form import Kind, Line, kind

_WITHOUT_THEM = Line(
    N_(
        "It is to the room of {case}: no question is asked there before they are in. To go on "
        "without them: `{do_roster}`."
    ),
    when="case",
)
_THEY_READ = N_(
    "What I say they cannot read, but what you write they may. {stewards}: remove them yourself, "
    "or wait with what is not for them."
)

REACHING: Mapping[str, Kind] = MappingProxyType(
    {
        "invitation.waits": kind(
            "An invitation fails in passing, and is tried again for a day.",
            N_(
                "**The invitation of {member} has not arrived yet:** their homeserver does not "
                "answer. I keep trying, for a day."
            ),
            _WITHOUT_THEM,
            N_(
                "{stewards}: is the address right? If not, `{do_member_remove}`, then "
                "`{do_member_add}` with the right one."
            ),
            rings=("stewards",),
            member="account",
            stewards="accounts",
            case="case",
        ),
        "invitation.ended": kind(
            "An invitation could not be delivered for a day, and is given up.",
            N_(
                "**The invitation of {member} could not be delivered:** their homeserver has not "
                "answered for a day. I do not try any more."
            ),
            _WITHOUT_THEM,
            N_(
                "{stewards}: ask them for their address. If it is wrong, `{do_member_remove}`, "
                "then `{do_member_add}`; if it is right, `{do_room_create}` invites them again."
            ),
            rings=("stewards",),
            member="account",
            stewards="accounts",
            case="case",
        ),
        "removal.waits": kind(
            "Removing somebody fails in passing, and is tried again for a day.",
            N_(
                "**{member} is still in the room:** the homeserver has not removed them yet. I "
                "keep trying, for a day."
            ),
            _THEY_READ,
            rings=("stewards",),
            member="account",
            stewards="accounts",
            case="case",
        ),
        "removal.ended": kind(
            "Somebody could not be removed for a day; it is given up.",
            N_(
                "**{member} could not be removed from the room:** the homeserver has not done it "
                "for a day. I do not try any more."
            ),
            _THEY_READ,
            rings=("stewards",),
            member="account",
            stewards="accounts",
            case="case",
        ),
        "direct.waits": kind(
            "Somebody cannot be reached in their direct room; it is tried again for a day.",
            N_(
                "**I cannot reach {member} in private yet:** their homeserver does not answer. I "
                "keep trying, for a day."
            ),
            N_(
                "{stewards}: what I have to tell or ask them there waits until then. Is their "
                "address right?"
            ),
            rings=("stewards",),
            member="account",
            stewards="accounts",
        ),
        "direct.ended": kind(
            "Somebody could not be reached in private for a day; what waited for them is dropped.",
            N_(
                "**I could not reach {member} in private:** their homeserver has not answered for "
                "a day. What I had to tell or ask them there is dropped."
            ),
            N_("{stewards}: ask them to write to me in a direct room as soon as they can."),
            rings=("stewards",),
            member="account",
            stewards="accounts",
        ),
    }
)
