"""Act: one line or ballot in one transaction, or a refusal that leaves no trace."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.body import quotes
from bot.desk import Desk
from bot.matrix.door import Event, Hearing, RoomFacts
from bot.places import PlaceFinder
from bot.rules.facts import Account, EventId
from bot.rules.refusal import Reason, Refused
from bot.spoken import POLL_RESPONSES, thread
from handlers import attempts, core, doubts, members, traces
from handlers.core import Line
from handlers.turn import Request, Says, Turn
from locales.codes import Place
from storage.outbox import TABLE_LANE, Act, side_lane
from storage.people import RoomKind
from storage.tx import Tx

log = logging.getLogger("tafelbot.acting")

_WORDS_GO = {  # refusals after which the words do not stay a moment longer
    Reason.PERSONAL_DATA,
    Reason.NOT_ENCRYPTED,
    Reason.ANOTHER_ROOM,
    Reason.ROOM_EXCEEDS_ROSTER,
    Reason.ON_SCREEN,
}
QUIET = timedelta(hours=1)  # the same advice to the same person at most this often
LINE_OF_GREETING = -2  # line number of what is not a line


class Actor:
    def __init__(self, desk: Desk, places: PlaceFinder) -> None:
        self._desk = desk
        self._places = places
        self._advised: dict[tuple[Account, str], datetime] = {}
        self._reminded: dict[int, datetime] = {}  # poll → when those who are silent were reminded
        with desk.transaction() as tx:
            point = tx.sync_point()
        self.last_sync = point[1] if point else desk.clock()

    def act(
        self,
        request: Request,
        line: Line | None,
        handle: Callable[[Turn], Says],
        otherwise: Callable[[Turn], Says] | None = None,
    ) -> bool:
        """Once: either everything follows from it, or a refusal, and doubt if it may have been an
        objection: `otherwise`."""
        try:
            with self._desk.transaction() as tx:
                if not tx.first_time(request.event_id, request.line, request.at.date()):
                    return False
                turn = self.turn(tx, request)
                core.write_down(turn, handle(turn))
        except Refused as refused:  # outside the transaction, so that a refusal leaves no trace
            refused = _weightiest(request, line, refused)
            log.info("refused %s in the %s room", refused.reason, request.place)
            if otherwise is None and line is not None and attempts.leaves_doubt(line, refused):
                otherwise = doubts.attempted
            self._refuse(request, line, refused, otherwise)
            return False
        return True

    def _refuse(
        self,
        request: Request,
        line: Line | None,
        refused: Refused,
        otherwise: Callable[[Turn], Says] | None,
    ) -> None:
        with self._desk.transaction() as tx:
            tx.first_time(request.event_id, request.line, request.at.date())
            turn = self.turn(tx, request)
            says = [core.refusal(refused, line)]
            if line is not None and core.holds_words(line):
                says += self._remove_words(tx, request, refused)
            elif core.exposes(refused, line):
                says.append(traces.redaction(request.event_id, request.lane))
            says += otherwise(turn) if otherwise is not None else []
            core.write_down(turn, says)

    def _remove_words(self, tx: Tx, request: Request, refused: Refused) -> Says:
        """Words of an item refused outside a meeting, in clear, in another room, or because they
        tell who somebody is, do not stay a moment longer (P09, C16, F17); none stay in a direct
        room."""
        at_once = refused.reason in _WORDS_GO
        redaction = traces.redaction(request.event_id)
        redaction = replace(redaction, lane=request.lane)
        if request.place is Place.DIRECT:  # ours to try, not ours to promise
            return [redaction]
        return [redaction] if at_once or tx.meetings.running() is None else []

    def trace(self, event: Event, sender: Account, lines: Sequence[Line]) -> None:
        """Note what may hold words of an item, mistyped or quoted ones too, and answers in polls:
        they are redacted when the meeting closes (F08, R11). In a side room all that is said
        goes when the point is done."""
        with self._desk.transaction() as tx:
            room, meeting = tx.people.room(event.room), tx.meetings.running()
            if room is None or meeting is None or tx.seen(event.event_id):
                return
            if room.kind == RoomKind.SIDE and room.case_id is not None:
                tx.polls.trace(meeting, EventId(event.event_id), side_lane(room.case_id))
            if room.kind != RoomKind.TABLE:
                return
            ballot = event.type in POLL_RESPONSES
            proposing = tx.polls.fiche(meeting) is not None and tx.people.is_officer(sender)
            words = proposing or quotes(event.content) or any(map(core.holds_words, lines))
            if ballot or words or any(map(attempts.tries, lines)):
                ballot = ballot or not words
                tx.polls.trace(meeting, EventId(event.event_id), TABLE_LANE, ballot=ballot)

    def remove(self, tx: Tx, event: Event, lane: int) -> None:
        """Words of an item that nobody could act upon."""
        facts = traces.redaction(EventId(event.event_id))
        tx.outbox.add(lane, facts.act, facts.kind, facts.facts, self._desk.chance.token())

    def note(self, request: Request, handle: Callable[[Turn], Says]) -> None:
        """What follows from an event that is not acted upon; `handle` knows what it knew before."""
        with self._desk.transaction() as tx:
            turn = self.turn(tx, request)
            core.write_down(turn, handle(turn))

    def greet(self, event: Event, sender: Account) -> None:
        """Whoever writes for the first time is told in the direct room that this was heard."""
        with self._desk.transaction() as tx:
            greeted = tx.people.account_row(sender).greeted
            first = tx.first_time(event.event_id, LINE_OF_GREETING, event.at.date())
            waits = tx.outbox.waits(int(sender), Act.GREET, "heard")
            if first and not greeted and not waits:
                say = members.greeting(sender)
                tx.outbox.add(sender, say.act, say.kind, say.facts, self._desk.chance.token())

    def advise(self, tx: Tx, account: Account, kind: str, act: Act) -> None:
        if self.may_advise(account, kind):
            tx.outbox.add(account, act, kind, {}, self._desk.chance.token())

    def may_advise(self, account: Account, kind: str) -> bool:
        now, last = self._desk.clock(), self._advised.get((account, kind))
        if last is not None and now - last < QUIET:
            return False
        self._advised[account, kind] = now
        return True

    def fault(self, event: Event, number: int) -> None:
        """Tell the room a number, so that the operator finds the fault in the log."""
        with self._desk.transaction() as tx:
            row, sender = tx.people.room(event.room), tx.people.known(event.sender)
            if row is None or sender is None or event.hearing is not Hearing.TRUSTED:
                return
            tx.first_time(event.event_id, 0, event.at.date())
            lane = TABLE_LANE if row.kind == RoomKind.TABLE else int(sender)
            lane = side_lane(row.case_id) if row.case_id is not None else lane
            facts = {"number": number}
            tx.outbox.add(lane, Act.MESSAGE, "fault", facts, self._desk.chance.token())

    def turn(self, tx: Tx, request: Request) -> Turn:
        return Turn(request, tx, self._desk.table, self._desk.chance, self._reminded)

    def request(
        self,
        event: Event,
        line: int,
        sender: Account,
        place: Place,
        room: RoomFacts | None,
        *,
        about: Sequence[RoomFacts] = (),
    ) -> Request:
        """`room`: where it was said; `about`: the table's rooms, when it is said of those."""
        rooms = about or ([room] if room is not None else [])
        judged = rooms if about or place is not Place.DIRECT else []
        company = [self._places.company(one) for one in rooms]
        faults = [
            fault
            for one, (_, strangers) in zip(judged, company, strict=False)
            for fault in self._places.faults(one, strangers)
        ]
        return Request(
            event_id=EventId(event.event_id),
            line=line,
            sender=sender,
            place=place,
            # The time is the server's claim, believed only between our last sync and now.
            at=max(min(event.at, self._desk.clock()), self.last_sync),
            in_room=company[0][0] if company else frozenset(),
            strangers=sum(strangers for _, strangers in company),
            suspended=sum(map(self._places.suspended, rooms)),
            faults=tuple(dict.fromkeys(faults)),
            thread=thread(event.content),
            case=self._case(event.room) if place is Place.SIDE else None,
        )

    def _case(self, room_id: str) -> int | None:
        """Whose side room it is."""
        with self._desk.transaction() as tx:
            row = tx.people.room(room_id)
            return row.case_id if row is not None else None


def _weightiest(request: Request, line: Line | None, refused: Refused) -> Refused:
    """Words that tell who somebody is go at once, whatever else they were refused for (R01); from
    a direct room that is not ours to promise."""
    stays = refused.reason not in _WORDS_GO and request.place is not Place.DIRECT
    if stays and line is not None and core.identifies(line):
        return Refused(Reason.PERSONAL_DATA)
    return refused


def refusing(reason: Reason) -> Callable[[Turn], Says]:
    def handle(_turn: Turn) -> Says:
        raise Refused(reason)

    return handle
