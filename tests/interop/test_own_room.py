"""A table in a room of the coordinator's own, and what people's clients send to it."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from demo.operating import BOT
from demo.scene import COORDINATOR, MAYOR
from tests.interop.conftest import require_client
from tests.interop.driver import Seen, until
from tests.interop.stage import PeerStage, api, facts, joined, membership

pytestmark = [
    pytest.mark.interop,
    pytest.mark.asyncio(loop_scope="module"),
]

MESSAGE = "m.room.message"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PeerStage]:
    """The coordinator's room with the bot and one colleague in it, made the table's."""
    require_client()
    stage = PeerStage(tmp_path_factory.mktemp("bot"), ("schepen", "ocmw"))
    async with stage:
        stage.table = await own_room(stage, "ocmw")
        await stage.say(COORDINATOR, "!status", expect="room.bound")
        await empower(stage)
        await stage.come("schepen")
        await enrol(stage, "ocmw", "partner OCMW")
        yield stage


async def own_room(stage: PeerStage, *guests: str) -> str:
    """An encrypted room as a client makes it, with the bot in it."""
    coordinator, bot = stage.seats[COORDINATOR], stage.user_id(BOT)
    invite = [bot, *(stage.user_id(who) for who in guests)]
    room: str = await coordinator.create_room(name="Overleg", invite=invite)
    await joined(coordinator, room, bot)
    return room


async def empower(stage: PeerStage) -> None:
    """Make the bot administrator, as its message asks; it then puts the rest right."""
    coordinator = stage.seats[COORDINATOR]
    path = api("rooms", stage.table, "state", "m.room.power_levels")
    levels = await coordinator.request(path=path)
    levels["users"] = {**levels.get("users", {}), stage.user_id(BOT): 100}
    await coordinator.request(method="PUT", path=path, body=levels)


async def enrol(stage: PeerStage, who: str, words: str) -> None:
    line = f"!lid toevoegen {stage.user_id(who)} {words}"
    await stage.say(COORDINATOR, line, expect="member.added")
    await stage.come(who)


async def becomes(stage: PeerStage, who: str, wanted: set[str | None]) -> None:
    """Wait for what somebody is to the table's room, as the coordinator's client sees it."""

    async def has_become() -> bool:
        found = await membership(stage.seats[COORDINATOR], stage.table, stage.user_id(who))
        return found in wanted

    await until(has_become)


async def answered(stage: PeerStage, content: Mapping[str, Any], kind: str) -> Seen:
    """The coordinator sends a message of any shape; the bot's answer."""
    member = stage.seats[COORDINATOR]
    before = set(member.events)
    await member.send_event(room=stage.table, type=MESSAGE, content=content)
    return await stage.answering(member, stage.table, kind, before)


def kinds(stage: PeerStage, who: str, since: set[str]) -> list[str]:
    """What the bot said to the table since then."""
    return [
        facts(e)["kind"]
        for e in stage.seats[who].events.values()
        if e["event_id"] not in since and e["room_id"] == stage.table and facts(e)
    ]


async def test_a_room_of_several_becomes_the_tables_when_the_coordinator_speaks(
    own: PeerStage,
) -> None:
    events = own.seats[COORDINATOR].events.values()
    assert [e for e in events if facts(e).get("kind") == "room.bound"]
    await own.seats[COORDINATOR].wait(own.from_bot(own.table, "room.mended"))
    told = [facts(e)["faults"] for e in events if facts(e).get("kind") == "room.fault"]
    mended = [facts(e)["faults"] for e in events if facts(e).get("kind") == "room.mended"]
    assert told == [["history_open", "guests_allowed", "powerless", "anybody_invites"]]
    assert mended == [["history_open", "guests_allowed", "anybody_invites"]]
    await becomes(own, MAYOR, {"invite"})
    assert (await own.say(COORDINATOR, "!status", expect="status")).get("without_room") is not True


async def test_english_words_invite_and_remove_too(own: PeerStage) -> None:
    line = f"!member add {own.user_id('clb')} partner pupil guidance"
    added = await own.say(COORDINATOR, line, expect="member.added")
    assert (added["role"], added["organisation"]) == ("partner", "pupil_guidance")
    await becomes(own, "clb", {"invite"})
    line = f"!member remove {own.user_id('clb')}"
    await own.say(COORDINATOR, line, expect="member.removed")
    await becomes(own, "clb", {"leave", None})


async def test_who_has_been_removed_is_out_of_the_room(own: PeerStage) -> None:
    await own.log_in_as("gezondheid")
    await enrol(own, "gezondheid", "partner geestelijke-gezondheidszorg")
    await own.say("gezondheid", "!status", expect="status")
    line = f"!lid verwijderen {own.user_id('gezondheid')}"
    await own.say(COORDINATOR, line, expect="member.removed")
    await becomes(own, "gezondheid", {"leave"})


async def test_a_room_of_two_becomes_the_tables_by_a_word_for_the_table(tmp_path: Path) -> None:
    require_client()
    async with PeerStage(tmp_path, ("ocmw",)) as stage:
        stage.table = await own_room(stage)
        alone = await stage.say(COORDINATOR, "!status", expect="status")
        assert alone["without_room"]
        line = f"!member add {stage.user_id('ocmw')} partner OCMW"
        await stage.say(COORDINATOR, line, expect="room.bound")
        await stage.come("ocmw")
        await stage.say("ocmw", "!help", expect="help")


async def test_an_unsigned_device_is_told_what_to_do_and_not_obeyed(own: PeerStage) -> None:
    who = "io"
    unsigned = await own.log_in(who, sign=False, only_signed=False)
    own.seats[who] = unsigned
    coordinator = own.seats[COORDINATOR]
    await enrol(own, who, "information-officer lokale-politie")
    direct = own.direct[who]
    first = await unsigned.wait(own.from_bot(direct, "unheard"))
    assert not first["encrypted"]  # else it could not be read

    before, known = set(unsigned.events), set(coordinator.events)
    await unsigned.send(room=own.table, text="!help")
    advice = await own.answering(unsigned, direct, "unheard", before)
    assert "sessie" in advice["content"]["body"].casefold()
    assert set(facts(advice)) == {"kind"}
    await unsigned.send(room=own.table, text="!help")
    await unsigned.send(room=direct, text="help")
    await own.say(COORDINATOR, "!status", expect="status")
    assert kinds(own, COORDINATOR, known) == ["status"]

    signed = own.seats[who] = await own.log_in(who)
    await joined(signed, own.table, signed.user_id)
    await joined(signed, direct, signed.user_id)
    await own.say(who, "!help", expect="help")
    await own.say(who, "help", expect="help", direct=True)
    heard = own.from_bot(direct, "heard")
    await signed.wait(heard)
    await own.say(who, "status", expect="status", direct=True)
    assert len([e for e in signed.events.values() if heard(e)]) == 1
    await unsigned.stop()


async def test_what_is_not_encrypted_is_refused_and_not_done(own: PeerStage) -> None:
    member = own.seats["ocmw"]
    await own.say(COORDINATOR, "!vergadering openen", expect="meeting.opened")
    before = set(member.events)
    path = api("rooms", own.table, "send", MESSAGE, "plain")
    body = {"msgtype": "m.text", "body": "!aanwezig"}
    sent = await member.request(method="PUT", path=path, body=body)
    refused = await own.answering(member, own.table, "refused", before)
    assert facts(refused)["reason"] == "not_encrypted"
    assert refused["encrypted"]
    assert refused["relates_to"]["m.in_reply_to"]["event_id"] == sent["event_id"]
    assert (await own.say("ocmw", "!status", expect="status"))["present"] == 0
    await own.say("ocmw", "!aanwezig", expect="roll.updated")
    assert (await own.say("ocmw", "!status", expect="status"))["present"] == 1
    await own.say(COORDINATOR, "!vergadering sluiten", expect="meeting.closed")


async def test_an_edit_is_refused_with_a_word(own: PeerStage) -> None:
    member = own.seats["ocmw"]
    event = await member.send(room=own.table, text="we beginnen zo")
    before = set(member.events)
    edit = await member.edit(room=own.table, event=event, text="!status")
    refused = await own.answering(member, own.table, "refused", before)
    assert facts(refused)["reason"] == "edited"
    assert refused["relates_to"]["m.in_reply_to"]["event_id"] == edit
    await own.say("ocmw", "!help", expect="help")
    assert kinds(own, "ocmw", before) == ["refused", "help"]


async def test_notices_are_not_commands(own: PeerStage) -> None:
    member = own.seats["ocmw"]
    before = set(member.events)
    await member.send(room=own.table, text="!status", msgtype="m.notice")
    await own.say("ocmw", "!help", expect="help")
    assert kinds(own, "ocmw", before) == ["help"]


async def test_a_reply_is_read_without_what_it_quotes(own: PeerStage) -> None:
    quoted = await own.seats["ocmw"].send(room=own.table, text="!leden")
    user = own.user_id("ocmw")
    to = f"https://matrix.to/#/{own.table}/{quoted}"
    content = {
        "msgtype": "m.text",
        "body": f"> <{user}> !leden\n> !agenda\n\n!status",
        "format": "org.matrix.custom.html",
        "formatted_body": f'<mx-reply><blockquote><a href="{to}">In reply to</a> '
        f'<a href="https://matrix.to/#/{user}">{user}</a><br>!leden</blockquote></mx-reply>!status',
        "m.relates_to": {"m.in_reply_to": {"event_id": quoted}},
    }
    before = set(own.seats[COORDINATOR].events)
    await own.seats[COORDINATOR].wait(own.from_bot(own.table, "members"))
    answer = await answered(own, content, "status")
    assert "m.in_reply_to" in answer["relates_to"]
    await own.say(COORDINATOR, "!help", expect="help")
    assert "agenda" not in kinds(own, COORDINATOR, before)


async def test_a_command_in_a_thread_is_answered_there(own: PeerStage) -> None:
    member = own.seats["ocmw"]
    root = await member.send(room=own.table, text="over de planning")
    before = set(member.events)
    command = await member.send(room=own.table, text="!status", thread=root)
    answer = await own.answering(member, own.table, "status", before)
    relation = answer["relates_to"]
    assert (relation["rel_type"], relation["event_id"]) == ("m.thread", root)
    assert relation["m.in_reply_to"]["event_id"] == command


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("@{who}:{server}", "Jeugdhuis De Brug"),
        ("%40{who}%3A{server}", "@Jeugdhuis De Brug"),
    ],
    ids=["as Element writes it", "percent-encoded, as Cinny does"],
)
async def test_a_mention_pill_stands_for_the_account(own: PeerStage, link: str, name: str) -> None:
    user = own.user_id("jeugdhuis")
    server = own.homeserver.server_name
    pill = f'<a href="https://matrix.to/#/{link.format(who="jeugdhuis", server=server)}">{name}</a>'
    for words, kind in (
        ("member add {} partner jeugdwerk", "member.added"),
        ("lid verwijderen {}", "member.removed"),
    ):
        content = {
            "msgtype": "m.text",
            "body": "!" + words.format(name),
            "format": "org.matrix.custom.html",
            "formatted_body": "!" + words.format(pill),
        }
        answer = await answered(own, content, kind)
        assert user in answer["content"]["body"]
