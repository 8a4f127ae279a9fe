"""What people see is what is done: quotes, code, decorations and mentions of every client."""

from dataclasses import replace
from typing import Any

import pytest

from bot.matrix.door import Hearing
from bot.rules.refusal import Reason
from demo.scene import COORDINATOR
from locales.catalogue import LANGUAGES
from locales.commands import word
from tests import moments as at
from tests.hall import BOT, Hall, facts_of
from tests.moments import Moment, kinds, only, reason, store

EACH = pytest.mark.parametrize("language", LANGUAGES)
C = COORDINATOR


def pill(user: str, shown: str = "Jan Peeters") -> str:
    return f'<a href="https://matrix.to/#/{user}">{shown}</a>'


def html(formatted: str, body: str = "", **more: Any) -> dict[str, Any]:
    """As clients send it; `body` is what those without HTML show."""
    return {
        "msgtype": "m.text",
        "body": body or formatted,
        "format": "org.matrix.custom.html",
        "formatted_body": formatted,
        **more,
    }


def plain(body: str, **more: Any) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": body, **more}


def mentions(*users: str) -> dict[str, Any]:
    return {"m.mentions": {"user_ids": list(users)}}


REPLY: dict[str, Any] = {"m.relates_to": {"m.in_reply_to": {"event_id": "$earlier"}}}


async def nothing_follows(moment: Moment, who: str, content: dict[str, Any]) -> None:
    before = store(moment.hall)
    assert await moment.sends(who, content) == []
    assert store(moment.hall) == before


# What is not the sender's own word


@EACH
async def test_a_quoted_objection_objects_to_nothing(hall: Hall, language: str) -> None:
    moment = await at.with_item(hall)
    quoted = f"!{word('object', language)} {moment.poll['number']}"
    colleague = pill(moment.user("ocmw"))
    for content in (
        html(f"<blockquote><p>{quoted}</p></blockquote><p>{colleague} bedoel je dit?</p>"),
        html(f"<blockquote>{quoted}</blockquote>{colleague}?", f"> {quoted}\n\nocmw?"),
        html(f"<mx-reply><blockquote>{colleague}<br>{quoted}</blockquote></mx-reply>ja"),
        plain(f"> {quoted}\n\nbedoel je dit?"),
        plain(f"ja\n> {quoted}"),
    ):
        await nothing_follows(moment, "clb", content)
    sent = await moment.everybody("agree")
    assert only(sent, "poll.closed")["outcome"] == "consensus"


@EACH
async def test_a_close_that_is_only_shown_closes_nothing(hall: Hall, language: str) -> None:
    moment = await at.in_session(hall)
    await moment.says(C, f"!besproken {moment.case} ja")
    shown = f"!{word('meeting.close', language)}"
    for content in (
        html(f"<blockquote>{shown}</blockquote>nog niet"),
        html(f"<blockquote>{shown}</blockquote>{pill(moment.user('clb'))} nog niet"),
        html(f'<pre><code class="language-text">{shown}\n</code></pre>'),
        html(f"<p>Straks:</p><p><code>{shown}</code></p>"),
        html(f"<ul><li><del>{shown}</del></li></ul>"),
        plain(f"```\n{shown}\n```"),
        plain(f"~~{shown}~~"),
        plain(f"`{shown}`"),
        plain(f"> {shown}"),
    ):
        await nothing_follows(moment, C, content)
    assert "meeting.closed" in kinds(await moment.sends(C, html(f"<b>{shown}</b>")))


@EACH
async def test_a_chair_that_is_struck_out_changes_nobody(hall: Hall, language: str) -> None:
    moment = await at.roll_call(hall)
    line = f"!{word('chair', language)} {pill(moment.user('schepen'))}"
    for tag in ("del", "s", "strike"):
        await nothing_follows(moment, C, html(f"<{tag}>{line}</{tag}>"))
    again = f"<del>!{word('chair', language)} {pill(moment.user('io'))}</del> {line}"
    assert kinds(await moment.sends(C, html(again))) == ["chair.changed"]


async def test_an_officer_may_quote_an_item_and_mention_a_colleague(hall: Hall) -> None:
    moment = await at.with_item(hall)
    quote = "!punt sociaal + Neemt opnieuw deel aan de training."
    colleague = pill(moment.user("clb"))
    content = html(f"<blockquote>{quote}</blockquote>{colleague} klopt dit?")
    sent = hall.matrix.add(hall.room, moment.user("io"), "m.room.message", content)
    assert await moment.hears(sent) == []
    assert hall.matrix.events[sent.event_id].content


@pytest.mark.parametrize(
    "content",
    [
        html("<blockquote>Neemt opnieuw deel.</blockquote>akkoord", "akkoord"),
        html("<p>akkoord</p><pre>Neemt opnieuw deel.</pre>", "akkoord"),
        html("<b>akkoord</b>", "> Neemt opnieuw deel.\n\nakkoord"),
        plain("akkoord\n> Neemt opnieuw deel."),
        plain("akkoord: `Neemt opnieuw deel.`"),
        {**plain("> Neemt opnieuw deel.\n\nakkoord"), "msgtype": "m.emote"},
        {**html("<mx-reply>Neemt opnieuw deel.</mx-reply>ja"), "msgtype": "m.notice"},
    ],
)
async def test_words_that_anybody_quoted_are_gone_after_the_close(
    hall: Hall, content: dict[str, Any]
) -> None:
    moment = await at.with_item(hall)
    quoting = hall.matrix.add(hall.room, moment.user("clb"), "m.room.message", content)
    other = hall.typed("clb", "akkoord wat mij betreft", hall.room)
    await moment.hears(quoting, other)
    await moment.everybody("agree")
    await moment.says("io", "!fiche sluiten")
    moment.poll = at.seen(hall, "poll.opened")[-1]
    await moment.everybody("agree")
    await moment.scene.close(moment.case)
    assert hall.matrix.events[quoting.event_id].content == {}
    assert hall.matrix.events[other.event_id].content


# What is a word all the same


@EACH
@pytest.mark.parametrize(
    "shape",
    [r"\!{}", "\u200e!{}", "\ufeff!{}", "**!{}**", "!\u2060{}\u00a0", "_!{}_", "\u2068!{}\u2069"],
)
async def test_signs_around_a_word_are_forgiven(hall: Hall, language: str, shape: str) -> None:
    moment = await at.roll_call(hall)
    await moment.says("clb", "!vertrekken")
    sent = await moment.says("clb", shape.format(word("present", language)))
    assert kinds(sent) == ["roll.updated"]


@EACH
async def test_the_same_words_are_a_command_with_and_without_html(
    hall: Hall, language: str
) -> None:
    moment = await at.gathered(hall)
    status = word("status", language)
    for content in (
        html(f"<p>!{status}</p>"),
        html(f"<ul><li><p>!{status}</p></li></ul>", f"- !{status}"),
        html(f"<ol><li>!{status}</li></ol>", f"1. !{status}"),
        html(f"hallo<br/>!<b>{status}</b>", "hallo"),
        html(f"!{status}", f"\\!{status}", **REPLY),
        plain(f"hallo\n!{status}"),
    ):
        assert kinds(await moment.sends("clb", content)) == ["status"]


@pytest.mark.parametrize(
    "content",
    [
        plain("!punt sociaal + Komt sinds\n4\\. september **opnieuw** _elke_ ~~dag~~ week \\*"),
        html(
            "<p>!punt sociaal + Komt sinds</p><ol start='4'><li>september <b>opnieuw</b> "
            "<em>elke</em> <del>dag</del> week *</li></ol>"
        ),
        html("!punt sociaal&nbsp;+ Komt<br>sinds 4. september <b>opnieuw</b> elke week *"),
    ],
)
async def test_signs_of_markdown_never_reach_the_form(hall: Hall, content: dict[str, Any]) -> None:
    moment = await at.with_fiche(hall)
    asked = await moment.sends("io", content)
    moment.poll = only(asked, "poll.opened")
    words = "Komt sinds 4. september opnieuw elke week *"
    assert any(words in str(one.content) for one in asked)
    hall.start()  # the words are fetched from the room, read again and compared
    await moment.everybody("agree")
    moment.poll = only(await moment.says("io", "!fiche sluiten"), "poll.opened")
    shown = [one for one in hall.matrix.events.values() if facts_of(one) == moment.poll]
    assert words in str(shown[0].content["body"])


# Mentions of the bot


@EACH
@pytest.mark.parametrize(
    "shape",
    [
        "{pill}<br>{word}",
        "<p>{pill}</p>\n<p>{word}</p>",
        "{pill}: {word}",
        "{pill} !{word}",
        "{pill}!{word}",
        "{pill},<br><br>!{word}",
        "hallo<br>{pill}<br/>{word}",
    ],
)
async def test_a_pill_of_the_bot_addresses_what_follows(
    hall: Hall, language: str, shape: str
) -> None:
    moment = await at.gathered(hall)
    for link in (BOT, BOT.replace("@", "%40").replace(":", "%3A"), f"{BOT}?via=x.example"):
        formatted = shape.format(pill=pill(link, "Tafelbot"), word=word("status", language))
        assert kinds(await moment.sends("clb", html(formatted, **mentions(BOT)))) == ["status"]


async def test_a_name_alone_addresses_the_next_line_only(hall: Hall) -> None:
    moment = await at.gathered(hall)
    assert kinds(await moment.says("clb", "Tafelbot\n\nstatus\nhelp")) == ["status"]
    assert kinds(await moment.says("clb", "@Tafelbot:\nstatus")) == ["status"]
    assert reason(await moment.says("clb", "Tafelbot\nhallo allemaal")) == Reason.UNKNOWN_WORD
    assert reason(await moment.says("clb", "hallo\nTafelbot!")) == Reason.UNKNOWN_WORD


async def test_an_item_is_read_in_what_follows_a_pill(hall: Hall) -> None:
    moment = await at.with_fiche(hall)
    content = html(f"{pill(BOT)}<br>punt sociaal + Komt elke<br>week.<br>{pill(BOT)}<br>status")
    sent = await moment.sends("io", content)
    assert {"poll.opened", "status"} <= {*kinds(sent)}
    assert any("Komt elke week." in str(one.content) for one in sent)


@EACH
@pytest.mark.parametrize(
    "content",
    [
        html(f"{pill(BOT)}", "Tafelbot"),
        html(f"Wat vindt {pill(BOT)} daarvan?", "Wat vindt Tafelbot daarvan?"),
        html("Wat denk je?", **mentions(BOT)),
        html(f"<blockquote>!status</blockquote>{pill(BOT)}?"),
        html(f"Dank je, {pill(BOT)}", **REPLY, **mentions(BOT)),
        {**html(f"zwaait naar {pill(BOT)}"), "msgtype": "m.emote"},
        {**plain(f"!status, {BOT}", filename="foto.jpg"), "msgtype": "m.image"},
    ],
)
async def test_whoever_calls_the_bot_gets_a_hint_once(
    hall: Hall, language: str, content: dict[str, Any]
) -> None:
    hall.table = hall.desk.table = replace(hall.table, languages=(language,))
    moment = await at.gathered(hall)
    before = store(hall)
    sent = hall.matrix.add(hall.room, moment.user("clb"), "m.room.message", content)
    answer = await moment.hears(sent, sent)
    assert reason(answer) in {Reason.NO_COMMAND, Reason.UNKNOWN_WORD}
    assert f"!{word('help', language)}" in answer[0].content["body"]
    assert answer[0].room == hall.room
    assert "denk" not in answer[0].content["body"]
    assert store(hall) == before


@pytest.mark.parametrize(
    "content",
    [
        html("Dank je", **REPLY, **mentions(BOT)),
        plain("Goed zo", **REPLY, **mentions(BOT)),
        html(f"<mx-reply>{pill(BOT)}<br>x</mx-reply>ja", **REPLY, **mentions(BOT)),
        {"msgtype": "m.notice", "body": f"{BOT} status", **mentions(BOT)},
        plain("De Tafelbot is traag vandaag"),
        {**plain("!status"), "msgtype": "m.emote"},
    ],
)
async def test_chat_that_calls_the_bot_unseen_stays_chat(
    hall: Hall, content: dict[str, Any]
) -> None:
    await nothing_follows(await at.gathered(hall), "clb", content)


async def test_a_hint_is_given_to_nobody_who_is_not_heard(hall: Hall) -> None:
    moment = await at.with_stranger(hall)
    content = html(f"hallo {pill(BOT)}", **mentions(BOT))
    await nothing_follows(moment, "vreemd", content)
    sent = hall.matrix.add(hall.room, moment.user("clb"), "m.room.message", content)
    for how in (Hearing.CLEAR, Hearing.UNREADABLE):
        assert "refused" not in kinds(await moment.hears(sent, how=how))


# Accounts that are shown, and those that are meant


@EACH
async def test_a_link_that_shows_another_account_is_refused(hall: Hall, language: str) -> None:
    hall.table = hall.desk.table = replace(hall.table, languages=(language,))
    moment = await at.roll_call(hall)
    io, mayor = moment.user("io"), moment.user("schepen")
    facts = hall.matrix.rooms[hall.room].facts
    names = {mayor: "Schepen Peeters", io: "Commissaris Maes"}
    hall.matrix.rooms[hall.room].facts = replace(facts, names=names)
    hall.desk.room_changed(hall.room)
    chair = f"!{word('chair', language)}"
    before = store(hall)
    for content in (
        html(f"{chair} {pill(mayor, io)}"),
        html(f"{chair} {pill(mayor, f'Maes ({io})')}"),
        html(f"{chair} {pill(mayor, f'<b>{io[:4]}</b>{io[4:]}')}"),
        html(f"{chair} {pill(mayor, 'io')}"),
        html(f"{chair} {pill(mayor, '@commissaris maes')}"),
        html(f"{chair} {pill(mayor, '')}"),
        html(f"{chair} {pill(mayor)}", **mentions(io)),
        html(f"{chair} {mayor}", **mentions(io, BOT)),
        plain(f"{chair} {mayor}", **mentions(io)),
        plain(f"{chair} [{io}](https://matrix.to/#/{mayor})"),
    ):
        sent = await moment.sends(C, content)
        assert reason(sent) == Reason.MENTION_MISMATCH, content
        assert mayor not in sent[0].content["body"]
        assert io not in sent[0].content["body"]
    assert store(hall) == before


@pytest.mark.parametrize(
    "shape",
    [
        ("!voorzitter {pill}", {}),
        ("!voorzitter {id}", {}),
        ("!voorzitter {pill}", mentions("{id}")),
        ("!voorzitter {pill} ", mentions("{id}", BOT)),
        ("{bot} !voorzitter {pill}", mentions(BOT, "{id}")),
        ("!voorzitter {pill}<br>en {other}", mentions("{other}")),
        ("<blockquote>{other}</blockquote>!voorzitter {id}", mentions("{other}")),
        ("!voorzitter {id}", {**REPLY, **mentions("{other}")}),
    ],
)
async def test_what_shows_the_account_that_it_means_is_done(
    hall: Hall, shape: tuple[str, dict[str, Any]]
) -> None:
    moment = await at.roll_call(hall)
    user, other = moment.user("schepen"), moment.user("clb")
    given = {"id": user, "pill": pill(user, "Schepen"), "bot": pill(BOT, "Tafelbot")}
    formatted, more = shape
    more = {**more}
    if "m.mentions" in more:
        listed = more["m.mentions"]["user_ids"]
        more |= mentions(*(one.format(**given, other=other) for one in listed))
    content = html(formatted.format(**given, other=pill(other, "CLB")), **more)
    assert kinds(await moment.sends(C, content)) == ["chair.changed"]


async def test_an_objection_counts_whatever_is_mentioned(hall: Hall) -> None:
    """Whom a message mentions besides has nothing to do with what its sender answers."""
    moment = await at.with_item(hall)
    number = moment.poll["number"]
    content = html(f"<b>!bezwaar {number}</b>", **mentions(moment.user("io")))
    await moment.sends("clb", content)
    sent = await moment.everybody("agree", but=("clb",))
    assert only(sent, "poll.closed")["outcome"] == "no_consensus"


async def test_edited_words_are_read_as_all_others(hall: Hall) -> None:
    moment = await at.gathered(hall)
    edit = {"rel_type": "m.replace", "event_id": "$earlier"}
    for new in (html("<p>!status</p>", "hallo"), html(f"{pill(BOT)}<br>status")):
        content = {**plain("* iets"), "m.new_content": new, "m.relates_to": edit}
        assert reason(await moment.sends("clb", content)) == Reason.EDITED
    quoted = html("<blockquote>!status</blockquote>", "!status")
    content = {**plain("* !status"), "m.new_content": quoted, "m.relates_to": edit}
    await nothing_follows(moment, "clb", content)
