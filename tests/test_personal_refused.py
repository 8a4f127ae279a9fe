"""Whoever types what tells who somebody is finds it refused, gone, and nowhere kept (F17, R01)."""

import logging

import pytest

from bot.rules.refusal import Reason
from demo.scene import COORDINATOR
from tests import moments as at
from tests.hall import Hall
from tests.moments import Moment, kinds, only, reason, store
from tests.test_promises import WORDS, holds, words_are_nowhere

SPELLINGS = (
    "85/07/30-999.32",
    "850730 - 999 32",
    "850730\u2011999\u201132",
    "0475-12-34-56",
    "+32 (0)475 12 34 56",
    "0475\u200b12\u200b34\u200b56",
    "habite rue de la Station, 4",
    "BE68 5390 0754 7034",
    "geboren am 12. März 2004",
    "born on 12 March 2004",
)


async def refused_and_gone(moment: Moment, who: str, line: str) -> None:
    typed = moment.hall.typed(who, line, moment.hall.floor)
    before = store(moment.hall)
    sent = await moment.hears(typed)
    assert reason(sent) == Reason.PERSONAL_DATA
    assert not any(holds(str(one.content).encode()) for one in sent)
    assert moment.hall.matrix.events[typed.event_id].content == {}
    assert store(moment.hall) == before


@pytest.mark.parametrize("spelt", SPELLINGS)
async def test_an_item_and_its_amendment_are_refused_in_any_spelling(
    hall: Hall, caplog: pytest.LogCaptureFixture, spelt: str
) -> None:
    caplog.set_level(logging.DEBUG)
    moment = await at.with_item(hall)
    await refused_and_gone(moment, "io", f"!punt sociaal + {WORDS}: {spelt}.")
    await refused_and_gone(moment, "io", moment.line(f"!wijzig {{number}} {WORDS}: {spelt}."))
    await words_are_nowhere(hall, caplog)
    assert caplog.records


@pytest.mark.parametrize(
    ("who", "line"),
    [
        ("io", "!punt zwanenzang {}"),  # no such section
        ("io", "!punt {}"),
        ("io", "!wijzig 99 {}"),
        ("clb", "!punt sociaal + {}"),
        (COORDINATOR, "!wijzig 2 {}"),
        ("io", f"!punt sociaal + {{}} {'lang ' * 200}"),
    ],
)
async def test_it_is_gone_at_once_whatever_else_was_wrong_with_the_line(
    hall: Hall, who: str, line: str
) -> None:
    moment = await at.with_fiche(hall)
    await refused_and_gone(moment, who, line.format("0475-12-34-56"))


async def test_where_no_form_is_open_it_goes_too(hall: Hall) -> None:
    await refused_and_gone(await at.followed(hall), "io", "!punt sociaal + Bel 0475-12-34-56.")


async def test_at_a_table_with_a_screen_no_words_stay_for_whichever_reason(hall: Hall) -> None:
    moment = await at.on_screen(hall)
    typed = hall.typed("io", "!punt sociaal + Bel 0475-12-34-56.", hall.room)
    assert reason(await moment.hears(typed)) == Reason.ON_SCREEN
    assert hall.matrix.events[typed.event_id].content == {}


async def test_dated_facts_are_let_through(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    for text in (
        "Staat op straat 24 uur op 24, sinds 4/9/2026.",
        "Présent sur place 24 heures sur 24 depuis le 05/12/26 9:30.",
        "Am 12.10.2026 um 14.30 Uhr, 7 Tage von 7.",
        "Scored 12 out of 20 in 2025-2026.",
    ):
        assert "poll.opened" in kinds(await moment.says("io", f"!punt sociaal + {text}"))
    sent = await moment.says("io", f"!wijzig {at.seen(hall, 'poll.opened')[-1]['number']} 12 op 20")
    assert only(sent, "poll.opened")["version"] == 2
