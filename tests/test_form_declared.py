"""Signs, declarations, direction and days of a form (F09, F15, F17, F21, F26)."""

import io
from dataclasses import replace
from datetime import date

import docx as word
import pytest

from bot.rules.consensus import BallotMode
from bot.rules.form import fingerprint
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR
from tests import moments as at
from tests.hall import Hall, Sent, facts_of
from tests.moments import Moment, kinds, only, reason, store

CODE, OTHER = fingerprint(b"a form"), fingerprint(b"another")
LANGUAGES = ("nl", "fr", "de", "en")


def speaks(hall: Hall, language: str) -> None:
    hall.table = hall.desk.table = replace(hall.desk.table, languages=(language,))


def body(sent: list[Sent], kind: str) -> str:
    return next(str(one.content["body"]) for one in sent if facts_of(one).get("kind") == kind)


# A sign is offered

UNSIGNED = {
    "nl": ("!punt sociaal Traint sinds mei.", "Zonder teken, en dat mag"),
    "fr": ("!élément social S’entraîne depuis mai.", "Sans signe, et c’est permis"),
    "de": ("!Punkt sozial Trainiert seit Mai.", "Ohne Zeichen, und das ist erlaubt"),
    "en": ("!item social Trains since May.", "Without a sign, which is allowed"),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_item_of_a_risk_domain_needs_no_sign_and_is_offered_one(
    hall: Hall, language: str
) -> None:
    moment = await at.with_fiche(hall)
    speaks(hall, language)
    line, offered = UNSIGNED[language]
    sent = await moment.says("io", line)
    moment.poll = only(sent, "poll.opened")
    assert moment.poll["unsigned"] is True
    assert "sign" not in moment.poll
    assert offered in body(sent, "poll.opened")
    assert only(await moment.everybody("agree"), "poll.closed")["outcome"] == "consensus"
    assert "one_sided" not in only(await moment.says("io", "!fiche sluiten"), "poll.opened")


async def test_where_no_sign_belongs_none_is_offered(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    sent = await moment.says("io", "!punt reden School bracht het aan in mei.")
    assert "unsigned" not in only(sent, "poll.opened")
    sent = await moment.says("io", "!punt sociaal = Verhuisde op 4 mei.")
    assert "unsigned" not in only(sent, "poll.opened")


async def test_a_sign_is_added_later_with_the_same_words_or_with_others(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    sent = await moment.says("io", "!punt sociaal Traint sinds mei.")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("object")
    sent = await moment.says("io", moment.line("!wijzig {number} +"))
    moment.poll = only(sent, "poll.opened")
    assert (moment.poll["sign"], moment.poll["version"]) == ("positive", 2)
    assert moment.poll["same"] is True
    assert "Traint sinds mei." in body(sent, "poll.opened")
    await moment.everybody("object")
    sent = await moment.says("io", moment.line("!wijzig {number} - Traint niet sinds mei."))
    assert only(sent, "poll.opened")["sign"] == "negative"
    assert "- Traint" not in body(sent, "poll.opened")
    sent = await moment.says("io", moment.line("!wijzig {number} Traint nooit sinds mei."))
    assert only(sent, "poll.opened")["sign"] == "negative"  # the one it had


async def test_the_words_of_an_item_without_a_sign_are_found_for_the_form(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    moment.poll = only(await moment.says("io", "!punt sociaal Traint sinds mei."), "poll.opened")
    await moment.everybody("object")
    moment.poll = only(await moment.says("io", moment.line("!wijzig {number} +")), "poll.opened")
    await moment.everybody("agree")
    hall.desk.engine.dispose()
    hall.start()
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    await moment.everybody("agree")
    assert "positief: Traint sinds mei." in lines_on_paper(hall)


def lines_on_paper(hall: Hall) -> list[str]:
    return [line.text for line in word.Document(io.BytesIO(hall.matrix.uploads[-1])).paragraphs]


# A form on a screen is declared

SCREEN = {
    "nl": ("!formulier {} geen", "!formulier {} psychiater", "niets in staat over psychische"),
    "fr": ("!formulaire {} rien", "!formulaire {} psychologue", "ne dit rien de troubles"),
    "de": ("!Formular {} nichts", "!Formular {} Psychiaterin", "nichts über psychische Störungen"),
    "en": ("!form {} none", "!form {} psychologist", "says nothing about mental disorders"),
}
CONFIRMED = {
    "nl": "psychiater of een psycholoog bevestigd heeft wat erin staat",
    "fr": "un psychiatre ou un psychologue a confirmé ce qu’elle dit",
    "de": "ein Psychiater oder ein Psychologe bestätigt hat, was es",
    "en": "a psychiatrist or a psychologist has confirmed what it says",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", BallotMode)
async def test_the_table_sees_what_the_officer_declares_of_a_form_on_the_screen(
    hall: Hall, language: str, mode: BallotMode
) -> None:
    moment = await at.on_screen(hall)
    hall.table = hall.desk.table = replace(hall.desk.table, ballot=mode)
    speaks(hall, language)
    none, confirmed, nothing = SCREEN[language]
    shown = "poll.asked" if mode is BallotMode.PRIVATE else "poll.opened"
    sent = await moment.says("io", none.format(CODE))
    poll = only(sent, "poll.opened")
    assert (poll["code"], "attested" in poll) == (CODE, False)
    assert nothing in body(sent, "poll.opened")
    assert CONFIRMED[language] not in body(sent, "poll.opened")
    sent = await moment.says("io", confirmed.format(CODE))  # the same file, declared anew
    poll = only(sent, "poll.opened")
    assert (poll["version"], poll["attested"]) == (2, True)
    asked = next(one for one in sent if facts_of(one).get("kind") == shown)
    assert facts_of(asked)["attested"] is True
    assert CONFIRMED[language] in body(sent, "poll.opened")
    assert nothing not in body(sent, "poll.opened")


async def test_without_a_declaration_nobody_is_asked_and_each_version_needs_its_own(
    hall: Hall,
) -> None:
    moment = await at.on_screen(hall)
    sent = await moment.says("io", f"!formulier {CODE}")
    assert reason(sent) == Reason.DECLARATION_MISSING
    assert "`" not in str(sent[0].content["body"])
    assert "psychiater of psycholoog" in str(sent[0].content["body"])
    assert "poll.opened" in kinds(await moment.says("io", f"!formulier {CODE} geen."))
    assert reason(await moment.says("io", f"!formulier {OTHER}")) == Reason.DECLARATION_MISSING
    with hall.desk.transaction() as tx:  # and the poll on the first goes on
        meeting = tx.meetings.running()
        assert meeting is not None
        assert len(tx.polls.open_ones(meeting)) == 1


async def test_only_whether_it_is_confirmed_is_kept_and_not_by_whom(hall: Hall) -> None:
    moment = await at.on_screen(hall)
    await moment.says("io", f"!formulier {CODE} psychiater")
    first = newest_poll(hall)
    await moment.says("io", f"!formulier {CODE} psycholoog")
    assert (first, newest_poll(hall)) == (True, True)
    await moment.says("io", f"!formulier {CODE} geen")
    assert newest_poll(hall) is False


def newest_poll(hall: Hall) -> bool:
    with hall.desk.transaction() as tx:
        meeting = tx.meetings.running()
        assert meeting is not None
        return tx.polls.all_of(meeting)[-1].attested


# A reply to the task force

REPLY = {
    "nl": ("antwoord van de tafel", "als antwoord aan de lokale taskforce"),
    "fr": ("la réponse de la table", "en réponse à la Taskforce locale (TFL)"),
    "de": ("die Antwort des Tisches", "als Antwort an die Lokale Taskforce"),
    "en": ("the table's reply", "in reply to the local task force"),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_answered_to_the_task_force_is_shown_as_the_tables_own(
    hall: Hall, language: str
) -> None:
    moment = await at.followed(hall)
    speaks(hall, language)
    for typed in ("van-ltf", "from_ltf", "de-la-tfl", "von-ltf"):
        sent = await moment.says("io", f"!fiche {moment.case} {typed}")
        moment.poll = only(sent, "poll.opened")
        assert moment.poll["direction"] == "from_ltf"
        await moment.everybody("object")
    moment.poll = only(await moment.says("io", f"!fiche {moment.case} van-ltf"), "poll.opened")
    reply, heading = REPLY[language]
    assert heading in body(await moment.everybody("agree"), "fiche.opened")
    moment.poll = only(await moment.says("io", "!punt vragen Wat nu?"), "poll.opened")
    await moment.everybody("agree")
    sent = await moment.says("io", "!fiche sluiten")
    moment.poll = only(sent, "poll.opened")
    assert reply in body(sent, "poll.opened")
    assert heading in body(await moment.everybody("agree"), "fiche.adopted")
    assert heading in lines_on_paper(hall)


async def test_an_ordinary_form_is_no_reply(hall: Hall) -> None:
    moment = await at.adopted(hall)
    sent = await moment.says("io", "!fiche sluiten")
    assert REPLY["nl"][0] not in body(sent, "poll.opened")


# All days that are known


async def meets(moment: Moment, discussed: str) -> date:
    """A meeting in which the case is on the table."""
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    await moment.says(COORDINATOR, f"!deelnemers {moment.case}")
    await moment.says(COORDINATOR, f"!besproken {moment.case} {discussed}\n!later {moment.case}")
    day = moment.hall.now.date()
    await moment.says(COORDINATOR, "!vergadering sluiten")
    moment.hall.later(days=7)
    return day


async def test_every_day_on_which_it_was_discussed_stands_on_the_form(hall: Hall) -> None:
    moment = await at.followed(hall)
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    first = hall.now.date()
    await moment.says(COORDINATOR, "!vergadering sluiten")
    hall.later(days=7)
    days = [first, await meets(moment, "ja"), await meets(moment, "ja")]
    other = await meets(moment, "nee")
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    await moment.says(COORDINATOR, f"!deelnemers {moment.case}")
    await moment.says(COORDINATOR, f"!besproken {moment.case} nee")
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja")
    await moment.opens_form()
    moment.poll = only(await moment.says("io", "!punt reden Iets in mei."), "poll.opened")
    await moment.everybody("agree")
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    await moment.everybody("agree")
    (table,) = word.Document(io.BytesIO(hall.matrix.uploads[-1])).tables
    shown = table.rows[1].cells[1].text
    assert shown == ", ".join(f"{day:%d/%m/%Y}" for day in (*days, hall.now.date()))
    assert f"{other:%d/%m/%Y}" not in shown


async def test_a_day_is_taken_back_with_the_yes_and_forgotten_with_the_case(hall: Hall) -> None:
    moment = await at.followed(hall)
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja")
    assert days_kept(hall) == [str(hall.now.date())]
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja")
    await moment.says(COORDINATOR, f"!besproken {moment.case} nee")
    assert days_kept(hall) == []
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja")
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} niet-opvolgen")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("agree")
    assert days_kept(hall) == []


async def test_a_no_in_the_second_meeting_of_a_day_leaves_the_first(hall: Hall) -> None:
    moment = await at.followed(hall)
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    day = await meets(moment, "nee")
    assert days_kept(hall) == [str(day)]


def days_kept(hall: Hall) -> list[str]:
    return [str(row["on"]) for row in store(hall)["discussion"]]
