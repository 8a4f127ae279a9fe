"""Minutes: functions, references, codes, dates and how each case stands; nothing of a form (M12,
R01, A.W)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import product

import pytest
from babel.dates import format_date

from bot.rules.consensus import Outcome
from bot.rules.decision import Decision, forgets
from bot.rules.minutes import Result, result
from bot.rules.notification import CaseState
from demo.scene import COORDINATOR, GUEST
from locales.catalogue import LANGUAGES
from locales.codes import label
from tests import moments as at
from tests.hall import Hall
from tests.moments import Moment, only


def speaking(hall: Hall, language: str) -> Hall:
    """The same table, whose people read another language."""
    hall.table = hall.desk.table = replace(hall.table, languages=(language,))
    return hall


async def closed(moment: Moment, *, discussed: bool = True) -> list[str]:
    """The lines of the minutes that the table is sent at the close."""
    if moment.case:
        answer = "ja" if discussed else "nee"
        await moment.says(
            COORDINATOR, moment.line(f"!besproken {{case}} {answer}\n!later {{case}}")
        )
    await moment.says(COORDINATOR, "!vergadering sluiten")
    (minutes,) = [one for one in moment.hall.matrix.uploads if not one.startswith(b"PK")]
    return minutes.decode().removesuffix("\n").split("\n")


async def without_consensus(hall: Hall) -> Moment:
    moment = await at.polled(hall)
    await moment.votes("clb", "object")
    await moment.everybody("agree", but=("clb",))
    return moment


HOW_IT_STANDS: dict[Callable[[Hall], Awaitable[Moment]], tuple[str, str, str, str]] = {
    without_consensus: (
        "• {case}: besproken; geen consensus, komt terug; bewaard tot en met {day}",
        "• {case} : discuté ; pas de consensus, revient ; conservé jusqu’au {day}",
        "• {case}: besprochen; kein Konsens, kommt wieder; aufbewahrt bis {day}",
        "• {case}: discussed; no consensus, comes back; kept until {day}",
    ),
    at.departed: (
        "• {case}: besproken; geen consensus, komt terug; bewaard tot en met {day}",
        "• {case} : discuté ; pas de consensus, revient ; conservé jusqu’au {day}",
        "• {case}: besprochen; kein Konsens, kommt wieder; aufbewahrt bis {day}",
        "• {case}: discussed; no consensus, comes back; kept until {day}",
    ),
    at.followed: (
        "• {case}: besproken; opgevolgd; bewaard tot en met {day}",
        "• {case} : discuté ; suivi ; conservé jusqu’au {day}",
        "• {case}: besprochen; wird begleitet; aufbewahrt bis {day}",
        "• {case}: discussed; followed; kept until {day}",
    ),
    at.in_session: (
        "• {case}: besproken; nog geen beslissing, komt terug; bewaard tot en met {day}",
        "• {case} : discuté ; pas encore de décision, revient ; conservé jusqu’au {day}",
        "• {case}: besprochen; noch keine Entscheidung, kommt wieder; aufbewahrt bis {day}",
        "• {case}: discussed; no decision yet, comes back; kept until {day}",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("moment", HOW_IT_STANDS, ids=lambda one: one.__name__)
async def test_every_case_that_was_taken_up_is_in_them(
    hall: Hall, moment: Callable[[Hall], Awaitable[Moment]], language: str
) -> None:
    wanted = dict(zip(("nl", "fr", "de", "en"), HOW_IT_STANDS[moment], strict=True))[language]
    there = await moment(speaking(hall, language))
    day = format_date(hall.today().replace(year=2027), "long", locale=f"{language}_BE")
    lines = await closed(there)
    shown = [line for line in lines if there.case in line]
    assert shown == [wanted.format(case=there.case, day=day)]


async def test_a_new_case_that_was_not_discussed_has_no_date(hall: Hall) -> None:
    moment = await at.in_session(hall)
    lines = await closed(moment, discussed=False)
    assert f"• {moment.case}: niet besproken; nog geen beslissing, komt terug" in lines


@pytest.mark.parametrize("decision", ["niet-opvolgen", "doorverwijzen"])
async def test_what_is_stopped_or_referred_leaves_no_line(hall: Hall, decision: str) -> None:
    moment = await at.with_director(hall)
    line = moment.line("!actie {case} {@clb} contact-school 2026-12-07")
    await moment.says(COORDINATOR, line)
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} {decision}")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("agree")
    gone, moment.case = moment.case, ""
    lines = "\n".join(await closed(moment))
    assert gone not in lines
    assert label("action", "contact_school", "nl") not in lines
    assert label("decision", "refer", "nl") not in lines


async def now(moment: Moment) -> dict[str, str]:
    """The minutes as they are now, in each language."""
    found = {}
    for language in LANGUAGES:
        speaking(moment.hall, language)
        await moment.says(COORDINATOR, "!verslag")
        found[language] = moment.hall.matrix.uploads[-1].decode()
    return found


async def test_nothing_tells_that_there_was_a_form_or_what_was_in_it(hall: Hall) -> None:
    """Also when the table refused an item, or the person may be told: nobody can tell it from a
    meeting without."""
    moment = await at.followed(hall)
    before = await now(moment)
    await moment.opens_form()
    waiting = only(await moment.says("io", "!punt psych - Kreeg een diagnose."), "item.waiting")
    sent = await moment.says("io", f"!verklaar {waiting['number']} psychiater")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("agree")
    sent = await moment.says("io", "!punt sociaal + Traint opnieuw mee.")
    moment.poll = only(sent, "poll.opened")
    await moment.votes("clb", "object")
    await moment.everybody("agree", but=("clb",))
    assert await now(moment) == before
    await moment.says("io", f"!schrap {moment.poll['number']}")
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    only(await moment.everybody("agree"), "fiche.adopted")
    assert await now(moment) == before
    assert moment.case in before["nl"]


async def test_functions_of_all_who_were_there_for_any_part(hall: Hall) -> None:
    """Who left, who was removed, and who came for one case; of two from one service, one line."""
    moment = await at.with_guest(hall)
    await moment.scene.enrol("clb2", "partner CLB")
    for line in ("!aanwezig", "!vertrekken"):
        await moment.says("clb2", line)
    await moment.says(GUEST, "aanwezig", direct=True)
    await moment.says("gezondheid", "!vertrekken")
    await moment.says(COORDINATOR, moment.line("!lid verwijderen {@clb}"))
    await moment.says(COORDINATOR, moment.line("!lid verwijderen {@clb2}"))
    lines = await closed(moment)
    start = lines.index("Aan de tafel, de hele vergadering of een deel ervan:")
    assert lines[start + 1 : start + 8] == [
        "• aangestelde-vertegenwoordiger (gemeente)",
        "• information-officer (link met de lokale taskforce)",
        "• coördinator (gemeente)",
        "• partner (geestelijke gezondheidszorg)",
        "• partner (CLB)",
        "• partner (OCMW)",
        "• ad-hocdeelnemer (jeugdwerk)",
    ]


BY_FUNCTION = {
    "nl": (
        "• Casusmanager van {case}: partner (OCMW)",
        "• Casusregisseur van {case}: partner (CLB)",
        "• A1 ({case}), contact-school, partner (CLB), tegen 7 december 2026",
    ),
    "fr": (
        "• Gestion du cas {case} : partenaire (CPAS)",
        "• Supervision du cas {case} : partenaire (CPMS)",
        "• A1 ({case}), contact-école, partenaire (CPMS), pour le 7 décembre 2026",
    ),
    "de": (
        "• Fallmanagement von {case}: Partner/in (ÖSHZ)",
        "• Fallsupervision von {case}: Partner/in (Kaleido)",
        "• A1 ({case}), Schule-kontaktieren, Partner/in (Kaleido), bis 7. Dezember 2026",
    ),
    "en": (
        "• Case manager of {case}: partner (public social welfare centre)",
        "• Case director of {case}: partner (pupil guidance)",
        "• A1 ({case}), contact-school, partner (pupil guidance), by 7 December 2026",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_who_manages_directs_and_acts_stands_there_by_function(
    hall: Hall, language: str
) -> None:
    moment = await at.with_director(speaking(hall, language))
    line = moment.line("!actie {case} {@clb} contact-school 2026-12-07")
    await moment.says(COORDINATOR, line)
    lines = await closed(moment)
    assert set(lines) >= {line.format(case=moment.case) for line in BY_FUNCTION[language]}
    assert "@" not in "\n".join(lines)


async def test_an_answered_action_stands_there_with_its_owners_function(hall: Hall) -> None:
    moment = await at.next_meeting(hall)
    await moment.says("clb", f"!gedaan {moment.action}")
    await moment.says(COORDINATOR, "!verslag")
    lines = hall.matrix.uploads[-1].decode()
    shown = label("action", "contact_school", "nl")
    assert f"• {moment.action} ({moment.case}), {shown}, partner (CLB): gedaan\n" in lines


def test_how_a_case_stands_is_what_was_decided_last() -> None:
    """No outcome says which decision found no consensus."""
    kept = [one for one in Decision if not forgets(one)]
    for state in (CaseState.ADMITTED, CaseState.FOLLOWED):
        undecided = Result.FOLLOWED if state is CaseState.FOLLOWED else Result.UNDECIDED
        assert result(state, []) is undecided
        assert result(state, [(one, None) for one in Decision]) is undecided
        for last, before in product(Decision, kept):
            earlier = (before, Outcome.CONSENSUS)
            failed = [earlier, (last, Outcome.NO_CONSENSUS), (Decision.FOLLOW, None)]
            assert result(state, failed) is Result.NO_CONSENSUS
    failed_once = (Decision.FOLLOW, Outcome.NO_CONSENSUS)
    agreed = (Decision.FOLLOW, Outcome.CONSENSUS)
    assert result(CaseState.FOLLOWED, [failed_once, agreed]) is Result.FOLLOWED
    more = (Decision.MORE, Outcome.CONSENSUS)
    assert result(CaseState.FOLLOWED, [agreed, more]) is Result.MORE
