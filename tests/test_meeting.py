"""Whole meetings, as the table would hold them."""

from demo.scene import AMENDED, COORDINATOR, Scene
from storage.inspect import tables
from tests import moments as at
from tests.hall import Hall
from tests.moments import only, seen


async def test_two_meetings_from_the_first_word_to_the_last(empty_hall: Hall) -> None:
    hall, scene = empty_hall, Scene(empty_hall)
    await scene.play()

    outcomes = [
        (one["number"], one["version"], one["outcome"]) for one in seen(hall, "poll.closed")
    ]
    assert outcomes == [
        (1, 1, "consensus"),
        (1, 1, "consensus"),  # the second meeting: feed back at all
        (2, 1, "consensus"),
        (3, 1, "no_consensus"),
        (3, 2, "consensus"),
        (4, 1, "consensus"),
        (5, 1, "consensus"),  # the whole
        (6, 1, "consensus"),
    ]
    (fiche,) = seen(hall, "fiche.adopted")
    assert (fiche["case"], fiche["of"]) == (scene.first, len(scene.seated) + 1)  # the guest too
    assert {one["expires"] for one in seen(hall, "case.discussed")} == {"2027-11-23"}
    (closed,) = seen(hall, "action.closed")
    assert (closed["action"], closed["outcome"]) == (scene.action, "done")
    assert len(seen(hall, "meeting.closed")) == 2
    assert not seen(hall, "refused")

    found = tables(hall.desk.engine, hall.desk.seal)
    (case,) = found["case"]  # the second was not followed, and is forgotten
    assert (case["reference"], case["state"]) == (scene.first, "followed")
    assert str(case["expires_on"]) == "2027-11-23"
    assert {one["role"] for one in found["member"]} & {"ad_hoc"} == set()
    assert found["outbox"] == found["ballot"] == found["poll"] == found["action"] == []
    assert not any(AMENDED in str(one.content) for one in hall.matrix.events.values())


async def test_the_minutes_name_functions_references_and_outcomes_only(empty_hall: Hall) -> None:
    scene = Scene(empty_hall)
    await scene.play()
    files = empty_hall.matrix.uploads
    first, second = (data.decode() for data in files if not data.startswith(b"PK"))
    assert scene.first in first
    assert scene.first in second
    assert scene.second not in second  # stopped: leaves no line
    for minutes in (first, second):
        assert "OCMW" in minutes
        assert "@" not in minutes
        assert AMENDED not in minutes


async def test_words_of_all_four_languages_do_the_same(hall: Hall) -> None:
    for opened, here, closed in (
        ("vergadering openen", "aanwezig", "vergadering sluiten"),
        ("ouvrir réunion", "présent", "fermer réunion"),
        ("Sitzung öffnen", "anwesend", "Sitzung schließen"),
        ("Meeting Open!", "PRESENT.", "meeting close"),
    ):
        await hall.say(COORDINATOR, f"!{opened}", expect="meeting.opened")
        await hall.say("clb", f"!{here}", expect="roll.updated")
        await hall.say(COORDINATOR, f"!{closed}", expect="meeting.closed")


async def test_the_year_counts_from_the_day_the_meeting_opened_also_past_midnight(
    hall: Hall,
) -> None:
    moment = await at.followed(hall)
    hall.later(hours=13)
    said = await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))
    assert only(said, "case.discussed")["expires"] == "2027-11-23"
