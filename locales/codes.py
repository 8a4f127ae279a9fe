"""Codes as people read and write them: a word in each language; the code itself is accepted too."""

import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from bot.rules.actions import ActionCode, ActionState
from bot.rules.agenda import MeetingState, Step
from bot.rules.consensus import Answer, Outcome
from bot.rules.decision import Decision
from bot.rules.fiche import Confirmer, Direction, Phase, Section, Sign
from bot.rules.identity import Standing
from bot.rules.minutes import Result
from bot.rules.notification import Attestation, Route
from bot.rules.people import Excluded, Organisation, Right, Role, Seat
from bot.rules.room import Fault
from locales.catalogue import LANGUAGES, NP_, translate


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"


class Subject(StrEnum):
    """What a poll is about: words of the fiche, or a decision."""

    ITEM = "item"
    WHOLE = "whole"
    FORM = "form"
    FOLLOW = "follow"
    STOP = "stop"
    REFER = "refer"
    FEEDBACK = "feedback"
    MORE = "more"
    INFORM = "inform"


WORDED = frozenset({Subject.ITEM, Subject.WHOLE, Subject.FORM})  # may hold a secret (F05)

# What each section of the form is for, shown when it is opened.
Purpose = StrEnum(
    "Purpose", "reason beliefs social intention acts psych other trajectory questions"
)


class Cause(StrEnum):
    """Why an answer is in doubt."""

    TAKEN_BACK = "taken_back"
    CHANGED = "changed"
    NOT_UNDERSTOOD = "not_understood"
    STILL = "still"  # a yes since then may have been on its way before


class Place(StrEnum):
    """Where something is said."""

    TABLE = "table"
    DIRECT = "direct"
    SIDE = "side"  # the room of one case


class Discussed(StrEnum):
    DISCUSSED = "discussed"
    NOT_DISCUSSED = "not_discussed"


class Interference(StrEnum):
    """What others did to a native poll."""

    ENDED = "ended"
    DELETED = "deleted"
    EDITED = "edited"


class Language(StrEnum):
    NL = "nl"
    FR = "fr"
    DE = "de"
    EN = "en"


LABELS: Mapping[type[StrEnum], Mapping[str, str]] = MappingProxyType(
    {
        Role: {
            "mayor": NP_("role", "mayor"),
            "mayor_delegate": NP_("role", "mayor's representative"),
            "information_officer": NP_("role", "information officer"),
            "coordinator": NP_("role", "coordinator"),
            "partner": NP_("role", "partner"),
            "ad_hoc": NP_("role", "ad hoc"),
        },
        Seat: {
            "mayor": NP_("seat", "mayor or representative"),
            "information_officer": NP_("seat", "information officer"),
            "coordinator": NP_("seat", "coordinator"),
        },
        Organisation: {
            "municipality": NP_("organisation", "municipality"),
            # Translators: shown for the information officer, who is there for the task force and
            # not for the police (C06); the second word can be typed as well.
            "local_police": NP_("organisation", "link with the local task force|local police"),
            "social_welfare": NP_("organisation", "public social welfare centre"),
            "general_welfare": NP_("organisation", "general welfare"),
            "pupil_guidance": NP_("organisation", "pupil guidance"),
            "school": NP_("organisation", "school"),
            "mental_health": NP_("organisation", "mental health"),
            "health": NP_("organisation", "health"),
            "youth_care": NP_("organisation", "youth care"),
            "youth_work": NP_("organisation", "youth work"),
            "employment": NP_("organisation", "employment"),
            "housing": NP_("organisation", "housing"),
            "integration": NP_("organisation", "integration"),
            "justice_house": NP_("organisation", "house of justice"),
            "sport": NP_("organisation", "sport"),
            "street_work": NP_("organisation", "street work"),
            "other_service": NP_("organisation", "other service"),
        },
        Excluded: {
            "threat_analysis": NP_("excluded", "CUTA"),
            "state_security": NP_("excluded", "State Security"),
            "military_intelligence": NP_("excluded", "military intelligence"),
            "public_prosecution": NP_("excluded", "public prosecution"),
            "federal_police": NP_("excluded", "federal police"),
            "other_police": NP_("excluded", "other police"),
        },
        Standing: {
            "unknown": NP_("standing", "not seen yet"),
            "seen": NP_("standing", "seen, not compared"),
            "compared": NP_("standing", "compared"),
            "suspended": NP_("standing", "suspended"),
        },
        MeetingState: {
            "planned": NP_("meeting", "planned"),
            "roll_call": NP_("meeting", "roll call"),
            "in_session": NP_("meeting", "in session"),
            "closed": NP_("meeting", "closed"),
        },
        Step: {
            "actions": NP_("step", "actions of last time"),
            "cases": NP_("step", "running cases"),
            "notifications": NP_("step", "new notifications"),
            "closing": NP_("step", "closing"),
        },
        Route: {
            "member": NP_("route", "member"),
            "non_member": NP_("route", "non-member"),
            "ltf": NP_("route", "task force"),
            "municipality": NP_("route", "municipality"),
        },
        Attestation: {
            "indications": NP_(
                "attestation",
                "Are there already indications of a radicalisation process?",
            ),
            "weighed": NP_(
                "attestation",
                "Has it been weighed inside your own organisation, and does it support you?",
            ),
            "territory": NP_(
                "attestation", "Does the person stay on the territory of the municipality?"
            ),
        },
        Decision: {
            "stop": NP_("decision", "stop"),
            "more": NP_("decision", "more|more-information"),
            "follow": NP_("decision", "follow"),
            "refer": NP_("decision", "refer"),
        },
        YesNo: {"yes": NP_("yesno", "yes"), "no": NP_("yesno", "no")},
        ActionCode: {
            "contact_person": NP_("action", "contact-person"),
            "contact_family": NP_("action", "contact-family"),
            "contact_school": NP_("action", "contact-school"),
            "refer_welfare": NP_("action", "refer-welfare"),
            "refer_mental_health": NP_("action", "refer-mental-health"),
            "refer_employment": NP_("action", "refer-employment"),
            "refer_housing": NP_("action", "refer-housing"),
            "refer_disengagement": NP_("action", "refer-disengagement"),
            "gather_information": NP_("action", "gather-information"),
            "coordinate_services": NP_("action", "coordinate-services"),
            "consult_officer": NP_("action", "consult-officer"),
            "other": NP_("action", "other"),
        },
        ActionState: {
            "open": NP_("action state", "open"),
            "done": NP_("action state", "done"),
            "impossible": NP_("action state", "no longer possible"),
        },
        Section: {
            "reason": NP_("section", "reason"),
            "beliefs": NP_("section", "beliefs"),
            "social": NP_("section", "social"),
            "intention": NP_("section", "intention"),
            "acts": NP_("section", "acts"),
            "psych": NP_("section", "psych"),
            "other": NP_("section", "other"),
            "trajectory": NP_("section", "trajectory"),
            "questions": NP_("section", "questions"),
        },
        Sign: {
            "positive": NP_("sign", "positive"),
            "negative": NP_("sign", "negative"),
            "neutral": NP_("sign", "neutral"),
        },
        Purpose: {
            "reason": NP_(
                "purpose",
                "why this is on the table, briefly; naming the service that brought it only if "
                "it agrees",
            ),
            "beliefs": NP_(
                "purpose", "convictions, grievances, injustice experienced, support online or off"
            ),
            "social": NP_("purpose", "family, network, protective people, work, school"),
            "intention": NP_("purpose", "intentions expressed to act, threats, or to refrain"),
            "acts": NP_("purpose", "deeds, capacity, ability"),
            "psych": NP_("purpose", "only what a psychiatrist or psychologist has confirmed"),
            "other": NP_("purpose", "other factors that protect or make vulnerable"),
            "trajectory": NP_(
                "purpose",
                "who follows up, what it holds, since when, turning points, effect; with its phase",
            ),
            "questions": NP_("purpose", "questions to the task force or to the table"),
        },
        Confirmer: {
            "psychiatrist": NP_("confirmer", "psychiatrist"),
            "psychologist": NP_("confirmer", "psychologist"),
            "none": NP_("confirmer", "none"),
        },
        Phase: {
            "building": NP_("phase", "start and file building"),
            "drawing_up": NP_("phase", "drawing up a trajectory"),
            "carrying_out": NP_("phase", "carrying out a trajectory"),
            "ending": NP_("phase", "ending a trajectory"),
            "not_started": NP_("phase", "no trajectory started"),
        },
        Direction: {
            "to_ltf": NP_("direction", "to the local task force"),
            "from_ltf": NP_("direction", "in reply to the local task force"),
        },
        Subject: {
            "item": NP_("subject", "item of the feedback form"),
            "whole": NP_("subject", "feedback form as a whole"),
            "form": NP_("subject", "feedback form on the screen"),
            "follow": NP_("subject", "follow further"),
            "stop": NP_("subject", "ordinary help instead of this table"),
            "refer": NP_("subject", "refer to the task force"),
            "feedback": NP_("subject", "feed back at all"),
            "more": NP_("subject", "more information needed"),
            "inform": NP_("subject", "tell the person"),
        },
        Place: {
            "table": NP_("place", "the table's room"),
            "direct": NP_("place", "your direct room with me"),
            "side": NP_("place", "the room of the point"),
        },
        Right: {
            "member": NP_("right", "a member of the table"),
            "lasting": NP_("right", "who sits at the table for more than one point"),
            "steward": NP_("right", "the coordinator or the mayor's seat"),
            "chair": NP_("right", "the chair or the coordinator"),
            "mayor": NP_("right", "the mayor's seat"),
            "officer": NP_("right", "the information officer"),
        },
        Fault: {
            "not_encrypted": NP_("fault", "no encryption"),
            "encryption_weakened": NP_("fault", "weakened encryption"),
            "strangers": NP_("fault", "somebody who is not enrolled"),
            "history_open": NP_("fault", "history open to newcomers"),
            "joinable": NP_("fault", "access without invitation"),
            "guests_allowed": NP_("fault", "guest access"),
            "bridged": NP_("fault", "a bridge to another network"),
            "anybody_governs": NP_("fault", "settings that every member can change"),
            "member_governs": NP_("fault", "settings that some members can change"),
            "powerless": NP_("fault", "too little power for me"),
            "anybody_invites": NP_("fault", "inviting by every member"),
            "aliased": NP_("fault", "a public address"),
            "telling_name": NP_("fault", "a telling name"),
            "topic_set": NP_("fault", "a topic"),
            "replaced": NP_("fault", "replacement by another room"),
        },
        Discussed: {
            "discussed": NP_("discussed", "discussed"),
            "not_discussed": NP_("discussed", "not discussed"),
        },
        Result: {
            "followed": NP_("result", "followed"),
            "more": NP_("result", "more information needed, comes back"),
            "no_consensus": NP_("result", "no consensus, comes back"),
            "undecided": NP_("result", "no decision yet, comes back"),
        },
        Interference: {  # participles, after "somebody has"
            "ended": NP_("interference", "ended"),
            "deleted": NP_("interference", "deleted"),
            "edited": NP_("interference", "changed"),
        },
        Language: {
            "nl": NP_("language", "Dutch"),
            "fr": NP_("language", "French"),
            "de": NP_("language", "German"),
            "en": NP_("language", "English"),
        },
        Cause: {
            "taken_back": NP_("cause", "taken back"),
            "changed": NP_("cause", "changed"),
            "not_understood": NP_("cause", "not understood"),
            "still": NP_("cause", "still in doubt"),
        },
        Answer: {"agree": NP_("answer", "agree"), "object": NP_("answer", "object")},
        Outcome: {
            "consensus": NP_("outcome", "consensus"),
            "no_consensus": NP_("outcome", "no consensus"),
            "dropped": NP_("outcome", "dropped"),
        },
    }
)

CONTEXTS: Mapping[type[StrEnum], str] = MappingProxyType(
    {
        Role: "role",
        Seat: "seat",
        Organisation: "organisation",
        Excluded: "excluded",
        MeetingState: "meeting",
        Step: "step",
        Route: "route",
        Attestation: "attestation",
        Decision: "decision",
        YesNo: "yesno",
        ActionCode: "action",
        ActionState: "action state",
        Section: "section",
        Sign: "sign",
        Purpose: "purpose",
        Confirmer: "confirmer",
        Phase: "phase",
        Direction: "direction",
        Answer: "answer",
        Cause: "cause",
        Outcome: "outcome",
        Subject: "subject",
        Place: "place",
        Right: "right",
        Fault: "fault",
        Discussed: "discussed",
        Result: "result",
        Interference: "interference",
        Language: "language",
        Standing: "standing",
    }
)
FAMILIES = MappingProxyType({context: family for family, context in CONTEXTS.items()})

Family = TypeVar("Family", bound=StrEnum)


def label(family: str, code: str, language: str) -> str:
    """A code as a reader of the language knows it; `family` is a context of `FAMILIES`.

    A translation may list further accepted words after the first, separated by `|`.
    """
    return translate(LABELS[FAMILIES[family]][code], language, family).split("|")[0]


def fold(word: str) -> str:
    """Case, accents, hyphens and trailing punctuation are forgiven."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return kept.replace("\u2019", "'").replace("-", "_").replace(" ", "_").strip(".,;:!?_")


@cache
def spellings(family: type[StrEnum]) -> Mapping[str, str]:
    """Every accepted spelling of a family's codes, folded, in all languages."""
    found: dict[str, str] = {}
    for code, english in LABELS[family].items():
        for spelling in (code, *_translations(english, CONTEXTS[family])):
            found.setdefault(fold(spelling), code)
    return found


def read_code(family: type[Family], typed: str) -> Family | None:
    """The code a person meant, in any of the languages."""
    code = spellings(family).get(fold(typed))
    return family(code) if code is not None else None


def _translations(english: str, context: str) -> Iterable[str]:
    for language in LANGUAGES:
        yield from translate(english, language, context).split("|")
