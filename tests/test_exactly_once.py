"""Killed at any point and started again, the bot neither loses nor doubles anything (promise 5).

What lies on the homeserver and in the database outlives the bot; the rest is thrown away. A sync
is delivered again until its token is stored.
"""

import asyncio
import itertools
import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.app import App
from bot.desk import Desk
from bot.matrix.door import Batch, Content, Event, Hearing, Invitation, RoomPlan
from bot.rules.facts import Token
from bot.rules.room import Fault
from demo.scene import COORDINATOR, FEW, Scene
from handlers.turn import Table
from storage.inspect import tables
from storage.outbox import Act
from storage.tx import Tx
from tests import moments as at
from tests.hall import BOT, TABLE, FakeDoor, Hall, Sent, facts_of, heard
from tests.moments import figures

RANDOM = re.compile(
    r"(?<![A-Z\d])[2-9A-HJKMNP-Z]{3}-[2-9A-HJKMNP-Z]{3}(?![A-Z\d])"
    r"|\b[a-z2-7]{26}\b|\$e\d+|!r\d+:[\w.]+"
)
UNSTABLE = {"blind", "digest", "id", "poll", "poll_id", "since"}


class Killed(BaseException):
    """SIGKILL: nothing in the program can catch it."""


class Fate:
    """Counts the points at which the bot could die, and lets it die at some of them."""

    def __init__(self) -> None:
        self.dies: Callable[[int], bool] = lambda _point: False
        self.point = 0
        self.deaths = 0
        self.dead = False
        self.watching = False  # what a test itself looks up is no point of the bot's

    def pass_(self) -> None:
        if not self.watching:
            return
        if self.dead:
            raise Killed
        self.point += 1
        if self.dies(self.point):
            self.dead, self.deaths = True, self.deaths + 1
            raise Killed

    def spare(self) -> None:
        self.dies = lambda _point: False


class MortalDesk(Desk):
    fate: Fate

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        with super().transaction() as tx:
            yield tx
            self.fate.pass_()  # just before the commit
        self.fate.pass_()  # just after it


class MortalDoor(FakeDoor):
    """Dies before or after an act in Matrix, whose effect then has or has not happened."""

    fate: Fate

    async def send(
        self,
        room: str,
        type_: str,
        content: Content,
        txn: str,
        *,
        only: Collection[str] | None = None,
    ) -> str:
        self.fate.pass_()
        sent = await super().send(room, type_, content, txn, only=only)
        self.fate.pass_()
        return sent

    async def send_clear(self, room: str, content: Content, txn: str) -> str:
        self.fate.pass_()
        sent = await super().send_clear(room, content, txn)
        self.fate.pass_()
        return sent

    async def redact(self, room: str, event_id: str, txn: str) -> None:
        self.fate.pass_()
        await super().redact(room, event_id, txn)
        self.fate.pass_()

    async def upload(self, data: bytes, name: str, mimetype: str) -> dict[str, Any]:
        self.fate.pass_()
        uploaded = await super().upload(data, name, mimetype)
        self.fate.pass_()
        return uploaded

    async def create_room(self, plan: RoomPlan) -> str:
        self.fate.pass_()
        room = await super().create_room(plan)
        self.fate.pass_()
        return room

    async def forget_keys(self, room: str, *, own: bool = True) -> None:
        self.fate.pass_()
        await super().forget_keys(room, own=own)
        self.fate.pass_()

    async def join(self, room: str) -> None:
        self.fate.pass_()
        await super().join(room)
        self.fate.pass_()

    async def invite(self, room: str, user: str) -> None:
        self.fate.pass_()
        await super().invite(room, user)
        self.fate.pass_()

    async def remove(self, room: str, user: str) -> None:
        self.fate.pass_()
        await super().remove(room, user)
        self.fate.pass_()

    async def leave(self, room: str) -> None:
        self.fate.pass_()
        await super().leave(room)
        self.fate.pass_()

    async def mend(self, room: str, fault: Fault, name: str, keep: Collection[str] = ()) -> None:
        self.fate.pass_()
        await super().mend(room, fault, name, keep)
        self.fate.pass_()


class MortalHall(Hall):
    """A hall whose bot is started again whenever it was killed."""

    def __init__(self, folder: Path, table: Table = TABLE) -> None:
        self.fate = Fate()
        self.spared: Callable[[int], bool] = lambda _point: False  # after each batch
        super().__init__(folder, table)

    def start(self) -> None:
        super().start()
        desk = MortalDesk(
            self.door(), self.desk.engine, self.desk.seal, self.table, lambda: self.now
        )
        desk.fate = self.fate
        self.desk, self.app = desk, App(desk)
        self.app.watch.start()
        self.fate.dead = False

    def door(self) -> FakeDoor:
        door = MortalDoor(self.matrix)
        door.fate = self.fate
        return door

    async def hears(
        self,
        *events: Event,
        invitations: tuple[Invitation, ...] = (),
        moved: frozenset[str] = frozenset(),
    ) -> None:
        batch = Batch(f"t{next(self.tokens)}", events, invitations, moved=moved)
        while not await self.survives(batch):
            self.desk.engine.dispose()
            self.start()
            with self.desk.transaction() as tx:
                point = tx.sync_point()
            if point is not None and point[0] == batch.token:
                batch = Batch(batch.token)
        self.fate.dies = self.spared

    async def survives(self, batch: Batch) -> bool:
        self.fate.watching = True
        try:
            await self.app.hearer.hear(batch)
            await self.app.speaker.settle()
        except Killed:
            return False
        except BaseExceptionGroup as group:
            rest = group.split(Killed)[1]
            if rest is not None:
                raise rest from None
            return False
        finally:
            self.fate.watching = False
        return True


def outcome(hall: Hall) -> Any:
    """What everybody sees in each room, and what is stored, with random values made equal."""
    rooms = [
        same([[event.type, event.clear, facts_of(event), shape(event.content)] for event in events])
        for events in by_room(hall)
    ]
    stored = tables(hall.desk.engine, hall.desk.seal)
    stored = {name: rows for name, rows in stored.items() if name not in {"seen", "sync_point"}}
    kept = {
        name: [{key: value for key, value in row.items() if key not in UNSTABLE} for row in rows]
        for name, rows in stored.items()
    }
    members = [[sorted(room.facts.joined), sorted(room.facts.invited)] for room in all_rooms(hall)]
    return {"rooms": rooms, "stored": same(kept), "members": members}


def by_room(hall: Hall) -> list[list[Any]]:
    own = [event for event in hall.matrix.events.values() if event.sender == BOT]
    return [[event for event in own if event.room == room] for room in hall.matrix.rooms]


def all_rooms(hall: Hall) -> list[Any]:
    return list(hall.matrix.rooms.values())


def shape(content: Content) -> Any:
    """The words that are shown, and what the message relates to."""
    return [content.get("body"), content.get("m.relates_to"), content.get("m.mentions")]


def same(values: Any) -> Any:
    """Random references and ids become numbers in the order in which they appear."""
    text, known = json.dumps(values, default=str, sort_keys=True), dict[str, str]()
    return json.loads(RANDOM.sub(lambda found: known.setdefault(found[0], f"#{len(known)}"), text))


class Sweep:
    """Plays a scene, and at every distinct step of it kills the bot at each point in turn."""

    def __init__(self, hall: MortalHall, *, stride: int = 1) -> None:
        self.hall = hall
        self.stride = stride
        self.steps: list[str] = []

    async def step(self, name: str, act: Callable[[], Any]) -> Any:
        picture = self.hall.picture()
        answer = await act()
        if name in self.steps:
            return answer
        self.steps.append(name)
        after, expected = self.hall.picture(), outcome(self.hall)
        for point in range(1 + len(self.steps) % self.stride, 1000, self.stride):
            self.hall.restore(picture)
            if not await self.dies_at(point, act):
                break
            assert outcome(self.hall) == expected, f"{name}, killed at point {point}"
        self.hall.restore(after)
        return answer

    async def dies_at(self, point: int, act: Callable[[], Any]) -> bool:
        fate = self.hall.fate
        fate.point, deaths = 0, fate.deaths
        fate.dies = lambda now: now == point
        await act()
        fate.spare()
        return fate.deaths > deaths


@pytest.fixture
def mortal(tmp_path: Path) -> MortalHall:
    return MortalHall(tmp_path)


# One after the other; whoever speaks where, and what of the answer is used later.
STEPS = (
    ("schepen", "!taal fr"),
    ("ocmw", "melden @direct"),
    ("ocmw", "ja @direct"),
    ("ocmw", "ja @direct"),
    ("ocmw", "ja @direct @case"),
    ("schepen", "toelaten {case} @direct"),
    (COORDINATOR, "!vergadering openen"),
    ("clb", "!aanwezig"),
    *((who, "!aanwezig") for who in ("schepen", "io", COORDINATOR, "ocmw", "gezondheid")),
    (COORDINATOR, "!volgende"),
    (COORDINATOR, "!beslis {case} opvolgen @poll"),
    *((who, "!akkoord {number}") for who in ("clb", "schepen", "io", COORDINATOR, "ocmw")),
    ("gezondheid", "!akkoord {number} @last"),
    (COORDINATOR, "!actie {case} {@clb} contact-school 2026-12-07"),
    ("io", "!fiche {case} @poll"),
    *((who, "!akkoord {number}") for who in ("clb", "schepen", "io", COORDINATOR, "ocmw")),
    ("gezondheid", "!akkoord {number} @last"),
    ("io", "!punt sociaal + Traint elke week. @poll"),
    ("io", "!wijzig {number} Traint opnieuw elke week. @poll"),
    ("clb", "!vertrekken"),
    ("io", "!fiche sluiten"),
    (COORDINATOR, "!lid verwijderen {@gezondheid}"),
    (COORDINATOR, "!zwanenzang"),
    (COORDINATOR, "!besproken {case} ja"),
    (COORDINATOR, "!later {case}"),
    (COORDINATOR, "!vergadering sluiten"),
)


@pytest.mark.parametrize("stride", [72, 24])  # 1 tries every point there is
async def test_a_step_of_a_meeting_killed_at_any_point_ends_as_if_it_had_not_been(
    mortal: MortalHall, stride: int
) -> None:
    await Scene(mortal).gather()
    moment = await at.gathered(mortal)
    sweep = Sweep(mortal, stride=stride)
    for who, written in STEPS:
        text, *marks = written.split(" @")
        line, direct = moment.line(text), "direct" in marks

        async def speak(who: str = who, line: str = line, direct: bool = direct) -> list[Sent]:
            return await moment.says(who, line, direct=direct)

        sent = await sweep.step(written.split("{")[0], speak)
        if "case" in marks:
            moment.case = str(at.only(sent, "notification.received")["case"])
        if "poll" in marks:
            moment.poll = at.only(sent, "poll.opened")
        assert ("refused" in at.kinds(sent)) == (text == "!zwanenzang"), at.kinds(sent)
    assert len(sweep.steps) == 21
    assert mortal.fate.deaths > 800 / stride


async def played(folder: Path, dies: Callable[[int], bool]) -> tuple[MortalHall, Any]:
    """A whole scene of two meetings, killed at the points that `dies` tells."""
    hall = MortalHall(folder)
    hall.spared, hall.fate.dies = dies, dies
    await Scene(hall, people=FEW, guest=None, worker="ocmw").play()
    hall.desk.engine.dispose()
    return hall, outcome(hall)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("undisturbed")
    return asyncio.run(played(folder, lambda _point: False))[1]


@pytest.mark.parametrize("every", [97, 151, 263])
async def test_two_meetings_with_many_deaths_end_as_if_there_had_been_none(
    tmp_path: Path, undisturbed: Any, every: int
) -> None:
    hall, found = await played(tmp_path, lambda point: point % every == 0)
    assert hall.fate.deaths > 5
    assert found == undisturbed


@settings(max_examples=2, deadline=None, derandomize=True, phases=(Phase.generate,))
@given(pauses=st.lists(st.integers(1, 400), min_size=4, max_size=20))
def test_whenever_it_is_killed_nothing_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: Any, pauses: list[int]
) -> None:
    points = set(itertools.accumulate(pauses))
    folder = tmp_path_factory.mktemp("killed")
    hall, found = asyncio.run(played(folder, points.__contains__))
    assert hall.fate.deaths > 0
    assert found == undisturbed


async def test_an_event_delivered_twice_is_heard_once(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    typed = hall.typed(COORDINATOR, "!volgende\n!agenda", hall.room)
    assert at.kinds(await moment.hears(typed, typed)) == ["agenda", "agenda"]
    assert await moment.hears(typed) == []
    hall.desk.engine.dispose()
    hall.start()
    assert await moment.hears(typed) == []


async def test_a_ballot_delivered_twice_counts_once(hall: Hall) -> None:
    moment = await at.polled(hall)
    ballot = hall.ballot("clb", moment.poll, "agree")
    await moment.hears(ballot, ballot)
    before = outcome(hall)
    assert await moment.hears(ballot) == []
    assert outcome(hall) == before


async def test_the_token_is_stored_only_after_everything_in_it_was_heard(
    mortal: MortalHall,
) -> None:
    await Scene(mortal).gather()
    with mortal.desk.transaction() as tx:
        before = tx.sync_point()
    typed = mortal.typed(COORDINATOR, "!vergadering openen", mortal.room)
    mortal.fate.watching, mortal.fate.dies = True, lambda _point: True
    with pytest.raises(Killed):
        await mortal.app.hearer.hear(Batch("later", (heard(typed, mortal.now),)))
    mortal.fate.watching = False
    with mortal.desk.transaction() as tx:
        assert tx.sync_point() == before


async def test_advice_to_somebody_unheard_is_given_once_for_one_event(hall: Hall) -> None:
    moment = await at.gathered(hall)
    typed = hall.typed("clb", "", hall.room)
    assert len(await moment.hears(typed, how=Hearing.UNSIGNED)) == 1
    hall.desk.engine.dispose()
    hall.start()
    assert await moment.hears(typed, how=Hearing.UNSIGNED) == []


async def test_a_message_that_may_have_been_sent_is_not_dropped_for_a_newer_state(
    hall: Hall,
) -> None:
    """Sent, then killed before that was written down, then something newer to say: the first
    message must be found again, so that it can be edited."""
    with hall.desk.transaction() as tx:
        first = None
        for answered in (1, 2):
            facts = {"rows": ({"number": 1, "version": 1, "answered": answered, "of": 7},)}
            token = hall.desk.chance.token()
            tx.outbox.add(0, Act.MESSAGE, "polls.overview", facts, token, slot="overview-1-1")
            if answered == 1:
                first = tx.outbox.next(0, hall.now)
    assert first is not None
    with hall.desk.transaction() as tx:
        assert tx.outbox.next(0, hall.now) == replace(first, tried_at=hall.now)


@pytest.mark.parametrize("line", ["!status", "!volgende"])
async def test_after_a_long_pause_it_looks_for_what_it_may_have_said(hall: Hall, line: str) -> None:
    """The homeserver has forgotten the transaction ids by then."""
    moment = await at.roll_call(hall)
    (sent,) = await moment.says(COORDINATOR, line)
    token = str(facts_of(sent)["id"])
    with hall.desk.transaction() as tx:
        tx.outbox.add(0, Act.MESSAGE, "status", {}, Token(token))
        assert tx.outbox.next(0, hall.now) is not None
    hall.matrix.done.clear()
    hall.later(hours=13)
    assert await moment.hears() == []


async def test_live_figures_that_wait_are_said_once_with_the_newest_state(hall: Hall) -> None:
    moment = await at.polled(hall)
    ballots = [hall.ballot(who, moment.poll, "agree") for who in ("clb", "ocmw", "io")]
    (only,) = await moment.hears(*ballots)
    assert (figures([only])["answered"], figures([only])["of"]) == (3, 6)
