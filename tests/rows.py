"""The list to hold (docs/security.md), row by row: what would be lost, and which test notices."""

from tests.defences import Mutant

_KEYS = "tests/homeserver/test_keys.py"
_TRUST = "tests/matrix/test_trust.py"
_SAS = "tests/matrix/test_sas.py"
_ROOMS = "tests/matrix/test_rooms.py"
_INTERRUPTED = "tests/homeserver/test_interrupted.py"
_SPENT = "tests/homeserver/test_one_time_keys.py"
_JOINING = "tests/homeserver/test_joining.py"

CAN_READ = (
    Mutant(
        "who comes later reads from the beginning",
        "bot/matrix/sharing.py",
        '"session_key": session.session_key,',
        '"session_key": self.__dict__.setdefault(session.id, session.session_key),',
        (f"{_KEYS}::test_readable_from_joining_on",),
        row=1,
    ),
    Mutant(
        "who left reads on",
        "bot/matrix/sharing.py",
        " or not self._given[room] <= holders",
        "",
        (f"{_KEYS}::test_unreadable_after_leaving",),
        row=2,
    ),
    Mutant(
        "a device that its owner has not signed gets room keys",
        "bot/matrix/sharing.py",
        "for device in person.signed",
        "for device in person.devices",
        ("tests/homeserver/test_renewal.py::test_kept_while_nobody_loses_anything",),
        row=3,
    ),
    Mutant(
        "the room key serves for ever",
        "bot/matrix/sharing.py",
        "session.expired or ",
        "",
        (f"{_KEYS}::test_key_is_renewed_after_configured_messages",),
        row=4,
    ),
    Mutant(
        "stricter history keeps the room key",
        "bot/matrix/sharing.py",
        " or worn or tightened:",
        " or worn:",
        (f"{_KEYS}::test_stricter_history_renews_the_key",),
        row=4,
    ),
    Mutant(
        "every message has a room key of its own",
        "bot/matrix/rooms.py",
        "max(FEWEST_MESSAGES, min(messages, MOST_MESSAGES))",
        "FEWEST_MESSAGES",
        ("tests/homeserver/test_renewal.py::test_kept_while_nobody_loses_anything",),
        row=4,
    ),
    Mutant(
        "the invited get room keys everywhere",
        "bot/matrix/rooms.py",
        'members(state, "invite") if visibility == "invited" else frozenset()',
        'members(state, "invite")',
        (f"{_ROOMS}::test_keys_for_the_invited",),
        row=5,
    ),
)

ALL_HEARD = (
    Mutant(
        "what a long absence left out is not looked up",
        "bot/matrix/listening.py",
        'await self._gap(room, timeline.get("prev_batch"), since) + raws',
        "raws",
        ("tests/homeserver/test_backlog.py::test_heard_once_and_in_order_after_a_while",),
        row=6,
    ),
    Mutant(
        "of many room keys only the first part is taken before the messages",
        "bot/matrix/listening.py",
        "while len(messages) >= PART:",
        "while False:",
        ("tests/homeserver/test_backlog.py::test_room_keys_that_come_many_at_once",),
        row=7,
    ),
    Mutant(
        "only the first hundred devices get the room key",
        "bot/matrix/keys.py",
        "for i in range(0, len(messages), RECIPIENTS_AT_ONCE)",
        "for i in range(0, min(len(messages), 1), RECIPIENTS_AT_ONCE)",
        ("tests/homeserver/test_backlog.py::test_more_than_a_hundred_devices_are_reached",),
        row=7,
    ),
    Mutant(
        "an Olm message is used up before its room key is stored",
        "bot/matrix/keys.py",
        "with self._machine.together():",
        "if True:",
        ("tests/matrix/test_olm_killed.py::test_a_room_key_is_not_lost_between_two_statements",),
        row=8,
    ),
    Mutant(
        "what came before its key stays unheard",
        "bot/hearing.py",
        "if batch.keys_arrived:",
        "if False:",
        ("tests/test_hearing.py::test_what_could_not_be_read_is_heard_once_when_its_key_comes",),
        row=9,
    ),
    Mutant(
        "a key that never came is not asked for",
        "bot/matrix/keys.py",
        'await self._send_to_device("m.room_key_request", [message])',
        "pass",
        ("tests/homeserver/test_weather.py::test_lost_key_is_asked_for_once",),
        row=10,
    ),
    Mutant(
        "an unsigned device may answer when a key is asked for",
        "bot/matrix/machine.py",
        "            and device.verified\n",
        "",
        ("tests/matrix/test_machine.py::test_from_anybody_else",),
        row=10,
    ),
    Mutant(
        "the fallback key is never replaced",
        "bot/matrix/keys.py",
        "if self.fallback_used:",
        "if self.fallback_used and not account.shared:",
        (f"{_SPENT}::test_a_used_fallback_key_is_replaced_and_still_opens_what_comes_late",),
        row=11,
    ),
    Mutant(
        "a malformed message stops the hearing",
        "bot/matrix/machine.py",
        "except Exception as error:  # whatever",
        "except KeyError as error:  # whatever",
        ("tests/matrix/test_olm_messages.py", "tests/matrix/test_machine.py"),
        row=11,
    ),
    Mutant(
        "a broken Olm session stays",
        "bot/matrix/keys.py",
        "            await self._mend_sessions()\n",
        "",
        (f"{_SPENT}::test_a_one_time_key_that_was_given_out_twice",),
        row=12,
    ),
)

INTERRUPTED = (
    Mutant(
        "keys are uploaded before they are stored",
        "bot/matrix/keys.py",
        "        self._machine.save_account()\n        try:\n",
        "        try:\n",
        ("tests/homeserver/test_interrupted_start.py::test_killed_at_a_step",),
        row=13,
    ),
    Mutant(
        "a room key that reached some is used for all",
        "bot/matrix/sharing.py",
        "            self._machine.outbound_group_sessions.pop(room, None)\n            raise\n",
        "            raise\n",
        (f"{_INTERRUPTED}::test_refused_while_sharing_a_room_key",),
        row=14,
    ),
    Mutant(
        "what comes twice is done twice",
        "bot/acting.py",
        """                if not tx.first_time(request.event_id, request.line, request.at.date()):
                    return False
""",
        "                tx.first_time(request.event_id, request.line, request.at.date())\n",
        ("tests/test_exactly_once.py::test_an_event_delivered_twice_is_heard_once",),
        row=15,
    ),
    Mutant(
        "a fault of the homeserver is final",
        "bot/matrix/wire.py",
        "if status >= 500 or status == 408",
        "if status == 408",
        (f"{_INTERRUPTED}::test_every_exchange_of_keys_that_fails_is_tried_again",),
        row=16,
    ),
    Mutant(
        "a homeserver in trouble is asked every second",
        "bot/matrix/admission.py",
        "pause = min(2 * pause, LONGEST_PAUSE)",
        "pause = min(pause, LONGEST_PAUSE)",
        ("tests/matrix/test_olm_killed.py::test_pauses_grow_to_a_minute",),
        row=16,
    ),
    Mutant(
        "a request that was not sent is forgotten in a restart",
        "bot/matrix/asking.py",
        "if session not in self._asked or session not in noted:",
        "if session not in noted:",
        (f"{_INTERRUPTED}::test_request_for_a_lost_key_that_was_not_sent_is_sent_after_a_restart",),
        row=16,
    ),
    Mutant(
        "two processes run with one device",
        "bot/matrix/vault.py",
        "fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "self._file.fileno()",
        ("tests/homeserver/test_entering.py::test_two_at_once_are_refused",),
        row=17,
    ),
)

LIES = (
    Mutant(
        "an event that is sent again counts again",
        "bot/matrix/replays.py",
        "return hmac.compare_digest(row[0], event)",
        "return True",
        ("tests/homeserver/test_lies.py::test_replayed_event_is_dropped",),
        row=18,
    ),
    Mutant(
        "an event counts in a room it was not said in",
        "bot/matrix/opening.py",
        'inside.get("room_id") == room',
        'isinstance(inside.get("room_id"), str)',
        ("tests/matrix/test_hands.py::test_words_for_another_room_are_not_read_in_this_one",),
        row=18,
    ),
    Mutant(
        "an event counts as whoever the homeserver says has sent it",
        "bot/matrix/opening.py",
        "return None if device is None else device.signed",
        "return device is None or device.signed",
        ("tests/matrix/test_hands.py",),
        row=18,
    ),
    Mutant(
        "a device that the homeserver added counts",
        "bot/matrix/trust.py",
        "signed = signer is not None and signed_by(payload, user, signer, signer)",
        "signed = True",
        (f"{_TRUST}::test_a_device_added_by_the_server_is_unsigned",),
        row=19,
    ),
    Mutant(
        "an identity that the homeserver puts in place of the pinned one counts",
        "bot/matrix/trust.py",
        "master = shown if pinned in {None, shown} else None",
        "master = shown",
        (f"{_TRUST}::test_another_than_the_pinned_identity_does_not_count",),
        row=19,
    ),
    Mutant(
        "without the owner's signing key every device counts",
        "bot/matrix/trust.py",
        "signed = signer is not None and signed_by(payload, user, signer, signer)",
        "signed = signer is None or signed_by(payload, user, signer, signer)",
        ("tests/homeserver/test_withheld.py",),
        row=19,
    ),
    Mutant(
        "a room key out of anybody's hands speaks for its owner",
        "bot/matrix/opening.py",
        "all(hand == key.sender_key for hand in key.forwarding_chain)",
        "True",
        ("tests/matrix/test_hands.py::test_a_key_out_of_other_hands_authenticates_nobody",),
        row=20,
    ),
    Mutant(
        "whoever stands in the middle may choose their key last",
        "bot/matrix/sas.py",
        "if self._first_is_ours and commitment(theirs, self._first) != self._commitment:",
        "if False:",
        (f"{_SAS}::test_a_replaced_key_breaks_the_commitment_of_who_started",),
        row=21,
    ),
    Mutant(
        "the emoji stand for keys that were not compared",
        "bot/matrix/sas.py",
        "            self._check(name, known[name], given[name])\n",
        "            pass\n",
        (f"{_SAS}::test_a_homeserver_that_shows_another_key_of_theirs_is_found_out",),
        row=21,
    ),
    Mutant(
        "a room key lasts as long as the room's settings say",
        "bot/matrix/rooms.py",
        "max(FEWEST_MESSAGES, min(messages, MOST_MESSAGES))",
        "messages",
        (f"{_ROOMS}::test_rotation_is_never_endless",),
        row=22,
    ),
    Mutant(
        "another algorithm is nothing to report",
        "bot/rules/room.py",
        "        room.algorithm != MEGOLM\n        or ",
        "        ",
        ("tests/rules/test_room.py",),
        row=22,
    ),
    Mutant(
        "a room that shows no encryption any more counts as one that never had any",
        "bot/matrix/rooms.py",
        "encrypted=encrypted or bool(encryption)",
        "encrypted=bool(encryption)",
        (f"{_ROOMS}::test_encryption_stays_once_seen",),
        row=22,
    ),
)

OWN_IDENTITY = (
    Mutant(
        "keys are padded, and other clients do not see them",
        "bot/matrix/trust.py",
        'return base64.b64encode(data).decode().rstrip("=")',
        "return base64.b64encode(data).decode()",
        (f"{_TRUST}::test_base64_is_unpadded_and_unique",),
        row=23,
    ),
    Mutant(
        "the bot speaks before others see its device as signed",
        "bot/matrix/identity.py",
        "if machine.curve25519 not in {one.curve25519 for one in seen.signed}:",
        "if False:",
        (f"{_JOINING}::test_signatures_that_do_not_appear_stop_the_bot",),
        row=23,
    ),
    Mutant(
        "an identity of somebody else's making is replaced",
        "bot/matrix/identity.py",
        "if published not in (None, own.master.public) and not vault.credentials.replacing:",
        "if False:",
        (f"{_JOINING}::test_an_identity_offered_in_place_of_the_bots_own_stops_it",),
        row=24,
    ),
    Mutant(
        "what the recovery key opens is believed to be the identity",
        "bot/matrix/identity.py",
        "if not OwnIdentity.of(user, seeds).is_published(shown):",
        "if False:",
        (f"{_JOINING}::test_secrets_that_are_not_those_of_the_published_identity",),
        row=24,
    ),
    Mutant(
        "a folder from a backup does not start any more",
        "bot/matrix/keys.py",
        "if not account.shared or refusal.status != 400:",
        "if True:",
        (f"{_SPENT}::test_a_folder_from_a_backup_offers_other_keys_under_names_that_are_taken",),
        row=25,
    ),
    Mutant(
        "a crypto store of another moment goes unnoticed",
        "bot/matrix/stamp.py",
        "if self._vault.credentials.stamp not in marks:",
        "if False:",
        ("tests/homeserver/test_lost_stores.py::test_one_of_the_two_from_an_older_copy",),
        row=26,
    ),
    Mutant(
        "a lost crypto store is made anew",
        "bot/matrix/machine.py",
        """        raise CannotStart(LOST_STORE.format(folder=folder))
    try:
""",
        """        known_key = ""
    try:
""",
        ("tests/homeserver/test_lost_stores.py::test_the_crypto_store",),
        row=26,
    ),
)

ROWS = (*CAN_READ, *ALL_HEARD, *INTERRUPTED, *LIES, *OWN_IDENTITY)
