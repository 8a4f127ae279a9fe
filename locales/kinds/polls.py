"""Polls and the feedback form."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.rules.facts import Facts
from locales.catalogue import N_
from locales.kinds.fiche import ITEMS
from locales.kinds.form import Kind, Line, kind


def holds_words(facts: Facts) -> bool:
    return facts.get("subject") in {"item", "whole", "form"}


def _void(facts: Facts) -> bool:
    return facts.get("outcome") == "dropped" and facts.get("subject") != "item"


def _dropped(facts: Facts) -> bool:
    return facts.get("outcome") == "dropped" and facts.get("subject") == "item"


def _declined(facts: Facts) -> bool:
    return facts.get("outcome") == "no_consensus" and facts.get("subject") == "feedback"


def _whole_failed(facts: Facts) -> bool:
    return facts.get("outcome") == "no_consensus" and facts.get("subject") == "whole"


def _asks_feedback(facts: Facts) -> bool:
    return facts.get("subject") == "feedback" and facts.get("direction") != "from_ltf"


def _asks_reply(facts: Facts) -> bool:
    return facts.get("subject") == "feedback" and facts.get("direction") == "from_ltf"


def _replies(facts: Facts) -> bool:
    return facts.get("subject") in {"whole", "form"} and facts.get("direction") == "from_ltf"


def _confirmed(subject: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.get("subject") == subject and bool(facts.get("attested"))


def _without_disorders(facts: Facts) -> bool:
    return facts.get("subject") == "form" and not facts.get("attested")


# What is asked, in the native poll and in the message beside it.
QUESTION = (
    Line(N_("**Poll {number}** · {case}"), when=lambda facts: facts["version"] == 1),
    Line(
        N_("**Poll {number}** · {case} · version {version}, replaces the earlier one"),
        when=lambda facts: facts["version"] != 1,
    ),
    Line(N_("{section}{sign}{phase}:"), when="section"),
    Line("{text}", when="section"),
    Line(
        N_(
            "The information officer declares that a psychiatrist or a psychologist has confirmed "
            "this."
        ),
        when=_confirmed("item"),
    ),
    Line(N_("Feed back to the task force at all?"), when=_asks_feedback),
    Line(
        N_("The local task force has sent a request. Go through it, and reply with a form?"),
        when=_asks_reply,
    ),
    Line(N_("This is the table's reply to a request of the local task force."), when=_replies),
    Line(N_("The feedback form as a whole, in these words and this order:"), when="items"),
    Line(N_("**{section}{sign}{phase}:** {text}"), each="items"),
    Line(
        N_("The feedback form on the screen, with the code **{code}**?"), when=("subject", "form")
    ),
    Line(
        N_(
            "The information officer declares that a psychiatrist or a psychologist has confirmed "
            "what it says about mental disorders."
        ),
        when=_confirmed("form"),
    ),
    Line(
        N_("The information officer declares that it says nothing about mental disorders."),
        when=_without_disorders,
    ),
    Line(N_("Follow **{case}** further at this table?"), when=("subject", "follow")),
    Line(
        N_(
            "Leave **{case}** to ordinary help, and not or no longer to this table? I then forget "
            "its reference at once."
        ),
        when=("subject", "stop"),
    ),
    Line(
        N_(
            "Refer **{case}** to the task force, through the information officer? I then "
            "forget its reference at once."
        ),
        when=("subject", "refer"),
    ),
    Line(
        N_("Is more information needed on **{case}** first? It then comes back unchanged."),
        when=("subject", "more"),
    ),
    Line(
        N_("May the person of **{case}** be told that the table has discussed them, and no more?"),
        when=("subject", "inform"),
    ),
    Line(
        N_("The information officer declares that no investigation is harmed by it."),
        when=("subject", "inform"),
    ),
)

NOTHING_SECRET = Line(
    N_("Who agrees also says that it holds nothing they shared as a secret."), when=holds_words
)

POLL = {
    "poll": "int",
    "number": "int",
    "case": "case",
    "subject": "code:subject",
    "item": "int",
    "section": "code:section",
    "sign": "also:sign",
    "phase": "also:phase",
    "attested": "flag",
    "direction": "code:direction",
    "code": "form",
    "items": ITEMS,
    "version": "int",
}

POLLS: Mapping[str, Kind] = MappingProxyType(
    {
        "poll.opened": kind(
            "Follows each native poll, for people and programs.",
            *QUESTION,
            Line(N_("The same words as before, asked again."), when="same"),
            Line(N_("Changed: {changes}"), when="changed"),
            Line(
                N_("No date in it: say when, if you can, with `{do_amend} {number}`."),
                when="undated",
            ),
            Line(
                N_(
                    "Without a sign, which is allowed; if you want one, add `+`, `-` or `=` with "
                    "`{do_amend} {number} +`."
                ),
                when="unsigned",
            ),
            Line(
                N_("Only {one_sided} items: are there others too, good or bad?"), when="one_sided"
            ),
            Line(N_("Fingerprint of these words: {code}."), when="items"),
            Line(
                N_(
                    "Answer in the poll, or type `{do_agree} {number}` or `{do_object} {number}`. "
                    "An objection is final for this version; silence is not consent."
                ),
                when=lambda facts: not facts.get("private") and facts["version"] == 1,
            ),
            Line(
                N_(
                    "Answer in the poll, or type `{do_agree} {number}.{version}` or `{do_object} "
                    "{number}`. An objection is final for this version; silence is not consent."
                ),
                when=lambda facts: not facts.get("private") and facts["version"] != 1,
            ),
            Line(
                N_(
                    "Answer in your direct room with me: in the poll there, or type `{do_agree} "
                    "{number}` or `{do_object} {number}`. Nobody at the table sees what you "
                    "answer. An objection is final for this version; silence is not consent."
                ),
                when=lambda facts: bool(facts.get("private")) and facts["version"] == 1,
            ),
            Line(
                N_(
                    "Answer in your direct room with me: in the poll there, or type `{do_agree} "
                    "{number}.{version}` or `{do_object} {number}`. Nobody at the table sees what "
                    "you answer. An objection is final for this version; silence is not consent."
                ),
                when=lambda facts: bool(facts.get("private")) and facts["version"] != 1,
            ),
            Line(
                N_(
                    "By agreeing you also say that it holds nothing you shared as a secret. If it "
                    "does, type `{do_secret} {number}` in your direct room with me: nobody is told "
                    "who said so."
                ),
                when=holds_words,
            ),
            fields={
                **POLL,
                "private": "flag",
                "poll_event": "event",
                "answers": "answers",
                "undated": "flag",
                "unsigned": "flag",
                "same": "flag",
                "one_sided": "code:sign",
            },
        ),
        "poll.question": kind(
            "The native poll itself; its facts are in the message that follows it.",
            *(line for line in QUESTION if line.each is None),
            Line(N_("Its words stand in the message that follows."), when="items"),
            NOTHING_SECRET,
            fields=POLL,
        ),
        "poll.not_ended": kind(
            "Somebody ended a poll who may not close it; clients do not believe it either.",
            N_(
                "Poll {number} is still open: only the chair or the coordinator closes it. If your "
                "app shows it as ended, answer by typing `{do_agree} {number}.{version}` or "
                "`{do_object} {number}`."
            ),
            poll="int",
            number="int",
            version="int",
        ),
        "poll.closed": kind(
            "The outcome.",
            Line(N_("**Poll {number}: consensus** ({of} of {of})."), when=("outcome", "consensus")),
            Line(
                N_("**Poll {number}: no consensus.**"),
                when=("outcome", "no_consensus"),
                unless="interference",
            ),
            Line(
                N_(
                    "**Poll {number} is void:** somebody has {interference} it in their app, so "
                    "nobody knows what the others see of it. No answer in it counts. Ask again "
                    "with `{usage}`."
                ),
                when="interference",
            ),
            Line(
                N_("**Poll {number} is void:** what it asked about has changed."),
                when=_void,
                unless="interference",
            ),
            Line(N_("**Item {number} is dropped.**"), when=_dropped),
            Line(N_("Nothing is fed back."), when=_declined, unless="interference"),
            Line(
                N_(
                    "The information officer can change or drop items now, and ask again with "
                    "`{do_fiche_close}`; asked again unchanged, it closes the form."
                ),
                when=_whole_failed,
            ),
            Line(
                N_(
                    "Somebody says that it holds a secret of theirs. It is left out; I tell nobody "
                    "who said so, and do not keep it."
                ),
                when="confidential",
            ),
            Line(
                N_("The information officer can propose other words with `{do_amend} {number}`."),
                when="amendable",
            ),
            Line(
                N_("**{case}** is followed. It needs a case manager and at least one action."),
                when=("effect", "follow"),
            ),
            Line(
                N_("**{case}** is left to ordinary help; I have forgotten it."),
                when=("effect", "stop"),
            ),
            Line(
                N_("**{case}** goes to the task force; I have forgotten it."),
                when=("effect", "refer"),
            ),
            Line(N_("On **{case}** more information is needed."), when=("effect", "more")),
            Line(N_("**{case}** comes back in the next meeting."), when="comes_back"),
            Line(N_("The person of **{case}** is not told."), when="not_told"),
            poll="int",
            number="int",
            case="case",
            subject="code:subject",
            version="int",
            outcome="code:outcome",
            of="int",
            confidential="flag",
            effect="code:decision",
            amendable="flag",
            comes_back="flag",
            not_told="flag",
            interference="code:interference",
            usage="code:command",
        ),
    }
)

# What a person chooses in a native poll: short, since clients cut a long answer off, beside its
# count and on a phone. What agreeing says of secrets stands in the question (F05).
POLL_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "agree": N_("Agreed"),
        "object": N_("I object"),
        "secret": N_("It holds a secret of mine"),
    }
)
