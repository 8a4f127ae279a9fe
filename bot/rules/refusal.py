"""Why something is refused: a reason code and facts, never words."""

from enum import StrEnum

from bot.rules.facts import Fact


class Reason(StrEnum):
    """Each reason has one sentence in each language; the code travels in the message facts."""

    # what was said
    UNKNOWN_WORD = "unknown_word"
    NO_COMMAND = "no_command"
    MENTION_MISMATCH = "mention_mismatch"
    WRONG_ARGUMENTS = "wrong_arguments"
    EDITED = "edited"
    NOT_ENCRYPTED = "not_encrypted"
    UNKNOWN_LANGUAGE = "unknown_language"
    DATE_UNREADABLE = "date_unreadable"
    DATE_PAST = "date_past"
    # who said it, and where
    NOT_ENTITLED = "not_entitled"
    NOT_HERE = "not_here"
    NOT_PRESENT = "not_present"
    # the room
    NO_ROOM = "no_room"
    STRANGER_PRESENT = "stranger_present"
    SUSPENDED_PRESENT = "suspended_present"
    ROOM_UNSAFE = "room_unsafe"
    # identities
    NOT_COMPARED = "not_compared"
    NOT_YOURS_TO_CONFIRM = "not_yours_to_confirm"
    NOTHING_TO_CONFIRM = "nothing_to_confirm"
    # the people
    ALREADY_ENROLLED = "already_enrolled"
    NOT_A_PERSON = "not_a_person"
    UNKNOWN_MEMBER = "unknown_member"
    NOT_ON_ROLL = "not_on_roll"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_ORGANISATION = "unknown_organisation"
    EXCLUDED_SERVICE = "excluded_service"
    ROLE_MISMATCH = "role_mismatch"
    STANDS_IN_CONFIG = "stands_in_config"
    OFFICER_CANNOT_CHAIR = "officer_cannot_chair"
    CANNOT_CHAIR = "cannot_chair"
    MAYOR_NAMES = "mayor_names"
    GUEST_LEAVES = "guest_leaves"
    SAME_PERSON = "same_person"
    # the meeting
    NO_MEETING = "no_meeting"
    MEETING_OPEN = "meeting_open"
    NOT_IN_SESSION = "not_in_session"
    SEATS_MISSING = "seats_missing"
    ALREADY_MOVED = "already_moved"
    ACTION_UNANSWERED = "action_unanswered"
    POLLS_OPEN = "polls_open"
    DISCUSSED_MISSING = "discussed_missing"
    UNASSIGNED = "unassigned"
    # cases and notifications
    MISTYPED_REFERENCE = "mistyped_reference"
    UNKNOWN_REFERENCE = "unknown_reference"
    EXPIRED = "expired"
    NOT_ADMITTED = "not_admitted"
    ALREADY_ADMITTED = "already_admitted"
    NOT_FOLLOWED = "not_followed"
    ALREADY_FOLLOWED = "already_followed"
    NOT_TAKEN_UP = "not_taken_up"
    UNKNOWN_ROUTE = "unknown_route"
    ROUTE_NOT_YOURS = "route_not_yours"
    NOTHING_ASKED = "nothing_asked"
    # actions
    UNKNOWN_ACTION = "unknown_action"
    UNKNOWN_CODE = "unknown_code"
    NOT_OWNER = "not_owner"
    # rosters and polls
    NOT_ON_ROSTER = "not_on_roster"
    ROSTER_FROZEN = "roster_frozen"
    ROSTER_BROKEN = "roster_broken"
    SEAT_STAYS = "seat_stays"
    ROSTER_INCOMPLETE = "roster_incomplete"
    SEAT_OFF_ROSTER = "seat_off_roster"
    TAKES_NO_PART = "takes_no_part"
    ROOM_EXCEEDS_ROSTER = "room_exceeds_roster"
    ANOTHER_ROOM = "another_room"
    NOT_ALL_IN = "not_all_in"
    UNKNOWN_POLL = "unknown_poll"
    POLL_CLOSED = "poll_closed"
    WHICH_POLL = "which_poll"
    NUMBER_MISSING = "number_missing"
    VERSION_MISSING = "version_missing"
    UNKNOWN_ANSWER = "unknown_answer"
    ANSWER_IN_PRIVATE = "answer_in_private"
    NO_WORDS = "no_words"
    ALREADY_REMINDED = "already_reminded"
    # the fiche
    NO_FICHE = "no_fiche"
    FICHE_OPEN = "fiche_open"
    UNKNOWN_SECTION = "unknown_section"
    NOT_ON_FLOOR = "not_on_floor"
    FICHE_ADOPTED = "fiche_adopted"
    FORM_FULL = "form_full"
    NOT_WANTED_YET = "not_wanted_yet"
    ON_SCREEN = "on_screen"
    NOT_ON_SCREEN = "not_on_screen"
    NOT_LOCKED = "not_locked"
    SECRET_INSIDE = "secret_inside"
    FORM_UNDELIVERED = "form_undelivered"
    TEXT_MISSING = "text_missing"
    TEXT_TOO_LONG = "text_too_long"
    PERSONAL_DATA = "personal_data"
    UNCONFIRMED = "unconfirmed"
    DECLARATION_MISSING = "declaration_missing"
    UNKNOWN_ITEM = "unknown_item"
    ITEM_ADOPTED = "item_adopted"
    MISTYPED_CODE = "mistyped_code"


class Refused(Exception):
    """Something the rules do not allow; nothing has changed. Turned into words by the shell."""

    def __init__(self, reason: Reason, **facts: Fact) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.facts = facts
