"""The feedback form on paper: the official form's order, the agreed words, nobody's name (F17-F31).

A pure function of plain data: the same form is the same bytes, and no byte tells who made it.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Paper
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.shared import Mm

from bot.rules.fiche import RISK_DOMAINS, Direction, Section
from bot.rules.form import Entry, in_order, wording
from locales.catalogue import NP_, translate
from locales.codes import label

TITLE = NP_("form", "Feedback form")
DATA = NP_("form", "Data of the discussion")
MUNICIPALITY = NP_("form", "City or municipality")
DATES = NP_("form", "Dates of discussion")
ZONE = NP_("form", "Police zone")
# Never typed: the officer writes them by hand (F17).
BY_HAND = (
    NP_("form", "Name of the person, organisation or association"),
    NP_("form", "Date of birth"),
    NP_("form", "Status in the common database, if any"),
)
HAND = NP_("form", "to be filled in by hand")
REASON = NP_("form", "Reason for putting it on the agenda")
RISKS = NP_("form", "Analysis by risk domain")
DOMAINS = {
    Section.BELIEFS: NP_("form", "Beliefs, views, ideology"),
    Section.SOCIAL: NP_("form", "Social context"),
    Section.INTENTION: NP_("form", "Intention"),
    Section.ACTS: NP_("form", "Acts, capacity, ability"),
    Section.PSYCH: NP_("form", "Mental disorders (confirmed by a psychiatrist or psychologist)"),
    Section.OTHER: NP_("form", "Other protective and vulnerability factors"),
}
FOLLOW_UP = NP_("form", "Individual follow-up")
QUESTIONS = NP_("form", "Questions to the local task force")
AGREED = NP_("form", "Agreed by consensus of all who took part, {day}. Code of the wording: {code}")

_PROPERTIES = (
    RELATIONSHIP_TYPE.CORE_PROPERTIES,
    RELATIONSHIP_TYPE.EXTENDED_PROPERTIES,
    RELATIONSHIP_TYPE.THUMBNAIL,
)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first day a zip file knows
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Form:
    """Words of the table, also where they reply to the task force (F15). `discussed`: the days,
    the last of them the one on which it was agreed."""

    table: str
    zone: str
    direction: Direction
    discussed: tuple[date, ...]
    items: tuple[Entry, ...]
    languages: tuple[str, ...]


def docx(form: Form) -> bytes:
    """The form as a file of Word; sections without an item are left out (F11)."""
    paper = Document()
    page = paper.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    agreed = _in(form, AGREED, " · ").format(code=wording(form.items), day=_day(form.discussed[-1]))
    page.footer.paragraphs[0].text = agreed
    paper.add_heading(_in(form, TITLE), 0)
    shown = [label("direction", form.direction, language) for language in form.languages]
    paper.add_paragraph(" / ".join(shown))
    _data(paper, form)
    _sections(paper, form)
    return _anonymous(paper)


def _data(paper: Paper, form: Form) -> None:
    """What was discussed where and when; who, is written by hand (F17)."""
    paper.add_heading(f"1. {_in(form, DATA)}", 1)
    rows = [
        (MUNICIPALITY, form.table),
        (DATES, ", ".join(_day(day) for day in form.discussed)),
        (ZONE, form.zone),
        *((line, "") for line in BY_HAND),
    ]
    grid = paper.add_table(0, 2, "Table Grid")
    for name, value in rows:
        left, right = grid.add_row().cells
        left.text = _in(form, name) if value else f"{_in(form, name)} ({_in(form, HAND)})"
        right.text = _plain(value)


def _sections(paper: Paper, form: Form) -> None:
    items = in_order(form.items)
    _section(paper, form, f"2. {_in(form, REASON)}", _of(items, Section.REASON))
    if any(item.section in RISK_DOMAINS for item in items):
        paper.add_heading(f"3. {_in(form, RISKS)}", 1)
    for letter, (domain, name) in zip("abcdef", DOMAINS.items(), strict=True):
        _section(paper, form, f"{letter}. {_in(form, name)}", _of(items, domain), 2)
    _section(paper, form, f"4. {_in(form, FOLLOW_UP)}", _of(items, Section.TRAJECTORY))
    _section(paper, form, f"5. {_in(form, QUESTIONS)}", _of(items, Section.QUESTIONS))


def _section(
    paper: Paper, form: Form, heading: str, items: Sequence[Entry], level: int = 1
) -> None:
    if items:
        paper.add_heading(heading, level)
    for item in items:
        line = paper.add_paragraph(style="List Bullet")
        if mark := _mark(form, item):
            line.add_run(f"{mark}: ").bold = True
        line.add_run(_plain(item.text))


def _mark(form: Form, item: Entry) -> str:
    """Positive, negative or neutral (F19), or the phase of the follow-up (F29), in words."""
    marks = [("sign", item.sign), ("phase", item.phase)]
    shown = [
        " / ".join(label(family, code, language) for language in form.languages)
        for family, code in marks
        if code is not None
    ]
    return ", ".join(shown)


def _of(items: Sequence[Entry], section: Section) -> list[Entry]:
    return [item for item in items if item.section is section]


def _in(form: Form, words: str, between: str = " / ") -> str:
    """In each language of the table; once, where they say the same."""
    said = dict.fromkeys(translate(words, language, "form") for language in form.languages)
    return between.join(said)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _plain(text: str) -> str:
    """Without the signs that a Word file cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)


def _anonymous(paper: Paper) -> bytes:
    """Neither author nor moment of making, in the file or in its envelope."""
    rels = paper.part.package.rels
    for key in [key for key, rel in rels.items() if rel.reltype in _PROPERTIES]:
        del rels[key]
    made, whole = io.BytesIO(), io.BytesIO()
    paper.save(made)
    with ZipFile(made) as source, ZipFile(whole, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = ZipInfo(name, _LONG_AGO)
            entry.create_system, entry.compress_type = 0, ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return whole.getvalue()
