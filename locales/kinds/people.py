"""Rooms and people: who is here, and who is heard."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.rules.facts import Facts
from locales.catalogue import N_
from locales.kinds.form import Kind, Line, kind


def _without_identity(facts: Facts) -> bool:
    return not facts.get("key") and not facts.get("unreached")


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
                "Was it an answer in a poll? Then ask the chair to close that poll and to ask "
                "anew; it finds no consensus."
            ),
            N_(
                "If this happens again, verify your session in your app: Settings, then Security "
                "or Sessions."
            ),
        ),
        "verification.waiting": kind(
            "This person's client asks to compare emoji; the operator must begin at the bot's end.",
            N_("You ask me to compare emoji. I show mine to the operator only, never in a room."),
            N_(
                "Ask the operator or the coordinator to run `tafelbot verify` on the server while "
                "they sit beside you or see you on video. Until then your request waits, for ten "
                "minutes; after that they can start it again from there."
            ),
        ),
        "member.added": kind(
            "Somebody was enrolled in the mayor's name and invited.",
            N_("{member} is enrolled in the mayor's name: {role}, {organisation}."),
            Line(N_("I recognise them by their identity: `{key}`."), when="key"),
            Line(
                N_(
                    "They have not set up encryption yet: until they have, they read nothing of "
                    "what I say."
                ),
                when=_without_identity,
            ),
            Line(
                N_(
                    "Their homeserver does not answer, so I do not know yet how to recognise "
                    "them. Is the address right?"
                ),
                when="unreached",
            ),
            N_("The mayor's seat can undo this with `{do_member_remove}`."),
            member="account",
            role="code:role",
            organisation="code:organisation",
            key="key",
            unreached="flag",
        ),
        "member.removed": kind(
            "Somebody is no longer a member.",
            N_("{member} ({role}, {organisation}) no longer sits at the table."),
            N_("The duty of secrecy continues."),
            member="account",
            role="code:role",
            organisation="code:organisation",
        ),
        "member.recognised": kind(
            "The identities of these members were seen for the first time and are pinned.",
            N_("From now on I recognise these people by the identity I saw first:"),
            Line(N_("{member}: `{key}`"), each="rows"),
            N_("Who wants to be sure compares emoji with me: the operator runs `tafelbot verify`."),
            rows="rows: member account, key key",
        ),
        "member.suspended": kind(
            "The homeserver shows another identity of a member, who is not heard until confirmed.",
            N_(
                "**The identity of {member} has changed.** Either they have reset it, or "
                "somebody else is pretending to be them."
            ),
            N_(
                "I act on nothing they write, and they cannot read what I say. For this meeting "
                "they have left."
            ),
            Line(
                N_(
                    "{confirmers}: ask them in person, not in writing, whether they reset their "
                    "encryption. If so, `{do_member_confirm}` lets identity `{key}` in; if not, "
                    "`{do_member_remove}`."
                ),
                unless="settled",
            ),
            Line(
                N_(
                    "Their fingerprint stands in the configuration: only the operator can let "
                    "identity `{key}` in, after asking them in person. When the old identity is "
                    "shown again, I hear them again."
                ),
                when="settled",
            ),
            rings=("confirmers",),
            member="account",
            key="key",
            confirmers="accounts",
            settled="flag",
        ),
        "member.confirmed": kind(
            "A member's new identity was confirmed by a colleague.",
            N_("{member} sits at the table again, with identity `{key}`."),
            Line(
                N_(
                    "Case work waits until somebody has compared emoji with them: the operator "
                    "runs `tafelbot verify` beside them."
                ),
                when="uncompared",
            ),
            member="account",
            key="key",
            uncompared="flag",
        ),
        "member.compared": kind(
            "Emoji were compared with a member, who is known to be themself.",
            N_("The identity of {member} has been compared: `{key}`."),
            member="account",
            key="key",
        ),
        "suspended": kind(
            "Sent in clear to a suspended member; always the same words.",
            N_("**I do not act on what you write:** your encryption identity is a new one to me."),
            N_(
                "Tell the coordinator in person that you reset it; the coordinator's own is for "
                "the mayor's seat. They can let you in again."
            ),
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
        "protection.missing": kind(
            "Told to the coordinator at every start while the setting is missing.",
            N_("**No data protection officer stands in my settings.**"),
            N_(
                "Ask the operator to name the municipality's there as `data_protection_officer`; "
                "until then I say this at every start. Meetings go on meanwhile."
            ),
        ),
        "members": kind(
            "Who is enrolled.",
            N_("**The table**"),
            Line(N_("{member}: {role}, {organisation}; identity `{key}`, {standing}"), each="rows"),
            rows="rows: member account, role code:role, organisation code:organisation, "
            "key key, standing code:standing",
        ),
    }
)
