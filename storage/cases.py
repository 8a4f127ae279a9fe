"""Cases, notifications in the making, and actions."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from bot.rules.actions import ActionState
from bot.rules.facts import ActionNumber, Reference
from bot.rules.notification import CaseState, Route
from storage import models as m


class Cases:
    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, reference: Reference) -> m.Case | None:
        return self._session.scalar(select(m.Case).where(m.Case.reference == reference))

    def get(self, case_id: int) -> m.Case:
        return self._session.get_one(m.Case, case_id)

    def add(self, reference: Reference, route: Route, notifier: int, today: date) -> m.Case:
        row = m.Case(
            reference=reference,
            state=CaseState.NOTIFIED,
            notified_on=today,
            route=route,
            notifier_id=notifier,
        )
        self._session.add(row)
        self._session.flush()
        return row

    def in_state(self, state: CaseState) -> Sequence[m.Case]:
        query = select(m.Case).where(m.Case.state == state)
        return self._session.scalars(query.order_by(m.Case.id)).all()

    def forget(self, case: m.Case) -> None:
        """Every row about the case; nothing is left that says it existed (R21, Q05)."""
        polls = select(m.Poll.id).where(m.Poll.case_id == case.id)
        for of_poll in (m.Ballot, m.Yes, m.Doubt):
            self._session.execute(delete(of_poll).where(of_poll.poll_id.in_(polls)))
        for table in (m.Poll, m.Fiche, m.Rostered, m.TakenUp, m.Action, m.Discussion):
            self._session.execute(delete(table).where(table.case_id == case.id))
        on_floor = update(m.Meeting).where(m.Meeting.case_id == case.id)
        self._session.execute(on_floor.values(case_id=None))
        self._session.delete(case)
        self._session.flush()

    def set_discussed(self, case: m.Case, on: date, *, was: bool) -> None:
        """Whether a case was discussed on a day."""
        row = self._session.get(m.Discussion, (case.id, on))
        if was and row is None:
            self._session.add(m.Discussion(case_id=case.id, on=on))
        elif row is not None and not was:
            self._session.delete(row)
        self._session.flush()

    def discussions(self, case: m.Case) -> Sequence[date]:
        """The days on which a case was discussed."""
        query = select(m.Discussion.on).where(m.Discussion.case_id == case.id)
        return self._session.scalars(query.order_by(m.Discussion.on)).all()

    def release(self, account: int) -> None:
        """Somebody left the table: no longer notifier, manager or director of anything."""
        for column in (m.Case.notifier_id, m.Case.manager_id, m.Case.director_id):
            self._session.execute(update(m.Case).where(column == account).values({column: None}))
        self._session.execute(delete(m.Draft).where(m.Draft.account_id == account))

    def draft(self, account: int) -> m.Draft | None:
        return self._session.get(m.Draft, account)

    def start_draft(self, account: int, route: Route, asked: str) -> m.Draft:
        self.drop_draft(account)
        row = m.Draft(account_id=account, route=route, asked=asked)
        self._session.add(row)
        self._session.flush()
        return row

    def drop_draft(self, account: int) -> None:
        self._session.execute(delete(m.Draft).where(m.Draft.account_id == account))

    def action(self, number: ActionNumber) -> m.Action | None:
        return self._session.get(m.Action, int(number[1:]))

    def add_action(
        self, case: m.Case, owner: int, code: str, due: date, meeting: m.Meeting
    ) -> m.Action:
        row = m.Action(
            case_id=case.id,
            owner_id=owner,
            code=code,
            due=due,
            state=ActionState.OPEN,
            made_in=meeting.id,
        )
        self._session.add(row)
        self._session.flush()
        return row

    def open_actions(self) -> Sequence[m.Action]:
        query = select(m.Action).where(m.Action.state == ActionState.OPEN)
        return self._session.scalars(query.order_by(m.Action.id)).all()

    def actions_of(self, case: m.Case) -> Sequence[m.Action]:
        """Of one case, answered or not."""
        query = select(m.Action).where(m.Action.case_id == case.id)
        return self._session.scalars(query.order_by(m.Action.id)).all()

    def actions_to_answer(self, meeting: m.Meeting) -> Sequence[m.Action]:
        """Open since an earlier meeting and not yet answered in this one (M01)."""
        query = select(m.Action).where(
            m.Action.state == ActionState.OPEN,
            m.Action.made_in != meeting.id,
            or_(m.Action.answered_in.is_(None), m.Action.answered_in != meeting.id),
        )
        return self._session.scalars(query.order_by(m.Action.id)).all()

    def answered_in(self, meeting: m.Meeting) -> Sequence[m.Action]:
        query = select(m.Action).where(m.Action.answered_in == meeting.id)
        return self._session.scalars(query.order_by(m.Action.id)).all()

    def made_in(self, meeting: m.Meeting) -> Sequence[m.Action]:
        query = select(m.Action).where(m.Action.made_in == meeting.id)
        return self._session.scalars(query.order_by(m.Action.id)).all()

    def drop_closed_actions(self) -> None:
        """What is answered for good is not kept."""
        self._session.execute(delete(m.Action).where(m.Action.state != ActionState.OPEN))
        self._session.flush()
