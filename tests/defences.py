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
)

REVIEWED: tuple[Mutant, ...] = (
    Mutant(
        "somebody else's copy of a room key consumes what its owner said",
        "bot/matrix/opening.py",
        'if self._distance(raw["sender"], key) is not None]',
        "]",
        ("tests/matrix/test_forgetting.py::test_a_copy_of_somebody_elses_key_changes_nothing",),
    ),
    Mutant(
        "somebody else's copy of a room key stands for the owner's, which is not asked for",
        "bot/matrix/keys.py",
        "or any(owners)",
        "or bool(keys)",
        ("tests/matrix/test_forgetting.py::test_a_copy_of_somebody_elses_key_changes_nothing",),
    ),
    Mutant(
        "a change of a room that no event tells of goes unnoticed at the table",
        "bot/matrix/listening.py",
        "            moved=self._rooms.news(),\n",
        "",
        ("tests/matrix/test_listening.py",),
    ),
    Mutant(
        "what was known of a room counts on after it has moved",
        "bot/hearing.py",
        "        self._moved(batch.moved)\n",
        "",
        ("tests/test_direct_rooms.py",),
    ),
    Mutant(
        "what is for one is readable for whoever else is in the room",
        "bot/matrix/sharing.py",
        "users if only is None else users & {only}",
        "users",
        ("tests/matrix/test_sharing.py",),
    ),
    Mutant(
        "a direct room's key is given to everybody of the table who is in it",
        "bot/doing.py",
        "None if outgoing.lane == TABLE_LANE else self._desk.user_id(outgoing.lane)",
        "None",
        ("tests/test_direct_rooms.py",),
    ),
    Mutant(
        "a server that does not answer makes its users people without devices",
        "bot/matrix/people.py",
        "        if _failed(user, answer):\n",
        "        if _failed(user, answer) and user in self._known:\n",
        ("tests/matrix/test_people.py",),
    ),
    Mutant(
        "what waited for a server is not read again once it answers",
        "bot/matrix/listening.py",
        "        keys_arrived |= self._people.answered()\n",
        "",
        ("tests/matrix/test_listening.py",),
    ),
    Mutant(
        "what was read under another pin counts",
        "bot/matrix/people.py",
        """            self._known.pop(user, None)
            self.changed([user])
""",
        "            pass\n",
        ("tests/matrix/test_people.py",),
    ),
)
