"""Answers in polls: figures, private ballots, reminders."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_, ngettext
from locales.kinds.form import Kind, Line, kind
from locales.kinds.polls import NOTHING_SECRET, POLL, QUESTION, holds_words

BALLOTS: Mapping[str, Kind] = MappingProxyType(
    {
        "poll.asked": kind(
            "The native poll of a private ballot, in somebody's direct room, without the words.",
            *(
                line
                for line in QUESTION
                if not ("{text}" in str(line.text) or "{code}" in str(line.text))
            ),
            Line("{subject}", when=lambda facts: facts["subject"] in {"whole", "form"}),
            Line(
                N_("Read the words in the room of the case: poll {number}, version {version}."),
                when=holds_words,
            ),
            NOTHING_SECRET,
            fields={**POLL, "answers": "answers"},
        ),
        "polls.overview": kind(
            "How many have answered in each open poll of a case; one message, edited in place.",
            Line(N_("Open polls:"), when="rows"),
            Line(
                ngettext(
                    "Poll {number} (version {version}): {answered} of {of} answers",
                    "Poll {number} (version {version}): {answered} of {of} answers",
                    "answered",
                ),
                each="rows",
            ),
            Line(
                N_(
                    "In doubt in poll {number}: {doubts}. There is no consensus until it is clear "
                    "what was meant, which I ask in private; the chair can also close the poll and "
                    "ask anew."
                ),
                each="doubts",
            ),
            Line(N_("All polls are closed."), unless="rows"),
            rows="rows: number int, version int, answered int, of int",
            doubts="rows: number int, doubts int",
        ),
        "ballot.doubted": kind(
            "To whoever did something that may have been an objection, in private; edited in place "
            "when more comes of it. `mark`: what a yes names that ends the doubt.",
            Line(
                N_(
                    "You have taken back or deleted an answer, or somebody has: it does not stand, "
                    "and there is no consensus until you say what you mean."
                ),
                when=("cause", "taken_back"),
            ),
            Line(
                N_(
                    "You have edited a message in which you answered a poll. I do not act on "
                    "edits, but your earlier answer does not stand either, and there is no "
                    "consensus until you say what you mean."
                ),
                when=("cause", "changed"),
            ),
            Line(
                N_(
                    "You seem to have answered a poll, but I did not understand it. An earlier "
                    "yes of yours does not stand, and there is no consensus until you say what "
                    "you mean."
                ),
                when=("cause", "not_understood"),
            ),
            Line(
                N_(
                    "Your yes has reached me, but it may have been sent before you took it back "
                    "or said something else. There is no consensus until you type exactly what "
                    "stands here."
                ),
                when=("cause", "still"),
            ),
            Line(
                N_(
                    "Poll {number}: `{do_agree} {number}.{version}.{mark}` if you agree to it as "
                    "it is now, `{do_object} {number}` if you object."
                ),
                each="rows",
            ),
            member="account",
            cause="code:cause",
            rows="rows: number int, version int, mark int",
            rings=("member",),
        ),
        "ballot.noted": kind(
            "An answer that was typed in the direct room, whichever it was.",
            N_("I have noted your answer in poll {number}. Nobody is told whose it is."),
            poll="int",
            number="int",
        ),
        "poll.waiting": kind(
            "To whoever has not answered a poll, in private, when the chair asks for it.",
            N_("{member}: poll {number} on **{case}** waits for your answer."),
            Line(
                N_(
                    "Answer in the poll above, or type `{do_agree} {number}.{version}` or "
                    "`{do_object} {number}` here."
                ),
                when="private",
            ),
            Line(
                N_(
                    "Answer in the poll, or type `{do_agree} {number}.{version}` or `{do_object} "
                    "{number}` there or here."
                ),
                unless="private",
            ),
            N_(
                "This is no pressure: objecting is always possible. Nobody is told whom I reminded."
            ),
            member="account",
            poll="int",
            number="int",
            version="int",
            case="case",
            private="flag",
            rings=("member",),
        ),
        "poll.reminded": kind(
            "Those who have not answered a poll were reminded; who and how many is not said.",
            N_("I have reminded those who have not answered poll {number} yet, each in private."),
            poll="int",
            number="int",
        ),
    }
)
