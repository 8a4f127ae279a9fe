"""A table in Dutch: who sits there, and two of its meetings, as people would type them.

The same scene is played in the demo on a real homeserver, in the hall of the tests, and by
third-party clients: a `Stage` is whatever can speak, vote and see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

Facts = Mapping[str, Any]

# name → what the coordinator types after the account to enrol them; nothing for who stands in the
# settings, as whoever represents the mayor does here
PEOPLE: Mapping[str, str] = {
    "schepen": "",
    "io": "information-officer lokale politie",
    "clb": "partner CLB",
    "ocmw": "partner OCMW",
    "gezondheid": "partner geestelijke gezondheidszorg",
}
GUEST, GUEST_WORDS = "jeugdhuis", "ad-hoc jeugdwerk"
MAYOR, COORDINATOR, DELEGATE = "burgemeester", "coordinator", "schepen"

ITEMS = (
    "sociaal + Neemt sinds 4 september opnieuw elke week deel aan de voetbaltraining.",
    "overtuigingen - Herhaalde op 12 oktober dat stemmen zinloos is.",
    "intentie = Er is geen uitspraak over geweld bekend.",
)
AMENDED = "Zei op 12 oktober dat stemmen voor hem geen zin heeft."


# The smallest table: the three seats and one partner.
FEW = {who: PEOPLE[who] for who in ("schepen", "io", "ocmw")}


class Stage(Protocol):
    """Where the scene is played."""

    async def say(self, who: str, text: str, *, expect: str, direct: bool = False) -> Facts:
        """Somebody types a line; the facts of the answer of the kind that is expected."""

    async def votes(self, voters: Sequence[str], poll: Facts, answer: str) -> None:
        """People choose an answer in a native poll, more or less together."""

    async def see(self, who: str, kind: str, *, direct: bool = False) -> Facts:
        """The newest message of a kind that somebody sees."""

    async def come(self, who: str) -> None:
        """Somebody accepts the invitations that wait for them."""

    async def aside(self, roster: Sequence[str]) -> None:
        """A case goes on in a room of its own: they come, and what is said is said there."""

    def back(self) -> None:
        """At the table again."""

    def user_id(self, who: str) -> str: ...

    def chapter(self, title: str) -> None:
        """A headline for whoever reads along."""

    def today(self) -> date: ...


@dataclass
class Scene:
    """What is known as the scene goes on."""

    stage: Stage
    first: str = ""  # reference of the case of both meetings
    second: str = ""  # reference of the case brought before the second meeting
    action: str = ""
    people: Mapping[str, str] = field(default_factory=lambda: PEOPLE)
    guest: str | None = GUEST
    worker: str = "clb"  # acts on the first case, brings the second
    seated: tuple[str, ...] = ()

    async def play(self) -> None:
        await self.gather()
        await self.first_meeting()
        await self.second_meeting()

    async def gather(self) -> None:
        """The room, and everybody in it."""
        self.stage.chapter("De tafel wordt samengesteld")
        await self.stage.say(COORDINATOR, "kamer maken", direct=True, expect="room.created")
        await self.stage.come(COORDINATOR)
        self.seated = (COORDINATOR, *self.people)
        for who, words in self.people.items():
            await self.enrol(who, words)

    async def enrol(self, who: str, words: str) -> None:
        line = f"!lid toevoegen {self.stage.user_id(who)} {words}"
        if words:
            await self.stage.say(COORDINATOR, line, expect="member.added")
        await self.stage.come(who)

    async def first_meeting(self) -> None:
        """A notification becomes a case, with a manager and an action."""
        self.first = await self.notify("ocmw")
        await self.open("De eerste vergadering")
        await self.stage.say(COORDINATOR, "!volgende", expect="agenda")
        await self.decide(self.first, "opvolgen")
        line = f"!casusmanager {self.first} {self.stage.user_id('ocmw')}"
        await self.stage.say(COORDINATOR, line, expect="manager.assigned")
        due = (self.stage.today() + timedelta(days=14)).isoformat()
        line = f"!actie {self.first} {self.stage.user_id(self.worker)} contact-school {due}"
        added = await self.stage.say(COORDINATOR, line, expect="action.added")
        self.action = added["action"]
        await self.close(self.first, carried=True)

    async def second_meeting(self) -> None:
        """Last actions, a running case with its feedback form, a new notification."""
        self.second = await self.notify(self.worker)
        if self.guest is not None:
            await self.enrol(self.guest, GUEST_WORDS)
        await self.open("De tweede vergadering")
        if self.guest is not None:
            await self.stage.say(self.guest, "aanwezig", direct=True, expect="roll.updated")
        await self.stage.say(COORDINATOR, "!volgende", expect="action.asked")
        await self.stage.say(self.worker, f"!gedaan {self.action}", expect="action.closed")
        await self.stage.say(COORDINATOR, "!volgende", expect="agenda")
        await self.fiche()
        await self.stage.say(COORDINATOR, f"!besproken {self.first} ja", expect="case.discussed")
        await self.stage.say(COORDINATOR, f"!later {self.first}", expect="case.later")
        await self.stage.say(COORDINATOR, "!volgende", expect="agenda")
        await self.decide(self.second, "niet-opvolgen")
        await self.stage.say(COORDINATOR, "!volgende", expect="agenda")
        await self.stage.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")

    async def notify(self, who: str) -> str:
        """Brought in the direct room, admitted by the mayor's seat in theirs."""
        self.stage.chapter("Een nieuwe aanmelding")
        await self.stage.say(who, "melden", direct=True, expect="notification.asked")
        for _ in range(2):
            await self.stage.say(who, "ja", direct=True, expect="notification.asked")
        got = await self.stage.say(who, "ja", direct=True, expect="notification.received")
        reference = str(got["case"])
        await self.stage.see("schepen", "notification.waiting", direct=True)
        line = f"toelaten {reference}"
        await self.stage.say("schepen", line, direct=True, expect="case.admitted")
        return reference

    async def open(self, title: str) -> None:
        self.stage.chapter(title)
        await self.stage.say(COORDINATOR, "!vergadering openen", expect="meeting.opened")
        for who in self.seated:
            await self.stage.say(who, "!aanwezig", expect="roll.updated")

    async def decide(self, reference: str, decision: str) -> None:
        """The last to answer has a client without polls, and types."""
        line = f"!beslis {reference} {decision}"
        poll = await self.stage.say(COORDINATOR, line, expect="poll.opened")
        await self.everybody(poll, "agree")

    async def everybody(self, poll: Facts, last: str, *more: str) -> None:
        voters = (*self.seated, *more)
        await self.stage.votes(voters[:-1], poll, "agree")
        word = {"agree": "akkoord", "object": "bezwaar"}[last]
        version = f".{poll['version']}" if poll["version"] > 1 else ""
        line, who = f"!{word} {poll['number']}{version}", voters[-1]
        if poll.get("private"):
            await self.stage.say(who, line, direct=True, expect="ballot.noted")
            await self.stage.see(who, "poll.closed")
        else:
            await self.stage.say(who, line, expect="poll.closed")

    async def aside(self) -> tuple[str, ...]:
        """Somebody comes for this case only, which therefore goes on in a room of its own."""
        if self.guest is None:
            return ()
        line = f"!deelnemers {self.first} +{self.stage.user_id(self.guest)}"
        await self.stage.say(COORDINATOR, line, expect="roster.stated")
        await self.stage.aside((*self.seated, self.guest))
        return (self.guest,)

    async def fiche(self) -> None:
        """Whether at all; three items, one objected to and amended; and the whole."""
        self.stage.chapter("De terugkoppelingsfiche")
        guest = await self.aside()
        poll = await self.stage.say("io", f"!fiche {self.first}", expect="poll.opened")
        await self.everybody(poll, "agree", *guest)
        for item, last in zip(ITEMS, ("agree", "object", "agree"), strict=True):
            poll = await self.stage.say("io", f"!punt {item}", expect="poll.opened")
            await self.everybody(poll, last, *guest)
            if last == "object":
                line = f"!wijzig {poll['number']} {AMENDED}"
                again = await self.stage.say("io", line, expect="poll.opened")
                await self.everybody(again, "agree", *guest)
        poll = await self.stage.say("io", "!fiche sluiten", expect="poll.opened")
        await self.everybody(poll, "agree", *guest)
        await self.stage.see("io", "fiche.adopted")
        self.stage.back()

    async def close(self, reference: str, *, carried: bool = False) -> None:
        """`carried`: the case has a case manager and an action."""
        await self.stage.say(COORDINATOR, f"!besproken {reference} ja", expect="case.discussed")
        if not carried:
            await self.stage.say(COORDINATOR, f"!later {reference}", expect="case.later")
        await self.stage.say(COORDINATOR, "!volgende", expect="agenda")
        await self.stage.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")
