"""A poll that is answered in private, on a real homeserver: each sees their own and no other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.composing import FACTS
from demo.homeserver import Homeserver
from demo.operating import set_up
from demo.scene import COORDINATOR, FEW, ITEMS, Scene
from demo.stage import RealStage

RESPONSE = "org.matrix.msc3381.poll.response"


async def test_each_sees_their_own_poll_and_nobody_anothers_answer(tmp_path: Path) -> None:
    with Homeserver() as homeserver:
        bot = set_up(homeserver, tmp_path)
        settings = bot.config.read_text(encoding="utf-8")
        bot.config.write_text(f'{settings}\nballot = "private"\n', encoding="utf-8")
        async with RealStage(homeserver, tmp_path, bot, people=tuple(FEW), quiet=True) as stage:
            poll = await agreed(stage)
            for who in stage._members:
                assert_alone(stage, who, poll)


async def agreed(stage: RealStage) -> Mapping[str, Any]:
    """A case is followed, and an item of its form agreed to, all of it in private."""
    scene = Scene(stage, people=FEW, guest=None)
    await scene.gather()
    reference = await scene.notify("ocmw")
    await scene.open("")
    await stage.say(COORDINATOR, "!volgende", expect="agenda")
    await scene.decide(reference, "opvolgen")
    poll = await stage.say("io", f"!fiche {reference}", expect="poll.opened")
    await scene.everybody(poll, "agree")
    poll = await stage.say("io", f"!punt {ITEMS[0]}", expect="poll.opened")
    await scene.everybody(poll, "agree")
    for who in scene.seated[:-1]:
        while (await stage.see(who, "poll.closed"))["poll"] != poll["poll"]:
            pass
    return poll


def assert_alone(stage: RealStage, who: str, poll: Mapping[str, Any]) -> None:
    """Nothing of a poll in the table's room, and in the direct room only one's own."""
    member = stage._members[who]
    own = [e for e in member.events if e.content.get(FACTS, {}).get("poll") == poll["poll"]]
    asked = [e for e in own if e.content[FACTS]["kind"] == "poll.asked"]
    assert [event.room for event in asked] == [member.direct]
    assert ITEMS[0].split()[-1] not in str(asked[0].content)
    assert not [event for event in member.events if event.type == RESPONSE]  # of anybody else's
    everybody = [stage.user_id(one) for one in stage._members]
    assert member.direct != member.table
    told = [e for e in own if e.room == member.table and e.content[FACTS]["kind"] == "poll.closed"]
    assert len(told) == 1
    for event in told:
        assert event.content[FACTS]["outcome"] == "consensus"
        assert not [user for user in everybody if user in str(event.content)]
