"""Every message the bot can send: its kind, the facts it carries, and its words.

Kinds and facts are a stable interface for other programs (`docs/messages.md` is made from this
file). Words are rendered last, by `locales.render`, in the reader's language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.rules.facts import Facts
from locales.catalogue import N_


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph. `**bold**` and `` `typed` `` are the only marks.

    Shown only `when` a fact is set (or equals the second of a pair, or passes a test), `unless`
    it is; once for `each` row of a fact that is a list. `{do_next}` stands for the command `next` as typed.
    """

    text: str
    when: str | tuple[str, str] | Callable[[Facts], bool] | None = None
    unless: str | None = None
    each: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """`fields`: name → form; `rings`: the account fields whose people are mentioned aloud."""

    about: str
    fields: Mapping[str, str]
    lines: tuple[Line, ...]
    rings: tuple[str, ...] = ()


def _kind(
    about: str,
    *lines: Line | str,
    rings: tuple[str, ...] = (),
    fields: Mapping[str, str] = MappingProxyType({}),
    **more: str,
) -> Kind:
    shown = tuple(Line(line) if isinstance(line, str) else line for line in lines)
    return Kind(about, MappingProxyType({**fields, **more}), shown, rings)


# What is asked, in the native poll and in the message beside it.
_QUESTION = (
    Line(N_("**Poll {number}** · {case}"), when=lambda facts: facts["version"] == 1),
    Line(
        N_("**Poll {number}** · {case} · version {version}, replaces the earlier one"),
        when=lambda facts: facts["version"] != 1,
    ),
    Line(N_("{section}, {sign}:"), when="sign"),
    Line(N_("{section}:"), when=lambda facts: bool(facts.get("section")) and not facts.get("sign")),
    Line("{text}", when="section"),
    Line(N_("Follow **{case}** further at this table?"), when=("subject", "follow")),
    Line(
        N_("Stop following **{case}**? I then forget its reference at once."),
        when=("subject", "stop"),
    ),
    Line(
        N_(
            "Refer **{case}** to the task force, through the information officer? I then "
            "forget its reference at once."
        ),
        when=("subject", "refer"),
    ),
)

_POLL = {
    "poll": "int",
    "number": "int",
    "case": "case",
    "subject": "code:subject",
    "item": "int",
    "section": "code:section",
    "sign": "code:sign",
    "version": "int",
}

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        # rooms and people
        "room.created": _kind(
            "The table's room exists; whoever asked is invited.",
            N_("The table's room is ready: you are invited, and so is the mayor's seat."),
            N_("Enrol people with `{do_member_add}`; I invite them."),
        ),
        "room.bound": _kind(
            "This room is the table's from now on.",
            N_("This is the table's room from now on. `{do_help}` shows what you can say."),
        ),
        "heard": _kind(
            "Told once to each person, in the direct room.",
            N_(
                "I hear you: what you write reaches me encrypted, from a device you have confirmed."
            ),
            N_("In this room no `!` is needed. `{do_help}` shows what you can say."),
        ),
        "unheard": _kind(
            "Sent in clear to somebody who cannot be heard; always the same words.",
            N_(
                "**I cannot hear you yet.** You are signed in on a device that you have not confirmed."
            ),
            N_(
                "In your Matrix app open Settings, then Security or Sessions, and verify this "
                "session with your recovery key or another device. Then write to me again."
            ),
            N_("Until then I act on nothing you write, and you cannot read what I say."),
        ),
        "unreadable": _kind(
            "An event of this person could not be decrypted.",
            N_("I received something from you that I could not read. Please say it again."),
            N_(
                "If this happens again, verify your session in your app: Settings, then Security "
                "or Sessions."
            ),
        ),
        "member.added": _kind(
            "Somebody was enrolled in the mayor's name and invited.",
            N_("{member} is enrolled in the mayor's name: {role}, {organisation}."),
            N_("The mayor's seat can undo this with `{do_member_remove}`."),
            member="account",
            role="code:role",
            organisation="code:organisation",
        ),
        "member.removed": _kind(
            "Somebody is no longer a member.",
            N_("{member} ({role}, {organisation}) no longer sits at the table."),
            N_("The duty of secrecy continues."),
            member="account",
            role="code:role",
            organisation="code:organisation",
        ),
        "members": _kind(
            "Who is enrolled.",
            N_("**The table**"),
            Line(N_("{member}: {role}, {organisation}"), each="rows"),
            rows="rows: member account, role code:role, organisation code:organisation",
        ),
        # the meeting
        "meeting.planned": _kind(
            "A meeting is planned.",
            N_("The next meeting is planned on **{at}**."),
            at="time",
        ),
        "meeting.opened": _kind(
            "The roll call begins.",
            N_("**The meeting is open.**"),
            N_(
                "We meet for one purpose: to prevent terrorism by guiding people in time. "
                "Everybody has the right to speak, nobody the duty."
            ),
            N_(
                "What is said here is secret, also after this meeting; breaking that secrecy is "
                "punishable. Share what is needed and relevant, nothing more."
            ),
            Line(N_("In the chair: {chair}."), when="chair"),
            N_("**Roll call:** everybody says `{do_present}`."),
            chair="account",
        ),
        "chair.changed": _kind(
            "Somebody else holds the chair.",
            N_("{chair} is in the chair now."),
            chair="account",
        ),
        "roll.updated": _kind(
            "The roll so far; one message, edited in place.",
            N_("Present: **{present}** of {of}."),
            Line(N_("Still missing: {seats_missing}."), when="seats_missing"),
            Line(
                N_("The three mandatory seats are filled; the chair begins with `{do_next}`."),
                unless="seats_missing",
            ),
            present="int",
            of="int",
            seats_missing="codes:seat",
        ),
        "agenda": _kind(
            "Where the meeting is: the answer to `agenda`, and each move to a case or the end.",
            Line(N_("**{case}** is on the table ({step})."), when="case"),
            Line(N_("On the roster: {roster}."), when="roster"),
            Line(N_("First the case manager speaks: {manager}."), when="manager"),
            Line(N_("First whoever brought it explains it aloud: {notifier}."), when="notifier"),
            Line(N_("Need to know, not nice to know; in the interest of the person."), when="case"),
            Line(
                N_("Afterwards the chair says `{do_discussed} {case} {yes}` or `{no}`."),
                when="case",
            ),
            Line(N_("Then `{do_decide} {case} {follow}`, `{stop}` or `{refer}`."), when="notifier"),
            Line(
                N_("Everything has been through. `{do_meeting_close}` ends the meeting."),
                when=("step", "closing"),
            ),
            Line(N_("**Agenda**"), when="rows"),
            Line(N_("{point} ({step})"), each="rows"),
            step="code:step",
            case="case",
            roster="accounts",
            manager="account",
            notifier="account",
            rows="rows: point word, step code:step",
            rings=("manager", "notifier"),
        ),
        "status": _kind(
            "Where the meeting is, and how to recognise the bot.",
            Line(N_("The meeting: **{meeting}**."), when="meeting"),
            Line(N_("No meeting is open."), unless="meeting"),
            Line(N_("The next one is planned on {planned}."), when="planned"),
            Line(N_("Present: {present} of {of}."), when="present"),
            Line(N_("On the table: {case}."), when="case"),
            Line(N_("Open polls: {polls}."), when="polls"),
            Line(
                N_("The table has no room yet: `{do_room_create}` makes one."), when="without_room"
            ),
            N_("My fingerprint: `{fingerprint}`"),
            meeting="code:meeting",
            planned="time",
            present="int",
            of="int",
            case="case",
            polls="ints",
            without_room="flag",
        ),
        "minutes.ready": _kind(
            "The file of the minutes, with only `opened` beside it; the lines are the file.",
            N_("**Minutes of the operational table, {table}**"),
            N_("Police zone: {zone}"),
            N_("Meeting of {opened}"),
            N_("At the table: {functions}"),
            Line(N_("Actions of last time"), when="actions"),
            Line(N_("{action} ({case}), {code}: {outcome}"), each="actions"),
            Line(N_("Cases"), when="cases"),
            Line(N_("{case}: {discussed}; kept until {expires}"), each="cases"),
            Line(N_("Decisions by consensus"), when="polls"),
            Line(N_("{case}, {subject}: {outcome} (version {version})"), each="polls"),
            Line(N_("New actions"), when="agreed"),
            Line(N_("{action} ({case}), {code}, by {due}"), each="agreed"),
            N_("No names, nothing that was said: those are in nobody's keeping but your own."),
            opened="date",
            functions="codes:organisation",
            actions="rows: action action, case case, code code:action, outcome code:action state",
            cases="rows: case case, discussed code:discussed, expires date",
            polls="rows: case case, subject code:subject, outcome code:outcome, version int",
            agreed="rows: action action, case case, code code:action, due date",
        ),
        "meeting.closed": _kind(
            "The meeting is over and its working data is gone.",
            N_("**The meeting is closed.** The minutes are above."),
            N_("Erased from my store: roll, rosters, ballots and digests of this meeting."),
            Line(
                N_(
                    "Redacted here: {redacted} messages with words of the fiche. The homeserver "
                    "may keep their originals for some days more (7 by default), and other "
                    "devices what they have already shown."
                ),
                when="redacted",
            ),
            redacted="int",
        ),
        "redaction.failed": _kind(
            "The homeserver did not let the bot redact something.",
            N_(
                "I may not redact in this room, so words of the fiche are still here. Give me the "
                "power to redact (50), or delete those messages yourselves."
            ),
        ),
        # actions
        "action.asked": _kind(
            "An action of an earlier meeting waits for its answer.",
            N_("**{action}** ({case}): {owner}, {code}, due {due}."),
            N_(
                "Answer `{do_done} {action}`, `{do_impossible} {action}` or "
                "`{do_postpone} {action}` with a new date."
            ),
            action="action",
            case="case",
            owner="account",
            code="code:action",
            due="date",
            rings=("owner",),
        ),
        "action.added": _kind(
            "An action was agreed.",
            N_("Agreed: **{action}** ({case}), {owner}: {code}, by {due}."),
            action="action",
            case="case",
            owner="account",
            code="code:action",
            due="date",
            rings=("owner",),
        ),
        "action.closed": _kind(
            "An action was answered for good.",
            N_("**{action}**: {outcome}."),
            action="action",
            outcome="code:action state",
        ),
        "action.postponed": _kind(
            "An action has a new date.",
            N_("**{action}** ({case}) stays open, by {due}."),
            action="action",
            case="case",
            due="date",
        ),
        "actions": _kind(
            "The open actions.",
            Line(N_("**Open actions**"), when="rows"),
            Line(N_("**{action}** ({case}) {owner}: {code}, by {due}"), each="rows"),
            Line(N_("No action is open."), unless="rows"),
            rows="rows: action action, case case, owner account, code code:action, due date",
        ),
        # notifications
        "notification.asked": _kind(
            "A question of the notification, in the direct room.",
            Line(
                N_(
                    "A new notification. Give no name and no details here: you explain it aloud "
                    "at the table. Secrecy applies from now on."
                ),
                when="first",
            ),
            N_("{question} Answer `{yes}` or `{no}`."),
            question="code:attestation",
            first="flag",
        ),
        "notification.ended": _kind(
            "A question was answered with no; nothing was kept.",
            N_(
                "Then this does not belong at the table now. Thank you for weighing it; nothing "
                "was kept. The coordinator can think along with you."
            ),
        ),
        "notification.received": _kind(
            "The notifier's fresh reference.",
            N_("Received. Its reference is **{case}**."),
            N_(
                "Write the reference in your own file, nowhere else. The mayor decides whether it "
                "comes to the table; you explain it there aloud."
            ),
            case="case",
        ),
        "notification.waiting": _kind(
            "Told to the mayor's seat, in the direct room.",
            N_("A new notification waits: **{case}**. The notifier will tell you more in person."),
            N_("Say `{do_admit} {case}` or `{do_refuse} {case}`."),
            case="case",
            rings=("mayor",),
            mayor="account",
        ),
        "notification.refused": _kind(
            "The mayor did not admit it; its reference is forgotten.",
            N_("**{case}** is not admitted to the table. I have forgotten it."),
            case="case",
        ),
        # cases
        "case.admitted": _kind(
            "The mayor's seat admitted a notification.",
            N_("**{case}** is admitted by the mayor and stands on the agenda."),
            case="case",
        ),
        "roster.stated": _kind(
            "Who takes part in a case, aloud.",
            N_("Roster of **{case}**: {roster}."),
            case="case",
            roster="accounts",
        ),
        "manager.assigned": _kind(
            "A case has a case manager.",
            N_("{manager} is the case manager of **{case}**."),
            case="case",
            manager="account",
            rings=("manager",),
        ),
        "director.assigned": _kind(
            "A case has a case director.",
            N_("{director} is the case director of **{case}**."),
            case="case",
            director="account",
            rings=("director",),
        ),
        "case.discussed": _kind(
            "A discussion was confirmed; the year starts anew.",
            N_(
                "**{case}** was discussed. I forget it after {expires}, unless it is discussed again."
            ),
            case="case",
            expires="date",
        ),
        "case.not_discussed": _kind(
            "A case was on the table and not discussed; its clock goes on.",
            N_("**{case}** was not discussed; its clock goes on."),
            case="case",
        ),
        # polls and fiche
        "fiche.opened": _kind(
            "The information officer fills in a feedback form.",
            N_("**Feedback form for {case}**, {direction}."),
            N_(
                "The information officer proposes with `{do_item}`. Facts with dates, good and bad; "
                "no name, no birth date, no secret that was shared here."
            ),
            N_(
                "Not every section must be filled in. Each item needs the consent of everybody: "
                "{roster}."
            ),
            case="case",
            direction="code:direction",
            roster="accounts",
        ),
        "fiche.closed": _kind(
            "The feedback form is finished.",
            N_(
                "The feedback form for **{case}** is finished: {agreed} of {of} items by consensus."
            ),
            N_("What has no consensus does not leave this table."),
            case="case",
            agreed="int",
            of="int",
        ),
        "poll.opened": _kind(
            "Follows each native poll, for people and programs.",
            *_QUESTION,
            Line(
                N_("Who agrees also says: it holds nothing that I shared as a secret."),
                when="section",
            ),
            N_(
                "Answer in the poll, or type `{do_agree} {number}` or `{do_object} {number}`. "
                "An objection is final for this version; silence is not consent."
            ),
            fields={**_POLL, "poll_event": "event", "answers": "answers"},
        ),
        "poll.question": _kind(
            "The question inside the native poll itself, which carries no facts.",
            *_QUESTION,
            fields=_POLL,
        ),
        "item.void": _kind(
            "The words of an item could not be had again, so nobody can agree to them.",
            N_(
                "The words of item {number} are no longer readable in this room: it is void. The "
                "information officer can propose it anew."
            ),
            number="int",
        ),
        "invitation.failed": _kind(
            "The homeserver did not let the bot invite somebody.",
            N_(
                "I may not invite {member} into this room. Invite them yourself, or give me the "
                "power to invite (50)."
            ),
            member="account",
        ),
        "fault": _kind(
            "The program failed; the operator finds the same number in the log.",
            N_(
                "Something went wrong on my side (number {number}); nothing was changed. Try again."
            ),
            number="int",
        ),
        "poll.progress": _kind(
            "How many have answered; one message, edited in place.",
            N_("Poll {number}: {answered} of {of} answers."),
            poll="int",
            number="int",
            answered="int",
            of="int",
        ),
        "poll.closed": _kind(
            "The outcome.",
            Line(N_("**Poll {number}: consensus** ({of} of {of})."), when=("outcome", "consensus")),
            Line(N_("**Poll {number}: no consensus.**"), when=("outcome", "no_consensus")),
            Line(
                N_("The information officer can propose other words with `{do_amend} {number}`."),
                when="amendable",
            ),
            Line(
                N_("**{case}** is followed. It needs a case manager and at least one action."),
                when=("effect", "follow"),
            ),
            Line(N_("**{case}** is not followed; I have forgotten it."), when=("effect", "stop")),
            Line(
                N_("**{case}** goes to the task force; I have forgotten it."),
                when=("effect", "refer"),
            ),
            Line(N_("**{case}** comes back in the next meeting."), when="comes_back"),
            poll="int",
            number="int",
            case="case",
            subject="code:subject",
            version="int",
            outcome="code:outcome",
            of="int",
            effect="code:decision",
            amendable="flag",
            comes_back="flag",
        ),
        # words
        "language.set": _kind(
            "The language of a person's direct messages.",
            N_("From now on your direct messages are in {language}."),
            language="code:language",
        ),
        "help": _kind(
            "What can be said.",
            Line(N_("**What you can say**"), unless="single"),
            Line("`{usage}` – {summary}", each="rows"),
            Line(
                N_(
                    "Capitals, accents and final full stops do not matter; several commands may stand "
                    "in one message, one per line. References look like `K7Q-4MX`."
                ),
                unless="single",
            ),
            rows="rows: command code:command",
            single="flag",
        ),
        "refused": _kind(
            "Something was not done, and why.",
            reason="code:reason",
        ),
    }
)

# What a person chooses in a native poll; an item asks about secrets too (F05).
POLL_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "agree_item": N_("Agreed, and it holds nothing I shared as a secret"),
        "agree": N_("Agreed"),
        "object": N_("I object"),
    }
)
