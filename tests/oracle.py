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

    about: str  # follow, feedback, item, whole, form
    number: int
    version: int
    words: object = None  # the very words that are agreed to
    section: str = ""
    waiting: bool = False  # for the officer to attest
    agreed: set[str] = field(default_factory=set)
    objected: set[str] = field(default_factory=set)
    doubts: set[tuple[str, str]] = field(default_factory=set)  # who, event: could not be read
    unclear: dict[str, list[str]] = field(default_factory=dict)  # who → events, as they came
    ended: dict[str, int] = field(default_factory=dict)  # who → after how many of them a yes is
    yeses: set[tuple[str, str]] = field(default_factory=set)  # who, event
    secret: bool = False
    outcome: str | None = None

    @property
    def open(self) -> bool:
        return self.outcome is None and not self.waiting

    @property
    def answered(self) -> set[str]:
        return self.agreed | self.objected

    def in_doubt(self, who: str) -> bool:
        """Something of theirs may have been an objection, and none is certain."""
        unread = any(one == who for one, _ in self.doubts)
        unclear = len(self.unclear.get(who, [])) > self.ended.get(who, 0)
        return who not in self.objected and (unread or unclear)


@dataclass
class Oracle:
    """A case on the table of a meeting in session, whose roster is everybody present."""

    roster: set[str]  # everybody on it at its first poll or since
    seats: dict[str, str]  # who sits on a mandatory one
    in_room: set[str]
    enrolled: set[str]
    private: bool = False
    screen: bool = False
    numbers: int = 1  # given already
    present: set[str] = field(default_factory=set)
    polled: bool = True  # whether anything was asked about the case before
    followed: bool = True
    later: bool = False  # its case manager and its actions are for the next meeting
    left_out: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    running: bool = True
    floor: bool = True
    form: str | None = None  # wanted, open, adopted, closed
    secrets: set[object] = field(default_factory=set)  # words that hold one
    versions: list[Version] = field(default_factory=list)  # in the order in which they were asked
    told: list[Told] = field(default_factory=list)
    event: str = ""  # that is being heard

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

    def missing(self) -> set[str]:
        """Who is at the table and should be on the roster: they have not agreed either."""
        return (self.present & self.enrolled) - self.roster - self.left_out

    def voters(self) -> set[str]:
        return self.roster | self.missing()

    def complete(self) -> bool:
        """The roster is whole: nobody is missing from it or gone, and the seats are on it."""
        seats = {self.seats[who] for who in self.roster - self.gone if who in self.seats}
        return not self.missing() and not self.roster & self.gone and seats == SEATS

    def everybody_agrees(self, one: Version) -> bool:
        """The page's sentence. Agreement counts only while the meeting is in session, and an
        objection is final, so both have been seen to when they were said."""
        everybody = self.complete() and self.roster <= one.agreed
        doubted = any(map(one.in_doubt, self.roster))
        return everybody and not one.objected and not doubted and not one.secret

    def standing(self) -> list[Version]:
        """The items that stand: their consensus is still everybody's."""
        return [one for one in self.items() if self.stands(one)]

    def stands(self, one: Version) -> bool:
        secret = one.words in self.secrets
        return one.outcome == CONSENSUS and self.everybody_agrees(one) and not secret

    def figures(self) -> set[Told]:
        """Of each open poll: number, version, how many answered, of how many."""
        of = len(self.voters())
        return {(one.number, one.version, len(one.answered), of) for one in self.open_ones()}

    def in_doubt(self) -> set[Told]:
        """Of each open poll in which somebody's answer is in doubt: its number, and how many's."""
        counts = {one.number: sum(map(one.in_doubt, self.roster)) for one in self.open_ones()}
        return {(number, count) for number, count in counts.items() if count}

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
        if not self.complete():
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

    def decide(self, who: str) -> None:
        """Whether to follow the case."""
        self.require_session()
        if who != COORDINATOR or self.followed or self.form in {"wanted", "open"}:
            raise Refused
        self.require_all_closed()
        self.require_askable()
        self.numbers += 1
        self._ask(Version("follow", self.numbers, 1))

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
        if not self.roster & self.gone:  # then it just ends
            self.require_askable()
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

    def answer(self, who: str, one: Version, answer: str, *, in_room: bool, ends: int = 0) -> None:
        """`ends`: how many doubts of theirs a yes says it comes after."""
        self._require_may_answer(who, one, in_room=in_room)
        if answer == "agree":
            self.require_session()
            known = len(one.unclear.get(who, []))
            one.ended[who] = max(one.ended.get(who, 0), min(ends, known))
            one.yeses.add((who, self.event))
        if answer == "object" or who in one.objected:
            one.objected.add(who)
        else:
            one.agreed.add(who)
        self._look(one)

    def types(self, who: str, one: Version, answer: str, *, in_room: bool, ends: int = 0) -> None:
        """An objection that cannot be obeyed may have been meant for any poll of theirs."""
        try:
            self.answer(who, one, answer, in_room=in_room, ends=ends)
        except Refused:
            if answer == "object":
                self.tries(who)
            raise

    def chooses(self, who: str, one: Version, answer: str) -> None:
        """In the native poll: the number at least is certain."""
        try:
            self.answer(who, one, answer, in_room=False)
        except Refused:
            if answer == "object":
                self.tries_in(who, one)
            raise

    def types_no_number(self, who: str, answer: str, *, in_room: bool) -> None:
        """It objects to the one open poll; a yes names its poll."""
        asked = [one for one in self.open_ones() if who in self.roster and self.running]
        if len(asked) > 1:
            self.tries(who)
        if len(asked) == 1 and answer == "object":
            return self.types(who, asked[0], answer, in_room=in_room)
        raise Refused

    def types_secret(self, who: str, one: Version, *, in_room: bool) -> None:
        try:
            self.secret(who, one, in_room=in_room)
        except Refused:
            self.tries(who)
            raise

    def chooses_secret(self, who: str, one: Version) -> None:
        try:
            self.secret(who, one, in_room=False)
        except Refused:
            self.tries_in(who, one)
            raise

    def tries(self, who: str, *of: Version) -> None:
        """Something that may have been an objection."""
        for one in of or self.open_ones():
            events = one.unclear.setdefault(who, [])
            asked = self.running and one.open and who in self.roster
            if asked and who not in one.objected and self.event not in events:
                events.append(self.event)

    def tries_in(self, who: str, one: Version) -> None:
        same = [other for other in self.open_ones() if other.number == one.number]
        if same:
            self.tries(who, *same)

    def refuses_to_understand(self, who: str) -> None:
        """It was said to the bot, and is refused besides."""
        self.tries(who)
        raise Refused

    def takes_back(self, who: str, one: Version) -> None:
        if one.open and who in self.roster:
            self.tries(who, one)
        else:
            self.tries(who)

    def unsays(self, event: str, by: str | None = None) -> None:
        """An event that said yes is deleted, or edited by whoever said it."""
        for one in self.versions:
            for who, said in sorted(one.yeses):
                if said == event and by in {None, who}:
                    one.yeses.discard((who, said))
                    self.tries(who, one)

    def edits(self, who: str, event: str, *, into_answer: bool) -> None:
        """No command is done that way."""
        self.unsays(event, who)
        if into_answer:
            self.refuses_to_understand(who)

    def secret(self, who: str, one: Version, *, in_room: bool) -> None:
        """It closes, and the same words are refused for the rest of the form."""
        self._require_may_answer(who, one, in_room=in_room)
        if in_room or one.about in {"feedback", "follow"}:
            raise Refused
        self.secrets.add(one.words)
        for same in self.open_ones():
            if same.words == one.words:
                same.secret = True
                same.yeses.clear()
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
        """Onto the roster, at any time."""
        self.require_session()
        if by != COORDINATOR or who not in self.present & self.enrolled or who in self.gone:
            raise Refused
        if who not in self.roster:
            self._void_whole()
        self.roster.add(who)
        self.left_out.discard(who)
        self._put_on_the_table()

    def leave_out(self, by: str, who: str) -> None:
        """Never after the first poll of the case, and never a seat."""
        self.require_session()
        if by != COORDINATOR:
            raise Refused
        self.stay_out(who)
        self._put_on_the_table()

    def stay_out(self, who: str) -> None:
        """The same, by themselves; whether they are at the table or not."""
        if not self.running or self.polled or who in self.seats or who not in self.enrolled:
            raise Refused
        self.left_out.add(who)
        self.roster.discard(who)

    def come(self, who: str) -> None:
        """Before the first poll, onto the roster; after it, only the chair puts them there."""
        if not self.running:
            raise Refused
        self.present.add(who)
        if who in self.missing() and not self.polled:
            self.roster.add(who)
            self.told.append(("joined",))
        elif who in self.missing() and self._concerns_the_table():
            self.told.append(("late",))

    def leave(self, who: str) -> None:
        if not self.running or who not in self.present:
            raise Refused
        self.depart(who)

    def depart(self, who: str) -> None:
        """However they are gone: what they were asked finds no consensus in this meeting. Before
        the first poll they are just not on the roster; who came late takes along what is open."""
        if not self.running or who not in self.present:
            return
        waited = who in self.voters()
        if not self.polled:
            self.roster.discard(who)
        elif who in self.roster:
            self.gone.add(who)
        for one in self.open_ones():
            if waited:
                self._end(one, NO_CONSENSUS)
        self.present.discard(who)

    def next(self, who: str) -> None:
        self.require_session()
        self.require_all_closed()
        if who != COORDINATOR or self.form in {"wanted", "open"}:
            raise Refused
        self.floor = False

    def say_later(self) -> None:
        if not self.running or not self.followed:
            raise Refused
        self.later = True

    def close(self) -> None:
        if self.followed and not self.later:
            raise Refused
        for one in self.open_ones():
            self._settle(one)
        self.running = False

    # Inside

    def _concerns_the_table(self) -> bool:
        return self.floor or self.form in {"wanted", "open"} or bool(self.open_ones())

    def _put_on_the_table(self) -> None:
        """By stating its roster, when nothing else is open."""
        self.floor = self.floor or (not self.open_ones() and self.form not in {"wanted", "open"})

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
        self.polled = True
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
        doubted = any(map(one.in_doubt, self.roster))
        if self.voters() <= one.answered and (one.objected or not doubted):
            self._settle(one)

    def _settle(self, one: Version) -> None:
        self._end(one, CONSENSUS if self.everybody_agrees(one) else NO_CONSENSUS)
        if one.about == "follow":
            self.followed = one.outcome == CONSENSUS
        elif one.about == "feedback":
            if one.outcome == CONSENSUS:
                self.form = "open"
                self.told.append(("form", "opened"))
        elif one.about in {"whole", "form"} and one.outcome == CONSENSUS:
            self.form = "adopted"
            self.told.append(("form", "adopted"))

    def _end(self, one: Version, outcome: str) -> None:
        one.outcome = outcome
        if one.about == "feedback" and outcome != CONSENSUS:
            self.form = "closed"
        self.told.append(("closed", one.number, one.version, outcome, one.secret))
