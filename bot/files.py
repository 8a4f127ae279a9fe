"""The files that are sent: minutes, a meeting for one's calendar, the feedback form."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.composing import Composer
from bot.rules.fiche import Direction
from handlers.turn import Table
from locales.catalogue import NP_
from storage.outbox import TABLE_LANE, Outgoing

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
USUAL_LENGTH = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class File:
    """`facts`: which of the message's facts stand beside the file."""

    data: bytes
    name: str
    mimetype: str
    facts: tuple[str, ...]


async def file(composer: Composer, table: Table, outgoing: Outgoing) -> File:
    """The file a message consists of."""
    return await _FILES[outgoing.kind](composer, table, outgoing)


async def minutes(composer: Composer, _table: Table, outgoing: Outgoing) -> File:
    """Plain text that opens anywhere and prints well."""
    shown = composer.render(TABLE_LANE, outgoing.kind, outgoing.facts, {})
    opened = outgoing.facts["opened"]
    assert isinstance(opened, date)
    name = _name(composer, NP_("file", "minutes"), opened)
    return File(
        (shown.text + "\n").encode(), f"{name}.txt", "text/plain; charset=utf-8", ("opened",)
    )


async def calendar(composer: Composer, _table: Table, outgoing: Outgoing) -> File:
    """An appointment with a neutral title: calendars are seldom as safe as this room."""
    from icalendar import Calendar
    from icalendar import Event as Appointment

    at = outgoing.facts["at"]
    assert isinstance(at, datetime)
    start = at.astimezone(UTC)
    appointment = Appointment()
    appointment.add("uid", f"{outgoing.token}@tafelbot")
    appointment.add("dtstamp", start)
    appointment.add("dtstart", start)
    appointment.add("dtend", start + USUAL_LENGTH)
    appointment.add("summary", composer.room_name())
    whole = Calendar()
    whole.add("prodid", "-//Tafelbot//")
    whole.add("version", "2.0")
    whole.add_component(appointment)
    name = _name(composer, NP_("file", "meeting"), at.date())
    return File(whole.to_ical(), f"{name}.ics", "text/calendar", ("at",))


async def form(composer: Composer, table: Table, outgoing: Outgoing) -> File:
    """The feedback form, for the officer alone (F02, F16); its words are in no fact, and its
    name tells of no case."""
    from bot import form as paper

    facts = outgoing.facts
    items = await composer.words.entries(facts)
    discussed = facts["discussed"]
    assert isinstance(discussed, tuple)
    days = tuple(day for day in discussed if isinstance(day, date))
    direction = Direction(str(facts["direction"]))
    languages = tuple(table.languages)
    data = paper.docx(paper.Form(table.name, table.police_zone, direction, days, items, languages))
    name = _name(composer, NP_("file", "form"), days[-1])
    return File(data, f"{name}.docx", WORD, ("case", "direction", "discussed", "poll"))


def _name(composer: Composer, word: str, day: date) -> str:
    words = dict.fromkeys(composer.in_languages(word, "file").splitlines())
    return "-".join([*words, day.isoformat()])


_FILES: Mapping[str, Callable[[Composer, Table, Outgoing], Awaitable[File]]] = {
    "minutes.ready": minutes,
    "meeting.calendar": calendar,
    "fiche.form": form,
}
