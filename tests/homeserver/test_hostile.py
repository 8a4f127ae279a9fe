"""The whole bot under a homeserver that lies to it (promise 3): nothing that is made up is acted
upon or counted, nobody new gets keys, and the table is told where something can be known."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bot.matrix.door import RoomPlan
from bot.matrix.wire import Json
from demo.homeserver import Homeserver
from demo.operating import PASSWORD
from demo.scene import COORDINATOR, FEW, Scene
from tests.homeserver.fixtures import Account, text
from tests.homeserver.hostile import Siege
from tests.homeserver.impostor import Forged, Impostor
from tests.homeserver.lies import (
    RESPONSE,
    answering,
    bare,
    foreign,
    misnamed,
    move,
    no_device,
    no_identity,
    no_signatures,
    relabel,
    replaced,
    timeline,
    truth,
    unsigned,
)

pytestmark = [pytest.mark.homeserver, pytest.mark.asyncio(loop_scope="module")]

SEIZED = "schepen"  # the mayor's seat: may remove people from the table
REMOVE = "!lid verwijderen {}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(
    synapse: Homeserver, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Siege]:
    """A table whose people are all in the room; no meeting."""
    stage = Siege(synapse, tmp_path_factory.mktemp("siege"))
    async with stage.inside.proxy, stage:
        await Scene(stage, people=FEW).gather()
        for who in FEW:
            await stage.settled(who)
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def impostor(
    siege: Siege, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Impostor]:
    """The server has logged in to the account of the mayor's seat."""
    folder, user = tmp_path_factory.mktemp("impostor"), siege.user_id(SEIZED)
    async with Impostor(siege.homeserver.url, user, folder, siege.inside.user_id) as made:
        made.client.table = siege.table
        yield made


async def test_plaintext_in_the_coordinators_name_is_refused(siege: Siege) -> None:
    before, since = siege.inside.store(), siege.mark()
    line = REMOVE.format(siege.user_id("ocmw"))
    await siege.in_clear(COORDINATOR, "m.room.message", {"msgtype": "m.text", "body": line})
    await siege.settled()
    assert siege.said(since) == ["refused"]
    assert siege.inside.store() == before


async def test_a_word_shown_as_somebody_elses_is_not_theirs(siege: Siege) -> None:
    """What a partner types is shown as the coordinator's."""
    before, since = siege.inside.store(), siege.mark()

    def lie(shown: Json) -> None:
        relabel(shown, siege.table, siege.user_id("ocmw"), siege.user_id(COORDINATOR))

    with siege.liar.lying("/sync", lie):
        await siege.types("ocmw", REMOVE.format(siege.user_id("io")))
        await siege.settled()
    assert siege.said(since) == []
    await siege.restart()  # told the truth, it knows whose word that was
    assert (await siege.told("refused", since))["reason"] == "not_entitled"
    assert siege.inside.store() == before


async def test_a_word_moved_to_another_room_is_not_heard_there(siege: Siege) -> None:
    since, taken = siege.mark(), list[Json]()
    direct = siege.member(COORDINATOR).direct
    assert direct is not None
    take = lambda shown: taken.extend(timeline(shown, direct))  # noqa: E731
    with siege.liar.lying("/sync", take):
        await siege.say(COORDINATOR, "leden", expect="members", direct=True)
    (event,) = [one for one in taken if one["sender"] == siege.user_id(COORDINATOR)]
    siege.liar.says(siege.table, {**event, "event_id": "$moved"})
    await siege.settled()
    assert siege.said(since) == []


async def test_replayed_events_and_keys_change_nothing(siege: Siege) -> None:
    taken = list[Json]()
    take = lambda shown: taken.extend(timeline(shown, siege.table))  # noqa: E731
    with siege.liar.lying("/sync", take):
        for day in ("10", "11"):
            line = f"!plannen 2027-03-{day} 14:30"
            await siege.say(COORDINATOR, line, expect="meeting.planned")
        await siege.settled()
    events = [one for one in taken if one["type"] == "m.room.encrypted"]
    before, since = siege.inside.store(), siege.mark()
    for start in ("here", "again"):
        assert siege.liar.mailed
        siege.liar.mails(siege.liar.mailed)
        for number, event in enumerate(events):
            siege.liar.says(siege.table, {**event, "event_id": f"${start}-{number}"})
            siege.liar.says(siege.table, event)
        await siege.settled("ocmw")
        await siege.settled()
        assert siege.said(since) == []
        await siege.restart()
    await siege.settled()
    assert siege.inside.store() == before


@pytest.mark.parametrize("disguise", [unsigned, bare, foreign, misnamed])
async def test_a_device_that_the_server_adds_has_no_voice_and_gets_no_keys(
    siege: Siege, impostor: Impostor, disguise: Callable[[Json, Impostor], None]
) -> None:
    before, since = siege.inside.store(), siege.mark()

    def lie(shown: Json) -> None:
        if impostor.forged.user in shown["device_keys"]:
            disguise(shown, impostor)

    with siege.liar.lying("/keys/query", lie):
        await siege.seized_speaks(impostor, REMOVE.format(siege.user_id("ocmw")))
        if disguise is unsigned:  # the others do not pass for a device at all
            await siege.advised(SEIZED, "unheard")
        await siege.settled(SEIZED)
    assert siege.said(since) == []
    assert siege.inside.store() == before
    assert siege.keyless(impostor)


async def test_an_identity_in_place_of_a_members_is_suspended(
    siege: Siege, impostor: Impostor
) -> None:
    since, real, asked = siege.mark(), siege.member(SEIZED).master_key, len(siege.liar.asked)
    with siege.liar.lying("/keys/query", impostor.forged.show):
        await siege.seized_speaks(impostor, REMOVE.format(siege.user_id("ocmw")))
        told = await siege.told("member.suspended", since)
        assert told["key"] == impostor.forged.master != real
        await siege.advised(SEIZED, "suspended")
        users = {user for user, _ in siege.liar.recipients(asked)}
        assert users == {siege.user_id(who) for who in (COORDINATOR, "io", "ocmw")}
    siege.liar.has_changed(impostor.forged.user)
    await siege.types(SEIZED, REMOVE.format(siege.user_id("io")))  # the real one is back
    await siege.settled()
    assert siege.said(since) == ["member.suspended"]
    assert len(siege.inside.store()["member"]) == len(FEW) + 2
    assert siege.keyless(impostor)


async def test_only_the_identity_that_was_told_of_is_confirmed(
    siege: Siege, impostor: Impostor
) -> None:
    """The real one is back and waits; the server shows a third, and the real one again."""
    since, third = siege.mark(), Forged(impostor.forged.user)
    line = f"!lid bevestigen {impostor.forged.user}"
    with siege.liar.lying("/keys/query", third.show):
        siege.liar.has_changed(third.user)
        await siege.settled()
        assert siege.said(since) == []
        confirmed = await siege.say(COORDINATOR, line, expect="member.confirmed")
        assert confirmed["key"] == siege.member(SEIZED).master_key
        assert (await siege.told("member.suspended", since))["key"] == third.master
    since = siege.mark()
    await siege.say(COORDINATOR, line, expect="member.confirmed")
    siege.liar.has_changed(third.user)
    await siege.settled()
    told = await siege.told("member.suspended", since)
    assert told["key"] == siege.member(SEIZED).master_key
    await siege.say(COORDINATOR, line, expect="member.confirmed")
    await siege.settled(SEIZED)
    assert siege.keyless(impostor)


@pytest.mark.parametrize("hide", [no_signatures, no_identity, no_device])
async def test_whoever_is_not_vouched_for_has_no_voice_and_no_keys(
    siege: Siege, hide: Callable[[Json, str], None]
) -> None:
    user, before, since = siege.user_id("ocmw"), siege.inside.store(), siege.mark()
    with siege.liar.lying("/keys/query", lambda shown: hide(shown, user)):
        siege.liar.has_changed(user)
        asked = len(siege.liar.asked)
        await siege.types("ocmw", "!status")
        if hide is no_identity:  # else there is no device that could be told anything
            await siege.advised("ocmw", "unheard")
        await siege.settled()
        users = {user for user, _ in siege.liar.recipients(asked)}
        assert users == {siege.user_id(who) for who in (COORDINATOR, "schepen", "io")}
    siege.liar.has_changed(user)
    asked = len(siege.liar.asked)
    await siege.settled("ocmw")
    assert user in {user for user, _ in siege.liar.recipients(asked)}
    assert siege.said(since) == []
    assert siege.inside.store() == before


SHOWN = {
    "history_open": ("m.room.history_visibility", {"history_visibility": "shared"}),
    "joinable": ("m.room.join_rules", {"join_rule": "public"}),
    "guests_allowed": ("m.room.guest_access", {"guest_access": "can_join"}),
    "encryption_weakened": ("m.room.encryption", None),
}
SERIOUS = ("history_open", "joinable", "encryption_weakened")


@pytest.mark.parametrize("fault", SHOWN)
async def test_a_setting_that_is_only_shown_is_told_once_and_work_waits(
    siege: Siege, fault: str
) -> None:
    """The server shows it by turns, in the room's state and as an event; mending does not help."""
    type_, content = SHOWN[fault]
    since, asked = siege.mark(), len(siege.liar.asked)
    event = {
        "type": type_,
        "state_key": "",
        "sender": siege.user_id("io"),
        "content": content or {},
    }

    def lie(shown: list[Json]) -> None:
        replaced(shown, event)

    siege.liar.says(siege.table, event)
    with siege.liar.lying(f"/{siege.table}/state", lie):
        await siege.settled()
        assert fault in (await siege.told("room.fault", since))["faults"]
        opening = await siege.say(COORDINATOR, "!vergadering openen", expect=OPENING[fault])
        assert opening.get("faults") == ([fault] if fault in SERIOUS else None)
    for lies in (False, True, False):
        siege.liar.says(siege.table, event)
        with siege.liar.lying(f"/{siege.table}/state", lie if lies else truth):
            await siege.settled()
    assert siege.said(since).count("room.fault") == 1
    assert siege.liar.puts(f"/state/{type_}", asked)
    clear = [one for one in siege.liar.puts("/send/", asked) if "m.room.encrypted" not in one.path]
    assert clear == []
    if fault not in SERIOUS:
        await siege.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")
    siege.inside.an_hour_later()
    await siege.inside.app.hearer.watch()


OPENING = {fault: "refused" if fault in SERIOUS else "meeting.opened" for fault in SHOWN}


async def test_an_invitation_in_the_coordinators_name_leads_nowhere(
    siege: Siege, tmp_path: Path
) -> None:
    """A stranger's room, that the server says the coordinator asks the bot into."""
    mallory, before = Account(siege.homeserver, tmp_path), siege.inside.store()
    await mallory.open()
    asked = len(siege.liar.asked)

    def signed_off(shown: Json) -> None:
        for room in shown.get("rooms", {}).get("invite", {}).values():
            for event in room["invite_state"]["events"]:
                if event.get("state_key") == siege.inside.user_id:
                    event["sender"] = siege.user_id(COORDINATOR)

    with siege.liar.lying("/sync", signed_off):
        plan = RoomPlan("trap", "Tafel", (siege.inside.user_id,))
        room = await mallory.door.create_room(plan)
        await mallory.saw_join(room, siege.inside.user_id)
        await mallory.door.send(room, "m.room.message", text("!status"), "1")
        await siege.settled()
    assert siege.liar.puts(f"/rooms/{room}/", asked) == []
    assert mallory.user_id not in {user for user, _ in siege.liar.recipients(asked)}
    assert siege.inside.store() == before
    await mallory.shut()


async def test_a_forged_tombstone_moves_nothing(siege: Siege) -> None:
    since = siege.mark()
    tombstone = {
        "type": "m.room.tombstone",
        "state_key": "",
        "sender": siege.user_id(COORDINATOR),
        "content": {"body": "", "replacement_room": f"!trap:{siege.homeserver.server_name}"},
    }
    siege.liar.says(siege.table, tombstone)
    with siege.liar.lying(f"/{siege.table}/state", lambda shown: replaced(shown, tombstone)):
        await siege.settled()
        assert (await siege.told("room.fault", since))["faults"] == ["replaced"]
        await siege.settled("ocmw")
    siege.liar.says(siege.table, tombstone)
    await siege.settled()
    assert siege.said(since) == ["room.fault"]


async def test_a_stranger_who_joins_only_in_the_state_is_told_and_gets_no_keys(
    siege: Siege,
) -> None:
    mallory = siege.homeserver.register("mallory", PASSWORD)
    since, asked = siege.mark(), len(siege.liar.asked)
    joined = {
        "type": "m.room.member",
        "state_key": mallory,
        "sender": mallory,
        "content": {"membership": "join"},
    }
    siege.liar.says(siege.table, joined)
    with siege.liar.lying(f"/{siege.table}/state", lambda shown: replaced(shown, joined)):
        await siege.settled()
        assert (await siege.told("stranger.arrived", since))["strangers"] == 1
        await siege.say(COORDINATOR, "!vergadering openen", expect="refused")
    siege.liar.says(siege.table, joined)
    await siege.settled()
    assert siege.said(since) == ["stranger.arrived", "refused", "room.safe"]
    assert mallory not in {user for user, _ in siege.liar.recipients(asked)}


async def test_an_identity_made_up_at_first_sight_is_pinned_and_stated(siege: Siege) -> None:
    """So that comparing it shows the lie; the real one is not let in without a word either."""
    user, since = siege.homeserver.register("clb", PASSWORD), siege.mark()
    forged = Forged(user)

    def invented(shown: Json) -> None:
        forged.show(shown)

    with siege.liar.lying("/keys/query", invented):
        added = await siege.say(
            COORDINATOR, f"!lid toevoegen {user} partner CLB", expect="member.added"
        )
        assert added["key"] == forged.master
        listed = await siege.say(COORDINATOR, "!leden", expect="members")
        assert [row["key"] for row in listed["rows"]].count(forged.master) == 1
    other = Forged(user)
    with siege.liar.lying("/keys/query", other.show):
        siege.liar.has_changed(user)
        await siege.settled()
        assert (await siege.told("member.suspended", since))["key"] == other.master
    await siege.say(COORDINATOR, REMOVE.format(user), expect="member.removed")


async def test_an_identity_other_than_the_settings_say_suspends_the_coordinator(
    siege: Siege,
) -> None:
    forged, before = Forged(siege.user_id(COORDINATOR)), siege.inside.store()
    with siege.liar.lying("/keys/query", forged.show):
        await siege.restart()
        await siege.types(COORDINATOR, REMOVE.format(siege.user_id("ocmw")))
        await siege.advised(COORDINATOR, "suspended")
        asked = len(siege.liar.asked)
        await siege.say("ocmw", "!status", expect="status")
        assert forged.user not in {user for user, _ in siege.liar.recipients(asked)}
        assert len(siege.inside.store()["member"]) == len(before["member"])
    await siege.restart()
    await siege.settled()


ITEM = "!punt sociaal + Neemt opnieuw elke week deel aan de voetbaltraining."
EVERYBODY = (COORDINATOR, *FEW)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def meeting(siege: Siege) -> Siege:
    """A meeting in session, with an open form."""
    scene = Scene(siege, people=FEW, seated=EVERYBODY)
    siege.case = await scene.notify("ocmw")
    await scene.open("")
    await siege.say(COORDINATOR, "!volgende", expect="agenda")
    await scene.decide(siege.case, "opvolgen")
    wanted = await siege.say("io", f"!fiche {siege.case}", expect="poll.opened")
    await scene.everybody(wanted, "agree")
    return siege


async def test_ballots_in_clear_are_not_counted(meeting: Siege) -> None:
    poll, since = await meeting.proposes(ITEM), meeting.mark()
    for who in EVERYBODY:
        await meeting.in_clear(who, RESPONSE, answering(poll, poll["answers"]["agree"]))
    await meeting.settled()
    assert meeting.said(since) == []
    assert await meeting.closes(poll) == "no_consensus"


async def test_a_ballot_shown_as_somebody_elses_counts_for_nobody(meeting: Siege) -> None:
    poll = await meeting.proposes(ITEM)
    since, before = meeting.mark(), meeting.inside.store()["ballot"]

    def lie(shown: Json) -> None:
        relabel(shown, meeting.table, meeting.user_id("ocmw"), meeting.user_id("io"))

    with meeting.liar.lying("/sync", lie):
        await meeting.votes(["ocmw"], poll, "agree")
        await meeting.settled()
    assert set(meeting.said(since)) == {"polls.overview"}  # something could not be read
    assert meeting.inside.store()["ballot"] == before
    assert await meeting.closes(poll) == "no_consensus"


async def test_a_ballot_that_is_left_out_leaves_the_poll_open(meeting: Siege) -> None:
    poll, since = await meeting.proposes(ITEM), meeting.mark()

    def leave_out(shown: Json) -> None:
        events = timeline(shown, meeting.table)
        events[:] = [one for one in events if one["sender"] != meeting.user_id("ocmw")]

    with meeting.liar.lying("/sync", leave_out):
        await meeting.votes(EVERYBODY, poll, "agree")
        await meeting.settled()
    assert "poll.closed" not in meeting.said(since)
    await meeting.votes(["ocmw"], poll, "agree")  # a look at the room shows that it is missing
    assert (await meeting.told("poll.closed", since))["outcome"] == "consensus"


async def test_a_ballot_counts_in_the_poll_its_answer_belongs_to(meeting: Siege) -> None:
    one = await meeting.proposes(ITEM)
    other = await meeting.proposes(ITEM)
    since = meeting.mark()
    with meeting.liar.lying("/sync", lambda shown: move(shown, meeting.table, one, other)):
        await meeting.ballot("ocmw", answering(one, one["answers"]["agree"]))
        await meeting.settled()
        shown = await meeting.told("polls.overview", since)
        counts = {row["number"]: row["answered"] for row in shown["rows"]}
        assert counts == {one["number"]: 1, other["number"]: 0}
        since = meeting.mark()
        await meeting.ballot("ocmw", answering(one))
        await meeting.settled()
        shown = await meeting.told("polls.overview", since)
        assert shown["doubts"] == [{"number": other["number"], "doubts": 1}]
    since = meeting.mark()
    await meeting.votes(EVERYBODY, other, "agree")
    await meeting.settled()
    assert "poll.closed" not in meeting.said(since)
    assert await meeting.closes(other) == "no_consensus"
    assert await meeting.closes(one) == "no_consensus"


async def test_a_forged_redaction_takes_a_yes_away_and_nothing_else(meeting: Siege) -> None:
    since = meeting.mark()
    source = await meeting.types("io", ITEM)
    poll, ballots = await meeting.told("poll.opened", since), list[Json]()
    take = lambda shown: ballots.extend(timeline(shown, meeting.table))  # noqa: E731
    with meeting.liar.lying("/sync", take):
        await meeting.votes(["ocmw"], poll, "agree")
        await meeting.settled()
    ballot = next(one for one in ballots if one["sender"] == meeting.user_id("ocmw"))
    since = meeting.mark()
    for event in (source, ballot["event_id"]):
        redaction = {"type": "m.room.redaction", "redacts": event, "content": {"redacts": event}}
        for who in ("io", "ocmw"):
            meeting.liar.says(meeting.table, {**redaction, "sender": meeting.user_id(who)})
    await meeting.settled()
    await meeting.votes([who for who in EVERYBODY if who != "ocmw"], poll, "agree")
    await meeting.settled()
    assert "poll.closed" not in meeting.said(since)
    shown = await meeting.told("polls.overview", since)
    assert shown["doubts"] == [{"number": poll["number"], "doubts": 1}]
    await meeting.types("ocmw", f"!akkoord {poll['number']}.{poll['version']}.1")
    assert (await meeting.told("poll.closed", since))["outcome"] == "consensus"


async def test_a_forged_redaction_of_a_poll_makes_it_void(meeting: Siege) -> None:
    poll = await meeting.proposes(ITEM)
    await meeting.votes([who for who in EVERYBODY if who != "ocmw"], poll, "agree")
    since, event = meeting.mark(), poll["poll_event"]
    redaction = {"type": "m.room.redaction", "redacts": event, "content": {"redacts": event}}
    meeting.liar.says(meeting.table, {**redaction, "sender": meeting.user_id("io")})
    closed = await meeting.told("poll.closed", since)
    assert (closed["outcome"], closed["interference"]) == ("no_consensus", "deleted")
    await meeting.votes(["ocmw"], poll, "agree")
    await meeting.settled()
    assert meeting.said(since).count("poll.closed") == 1


async def test_an_objection_whose_key_is_withheld_rules_consensus_out(meeting: Siege) -> None:
    poll, since, held = await meeting.proposes(ITEM), meeting.mark(), list[Json]()

    def withhold(shown: Json) -> None:
        held.extend(shown["to_device"]["events"])
        shown["to_device"]["events"] = []

    async with meeting.member("ocmw")._door._sharing.renewing(meeting.table):
        pass  # the next message of theirs has a new key
    with meeting.liar.lying("/sync", withhold):
        await meeting.votes(["ocmw"], poll, "object")
        await meeting.settled()
        shown = await meeting.told("polls.overview", since)
        assert shown["doubts"] == [{"number": poll["number"], "doubts": 1}]
        await meeting.votes(EVERYBODY, poll, "agree")
        await meeting.settled()
        assert "poll.closed" not in meeting.said(since)
    meeting.liar.mails(held)
    await meeting.settled()
    assert (await meeting.told("poll.closed", since))["outcome"] == "no_consensus"


async def test_a_member_who_leaves_only_in_the_sync_ends_consensus(meeting: Siege) -> None:
    """The safe side: the table sees it, nothing is decided, and they come back by a word."""
    poll, since = await meeting.proposes(ITEM), meeting.mark()
    user = meeting.user_id("ocmw")
    gone = {"type": "m.room.member", "state_key": user, "content": {"membership": "leave"}}
    meeting.liar.says(meeting.table, {**gone, "sender": user})
    await meeting.settled()
    assert meeting.said(since)[:1] == ["roll.updated"]
    closed = await meeting.told("poll.closed", since)
    assert (closed["number"], closed["outcome"]) == (poll["number"], "no_consensus")
    await meeting.say("ocmw", "!aanwezig", expect="roll.updated")
