"""Whatever cannot be done gets one clear sentence and a reason, and changes nothing."""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from bot.matrix.door import Hearing
from bot.rules.fiche import ITEM_LIMIT, TEXT_LIMIT, FicheText
from bot.rules.refusal import Reason, Refused
from demo.scene import COORDINATOR
from handlers.arguments import Words, form_code
from locales.catalogue import catalogue
from locales.codes import fold
from tests import moments as at
from tests.hall import Hall, Picture, facts_of
from tests.moments import MISTYPED, UNKNOWN, Moment, gathered_hall, kinds, reason, store

R = Reason
DOUBTED = ["ballot.doubted", "polls.overview"]
C = COORDINATOR
WORD = re.compile(r"[\w@:.'-]+")


@dataclass(frozen=True)
class Bad:
    """Somebody says something at a moment when it cannot be done."""

    why: Reason
    moment: Callable[[Hall], Awaitable[Moment]]
    who: str
    line: str
    direct: bool = False
    doubts: bool = False  # it may have been an objection: that much changes


BAD = (
    # what was said
    Bad(R.UNKNOWN_WORD, at.gathered, C, "!zwanenzang"),
    Bad(R.UNKNOWN_WORD, at.gathered, C, "!"),
    Bad(R.UNKNOWN_WORD, at.gathered, C, "zwanenzang", direct=True),
    Bad(R.UNKNOWN_WORD, at.gathered, C, "!help zwanenzang"),
    Bad(R.NO_COMMAND, at.gathered, C, "zwanenzang, {@tafelbot}"),
    Bad(R.MENTION_MISMATCH, at.roll_call, C, "!voorzitter [{@io}](https://matrix.to/#/{@schepen})"),
    Bad(R.WRONG_ARGUMENTS, at.gathered, "schepen", "!toelaten"),
    Bad(R.WRONG_ARGUMENTS, at.gathered, C, "!status zwanenzang"),
    Bad(R.WRONG_ARGUMENTS, at.roll_call, "clb", "!akkoord zwanenzang"),
    Bad(R.WRONG_ARGUMENTS, at.in_session, C, "!besproken {case} zwanenzang"),
    Bad(R.WRONG_ARGUMENTS, at.in_session, C, "!beslis {case} zwanenzang"),
    Bad(R.WRONG_ARGUMENTS, at.followed, "io", "!fiche {case} zwanenzang"),
    Bad(R.WRONG_ARGUMENTS, at.gathered, C, "!lid toevoegen {@nieuw} partner"),
    Bad(R.WRONG_ARGUMENTS, at.followed, C, "!wegen"),
    Bad(R.WRONG_ARGUMENTS, at.followed, C, "!informeren"),
    Bad(R.WRONG_ARGUMENTS, at.followed, C, "!informeren {case} zwanenzang"),
    Bad(R.WRONG_ARGUMENTS, at.informing, "io", "!verklaar"),
    Bad(R.UNKNOWN_LANGUAGE, at.gathered, "clb", "!taal zwanenzang"),
    Bad(R.UNKNOWN_LANGUAGE, at.gathered, "clb", "!taal"),
    Bad(R.DATE_UNREADABLE, at.gathered, C, "!plannen zwanenzang 14:00"),
    Bad(R.DATE_UNREADABLE, at.gathered, C, "!plannen 2027-02-30 14:00"),
    Bad(R.DATE_UNREADABLE, at.gathered, C, "!plannen 2027-02-20 25:00"),
    Bad(R.DATE_UNREADABLE, at.gathered, C, "!plannen 2027-02-20 zwanenzang"),
    Bad(R.DATE_PAST, at.gathered, C, "!plannen 2026-11-23 12:59"),
    Bad(R.DATE_PAST, at.followed, C, "!actie {case} {@clb} contact-school 2026-11-22"),
    Bad(R.DATE_PAST, at.next_meeting, "clb", "!uitstellen {action} 29/11/2026"),
    # who said it, and where
    Bad(R.NOT_ENTITLED, at.gathered, "clb", "!lid toevoegen {@nieuw} partner school"),
    Bad(R.NOT_ENTITLED, at.roll_call, "clb", "!volgende"),
    Bad(R.NOT_ENTITLED, at.notified, C, "!toelaten {case}"),
    Bad(R.NOT_ENTITLED, at.with_fiche, C, "!punt sociaal + zwanenzang"),
    Bad(R.NOT_ENTITLED, at.gathered, "io", "!vergadering openen"),
    Bad(R.NOT_ENTITLED, at.followed, "io", "!informeren {case}"),
    Bad(R.NOT_ENTITLED, at.followed, "clb", "!wegen {case}"),
    Bad(R.NOT_ENTITLED, at.informing, C, "!verklaar {case}"),
    Bad(R.NOT_ENTITLED, at.informing, "clb", "!verklaar {case}"),
    Bad(R.NOT_HERE, at.gathered, "clb", "!melden"),
    Bad(R.NOT_HERE, at.gathered, C, "vergadering openen", direct=True),
    Bad(R.NOT_HERE, at.with_fiche, "io", "punt sociaal + zwanenzang", direct=True),
    Bad(R.NOT_HERE, at.informing, "io", "verklaar {case}", direct=True),
    Bad(R.NOT_HERE, at.followed, C, "informeren {case}", direct=True),
    Bad(R.NOT_HERE, at.followed, C, "wegen {case}", direct=True),
    Bad(R.NOT_HERE, at.aside, C, "!volgende"),
    Bad(R.NOT_HERE, at.aside, C, "!verslag"),
    Bad(R.NOT_HERE, at.aside, C, "!lid verwijderen {@clb}"),
    Bad(R.NOT_HERE, at.roll_call, "clb", "aanwezig", direct=True),
    Bad(R.NOT_HERE, at.roll_call, "clb", "vertrekken", direct=True),
    Bad(R.NOT_PRESENT, at.no_quorum, "io", "!vertrekken"),
    # the room
    Bad(R.STRANGER_PRESENT, at.with_stranger, C, "!volgende"),
    Bad(R.STRANGER_PRESENT, at.with_stranger, C, "!beslis {case} opvolgen"),
    Bad(R.STRANGER_PRESENT, at.with_stranger, C, "!besproken {case} ja"),
    Bad(R.STRANGER_PRESENT, at.with_stranger, C, "!wegen {case}"),
    Bad(R.STRANGER_PRESENT, at.with_stranger, C, "!informeren {case}"),
    Bad(R.ROOM_UNSAFE, at.with_open_history, C, "!volgende"),
    Bad(R.ROOM_UNSAFE, at.with_open_history, C, "!beslis {case} opvolgen"),
    Bad(R.ROOM_UNSAFE, at.without_safe_room, C, "!vergadering openen"),
    # identities
    Bad(R.SUSPENDED_PRESENT, at.with_suspended, C, "!volgende"),
    Bad(R.SUSPENDED_PRESENT, at.with_suspended, C, "!besproken {case} ja"),
    Bad(R.NOT_YOURS_TO_CONFIRM, at.gathered, "schepen", "!lid bevestigen {@schepen}"),
    Bad(R.NOTHING_TO_CONFIRM, at.gathered, C, "!lid bevestigen {@clb}"),
    Bad(R.STANDS_IN_CONFIG, at.gathered, "schepen", "!lid bevestigen {@coordinator}"),
    # the people
    Bad(R.ALREADY_ENROLLED, at.gathered, C, "!lid toevoegen {@clb} partner CLB"),
    Bad(R.NOT_A_PERSON, at.gathered, C, "!lid toevoegen {@tafelbot} partner CLB"),
    Bad(R.UNKNOWN_MEMBER, at.gathered, C, "!lid verwijderen {@zwanenzang}"),
    Bad(R.UNKNOWN_MEMBER, at.gathered, C, "!lid verwijderen zwanenzang"),
    Bad(R.UNKNOWN_MEMBER, at.gathered, C, "!lid toevoegen zwanenzang partner school"),
    Bad(R.UNKNOWN_MEMBER, at.followed, C, "!casusmanager {case} {@zwanenzang}"),
    Bad(R.UNKNOWN_MEMBER, at.followed, C, "!actie {case} {@zwanenzang} andere 2026-12-01"),
    Bad(R.NOT_ON_ROLL, at.latecomer, C, "!deelnemers {case} +{@jeugdhuis}"),
    Bad(R.UNKNOWN_ROLE, at.gathered, C, "!lid toevoegen {@nieuw} zwanenzang school"),
    Bad(R.UNKNOWN_ORGANISATION, at.gathered, C, "!lid toevoegen {@nieuw} partner zwanenzang"),
    Bad(R.EXCLUDED_SERVICE, at.gathered, C, "!lid toevoegen {@nieuw} partner OCAD"),
    Bad(R.EXCLUDED_SERVICE, at.gathered, C, "!lid toevoegen {@nieuw} partner state_security"),
    Bad(R.EXCLUDED_SERVICE, at.gathered, C, "!lid toevoegen {@nieuw} ad-hoc public prosecution"),
    Bad(R.ROLE_MISMATCH, at.gathered, C, "!lid toevoegen {@nieuw} partner lokale politie"),
    Bad(R.ROLE_MISMATCH, at.gathered, C, "!lid toevoegen {@nieuw} information-officer school"),
    Bad(R.MAYOR_NAMES, at.gathered, C, "!lid toevoegen {@nieuw} vertegenwoordiger gemeente"),
    Bad(R.MAYOR_NAMES, at.gathered, C, "lid toevoegen {@nieuw} représentant commune", direct=True),
    Bad(R.STANDS_IN_CONFIG, at.gathered, C, "!lid verwijderen {@schepen}"),
    Bad(R.GUEST_LEAVES, at.with_guest, C, "!casusmanager {case} {@jeugdhuis}"),
    Bad(R.STANDS_IN_CONFIG, at.gathered, C, "!lid toevoegen {@nieuw} burgemeester gemeente"),
    Bad(R.STANDS_IN_CONFIG, at.gathered, "schepen", "!lid verwijderen {@coordinator}"),
    Bad(R.STANDS_IN_CONFIG, at.gathered, C, "!lid verwijderen {@burgemeester}"),
    Bad(R.OFFICER_CANNOT_CHAIR, at.roll_call, C, "!voorzitter {@io}"),
    Bad(R.CANNOT_CHAIR, at.roll_call, C, "!voorzitter {@clb}"),
    Bad(R.SAME_PERSON, at.with_director, C, "!casusmanager {case} {@clb}"),
    Bad(R.SAME_PERSON, at.with_director, C, "!casusregisseur {case} {@ocmw}"),
    # the meeting
    Bad(R.NO_MEETING, at.gathered, "clb", "!aanwezig"),
    Bad(R.NO_MEETING, at.gathered, C, "!volgende"),
    Bad(R.NO_MEETING, at.gathered, C, "!vergadering sluiten"),
    Bad(R.NO_MEETING, at.admitted, C, "!beslis {case} opvolgen"),
    Bad(R.NO_MEETING, at.admitted, C, "!wegen {case}"),
    Bad(R.NO_MEETING, at.admitted, "io", "!verklaar {case}"),
    Bad(R.MEETING_OPEN, at.roll_call, C, "!vergadering openen"),
    Bad(R.NOT_IN_SESSION, at.roll_call, C, "!deelnemers {case}"),
    Bad(R.NOT_IN_SESSION, at.roll_call, C, "!verslag"),
    Bad(R.SEATS_MISSING, at.no_quorum, C, "!volgende"),
    Bad(R.ALREADY_MOVED, at.moved_on, C, "!volgende"),
    Bad(R.ACTION_UNANSWERED, at.next_meeting, C, "!volgende"),
    Bad(R.ACTION_UNANSWERED, at.next_meeting, C, "!deelnemers {case}"),
    Bad(R.POLLS_OPEN, at.polled, C, "!volgende"),
    Bad(R.POLLS_OPEN, at.polled_with_guest, C, "!deelnemers {case} +{@jeugdhuis}"),
    Bad(R.POLLS_OPEN, at.polled, C, "!beslis {case} niet-opvolgen"),
    Bad(R.POLLS_OPEN, at.polled, C, "!beslis {case} meer informatie"),
    Bad(R.POLLS_OPEN, at.polled, C, "!informeren {case}"),
    Bad(R.POLLS_OPEN, at.telling, C, "!informeren {case}"),
    Bad(R.POLLS_OPEN, at.telling, C, "!beslis {case} niet-opvolgen"),
    Bad(R.DISCUSSED_MISSING, at.followed, C, "!vergadering sluiten"),
    Bad(R.UNASSIGNED, at.unassigned, C, "!vergadering sluiten"),
    # cases and notifications
    Bad(R.MISTYPED_REFERENCE, at.notified, "schepen", f"!toelaten {MISTYPED}"),
    Bad(R.MISTYPED_REFERENCE, at.notified, "schepen", "!toelaten zwanenzang"),
    Bad(R.MISTYPED_REFERENCE, at.in_session, C, f"!besproken {MISTYPED} ja"),
    Bad(R.MISTYPED_REFERENCE, at.informing, "io", f"!verklaar {MISTYPED}"),
    Bad(R.UNKNOWN_REFERENCE, at.notified, "schepen", f"!toelaten {UNKNOWN}"),
    Bad(R.UNKNOWN_REFERENCE, at.notified, "schepen", f"!weigeren {UNKNOWN}"),
    Bad(R.UNKNOWN_REFERENCE, at.in_session, C, f"!besproken {UNKNOWN} ja"),
    Bad(R.UNKNOWN_REFERENCE, at.in_session, C, f"!wegen {UNKNOWN}"),
    Bad(R.UNKNOWN_REFERENCE, at.informing, "io", f"!verklaar {UNKNOWN}"),
    Bad(R.EXPIRED, at.expired, C, "!deelnemers {case}"),
    Bad(R.EXPIRED, at.expired, C, "!besproken {case} ja"),
    Bad(R.NOT_ADMITTED, at.notified, C, "!beslis {case} opvolgen"),
    Bad(R.NOT_ADMITTED, at.notified, C, "!deelnemers {case}"),
    Bad(R.ALREADY_ADMITTED, at.admitted, "schepen", "!toelaten {case}"),
    Bad(R.ALREADY_ADMITTED, at.admitted, "schepen", "!weigeren {case}"),
    Bad(R.NOT_FOLLOWED, at.in_session, C, "!casusmanager {case} {@clb}"),
    Bad(R.ALREADY_FOLLOWED, at.followed, C, "!beslis {case} opvolgen"),
    Bad(R.UNKNOWN_ROUTE, at.gathered, "clb", "melden zwanenzang", direct=True),
    Bad(R.ROUTE_NOT_YOURS, at.gathered, "clb", "melden ltf", direct=True),
    Bad(R.ROUTE_NOT_YOURS, at.gathered, "io", "melden municipality", direct=True),
    Bad(R.ROUTE_NOT_YOURS, at.gathered, "clb", "melden non_member", direct=True),
    Bad(R.NOTHING_ASKED, at.gathered, "clb", "ja", direct=True),
    Bad(R.NOTHING_ASKED, at.gathered, "clb", "nee", direct=True),
    Bad(R.NOTHING_ASKED, at.followed, "io", "!verklaar {case}"),
    Bad(R.NOTHING_ASKED, at.telling, "io", "!verklaar {case}"),
    # actions
    Bad(R.UNKNOWN_ACTION, at.with_action, "clb", "!gedaan A99"),
    Bad(R.UNKNOWN_ACTION, at.with_action, "clb", "!gedaan zwanenzang"),
    Bad(R.UNKNOWN_CODE, at.followed, C, "!actie {case} {@clb} zwanenzang 2026-12-07"),
    Bad(R.NOT_OWNER, at.next_meeting, "ocmw", "!gedaan {action}"),
    # rosters and polls
    Bad(R.ROSTER_FROZEN, at.polled, C, "!deelnemers {case} -{@clb}"),
    Bad(R.ROSTER_BROKEN, at.departed, C, "!beslis {case} opvolgen"),
    Bad(R.ROSTER_BROKEN, at.departed, C, "!beslis {case} more"),
    Bad(R.ROSTER_BROKEN, at.departed, C, "!informeren {case}"),
    Bad(R.SEAT_STAYS, at.in_session, C, "!deelnemers {case} -{@io}"),
    Bad(R.SEAT_STAYS, at.in_session, "io", "!vertrekken {case}"),
    Bad(R.ROSTER_FROZEN, at.polled, "clb", "!vertrekken {case}"),
    Bad(R.MISTYPED_REFERENCE, at.polled, "clb", f"!vertrekken {MISTYPED}"),
    Bad(R.ROSTER_INCOMPLETE, at.late, C, "!beslis {case} more"),
    Bad(R.ROSTER_INCOMPLETE, at.late, "io", "!fiche {case}"),
    Bad(R.SEAT_OFF_ROSTER, at.seat_left_out, C, "!beslis {case} opvolgen"),
    Bad(R.TAKES_NO_PART, at.left_out, C, "!casusmanager {case} {@clb}"),
    Bad(R.TAKES_NO_PART, at.left_out, C, "!actie {case} {@clb} contact-school 2026-12-07"),
    Bad(R.NOT_FOLLOWED, at.in_session, C, "!later {case}"),
    Bad(R.NOT_ENTITLED, at.followed, "clb", "!later {case}"),
    Bad(R.ROOM_EXCEEDS_ROSTER, at.latecomer, "io", "!punt sociaal + zwanenzang"),
    Bad(R.ANOTHER_ROOM, at.aside, C, f"!besproken {UNKNOWN} ja"),
    Bad(R.NOT_ALL_IN, at.half_aside, "io", "!punt sociaal + zwanenzang"),
    Bad(R.UNKNOWN_POLL, at.polled, "clb", "!akkoord 7"),
    Bad(R.UNKNOWN_POLL, at.polled, C, "!sluit 7"),
    Bad(R.POLL_CLOSED, at.followed, "clb", "!bezwaar {number}"),
    Bad(R.VERSION_MISSING, at.amended, "clb", "!akkoord {number}"),
    Bad(R.POLL_CLOSED, at.amended, "clb", "!akkoord {number}.1"),
    Bad(R.POLL_CLOSED, at.amended, "clb", "!bezwaar {number}.1", doubts=True),
    Bad(R.WRONG_ARGUMENTS, at.amended, "clb", "!akkoord {number}.zwanenzang", doubts=True),
    Bad(R.POLL_CLOSED, at.followed, C, "!sluit {number}"),
    Bad(R.POLL_CLOSED, at.followed, C, "!herinneren {number}"),
    Bad(R.POLL_CLOSED, at.adopted, "clb", "geheim {number}", direct=True),
    Bad(R.UNKNOWN_POLL, at.polled, C, "!herinneren 7"),
    Bad(R.UNKNOWN_POLL, at.polled, "clb", "geheim 7", direct=True, doubts=True),
    Bad(R.ANSWER_IN_PRIVATE, at.asked_in_private, "clb", "!akkoord {number}"),
    Bad(R.ANSWER_IN_PRIVATE, at.asked_in_private, "clb", "!bezwaar {number}", doubts=True),
    Bad(R.NO_WORDS, at.polled, "clb", "geheim {number}", direct=True, doubts=True),
    Bad(R.UNKNOWN_WORD, at.polled, "clb", "!zwanenzang bezwaar", doubts=True),
    Bad(R.NUMBER_MISSING, at.polled, "clb", "!akkoord"),
    Bad(R.UNKNOWN_POLL, at.in_session, "clb", "!akkoord"),
    Bad(R.UNKNOWN_POLL, at.in_session, "clb", "!bezwaar"),
    Bad(R.NOT_ENTITLED, at.polled, "clb", "!herinneren {number}"),
    # the fiche
    Bad(R.NO_FICHE, at.followed, "io", "!punt sociaal + zwanenzang"),
    Bad(R.NO_FICHE, at.followed, "io", "!fiche sluiten"),
    Bad(R.FICHE_OPEN, at.with_fiche, "io", "!fiche {case}"),
    Bad(R.FICHE_OPEN, at.with_fiche, C, "!volgende"),
    Bad(R.UNKNOWN_SECTION, at.with_fiche, "io", "!punt zwanenzang + Traint opnieuw."),
    Bad(R.UNKNOWN_SECTION, at.with_fiche, "io", "!punt + Traint opnieuw."),
    Bad(R.NOT_WANTED_YET, at.wanted, "io", "!punt sociaal + zwanenzang"),
    Bad(R.NOT_WANTED_YET, at.wanted, "io", "!fiche sluiten"),
    Bad(R.FICHE_OPEN, at.wanted, "io", "!fiche {case}"),
    Bad(R.FICHE_OPEN, at.with_fiche, C, "!beslis {case} niet-opvolgen"),
    Bad(R.FICHE_ADOPTED, at.whole_adopted, "io", "!fiche {case}"),
    Bad(R.NO_FICHE, at.whole_adopted, "io", "!punt sociaal + zwanenzang"),
    Bad(R.NO_FICHE, at.whole_adopted, "io", "!schrap 2"),
    Bad(R.NOT_ON_FLOOR, at.on_another_case, "io", "!fiche {case}"),
    Bad(R.POLLS_OPEN, at.polled, "io", "!fiche {case}"),
    Bad(R.POLLS_OPEN, at.with_item, "io", "!fiche sluiten"),
    Bad(R.POLLS_OPEN, at.whole_asked, "io", "!wijzig {number}"),
    Bad(R.NOT_LOCKED, at.with_item, "io", "!verklaar {number} psychiater"),
    Bad(R.UNKNOWN_ITEM, at.with_psych, "io", "!verklaar 9 psychiater"),
    Bad(R.UNCONFIRMED, at.with_psych, "io", "!verklaar {number} geen"),
    Bad(R.WRONG_ARGUMENTS, at.with_psych, "io", "!verklaar {number} zwanenzang"),
    Bad(R.NOT_ENTITLED, at.with_psych, C, "!verklaar {number} psychiater"),
    Bad(R.UNKNOWN_POLL, at.with_psych, "clb", "!akkoord {number}"),
    Bad(R.UNKNOWN_POLL, at.with_psych, C, "!sluit {number}"),
    Bad(R.UNKNOWN_ITEM, at.with_item, "io", "!schrap 9"),
    Bad(R.UNKNOWN_ITEM, at.whole_asked, "io", "!schrap {number}"),
    Bad(R.UNKNOWN_ITEM, at.whole_refused, "io", "!wijzig {number} zwanenzang"),
    Bad(R.UNKNOWN_ITEM, at.whole_refused, "io", "!wijzig {number} +"),
    Bad(R.ITEM_ADOPTED, at.adopted, "io", "!schrap {number}"),
    Bad(R.NOT_ENTITLED, at.adopted, C, "!schrap {number}"),
    Bad(R.MISTYPED_CODE, at.with_fiche, "io", "!formulier zwanenzang"),
    Bad(R.MISTYPED_CODE, at.with_fiche, "io", "!formulier zwanenzang geen"),
    Bad(R.DECLARATION_MISSING, at.on_screen, "io", "!formulier ABCDE-FGHIJ-KLMNO-PQRST-UVWXY"),
    Bad(R.NOT_ON_SCREEN, at.with_fiche, "io", "!formulier ABCDE-FGHIJ-KLMNO-PQRST-UVWXY"),
    Bad(R.TEXT_MISSING, at.with_fiche, "io", "!punt sociaal +"),
    Bad(R.TEXT_TOO_LONG, at.with_fiche, "io", f"!punt sociaal + {'zwanenzang ' * TEXT_LIMIT}"),
    Bad(R.UNKNOWN_ITEM, at.with_item, "io", "!wijzig 7 zwanenzang"),
    Bad(R.UNKNOWN_ITEM, at.with_fiche, "io", "!wijzig 1 zwanenzang"),  # a poll, but no item
    Bad(R.WRONG_ARGUMENTS, at.informing, "io", "!verklaar 7"),
    Bad(R.ITEM_ADOPTED, at.adopted, "io", "!wijzig {number} zwanenzang"),
)


# Many bad lines are said at the same moment: it is played once, and then pictured.
PICTURES: dict[str, tuple[Picture, Moment]] = {}


async def reach(bad: Bad, folder: Path) -> Moment:
    """The moment of a bad line, in a hall of its own."""
    name = bad.moment.__name__
    if name not in PICTURES:
        (folder / "first").mkdir()
        hall = await gathered_hall(folder / "first")
        moment = await bad.moment(hall)
        PICTURES[name] = hall.picture(), moment
    picture, moment = PICTURES[name]
    hall = Hall.as_in(picture, folder)
    return replace(moment, hall=hall, scene=replace(moment.scene, stage=hall))


@pytest.mark.parametrize(
    "bad",
    BAD,
    ids=lambda bad: f"{bad.why}: {bad.line[:40]}",
)
async def test_it_is_refused_with_one_sentence_and_changes_nothing(
    tmp_path: Path, bad: Bad
) -> None:
    moment = await reach(bad, tmp_path)
    hall = moment.hall
    line = moment.line(bad.line)
    await moment.says(bad.who, "!status")  # greeted, and the direct room is there
    room = await hall.direct(bad.who) if bad.direct else hall.floor
    before = store(hall)

    sent = await moment.says(bad.who, line, direct=bad.direct)

    assert sorted(kinds(sent)) == sorted(["refused", *(DOUBTED if bad.doubts else ())])
    (answer,), after = [one for one in sent if facts_of(one)["kind"] == "refused"], store(hall)
    assert facts_of(answer)["reason"] == bad.why
    assert [name for name in before if after[name] != before[name]] == (
        ["doubt"] if bad.doubts else []
    )
    assert answer.room == room
    body = str(answer.content["body"])
    assert 20 < len(body) < 700
    assert not re.search(r"[{}]", body)
    assert not echoed(line, body)


def echoed(line: str, body: str) -> set[str]:
    """Words of the line, other than the bot's own, that stand in the answer."""
    typed = {word for word in WORD.findall(line) if fold(word) not in own_words()}
    return {
        word for word in typed if len(word) > 1 and re.search(rf"(?<!\w){re.escape(word)}", body)
    }


@cache
def own_words() -> set[str]:
    texts = [f"{message.id} {message.string}" for message in catalogue("nl") if message.id]
    return {fold(word) for text in texts for word in WORD.findall(text)}


def test_an_echo_would_be_noticed() -> None:
    assert echoed("!toelaten zwanenzang", "Ik ken zwanenzang niet.") == {"zwanenzang"}
    assert echoed("!toelaten zwanenzang", "Dat woord ken ik niet: toelaten.") == set()


async def test_before_there_is_a_room_the_table_cannot_do_anything(empty_hall: Hall) -> None:
    moment = at.without_room(empty_hall)
    await moment.says(C, "status", direct=True)
    assert reason(await moment.says(C, "vergadering openen", direct=True)) == R.NO_ROOM


async def test_an_edited_command_is_refused(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    before = store(hall)
    said = {"msgtype": "m.text", "body": "!volgende"}
    edit = {
        "msgtype": "m.text",
        "body": "* !volgende",
        "m.new_content": said,
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$e1"},
    }
    assert reason(await moment.sends(C, edit)) == R.EDITED
    assert store(hall) == before


async def test_what_is_not_encrypted_is_refused_and_not_done(hall: Hall) -> None:
    moment = await at.roll_call(hall)
    before = store(hall)
    typed = hall.typed(C, "!volgende", hall.room)
    assert reason(await moment.hears(typed, how=Hearing.CLEAR)) == R.NOT_ENCRYPTED
    assert store(hall) == before


async def test_nothing_about_a_case_before_the_coordinator_is_known_to_be_themself(
    hall: Hall,
) -> None:
    moment = await at.uncompared(hall)
    before = store(hall)
    assert reason(await moment.says("ocmw", "melden", direct=True)) == R.NOT_COMPARED
    assert reason(await moment.says(C, "!volgende")) == R.NOT_COMPARED
    assert store(hall) == before


async def test_a_case_on_the_agenda_must_be_taken_up_first(hall: Hall) -> None:
    first = await at.in_session(hall)
    second = await at.admitted(hall)
    assert second.case != first.case
    assert reason(await second.says(C, f"!beslis {second.case} opvolgen")) == R.NOT_TAKEN_UP


async def test_nobody_is_reminded_of_the_same_poll_all_the_time(hall: Hall) -> None:
    moment = await at.polled(hall)
    await moment.says(C, f"!herinneren {moment.poll['number']}")
    before = store(hall)
    assert reason(await moment.says(C, f"!herinneren {moment.poll['number']}")) == (
        R.ALREADY_REMINDED
    )
    assert store(hall) == before


async def test_an_answer_from_outside_the_roster_is_refused(hall: Hall) -> None:
    moment = await at.polled(hall)
    await moment.scene.enrol("jeugdhuis", "partner jeugdwerk")
    await moment.says("jeugdhuis", "!aanwezig")
    before = store(hall)
    assert reason(await moment.votes("jeugdhuis", "agree")) == R.NOT_ON_ROSTER
    assert reason(await moment.says("jeugdhuis", f"!akkoord {moment.poll['number']}")) == (
        R.NOT_ON_ROSTER
    )
    assert store(hall) == before


async def test_on_a_table_with_a_screen_no_words_of_the_form_stay(hall: Hall) -> None:
    hall.desk.table = replace(hall.desk.table, fiche_text=FicheText.SCREEN)
    moment = await at.with_fiche(hall)
    typed = hall.typed("io", "!punt sociaal + zwanenzang", hall.room)
    before = store(hall)
    assert reason(await moment.hears(typed)) == R.ON_SCREEN
    assert store(hall) == before
    assert typed.content == {}


async def test_the_words_stay_until_the_officer_has_them(hall: Hall) -> None:
    moment = await at.whole_asked(hall)
    await moment.says(C, moment.line("!besproken {case} ja\n!later {case}"))
    room = await hall.direct("io")
    hall.matrix.move(room, hall.user_id("io"), "invite")
    await hall.hears(hall.member_event(room, hall.user_id("io"), "invite"))
    await moment.everybody("agree")
    assert reason(await moment.says(C, "!volgende")) == R.FORM_UNDELIVERED
    assert reason(await moment.says(C, "!vergadering sluiten")) == R.FORM_UNDELIVERED
    await hall.come("io")
    await hall.hears()
    assert [data for data in hall.matrix.uploads if data.startswith(b"PK")]
    assert "meeting.closed" in at.kinds(await moment.says(C, "!vergadering sluiten"))


async def test_a_form_has_room_for_so_many_items(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    await moment.says("io", "\n".join(f"!punt reden Reden {n}." for n in range(ITEM_LIMIT)))
    before = store(hall)
    assert reason(await moment.says("io", "!punt reden Te veel.")) == R.FORM_FULL
    assert store(hall) == before
    await moment.says("io", f"!schrap {at.seen(hall, 'poll.opened')[-1]['number']}")
    assert "poll.opened" in at.kinds(await moment.says("io", "!punt reden Nu wel."))


async def test_words_called_a_secret_are_not_asked_again(hall: Hall) -> None:
    moment = await at.with_item(hall)
    number = moment.poll["number"]
    await moment.says("clb", f"geheim {number}", direct=True)
    before = store(hall)
    assert reason(await moment.says("io", f"!wijzig {number}")) == R.SECRET_INSIDE
    same = "!punt sociaal + Neemt opnieuw deel aan de training."
    assert reason(await moment.says("io", same)) == R.SECRET_INSIDE
    assert store(hall) == before


async def test_what_tells_who_somebody_is_is_refused_and_deleted_at_once(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    typed = hall.typed("io", "!punt sociaal + Bel hem op 0470 12 34 56.", hall.room)
    before = store(hall)
    assert reason(await moment.hears(typed)) == R.PERSONAL_DATA
    assert store(hall) == before
    assert hall.matrix.events[typed.event_id].content == {}


@pytest.mark.parametrize("typed", ["zwanenzang", "AAAAA-BBBBB-CCCCC-DDDDD-EEEE0", "A" * 26])
def test_a_mistyped_code_of_a_form_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        form_code(Words(typed, "form"))
    assert caught.value.reason is R.MISTYPED_CODE
    assert form_code(Words(f"{'a' * 24} 7.", "form")) == "AAAAA-AAAAA-AAAAA-AAAAA-AAAA7"
    with pytest.raises(Refused, match=R.WRONG_ARGUMENTS):
        form_code(Words("", "form"))


def test_every_reason_is_provoked() -> None:
    """By a line of the table above or by a test of its own in this file."""
    by_name = set(re.findall(r"R\.([A-Z_]+)", inspect.getsource(inspect.getmodule(Bad) or R)))
    provoked = {bad.why for bad in BAD} | {Reason[name] for name in by_name}
    assert provoked == set(Reason)
    own_test = {
        R.NOT_COMPARED,
        R.NO_ROOM,
        R.EDITED,
        R.NOT_ENCRYPTED,
        R.NOT_TAKEN_UP,
        R.NOT_ON_ROSTER,
        R.ALREADY_REMINDED,
        R.ON_SCREEN,
        R.FORM_FULL,
        R.SECRET_INSIDE,
        R.WHICH_POLL,  # tests/test_doubts.py
        R.UNKNOWN_ANSWER,
        R.FORM_UNDELIVERED,
    }
    assert provoked - {bad.why for bad in BAD} == own_test | {R.PERSONAL_DATA}
