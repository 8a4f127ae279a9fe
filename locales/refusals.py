"""One sentence for each reason: what is the matter, and what to do. Nothing typed is repeated."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.rules.refusal import Reason
from locales.catalogue import N_

REFUSALS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.UNKNOWN_WORD: N_("I do not know that word. `{do_help}` shows what you can say."),
        Reason.NO_COMMAND: N_(
            "You called me, and I found nothing to do. Write to me in an ordinary message, on a "
            "line that begins with `!` or my name; `{do_help}` shows what you can say."
        ),
        Reason.MENTION_MISMATCH: N_(
            "Your message shows one account and means another, so I did nothing. Send it anew with "
            "the account written out as `@name:server`, and mention nobody in it."
        ),
        Reason.WRONG_ARGUMENTS: N_("That is written like this: `{usage}`."),
        Reason.EDITED: N_("I do not act on edited messages. Please send the command anew."),
        Reason.NOT_ENCRYPTED: N_(
            "That message was not encrypted, so I did not act on it. Send it again with an app "
            "that encrypts in this room."
        ),
        Reason.UNKNOWN_LANGUAGE: N_("Choose one of `nl`, `fr`, `de` and `en`."),
        Reason.DATE_UNREADABLE: N_(
            "I cannot read that date. Write it as `2027-03-10` or `10/03/2027`, a time as `14:00`."
        ),
        Reason.DATE_PAST: N_("That date has passed. Give one that is still to come."),
        Reason.NOT_ENTITLED: N_("Only {right} can do that. Ask there."),
        Reason.NOT_HERE: N_("That belongs elsewhere: say it in {place}."),
        Reason.NOT_PRESENT: N_("You are not on the roll yet. Say `{do_present}` first."),
        Reason.NO_ROOM: N_(
            "The table has no room yet. The coordinator says `{do_room_create}` in the "
            "direct room, "
            "or invites me to the table's own room and speaks to me there."
        ),
        Reason.STRANGER_PRESENT: N_(
            "Somebody in this room is not enrolled. Enrol them with `{do_member_add}` or remove "
            "them from the room; until then no case is touched."
        ),
        Reason.SUSPENDED_PRESENT: N_(
            "The identity of somebody in this room has changed and nobody has confirmed it: "
            "`{do_members}` shows whose. Ask them in person, then `{do_member_confirm}` or "
            "`{do_member_remove}`; until then no case is touched."
        ),
        Reason.NOT_COMPARED: N_(
            "Before the first case somebody must make sure that mayor and coordinator are "
            "themselves: `{do_members}` shows who is not compared yet. The operator runs "
            "`tafelbot verify` beside them."
        ),
        Reason.NOT_YOURS_TO_CONFIRM: N_(
            "Nobody confirms their own identity: the coordinator's is for the mayor's seat, the "
            "mayor's seat's for the coordinator."
        ),
        Reason.NOTHING_TO_CONFIRM: N_(
            "That person's identity has not changed; there is nothing to confirm."
        ),
        Reason.ROOM_UNSAFE: N_(
            "Until this room is safe no case is touched and no meeting opened ({faults}). My "
            "message about the room says what to do; as its administrator (100) I put right what "
            "I can."
        ),
        Reason.ALREADY_ENROLLED: N_(
            "That person is already enrolled; `{do_members}` shows all. `{do_room_create}` in the "
            "direct room invites again whoever is not in the table's room."
        ),
        Reason.NOT_A_PERSON: N_(
            "That is my own account: I serve the table and do not sit at it. Give somebody else's."
        ),
        Reason.UNKNOWN_MEMBER: N_(
            "That person is not enrolled at this table. Write the account as `@name:server`; "
            "`{do_members}` shows all."
        ),
        Reason.NOT_ON_ROLL: N_(
            "That person has not answered the roll call of this meeting: first `{do_present}`."
        ),
        Reason.UNKNOWN_ROLE: N_("That is not a role. Choose one of: {choices}."),
        Reason.UNKNOWN_ORGANISATION: N_(
            "I do not know that organisation. Choose one of: {choices}."
        ),
        Reason.EXCLUDED_SERVICE: N_(
            "The law keeps that service ({organisation}) away from the operational table. Nobody "
            "was enrolled."
        ),
        Reason.ROLE_MISMATCH: N_(
            "That role and that organisation do not go together: the police sits at the table "
            "only as information officer; mayor, representative and coordinator come from the "
            "municipality."
        ),
        Reason.STANDS_IN_CONFIG: N_(
            "Mayor, coordinator and perhaps representatives of the mayor stand in the "
            "configuration; only the operator can change them there."
        ),
        Reason.OFFICER_CANNOT_CHAIR: N_(
            "The police cannot chair this table. Name the mayor's seat or the coordinator."
        ),
        Reason.CANNOT_CHAIR: N_(
            "Only the mayor's seat can chair, or the coordinator under the mayor's standing "
            "mandate. Name one of them."
        ),
        Reason.MAYOR_NAMES: N_(
            "Only the mayor's seat names who represents the mayor, since a representative admits "
            "cases. They say `{do_member_add}` in the table's room or in their direct room with "
            "me, or the operator names the representative in the configuration."
        ),
        Reason.GUEST_LEAVES: N_(
            "An ad hoc participant leaves after this meeting. Name somebody who stays at the table."
        ),
        Reason.SAME_PERSON: N_(
            "Case manager and case director are never the same person. Name somebody else."
        ),
        Reason.NO_MEETING: N_(
            "No meeting is open. The coordinator opens it with `{do_meeting_open}`."
        ),
        Reason.MEETING_OPEN: N_("A meeting is open already. `{do_status}` shows where it is."),
        Reason.NOT_IN_SESSION: N_(
            "The meeting is still calling the roll. The chair ends the roll call with `{do_next}`."
        ),
        Reason.SEATS_MISSING: N_(
            "Without {seats} no case can be touched. They say `{do_present}`, or the meeting is "
            "closed with `{do_meeting_close}`."
        ),
        Reason.ALREADY_MOVED: N_(
            "The meeting has just moved on. Say it again in a minute if needed."
        ),
        Reason.ACTION_UNANSWERED: N_(
            "**{action}** has no answer yet: `{do_done} {action}`, `{do_impossible} {action}` or "
            "`{do_postpone} {action}` with a new date."
        ),
        Reason.POLLS_OPEN: N_(
            "Poll {number} is still open. Wait for the answers, or close it with "
            "`{do_close} {number}`."
        ),
        Reason.DISCUSSED_MISSING: N_(
            "First say for each case whether it was discussed ({cases}): `{do_discussed}`, the "
            "reference, `{yes}` or `{no}`."
        ),
        Reason.UNASSIGNED: N_(
            "Followed, and still without a case manager or an action: {cases}. Say `{do_manager}` "
            "or `{do_action}` with the reference, or `{do_later}` and the reference to leave it "
            "to the next meeting."
        ),
        Reason.MISTYPED_REFERENCE: N_(
            "That reference is mistyped. It has six signs, such as `K7Q-4MX`; `{do_agenda}` in "
            "your direct room with me shows those that are yours."
        ),
        Reason.UNKNOWN_REFERENCE: N_(
            "I know no case with that reference. `{do_agenda}` shows what is on the table."
        ),
        Reason.EXPIRED: N_(
            "The year of that case has ended: for this table it exists no more. If it is brought "
            "again, it gets a new reference."
        ),
        Reason.NOT_ADMITTED: N_(
            "That case is not admitted. The mayor's seat admits it with `{do_admit}` and the "
            "reference."
        ),
        Reason.ALREADY_ADMITTED: N_(
            "That case is admitted already. `{do_agenda}` shows where it stands."
        ),
        Reason.NOT_FOLLOWED: N_(
            "The table has not decided to follow that case yet. Decide with `{do_decide}` first."
        ),
        Reason.ALREADY_FOLLOWED: N_(
            "That case is followed already. `{do_agenda}` shows what is still to come."
        ),
        Reason.NOT_TAKEN_UP: N_(
            "That case is not on the table yet. `{do_next}` goes on to it, or `{do_roster}` and "
            "its reference takes it up."
        ),
        Reason.UNKNOWN_ROUTE: N_("That is not a route. Choose one of: {choices}."),
        Reason.ROUTE_NOT_YOURS: N_(
            "That route is not yours: a non-member's notification is brought by the mayor's seat "
            "or the coordinator, the task force's by the information officer, another "
            "municipality's by the mayor's seat."
        ),
        Reason.NOTHING_ASKED: N_(
            "I have asked nothing. `{do_notify}` begins a notification in the direct room; whether "
            "a person may be told, the chair asks with `{do_inform}`."
        ),
        Reason.UNKNOWN_ACTION: N_(
            "I know no open action with that number. `{do_actions}` in your direct room with me "
            "shows yours."
        ),
        Reason.UNKNOWN_CODE: N_(
            "That is not an action of the catalogue. Choose one of: {choices}."
        ),
        Reason.NOT_OWNER: N_(
            "Only its owner or the chair can answer for that action. Ask one of them."
        ),
        Reason.NOT_ON_ROSTER: N_(
            "You are not on the roster of this case, so your answer does not count. The chair can "
            "add you with `{do_roster}`."
        ),
        Reason.ROSTER_FROZEN: N_(
            "A poll was opened on this case: from then on nobody can be taken off its roster. "
            "In the next meeting it can be set anew."
        ),
        Reason.ROSTER_INCOMPLETE: N_(
            "At the table, and not on the roster of this case: {members}. The chair says "
            "`{do_roster}`, its reference, `+` and the account; nothing is asked before."
        ),
        Reason.SEAT_OFF_ROSTER: N_(
            "On the roster of this case nobody takes the seat of {seats}. The chair says "
            "`{do_roster}`, its reference, `+` and the account; nothing is asked before."
        ),
        Reason.TAKES_NO_PART: N_(
            "That person is not on the roster of this case and gets no part in it. Name somebody "
            "else, or first say `{do_roster}`, its reference, `+` and the account."
        ),
        Reason.ROSTER_BROKEN: N_(
            "Somebody on the roster of this case has left. It finds no consensus in this meeting "
            "and comes back in the next."
        ),
        Reason.SEAT_STAYS: N_(
            "The three mandatory seats take part in every case; only others can be left out."
        ),
        Reason.ROOM_EXCEEDS_ROSTER: N_(
            "Somebody in this room is not on the roster of the case and would read along. They "
            "say `{do_present}` and the chair adds them with `{do_roster}`, or they leave the room."
        ),
        Reason.ANOTHER_ROOM: N_(
            "That belongs in another room: a point that goes on in a room of its own is dealt with "
            "there, and nothing else is."
        ),
        Reason.NOT_ALL_IN: N_(
            "Not everybody on the roster is in this room yet, and who comes later could not read "
            "it. They accept the invitation, or leave the meeting with `{do_leave}`; then "
            "propose it again."
        ),
        Reason.UNKNOWN_POLL: N_(
            "There is no poll with that number. `{do_status}` shows the open ones."
        ),
        Reason.POLL_CLOSED: N_(
            "That poll is closed, so your answer does not count. Say it aloud: the words "
            "can be asked "
            "anew."
        ),
        Reason.WHICH_POLL: N_(
            "More than one poll is open, so I do not know which one you mean. Say its number too: "
            "`{do_status}` shows them."
        ),
        Reason.NUMBER_MISSING: N_(
            "A yes names its poll, so that it never counts for another one. If you agree to what "
            "poll {number} asks now, say `{do_agree} {number}.{version}`."
        ),
        Reason.UNKNOWN_ANSWER: N_(
            "That answer belongs to no poll that I know, so it does not count. Answer in the poll "
            "again, or type it: `{do_status}` shows the open ones."
        ),
        Reason.VERSION_MISSING: N_(
            "Poll {number} was asked more than once, and your answer may have been meant for an "
            "earlier version. If you agree to the words as they are now, say "
            "`{do_agree} {number}.{version}`."
        ),
        Reason.ANSWER_IN_PRIVATE: N_(
            "This table answers in private, so your answer here does not count; I remove it. "
            "Answer poll {number} in your direct room with me."
        ),
        Reason.NO_WORDS: N_(
            "Poll {number} is not about words, so it can hold no secret. Whoever does not agree "
            "says `{do_object} {number}`."
        ),
        Reason.ALREADY_REMINDED: N_(
            "They were reminded of poll {number} just now. Wait a few minutes, or close it with "
            "`{do_close} {number}`."
        ),
        Reason.NO_FICHE: N_(
            "No feedback form is open. The information officer opens one with `{do_fiche}` and the "
            "reference."
        ),
        Reason.FICHE_OPEN: N_(
            "A feedback form is open. The information officer ends it with `{do_fiche_close}`."
        ),
        Reason.UNKNOWN_SECTION: N_("That is not a section of the form. Choose one of: {choices}."),
        Reason.NOT_ON_FLOOR: N_(
            "The table is at another point. The chair puts that case on the table with "
            "`{do_roster}` and the reference."
        ),
        Reason.FICHE_ADOPTED: N_("The feedback form of that case is adopted in this meeting."),
        Reason.FORM_FULL: N_(
            "The form holds {limit} items already. Drop one with `{do_drop}`, or put two together "
            "with `{do_amend}`."
        ),
        Reason.NOT_WANTED_YET: N_(
            "The table has not agreed yet to feed back at all; that is asked first."
        ),
        Reason.ON_SCREEN: N_(
            "This table agrees on the form as it stands on the screen; no words of it are typed "
            "here. I have deleted your message. Type `{do_form}` and the code of the file."
        ),
        Reason.NOT_ON_SCREEN: N_(
            "This table agrees on the form item by item. Propose one with `{do_item}`."
        ),
        Reason.NOT_LOCKED: N_("Nothing with that number waits for you to declare anything."),
        Reason.SECRET_INSIDE: N_(
            "Somebody has said that these words hold a secret of theirs, so they cannot be "
            "proposed again. Leave the secret out."
        ),
        Reason.FORM_UNDELIVERED: N_(
            "The information officer has not got the form yet: I am waiting for them in their "
            "direct room. Try again in a moment."
        ),
        Reason.TEXT_MISSING: N_("The words of the item are missing. Like this: `{usage}`."),
        Reason.TEXT_TOO_LONG: N_("That is too long for the form: at most {limit} signs. Split it."),
        Reason.PERSONAL_DATA: N_(
            "That looks like a number, address or birth date that identifies a person. "
            "Write it without; "
            "I have deleted your message here."
        ),
        Reason.UNCONFIRMED: N_(
            "Mental disorders stand in the form only when a psychiatrist or a psychologist has "
            "confirmed them. If nobody has, take the item back with `{do_drop}`; if it is about "
            "something else, propose it in another section."
        ),
        Reason.DECLARATION_MISSING: N_(
            "I cannot read the form, so say it each time: after the code, type `{psychiatrist}` or "
            "`{psychologist}` if one of them has confirmed what it says about mental disorders, or "
            "`{none}` if it says nothing about them. The table sees what you declare."
        ),
        Reason.UNKNOWN_ITEM: N_(
            "There is no item with that number in this feedback form. Each poll shows its number."
        ),
        Reason.ITEM_ADOPTED: N_("Everybody has agreed to that item; it stays as it is."),
        Reason.MISTYPED_CODE: N_(
            "That code is mistyped. It has five groups of five signs, letters and the figures 2 to "
            "7; `tafelbot fingerprint` prints it."
        ),
    }
)

# What the facts of a refusal are, beside `reason`.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "usage": "code:command",
        "right": "code:right",
        "place": "code:place",
        "organisation": "code:excluded",
        "role": "code:role",
        "choices": "codes:family",
        "seats": "codes:seat",
        "action": "action",
        "number": "int",
        "version": "int",
        "cases": "cases",
        "members": "accounts",
        "route": "code:route",
        "limit": "int",
        "faults": "codes:fault",
    }
)
