"""The acts of a feedback form, as they come: to be done to a hall and to its oracle alike."""

import tempfile
from functools import partial
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from bot.matrix.door import Hearing
from bot.rules.form import fingerprint
from demo.scene import COORDINATOR
from tests.hall import Sent
from tests.oracle import Oracle, Refused, Version
from tests.oracle_hall import NEWCOMERS, SEATED, WORDS, Listening, nothing

SECTIONS = {"reason": "reden", "social": "sociaal +", "psych": "psych"}  # a sign is only offered
DECLARED = st.sampled_from(("geen", "psycholoog", ""))  # of a form on the screen
CODES = tuple(fingerprint(name) for name in (b"one", b"other"))
TYPED = {"agree": "akkoord", "object": "bezwaar"}


def typed(answer: str, one: Version) -> str:
    """A yes names the version it is for, an objection holds for the one that is asked."""
    version = f".{one.version}" if answer == "agree" else ""
    return f"!{TYPED[answer]} {one.number}{version}"


IN_FORM = precondition(lambda self: len(self.oracle.versions) > 1)
IN_ROOM = precondition(lambda self: self.oracle.versions and not self.oracle.screen)
HOW = ("native", "room", "direct")

PERSON = st.sampled_from((*SEATED, *SEATED, *NEWCOMERS))
OFFICER = st.sampled_from(("io",) * 9 + ("ocmw",))
CHAIR = st.sampled_from((COORDINATOR,) * 5 + ("ocmw",))
PICK = st.integers(0, 5)  # open ones first, newest first
SECTION = st.sampled_from(tuple(SECTIONS))
WORD = st.sampled_from(WORDS)
SELDOM = st.sampled_from((False, False, False, True))
FEW_PICKS = st.integers(0, 2)


class Ritual(RuleBasedStateMachine):
    """The feedback form of one case in one meeting: what its officer and its roster say."""

    at: Listening
    oracle: Oracle
    unread: list[tuple[str, Sent, str, Version | None]]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.seated = False

    @initialize(private=st.booleans(), screen=SELDOM, unasked=SELDOM)
    def sits_down(self, private: bool, screen: bool, unasked: bool) -> None:
        folder = Path(tempfile.mkdtemp(dir=self.folder.name))
        self.at = Listening(folder, private=private, screen=screen, opened=not unasked)
        self.oracle, self.unread, self.seated = self.at.oracle, [], True
        if unasked:
            self.asks_whether(who="io")

    def teardown(self) -> None:
        if self.seated:
            self.gets_up()
        self.folder.cleanup()

    def gets_up(self) -> None:
        """However it went: the meeting is closed, and no word is left."""
        if not self.at.amiss:
            if self.oracle.running:
                self.closes()
            self.at.no_words_left()
        self.at.hall.desk.engine.dispose()
        self.at.runner.close()

    def closes(self) -> None:
        self.at.types(COORDINATOR, f"!besproken {self.at.case} nee", nothing)
        self.at.types(COORDINATOR, "!vergadering sluiten", self.oracle.close)

    # As it should go

    def goes_on(self, section: str, words: str, pick: int) -> None:
        """The next thing a table would do that agrees with itself; chosen often, because the rest
        is only of interest on the way to a form."""
        waiting = [one.number for one in self.oracle.versions if one.waiting]
        over = not self.oracle.running or self.oracle.roster & self.oracle.gone
        if over and self.oracle.form == "open" and pick > 1:
            self.closes_the_form(who="io")
        elif over or self.oracle.form == "adopted":
            self.gets_up()
            private, screen = self.oracle.private, self.oracle.screen
            self.sits_down(private=private, screen=screen, unasked=False)
        elif between := sorted(self.oracle.in_room - self.oracle.roster):
            self.joins_in(between[0])
        elif self.oracle.open_ones():
            self.the_rest_agrees(pick=0, how=HOW[pick % 2 * 2], but=pick // 4)
        elif self.oracle.form != "open":
            self.asks_whether(who="io")
        elif self.oracle.screen:
            self.shows_on_screen(who="io", code=CODES[pick % 2], declared="geen")
        elif waiting:
            self.attests(who="io", pick=0)
        elif self.oracle.standing() and pick > 1:
            self.closes_the_form(who="io")
        else:
            self.proposes(who="io", section=section, words=words)

    def joins_in(self, who: str) -> None:
        """Somebody has come in since, and is asked like the others."""
        if who not in self.oracle.present:
            self.at.types(who, "!aanwezig", partial(self.oracle.come, who))
        self.adds_to_the_roster(by=COORDINATOR, who=who)

    @rule(by=CHAIR, who=PERSON)
    def adds_to_the_roster(self, by: str, who: str) -> None:
        """Unless the case would go to a side room."""
        there = (self.oracle.roster | {who}) - self.oracle.gone
        if not self.oracle.in_room - there:
            line = f"!deelnemers {self.at.case} +{self.at.hall.user_id(who)}"
            self.at.types(by, line, partial(self.oracle.add, by, who))

    going_on = rule(section=SECTION, words=WORD, pick=PICK)(goes_on)
    going_further = rule(section=SECTION, words=WORD, pick=PICK)(goes_on)
    going_well = rule(section=SECTION, words=WORD, pick=PICK)(goes_on)
    going_quickly = rule(section=SECTION, words=WORD, pick=PICK)(goes_on)
    going_on_again = rule(section=SECTION, words=WORD, pick=PICK)(goes_on)
    going_on_still = rule(section=SECTION, words=WORD, pick=PICK)(goes_on)

    # The officer

    @precondition(lambda self: self.oracle.form == "closed" or len(self.oracle.versions) == 4)
    @rule(who=OFFICER)
    def asks_whether(self, who: str) -> None:
        if not self.oracle.in_room - (self.oracle.roster - self.oracle.gone):  # else it goes aside
            line = f"!fiche {self.at.case}"
            self.at.types(who, line, partial(self.oracle.fiche, who))

    @IN_ROOM
    @rule(who=OFFICER, section=SECTION, words=WORD)
    def proposes(self, who: str, section: str, words: str) -> None:
        follows = partial(self.oracle.propose, who, section, words)
        self.at.types(who, f"!punt {SECTIONS[section]} {words}", follows)

    @IN_ROOM
    @rule(who=OFFICER, pick=PICK, words=st.sampled_from(("", *WORDS)))
    def amends(self, who: str, pick: int, words: str) -> None:
        number = self.number(pick)
        self.at.types(
            who, f"!wijzig {number} {words}", partial(self.oracle.amend, who, number, words)
        )

    @IN_ROOM
    @rule(who=OFFICER, pick=PICK)
    def drops(self, who: str, pick: int) -> None:
        number = self.number(pick)
        self.at.types(who, f"!schrap {number}", partial(self.oracle.drop, who, number))

    @precondition(lambda self: any(one.waiting for one in self.oracle.versions))
    @rule(who=OFFICER, pick=PICK)
    def attests(self, who: str, pick: int) -> None:
        waiting = [one.number for one in self.oracle.versions if one.waiting]
        number = waiting[-1] if waiting else self.number(pick)
        self.at.types(
            who, f"!verklaar {number} psychiater", partial(self.oracle.attest, who, number)
        )

    @IN_FORM
    @rule(who=OFFICER)
    def closes_the_form(self, who: str) -> None:
        self.at.types(who, "!fiche sluiten", partial(self.oracle.fiche_close, who))

    @precondition(lambda self: self.oracle.screen or len(self.oracle.versions) == 3)
    @rule(who=OFFICER, code=st.sampled_from(CODES), declared=DECLARED)
    def shows_on_screen(self, who: str, code: str, declared: str) -> None:
        follows = partial(self.oracle.form_code, who, code, declared)
        self.at.types(who, f"!formulier {code} {declared}", follows)

    @IN_ROOM
    @rule(pick=PICK, words=WORD)
    def edits(self, pick: int, words: str) -> None:
        """Edits change nothing: what was asked is what was typed."""
        typed = [
            event
            for event in self.at.hall.matrix.events.values()
            if event.sender == self.at.hall.user_id("io") and "msgtype" in event.content
        ]
        if typed:
            line = f"!punt sociaal + {words}"
            content = {
                "msgtype": "m.text",
                "body": f"* {line}",
                "m.new_content": {"msgtype": "m.text", "body": line},
                "m.relates_to": {
                    "rel_type": "m.replace",
                    "event_id": typed[-1 - pick % len(typed)].event_id,
                },
            }
            self.at.sends("io", self.at.hall.room, content, refused)

    # Answers

    @precondition(lambda self: self.oracle.versions)
    @rule(
        who=PERSON, pick=PICK, answer=st.sampled_from(("agree", "object")), how=st.sampled_from(HOW)
    )
    def answers(self, who: str, pick: int, answer: str, how: str) -> None:
        self.answer(who, self.version(pick), answer, how)

    @precondition(lambda self: self.oracle.open_ones())
    @rule(pick=FEW_PICKS, how=st.sampled_from(("native", "direct")), but=st.integers(0, 1))
    def the_rest_agrees(self, pick: int, how: str, but: int) -> None:
        """All who are silent, or all but one of them."""
        one = self.version(pick)
        for who in sorted(self.oracle.roster - one.answered)[but:]:
            self.answer(who, one, "agree", how)

    @precondition(lambda self: self.oracle.versions)
    @rule(who=PERSON, pick=PICK, how=st.sampled_from(HOW))
    def calls_secret(self, who: str, pick: int, how: str) -> None:
        one = self.version(pick)
        follows = partial(self.oracle.secret, who, one, in_room=how == "room")
        if how == "native" and self.oracle.private and one.about != "feedback":
            if (found := self.at.ballot(who, one, "secret")) is not None:
                self.at.sends(who, *found, follows)
        elif how != "native":
            one = self.oracle.newest(one.number)
            follows = partial(self.oracle.secret, who, one, in_room=how == "room")
            self.at.types(who, f"!geheim {one.number}", follows, direct=how == "direct")

    @precondition(lambda self: self.oracle.open_ones())
    @rule(who=PERSON, pick=FEW_PICKS)
    def takes_back(self, who: str, pick: int) -> None:
        """An empty answer: which they meant is not certain, so it is doubt."""
        one = self.version(pick)
        if one.waiting or (found := self.at.ballot(who, one, "none")) is None:
            return
        event = f"back {len(self.at.delivered)}"
        self.at.sends(who, *found, partial(self.oracle.doubt, who, event, one))

    @rule(who=PERSON, pick=PICK, what=st.sampled_from(("agree", "object", "chat")))
    def says_what_cannot_be_read(self, who: str, pick: int, what: str) -> None:
        if who not in self.oracle.in_room or not self.oracle.heard(who):
            return
        one, text = None, "Een ogenblik."
        if what != "chat" and self.oracle.versions:
            one = self.version(pick)
            text = typed(what, one)
        sent = self.at.hall.typed(who, text, self.at.hall.room)
        event = self.at.event(sent, Hearing.UNREADABLE)
        self.unread.append((who, sent, what, one))
        self.at.compare(self.at.hall.hears(event), partial(self.oracle.doubt, who, sent.event_id))

    @precondition(lambda self: self.unread)
    @rule()
    def the_key_arrives(self) -> None:
        """What could not be read counts now, and is in doubt no more."""
        follows = [act for unread in self.unread for act in self.read_again(*unread)]
        self.unread = []
        self.at.compare(self.at.key_arrives(), *follows)

    def read_again(
        self, who: str, sent: Sent, what: str, one: Version | None
    ) -> list[partial[None]]:
        if not self.oracle.heard(who) or who in self.at.renewed:
            return []  # whoever has another identity by now did not say this
        read = partial(self.oracle.read, who, sent.event_id)
        return [read] if one is None else [partial(self.newest, who, one.number, what), read]

    def newest(self, who: str, number: int, answer: str) -> None:
        self.oracle.answer(who, self.oracle.newest(number), answer, in_room=True)

    def answer(self, who: str, one: Version, answer: str, how: str) -> None:
        found = None
        if how == "native" and (one.number, one.version) in self.at.asked:
            found = self.at.ballot(who, one, answer)
        if found is not None:
            self.at.sends(who, *found, partial(self.oracle.answer, who, one, answer, in_room=False))
        else:
            one = self.oracle.newest(one.number)
            follows = partial(self.oracle.answer, who, one, answer, in_room=how == "room")
            direct = how != "room"
            self.at.types(who, typed(answer, one), follows, direct=direct)

    # What is meant

    def version(self, pick: int) -> Version:
        asked = [one for one in reversed(self.oracle.versions) if not one.waiting]
        ones = sorted(asked, key=lambda one: not one.open)
        return ones[pick % len(ones)]

    def number(self, pick: int) -> int:
        numbers = [one.number for one in reversed(self.oracle.versions)]
        ordered = list(dict.fromkeys((*numbers, 1)))
        return ordered[pick % len(ordered)]


def refused() -> None:
    raise Refused
