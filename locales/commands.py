"""The words of every command: what is typed, how it is used, what it does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from rapidfuzz.distance import DamerauLevenshtein

from locales.catalogue import LANGUAGES, N_, NP_, translate
from locales.codes import fold

_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NUMBER = re.compile(r"#?\d")
_SHORTEST = 5  # letters in which one may be wrong; in longer words two, in shorter ones none


@dataclass(frozen=True, slots=True)
class Wording:
    """`word` may list synonyms after the first, separated by `|`; so may its translations."""

    word: str
    syntax: str
    summary: str


WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        "help": Wording(
            NP_("command", "help"),
            NP_("syntax", "[WORD]"),
            N_("what you can say here, or how one word is used"),
        ),
        "status": Wording(
            NP_("command", "status"), "", N_("where the meeting is, and how to recognise me")
        ),
        "agenda": Wording(
            NP_("command", "agenda"),
            "",
            N_("what is still to come; in your direct room also which of it is yours"),
        ),
        "members": Wording(NP_("command", "members"), "", N_("who is enrolled at the table")),
        "actions": Wording(
            NP_("command", "actions"),
            "",
            N_("how many actions are open; in your direct room also which are yours"),
        ),
        "language": Wording(
            NP_("command", "language"),
            NP_("syntax", "nl, fr, de or en"),
            N_("choose the language of your direct messages"),
        ),
        "present": Wording(NP_("command", "present|here"), "", N_("answer the roll call")),
        "leave": Wording(
            NP_("command", "leave"),
            NP_("syntax", "[REF]"),
            N_(
                "leave the meeting; open polls then lack consensus. With REF: stay out of that "
                "case, before its first poll"
            ),
        ),
        "notify": Wording(
            NP_("command", "notify"),
            NP_("syntax", "[ROUTE]"),
            N_("bring a new notification, in the direct room"),
        ),
        "agree": Wording(NP_("command", "agree"), NP_("syntax", "N"), N_("agree in poll N")),
        "object": Wording(NP_("command", "object"), NP_("syntax", "N"), N_("object in poll N")),
        "secret": Wording(
            NP_("command", "secret"),
            NP_("syntax", "N"),
            N_("say, unseen, that the words of poll N hold a secret of yours"),
        ),
        "done": Wording(
            NP_("command", "done"), NP_("syntax", "A12"), N_("an action has been done")
        ),
        "impossible": Wording(
            NP_("command", "impossible"),
            NP_("syntax", "A12"),
            N_("an action is no longer possible"),
        ),
        "postpone": Wording(
            NP_("command", "postpone"),
            NP_("syntax", "A12 DATE"),
            N_("an action is not done yet and gets a new date"),
        ),
        "room.create": Wording(
            NP_("command", "room create|create room"),
            "",
            N_("make the table's room with the right settings"),
        ),
        "member.add": Wording(
            NP_("command", "member add|add member"),
            NP_("syntax", "@user ROLE ORGANISATION"),
            N_("enrol and invite somebody, in the mayor's name"),
        ),
        "member.remove": Wording(
            NP_("command", "member remove|remove member"),
            NP_("syntax", "@user"),
            N_("remove somebody from the table"),
        ),
        "member.confirm": Wording(
            NP_("command", "member confirm|confirm member"),
            NP_("syntax", "@user"),
            N_("somebody's new identity is theirs; you have checked in person"),
        ),
        "plan": Wording(
            NP_("command", "plan"), NP_("syntax", "DATE TIME"), N_("plan the next meeting")
        ),
        "meeting.open": Wording(
            NP_("command", "meeting open|open meeting"), "", N_("open the meeting: roll call")
        ),
        "meeting.close": Wording(
            NP_("command", "meeting close|close meeting"),
            "",
            N_("close the meeting: minutes, then everything of the moment is erased"),
        ),
        "chair": Wording(
            NP_("command", "chair"), NP_("syntax", "@user"), N_("hand over the chair")
        ),
        "next": Wording(NP_("command", "next"), "", N_("the next point of the agenda")),
        "admit": Wording(
            NP_("command", "admit"), NP_("syntax", "REF"), N_("admit a notification to the table")
        ),
        "refuse": Wording(
            NP_("command", "refuse"),
            NP_("syntax", "REF"),
            N_("do not admit a notification; its reference is forgotten"),
        ),
        "roster": Wording(
            NP_("command", "roster"),
            NP_("syntax", "REF [+@user] [-@user]"),
            N_("who takes part in a case"),
        ),
        "decide": Wording(
            NP_("command", "decide"),
            NP_("syntax", "REF stop|more|follow|refer"),
            N_("ask the table for consensus on what happens with a case"),
        ),
        "weigh": Wording(
            NP_("command", "weigh"),
            NP_("syntax", "REF"),
            N_("a round in which each function may speak or pass"),
        ),
        "inform": Wording(
            NP_("command", "inform"),
            NP_("syntax", "REF"),
            N_("ask whether the person may be told that the table has discussed them"),
        ),
        "attest": Wording(
            NP_("command", "attest"),
            NP_("syntax", "N psychiatrist|psychologist, or REF"),
            N_(
                "declare that a psychiatrist or psychologist has confirmed item N, or that telling "
                "the person harms no investigation"
            ),
        ),
        "manager": Wording(
            NP_("command", "manager"),
            NP_("syntax", "REF @user"),
            N_("name the case manager"),
        ),
        "director": Wording(
            NP_("command", "director"),
            NP_("syntax", "REF @user"),
            N_("name the case director"),
        ),
        "action": Wording(
            NP_("command", "action"),
            NP_("syntax", "REF @user CODE DATE"),
            N_("agree an action: who, what, by when"),
        ),
        "discussed": Wording(
            NP_("command", "discussed"),
            NP_("syntax", "REF yes|no"),
            N_("whether a case was discussed; yes restarts its year"),
        ),
        "later": Wording(
            NP_("command", "later|next meeting"),
            NP_("syntax", "REF"),
            N_("leave the case manager and the actions of a case to the next meeting"),
        ),
        "close": Wording(NP_("command", "close"), NP_("syntax", "N"), N_("close poll N")),
        "remind": Wording(
            NP_("command", "remind"),
            NP_("syntax", "N"),
            N_("remind in private those who have not answered poll N"),
        ),
        "minutes": Wording(
            NP_("command", "minutes"), "", N_("the anonymised minutes as they are now")
        ),
        "fiche": Wording(
            NP_("command", "fiche"),
            NP_("syntax", "REF [from-ltf]"),
            N_("open the feedback form of a case"),
        ),
        "item": Wording(
            NP_("command", "item"),
            NP_("syntax", "SECTION [+ or - or =] [PHASE] TEXT"),
            N_("propose an item; everybody is asked to agree"),
        ),
        "amend": Wording(
            NP_("command", "amend"),
            NP_("syntax", "N [+ or - or =] [TEXT]"),
            N_("propose other words for item N, or the same again; everybody is asked anew"),
        ),
        "drop": Wording(NP_("command", "drop"), NP_("syntax", "N"), N_("take item N back")),
        "form": Wording(
            NP_("command", "form"),
            NP_("syntax", "CODE psychiatrist|psychologist|none"),
            N_(
                "ask everybody about the form on the screen, and declare who has confirmed what it "
                "says about mental disorders; `tafelbot fingerprint` gives its code"
            ),
        ),
        "fiche.close": Wording(
            NP_("command", "fiche close|close fiche"),
            "",
            N_("ask everybody about the form as a whole, or end it"),
        ),
        "yes": Wording(NP_("command", "yes"), "", N_("answer a question of the notification")),
        "no": Wording(NP_("command", "no"), "", N_("answer a question of the notification")),
    }
)


# What people also say to answer a poll; none of it is a command.
OTHERWISE = NP_(
    "answering", "ok|okay|objection|objecting|disagree|against|oppose|opposed|veto|approve|consent"
)


def word(name: str, language: str) -> str:
    """The word shown for a command."""
    return translate(WORDINGS[name].word, language, "command").split("|")[0]


def syntax(name: str, language: str) -> str:
    """The arguments of a command, as shown."""
    english = WORDINGS[name].syntax
    return translate(english, language, "syntax") if english else ""


@cache
def vocabulary() -> Mapping[str, str]:
    """Every accepted word in all languages, folded, and its command's name."""
    found: dict[str, str] = {}
    for language in ("en", *LANGUAGES):
        for name, wording in WORDINGS.items():
            for spelling in translate(wording.word, language, "command").split("|"):
                found.setdefault(fold(spelling), name)
    return found


def find(words: list[str]) -> tuple[str, int] | None:
    """The command a line begins with, and how many words name it; the longest match wins."""
    for count in (3, 2, 1):
        if len(words) >= count and (name := vocabulary().get(fold(" ".join(words[:count])))):
            return name, count
    return None


def answers(text: str) -> bool:
    """Whether a word of answering stands in a text, also misspelt by a letter or two."""
    typed = [fold(found) for found in _LETTERS.findall(text)]
    exactly = _folded(OTHERWISE, "answering")
    return any(one in exactly or _near(one, _answering()) for one in typed)


def objects(text: str) -> bool:
    """Whether a text begins with a word of objecting and a number, as if that were a command."""
    parts = text.split()
    name, count = find(parts) or ("", 1)
    misspelt = len(parts) == 2 and _near(fold(parts[0]), _objecting())
    numbered = _NUMBER.match(" ".join(parts[count:])) is not None
    return numbered and (name in {"object", "secret"} or misspelt)


def _near(typed: str, words: frozenset[str]) -> bool:
    """Whether it is one of the words, or nearly; but another command's word is meant as it is."""
    if typed in words:
        return True
    if typed in vocabulary() or len(typed) < _SHORTEST - 1:
        return False
    return any(
        DamerauLevenshtein.distance(typed, word) <= (1 if len(word) <= _SHORTEST else 2)
        for word in words
        if len(word) >= _SHORTEST
    )


@cache
def _answering() -> frozenset[str]:
    """Every word of the commands in all languages, folded; phrases end with one."""
    return _objecting() | _folded(WORDINGS["agree"].word)


@cache
def _objecting() -> frozenset[str]:
    return _folded(WORDINGS["object"].word) | _folded(WORDINGS["secret"].word)


@cache
def _folded(words: str, context: str = "command") -> frozenset[str]:
    phrases = (translate(words, language, context).split("|") for language in ("en", *LANGUAGES))
    return frozenset(fold(one) for several in phrases for one in several if " " not in one)
