"""When a feedback form is approved, written down from the page alone (F01, F05, F07, F26, F34).

Plain sets and lists; nothing of the program is imported here, so that it cannot share its mistakes.
What the table should be told of an act is put into `told`; an act that is refused changes nothing.
"""

from dataclasses import dataclass, field

CONSENSUS, NO_CONSENSUS, DROPPED = "consensus", "no_consensus", "dropped"
ORDER = ("reason", "social", "psych")  # the sections used here, as they stand on the form
OFFICER, COORDINATOR = "io", "coordinator"
SEATS = {"mayor", "officer", "coordinator"}

Told = tuple[object, ...]


class Refused(Exception):
    """Nothing follows from an act."""


@dataclass(eq=False)
class Version:
    """One version of what is asked, and what everybody has said of it."""

    about: str  # feedback, item, whole, form
    number: int
    version: int
    words: object = None  # the very words that are agreed to
    section: str = ""
    waiting: bool = False  # for the officer to attest
    agreed: set[str] = field(default_factory=set)
    objected: set[str] = field(default_factory=set)
    doubts: set[tuple[str, str]] = field(default_factory=set)  # who, event
    secret: bool = False
    outcome: str | None = None

    @property
    def open(self) -> bool:
        return self.outcome is None and not self.waiting

    @property
    def answered(self) -> set[str]:
        return self.agreed | self.objected


@dataclass
class Oracle:
    """A case on the table of a meeting in session, whose roster is everybody present."""

    roster: set[str]  # everybody ever on it
    seats: dict[str, str]  # who sits on a mandatory one
    in_room: set[str]
    enrolled: set[str]
    private: bool = False
    screen: bool = False
    numbers: int = 1  # given already
    present: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    running: bool = True
    floor: bool = True
    form: str | None = None  # wanted, open, adopted, closed
    secrets: set[object] = field(default_factory=set)  # words that hold one
    versions: list[Version] = field(default_factory=list)  # in the order in which they were asked
    told: list[Told] = field(default_factory=list)

    # What can be seen

    def heard(self, who: str) -> bool:
        return who in self.enrolled - self.suspended

    def open_ones(self) -> list[Version]:
        return [one for one in self.versions if one.open]

    def newest(self, number: int) -> Version:
        found = [one for one in self.versions if one.number == number]
        if not found:
            raise Refused
        return max(found, key=lambda one: one.version)

    def items(self) -> list[Version]:
        """The newest version of each item, in the order of the form."""
        newest = {one.number: one for one in self.versions if one.about == "item"}
        return sorted(newest.values(), key=lambda one: (ORDER.index(one.section), one.number))

    def everybody_agrees(self, one: Version) -> bool:
        """The page's sentence. Agreement counts only while the meeting is in session, and an
        objection is final, so both have been seen to when they were said."""
        everybody = bool(self.roster) and self.roster <= one.agreed and not self.roster & self.gone
        doubted = any(who in self.roster for who, _ in one.doubts)
        return everybody and not one.objected and not doubted and not one.secret

    def standing(self) -> list[Version]:
        """The items that stand: their consensus is still everybody's."""
        return [one for one in self.items() if self.stands(one)]

    def stands(self, one: Version) -> bool:
        secret = one.words in self.secrets
        return one.outcome == CONSENSUS and self.everybody_agrees(one) and not secret

    def figures(self) -> set[Told]:
        """Of each open poll: number, version, how many answered, of how many."""
        of = len(self.roster)
        return {(one.number, one.version, len(one.answered), of) for one in self.open_ones()}

    # Who may, and when

    def require_session(self) -> None:
        seated = {self.seats[who] for who in self.present & self.enrolled & set(self.seats)}
        if not self.running or seated != SEATS or self.suspended & self.in_room:
            raise Refused

    def require_form(self, who: str) -> None:
        """Only the officer writes on the form, once the table has agreed to feed back."""
        self.require_session()
        if who != OFFICER or self.form != "open":
            raise Refused

    def require_only_roster(self) -> None:
        """Words are read by exactly the roster."""
        if self.in_room != self.roster - self.gone:
            raise Refused

    def require_askable(self) -> None:
        """From the first poll nobody is taken off: whoever left takes the case along."""
        if self.roster & self.gone:
            raise Refused

    def require_clean(self, words: object) -> None:
        if words in self.secrets:
            raise Refused

    def require_all_closed(self) -> None:
        if self.open_ones():
            raise Refused

    def require_changeable(self, one: Version) -> None:
        since = self.versions[self.versions.index(one) :]
        failed = any(late.about == "whole" and late.outcome == NO_CONSENSUS for late in since)
        if self.stands(one) and not failed:
            raise Refused

    # Asking

    def fiche(self, who: str) -> None:
        """Whether to feed back at all."""
        self.require_session()
        if who != OFFICER or not self.floor or self.form in {"wanted", "open", "adopted"}:
            raise Refused
        self.require_all_closed()
        self.require_askable()
        self.form = "wanted"
        self._ask(self._next("feedback"))

    def opened(self) -> None:
        """Everybody on the roster has agreed to that."""
        self.fiche(OFFICER)
        for who in self.roster:
            self.answer(who, self.versions[-1], "agree", in_room=False)
        self.told = []

    def propose(self, who: str, section: str, words: str) -> None:
        self._require_writable(who, section, words)
        self._void_whole()
        self.numbers += 1
        self._put(Version("item", self.numbers, 1, words, section))

    def amend(self, who: str, number: int, words: str) -> None:
        """Another version with other words, or, without any, the same ones again."""
        self.require_form(who)
        before = self.newest(number)
        if before.about == "whole" and not words:
            return self._whole_again(before)
        if before.about != "item":
            raise Refused
        again = words or str(before.words)
        self._require_writable(who, before.section, again)
        self.require_changeable(before)
        self._void_whole()
        if before.waiting:
            before.outcome, before.waiting = DROPPED, False
        elif before.open:
            self._settle(before)
        return self._put(Version("item", number, before.version + 1, again, before.section))

    def drop(self, who: str, number: int) -> None:
        self.require_form(who)
        one = self.newest(number)
        if one.about != "item" or one.outcome == DROPPED:
            raise Refused
        self.require_changeable(one)
        self._void_whole()
        if one.open:
            self._end(one, DROPPED)
        one.outcome, one.waiting = DROPPED, False

    def attest(self, who: str, number: int) -> None:
        """A psychiatrist or psychologist has confirmed it: only now is it asked (F26)."""
        self.require_form(who)
        one = self.newest(number)
        if not one.waiting:
            raise Refused
        self._require_writable(who, "", one.words)
        self._void_whole()
        one.waiting = False
        self.told.append(("opened", one.number, one.version))

    def fiche_close(self, who: str) -> None:
        """What stands goes to everybody as a whole, unless just that found no consensus."""
        self.require_form(who)
        self.require_all_closed()
        wholes = [one for one in self.versions if one.about == "whole"]
        refused = bool(wholes) and wholes[-1].outcome == NO_CONSENSUS
        if not self.standing() or (refused and wholes[-1].words == self._whole()):
            self.form = "closed"
            self.told.append(("form", "closed"))
        else:
            self._ask_whole()

    def form_code(self, who: str, code: str, declared: str) -> None:
        """The form on the screen, by the code of its file; with what it says of mental disorders
        declared each time (F26)."""
        self.require_form(who)
        if not declared:
            raise Refused
        self.require_clean(code)
        self.require_askable()
        if not self.screen:
            raise Refused
        for before in self.open_ones():
            self._settle(before)
        asked = self._next("form")
        asked.words = code
        self._ask(asked)

    # Answering

    def answer(self, who: str, one: Version, answer: str, *, in_room: bool) -> None:
        self._require_may_answer(who, one, in_room=in_room)
        if answer == "agree":
            self.require_session()
        if answer == "object" or who in one.objected:
            one.objected.add(who)
        else:
            one.agreed.add(who)
        self._look(one)

    def secret(self, who: str, one: Version, *, in_room: bool) -> None:
        """It closes, and the same words are refused for the rest of the form."""
        self._require_may_answer(who, one, in_room=in_room)
        if in_room or one.about == "feedback":
            raise Refused
        self.secrets.add(one.words)
        for same in self.open_ones():
            if same.words == one.words:
                same.secret = True
                self._settle(same)

    def close_poll(self, who: str, number: int) -> None:
        """Whoever has not answered has not consented."""
        if not self.running or who != COORDINATOR or not self.newest(number).open:
            raise Refused
        self._settle(self.newest(number))

    def doubt(self, who: str, event: str, *of: Version) -> None:
        """It may have been an objection."""
        for one in of or self.open_ones():
            if self.running and one.open and who in self.roster:
                one.doubts.add((who, event))

    def read(self, who: str, event: str) -> None:
        """It was read after all."""
        doubted = [one for one in self.versions if (who, event) in one.doubts]
        for one in doubted:
            one.doubts.discard((who, event))
        for one in doubted:
            if one.open:
                self._look(one)

    # Coming and going

    def add(self, by: str, who: str) -> None:
        """Onto the roster; saying so puts the case on the table again when nothing else is."""
        self.require_session()
        if by != COORDINATOR or who not in self.present & self.enrolled or who in self.gone:
            raise Refused
        if who not in self.roster:
            self._void_whole()
        self.roster.add(who)
        self.floor = self.floor or (not self.open_ones() and self.form not in {"wanted", "open"})

    def leave_out(self) -> None:
        """Never after the first poll of the case."""
        raise Refused

    def come(self, who: str) -> None:
        if not self.running:
            raise Refused
        self.present.add(who)

    def leave(self, who: str) -> None:
        if not self.running or who not in self.present:
            raise Refused
        self.depart(who)

    def depart(self, who: str) -> None:
        """However they are gone: what they were asked finds no consensus in this meeting."""
        if not self.running or who not in self.present:
            return
        self.present.discard(who)
        if who in self.roster:
            self.gone.add(who)
            for one in self.open_ones():
                self._settle(one)

    def next(self, who: str) -> None:
        self.require_session()
        self.require_all_closed()
        if who != COORDINATOR or self.form in {"wanted", "open"}:
            raise Refused
        self.floor = False

    def close(self) -> None:
        for one in self.open_ones():
            self._settle(one)
        self.running = False

    # Inside

    def _require_writable(self, who: str, section: str, words: object) -> None:
        self.require_form(who)
        self.require_only_roster()
        self.require_clean(words)
        if self.screen:
            raise Refused
        if section != "psych":
            self.require_askable()

    def _require_may_answer(self, who: str, one: Version, *, in_room: bool) -> None:
        if not self.running or not one.open or who not in self.roster - self.gone:
            raise Refused
        if self.private and in_room:
            raise Refused

    def _next(self, about: str) -> Version:
        """The next version of what there is one of."""
        before = [one for one in self.versions if one.about == about]
        if not before:
            self.numbers += 1
            return Version(about, self.numbers, 1)
        return Version(about, before[-1].number, before[-1].version + 1)

    def _put(self, one: Version) -> None:
        if one.section != "psych":
            return self._ask(one)
        one.waiting = True
        self.versions.append(one)
        return None

    def _ask(self, one: Version) -> None:
        self.versions.append(one)
        self.told.append(("opened", one.number, one.version))

    def _whole(self) -> tuple[object, ...]:
        return tuple((one.number, one.version, one.words) for one in self.standing())

    def _ask_whole(self) -> None:
        self.require_only_roster()
        self.require_askable()
        self.require_clean(self._whole())
        asked = self._next("whole")
        asked.words = self._whole()
        self._ask(asked)

    def _whole_again(self, before: Version) -> None:
        self.require_all_closed()
        if before.open or not self.standing():
            raise Refused
        self._ask_whole()

    def _void_whole(self) -> None:
        for one in self.open_ones():
            if one.about == "whole":
                self._end(one, DROPPED)

    def _look(self, one: Version) -> None:
        """Nothing can change any more: all have answered, and no doubt is left that matters."""
        doubted = any(who in self.roster for who, _ in one.doubts)
        if self.roster <= one.answered and (one.objected or not doubted):
            self._settle(one)

    def _settle(self, one: Version) -> None:
        self._end(one, CONSENSUS if self.everybody_agrees(one) else NO_CONSENSUS)
        if one.about == "feedback":
            self.form = "open" if one.outcome == CONSENSUS else "closed"
            if one.outcome == CONSENSUS:
                self.told.append(("form", "opened"))
        elif one.about in {"whole", "form"} and one.outcome == CONSENSUS:
            self.form = "adopted"
            self.told.append(("form", "adopted"))

    def _end(self, one: Version, outcome: str) -> None:
        one.outcome = outcome
        self.told.append(("closed", one.number, one.version, outcome, one.secret))
