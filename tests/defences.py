"""The defences, each with the change that would remove it and the test that would notice."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands exactly once in `file`; with `new` in its place one of `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]  # as pytest takes them: `tests/…/test_x.py::test_y`

    def apply(self, tree: Path) -> None:
        """Change the file in a copy of the project."""
        path = tree / self.file
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.name}: {text.count(self.old)} places"
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


_IDENTITIES = "tests/test_identities.py"
_CONSENSUS = "tests/rules/test_consensus.py"
_UNREADABLE = "tests/test_unreadable.py"

_GATE = "tests/test_gate.py"
_FORGETTING = "tests/test_forgetting.py"

ROOMS: tuple[Mutant, ...] = (
    Mutant(
        "what a suspended person cannot read is lost",
        "bot/speaking.py",
        "pinned is not None and known.offered is None",
        "pinned is not None",
        (_IDENTITIES,),
    ),
    Mutant(
        "what somebody without an identity cannot read is lost",
        "bot/speaking.py",
        "pinned is not None and known.offered is None",
        "offered is None",
        (_IDENTITIES,),
    ),
    Mutant(
        "people compare emoji in a room with a third person",
        "bot/control.py",
        "room.joined | room.invited == {user, self._desk.door.user_id}",
        "user in room.joined",
        ("tests/test_control.py::test_only_a_room_of_two_is_used",),
    ),
    Mutant(
        "what could not be forgotten is never forgotten",
        "bot/speaking.py",
        """it is tried again")
            return
""",
        """it is tried again")
""",
        (f"{_FORGETTING}::test_forgetting_that_fails_is_tried_again_and_silences_nobody",),
    ),
    Mutant(
        "forgetting that comes late takes the polls of the next meeting along",
        "bot/doing.py",
        "tx.outbox.forget_anchors(outgoing)",
        "tx.outbox.forget_anchors()",
        (f"{_FORGETTING}::test_forgetting_that_comes_late_leaves_the_meeting_that_is_open_alone",),
    ),
    Mutant(
        "a room that lets us wait at its door deafens the table",
        "bot/gate.py",
        "asyncio.wait({task}, timeout=self._desk.patience)",
        "asyncio.wait({task})",
        (f"{_GATE}::test_a_room_that_lets_us_wait_at_its_door_deafens_nobody",),
    ),
    Mutant(
        "an invitation that waits is lost with a restart",
        "bot/hearing.py",
        "        await self._gate.again()\n",
        "",
        (f"{_GATE}::test_an_invitation_that_waits_is_followed_after_a_restart",),
    ),
    Mutant(
        "a room that cannot be mended deafens the table",
        "bot/roomcheck.py",
        "asyncio.timeout(self._desk.patience)",
        "asyncio.timeout(None)",
        (f"{_GATE}::test_a_room_that_cannot_be_mended_deafens_nobody",),
    ),
    Mutant(
        "a former room that cannot be left deafens the table",
        "bot/moving.py",
        "asyncio.timeout(self._desk.patience)",
        "asyncio.timeout(None)",
        (f"{_GATE}::test_a_former_room_that_cannot_be_left_deafens_nobody",),
    ),
    Mutant(
        "the table's room is forgotten when an event says that we left it",
        "bot/gate.py",
        "if await self._desk.room(room_id) is None:",
        "if True:",
        (f"{_GATE}::test_that_we_left_is_not_believed_without_looking",),
    ),
    Mutant(
        "mending a room's power levels takes the bot's own power",
        "bot/matrix/powers.py",
        "_kept(state, {us, *keep}, members,",
        "_kept(state, keep, members,",
        ("tests/matrix/test_mending.py",),
    ),
    Mutant(
        "mending a room's power levels takes the coordinator's power",
        "bot/matrix/powers.py",
        "_kept(state, {us, *keep}, members,",
        "_kept(state, {us}, members,",
        ("tests/matrix/test_mending.py",),
    ),
    Mutant(
        "nobody beside the bot keeps power over a room that is mended",
        "bot/roomcheck.py",
        "await self._desk.door.mend(room_id, fault, name, keep)",
        "await self._desk.door.mend(room_id, fault, name)",
        ("tests/test_room_checks.py::test_who_governs_beside_us_is_kept_when_power_is_mended",),
    ),
    Mutant(
        "the close of a meeting forgets whom the next one names",
        "storage/people.py",
        "    m.Presence.account_id,\n",
        "",
        (f"{_FORGETTING}::test_whoever_a_meeting_that_was_opened_meanwhile_names_is_kept",),
    ),
)

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a replaced identity goes on being heard",
        "bot/rules/identity.py",
        "return pinned is not None and offered is None and speaking == pinned",
        "return pinned is not None",
        ("tests/rules/test_identity.py", _IDENTITIES),
    ),
    Mutant(
        "room keys go to everybody who is in the room",
        "bot/matrix/sharing.py",
        "for user in users if self._people.pinned(user)]",
        "for user in users]",
        ("tests/homeserver/test_keys.py",),
    ),
    Mutant(
        "the identity that came last is confirmed, whatever people were told",
        "bot/rules/identity.py",
        """    if offered is not None:
        return Finding.REPORTED
""",
        "",
        ("tests/rules/test_identity.py",),
    ),
    Mutant(
        "people confirm their own identity",
        "bot/rules/identity.py",
        "if same_person or",
        "if",
        ("tests/rules/test_identity.py",),
    ),
    Mutant(
        "cases are touched before the coordinator is known to be themself",
        "bot/rules/identity.py",
        "if Proof.SEEN in stewards:",
        "if not stewards:",
        ("tests/rules/test_identity.py",),
    ),
    Mutant(
        "what cannot be read does not keep a poll open",
        "bot/rules/consensus.py",
        "for voter in roster) and not open_to_doubt",
        "for voter in roster)",
        (_CONSENSUS,),
    ),
    Mutant(
        "what cannot be read does not rule consensus out",
        "bot/rules/consensus.py",
        "all(roster.values()) and not doubted & set(roster)",
        "all(roster.values())",
        (_CONSENSUS,),
    ),
    Mutant(
        "an answer taken back is counted where the clear relation points",
        "handlers/polls.py",
        "            turn.tx.polls.doubt(poll, turn.me, turn.request.event_id)\n",
        "            return cast(turn, poll, Answer.OBJECT)\n",
        ("tests/test_corners.py",),
    ),
    Mutant(
        "plaintext is acted upon",
        "bot/hearing.py",
        "elif event.hearing is Hearing.TRUSTED and identity.heard(",
        "elif event.hearing in {Hearing.TRUSTED, Hearing.CLEAR} and identity.heard(",
        ("tests/test_refusals.py", "tests/test_hearing.py"),
    ),
    *ROOMS,
)
