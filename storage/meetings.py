"""Meetings, their roll, what they took up and who is on each roster."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.rules.agenda import MeetingState
from bot.rules.facts import Account
from bot.rules.people import Role
from bot.rules.roster import Standing, missing, voters
from storage import models as m
from storage.outbox import TABLE_LANE, side_lane

_RUNNING = (MeetingState.ROLL_CALL, MeetingState.IN_SESSION)


class Meetings:
    def __init__(self, session: Session) -> None:
        self._session = session

    def running(self) -> m.Meeting | None:
        return self._session.scalar(select(m.Meeting).where(m.Meeting.state.in_(_RUNNING)))

    def planned(self) -> m.Meeting | None:
        return self._session.scalar(
            select(m.Meeting).where(m.Meeting.state == MeetingState.PLANNED)
        )

    def add(self, state: MeetingState) -> m.Meeting:
        row = m.Meeting(state=state)
        self._session.add(row)
        self._session.flush()
        return row

    def roll(self, meeting: m.Meeting) -> Sequence[m.Presence]:
        """Everybody who said "present", also those who left since."""
        query = select(m.Presence).where(m.Presence.meeting_id == meeting.id)
        return self._session.scalars(query.order_by(m.Presence.account_id)).all()

    def present(self, meeting: m.Meeting) -> tuple[Account, ...]:
        return tuple(Account(row.account_id) for row in self.roll(meeting) if row.there)

    def roles_present(self, meeting: m.Meeting) -> list[Role]:
        return list(self.members_present(meeting.id).values())

    def members_present(self, meeting_id: int) -> dict[Account, Role]:
        """Everybody enrolled who is at the table, in which role."""
        query = (
            select(m.Member)
            .join(m.Presence, m.Presence.account_id == m.Member.account_id)
            .where(m.Presence.meeting_id == meeting_id, m.Presence.there)
            .order_by(m.Member.account_id)
        )
        return {Account(row.account_id): Role(row.role) for row in self._session.scalars(query)}

    def set_present(self, meeting: m.Meeting, account: int, *, there: bool) -> None:
        row = self._session.get(m.Presence, (meeting.id, account))
        if row is None and there:
            row = m.Presence(meeting_id=meeting.id, account_id=account)
            self._session.add(row)
        if row is not None:
            row.there = there
        if row is not None and (member := self._session.get(m.Member, account)) is not None:
            row.role, row.organisation = member.role, member.organisation
        self._session.flush()

    def taken_up(self, meeting: m.Meeting, case: m.Case) -> m.TakenUp | None:
        return self._session.get(m.TakenUp, (meeting.id, case.id))

    def take_up(self, meeting: m.Meeting, case: m.Case) -> m.TakenUp:
        """Put a case on the table; its roster is everybody present (C15), but for those who come
        for one case only (I08)."""
        row = m.TakenUp(meeting_id=meeting.id, case_id=case.id, discussed_before=case.discussed_on)
        self._session.add(row)
        for account in self.present(meeting):
            member = self._session.get(m.Member, account)
            if member is None or member.role != Role.AD_HOC:
                self.roster_add(meeting, case, account)
        self._session.flush()
        return row

    def lane(self, meeting: m.Meeting, case: m.Case) -> int:
        """Where a case is talked about: the table's room, or its own (C15, C16)."""
        taken = self.taken_up(meeting, case)
        return side_lane(case.id) if taken is not None and taken.aside else TABLE_LANE

    def aside(self, meeting: m.Meeting) -> Sequence[m.TakenUp]:
        """The cases that have a side room, or are about to."""
        return [row for row in self.all_taken_up(meeting) if row.aside]

    def all_taken_up(self, meeting: m.Meeting) -> Sequence[m.TakenUp]:
        query = select(m.TakenUp).where(m.TakenUp.meeting_id == meeting.id)
        return self._session.scalars(query.order_by(m.TakenUp.case_id)).all()

    def roster(self, meeting: m.Meeting | int, case: m.Case | int) -> Mapping[Account, bool]:
        """Everybody on the roster, or gone since it was polled, and whether still there."""
        meeting_id = meeting if isinstance(meeting, int) else meeting.id
        case_id = case if isinstance(case, int) else case.id
        return voters(self.standings(meeting_id, case_id), {})

    def voters(self, meeting_id: int, case_id: int) -> Mapping[Account, bool]:
        """The same, with everybody at the table who should be on it and is not (F01)."""
        return voters(self.standings(meeting_id, case_id), self.members_present(meeting_id))

    def missing(self, meeting_id: int, case_id: int) -> tuple[Account, ...]:
        """Who these last are."""
        return missing(self.standings(meeting_id, case_id), self.members_present(meeting_id))

    def standings(self, meeting_id: int, case_id: int) -> Mapping[Account, Standing]:
        """How everybody stands to the roster who ever was on it or was left out."""
        query = select(m.Rostered).where(
            m.Rostered.meeting_id == meeting_id, m.Rostered.case_id == case_id
        )
        rows = self._session.scalars(query.order_by(m.Rostered.account_id))
        return {Account(row.account_id): Standing(row.standing) for row in rows}

    def rostered(self, meeting: m.Meeting, case: m.Case) -> tuple[Account, ...]:
        """Those on the roster who are still there."""
        return tuple(who for who, there in self.roster(meeting, case).items() if there)

    def expected_in(self, case_id: int) -> frozenset[Account]:
        """Who belongs in the side room of a case now."""
        meeting = self.running()
        roster = self.roster(meeting, case_id) if meeting is not None else {}
        return frozenset(who for who, there in roster.items() if there)

    def roster_add(self, meeting: m.Meeting, case: m.Case, account: int) -> None:
        self._stand(meeting, case, account, Standing.ON)

    def leave_out(self, meeting: m.Meeting, case: m.Case, account: int) -> None:
        """Remembered while the meeting lasts: they are not put on it by coming back."""
        self._stand(meeting, case, account, Standing.LEFT_OUT)

    def _stand(self, meeting: m.Meeting, case: m.Case, account: int, standing: Standing) -> None:
        row = self._session.get(m.Rostered, (meeting.id, case.id, account))
        if row is None:
            row = m.Rostered(meeting_id=meeting.id, case_id=case.id, account_id=account)
            self._session.add(row)
        row.standing = standing
        self._session.flush()

    def leave_rosters(self, meeting: m.Meeting, account: int) -> None:
        """Gone from every case in which a poll was opened, away from the others (F01)."""
        for taken in self.all_taken_up(meeting):
            self.leave_roster(meeting, taken.case_id, account)

    def leave_roster(self, meeting: m.Meeting, case_id: int, account: int) -> None:
        """The same for one case."""
        row = self._session.get(m.Rostered, (meeting.id, case_id, account))
        if row is not None and row.standing == Standing.ON:
            taken = self._session.get_one(m.TakenUp, (meeting.id, case_id))
            row.standing = Standing.GONE if taken.polled else Standing.AWAY
            self._session.flush()

    def wipe(self, meeting: m.Meeting) -> None:
        """Delete the working data of a meeting: roll, rosters, ballots, digests (DESIGN 8)."""
        polls = select(m.Poll.id).where(m.Poll.meeting_id == meeting.id)
        for of_poll in (m.Ballot, m.Yes, m.Doubt):
            self._session.execute(delete(of_poll).where(of_poll.poll_id.in_(polls)))
        for table in (m.Poll, m.Fiche, m.Rostered, m.TakenUp, m.Presence, m.Trace):
            self._session.execute(delete(table).where(table.meeting_id == meeting.id))
        self._session.flush()

    def close(self, meeting: m.Meeting) -> None:
        meeting.state = MeetingState.CLOSED
        meeting.chair_id = meeting.case_id = meeting.action_id = meeting.moved_by = None
        meeting.step = meeting.moved_at = None
        self._session.flush()
