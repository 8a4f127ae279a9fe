"""Words that the law wants so: the lightest outcome first, the officer as the link with the task
force, one's own file as a possibility (P26, C06, R02)."""

import re
from dataclasses import replace

import pytest

from demo.scene import COORDINATOR
from locales import commands
from locales.catalogue import LANGUAGES
from locales.codes import label
from tests import moments as at
from tests.hall import Hall
from tests.moments import Moment, only

LIGHTEST_FIRST = ("stop", "more", "follow", "refer")


def speaking(hall: Hall, language: str) -> Hall:
    hall.table = hall.desk.table = replace(hall.table, languages=(language,))
    return hall


def in_order(words: str, language: str, codes: tuple[str, ...] = LIGHTEST_FIRST) -> bool:
    """Whether the decisions are offered in that order, each once."""
    typed = {label("decision", code, language): code for code in codes}
    return [typed[one] for one in re.findall(r"[\w’-]+", words) if one in typed] == list(codes)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_lightest_outcome_stands_first_wherever_one_is_offered(
    hall: Hall, language: str
) -> None:
    moment = await at.roll_call(speaking(hall, language))
    offered = {
        "agenda": await said(moment, "!volgende"),
        "weigh": await said(moment, moment.line("!wegen {case}")),
        "refused": await said(moment, moment.line("!beslis {case} zwanenzang")),
        "help": await said(moment, "!help decide"),
        "syntax": commands.syntax("decide", language),
    }
    for where, words in offered.items():
        line = next(one for one in words.split("\n") if label("decision", "refer", language) in one)
        assert in_order(line, language), (where, line)


async def said(moment: Moment, line: str) -> str:
    (sent,) = await moment.says(COORDINATOR, line)
    return str(sent.content["body"])


ORDINARY = {
    "nl": "gewone hulpverlening",
    "fr": "aide ordinaire",
    "de": "gewöhnlichen Hilfe",
    "en": "ordinary help",
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_not_for_this_table_is_asked_as_an_outcome_of_its_own(
    hall: Hall, language: str
) -> None:
    moment = await at.in_session(speaking(hall, language))
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} stop")
    moment.poll = only(sent, "poll.opened")
    bodies = [str(one.content.get("body", "")) for one in sent]
    assert any(ORDINARY[language] in body for body in bodies)
    (told,) = [one for one in await moment.everybody("agree") if at.kinds([one]) == ["poll.closed"]]
    assert ORDINARY[language] in str(told.content["body"])


LINK = {
    "nl": ("link met de lokale taskforce", "politie"),
    "fr": ("lien avec la taskforce locale", "police"),
    "de": ("Verbindung zur lokalen Taskforce", "olizei"),
    "en": ("link with the local task force", "police"),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_officer_is_there_for_the_task_force_and_not_for_the_police(
    hall: Hall, language: str
) -> None:
    """Added, listed, given the floor, in the minutes, removed."""
    moment = await at.in_session(speaking(hall, language))
    link, police = LINK[language]
    shown = [
        await said_to_table(moment, "!lid toevoegen {@io2} information-officer lokale politie"),
        await said_to_table(moment, "!leden"),
        await said_to_table(moment, "!wegen {case}"),
        await said_to_table(moment, "!lid verwijderen {@io2}"),
    ]
    await moment.says(COORDINATOR, "!verslag")
    shown.append(hall.matrix.uploads[-1].decode())
    for words in shown:
        assert link in words
        named = words.replace("PZ Voorbeeld", "")
        lines = [one for one in named.split("\n") if not re.search(r"zone|Zone", one)]
        assert police not in "\n".join(lines)


async def said_to_table(moment: Moment, line: str) -> str:
    sent = await moment.says(COORDINATOR, moment.line(line))
    return str(sent[0].content["body"])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_shown_for_the_officer_can_be_typed_and_so_can_the_police(
    hall: Hall, language: str
) -> None:
    moment = await at.gathered(hall)
    for n, typed in enumerate((label("organisation", "local_police", language), POLICE[language])):
        line = f"!lid toevoegen {{@io{n}}} information-officer {typed}"
        sent = await moment.says(COORDINATOR, moment.line(line))
        assert only(sent, "member.added")["organisation"] == "local_police"


POLICE = {
    "nl": "lokale politie",
    "fr": "police locale",
    "de": "lokale Polizei",
    "en": "local police",
}
MAY = {"nl": "Je mag", "fr": "Vous pouvez", "de": "Sie können", "en": "You may"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_ones_own_file_is_a_possibility(hall: Hall, language: str) -> None:
    moment = await at.gathered(speaking(hall, language))
    for word in ("melden", "ja", "ja", "ja"):
        sent = await moment.says("ocmw", word, direct=True)
    (told,) = [one for one in sent if at.kinds([one]) == ["notification.received"]]
    _, line, *_ = str(told.content["body"]).split("\n")
    assert line.startswith(MAY[language])


@pytest.mark.parametrize("who", ["schepen", "burgemeester", COORDINATOR])
@pytest.mark.parametrize(
    "route", ["niet-lid", "non-membre", "Nichtmitglied", "non-member", "non_member"]
)
async def test_a_non_members_notification_comes_through_the_mayors_seat_or_the_coordinator(
    hall: Hall, who: str, route: str
) -> None:
    moment = await at.gathered(hall)
    sent = await moment.says(who, f"melden {route}", direct=True)
    assert only(sent, "notification.asked")["first"]
