"""Forgetting room keys: nothing of the past opens or counts again, all of the future is heard."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.matrix.door import Hearing
from tests.matrix.parts import ROOM, Key, Parts, Raw, Talker, again, opens


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = Parts(tmp_path)
    yield made
    made.close()


def known(parts: Parts, name: str) -> Talker:
    """Somebody whose room key we have."""
    talker = Talker(name)
    parts.devices.append(talker)
    parts.meet(talker)
    parts.give(talker, talker.key)
    return talker


def counts(parts: Parts, raw: Raw) -> bool:
    event = parts.hear(raw)
    return event is not None and event.hearing is Hearing.TRUSTED


async def forget(parts: Parts, *, own: bool = True) -> None:
    await parts.forgetting.forget(ROOM, own=own)


async def test_only_the_future_stays(parts: Parts) -> None:
    alice = known(parts, "alice")
    said = [alice.say() for _ in range(3)]
    assert all(counts(parts, raw) for raw in said)
    parts.replays.settle()
    await forget(parts)
    assert not any(opens(parts.machine, raw) for raw in said)
    parts.close()
    parts.open()
    assert counts(parts, alice.say())
    for raw in (*said, *map(again, said)):
        assert parts.hear(raw) is None


async def test_what_was_never_heard_is_told_from_what_was(parts: Parts) -> None:
    alice = known(parts, "alice")
    first, hidden, last = (alice.say() for _ in range(3))
    assert counts(parts, first)
    assert counts(parts, last)
    parts.replays.settle()
    await forget(parts)
    lost = parts.hear(hidden)
    assert lost is not None
    assert lost.hearing is Hearing.UNREADABLE
    assert not parts.machine.outgoing_key_requests
    parts.keys.asking.want(ROOM, alice.user, hidden["content"])
    assert not parts.machine.outgoing_key_requests
    assert parts.hear(again(last)) is None


async def test_what_is_being_acted_upon_stays_readable(parts: Parts) -> None:
    """Killed before the batch was done with, the bot hears it again."""
    alice = known(parts, "alice")
    done, doing = alice.say(), alice.say()
    assert counts(parts, done)
    parts.replays.settle()
    assert counts(parts, doing)
    await forget(parts)
    parts.close()
    parts.open()
    assert not opens(parts.machine, done)
    assert counts(parts, doing)
    assert parts.hear(again(doing)) is None
    parts.replays.settle()
    await forget(parts)
    assert not opens(parts.machine, doing)


async def test_an_older_key_of_the_same_device_goes(parts: Parts) -> None:
    alice = known(parts, "alice")
    old = alice.say()
    assert counts(parts, old)
    former, alice.key = alice.key, Key()
    parts.give(alice, alice.key)
    new = alice.say()
    assert counts(parts, new)
    parts.replays.settle()
    await forget(parts)
    assert {key.id for key in parts.machine.room_keys.load()} == {alice.key.id}
    assert parts.hear(again(old)) is None
    parts.give(alice, former)  # once more, from its beginning
    assert not opens(parts.machine, old)
    assert not opens(parts.machine, new)


async def test_a_key_that_only_came_later_does_not_drop_the_one_in_use(parts: Parts) -> None:
    alice = known(parts, "alice")
    assert counts(parts, alice.say())
    parts.give(alice, Key())  # an old one, late
    parts.replays.settle()
    await forget(parts)
    assert counts(parts, alice.say())


async def test_our_own_words_go_too_unless_they_are_needed(parts: Parts) -> None:
    parts.machine.create_outbound_group_session(ROOM)
    ours = parts.machine.outbound_group_sessions[ROOM].id
    await forget(parts, own=False)
    assert [key.id for key in parts.machine.room_keys.load()] == [ours]
    assert ROOM not in parts.machine.outbound_group_sessions
    await forget(parts)
    assert not list(parts.machine.room_keys.load())
    assert not parts.machine.room_keys.rooms()


async def test_nothing_is_left_in_the_files(parts: Parts) -> None:
    """Neither sealed nor as a digest of a single message."""
    alice, bob = known(parts, "alice"), known(parts, "bob")
    for talker in (alice, bob):
        for _ in range(40):
            assert counts(parts, talker.say())
        talker.key = Key()
        parts.give(talker, talker.key)
        assert counts(parts, talker.say())
    parts.replays.settle()
    rows = "SELECT sealed FROM roomkey"
    sealed = {bytes(row[0]) for row in parts.machine.store.database.execute_sql(rows)}
    digests = {bytes(row[0]) for row in parts.replays._db.execute("SELECT event FROM message")}
    assert len(sealed) == 4
    assert len(digests) == 82
    before = b"".join(file.read_bytes() for file in parts.folder.iterdir())
    assert all(one in before for one in sealed | digests)
    await forget(parts)
    after = b"".join(file.read_bytes() for file in parts.folder.iterdir())
    assert not [one for one in sealed | digests if one in after]
    assert len(parts.replays._db.execute("SELECT * FROM message").fetchall()) == 0
    assert len(parts.replays._db.execute("SELECT * FROM past").fetchall()) == 4


def test_a_copy_of_somebody_elses_key_changes_nothing(parts: Parts) -> None:
    """Mallory may give it first, or say that it is hers: Alice's words wait for her own, and are
    heard then, also after a restart."""
    alice, mallory = Talker("alice"), known(parts, "mallory")
    parts.devices.append(alice)
    parts.meet(alice)
    parts.give(mallory, alice.key)
    raw = alice.say()
    unproved = parts.hear(raw)
    assert unproved is not None
    assert unproved.hearing is Hearing.UNREADABLE
    parts.keys.asking.want(ROOM, alice.user, raw["content"])
    assert not parts.machine.outgoing_key_requests  # of a stranger
    parts.pin(alice)
    parts.keys.asking.want(ROOM, alice.user, raw["content"])
    assert set(parts.machine.outgoing_key_requests) == {alice.key.id}
    parts.give(alice, alice.key)
    assert counts(parts, raw)
    parts.close()
    parts.open()
    assert counts(parts, alice.say())


def test_rubbish_is_unreadable(parts: Parts) -> None:
    alice = known(parts, "alice")
    for rubbish in (None, 7, ["list"], {"a": 1}, "none"):
        for name in ("session_id", "ciphertext", "sender_key"):
            raw = alice.say()
            raw["content"][name] = rubbish
            event = parts.hear(raw)
            readable = name == "sender_key"
            emptied = name == "ciphertext" and rubbish is None
            assert (event is None) is emptied
            assert event is None or (event.hearing is Hearing.TRUSTED) is readable


class Forgetful(RuleBasedStateMachine):
    """Keys come, are renewed, come late or from others; the bot hears, dies and forgets."""

    @initialize()
    def start(self) -> None:
        self.folder = TemporaryDirectory()
        self.parts = Parts(Path(self.folder.name))
        self.talkers = [known(self.parts, name) for name in ("alice", "bob")]
        self.given: dict[str, Key] = {talker.key.id: talker.key for talker in self.talkers}
        self.waiting: list[tuple[Talker, Raw]] = []  # said and not heard
        self.doing: list[Raw] = []  # heard, not done with
        self.done: list[Raw] = []
        self.gone: list[Raw] = []  # done with, and forgotten

    @rule(who=st.integers(0, 1))
    def say(self, who: int) -> None:
        talker = self.talkers[who]
        self.waiting.append((talker, talker.say()))

    @rule(who=st.integers(0, 1))
    def renew(self, who: int) -> None:
        talker = self.talkers[who]
        talker.key = Key()
        self.parts.give(talker, talker.key)
        self.given[talker.key.id] = talker.key

    @precondition(lambda self: self.waiting)
    @rule()
    def hear(self) -> None:
        """Everybody in the order in which they spoke."""
        for _, raw in self.waiting:
            assert counts(self.parts, raw)
            self.doing.append(raw)
        self.waiting.clear()

    @rule()
    def settle(self) -> None:
        self.parts.replays.settle()
        self.done += self.doing
        self.doing.clear()

    @rule()
    def die(self) -> None:
        """What was not done with comes again, and counts."""
        self.parts.close()
        self.parts.open()
        assert all(counts(self.parts, raw) for raw in self.doing)

    @rule()
    def forget(self) -> None:
        asyncio.run(forget(self.parts))
        self.gone += self.done
        self.done.clear()

    @rule(who=st.integers(0, 1), mine=st.booleans())
    def give_again(self, who: int, mine: bool) -> None:
        """An old key once more, by its owner or by the other."""
        for key in list(self.given.values()):
            talker = self.talkers[who if mine else 1 - who]
            self.parts.give(talker, key)

    @precondition(lambda self: self.doing or self.done or self.gone)
    @rule()
    def replay(self) -> None:
        for raw in (*self.doing, *self.done, *self.gone):
            assert self.parts.hear(again(raw)) is None

    @invariant()
    def nothing_forgotten_opens(self) -> None:
        if hasattr(self, "gone"):
            assert not [raw for raw in self.gone if opens(self.parts.machine, raw)]

    def teardown(self) -> None:
        if hasattr(self, "parts"):
            self.parts.close()
            self.folder.cleanup()


TestForgetful = Forgetful.TestCase
TestForgetful.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
