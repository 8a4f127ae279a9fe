"""Who represents the mayor is named by the mayor's seat or the settings, by nobody else (H01,
N12)."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.rules.refusal import Reason
from demo.scene import COORDINATOR, DELEGATE, MAYOR, Scene
from locales.catalogue import LANGUAGES
from tests import moments as at
from tests.hall import TABLE, Hall
from tests.moments import kinds, only, reason, store

LINES = {
    "nl": "lid toevoegen {@nieuw} aangestelde-vertegenwoordiger gemeente",
    "fr": "ajouter membre {@nieuw} représentant commune",
    "de": "Mitglied hinzufügen {@nieuw} Vertretung Gemeinde",
    "en": "member add {@nieuw} mayor's representative municipality",
}
WORDS = {
    "nl": "Alleen de burgemeester of een aangestelde vertegenwoordiger",
    "fr": "Seul le siège du bourgmestre",
    "de": "Nur der Sitz des Bürgermeisters",
    "en": "Only the mayor's seat",
}


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_coordinator_names_none(hall: Hall, language: str, direct: bool) -> None:
    moment = await at.gathered(hall)
    hall.table = hall.desk.table = replace(hall.table, languages=(language,))
    await hall.direct(COORDINATOR)
    before = store(hall)
    sent = await moment.says(COORDINATOR, moment.line(f"!{LINES[language]}"), direct=direct)
    assert reason(sent) == Reason.MAYOR_NAMES
    assert str(sent[0].content["body"]).startswith(WORDS[language])
    assert store(hall) == before


@pytest.mark.parametrize("who", [MAYOR, DELEGATE])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_mayors_seat_names_one_who_then_admits(
    hall: Hall, language: str, who: str
) -> None:
    moment = await at.notified(hall)
    sent = await moment.says(who, moment.line(f"!{LINES[language]}"), direct=True)
    assert {one["role"] for one in at.seen(hall, "member.added")} >= {"mayor_delegate"}
    assert kinds(sent).count("member.added") == 2  # to them, and to the table
    await hall.come("nieuw")
    said = await moment.says("nieuw", f"toelaten {moment.case}", direct=True)
    assert "case.admitted" in kinds(said)


async def test_in_the_tables_room_too(hall: Hall) -> None:
    moment = await at.gathered(hall)
    sent = await moment.says(DELEGATE, moment.line(f"!{LINES['nl']}"))
    assert only(sent, "member.added")["role"] == "mayor_delegate"


async def test_who_stands_in_the_settings_is_told_and_invited(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    scene = Scene(hall)
    await scene.gather()
    assert await hall.see(DELEGATE, "heard", direct=True)
    assert hall.user_id(DELEGATE) in hall.matrix.rooms[hall.room].facts.joined
    said = at.Moment(hall, scene)
    assert reason(await said.says(COORDINATOR, said.line("!lid verwijderen {@schepen}"))) == (
        Reason.STANDS_IN_CONFIG
    )


async def test_who_stands_there_no_more_has_left_and_whom_the_mayor_named_stays(
    hall: Hall,
) -> None:
    moment = await at.gathered(hall)
    await moment.says(MAYOR, moment.line(f"!{LINES['nl']}"), direct=True)
    await hall.come("nieuw")
    hall.table = replace(TABLE, delegates=())
    hall.start()
    await hall.app.speaker.settle()
    joined = hall.matrix.rooms[hall.room].facts.joined
    assert hall.user_id(DELEGATE) not in joined
    assert hall.user_id("nieuw") in joined
    roles = [row["role"] for row in store(hall)["member"]]
    assert roles.count("mayor_delegate") == 1
    assert [one["role"] for one in at.seen(hall, "member.removed")] == ["mayor_delegate"]


async def test_a_partner_who_is_put_there_fills_the_seat_from_the_next_start_on(
    hall: Hall,
) -> None:
    moment = await at.notified(hall)
    assert reason(await moment.says("clb", f"toelaten {moment.case}", direct=True)) == (
        Reason.NOT_ENTITLED
    )
    hall.table = replace(TABLE, delegates=(*TABLE.delegates, hall.user_id("clb")))
    hall.start()
    said = await moment.says("clb", f"toelaten {moment.case}", direct=True)
    assert "case.admitted" in kinds(said)
    assert hall.user_id("clb") in hall.app.hearer.check._places.stewards()
