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
    row: int = 0  # of the list to hold in docs/security.md, for those of `tests/rows.py`

    def apply(self, tree: Path) -> None:
        """Change the file in a copy of the project."""
        path = tree / self.file
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.name}: {text.count(self.old)} places"
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


_IDENTITIES = "tests/test_identities.py"
_CONSENSUS = "tests/rules/test_consensus.py"
_UNREADABLE = "tests/test_unreadable.py"
_DOUBTS = "tests/test_doubts.py"
_HEARING = "tests/test_hearing.py"
_ROOM_CHECKS = "tests/test_room_checks.py"
_HOSTILE = "tests/homeserver/test_hostile.py"

_GATE = "tests/test_gate.py"
_FORGETTING = "tests/test_forgetting.py"

_POLL_EVENTS = "tests/test_poll_events.py"
_SIDE = "tests/test_side_rooms.py"

ROOMS: tuple[Mutant, ...] = (
    Mutant(
        "whoever sits at the table may be in the room of any case",
        "handlers/turn.py",
        "any(not there.get(account) for account in self.request.in_room)",
        "False",
        (f"{_SIDE}::test_nothing_is_proposed_or_agreed_while_somebody_else_is_there",),
    ),
    Mutant(
        "who left the meeting stays in the room of a case",
        "handlers/roll.py",
        "*(rooms.removal(account, lane) for lane in lanes)",
        "",
        (f"{_SIDE}::test_whoever_is_gone_from_the_meeting_is_out_of_it_at_once",),
    ),
    Mutant(
        "who left before the room of a case was made is asked in",
        "bot/doing.py",
        "outgoing.lane < TABLE_LANE and account not in expected",
        "False",
        (f"{_SIDE}::test_whoever_left_before_it_was_made_is_not_asked_in",),
    ),
    Mutant(
        "who comes for one case only is asked into the table's room",
        "handlers/members.py",
        "if role is Role.AD_HOC:",
        "if False:",
        (f"{_SIDE}::test_who_comes_for_one_case_is_asked_into_its_room_only",),
    ),
    Mutant(
        "whoever is said to be in a side room gets the key",
        "bot/doing.py",
        "        return there or None  # of a case that is forgotten no words are said any more\n",
        "        return None\n",
        (f"{_SIDE}::test_nobody_but_the_roster_gets_the_key_whoever_is_said_to_be_there",),
    ),
    Mutant(
        "an item of a case that is aside is proposed in the table's room",
        "handlers/side.py",
        "turn.request.lane != turn.tx.meetings.lane(meeting, case)",
        "False",
        (f"{_SIDE}::test_words_of_an_item_typed_at_the_table_are_deleted_at_once",),
    ),
    Mutant(
        "a poll is asked before everybody can read it",
        "bot/speaking.py",
        "await self._sides.complete(first.lane, room)",
        "room",
        (f"{_SIDE}::test_no_poll_is_asked_before_everybody_can_read_it",),
    ),
    Mutant(
        "another case is spoken of in the room of a case",
        "handlers/turn.py",
        "self.request.place is Place.SIDE and self.request.case != case_id",
        "False",
        (f"{_SIDE}::test_another_case_is_not_spoken_of_there",),
    ),
    Mutant(
        "what was said in the room of a case stays there",
        "handlers/side.py",
        "says = traces.of_lane(turn, meeting, lane, before)",
        "says: Says = []",
        (f"{_SIDE}::test_next_takes_everybody_out_and_all_that_was_said",),
    ),
    Mutant(
        "clients show the winner of a poll by their own count",
        "handlers/polls.py",
        "        *private.removed(turn.tx, poll),\n",
        "",
        (f"{_POLL_EVENTS}::test_typed_answers_and_native_ones_leave_the_same_on_the_screen",),
    ),
    Mutant(
        "a poll that is gone from the screen still finds consensus",
        "bot/hearing.py",
        "await self._poll_events.look(event)",
        "pass",
        (f"{_POLL_EVENTS}::test_a_poll_that_others_touched_is_void_and_the_table_is_told",),
    ),
    Mutant(
        "anybody ends a poll for everybody",
        "handlers/pollevents.py",
        "    if powerful:",
        "    if True:",
        (f"{_POLL_EVENTS}::test_an_end_that_clients_ignore_is_told_to_whoever_tried",),
    ),
    Mutant(
        "what is redacted already is redacted again at the close",
        "handlers/traces.py",
        "if slot not in gone]",
        "if slot]",
        (f"{_POLL_EVENTS}::test_what_is_settled_by_the_close_is_counted_once",),
    ),
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
        (
            "tests/homeserver/test_room_checks.py"
            "::test_a_stranger_is_announced_and_their_leaving_too",
        ),
    ),
    Mutant(
        "the identity that came last is confirmed, whatever people were told",
        "bot/rules/identity.py",
        "return Finding.RETURNED if shown == pinned != offered else Finding.REPORTED",
        "return Finding.REPLACED",
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
        "handlers/doubts.py",
        "            return _doubted(turn, [poll], Cause.TAKEN_BACK)\n",
        "            turn.tx.polls.record(poll, turn.me, Answer.OBJECT)\n",
        ("tests/test_corners.py",),
    ),
    Mutant(
        "any yes ends a doubt",
        "bot/rules/consensus.py",
        "if not 0 < mark <= named.get(who, 0)}",
        "if who not in named}",
        (_CONSENSUS, _DOUBTS),
    ),
    Mutant(
        "a yes that is deleted stands",
        "bot/doubting.py",
        "        if who is not None:\n",
        "        if target is None:\n",
        (f"{_DOUBTS}::test_a_yes_that_is_deleted_does_not_stand",),
    ),
    Mutant(
        "an objection that was refused leaves no doubt",
        "bot/acting.py",
        "if otherwise is None and line is not None and attempts.leaves_doubt(line, refused):",
        "if request is None:",
        (f"{_DOUBTS}::test_what_is_not_understood_is_no_consensus",),
    ),
    Mutant(
        "an answer in a caption or behind a dash is overheard",
        "bot/hearing.py",
        "self._doubting.said(event, sender, room, attempt=bool(doubtful))",
        "self._doubting.said(event, sender, room, attempt=False)",
        (f"{_DOUBTS}::test_no_answer_is_given_in_a_caption_or_an_emote",),
    ),
    Mutant(
        "a mark that nobody gave out ends what comes later",
        "handlers/ballots.py",
        "mark = min(meant.mark or 0, turn.tx.polls.last_mark(poll, turn.me))",
        "mark = meant.mark or 0",
        (f"{_DOUBTS}::test_a_mark_that_was_not_given_out_ends_nothing",),
    ),
    Mutant(
        "whoever was made up at first sight vouches for others",
        "bot/rules/identity.py",
        "return Proof.COMPARED if by is Proof.COMPARED else Proof.SEEN",
        "return Proof.COMPARED",
        ("tests/rules/test_identity.py",),
    ),
    Mutant(
        "the suspended get keys for the identity they had",
        "bot/trusting.py",
        "one.pinned if one.offered is None else None for",
        "one.pinned for",
        (_IDENTITIES,),
    ),
    Mutant(
        "any answer of the homeserver ends a doubt",
        "bot/unread.py",
        "if seat is None or event.hearing is not Hearing.TRUSTED:",
        "if seat is None:",
        (_UNREADABLE,),
    ),
    Mutant(
        "plaintext is acted upon",
        "bot/hearing.py",
        "elif event.hearing is Hearing.TRUSTED and identity.heard(",
        "elif event.hearing in {Hearing.TRUSTED, Hearing.CLEAR} and identity.heard(",
        ("tests/test_refusals.py", "tests/test_hearing.py"),
    ),
    Mutant(
        "a message counts again under another event id",
        "bot/matrix/opening.py",
        "            raise Replayed\n",
        "            pass\n",
        (f"{_HOSTILE}::test_replayed_events_and_keys_change_nothing",),
    ),
    Mutant(
        "a device needs no signature of its owner",
        "bot/matrix/trust.py",
        "signed = signer is not None and signed_by(payload, user, signer, signer)",
        "signed = signer is not None",
        (f"{_HOSTILE}::test_a_device_that_the_server_adds_has_no_voice_and_gets_no_keys",),
    ),
    Mutant(
        "whatever identity is shown vouches for devices",
        "bot/matrix/trust.py",
        "master = shown if pinned in {None, shown} else None",
        "master = shown",
        ("tests/matrix/test_trust.py", "tests/homeserver/test_keys.py::test_pinned_identity_only"),
    ),
    Mutant(
        "without an identity every device is somebody's own",
        "bot/matrix/trust.py",
        "signed = signer is not None and signed_by(payload, user, signer, signer)",
        "signed = signer is None or signed_by(payload, user, signer, signer)",
        (f"{_HOSTILE}::test_whoever_is_not_vouched_for_has_no_voice_and_no_keys",),
    ),
    Mutant(
        "a device that is no longer shown goes on reading",
        "bot/matrix/sharing.py",
        "session.expired or not self._given[room] <= holders",
        "session.expired",
        (f"{_HOSTILE}::test_whoever_is_not_vouched_for_has_no_voice_and_no_keys",),
    ),
    Mutant(
        "cases are touched in a room that others can read",
        "handlers/turn.py",
        "if found := room.serious(self.request.faults):",
        "if found := ():",
        (_ROOM_CHECKS,),
    ),
    Mutant(
        "cases are touched in front of a stranger",
        "handlers/turn.py",
        "        if self.request.strangers:\n",
        "        if False:\n",
        ("tests/test_refusals.py",),
    ),
    Mutant(
        "a setting that comes and goes is told every time",
        "bot/roomreport.py",
        """        if self._quiet(fault):
            return False
""",
        "",
        (_ROOM_CHECKS,),
    ),
    Mutant(
        "the table moves to a room that somebody else has made",
        "bot/moving.py",
        "        and new.creator == old.upgraded_by\n",
        "",
        ("tests/test_moving.py",),
    ),
    Mutant(
        "the table moves at anybody's word",
        "bot/moving.py",
        "{self._desk.user_id(sender), old.upgraded_by} <= self._places",
        "{old.upgraded_by} <= self._places",
        ("tests/test_moving.py",),
    ),
    Mutant(
        "an invitation makes another room the table's",
        "bot/places.py",
        "        if tx.people.table_room() is not None or not room.encrypted:\n",
        "        if not room.encrypted:\n",
        ("tests/test_moving.py", "tests/test_direct_rooms.py"),
    ),
    Mutant(
        "whoever has left the room goes on counting",
        "bot/gate.py",
        'gone = event.content.get("membership") in {"leave", "ban"}',
        "gone = False",
        ("tests/test_fiche.py", "tests/test_corners.py"),
    ),
    Mutant(
        "the identity that was pinned at first sight is not stated",
        "bot/doing.py",
        'outgoing = replace(outgoing, facts={**outgoing.facts, "key": key})',
        "pass",
        (_IDENTITIES,),
    ),
    Mutant(
        "the fingerprints in the settings are not looked at",
        "bot/app.py",
        "key, known = desk.table.fingerprints.get(user), tx",
        "key, known = None, tx",
        (f"{_IDENTITIES}::test_a_mayor_who_never_came_holds_up_nothing",),
    ),
    Mutant(
        "whoever has not answered has agreed",
        "bot/rules/consensus.py",
        "return all(voter in ballots for voter in roster) and not open_to_doubt",
        "return not open_to_doubt",
        (_CONSENSUS,),
    ),
    Mutant(
        "a command that is quoted or struck out in HTML is obeyed",
        "bot/markup.py",
        "if tag in _LEFT_OUT:",
        'if tag == "mx-reply":',
        ("tests/test_reading.py::test_a_quoted_objection_objects_to_nothing",),
    ),
    Mutant(
        "a command that is quoted in text, or in a block of code, is obeyed",
        "bot/plain.py",
        'found.append(None if fence or edge or line.lstrip().startswith(">") else line)',
        "found.append(line)",
        ("tests/test_reading.py::test_a_close_that_is_only_shown_closes_nothing",),
    ),
    Mutant(
        "words that somebody quoted in HTML stay after the close",
        "bot/body.py",
        "(bool(html) and markup.read(html).left_out)",
        "False",
        ("tests/test_reading.py::test_words_that_anybody_quoted_are_gone_after_the_close",),
    ),
    Mutant(
        "a link is obeyed that shows another account than it means",
        "bot/mentions.py",
        "return accounts != {link.target}",
        "return False",
        ("tests/test_reading.py::test_a_link_that_shows_another_account_is_refused",),
    ),
    Mutant(
        "an account is obeyed that the mentions of a message contradict",
        "bot/mentions.py",
        "return bool(meant - mentioned and mentioned - message.visible.accounts)",
        "return False",
        ("tests/test_reading.py::test_a_link_that_shows_another_account_is_refused",),
    ),
    Mutant(
        "a clear relation beside a message makes it an edit, and silent",
        "bot/spoken.py",
        "return new if edit and isinstance(new, Mapping) else None",
        "return (new if isinstance(new, Mapping) else {}) if edit else None",
        (f"{_HEARING}::test_a_relation_written_beside_a_message_does_not_silence_it",),
    ),
)

REVIEWED: tuple[Mutant, ...] = (
    Mutant(
        "somebody else's copy of a room key consumes what its owner said",
        "bot/matrix/opening.py",
        "for key, signed in owned if signed is not None]",
        "for key, signed in owned]",
        ("tests/matrix/test_forgetting.py::test_a_copy_of_somebody_elses_key_changes_nothing",),
    ),
    Mutant(
        "somebody else's copy of a room key stands for the owner's, which is not asked for",
        "bot/matrix/asking.py",
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
        "users if only is None else users & frozenset(only)",
        "users",
        ("tests/matrix/test_sharing.py",),
    ),
    Mutant(
        "a direct room's key is given to everybody of the table who is in it",
        "bot/doing.py",
        "return frozenset({self._desk.user_id(lane)})",
        "return None",
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

_INFORMING = "tests/test_informing.py"

TELLING: tuple[Mutant, ...] = (
    Mutant(
        "the person may be told though the officer was not asked",
        "handlers/informing.py",
        "if not taken.informing:",
        "if turn.me is None:",
        (f"{_INFORMING}::test_the_officers_word_counts_once_for_each_time_it_is_asked",),
    ),
    Mutant(
        "an officer who is not at the table attests",
        "handlers/informing.py",
        "if not turn.tx.meetings.roster(meeting, case).get(turn.me):",
        "if turn.me is None:",
        (f"{_INFORMING}::test_an_officer_who_is_not_on_the_roster_cannot_attest",),
    ),
    Mutant(
        "more information needed makes the bot forget the case",
        "bot/rules/decision.py",
        "in {Decision.STOP, Decision.REFER}",
        "is not Decision.FOLLOW",
        (f"{_INFORMING}::test_more_information_leaves_the_case_as_it_is_and_it_comes_back",),
    ),
    Mutant(
        "a form with another sign has the same code",
        "bot/rules/form.py",
        "[one.section, one.sign, one.phase, one.text]",
        "[one.section, one.phase, one.text]",
        ("tests/rules/test_form.py::test_any_change_of_an_item_is_another_code",),
    ),
    Mutant(
        "the form tells when it was made",
        "bot/form.py",
        "entry = ZipInfo(name, _LONG_AGO)",
        "entry = source.getinfo(name)",
        ("tests/test_form.py::test_the_same_form_is_the_same_bytes_and_tells_nobody_who_or_when",),
    ),
    Mutant(
        "the form carries the properties of the one who made it",
        "bot/form.py",
        "if rel.reltype in _PROPERTIES]",
        "if rel.reltype in _PROPERTIES[1:]]",
        ("tests/test_form.py::test_the_same_form_is_the_same_bytes_and_tells_nobody_who_or_when",),
    ),
)

_ORACLE = "tests/test_oracle.py"
_ROSTERS = "tests/test_rosters.py"

FORMS: tuple[Mutant, ...] = (
    Mutant(
        "who objected agrees after all",
        "bot/rules/consensus.py",
        "Answer.OBJECT if Answer.OBJECT in (before, answer) else Answer.AGREE",
        "answer",
        (f"{_ORACLE}::test_what_happens_before_the_last_answer_counts",),
    ),
    Mutant(
        "who leaves stays on the roster",
        "handlers/roll.py",
        "    turn.tx.meetings.leave_rosters(meeting, account)\n",
        "",
        (f"{_ORACLE}::test_what_happens_before_the_last_answer_counts",),
    ),
    Mutant(
        "who is added to the roster is not asked",
        "handlers/cases.py",
        "        turn.tx.meetings.roster_add(meeting, case, account)\n",
        "",
        (f"{_ORACLE}::test_what_happens_before_the_last_answer_counts",),
    ),
    Mutant(
        "who comes late is not waited for",
        "bot/rules/roster.py",
        "return rostered | dict.fromkeys(missing(standings, present), True)",
        "return rostered",
        (f"{_ROSTERS}::test_an_open_poll_waits_for_who_comes_after_it_and_for_the_chair",),
    ),
    Mutant(
        "something is asked without somebody who is at the table",
        "bot/rules/roster.py",
        "if absent := missing(standings, present):",
        "if absent := ():",
        (f"{_ROSTERS}::test_nothing_is_asked_while_somebody_at_the_table_is_not_on_it",),
    ),
    Mutant(
        "something is asked without a seat",
        "bot/rules/roster.py",
        "if seats := seats_missing(on):",
        "if seats := ():",
        (f"{_ROSTERS}::test_a_seat_that_somebody_took_over_who_was_left_out_is_missed",),
    ),
    Mutant(
        "a homeserver leaves somebody out by showing that they have left a side room",
        "bot/rules/roster.py",
        "return standing is Standing.AWAY or (standing is None and role is not Role.AD_HOC)",
        "return standing is None and role is not Role.AD_HOC",
        (f"{_ROSTERS}::test_who_walks_out_of_it_before_the_first_poll_is_missed",),
    ),
    Mutant(
        "a homeserver makes consensus by showing that who came late has left",
        "handlers/roll.py",
        "ended = _end_polls(turn, meeting, account)",
        "ended: Says = []",
        (f"{_ROSTERS}::test_without_who_came_late_an_open_poll_finds_no_consensus",),
    ),
    Mutant(
        "who comes back is not put on the roster",
        "handlers/attendance.py",
        "        turn.tx.meetings.roster_add(meeting, case, turn.me)\n",
        "",
        (f"{_ROSTERS}::test_no_form_is_adopted_without_a_seat_that_left_and_came_back",),
    ),
    Mutant(
        "who was left out is put on the roster by coming back",
        "storage/meetings.py",
        "self._stand(meeting, case, account, Standing.LEFT_OUT)",
        "self._stand(meeting, case, account, Standing.AWAY)",
        (f"{_ROSTERS}::test_who_was_left_out_stays_so_when_they_leave_and_come_back",),
    ),
    Mutant(
        "who was left out of a case gets a part in it",
        "bot/rules/roster.py",
        "if present or aside or standing is Standing.LEFT_OUT:",
        "if False:",
        (f"{_ROSTERS}::test_who_was_left_out_of_a_case_gets_no_part_in_it",),
    ),
    Mutant(
        "a case whose year has ended comes back",
        "handlers/cases.py",
        "    retention.require_kept(case.expires_on, turn.today)\n",
        "",
        ("tests/test_expired.py::test_nothing_that_is_said_about_it_reaches_it",),
    ),
    Mutant(
        "a followed case is left to nobody",
        "handlers/meeting.py",
        "if cases := agenda.unassigned(turn, meeting):",
        "if cases := ():",
        (
            "tests/test_carried.py::test_the_close_is_refused_until_there_is_a_manager_and_an_action",
        ),
    ),
    Mutant(
        "whose identity was replaced has not left",
        "handlers/members.py",
        "facts, lane=TABLE_LANE), *roll.depart(turn, account)]",
        "facts, lane=TABLE_LANE)]",
        (f"{_ORACLE}::test_what_happens_before_the_last_answer_counts",),
    ),
    Mutant(
        "words that tell who somebody is are refused in one spelling only",
        "bot/rules/personal.py",
        'return " ".join("".join(map(_sign, unicodedata.normalize("NFKC", text))).split())',
        "return text",
        ("tests/test_personal.py::test_what_plainly_identifies_somebody_is_found",),
    ),
    Mutant(
        "words that tell who somebody is stay when something else is wrong too",
        "bot/acting.py",
        "        return Refused(Reason.PERSONAL_DATA)\n",
        "        return refused\n",
        (
            "tests/test_personal_refused.py"
            "::test_it_is_gone_at_once_whatever_else_was_wrong_with_the_line",
        ),
    ),
    Mutant(
        "nobody declares what a form on the screen says about mental disorders",
        "bot/rules/fiche.py",
        "        raise Refused(Reason.DECLARATION_MISSING)\n",
        "        return False\n",
        (
            "tests/test_form_declared.py"
            "::test_without_a_declaration_nobody_is_asked_and_each_version_needs_its_own",
        ),
    ),
)

_FAR, _WIRE = "tests/test_unreachable.py", "tests/matrix/test_wire.py"

REACHING: tuple[Mutant, ...] = (
    Mutant(
        "what waits for somebody outlives their removal",
        "handlers/members.py",
        "    tx.memberships.drop(account)\n",
        "",
        (f"{_FAR}::test_who_is_removed_is_asked_in_nowhere",),
    ),
    Mutant(
        "an invitation is tried as often as the bell rings",
        "bot/membership.py",
        " or not outgoing.due(self._desk.clock())",
        "",
        (f"{_FAR}::test_it_arrives_when_their_server_is_back",),
    ),
    Mutant(
        "a direct room is made as often as the bell rings",
        "bot/lanes.py",
        " or not first.due(self._desk.clock())",
        "",
        (f"{_FAR}::test_a_restart_keeps_the_schedule",),
    ),
    Mutant(
        "what is said while the account is suspended is dropped",
        "bot/speaking.py",
        "            if of_the_account(error):",
        "            if False:",
        (f"{_FAR}::test_while_the_account_is_suspended_nothing_is_lost",),
    ),
    Mutant(
        "who cannot be removed is no stranger",
        "storage/memberships.py",
        " and row.attempts == 0",
        "",
        (f"{_FAR}::test_who_cannot_be_removed_yet_gets_no_key",),
    ),
    Mutant(
        "one 401 ends the session",
        "bot/matrix/admission.py",
        "now - began >= patience.grace",
        "True",
        (f"{_WIRE}::test_a_session_that_is_said_to_be_gone_for_some_minutes_is_held_on_to",),
    ),
    Mutant(
        "a locked account is a lost session",
        "bot/matrix/admission.py",
        "if errcode in {LOCKED, SILENT}:",
        "if errcode == SILENT:",
        (f"{_WIRE}::test_a_locked_account_is_waited_for_and_seldom_told",),
    ),
    Mutant(
        "a homeserver that is down uses up the attempts",
        "bot/matrix/wire.py",
        "await self._is_there()\n",
        "True\n",
        (f"{_WIRE}::test_while_the_homeserver_is_down_the_attempts_do_not_count",),
    ),
    Mutant(
        "a room is made again without looking for it",
        "bot/matrix/acts.py",
        "while not (found := await self._find(plan.marker)):",
        "while not (found := []):",
        (
            "tests/homeserver/test_unreachable.py"
            "::test_a_room_whose_making_was_answered_by_an_error_is_made_once",
        ),
    ),
)
