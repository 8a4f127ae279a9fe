"""The feedback form: what the information officer and the table see of it."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_, ngettext
from locales.kinds.form import Kind, Line, kind

# The items of a form, in order; their words are no facts.
ITEMS = "rows: number int, poll int, section code:section, sign also:sign, phase also:phase"

FICHE: Mapping[str, Kind] = MappingProxyType(
    {
        "fiche.opened": kind(
            "The table feeds back; the information officer fills in a feedback form.",
            N_(
                "**Feedback form for {case}**, {direction}. Everybody must agree to every word: "
                "{roster}."
            ),
            Line(N_("`{section}`: {purpose}"), each="sections"),
            N_(
                "Not every section must be filled in. Facts with dates, good and bad; no name, no "
                "birth date, no secret that was shared here. What stands in it may enter the "
                "common database."
            ),
            Line(
                N_(
                    "The information officer proposes with `{do_item}`, and ends with "
                    "`{do_fiche_close}`."
                ),
                unless="screen",
            ),
            Line(
                N_(
                    "The information officer shows it on the screen, and types `{do_form}`, its "
                    "code, and who has confirmed what it says about mental disorders: "
                    "`{psychiatrist}`, `{psychologist}`, or `{none}` if it says nothing about them."
                ),
                when="screen",
            ),
            Line(
                N_(
                    "Name, birth date and any status in the common database are never typed here: "
                    "the officer writes them on the form by hand."
                ),
                unless="screen",
            ),
            case="case",
            direction="code:direction",
            roster="accounts",
            sections="rows: section code:section, purpose code:purpose",
            screen="flag",
        ),
        "fiche.closed": kind(
            "The feedback form ended, and nothing of it leaves the table.",
            N_("The feedback form for **{case}** is closed; nothing is fed back."),
            Line(
                N_(
                    "Items that everybody agreed to: {agreed} of {of}. Not everybody agreed to the "
                    "form as a whole."
                ),
                when="agreed",
            ),
            case="case",
            agreed="int",
            of="int",
        ),
        "fiche.adopted": kind(
            "Everybody agreed to the feedback form; the officer may send it on.",
            N_(
                "**The feedback form for {case} is adopted** by consensus ({of} of {of}), {on}, "
                "{direction}."
            ),
            Line(
                N_(
                    "The information officer gets the agreed words as a file in the direct room. "
                    "Only the officer passes them on; I keep nothing of them."
                ),
                when="paper",
            ),
            Line(
                N_("It asks a question: note an action for the officer with `{do_action}`."),
                when="asks",
            ),
            case="case",
            direction="code:direction",
            of="int",
            on="date",
            paper="flag",
            asks="flag",
        ),
        "fiche.form": kind(
            "The adopted form as a file, in the officer's direct room alone.",
            N_("The feedback form, as everybody agreed to it."),
            case="case",
            direction="code:direction",
            discussed="dates",
            poll="int",
            items=ITEMS,
        ),
        "item.waiting": kind(
            "An item that is not asked before the officer has attested it.",
            N_(
                "Item {number} ({section}) waits: it may hold only what a psychiatrist or "
                "psychologist has confirmed. If so, declare it with `{do_attest} {number} "
                "{psychiatrist}` or `{do_attest} {number} {psychologist}`."
            ),
            number="int",
            section="code:section",
        ),
        "item.dropped": kind(
            "An item was taken back.",
            N_("Item {number} is dropped."),
            number="int",
        ),
        "item.void": kind(
            "The words of items are not to be had any more, so nobody can agree to them.",
            ngettext(
                "I cannot read the words of item {numbers} any more, so it is void. The "
                "information officer can propose it again with `{do_amend}`.",
                "I cannot read the words of items {numbers} any more, so they are void. The "
                "information officer can propose them again with `{do_amend}`.",
                "numbers",
            ),
            numbers="ints",
        ),
    }
)
