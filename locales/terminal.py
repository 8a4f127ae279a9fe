"""What `tafelbot verify` says in the operator's terminal, and in the member's app."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_

# Translators: sent to the member, in clear; shown only where emoji cannot be compared.
ASKING = N_("I ask to compare emoji. This app cannot do that: use another one.")
ASKED = N_(
    "I have asked {user} to compare emoji. They accept in their Matrix app, on a device that they "
    "have confirmed."
)
WAITING = N_(
    "{user} has asked to compare emoji. They go on in their Matrix app: “Start”, or “Verify by "
    "emoji”."
)
EMOJI = N_("This is what I see. {user} must see the same, in the same order:")
NUMBERS = N_("Their app shows no emoji. {user} must see the same three numbers:")
QUESTION = N_("Do they match? Yes or no:")
AGAIN = N_("Please type yes or no.")
VERIFIED = N_(
    "{user} is verified. Their identity: {fingerprint}. Their app must show me as verified now; if "
    "it does not, somebody changes what it is shown: ask whoever runs the homeserver."
)
NOT_RUNNING = N_("The bot is not running with these settings. Start it, then run this again.")
NOT_ALLOWED = N_("I may not speak to the bot: run this as the account that runs it.")
HUNG_UP = N_("The bot has stopped meanwhile. Nothing is verified; its log says why.")

_INTERFERENCE = N_(
    "Nothing is verified: a key of {user} is not the one that their app announced. Somebody "
    "changes messages on the way, perhaps the homeserver itself. Do not rely on this account, "
    "and ask whoever runs the homeserver."
)
ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "m.user": N_("{user} has declined or stopped it. Ask them, and begin again."),
        "m.timeout": N_(
            "It took too long, so nothing is verified. Begin again when both of you are ready."
        ),
        "m.mismatched_sas": N_(
            "They did not match, so nothing is verified. Somebody may stand between you and "
            "{user}. Begin again; if they differ once more, do not rely on this account, and ask "
            "whoever runs the homeserver."
        ),
        "m.key_mismatch": _INTERFERENCE,
        "m.mismatched_commitment": _INTERFERENCE,
        "no_identity": N_(
            "{user} has no confirmed device. In their Matrix app, under Settings, then Security or "
            "Sessions, they confirm it with their recovery key; then begin again."
        ),
        "unsigned_device": N_(
            "{user} has answered from a device that they have not confirmed. They use another one, "
            "or confirm it with their recovery key; then begin again."
        ),
        "busy": N_("Somebody is comparing emoji with {user} already. End that first."),
        "refused": N_("The homeserver refused it. The bot's log says why; then begin again."),
        "unknown_member": N_(
            "{user} does not sit at the table. The coordinator enrols them first."
        ),
        "not_as_settled": N_(
            "The emoji match, but the settings hold another fingerprint for {user}. Nothing is "
            "changed. Ask them whether they reset their encryption; if so, take the old "
            "fingerprint out of the settings, start the bot anew and compare once more."
        ),
    }
)
OTHERWISE = N_(
    "It could not be finished, so nothing is verified. Begin again; if that does not help, {user} "
    "brings their Matrix app up to date."
)
