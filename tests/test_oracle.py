"""A form is approved if and only if everybody ever on the roster agreed to those very words, nobody
objected or called them secret, nobody left, and the meeting was in session (F01, F05, F07, F34).

Acts in any order, with restarts, repetitions, comings, goings and edits, against `tests.oracle`.
"""

from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from demo.scene import COORDINATOR
from tests.hall import key_of
from tests.oracle import Refused, Version
from tests.oracle_hall import NEWCOMERS, WORDS
from tests.ritual import CHAIR, HIDDEN, PERSON, PICK, REASONS, UNCLEAR, WORD, Ritual

TROUBLES = (
    *("object", "secret", "newcomer", "unread", "back", "says so", "suspended", "removed"),
    *("late", "came and went", "gone and back"),
    *("misspelt", "caption", "deleted", "edited", "no number", "reason"),
)
TROUBLE = st.sampled_from(TROUBLES)

ORDINARY = settings(
    max_examples=8,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
LONG = settings(ORDINARY, max_examples=600, stateful_step_count=40, derandomize=False)


class Meeting(Ritual):
    """The same with all that goes on around it."""

    # The chair

    @precondition(lambda self: self.oracle.open_ones())
    @rule(who=CHAIR, pick=PICK)
    def closes_a_poll(self, who: str, pick: int) -> None:
        number = self.number(pick)
        self.at.types(who, f"!sluit {number}", partial(self.oracle.close_poll, who, number))

    @precondition(lambda self: len(self.oracle.versions) in {0, 2, 5})
    @rule(by=CHAIR, who=PERSON)
    def leaves_out(self, by: str, who: str) -> None:
        line = f"!deelnemers {self.at.case} -{self.at.hall.user_id(who)}"
        self.at.types(by, line, partial(self.oracle.leave_out, by, who))

    @precondition(lambda self: len(self.oracle.versions) in {0, 2})
    @rule(who=PERSON, direct=st.booleans())
    def stays_out(self, who: str, direct: bool) -> None:
        line = f"!vertrekken {self.at.case}"
        self.at.types(who, line, partial(self.oracle.stay_out, who), direct=direct)

    @precondition(lambda self: self.oracle.form != "wanted" and len(self.oracle.versions) != 3)
    @rule(who=CHAIR)
    def moves_on(self, who: str) -> None:
        self.at.types(who, "!volgende", partial(self.oracle.next, who))

    @precondition(lambda self: len(self.oracle.versions) > 4 and self.oracle.running)
    @rule(pick=PICK)
    def closes_early(self, pick: int) -> None:
        if pick == 0:
            self.closes()
            self.at.no_words_left()

    # Who is there

    @precondition(lambda self: self.oracle.in_room - self.oracle.present)
    @rule(who=PERSON)
    def says_present(self, who: str) -> None:
        self.at.types(who, "!aanwezig", partial(self.oracle.come, who))

    @precondition(lambda self: set(NEWCOMERS) - self.oracle.in_room)
    @rule(who=st.sampled_from(tuple(NEWCOMERS)))
    def a_newcomer_comes_in(self, who: str) -> None:
        if who not in self.oracle.enrolled:
            line = f"!lid toevoegen {self.at.hall.user_id(who)} {NEWCOMERS[who]}"
            self.at.types(COORDINATOR, line, partial(self.oracle.enrolled.add, who))
        self.at.compare(self.at.hall.come(who), partial(self.oracle.in_room.add, who))

    @precondition(lambda self: not self.oracle.polled)
    @rule(who=PERSON)
    def goes_and_comes_back(self, who: str) -> None:
        """Before the first poll it changes nothing, after it nothing is asked any more."""
        self.at.types(who, "!vertrekken", partial(self.oracle.leave, who))
        self.at.types(who, "!aanwezig", partial(self.oracle.come, who))

    @precondition(lambda self: self.oracle.open_ones())
    @rule(late=st.sampled_from(tuple(NEWCOMERS)), goes=st.booleans())
    def comes_late(self, late: str, goes: bool) -> None:
        """And is not put on the roster before everybody else has answered."""
        self.a_newcomer_comes_in(who=late)
        self.at.types(late, "!aanwezig", partial(self.oracle.come, late))
        self.the_rest_agrees(pick=0, how="native", but=0)
        if goes:
            self.at.types(late, "!vertrekken", partial(self.oracle.leave, late))

    @precondition(lambda self: len(self.oracle.versions) != 1)
    @rule(who=PERSON, how=st.sampled_from(("says so", "room", "removed", "suspended")))
    def departs(self, who: str, how: str) -> None:
        if how == "says so" or not self.oracle.running:
            self.at.types(who, "!vertrekken", partial(self.oracle.leave, who))
        elif who == COORDINATOR or who not in self.oracle.in_room:
            return
        elif how == "room":
            self.oracle.in_room.discard(who)
            self.at.compare(self.at.hall.goes(who), partial(self.oracle.depart, who))
        elif how == "suspended":
            self.is_suspended(who)
        elif who not in {"burgemeester", "schepen"}:  # who stands in the settings
            line = f"!lid verwijderen {self.at.hall.user_id(who)}"
            self.at.types(COORDINATOR, line, partial(self.removed, who))

    def removed(self, who: str) -> None:
        self.oracle.depart(who)
        self.oracle.enrolled.discard(who)
        self.oracle.in_room.discard(who)
        self.oracle.suspended.discard(who)

    def is_suspended(self, who: str) -> None:
        """The homeserver shows another identity of theirs."""
        if who in self.at.renewed or who == "burgemeester":
            return
        user = self.at.hall.user_id(who)
        self.at.hall.matrix.keys[user] = key_of(user, 1)
        self.at.renewed.add(who)
        self.oracle.suspended.add(who)
        self.at.compare(self.at.hall.hears(), partial(self.oracle.depart, who))

    @precondition(lambda self: self.oracle.suspended)
    @rule(who=PERSON)
    def is_confirmed(self, who: str) -> None:
        line = f"!lid bevestigen {self.at.hall.user_id(who)}"
        self.at.types(COORDINATOR, line, partial(self.confirmed, who))

    def confirmed(self, who: str) -> None:
        if who not in self.oracle.suspended & self.oracle.enrolled:
            raise Refused
        self.oracle.suspended.discard(who)

    # At the last moment

    def before_the_last_answer(self, who: str, trouble: str, words: str) -> None:
        """Everybody but one agrees; something happens; everybody agrees."""
        if not self.oracle.open_ones():
            self.proposes(who="io", section="social", words=words)
        if not self.oracle.open_ones():
            return
        one = self.version(0)
        self.the_rest_agrees(pick=0, how="native", but=1)
        if trouble == "object":
            self.answer(who, one, "object", "direct")
        elif trouble == "secret":
            self.calls_secret(who=who, pick=0, how="direct")
            self.proposes(who="io", section="reason", words=words)
        elif trouble == "newcomer":
            self.a_newcomer_comes_in(who="jeugdhuis")
            self.answer("jeugdhuis", one, "agree", "direct")
            self.joins_in("jeugdhuis")
        elif trouble in {"late", "came and went"}:
            self.comes_late(late="jeugdhuis", goes=trouble == "came and went")
        elif trouble == "gone and back":
            self.goes_and_comes_back(who=who)
        elif trouble == "unread":
            self.says_what_cannot_be_read(who=who, pick=0, what="object")
        elif trouble == "back":
            self.takes_back(who=who, pick=0)
        elif trouble in {"misspelt", "caption", "deleted", "edited", "no number", "reason"}:
            self.goes_wrong(who, one, trouble)
        else:
            self.departs(who=who, how=trouble)
        for everybody in (who, *sorted(self.oracle.roster)):
            self.answer(everybody, one, "agree", "direct")

    def goes_wrong(self, who: str, one: Version, trouble: str) -> None:
        """Somebody who has agreed means to object, in a way of their own."""
        self.answer(who, one, "agree", "direct" if self.oracle.private else "room")
        if trouble == "misspelt":
            self.is_not_understood(who=who, pick=0, line=UNCLEAR[0], how="direct")
        elif trouble == "caption":
            self.answers_in_passing(who=who, pick=0, line=HIDDEN[2], kind="m.image")
        elif trouble == "no number":
            self.names_no_poll(who=who, answer="object", how="direct")
        elif trouble == "reason":
            self.objects_with_a_reason(who=who, pick=0, why=REASONS[0], how="direct")
        elif trouble == "deleted" and (said := self.at.answers_of(who)):
            self.at.deletes(who, said[0])
        elif trouble == "edited":
            self.edits_an_answer(who=who, pick=0, words="!bezwaar 2")

    at_the_last_moment = rule(who=PERSON, trouble=TROUBLE, words=WORD)(before_the_last_answer)
    before_it_is_too_late = rule(who=PERSON, trouble=TROUBLE, words=WORD)(before_the_last_answer)
    just_in_time = rule(who=PERSON, trouble=TROUBLE, words=WORD)(before_the_last_answer)

    # The network and the machine

    @precondition(lambda self: self.at.delivered)
    @rule(pick=st.integers(0, 30))
    def is_delivered_again(self, pick: int) -> None:
        event = self.at.delivered[-1 - pick % len(self.at.delivered)]
        self.at.compare(self.at.hall.hears(event, event))

    @rule()
    def starts_again(self) -> None:
        self.at.restart()


def test_a_form_is_approved_if_and_only_if_everybody_agreed() -> None:
    run_state_machine_as_test(Meeting, settings=ORDINARY)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_happens_before_the_last_answer_counts(trouble: str) -> None:
    """The same machine, at the moments that matter most."""
    meeting = Meeting()
    meeting.sits_down(private=False, screen=False)
    for words in WORDS[:2]:
        meeting.before_the_last_answer(who="ocmw", trouble=trouble, words=words)
    meeting.goes_on(section="social", words=WORDS[0], pick=2)
    meeting.teardown()


def test_so_it_is_in_many_more_ways() -> None:
    run_state_machine_as_test(Meeting, settings=LONG)
