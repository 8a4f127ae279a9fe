"""The bot's identity as people's clients see it: shared with a person, joined, restored, reset."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bot.matrix import recovery
from bot.matrix.restoring import plan_reset
from bot.matrix.trust import unpadded
from bot.matrix.vault import read_credentials
from demo.client import Client
from demo.homeserver import Homeserver
from tests.homeserver.fixtures import PASSWORD, SEAL, Account, OpenAccount, text, trusted
from tests.homeserver.test_entering import shown
from tests.interop.conftest import StartMember
from tests.interop.driver import Member, MemberError, until
from tests.interop.test_door_heard import MESSAGE, meet, registered

pytestmark = pytest.mark.interop


class WithKey(Account):
    """A bot that is given the account's recovery key."""

    recovery_key: str | None = None

    def new_door(self, password: str | None = PASSWORD) -> Client:
        return Client(
            self.homeserver.url,
            self.user_id,
            self.folder,
            SEAL,
            password,
            recovery_key=self.recovery_key,
        )


def recovery_key(bot: Account) -> str:
    held = read_credentials(bot.folder, SEAL, bot.user_id)
    assert held is not None
    return recovery.typed(unpadded(held.recovery_key))


def master_key(homeserver: Homeserver, bot: Account) -> str:
    """The identity as the server shows it."""
    (key,) = shown(homeserver, bot)["master_keys"][bot.user_id]["keys"].values()
    return str(key)


async def sees(member: Member, bot: Account, *, devices: int) -> dict[str, Any]:
    """What a client thinks of the bot, once it has heard of so many devices, all signed."""

    async def heard() -> dict[str, Any]:
        found: dict[str, Any] = await member.trust(user=bot.user_id)
        signed = [device["signed_by_owner"] for device in found["devices"]]
        return found if signed == [True] * devices else {}

    return await until(heard)


async def talk(bot: Account, member: Member, room: str, word: str) -> None:
    """Both hear each other, and the member's client shows no shield."""
    assert trusted(await bot.hear_id(await member.send(room=room, text=word)))
    read = await member.read(await bot.door.send(room, MESSAGE, text(word), word))
    assert (read["content"]["body"], read["shield"]) == (word, "NONE")


async def verified_by(member: Member, bot: Account, person: Member, room: str) -> None:
    """The member compares emoji with a person who is logged in as the bot."""
    await person.autoverify()
    await member.verify(room=room, user=bot.user_id)

    async def is_verified() -> bool:
        return bool((await member.trust(user=bot.user_id))["verified"])

    await until(is_verified)


async def test_a_person_logs_in_as_the_bot_with_the_recovery_key(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    bot, alice = await account(), await member(registered(synapse))
    room = await meet(bot, alice)
    before = master_key(synapse, bot)
    person = await member(bot.name, recovery_key=recovery_key(bot))
    assert master_key(synapse, bot) == before
    assert (await sees(person, bot, devices=2))["verified"]
    await sees(alice, bot, devices=2)
    said = await alice.read(await person.send(room=room, text="I am the bot's operator"))
    assert said["shield"] == "NONE"
    await talk(bot, alice, room, "still here")
    await bot.shut()
    await bot.open()
    await talk(bot, alice, room, "and after a restart")


async def test_the_bot_joins_an_identity_that_a_client_made(
    member: StartMember, synapse: Homeserver, tmp_path: Path
) -> None:
    bot, alice = WithKey(synapse, tmp_path), await member(registered(synapse))
    maker = await member(bot.name)
    before = master_key(synapse, bot)
    bot.recovery_key = maker.recovery_key
    await bot.open()
    try:
        assert master_key(synapse, bot) == before
        assert bot.door.fingerprint.master_key == before
        room = await meet(bot, alice)
        await sees(alice, bot, devices=2)
        await talk(bot, alice, room, "good day")
        assert recovery_key(bot) == maker.recovery_key
        await bot.shut()
        bot.recovery_key = None
        await bot.open()
        await talk(bot, alice, room, "without the key")
        again = await member(bot.name, recovery_key=maker.recovery_key)
        assert (await sees(again, bot, devices=3))["verified"]
    finally:
        await bot.shut()


async def test_after_a_restore_members_see_the_same_verified_bot(
    member: StartMember, synapse: Homeserver, tmp_path: Path
) -> None:
    bot = WithKey(synapse, tmp_path)
    await bot.open()
    try:
        alice, bob = await member(registered(synapse)), await member(registered(synapse))
        room = await meet(bot, alice, bob)
        bot.recovery_key = recovery_key(bot)
        person = await member(bot.name, recovery_key=bot.recovery_key)
        await verified_by(alice, bot, person, room)
        await talk(bot, alice, room, "verified")
        await talk(bot, bob, room, "seen")
        fingerprint = bot.door.fingerprint
        await bot.shut()
        shutil.rmtree(bot.folder)
        await bot.open()
        assert bot.door.fingerprint == fingerprint
        found = await sees(alice, bot, devices=3)
        assert (found["verified"], found["needs_approval"]) == (True, False)
        assert not (await sees(bob, bot, devices=3))["needs_approval"]
        await talk(bot, alice, room, "the same to who verified it")
        await talk(bot, bob, room, "the same to who has seen it")
    finally:
        await bot.shut()


async def test_after_a_reset_who_verified_the_bot_cannot_send(
    account: OpenAccount, member: StartMember, synapse: Homeserver
) -> None:
    """What `tafelbot identity reset` tells people beforehand is what happens."""
    bot, alice, bob = (
        await account(),
        await member(registered(synapse)),
        await member(registered(synapse)),
    )
    room = await meet(bot, alice, bob)
    person = await member(bot.name, recovery_key=recovery_key(bot))
    await verified_by(alice, bot, person, room)
    await talk(bot, bob, room, "before")
    await person.stop()
    before = bot.door.fingerprint
    await bot.shut()
    plan_reset(bot.folder, SEAL, bot.user_id)
    await bot.open()
    assert bot.door.fingerprint != before

    async def is_told() -> bool:
        found = await alice.trust(user=bot.user_id)
        return bool(found["has_identity"]) and not found["verified"]

    await until(is_told)
    with pytest.raises(MemberError, match="verified have changed their identity"):
        await alice.send(room=room, text="cannot")
    await talk(bot, bob, room, "after")
