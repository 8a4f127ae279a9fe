"""What a handler is given and what it gives back: a turn to speak, and things to say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Protocol

from bot.rules import retention, room, roster
from bot.rules.agenda import MeetingState
from bot.rules.consensus import BallotMode
from bot.rules.facts import Account, EventId, Facts, Token
from bot.rules.fiche import FicheText
from bot.rules.identity import require_compared
from bot.rules.people import Role
from bot.rules.refusal import Reason, Refused
from bot.rules.roll import require_quorum
from bot.rules.room import Fault
from locales.codes import Place
from locales.kinds import KINDS
from storage import models as m
from storage.outbox import TABLE_LANE, Act, side_lane
from storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Table:
    """The settings of the table that its rituals need."""

    name: str
    police_zone: str
    languages: Sequence[str]
    zone: tzinfo
    mayor: str
    coordinator: str
    coordinator_chairs: bool
    delegates: Sequence[str] = ()  # who represents the mayor, as settled
    fingerprints: Mapping[str, str] = field(default_factory=dict)  # user → master key, as settled
    bot: str = ""  # our own account, which sits at no table
    fiche_text: FicheText = FicheText.ROOM
    ballot: BallotMode = BallotMode.OPEN
    homeserver_keeps_redacted_days: int = 7  # the encrypted originals, as Synapse does by default
    unprotected: bool = False  # no data protection officer stands in the settings (R22)

    @property
    def stewards(self) -> tuple[str, str]:
        """Who stands in the settings, and decides who else sits at the table."""
        return self.mayor, self.coordinator

    @property
    def seats(self) -> Mapping[str, Role]:
        """Everybody who sits at the table because the settings say so."""
        delegates = dict.fromkeys(self.delegates, Role.MAYOR_DELEGATE)
        return {**delegates, self.mayor: Role.MAYOR, self.coordinator: Role.COORDINATOR}


@dataclass(frozen=True, slots=True)
class Request:
    """One line of one event, from somebody enrolled, believed (promise 3).

    `in_room`: the enrolled people joined to the room; `strangers`: how many others are;
    `suspended`: how many are whose identity was replaced; `faults`: all that is the matter with
    the room; `case`: of the side room it was said in.
    """

    event_id: EventId
    line: int
    sender: Account
    place: Place
    at: datetime
    in_room: frozenset[Account] = frozenset()
    strangers: int = 0
    suspended: int = 0
    faults: tuple[Fault, ...] = ()
    thread: EventId | None = None
    case: int | None = None

    @property
    def lane(self) -> int:
        """Where what was said is answered."""
        if self.case is not None:
            return side_lane(self.case)
        return TABLE_LANE if self.place is Place.TABLE else int(self.sender)


class Chance(Protocol):
    """Where randomness comes from."""

    def pick(self, alphabet: str) -> str: ...

    def token(self) -> Token: ...


@dataclass(frozen=True, slots=True)
class Say:
    """Something to say or do. `lane` None: where it was asked, as a reply to what was said."""

    kind: str
    facts: Facts = field(default_factory=dict)
    lane: int | None = None
    act: Act = Act.MESSAGE
    slot: str | None = None
    reply_to: EventId | None = None

    def __post_init__(self) -> None:
        if self.act in {Act.MESSAGE, Act.FILE} and self.kind != "refused":
            unknown = set(self.facts) - set(KINDS[self.kind].fields)
            assert not unknown, f"{self.kind} has no facts {unknown}"


Says = list[Say]


@dataclass(frozen=True, slots=True)
class Turn:
    """One request being answered inside one transaction."""

    request: Request
    tx: Tx
    table: Table
    chance: Chance
    reminded: dict[int, datetime] = field(default_factory=dict)  # poll → when last

    @property
    def me(self) -> Account:
        return self.request.sender

    @property
    def member(self) -> m.Member:
        row = self.tx.people.member(self.me)
        assert row is not None
        return row

    @property
    def role(self) -> Role:
        return Role(self.member.role)

    @property
    def today(self) -> date:
        """The day at the table."""
        return self.request.at.astimezone(self.table.zone).date()

    def meeting(self) -> m.Meeting:
        """The meeting that is open, or a refusal."""
        meeting = self.tx.meetings.running()
        if meeting is None:
            raise Refused(Reason.NO_MEETING)
        return meeting

    def session(self) -> m.Meeting:
        """The meeting, when case work may be done: in session, the three seats filled (C01),
        nobody in the room who is not enrolled (R27), and the room as safe as it must be."""
        meeting = self.meeting()
        if meeting.state != MeetingState.IN_SESSION:
            raise Refused(Reason.NOT_IN_SESSION)
        self.require_safe(meeting)
        return meeting

    def require_safe(self, meeting: m.Meeting) -> None:
        require_quorum(self.tx.meetings.roles_present(meeting))
        self.require_safe_room()
        if self.request.suspended:
            raise Refused(Reason.SUSPENDED_PRESENT)
        self.require_compared()

    def require_safe_room(self) -> None:
        """Nobody reads here who should not, or could see to it that they do (R07, R27)."""
        if self.request.strangers:
            raise Refused(Reason.STRANGER_PRESENT)
        if found := room.serious(self.request.faults):
            raise Refused(Reason.ROOM_UNSAFE, faults=found)
        if self.request.case is not None:  # enrolled is not enough in a side room (C16)
            there = self.tx.meetings.roster(self.meeting(), self.request.case)
            if any(not there.get(account) for account in self.request.in_room):
                raise Refused(Reason.ROOM_EXCEEDS_ROSTER)

    def require_compared(self) -> None:
        """Nothing about a case is said before mayor and coordinator are known to be themselves."""
        stewards = (self.tx.people.known(user) for user in self.table.stewards)
        proofs = (self.tx.people.identity(one).proof for one in stewards if one is not None)
        require_compared(*proofs)

    def require_whole(self, meeting: m.Meeting, case: m.Case) -> None:
        """Something may be asked about a case: it is still the table's, and its roster is whole
        (C01, F01)."""
        retention.require_kept(case.expires_on, self.today)
        standings = self.tx.meetings.standings(meeting.id, case.id)
        roster.require_whole(standings, self.tx.meetings.members_present(meeting.id))

    def require_about(self, case_id: int) -> None:
        """In a side room nothing is said of another case than its own (C16)."""
        if self.request.place is Place.SIDE and self.request.case != case_id:
            raise Refused(Reason.ANOTHER_ROOM)

    def require_readers(self, roster: Collection[Account]) -> None:
        """Everybody on it is in the room, and can read what is said there: history is shown from
        the moment one has joined."""
        if not self.request.in_room >= set(roster):
            raise Refused(Reason.NOT_ALL_IN)

    def chairs(self) -> bool:
        meeting = self.tx.meetings.running()
        return meeting is not None and meeting.chair_id == self.me

    def person(self, user_id: str) -> Account:
        """Somebody enrolled, by Matrix id."""
        account = self.tx.people.enrolled(user_id)
        if account is None:
            raise Refused(Reason.UNKNOWN_MEMBER)
        return account

    def lasting_person(self, user_id: str) -> Account:
        """Somebody who will still sit at the table after this meeting (I08)."""
        account = self.person(user_id)
        if account in self.tx.people.holding(Role.AD_HOC):
            raise Refused(Reason.GUEST_LEAVES)
        return account

    def announce(self, kind: str, facts: Facts) -> Says:
        """Say it where it was asked and, if that is a direct room, in the table's room too."""
        here = Say(kind, facts)
        if self.request.place is not Place.DIRECT or self.tx.people.table_room() is None:
            return [here]
        return [here, Say(kind, facts, lane=TABLE_LANE)]
