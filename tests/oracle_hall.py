"""A hall in which an oracle listens: each act is done to both, and the table must be told the same.

What is said there is read off the events of the fake homeserver, as a member's client would.
"""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from zipfile import ZipFile

from bot.composing import FACTS
from bot.matrix.door import Batch, Event, Hearing
from bot.rules.consensus import BallotMode
from bot.rules.fiche import FicheText
from demo.scene import COORDINATOR, FEW, Scene
from tests import moments as at
from tests.hall import BOT, TABLE, Hall, Picture, Sent, facts_of, heard, key_of
from tests.moments import Facts, Moment, only
from tests.oracle import Oracle, Refused, Told, Version

SEATED = (COORDINATOR, *FEW)
NEWCOMERS = {"burgemeester": "", "jeugdhuis": "partner jeugdwerk"}  # the mayor is enrolled already
SEATS = {"schepen": "mayor", "burgemeester": "mayor", "io": "officer", COORDINATOR: "coordinator"}
CANARIES = ("zwaluw", "kwikstaart", "ijsvogel")
WORDS = ("Telt sinds 4 mei elke zwaluw.", "Ziet een kwikstaart.", "Ziet een ijsvogel.")
AMISS = {"fault", "poll.void", "item.void", "side.opened", "file.failed", "redaction.failed"}
REDACTION = "m.room.redaction"
RESPONSE = "org.matrix.msc3381.poll.response"
PICTURES: dict[tuple[bool, bool, str], tuple[Picture, str]] = {}
TAKEN_UP, FOLLOWED, OPENED = "taken up", "followed", "opened"


async def seated(folder: Path, *, private: bool, screen: bool, since: str) -> tuple[Hall, str]:
    """A case is on the table of a few: nothing was asked about it, the officer may ask to feed
    back, or everybody has agreed to that. Played once, and then pictured."""
    mode = BallotMode.PRIVATE if private else BallotMode.OPEN
    text = FicheText.SCREEN if screen else FicheText.ROOM
    hall = Hall(folder, replace(TABLE, ballot=mode, fiche_text=text))
    if (private, screen, since) not in PICTURES:
        moment = Moment(hall, Scene(hall, people=FEW))
        await moment.scene.gather()
        for who in (*SEATED, *NEWCOMERS):
            await hall.direct(who)
        moment.case = await moment.scene.notify("ocmw")
        await moment.scene.open("")
        await moment.says(COORDINATOR, "!volgende")
        if since != TAKEN_UP:
            sent = await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
            moment.poll = only(sent, "poll.opened")
            await moment.everybody("agree")
        if since == OPENED:
            moment.poll = only(await moment.says("io", f"!fiche {moment.case}"), "poll.opened")
            await moment.everybody("agree")
        PICTURES[private, screen, since] = hall.picture(), moment.case
    picture, case = PICTURES[private, screen, since]
    hall.restore(picture)
    return hall, case


class Listening:
    """The hall and the oracle, side by side."""

    def __init__(self, folder: Path, *, private: bool, screen: bool, since: str) -> None:
        self.runner = asyncio.Runner()
        before = seated(folder, private=private, screen=screen, since=since)
        self.hall, self.case = self.runner.run(before)
        self.oracle = Oracle(
            roster=set(SEATED),
            seats=SEATS,
            in_room=set(SEATED),
            enrolled={*SEATED, "burgemeester"},
            private=private,
            screen=screen,
            present=set(SEATED),
            numbers=0 if since == TAKEN_UP else 1,
            polled=since != TAKEN_UP,
            followed=since != TAKEN_UP,
        )
        self.asked: dict[tuple[int, int], Facts] = {}  # number, version → what the table was told
        self.delivered: list[Event] = []
        self.renewed: set[str] = set()  # who has had another identity
        self.uploads = len(self.hall.matrix.uploads)
        self.known = 0
        self.told()
        self.amiss = False  # something was found; what follows tells nothing
        if since == OPENED:
            self.oracle.opened()

    # Acts

    def types(
        self, who: str, text: str, follows: Callable[[], None], *, direct: bool = False
    ) -> None:
        """Somebody types a line; what should follow, if they are heard."""
        room = self.direct(who) if direct else self.hall.room
        if direct or who in self.oracle.in_room:
            self.hears(who, self.hall.typed(who, text, room), follows)

    def sends(self, who: str, room: str, content: Facts, follows: Callable[[], None]) -> None:
        kind = "m.room.message" if "msgtype" in content else RESPONSE
        if room != self.hall.room or who in self.oracle.in_room:
            sent = self.hall.matrix.add(room, self.hall.user_id(who), kind, content)
            self.hears(who, sent, follows)

    def hears(self, who: str, sent: Sent, follows: Callable[[], None]) -> None:
        event, self.oracle.event = self.event(sent), sent.event_id
        if self.oracle.heard(who):
            self.delivered.append(event)
            self.compare(self.hall.hears(event), follows)
        else:
            self.compare(self.hall.hears(event), nothing)

    def deletes(self, by: str, sent: Sent) -> None:
        """Anybody may have: a redaction is not encrypted."""
        sent.content = {}
        user, target = self.hall.user_id(by), sent.event_id
        redaction = self.hall.matrix.add(sent.room, user, REDACTION, {"redacts": target})
        self.oracle.event = redaction.event_id
        event = self.event(redaction, Hearing.CLEAR)
        self.compare(self.hall.hears(event), partial(self.oracle.unsays, target))

    def event(self, sent: Sent, how: Hearing = Hearing.TRUSTED) -> Event:
        event = heard(sent, self.hall.now, how)
        key = self.hall.matrix.keys.get(sent.sender, key_of(sent.sender))
        return replace(event, identity=key)

    def compare(self, act: object, *follows: Callable[[], None]) -> None:
        """Do it here and there: the table must be told what the oracle says, and nothing else."""
        self.amiss = True
        self.runner.run(act)  # type: ignore[arg-type]
        expected: list[Told] = []
        for one in follows:
            try:
                one()
            except Refused:
                self.oracle.told = [("refused",)]
            expected += self.oracle.told
            self.oracle.told = []
        assert sorted(self.told(), key=str) == sorted(expected, key=str)
        self.check(expected)
        self.amiss = False

    async def key_arrives(self) -> None:
        await self.hall.app.hearer.hear(Batch(f"t{next(self.hall.tokens)}", keys_arrived=True))
        await self.hall.app.speaker.settle()

    def restart(self) -> None:
        self.hall.desk.engine.dispose()
        self.hall.start()

    # What is seen

    def told(self) -> list[Told]:
        """What the table was told since we looked last; refusals wherever they are said."""
        new = islice(self.hall.matrix.events.values(), self.known, None)
        found = [told for sent in new if sent.sender == BOT for told in self._told(sent)]
        self.known = len(self.hall.matrix.events)
        return found

    def _told(self, sent: Sent) -> Iterator[Told]:
        facts = facts_of(sent)
        kind = str(facts.get("kind", ""))
        if kind == "poll.opened":
            self.asked[facts["number"], facts["version"]] = facts
            yield ("opened", facts["number"], facts["version"])
        elif kind == "poll.closed":
            which = facts["number"], facts["version"], facts["outcome"]
            yield ("closed", *which, bool(facts.get("confidential")))
        elif kind in {"fiche.opened", "fiche.closed", "fiche.adopted"}:
            yield ("form", kind.partition(".")[2])
        elif kind in {"roster.joined", "roster.late"}:
            yield (kind.partition(".")[2],)
        elif kind == "refused":
            yield (kind,)
        elif kind in AMISS:
            yield ("amiss", kind)

    def check(self, told: list[Told]) -> None:
        """What must hold at any time."""
        self.no_words_at_rest()
        if ("form", "adopted") in told:  # and then nobody could be missing
            assert self.oracle.complete()
        if overviews := at.seen(self.hall, "polls.overview"):
            names = ("number", "version", "answered", "of")
            shown = {tuple(row[name] for name in names) for row in overviews[-1]["rows"]}
            answered = {row for row in self.oracle.figures() if row[2]}
            assert answered <= shown <= self.oracle.figures()
            doubts = overviews[-1].get("doubts", [])
            assert {(row["number"], row["doubts"]) for row in doubts} == self.oracle.in_doubt()
        papers = self.hall.matrix.uploads[self.uploads :]
        self.uploads += len(papers)
        if ("form", "adopted") in told and not self.oracle.screen:
            (paper,) = papers
            agreed = {str(one.words) for one in self.oracle.standing()}
            assert agreed
            assert agreed == {words for words in WORDS if words in text_of(paper)}
        else:
            assert not any(canary in text_of(file) for file in papers for canary in CANARIES)

    def no_words_at_rest(self) -> None:
        for file in self.hall.folder.glob("tafelbot.db*"):
            stored = file.read_bytes()
            assert not [word for word in CANARIES if word.encode() in stored], file.name

    def no_words_left(self) -> None:
        """The meeting is closed."""
        for sent in self.hall.matrix.events.values():
            written = json.dumps([sent.type, sent.content])
            assert not [word for word in CANARIES if word in written], sent

    # Where things are

    def direct(self, who: str) -> str:
        return self.runner.run(self.hall.direct(who))

    def answers_of(self, who: str | None = None) -> list[Sent]:
        """What was said in answer to polls and heard, and is not deleted; newest first."""
        heard = [self.hall.matrix.events[one.event_id] for one in reversed(self.delivered)]
        theirs = [one for one in heard if who is None or one.sender == self.hall.user_id(who)]
        return [one for one in theirs if one.content and answers(one)]

    def ballot(self, who: str, one: Version, answer: str) -> tuple[str, Facts] | None:
        """Room and content of an answer in the native poll; None when they were not asked."""
        poll = self.asked[one.number, one.version]
        room, event, shown = self.hall.room, poll.get("poll_event"), poll
        if poll.get("private"):
            room = self.direct(who)
            found = [
                sent
                for sent in self.hall.matrix.events.values()
                if sent.room == room and sent.read.get(FACTS, {}).get("kind") == "poll.asked"
                if sent.read[FACTS]["poll"] == poll["poll"]
            ]
            if not found:
                return None
            event, shown = found[0].event_id, found[0].read[FACTS]
        answers = [shown["answers"][answer]] if answer in shown["answers"] else []
        relation = {"rel_type": "m.reference", "event_id": event}
        return room, {"m.relates_to": relation, RESPONSE: {"answers": answers}}


def answers(sent: Sent) -> bool:
    typed = str(sent.content.get("body", "")).startswith(("!akkoord", "!bezwaar"))
    return sent.type == RESPONSE or typed


def nothing() -> None:
    """Nothing follows."""


def text_of(file: bytes) -> str:
    """Every part of a Word file, or the file itself."""
    if not file.startswith(b"PK"):
        return file.decode(errors="replace")
    with ZipFile(io.BytesIO(file)) as parts:
        return "".join(parts.read(name).decode(errors="replace") for name in parts.namelist())
