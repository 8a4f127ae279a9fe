"""Who is shown which case: those who take part in it, and those who keep the overview (H17, R28).

Rosters live for one meeting and nothing lasting says who took part in what (R05), so "take part"
is read off what is kept anyway.
"""

from bot.rules.people import oversees
from handlers.turn import Turn
from locales.codes import Place
from storage import models as m


def alone(turn: Turn) -> bool:
    """Whether nobody else reads the answer; in the table's room everybody does."""
    return turn.request.place is Place.DIRECT


def sees(turn: Turn, case: m.Case) -> bool:
    """Whoever brought it, manages or directs it, has an action in it, or is or was on its roster
    in this meeting."""
    if oversees(turn.role, chairs=turn.chairs()):
        return True
    owners = {action.owner_id for action in turn.tx.cases.actions_of(case)}
    if turn.me in {case.notifier_id, case.manager_id, case.director_id} | owners:
        return True
    meeting = turn.tx.meetings.running()
    return meeting is not None and turn.me in turn.tx.meetings.roster(meeting, case)
