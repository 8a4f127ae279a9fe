"""The meeting: from planning to closing, and its minutes."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_, ngettext
from locales.kinds.form import Kind, Line, kind

# Fields of rows in the minutes.
_FUNCTION = "role code:role, organisation code:organisation"
_TAKEN_UP = "case case, discussed code:discussed, result code:result"

MEETING: Mapping[str, Kind] = MappingProxyType(
    {
        "meeting.planned": kind(
            "A meeting is planned.",
            N_("The next meeting is planned on **{at}**."),
            at="time",
        ),
        "meeting.calendar": kind(
            "The file of the planned meeting, for one's calendar.",
            at="time",
        ),
        "meeting.opened": kind(
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
        "chair.changed": kind(
            "Somebody else holds the chair.",
            Line(N_("{chair} is in the chair now."), when="chair"),
            Line(N_("Nobody is in the chair: `{do_chair}` names somebody."), unless="chair"),
            chair="account",
        ),
        "roll.updated": kind(
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
        "agenda": kind(
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
            Line(
                N_("Then `{do_decide} {case} {stop}`, `{more}`, `{follow}` or `{refer}`."),
                when="notifier",
            ),
            Line(
                N_("Everything has been through. `{do_meeting_close}` ends the meeting."),
                when=("step", "closing"),
            ),
            Line(
                N_(
                    "First say for each case whether it was discussed ({undiscussed}): "
                    "`{do_discussed}`, the reference, `{yes}` or `{no}`."
                ),
                when="undiscussed",
            ),
            Line(
                N_(
                    "Followed, and still without a case manager or an action: {unassigned}. Say "
                    "`{do_manager}` or `{do_action}` with the reference, or `{do_later}` and the "
                    "reference."
                ),
                when="unassigned",
            ),
            Line(N_("On the table: {floor}."), when="floor"),
            Line(
                N_("**Agenda**"),
                when=lambda facts: bool(facts.get("rows")) or bool(facts.get("counts")),
            ),
            Line(N_("{point} ({step})"), each="rows"),
            Line(
                N_("Of others at the table:"),
                when=lambda facts: bool(facts.get("counts")) and not facts.get("elsewhere"),
            ),
            Line(N_("{step}: {count}"), each="counts"),
            Line(
                N_("Say `{do_agenda}` in your direct room with me to see which of it is yours."),
                when="elsewhere",
            ),
            Line(
                N_("Nothing waits for the table."),
                when=lambda facts: (
                    not any(facts.get(name) for name in ("rows", "counts", "step", "floor"))
                ),
            ),
            step="code:step",
            case="case",
            roster="accounts",
            manager="account",
            notifier="account",
            floor="word",
            rows="rows: point word, step code:step",
            counts="rows: step code:step, count int",
            elsewhere="flag",
            undiscussed="cases",
            unassigned="cases",
            rings=("manager", "notifier"),
        ),
        "status": kind(
            "Where the meeting is, and how to recognise the bot.",
            Line(N_("The meeting: **{meeting}**."), when="meeting"),
            Line(N_("No meeting is open."), unless="meeting"),
            Line(N_("The next one is planned on {planned}."), when="planned"),
            Line(N_("Present: {present} of {of}."), when="present"),
            Line(N_("In the chair: {chair}."), when="chair"),
            Line(
                N_("Nobody is in the chair: `{do_chair}` names somebody."),
                when=lambda facts: bool(facts.get("meeting")) and not facts.get("chair"),
            ),
            Line(N_("On the table: {case}."), when="case"),
            Line(N_("Open polls: {polls}."), when="polls"),
            Line(
                N_("The table has no room yet: `{do_room_create}` makes one."), when="without_room"
            ),
            Line(N_("What is the matter with this room: {faults}."), when="faults"),
            N_("My fingerprint: `{fingerprint}`"),
            meeting="code:meeting",
            planned="time",
            present="int",
            of="int",
            chair="account",
            case="case",
            polls="ints",
            without_room="flag",
            faults="codes:fault",
        ),
        "minutes.ready": kind(
            "The file of the minutes, with only `opened` beside it; the lines are the file.",
            N_("**Minutes of the operational table, {table}**"),
            N_("Police zone: {zone}"),
            N_("Meeting of {opened}"),
            N_("At the table, for all of it or a part:"),
            Line(N_("{role} ({organisation})"), each="functions"),
            Line(N_("Actions of last time"), when="actions"),
            Line(
                N_("{action} ({case}), {code}, {role} ({organisation}): {outcome}"), each="actions"
            ),
            Line(
                N_("Cases"),
                when=lambda facts: bool(facts.get("cases")) or bool(facts.get("undated")),
            ),
            Line(N_("{case}: {discussed}; {result}; kept until {expires}"), each="cases"),
            Line(N_("{case}: {discussed}; {result}"), each="undated"),
            Line(N_("Case manager of {case}: {role} ({organisation})"), each="managers"),
            Line(N_("Case director of {case}: {role} ({organisation})"), each="directors"),
            Line(N_("New actions"), when="agreed"),
            Line(N_("{action} ({case}), {code}, {role} ({organisation}), by {due}"), each="agreed"),
            N_("No names, nothing that was said: those are in nobody's keeping but your own."),
            opened="date",
            functions=f"rows: {_FUNCTION}",
            actions="rows: action action, case case, code code:action, "
            f"{_FUNCTION}, outcome code:action state",
            cases=f"rows: {_TAKEN_UP}, expires date",
            undated=f"rows: {_TAKEN_UP}",
            managers=f"rows: case case, {_FUNCTION}",
            directors=f"rows: case case, {_FUNCTION}",
            agreed=f"rows: action action, case case, code code:action, {_FUNCTION}, due date",
        ),
        "meeting.closed": kind(
            "The meeting is over and its working data is gone.",
            N_("**The meeting is closed.**"),
            Line(N_("The minutes are above."), when="minutes"),
            N_("Erased from my store: roll, rosters, ballots and digests of this meeting."),
            Line(
                ngettext(
                    "Redacted in our rooms, with the answers in polls and the words of the "
                    "feedback form: {redacted} message.",
                    "Redacted in our rooms, with the answers in polls and the words of the "
                    "feedback form: {redacted} messages.",
                    "redacted",
                ),
                when="redacted",
            ),
            Line(
                ngettext(
                    "The homeserver keeps the encrypted originals for {days} day more.",
                    "The homeserver keeps the encrypted originals for {days} days more.",
                    "days",
                ),
                when=lambda facts: bool(facts.get("redacted")) and bool(facts.get("days")),
            ),
            N_(
                "The homeserver also keeps that messages were sent, by whom and when. What other "
                "devices have shown or stored cannot be taken back."
            ),
            minutes="flag",
            redacted="int",
            days="int",
        ),
        "redaction.failed": kind(
            "The homeserver did not let the bot redact something.",
            N_(
                "I may not redact in this room, so words of the feedback form or answers in polls "
                "are still here. Give me the power to redact (50), or delete those messages "
                "yourselves."
            ),
        ),
    }
)
