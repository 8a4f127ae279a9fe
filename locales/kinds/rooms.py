"""The table's room: what is the matter with it, what was put right, where it moves."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.rules.facts import Facts
from bot.rules.room import Fault
from locales.catalogue import N_
from locales.kinds.form import Kind, Line, kind


def _among(fault: Fault) -> Callable[[Facts], bool]:
    def among(facts: Facts) -> bool:
        found = facts.get("faults")
        return isinstance(found, tuple) and fault.value in found

    return among


# What is the matter, and what exactly somebody with the power does about it.
REMEDIES: Mapping[Fault, str] = MappingProxyType(
    {
        Fault.NOT_ENCRYPTED: N_(
            "It is not encrypted. Switch encryption on in the room's settings, under Security and "
            "privacy."
        ),
        Fault.ENCRYPTION_WEAKENED: N_(
            "Its encryption was weakened, by somebody or by the homeserver. I go on encrypting as "
            "before; apps have no switch to set it right, but I can when I am administrator "
            "here. Tell the operator."
        ),
        Fault.HISTORY_OPEN: N_(
            "Newcomers could read what was said before they came. In the room's settings, under "
            "Security and privacy, let members read only from the moment they join."
        ),
        Fault.JOINABLE: N_(
            "People can come in without being invited. In the room's settings, under Security "
            "and privacy, let only invited people join."
        ),
        Fault.GUESTS_ALLOWED: N_(
            "Guests without an account could be invited. Apps show the switch for that in public "
            "rooms only; as administrator I can switch it off."
        ),
        Fault.BRIDGED: N_(
            "A bridge to another network is connected to it, so that what is said here may go "
            "elsewhere. Remove the bridge."
        ),
        Fault.ANYBODY_GOVERNS: N_(
            "Every member could change its encryption, history or access. In the room's settings, "
            "under Roles and permissions, leave these to administrators (100)."
        ),
        Fault.MEMBER_GOVERNS: N_(
            "Somebody other than the mayor's seat and the coordinator could change its "
            "encryption, history or access. In the room's settings, under Roles and permissions, "
            "make them an ordinary member."
        ),
        Fault.POWERLESS: N_(
            "I cannot redact, invite and remove here, so that words of the fiche would stay. In "
            "the room's settings, under Roles and permissions, make me administrator (100)."
        ),
        Fault.ANYBODY_INVITES: N_(
            "Every member could invite others, but only the mayor invites. In the room's "
            "settings, under Roles and permissions, leave inviting to moderators (50)."
        ),
        Fault.ALIASED: N_(
            "It has a public address. Remove the address in the room's settings, under General."
        ),
        Fault.TELLING_NAME: N_(
            "Its name tells whose room it is or what it is for, and names are not encrypted. Give "
            "it a neutral name."
        ),
        Fault.TOPIC_SET: N_("It has a topic, and topics are not encrypted. Leave it empty."),
        Fault.REPLACED: N_(
            "The homeserver shows that it was replaced by another room. I stay here. If you did "
            "this, invite me to the new room and speak to me there while no meeting is open; if "
            "nobody did, tell the operator."
        ),
    }
)

ROOMS: Mapping[str, Kind] = MappingProxyType(
    {
        "room.fault": kind(
            "What is the matter with the table's room, and how to put it right.",
            N_("**This room is not as it must be.**"),
            *(Line(text, when=_among(fault)) for fault, text in REMEDIES.items()),
            Line(
                N_("Make me administrator (power level 100), and I put right what I can myself."),
                when="empower",
            ),
            Line(
                N_("Until then no case is touched and no meeting opened."),
                when="serious",
            ),
            faults="codes:fault",
            empower="flag",
            serious="flag",
        ),
        "room.mended": kind(
            "The bot put the table's room right.",
            N_("I have put this right in the room: {faults}."),
            Line(N_("The homeserver says that {by} had set it."), when="by"),
            faults="codes:fault",
            by="account",
        ),
        "room.safe": kind(
            "Nothing serious is the matter with the table's room any more.",
            N_("This room is safe again: work can go on."),
        ),
        "stranger.arrived": kind(
            "People who are not enrolled are in the table's room.",
            N_("**Not enrolled, but in this room: {strangers}.** Until then no case is touched."),
            N_(
                "Enrol them with `{do_member_add}`, or remove them from the room in your app; then "
                "work can go on."
            ),
            strangers="int",
        ),
        "room.moved": kind(
            "The table has moved to this room, which replaces its former one.",
            N_("The table meets here from now on; I have left its former room."),
        ),
        "move.waits": kind(
            "Told to whoever wants to move the table while a meeting is open.",
            N_(
                "While a meeting is open, or its words are still being deleted, the table does "
                "not move. Close it in the former room with `{do_meeting_close}`, then speak to me "
                "in the new one again."
            ),
        ),
    }
)
