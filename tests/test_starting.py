"""What is said at every start: that nobody is named who looks after the data (R22)."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import App
from bot.matrix.door import Batch, SessionLost
from demo.scene import COORDINATOR
from locales.catalogue import LANGUAGES
from tests.hall import TABLE, FakeDoor, Hall
from tests.moments import seen

KIND = "protection.missing"
WORDS = {
    "nl": "functionaris voor gegevensbescherming",
    "fr": "délégué à la protection des données",
    "de": "Datenschutzbeauftragte",
    "en": "data protection officer",
}


async def started(folder: Path, language: str = "nl") -> Hall:
    """A bot without that setting, and a coordinator who has come into the direct room."""
    hall = Hall(folder, replace(TABLE, unprotected=True, languages=(language,)))
    await hall.hears()
    await hall.come(COORDINATOR)
    return hall


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_coordinator_is_told_in_private(tmp_path: Path, language: str) -> None:
    hall = await started(tmp_path, language)
    room = await hall.direct(COORDINATOR)
    (body,) = [words for words in hall.shown(room) if WORDS[language] in words]
    assert "data_protection_officer" in body
    assert len(seen(hall, KIND)) == 1


async def test_once_per_start_and_not_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        hall = await started(tmp_path)
        for _ in range(3):
            await hall.hears()
        assert len(seen(hall, KIND)) == 1
        hall.start()
        await hall.hears()
    assert len(seen(hall, KIND)) == 2
    told = [line for line in caplog.messages if "data_protection_officer is not set" in line]
    assert len(told) == 2


async def test_starts_that_nobody_has_read_of_are_told_as_one(tmp_path: Path) -> None:
    hall = Hall(tmp_path, replace(TABLE, unprotected=True))
    hall.start()
    await hall.hears()
    hall.start()
    await hall.come(COORDINATOR)
    await hall.hears()
    assert len(seen(hall, KIND)) == 1


async def test_nothing_is_said_once_it_is_there(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        hall.start()
        await hall.hears()
    assert seen(hall, KIND) == []
    assert not [line for line in caplog.messages if "data_protection_officer" in line]


class Ended(FakeDoor):
    """A homeserver that ends the session after the first batch."""

    async def listen(self, since: str | None) -> AsyncIterator[Batch]:
        yield Batch("t1")
        raise SessionLost


async def test_the_bot_that_is_run_says_it(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    hall.desk.table = replace(TABLE, unprotected=True)
    hall.desk.door = Ended(hall.matrix)
    with caplog.at_level(logging.WARNING), pytest.raises(ExceptionGroup):
        await App(hall.desk).run()
    assert [line for line in caplog.messages if "data_protection_officer is not set" in line]
