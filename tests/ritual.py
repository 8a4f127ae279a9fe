"""The acts of a feedback form, as they come: to be done to a hall and to its oracle alike."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
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
from tests.oracle_hall import (
    FOLLOWED,
    NEWCOMERS,
    OPENED,
    SEATED,
    TAKEN_UP,
    WORDS,
    Listening,
    nothing,
)

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
ROOMS = ("room", "direct")
UNCLEAR = (
    "!bezwar {number}",
    "!bezwaar peiling {number}",
    "!ik maak bezwaar {number}",
    "!bezwaar 99",
)
HIDDEN = ("- !bezwaar {number}", "ok, !bezwar {number}", "bezwaar {number}")
KINDS = ("m.text", "m.emote", "m.image")
REASONS = (", want het klopt niet", " 👎", ".", " (zie verslag)")

PERSON = st.sampled_from((*SEATED, *SEATED, *NEWCOMERS))
OFFICER = st.sampled_from(("io",) * 9 + ("ocmw",))
CHAIR = st.sampled_from((COORDINATOR,) * 5 + ("ocmw",))
PICK = st.integers(0, 5)  # open ones first, newest first
SECTION = st.sampled_from(tuple(SECTIONS))
WORD = st.sampled_from(WORDS)
SELDOM = st.sampled_from((False, False, False, True))
SINCE = st.sampled_from((OPENED, OPENED, TAKEN_UP, TAKEN_UP, FOLLOWED))
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

    @initialize(private=st.booleans(), screen=SELDOM, since=SINCE)
    def sits_down(self, private: bool, screen: bool, since: str = OPENED) -> None:
        folder = Path(tempfile.mkdtemp(dir=self.folder.name))
        self.at = Listening(folder, private=private, screen=screen, since=since)
        self.oracle, self.unread, self.seated = self.at.oracle, [], True
        if since == FOLLOWED:
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
        self.at.types(COORDINATOR, f"!later {self.at.case}", self.oracle.say_later)
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
            self.sits_down(private=private, screen=screen)
        elif between := sorted(self.oracle.in_room - self.oracle.roster):
            self.joins_in(between[0])
        elif self.oracle.in_doubt() and pick:
            self.says_yes_after_all()
        elif self.oracle.open_ones():
            self.the_rest_agrees(pick=0, how=HOW[pick % 2 * 2], but=pick // 4)
        elif not self.oracle.followed and pick % 2:
            self.is_decided(who=COORDINATOR)
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

    def says_yes_after_all(self) -> None:
        """All who are in doubt name the newest of it."""
        for one in self.oracle.open_ones():
            for who in sorted(filter(one.in_doubt, self.oracle.roster)):
                self.ends_a_doubt(who, one, len(one.unclear.get(who, [])), "direct")

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

    @precondition(lambda self: not self.oracle.followed)
    @rule(who=CHAIR)
    def is_decided(self, who: str) -> None:
        self.at.types(who, f"!beslis {self.at.case} opvolgen", partial(self.oracle.decide, who))

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
        follows = partial(self.oracle.chooses_secret, who, one)
        if how == "native" and self.oracle.private and one.about not in {"feedback", "follow"}:
            if (found := self.at.ballot(who, one, "secret")) is not None:
                self.at.sends(who, *found, follows)
        elif how != "native":
            one = self.oracle.newest(one.number)
            follows = partial(self.oracle.types_secret, who, one, in_room=how == "room")
            self.at.types(who, f"!geheim {one.number}", follows, direct=how == "direct")

    @precondition(lambda self: self.oracle.open_ones())
    @rule(who=PERSON, pick=FEW_PICKS)
    def takes_back(self, who: str, pick: int) -> None:
        """An empty answer: which they meant is not certain, so it is doubt."""
        one = self.version(pick)
        if one.waiting or (found := self.at.ballot(who, one, "none")) is None:
            return
        self.at.sends(who, *found, partial(self.oracle.takes_back, who, one))

    # What was meant as an answer

    @precondition(lambda self: self.oracle.open_ones())
    @rule(who=PERSON, pick=FEW_PICKS, line=st.sampled_from(UNCLEAR), how=st.sampled_from(ROOMS))
    def is_not_understood(self, who: str, pick: int, line: str, how: str) -> None:
        """Misspelt, with another word before the number, or of a poll that is not there."""
        follows = partial(self.oracle.refuses_to_understand, who)
        line = line.format(number=self.version(pick).number)
        self.at.types(who, line, follows, direct=how == "direct")

    @precondition(lambda self: self.oracle.open_ones())
    @rule(who=PERSON, pick=FEW_PICKS, line=st.sampled_from(HIDDEN), kind=st.sampled_from(KINDS))
    def answers_in_passing(self, who: str, pick: int, line: str, kind: str) -> None:
        """Behind other words, as an emote or in a caption: not said to the bot."""
        line = line.format(number=self.version(pick).number)
        content = {"msgtype": kind, "body": line, "filename": "foto.jpg"}
        self.at.sends(who, self.at.hall.room, content, partial(self.oracle.tries, who))

    @precondition(lambda self: self.oracle.open_ones())
    @rule(who=PERSON, pick=FEW_PICKS)
    def quotes(self, who: str, pick: int) -> None:
        """What somebody else said is not said again."""
        line = f"> !bezwaar {self.version(pick).number}"
        self.at.types(who, f"{line}\n\nWaarom?", nothing)

    @precondition(lambda self: self.oracle.open_ones())
    @rule(
        who=PERSON,
        answer=st.sampled_from(("agree", "object", "object")),
        how=st.sampled_from(ROOMS),
    )
    def names_no_poll(self, who: str, answer: str, how: str) -> None:
        follows = partial(self.oracle.types_no_number, who, answer, in_room=how == "room")
        self.at.types(who, f"!{TYPED[answer]}", follows, direct=how == "direct")

    @precondition(lambda self: self.oracle.open_ones())
    @rule(who=PERSON, pick=FEW_PICKS, why=st.sampled_from(REASONS), how=st.sampled_from(ROOMS))
    def objects_with_a_reason(self, who: str, pick: int, why: str, how: str) -> None:
        one = self.oracle.newest(self.version(pick).number)
        follows = partial(self.oracle.types, who, one, "object", in_room=how == "room")
        self.at.types(who, f"!bezwaar {one.number}{why}", follows, direct=how == "direct")

    @precondition(lambda self: self.oracle.in_doubt())
    @rule(pick=PICK, off=st.sampled_from((0, 0, -1, 1)), how=st.sampled_from(ROOMS))
    def says_yes_to_a_doubt(self, pick: int, off: int, how: str) -> None:
        """The newest, the one before, or one that nobody was told of."""
        found = [(one, who) for one in self.oracle.open_ones() for who in sorted(one.unclear)]
        if found:
            one, who = found[pick % len(found)]
            self.ends_a_doubt(who, one, len(one.unclear[who]) + off, how)

    def ends_a_doubt(self, who: str, one: Version, ends: int, how: str) -> None:
        one, in_room = self.oracle.newest(one.number), how == "room"
        follows = partial(self.oracle.types, who, one, "agree", in_room=in_room, ends=ends)
        line = f"!akkoord {one.number}.{one.version}.{max(ends, 0)}"
        self.at.types(who, line, follows, direct=not in_room)

    @precondition(lambda self: self.at.answers_of())
    @rule(by=PERSON, pick=PICK)
    def deletes_an_answer(self, by: str, pick: int) -> None:
        answers = self.at.answers_of()
        self.at.deletes(by, answers[pick % len(answers)])

    @precondition(lambda self: self.at.answers_of())
    @rule(who=PERSON, pick=PICK, words=st.sampled_from(("!bezwaar 2", "- !bezwaar 2", "laat maar")))
    def edits_an_answer(self, who: str, pick: int, words: str) -> None:
        answers = [one for one in self.at.answers_of(who) if one.room == self.at.hall.room]
        if answers and who in self.oracle.in_room:
            self.edit(who, answers[pick % len(answers)].event_id, words)

    def edit(self, who: str, event: str, words: str) -> None:
        content = {
            "msgtype": "m.text",
            "body": f"* {words}",
            "m.new_content": {"msgtype": "m.text", "body": words},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event},
        }
        follows = partial(self.oracle.edits, who, event, into_answer="bezwaar" in words)
        if words.startswith("-"):
            follows = partial(self.unseen, follows)
        self.at.sends(who, self.at.hall.room, content, follows)

    def unseen(self, follows: Callable[[], None]) -> None:
        """The same, but nothing is said to be refused."""
        with suppress(Refused):
            follows()

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
        if one is None:
            return [read]
        return [partial(self.newest, who, one.number, what, sent.event_id), read]

    def newest(self, who: str, number: int, answer: str, event: str) -> None:
        self.oracle.event = event
        self.oracle.types(who, self.oracle.newest(number), answer, in_room=True)

    def answer(self, who: str, one: Version, answer: str, how: str) -> None:
        found = None
        if how == "native" and (one.number, one.version) in self.at.asked:
            found = self.at.ballot(who, one, answer)
        if found is not None:
            self.at.sends(who, *found, partial(self.oracle.chooses, who, one, answer))
        else:
            one = self.oracle.newest(one.number)
            follows = partial(self.oracle.types, who, one, answer, in_room=how == "room")
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
