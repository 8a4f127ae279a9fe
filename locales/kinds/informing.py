"""Weighing a case, and telling the person that they were discussed."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_
from locales.kinds.form import Kind, Line, kind

# Whoever is told reads one of the four, whatever the table's language is; not to be translated.
_WORDING = (
    "“Over u is gesproken aan de operationele tafel van de LIVC-R van {table}. "
    "Meer mag ik daarover niet zeggen.” (nl)",
    "« On a parlé de vous à la table opérationnelle de la CSIL-R de {table}. "
    "Je ne peux pas en dire plus. » (fr)",
    "„Am operativen Tisch des BLIS R von {table} wurde über Sie gesprochen. "
    "Mehr darf ich dazu nicht sagen.“ (de)",
    "“You were talked about at the operational table of the LIVC-R of {table}. "
    "I may not say more about it.” (en)",
)

INFORMING: Mapping[str, Kind] = MappingProxyType(
    {
        "weighing": kind(
            "A round in which each function may speak or pass.",
            N_(
                "**Weighing {case}.** Each function has the floor once, in this order. Whoever has "
                "nothing to say passes; I keep nothing of it."
            ),
            Line(N_("{organisation} ({role})"), each="rows"),
            N_("Need to know: only what is needed and relevant."),
            N_("The person: what is shared serves their interest."),
            N_("Third parties: nobody else is harmed."),
            N_("The investigation: its secrecy stays whole."),
            N_("Then `{do_decide} {case}`, with one of: {choices}."),
            case="case",
            rows="rows: organisation code:organisation, role code:role",
            choices="codes:family",
            family="code:family",
        ),
        "inform.asked": kind(
            "The chair asks whether the person may be told; the information officer comes first.",
            N_(
                "May the person of **{case}** be told that the table has discussed them, and "
                "no more?"
            ),
            N_(
                "{officers}: if you can say that this harms no investigation, type "
                "`{do_attest} {case}`; then all are asked. Otherwise say nothing; nobody asks why, "
                "and the person is not told."
            ),
            case="case",
            officers="accounts",
            rings=("officers",),
        ),
        "inform.agreed": kind(
            "Everybody agrees that the person is told; the words follow in a message of their own.",
            N_("**{case}**: the person may be told. A member tells them, in these words only."),
            N_("I never contact anybody whom the table discusses."),
            N_(
                "No rule provides for telling a person, and none expressly excludes it. Whoever "
                "tells it follows the rules of their own profession."
            ),
            case="case",
        ),
        "inform.wording": kind(
            "What the person may be told, in all four languages, whatever the table's is.",
            *_WORDING,
        ),
    }
)
