"""Polls and the feedback form."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_
from locales.kinds.form import Kind, Line, kind

# What is asked, in the native poll and in the message beside it.
QUESTION = (
    Line(N_("**Poll {number}** · {case}"), when=lambda facts: facts["version"] == 1),
    Line(
        N_("**Poll {number}** · {case} · version {version}, replaces the earlier one"),
        when=lambda facts: facts["version"] != 1,
    ),
    Line(N_("{section}, {sign}:"), when="sign"),
    Line(N_("{section}:"), when=lambda facts: bool(facts.get("section")) and not facts.get("sign")),
    Line("{text}", when="section"),
    Line(N_("Follow **{case}** further at this table?"), when=("subject", "follow")),
    Line(
        N_("Stop following **{case}**? I then forget its reference at once."),
        when=("subject", "stop"),
    ),
    Line(
        N_(
            "Refer **{case}** to the task force, through the information officer? I then "
            "forget its reference at once."
        ),
        when=("subject", "refer"),
    ),
)

POLL = {
    "poll": "int",
    "number": "int",
    "case": "case",
    "subject": "code:subject",
    "item": "int",
    "section": "code:section",
    "sign": "code:sign",
    "version": "int",
}

POLLS: Mapping[str, Kind] = MappingProxyType(
    {
        "fiche.opened": kind(
            "The information officer fills in a feedback form.",
            N_("**Feedback form for {case}**, {direction}."),
            N_(
                "The information officer proposes with `{do_item}`. Facts with dates, good "
                "and bad; "
                "no name, no birth date, no secret that was shared here."
            ),
            N_(
                "Not every section must be filled in. Each item needs the consent of everybody: "
                "{roster}."
            ),
            case="case",
            direction="code:direction",
            roster="accounts",
        ),
        "fiche.closed": kind(
            "The feedback form is finished.",
            N_(
                "The feedback form for **{case}** is finished: {agreed} of {of} items by consensus."
            ),
            N_("What has no consensus does not leave this table."),
            case="case",
            agreed="int",
            of="int",
        ),
        "poll.opened": kind(
            "Follows each native poll, for people and programs.",
            *QUESTION,
            Line(
                N_("Who agrees also says: it holds nothing that I shared as a secret."),
                when="section",
            ),
            Line(
                N_(
                    "Answer in the poll, or type `{do_agree} {number}` or `{do_object} {number}`. "
                    "An objection is final for this version; silence is not consent."
                ),
                unless="private",
            ),
            Line(
                N_(
                    "Answer in your direct room with me: in the poll there, or type `{do_agree} "
                    "{number}` or `{do_object} {number}`. Nobody sees what you answer. An "
                    "objection is final for this version; silence is not consent."
                ),
                when="private",
            ),
            Line(
                N_(
                    "If it holds a secret of yours, type `{do_secret} {number}` in your direct "
                    "room with me: it is left out, and nobody is told who said so."
                ),
                when="section",
            ),
            fields={**POLL, "private": "flag", "poll_event": "event", "answers": "answers"},
        ),
        "poll.question": kind(
            "The native poll itself; its facts are in the message that follows it.",
            *QUESTION,
            fields=POLL,
        ),
        "poll.ended": kind(
            "The end of the native poll; the outcome is in the message that follows it.",
            N_("The poll is closed."),
        ),
        "ballot.taken_back": kind(
            "An answer was taken back in a native poll, which cannot be told safely from which.",
            N_(
                "You have taken back an answer, it seems in poll {number}: it finds no consensus "
                "any more. If you object, type `{do_object} {number}`; if not, ask the chair to "
                "close it and to ask anew."
            ),
            poll="int",
            number="int",
        ),
        "poll.closed": kind(
            "The outcome.",
            Line(N_("**Poll {number}: consensus** ({of} of {of})."), when=("outcome", "consensus")),
            Line(N_("**Poll {number}: no consensus.**"), when=("outcome", "no_consensus")),
            Line(
                N_(
                    "Somebody says that it holds a secret of theirs. It is left out; who said so "
                    "is told to nobody and kept nowhere."
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
            Line(N_("**{case}** is not followed; I have forgotten it."), when=("effect", "stop")),
            Line(
                N_("**{case}** goes to the task force; I have forgotten it."),
                when=("effect", "refer"),
            ),
            Line(N_("**{case}** comes back in the next meeting."), when="comes_back"),
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
        ),
    }
)

# What a person chooses in a native poll; an item asks about secrets too (F05).
POLL_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "agree_item": N_("Agreed, and it holds nothing I shared as a secret"),
        "agree": N_("Agreed"),
        "object": N_("I object"),
        "secret": N_("It holds a secret of mine: leave it out"),
    }
)
