"""What many tests begin with is played once in a process, and then pictured."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING

from tests.hall import Hall, Picture

if TYPE_CHECKING:
    from tests.moments import Moment

Play = Callable[[Hall], Awaitable["Moment"]]

TAKEN: dict[tuple[Play, int, str], tuple[Picture, "Moment"]] = {}


def pictured(play: Play) -> Play:
    """The moment that `play` leads to, in a bot that was started there: also the first time, so
    that every test begins with the same.

    It is played where nobody can tell that a hall is still as some picture shows it.
    """

    @wraps(play)
    async def moment(hall: Hall) -> "Moment":
        before = hall.untouched()
        if before is None:
            return await play(hall)
        key = play, id(before), repr(hall.table)
        if key not in TAKEN:
            found = await play(hall)
            TAKEN[key] = hall.picture(), kept(found)
        picture, found = TAKEN[key]
        hall.restore(picture)
        return kept(replace(found, hall=hall, scene=replace(found.scene, stage=hall)))

    return moment


def kept(moment: "Moment") -> "Moment":
    """Nothing that a test does with its own changes this one."""
    return replace(moment, scene=replace(moment.scene), poll=dict(moment.poll))
