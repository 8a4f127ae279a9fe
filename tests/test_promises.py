"""The ten promises, where no other file proves them."""

import ast
import inspect
import json
import logging
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Boolean, Date, Integer

from bot.desk import Dice
from bot.rules import (
    actions,
    address,
    agenda,
    consensus,
    decision,
    facts,
    fiche,
    form,
    identity,
    minutes,
    notification,
    people,
    personal,
    reference,
    retention,
    roll,
    room,
    roster,
)
from demo.scene import COORDINATOR, PEOPLE
from handlers.table import COMMANDS
from locales import commands
from locales.codes import Place
from storage.inspect import tables
from storage.models import Base
from storage.types import CodeType, Digest, Instant, ReferenceType, Sealed, TokenType
from tests import moments as at
from tests.hall import Hall, Picture, Sent, facts_of

RULES: tuple[ModuleType, ...] = (
    actions,
    address,
    agenda,
    consensus,
    decision,
    fiche,
    form,
    identity,
    minutes,
    notification,
    people,
    personal,
    reference,
    retention,
    roll,
    room,
    roster,
)
ALLOWED = (
    Integer,
    Boolean,
    Date,
    CodeType,
    Digest,
    Instant,
    ReferenceType,
    Sealed,
    TokenType,
)
# Every column there is, and what it means. Whoever adds one writes here what it holds.
COLUMNS = {
    "keyring": {"id": "number", "check": "a constant, sealed"},
    "sync_point": {"id": "number", "token": "the homeserver's", "at": "when"},
    "account": {
        "id": "our number of a person",
        "blind": "index of the Matrix id",
        "sealed": "the Matrix id",
        "language": "chosen for direct messages",
        "greeted": "has been told that they are heard",
    },
    "room": {
        "id": "our number of a room",
        "blind": "index of the room id",
        "sealed": "the room id",
        "kind": "the table's or direct",
        "account_id": "whose direct room",
        "case_id": "whose side room",
    },
    "room_fault": {
        "code": "what is the matter with the table's room",
        "knowledge": "code of what the table was told",
        "count": "of strangers",
        "told_at": "when",
    },
    "member": {
        "account_id": "who",
        "role": "code",
        "organisation": "code",
        "identity": "their public master key, sealed",
        "proof": "code: how it is known",
        "offered": "another one shown in its place, sealed",
        "settled": "the settings say so",
    },
    "meeting": {
        "id": "number",
        "state": "code",
        "planned_at": "when",
        "opened_on": "day",
        "chair_id": "who, while it lasts",
        "step": "code, while it lasts",
        "case_id": "on the table, while it lasts",
        "action_id": "being asked, while it lasts",
        "moved_at": "last `next`, while it lasts",
        "moved_by": "whose, while it lasts",
        "polls": "how many",
    },
    "presence": {
        "meeting_id": "while it lasts",
        "account_id": "who",
        "there": "came, and is here",
        "role": "code, as which they came",
        "organisation": "code, from which",
    },
    "case": {
        "id": "number",
        "reference": "random",
        "state": "code",
        "notified_on": "day",
        "route": "code, until admitted",
        "notifier_id": "who speaks first",
        "manager_id": "who",
        "director_id": "who",
        "discussed_on": "day",
        "expires_on": "day",
    },
    "discussion": {"case_id": "which", "on": "day"},
    "draft": {"account_id": "who", "route": "code", "asked": "code of the question"},
    "taken_up": {
        "meeting_id": "while it lasts",
        "case_id": "which",
        "discussed": "yes or no",
        "discussed_before": "day, to undo a yes",
        "polled": "has been polled on",
        "aside": "has a side room",
        "informing": "whether the person may be told is being asked",
        "later": "its manager and actions are for the next meeting",
    },
    "rostered": {
        "meeting_id": "while it lasts",
        "case_id": "which",
        "account_id": "who",
        "standing": "code: on it, gone, left out",
    },
    "action": {
        "id": "its number",
        "case_id": "which",
        "owner_id": "who",
        "code": "code",
        "due": "day",
        "state": "code",
        "made_in": "meeting",
        "answered_in": "meeting",
    },
    "fiche": {"meeting_id": "while it lasts", "case_id": "", "direction": "code", "state": "code"},
    "poll": {
        "id": "number",
        "meeting_id": "while it lasts",
        "case_id": "which",
        "number": "as shown",
        "version": "number",
        "lane": "room",
        "subject": "code",
        "section": "code",
        "sign": "code",
        "phase": "code",
        "waiting": "is not asked yet",
        "attested": "has been confirmed by a doctor, says the officer",
        "secret": "holds a secret of somebody's, not whose",
        "agree_id": "random",
        "object_id": "random",
        "secret_id": "random",
        "source": "event id of the officer's message",
        "line": "number in that message",
        "digest": "of the words, keyed",
        "outcome": "code",
    },
    "doubt": {
        "poll_id": "while the meeting lasts",
        "event": "keyed index",
        "account_id": "who",
        "mark": "number of theirs",
    },
    "yes": {
        "poll_id": "while the meeting lasts",
        "blind": "keyed index",
        "account_id": "who",
    },
    "ballot": {
        "poll_id": "while the meeting lasts",
        "account_id": "who",
        "answer": "code",
        "mark": "of the doubt it ends",
    },
    "trace": {
        "id": "number",
        "meeting_id": "while it lasts",
        "lane": "room",
        "blind": "keyed index",
        "event": "event id",
    },
    "seen": {"event": "index of the event id", "line": "number", "on": "day"},
    "unread": {
        "id": "number",
        "room_id": "where",
        "account_id": "who",
        "event": "event id",
        "blind": "index of the event id",
        "since": "when",
        "told": "has been told",
    },
    "outbox": {
        "id": "number",
        "lane": "room",
        "act": "code",
        "kind": "code",
        "facts": "facts, never words",
        "token": "random",
        "reply_to": "event id",
        "thread": "event id",
        "slot": "code",
        "tried_at": "when",
        "attempts": "how many",
        "not_before": "when",
        "event": "event id",
    },
}


def test_every_column_is_of_a_kind_that_holds_no_prose() -> None:
    seen = 0
    for table in Base.metadata.tables.values():
        for column in table.columns:
            assert type(column.type) in ALLOWED, f"{table.name}.{column.name}"
            seen += 1
    assert seen > 80


def test_every_column_is_written_down_with_what_it_means() -> None:
    found = {name: set(table.columns.keys()) for name, table in Base.metadata.tables.items()}
    assert found == {name: set(columns) for name, columns in COLUMNS.items()}


CANARIES = ("kanarieloeloe", "zwanenzangetje", "nachtegaaltje")
WORDS = " ".join(CANARIES)
ITEMS = (
    f"!punt sociaal + Zag op 4 september {WORDS} voorbijkomen.",
    f"!punt overtuigingen - Zei op 12 oktober: {WORDS}.",
    f"!punt reden {WORDS}",
)


SAID: list[tuple[Picture, at.Moment, list[str]]] = []  # played once, and then pictured


async def all_said(folder: Path) -> tuple[at.Moment, list[str]]:
    """After everything was said, and with the bot started anew if that was long ago."""
    if not SAID:
        return await everything_said(await at.gathered_hall(folder))
    picture, moment, items = SAID[0]
    hall = Hall.as_in(picture, folder)
    return replace(moment, hall=hall, scene=replace(moment.scene, stage=hall)), items


async def everything_said(hall: Hall) -> tuple[at.Moment, list[str]]:
    """Every command with canaries behind it, in both rooms, at several moments; items agreed
    to, objected to and amended, and then the meeting closed. The events that hold items."""
    moment = await at.gathered(hall)
    await every_command(moment)
    moment = await at.with_fiche(hall)
    await every_command(moment)
    await moment.says("io", f"!fiche {moment.case}")  # in case it was closed
    items: list[str] = []
    for number, line in enumerate(ITEMS):
        typed = hall.typed("io", line, hall.room)
        items.append(typed.event_id)
        moment.poll = at.only(await moment.hears(typed), "poll.opened")
        await moment.everybody("agree" if number != 1 else "object")
        if number == 1:
            typed = hall.typed("io", f"!wijzig {moment.poll['number']} {WORDS}", hall.room)
            items.append(typed.event_id)
            moment.poll = at.only(await moment.hears(typed), "poll.opened")
            await moment.everybody("agree")
    refused = hall.typed("clb", f"!punt sociaal + {WORDS}", hall.room)
    items.append(refused.event_id)
    await moment.hears(refused)
    await moment.says("io", "!fiche sluiten")
    return moment, items


async def every_command(moment: at.Moment) -> None:
    for name, command in COMMANDS.items():
        word = commands.word(name, "nl")
        for who in (COORDINATOR, "io"):
            for line in (f"{word} {WORDS}", f"{word} {at.UNKNOWN} {WORDS}", f"{word} 1 {WORDS}"):
                if Place.TABLE in command.places:
                    await moment.says(who, f"!{line}")
                if who == "io":
                    await moment.says(who, line, direct=True)


def holds(data: bytes) -> bool:
    return any(word.encode() in data for word in CANARIES)


async def test_words_typed_reach_neither_disk_nor_log_nor_inspection(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    moment, items = await everything_said(hall)
    await words_are_nowhere(hall, caplog)  # while the meeting lasts
    SAID.append((hall.picture(), moment, items))
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    assert "meeting.closed" in at.kinds(await moment.says(COORDINATOR, "!vergadering sluiten"))
    await words_are_nowhere(hall, caplog)
    assert caplog.records


async def words_are_nowhere(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    files = [file for file in hall.folder.rglob("*") if file.is_file()]
    assert len(files) >= 2
    for file in files:
        assert not holds(file.read_bytes()), file
    assert not holds(json.dumps(tables(hall.desk.engine, hall.desk.seal), default=str).encode())
    for record in caplog.records:
        assert not holds(f"{record.getMessage()} {record.__dict__}".encode()), record


async def test_after_the_close_no_words_of_an_item_are_left_in_the_room(tmp_path: Path) -> None:
    moment, items = await all_said(tmp_path)
    hall = moment.hall
    assert any(holds(content(event)) for event in own_events(hall))  # they were shown
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja\n!later {moment.case}")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert not any(holds(content(event)) for event in own_events(hall))
    assert len(items) > 4
    for event_id in items:
        assert hall.matrix.events[event_id].content == {}


async def test_words_of_an_item_go_too_when_its_case_is_forgotten(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    moment.poll = at.only(await moment.says("io", ITEMS[0]), "poll.opened")
    await moment.everybody("object")
    await moment.says("io", "!fiche sluiten")
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} niet-opvolgen")
    moment.poll = at.only(sent, "poll.opened")
    await moment.everybody("agree")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    assert not any(holds(content(event)) for event in hall.matrix.events.values())


def own_events(hall: Hall) -> list[Sent]:
    return [event for event in hall.matrix.events.values() if facts_of(event) or poll(event)]


def poll(event: Sent) -> bool:
    return ".poll." in event.type


def content(event: Sent) -> bytes:
    return json.dumps(event.content, ensure_ascii=False).encode()


def test_every_rule_cites_the_law_it_enforces() -> None:
    cites = re.compile(r"\b[A-Z]\d{2}\b|promise \d|DESIGN")
    looked_at = 0
    for module in RULES:
        assert module.__doc__
        tree = ast.parse(inspect.getsource(module))
        for rule in tree.body:
            if isinstance(rule, ast.FunctionDef) and not rule.name.startswith("_"):
                text = f"{module.__doc__} {ast.get_docstring(rule)}"
                assert ast.get_docstring(rule), rule.name
                assert cites.search(text), f"{module.__name__}.{rule.name} cites nothing"
                looked_at += 1
    assert looked_at > 20


def test_every_module_of_the_rules_is_looked_at() -> None:
    folder = Path(str(facts.__file__)).parent
    found = {file.stem for file in folder.glob("*.py")} - {"__init__", "facts", "refusal"}
    assert found == {module.__name__.rpartition(".")[2] for module in RULES}


def test_references_are_unique_and_tell_nothing_of_their_order() -> None:
    made = [reference.make(Dice().pick) for _ in range(1000)]
    assert len(set(made)) > 998  # 31^5 free ones; the store looks for the rest
    rises = sum(first < second for first, second in pairwise(made))
    assert 400 < rises < 600


async def test_references_are_given_anew_even_when_chance_repeats_itself(hall: Hall) -> None:
    first = await at.notified(hall)
    signs = iter([*first.case.replace("-", "")[:5], *"23456"])

    class Repeating(Dice):
        def pick(self, alphabet: str) -> str:
            return str(next(signs))

    hall.desk.chance = Repeating()
    second = await at.notified(hall)
    assert second.case != first.case


async def test_who_did_not_speak_or_come_cannot_be_told_afterwards(hall: Hall) -> None:
    """While a meeting lasts its roll is needed; nothing of it outlives the meeting."""
    moment = await at.polled(hall)
    await moment.everybody("agree", but=("clb",))
    await moment.says(COORDINATOR, f"!sluit {moment.poll['number']}")
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja")
    await moment.says(COORDINATOR, "!vergadering sluiten")
    found = tables(hall.desk.engine, hall.desk.seal)
    assert found["meeting"]
    for table in (
        "presence",
        "rostered",
        "ballot",
        "yes",
        "doubt",
        "poll",
        "taken_up",
        "trace",
        "fiche",
    ):
        assert found[table] == [], table
    people_named = {
        f"{table}.{column.name}"
        for table, rows in found.items()
        for column in Base.metadata.tables[table].columns
        if any(key.column.table.name == "account" for key in column.foreign_keys)
        and any(row[column.name] is not None for row in rows)
    }
    assert people_named == {"member.account_id", "room.account_id", "case.notifier_id"}
    assert len(PEOPLE) == 5
