"""Actions, notifications and cases."""

from collections.abc import Mapping
from types import MappingProxyType

from locales.catalogue import N_
from locales.kinds.form import Kind, Line, kind

CASES: Mapping[str, Kind] = MappingProxyType(
    {
        "action.asked": kind(
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
        "action.added": kind(
            "An action was agreed.",
            N_("Agreed: **{action}** ({case}), {owner}: {code}, by {due}."),
            action="action",
            case="case",
            owner="account",
            code="code:action",
            due="date",
            rings=("owner",),
        ),
        "action.closed": kind(
            "An action was answered for good.",
            N_("**{action}**: {outcome}."),
            action="action",
            outcome="code:action state",
        ),
        "action.postponed": kind(
            "An action has a new date.",
            N_("**{action}** ({case}) stays open, by {due}."),
            action="action",
            case="case",
            due="date",
        ),
        "actions": kind(
            "The open actions.",
            Line(N_("**Open actions**"), when="rows"),
            Line(N_("**{action}** ({case}) {owner}: {code}, by {due}"), each="rows"),
            Line(
                N_("Open actions of others at the table: {others}."),
                when=lambda facts: bool(facts.get("others")) and not facts.get("elsewhere"),
            ),
            Line(N_("Open actions: {others}."), when="elsewhere"),
            Line(
                N_("Say `{do_actions}` in your direct room with me to see which are yours."),
                when="elsewhere",
            ),
            Line(
                N_("No action is open."),
                when=lambda facts: not facts.get("rows") and not facts.get("others"),
            ),
            others="int",
            elsewhere="flag",
            rows="rows: action action, case case, owner account, code code:action, due date",
        ),
        "notification.asked": kind(
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
        "notification.ended": kind(
            "A question was answered with no; nothing was kept.",
            N_(
                "Then this does not belong at the table now. Thank you for weighing it; nothing "
                "was kept. The coordinator can think along with you."
            ),
        ),
        "notification.received": kind(
            "The notifier's fresh reference.",
            N_("Received. Its reference is **{case}**."),
            N_(
                "You may write the reference in your own file, if your organisation keeps one for "
                "this; nowhere else. The mayor decides whether it comes to the table; you explain "
                "it there aloud."
            ),
            case="case",
        ),
        "notification.waiting": kind(
            "Told to the mayor's seat, in the direct room.",
            N_("A new notification waits: **{case}**. The notifier will tell you more in person."),
            N_("Say `{do_admit} {case}` or `{do_refuse} {case}`."),
            case="case",
            rings=("mayor",),
            mayor="account",
        ),
        "notification.refused": kind(
            "The mayor did not admit it; its reference is forgotten.",
            N_("**{case}** is not admitted to the table. I have forgotten it."),
            case="case",
        ),
        "case.admitted": kind(
            "The mayor's seat admitted a notification.",
            N_("**{case}** is admitted by the mayor and stands on the agenda."),
            case="case",
        ),
        "roster.stated": kind(
            "Who takes part in a case, aloud.",
            N_("Roster of **{case}**: {roster}."),
            case="case",
            roster="accounts",
        ),
        "roster.joined": kind(
            "Somebody who came late or came back is on the rosters that were not polled yet.",
            N_("{member} takes part too in **{cases}**."),
            member="account",
            cases="cases",
        ),
        "roster.late": kind(
            "Somebody came after the first poll of a case: what is asked waits for them.",
            N_("{member} came after the first poll on **{cases}** and is not on the roster yet."),
            N_(
                "Until the chair says `{do_roster}`, the reference, `+` and the account, and "
                "{member} has answered, nothing more is asked about it and what is open finds no "
                "consensus."
            ),
            Line(N_("{chair}, please put them on it."), when="chair"),
            member="account",
            cases="cases",
            chair="account",
            rings=("chair",),
        ),
        "manager.assigned": kind(
            "A case has a case manager.",
            N_("{manager} is the case manager of **{case}**."),
            case="case",
            manager="account",
            rings=("manager",),
        ),
        "director.assigned": kind(
            "A case has a case director.",
            N_("{director} is the case director of **{case}**."),
            case="case",
            director="account",
            rings=("director",),
        ),
        "case.discussed": kind(
            "A discussion was confirmed; the year starts anew.",
            N_(
                "**{case}** was discussed. I forget it after {expires}, unless it is "
                "discussed again."
            ),
            case="case",
            expires="date",
        ),
        "case.later": kind(
            "The case manager and the actions of a followed case are for the next meeting.",
            N_("**{case}**: the case manager and the actions are for the next meeting."),
            case="case",
        ),
        "case.not_discussed": kind(
            "A case was on the table and not discussed; its clock goes on.",
            N_("**{case}** was not discussed; its clock goes on."),
            case="case",
        ),
    }
)
