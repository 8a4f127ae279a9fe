"""The ritual of a feedback form, typed in French: each thing that can befall an item befalls one.

Two cases: of the first somebody at the table is no part and a guest is; from the second somebody
leaves while the whole is asked about. It is played on any stage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

import docx

from demo.scene import COORDINATOR, GUEST, Facts, Stage

OUT = "clb"  # sits at the table, and takes no part in the first case
SEATS = {
    "schepen": "",  # stands in the settings
    "io": "information-officer police locale",
    OUT: "partenaire CPMS",
}
EVERYBODY = {**SEATS, GUEST: "ad-hoc travail de jeunesse"}
ASIDE = (COORDINATOR, "schepen", "io", GUEST)
AT_TABLE = (COORDINATOR, *SEATS)

REASON = "Décrochage scolaire constaté depuis le 3 septembre."
SOCIAL = "S’isole de ses coéquipiers depuis le 14 octobre."
AMENDED = "Participe de nouveau à l’entraînement depuis le 14 octobre."
SECRET = "Aurait confié le 9 octobre un cauchemar récurrent."
PSYCH = "Anxiété confirmée le 12 octobre, suivie hebdomadairement."
DROPPED = "Aurait détérioré un abribus le 2 octobre."
QUESTION = "Faut-il craindre des représailles depuis septembre ?"
LEFT = "Bénévolat régulier à la bibliothèque depuis octobre."

AGREED = (REASON, AMENDED, PSYCH, QUESTION)  # in the order of the form
FIRST = (*AGREED, SOCIAL, SECRET, DROPPED)
TEXTS = (*FIRST, LEFT)
CANARIES = (*TEXTS, *(word for text in TEXTS for word in text.split() if len(word) > 9))


def on_paper(file: str | IO[bytes]) -> list[str]:
    """The items of a form as they stand in its file, and the code of their wording."""
    paper = docx.Document(file)
    items = [p.text for p in paper.paragraphs if p.style and p.style.name == "List Bullet"]
    code = paper.sections[0].footer.paragraphs[0].text
    return [*(item.rpartition(": ")[2] for item in items), code.rpartition(": ")[2]]


@dataclass
class Ritual:
    """What is known as it goes on."""

    stage: Stage
    people: Mapping[str, str] = field(default_factory=lambda: EVERYBODY)
    first: str = ""
    second: str = ""
    code: str = ""  # of the wording that was agreed to

    async def play(self) -> None:
        await self.begin()
        await self.go_aside()
        await self.items()
        await self.whole()
        await self.leave()
        await self.end()

    async def begin(self) -> None:
        """The table, two notifications, and the first of them on the floor."""
        await self.stage.say(COORDINATOR, "créer salon", direct=True, expect="room.created")
        await self.stage.come(COORDINATOR)
        for who, words in self.people.items():
            line = f"!ajouter membre {self.stage.user_id(who)} {words}"
            if words:
                await self.stage.say(COORDINATOR, line, expect="member.added")
            await self.stage.come(who)
        self.first, self.second = await self._notified(), await self._notified()
        await self.stage.say(COORDINATOR, "!ouvrir réunion", expect="meeting.opened")
        for who in (COORDINATOR, *self.people):
            own = who == GUEST
            word = "présent" if own else "!présent"
            await self.stage.say(who, word, direct=own, expect="roll.updated")
        await self.stage.say(COORDINATOR, "!suivant", expect="agenda")

    async def go_aside(self) -> None:
        """One is left out, a guest is asked in; they feed back at all."""
        out, guest = self.stage.user_id(OUT), self.stage.user_id(GUEST)
        line = f"!participants {self.first} -{out} +{guest}"
        await self.stage.say(COORDINATOR, line, expect="roster.stated")
        await self.stage.aside(ASIDE)
        await self.answer(await self._ask(f"!fiche {self.first}"))

    async def items(self) -> None:
        await self.answer(await self._ask(f"!élément motif {REASON}"))
        poll = await self._ask(f"!élément social - {SOCIAL}")
        await self.answer(poll, "objection")
        await self.answer(await self._ask(f"!modifier {poll['number']} {AMENDED}"))
        await self._call_secret(await self._ask(f"!élément convictions - {SECRET}"))
        line = f"!élément convictions - {SECRET}"
        refused = await self.stage.say("io", line, expect="refused")
        assert refused["reason"] == "secret_inside"
        line = f"!élément psychique = {PSYCH}"
        waiting = await self.stage.say("io", line, expect="item.waiting")
        await self.answer(await self._ask(f"!attester {waiting['number']} psychologue"))
        poll = await self._ask(f"!élément actes - {DROPPED}")
        await self.stage.say("io", f"!retirer {poll['number']}", expect="poll.closed")
        poll = await self._ask(f"!élément questions {QUESTION}")
        await self.answer(poll, "objection")
        await self.answer(await self._ask(f"!modifier {poll['number']}"))

    async def whole(self) -> None:
        """All of it once more; then the officer has the paper."""
        poll = await self._ask("!fermer fiche")
        self.code = str(poll["code"])
        await self.answer(poll)
        for who in ASIDE:
            await self.stage.see(who, "fiche.adopted")
        await self.stage.see("io", "fiche.form", direct=True)
        line = f"!discuté {self.first} oui"
        await self.stage.say(COORDINATOR, line, expect="case.discussed")
        self.stage.back()
        await self.stage.say(COORDINATOR, "!suivant", expect="agenda")

    async def leave(self) -> None:
        """One item of the second case is agreed to, and then nothing any more."""
        await self.answer(await self._ask(f"!fiche {self.second}"), among=AT_TABLE)
        await self.answer(await self._ask(f"!élément autre + {LEFT}"), among=AT_TABLE)
        poll = await self._ask("!fermer fiche")
        await self.stage.votes(AT_TABLE[:-1], poll, "agree")
        await self.stage.say(OUT, "!quitter", expect="roll.updated")
        await self.closed(poll, "no_consensus")
        closed = await self.stage.say("io", "!fermer fiche", expect="fiche.closed")
        assert (closed["agreed"], closed["of"]) == (0, 1)
        for who in AT_TABLE:
            await self.stage.see(who, "fiche.closed")

    async def end(self) -> Facts:
        line = f"!discuté {self.second} oui"
        await self.stage.say(COORDINATOR, line, expect="case.discussed")
        await self.stage.say(COORDINATOR, "!suivant", expect="agenda")
        return await self.stage.say(COORDINATOR, "!fermer réunion", expect="meeting.closed")

    async def answer(
        self, poll: Facts, last: str = "accord", *, among: Sequence[str] = ASIDE
    ) -> None:
        """In the native poll; the last has a client without polls, and types."""
        await self.stage.votes(among[:-1], poll, "agree")
        version = f".{poll['version']}" if poll["version"] > 1 else ""
        line = f"!{last} {poll['number']}{version}"
        if poll.get("private"):
            await self.stage.say(among[-1], line, direct=True, expect="ballot.noted")
        else:
            await self.stage.say(among[-1], line, expect="poll.closed")
        await self.closed(poll, "consensus" if last == "accord" else "no_consensus")

    async def closed(self, poll: Facts, outcome: str) -> Facts:
        """The coordinator sees how it ended."""
        told: Facts = {}
        while told.get("poll") != poll["poll"]:
            told = await self.stage.see(COORDINATOR, "poll.closed")
        assert told["outcome"] == outcome
        return told

    async def _ask(self, line: str) -> Facts:
        return await self.stage.say("io", line, expect="poll.opened")

    async def _call_secret(self, poll: Facts) -> None:
        """Unseen: in the direct room, as a third answer where that is where polls are."""
        await self.stage.votes(("io",), poll, "agree")
        if poll.get("private"):
            await self.stage.votes(("schepen",), poll, "secret")
        else:
            line = f"secret {poll['number']}"
            await self.stage.say(GUEST, line, direct=True, expect="ballot.noted")
        told = await self.closed(poll, "no_consensus")
        assert told["confidential"]

    async def _notified(self) -> str:
        await self.stage.say("schepen", "signaler", direct=True, expect="notification.asked")
        for _ in range(2):
            await self.stage.say("schepen", "oui", direct=True, expect="notification.asked")
        got = await self.stage.say("schepen", "oui", direct=True, expect="notification.received")
        line = f"admettre {got['case']}"
        await self.stage.say("schepen", line, direct=True, expect="case.admitted")
        return str(got["case"])
