"""Rooms and people: who is here, and who is heard."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_
from locales.kinds.form import Kind, Line, kind

PEOPLE: Mapping[str, Kind] = MappingProxyType(
    {
        "room.created": kind(
            "The table's room exists; whoever asked is invited.",
            N_("The table's room is ready: you are invited, and so is the mayor's seat."),
            N_("Enrol people with `{do_member_add}`; I invite them."),
        ),
        "room.exists": kind(
            "The table has its room; whoever is not in it is invited again.",
            N_("The table has its room already. I have invited again whoever is not in it."),
        ),
        "room.failed": kind(
            "The homeserver did not let the bot make the table's room.",
            N_("I could not make the table's room; the operator finds why in the log."),
        ),
        "room.bound": kind(
            "This room is the table's from now on.",
            N_("This is the table's room from now on. `{do_help}` shows what you can say."),
        ),
        "heard": kind(
            "Told once to each person, in the direct room.",
            N_(
                "I hear you: what you write reaches me encrypted, from a device you have confirmed."
            ),
            N_("In this room no `!` is needed. `{do_help}` shows what you can say."),
        ),
        "unheard": kind(
            "Sent in clear to somebody who cannot be heard; always the same words.",
            N_(
                "**I cannot hear you yet.** You are signed in on a device that you have "
                "not confirmed."
            ),
            N_(
                "In your Matrix app open Settings, then Security or Sessions, and verify this "
                "session with your recovery key or another device. Then write to me again."
            ),
            N_("Until then I act on nothing you write, and you cannot read what I say."),
        ),
        "unreadable": kind(
            "An event of this person could not be decrypted.",
            N_("I received something from you that I could not read. Please say it again."),
            N_(
                "If this happens again, verify your session in your app: Settings, then Security "
                "or Sessions."
            ),
        ),
        "member.added": kind(
            "Somebody was enrolled in the mayor's name and invited.",
            N_("{member} is enrolled in the mayor's name: {role}, {organisation}."),
            N_("The mayor's seat can undo this with `{do_member_remove}`."),
            member="account",
            role="code:role",
            organisation="code:organisation",
        ),
        "member.removed": kind(
            "Somebody is no longer a member.",
            N_("{member} ({role}, {organisation}) no longer sits at the table."),
            N_("The duty of secrecy continues."),
            member="account",
            role="code:role",
            organisation="code:organisation",
        ),
        "invitation.failed": kind(
            "The homeserver did not let the bot invite somebody.",
            N_(
                "I may not invite {member} into this room. Invite them yourself, or give me the "
                "power to invite (50)."
            ),
            member="account",
        ),
        "removal.failed": kind(
            "The homeserver did not let the bot remove somebody from the room.",
            N_(
                "I may not remove {member} from this room. Remove them yourself, or give me the "
                "power to remove (50)."
            ),
            member="account",
        ),
        "members": kind(
            "Who is enrolled.",
            N_("**The table**"),
            Line(N_("{member}: {role}, {organisation}"), each="rows"),
            rows="rows: member account, role code:role, organisation code:organisation",
        ),
    }
)
