"""Moments of a meeting to start a test from, and what can be seen and compared there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.matrix.door import Batch, Content, Event, Hearing
from bot.rules import reference as references
from bot.rules.consensus import BallotMode
from bot.rules.fiche import FicheText
from bot.rules.identity import Proof
from demo.scene import COORDINATOR, GUEST, PEOPLE, Scene
from storage.inspect import tables
from tests.hall import BOT, Hall, Picture, Sent, facts_of, heard, key_of
from tests.pictured import pictured

__all__ = ["Batch", "heard"]

UNKNOWN = references.make(lambda alphabet: alphabet[7])  # well formed, given to no case
MISTYPED = f"{UNKNOWN[:-1]}{'2' if UNKNOWN[-1] != '2' else '3'}"
BOOKKEEPING = {"seen", "outbox", "sync_point", "trace"}  # what hearing itself leaves behind

GATHERED: list[Picture] = []

Facts = dict[str, Any]


@dataclass
class Moment:
    """A hall in the middle of something."""

    hall: Hall
    scene: Scene
    case: str = ""
    poll: Mapping[str, Any] = field(default_factory=dict)
    action: str = ""

    async def says(self, who: str, text: str, *, direct: bool = False) -> list[Sent]:
        """All that the bot sends anywhere in answer to a line."""
        room = await self.hall.direct(who) if direct else self.hall.floor
        return await self.hears(self.hall.typed(who, text, room))

    async def sends(self, who: str, content: Content, type_: str = "m.room.message") -> list[Sent]:
        """An event of any kind in the table's room."""
        user = self.hall.user_id(who)
        return await self.hears(self.hall.matrix.add(self.hall.room, user, type_, content))

    async def hears(self, *sent: Sent, how: Hearing = Hearing.TRUSTED) -> list[Sent]:
        return await self.hears_events(*(heard(one, self.hall.now, how) for one in sent))

    async def hears_events(self, *events: Event) -> list[Sent]:
        before = set(self.hall.matrix.events)
        await self.hall.hears(*events)
        new = [one for key, one in self.hall.matrix.events.items() if key not in before]
        return [one for one in new if one.sender == BOT]

    async def votes(self, who: str, answer: str) -> list[Sent]:
        return await self.hears(self.hall.ballot(who, self.poll, answer))

    async def everybody(self, answer: str, *, but: tuple[str, ...] = ()) -> list[Sent]:
        """All who sit there answer in the native poll."""
        new: list[Sent] = []
        for who in self.scene.seated:
            if who not in but:
                new += await self.votes(who, answer)
        return new

    async def opens_form(self, *guests: str) -> list[Sent]:
        """The officer asks whether to feed back, and everybody agrees."""
        self.poll = only(await self.says("io", f"!fiche {self.case}"), "poll.opened")
        sent: list[Sent] = []
        for who in (*self.scene.seated, *guests):
            sent += await self.votes(who, "agree")
        return sent

    def user(self, who: str) -> str:
        return self.hall.user_id(who)

    def line(self, text: str) -> str:
        """`{case}`, `{action}`, `{number}` and `{@name}` filled in."""
        filled = re.sub(r"\{@(\w+)\}", lambda found: self.user(found[1]), text)
        return filled.format(
            case=self.case, action=self.action or "A1", number=self.poll.get("number", 1)
        )


def kinds(sent: list[Sent]) -> list[str]:
    """The kinds of messages, in order; polls and their ends by their type."""
    return [str(facts_of(one).get("kind", one.type)) for one in sent]


def seen(hall: Hall, kind: str) -> list[Facts]:
    """The facts of all messages of a kind, oldest first."""
    own = [event for event in hall.matrix.events.values() if event.sender == BOT]
    return [facts_of(one) for one in own if facts_of(one).get("kind") == kind]


def native(hall: Hall) -> list[Sent]:
    """The native polls that clients still show."""
    own = [event for event in hall.matrix.events.values() if event.sender == BOT]
    return [one for one in own if one.type.endswith("poll.start") and one.content]


def only(sent: list[Sent], kind: str) -> Facts:
    """The facts of the one message of a kind among what was sent."""
    (found,) = [facts_of(one) for one in sent if facts_of(one).get("kind") == kind]
    return found


def figures(sent: list[Sent]) -> Facts:
    """Those of the one open poll in the newest overview."""
    shown = [facts_of(one) for one in sent if facts_of(one).get("kind") == "polls.overview"][-1]
    (row,) = shown["rows"]
    return {**row, "doubts": sum(one["doubts"] for one in shown.get("doubts", []))}


def reason(sent: list[Sent]) -> str:
    """Why something was refused, if that is all that was said."""
    (one,) = sent
    facts = facts_of(one)
    assert facts["kind"] == "refused", facts
    return str(facts["reason"])


def store(hall: Hall) -> Mapping[str, Any]:
    """Everything the store holds, without the bookkeeping of hearing and speaking."""
    found = tables(hall.desk.engine, hall.desk.seal)
    return {name: rows for name, rows in found.items() if name not in BOOKKEEPING}


async def gathered_hall(folder: Path) -> Hall:
    """Everybody is enrolled and in the room: played once, and then pictured."""
    if not GATHERED:
        hall = Hall(folder)
        await Scene(hall).gather()
        GATHERED.append(hall.picture())
    return Hall.as_in(GATHERED[0], folder)


async def gathered(hall: Hall) -> Moment:
    """Everybody is enrolled and in the room; no meeting."""
    return Moment(hall, Scene(hall, seated=(COORDINATOR, *PEOPLE)))


@pictured
async def notified(hall: Hall) -> Moment:
    """A notification waits for the mayor's seat."""
    moment = await gathered(hall)
    for word in ("melden", "ja", "ja", "ja"):
        sent = await moment.says("ocmw", word, direct=True)
    moment.case = str(only(sent, "notification.received")["case"])
    return moment


@pictured
async def admitted(hall: Hall) -> Moment:
    moment = await notified(hall)
    await moment.says("schepen", f"toelaten {moment.case}", direct=True)
    return moment


@pictured
async def roll_call(hall: Hall) -> Moment:
    """The meeting is open and everybody has said that they are there; one case is admitted."""
    moment = await admitted(hall)
    await moment.scene.open("")
    return moment


@pictured
async def no_quorum(hall: Hall) -> Moment:
    """The information officer is not there."""
    moment = await admitted(hall)
    moment.scene.seated = tuple(who for who in (COORDINATOR, *PEOPLE) if who != "io")
    await moment.scene.open("")
    return moment


@pictured
async def in_session(hall: Hall) -> Moment:
    """In session with a second case waiting: the first one is on the table."""
    moment = await roll_call(hall)
    await moment.says(COORDINATOR, "!volgende")
    return moment


@pictured
async def polled(hall: Hall) -> Moment:
    """Everybody is asked whether the case is followed."""
    moment = await in_session(hall)
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
    moment.poll = only(sent, "poll.opened")
    return moment


async def asked_in_private(hall: Hall) -> Moment:
    """The same, each in their direct room."""
    hall.table = hall.desk.table = replace(hall.table, ballot=BallotMode.PRIVATE)
    return await polled(hall)


@pictured
async def departed(hall: Hall) -> Moment:
    """Somebody on the roster has left after a poll was opened."""
    moment = await polled(hall)
    await moment.says("clb", "!vertrekken")
    return moment


@pictured
async def followed(hall: Hall) -> Moment:
    moment = await polled(hall)
    await moment.everybody("agree")
    return moment


@pictured
async def with_action(hall: Hall) -> Moment:
    """An action was agreed in this meeting."""
    moment = await followed(hall)
    line = moment.line("!actie {case} {@clb} contact-school 2026-12-07")
    moment.action = str(only(await moment.says(COORDINATOR, line), "action.added")["action"])
    return moment


@pictured
async def next_meeting(hall: Hall) -> Moment:
    """A second meeting is in session and asks about the action of the first."""
    moment = await with_action(hall)
    await moment.scene.close(moment.case)
    hall.later(days=7)
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    return moment


@pictured
async def with_fiche(hall: Hall) -> Moment:
    moment = await wanted(hall)
    await moment.everybody("agree")
    return moment


@pictured
async def wanted(hall: Hall) -> Moment:
    """The officer has asked whether to feed back at all."""
    moment = await followed(hall)
    sent = await moment.says("io", f"!fiche {moment.case}")
    moment.poll = only(sent, "poll.opened")
    return moment


async def on_screen(hall: Hall) -> Moment:
    """A form is open at a table that reads it on a screen."""
    hall.table = hall.desk.table = replace(hall.table, fiche_text=FicheText.SCREEN)
    return await with_fiche(hall)


@pictured
async def with_item(hall: Hall) -> Moment:
    """One item is proposed and everybody is asked."""
    moment = await with_fiche(hall)
    sent = await moment.says("io", "!punt sociaal + Neemt opnieuw deel aan de training.")
    moment.poll = only(sent, "poll.opened")
    return moment


@pictured
async def amended(hall: Hall) -> Moment:
    """Everybody is asked about the second version of the item."""
    moment = await with_item(hall)
    sent = await moment.says("io", moment.line("!wijzig {number} Traint opnieuw mee."))
    moment.poll = only(sent, "poll.opened")
    return moment


@pictured
async def adopted(hall: Hall) -> Moment:
    moment = await with_item(hall)
    await moment.everybody("agree")
    return moment


@pictured
async def with_psych(hall: Hall) -> Moment:
    """An item waits to be attested."""
    moment = await with_fiche(hall)
    sent = await moment.says("io", "!punt psych - Kreeg in september een diagnose.")
    moment.poll = only(sent, "item.waiting")
    return moment


@pictured
async def whole_asked(hall: Hall) -> Moment:
    """Everybody is asked about the form as a whole."""
    moment = await adopted(hall)
    sent = await moment.says("io", "!fiche sluiten")
    moment.poll = only(sent, "poll.opened")
    return moment


@pictured
async def whole_adopted(hall: Hall) -> Moment:
    moment = await whole_asked(hall)
    await moment.everybody("agree")
    return moment


@pictured
async def whole_refused(hall: Hall) -> Moment:
    moment = await whole_asked(hall)
    await moment.votes("clb", "object")
    await moment.everybody("agree", but=("clb",))
    return moment


@pictured
async def on_another_case(hall: Hall) -> Moment:
    """A case was taken up, and the table has gone on."""
    moment = await followed(hall)
    await moment.says(COORDINATOR, f"!besproken {moment.case} ja")
    await moment.says(COORDINATOR, "!volgende")
    return moment


@pictured
async def informing(hall: Hall) -> Moment:
    """The officer is asked whether the person may be told."""
    moment = await followed(hall)
    await moment.says(COORDINATOR, f"!informeren {moment.case}")
    return moment


@pictured
async def telling(hall: Hall) -> Moment:
    """The officer has attested, and everybody is asked whether the person may be told."""
    moment = await informing(hall)
    sent = await moment.says("io", f"!verklaar {moment.case}")
    moment.poll = only(sent, "poll.opened")
    return moment


@pictured
async def with_director(hall: Hall) -> Moment:
    moment = await followed(hall)
    await moment.says(COORDINATOR, moment.line("!casusmanager {case} {@ocmw}"))
    await moment.says(COORDINATOR, moment.line("!casusregisseur {case} {@clb}"))
    return moment


@pictured
async def with_stranger(hall: Hall) -> Moment:
    """Somebody who is not enrolled has come into the room."""
    moment = await in_session(hall)
    stranger = f"@vreemd:{hall.user_id('x').partition(':')[2]}"
    hall.matrix.move(hall.room, stranger, "join")
    await hall.hears(hall.member_event(hall.room, stranger, "join"))
    return moment


@pictured
async def with_suspended(hall: Hall) -> Moment:
    """The identity of somebody in the room was replaced; they had answered the roll call."""
    moment = await in_session(hall)
    user = moment.user("clb")
    hall.matrix.keys[user] = key_of(user, 1)
    await moment.hears()
    return moment


async def uncompared(hall: Hall) -> Moment:
    """A meeting with a coordinator of whom nobody knows yet whether it is them."""
    moment = await roll_call(hall)
    with hall.desk.transaction() as tx:
        account = tx.people.account(moment.user(COORDINATOR))
        tx.people.pin(account, key_of(moment.user(COORDINATOR)), Proof.SEEN)
    return moment


@pictured
async def with_open_history(hall: Hall) -> Moment:
    """Newcomers could read back, and the bot may not change that."""
    moment = await in_session(hall)
    await hall.alters(history_visibility="shared", may_mend=frozenset())
    return moment


@pictured
async def without_safe_room(hall: Hall) -> Moment:
    """The same, and no meeting is open."""
    moment = await gathered(hall)
    await hall.alters(history_visibility="shared", may_mend=frozenset())
    return moment


@pictured
async def latecomer(hall: Hall) -> Moment:
    """A fiche is open, and somebody in the room is enrolled but not on the roster."""
    moment = await with_fiche(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    return moment


@pictured
async def late(hall: Hall) -> Moment:
    """A case was polled, and somebody has come since."""
    moment = await followed(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    await moment.says("jeugdhuis", "!aanwezig")
    return moment


@pictured
async def left_out(hall: Hall) -> Moment:
    """A case was followed by all but one, who was left out."""
    moment = await in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("agree", but=("clb",))
    return moment


@pictured
async def seat_left_out(hall: Hall) -> Moment:
    """Somebody who was left out of a case has come to sit on a seat since, alone."""
    moment = await in_session(hall)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} -{@clb}"))
    await moment.says(COORDINATOR, moment.line("!lid verwijderen {@clb}"))
    line = moment.line("!lid toevoegen {@clb} aangestelde-vertegenwoordiger gemeente")
    await moment.says("schepen", line)
    await hall.come("clb")
    await moment.says("clb", "!aanwezig")
    await moment.says("schepen", "!vertrekken")
    return moment


@pictured
async def unassigned(hall: Hall) -> Moment:
    """A case was followed and discussed, and nothing was agreed about it."""
    moment = await followed(hall)
    await moment.says(COORDINATOR, moment.line("!besproken {case} ja"))
    return moment


@pictured
async def expired(hall: Hall) -> Moment:
    """In session, the day after the year of a case has ended."""
    moment = await with_action(hall)
    await moment.scene.close(moment.case)
    hall.later(days=366)
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    return moment


@pictured
async def handed_over(hall: Hall) -> Moment:
    """The mayor's seat has the chair; the coordinator's word is the chair's too."""
    moment = await roll_call(hall)
    await moment.says(COORDINATOR, moment.line("!voorzitter {@schepen}"))
    return moment


@pictured
async def moved_on(hall: Hall) -> Moment:
    """The mayor's seat has the chair and has just moved the meeting on."""
    moment = await handed_over(hall)
    await moment.says("schepen", "!volgende")
    return moment


def without_room(hall: Hall) -> Moment:
    return Moment(hall, Scene(hall, seated=(COORDINATOR, *PEOPLE)))


def renamed(event: Event, **more: Any) -> Event:
    return replace(event, **more)


@pictured
async def with_guest(hall: Hall) -> Moment:
    """A case is followed, and somebody is enrolled for one case only."""
    moment = await gathered(hall)
    await moment.scene.enrol("jeugdhuis", "ad-hoc jeugdwerk")
    return await followed_by(moment)


async def followed_by(moment: Moment) -> Moment:
    """The same moment with a case that the table has decided to follow."""
    moment.case = await moment.scene.notify("ocmw")
    await moment.scene.open("")
    await moment.says(COORDINATOR, "!volgende")
    sent = await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
    moment.poll = only(sent, "poll.opened")
    await moment.everybody("agree")
    return moment


@pictured
async def called(hall: Hall) -> Moment:
    """Somebody enrolled for this case only is on its roster: nobody is in its room yet."""
    moment = await with_guest(hall)
    await moment.says(GUEST, "aanwezig", direct=True)
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@jeugdhuis}"))
    return moment


@pictured
async def aside(hall: Hall) -> Moment:
    """Everybody on the roster is in the room of the case."""
    moment = await called(hall)
    await hall.aside((*moment.scene.seated, GUEST))
    return moment


@pictured
async def aside_with_item(hall: Hall) -> Moment:
    """An item is asked there."""
    moment = await aside(hall)
    await moment.opens_form(GUEST)
    sent = await moment.says("io", "!punt sociaal + Traint opnieuw.")
    moment.poll = only(sent, "poll.opened")
    return moment


@pictured
async def half_aside(hall: Hall) -> Moment:
    """The form is open in the room of the case, and somebody new is not in yet."""
    moment = await aside(hall)
    await moment.opens_form(GUEST)
    floor, hall.apart = hall.apart, None
    await moment.scene.enrol("nieuwe", "partner school")
    await moment.says("nieuwe", "!aanwezig")
    await moment.says(COORDINATOR, moment.line("!deelnemers {case} +{@nieuwe}"))
    hall.apart = floor
    return moment


@pictured
async def polled_with_guest(hall: Hall) -> Moment:
    """Somebody enrolled for one case only is there while its poll is open in the table's room."""
    moment = await in_session(hall)
    await moment.scene.enrol(GUEST, "ad-hoc jeugdwerk")
    await moment.says(GUEST, "aanwezig", direct=True)
    await moment.says(COORDINATOR, f"!beslis {moment.case} opvolgen")
    return moment
