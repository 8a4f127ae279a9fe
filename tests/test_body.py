"""What is read of a message is what a person saw: HTML of any shape, text with markdown in it."""

import time
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import plain
from bot.body import quotes, read_message
from bot.visible import Link
from locales.catalogue import LANGUAGES
from locales.commands import WORDINGS, word

JAN, TO = "@jan:gent.example", "https://matrix.to/#/@jan:gent.example"
PILL = f'<a href="{TO}">Jan</a>'
EDIT = {"rel_type": "m.replace", "event_id": "$earlier"}
COMMANDS = [f"!{word(name, language)}" for name in WORDINGS for language in LANGUAGES]


def html(formatted: str, body: str = "", msgtype: str = "m.text") -> dict[str, Any]:
    return {
        "msgtype": msgtype,
        "body": body,
        "format": "org.matrix.custom.html",
        "formatted_body": formatted,
    }


def text(body: str) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": body}


def lines(content: dict[str, Any]) -> list[str]:
    """Those that are not empty."""
    return [line for line in read_message(content).lines if line]


@pytest.mark.parametrize(
    ("formatted", "shown"),
    [
        # replies as older clients make them, and as the specification has them
        (f"<mx-reply><blockquote>{PILL}<br>!agenda</blockquote></mx-reply>!status", ["!status"]),
        # paragraphs of Element, lines of Cinny, both with line breaks that nobody sees
        ("<p>!status</p>\n<p>!agenda</p>\n", ["!status", "!agenda"]),
        ("!status<br/>!agenda<br/>", ["!status", "!agenda"]),
        ("!punt sociaal + een\ntwee", ["!punt sociaal + een twee"]),
        # lists
        ("<ul><li><p>!status</p></li><li>!agenda</li></ul>", ["!status", "!agenda"]),
        ("<ol><li>!status</li></ol>", ["!status"]),
        # entities, spaces, signs that nobody sees
        ("!punt&nbsp;sociaal + Jansen &amp; co &lt;x&gt;", ["!punt sociaal + Jansen & co <x>"]),
        ("&#8206;\ufeff!a\u200dan\u00adwezig\u2066", ["!aanwezig"]),
        # markup that is only for the eye
        ("<b>!</b><font color='red'>sta</font><u>tus</u>", ["!status"]),
        ("<h1>!status</h1><table><tr><td>!a</td><td>1</td></tr></table>", ["!status", "!a 1"]),
        ("<span data-mx-spoiler>!status</span>", ["!status"]),
        # quotes, code and what is struck out
        ("<blockquote>!a</blockquote>!b", ["!b"]),
        ("<pre><code>!a\n</code></pre>!b", ["!b"]),
        ("!voor<del>zitter</del>", ["!voor"]),
        ("!akkoord 3<s>4</s>5", ["!akkoord 3 5"]),
        ("Typ <code>!vergadering sluiten</code>", ["Typ"]),
        ("<strike>!a</strike><p><s>!b</p><p>!c</p></s>!d", ["!d"]),
        # what is in no page
        ("<script>!a</script><style>!b</style><!-- !c --><title>!d</title>!e", ["!e"]),
        ("<textarea>!a</textarea><iframe>!b</iframe></body></html>!c", ["!c"]),
    ],
)
def test_html_is_read_as_it_is_shown(formatted: str, shown: list[str]) -> None:
    assert lines(html(formatted, body="!vergadering sluiten")) == shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("> <@x:y> !agenda\n> !a\n\n!status", ["!status"]),
        ("> !a\n!b\n> !c\n  > !d", ["!b"]),
        ("!a\n```\n!b\n```\n!c\n~~~ py\n!d\n```\n!e", ["!a", "!c"]),
        ("~~!a\n!b~~\n!c", ["!c"]),
        ("`!vergadering sluiten`", []),
        ("Typ `!vergadering sluiten`", ["Typ"]),
        (r"\!aanwezig", ["!aanwezig"]),
        (r"4\. september \*zo\*", ["4. september *zo*"]),
        ("\u200e!aanwezig\n\ufeff!aanwezig\n\u2067!a\u00adanwezig\u2069", ["!aanwezig"] * 3),
        ("!punt +\u00a0**opnieuw** _x_ ***y*** __z__ ||w||", ["!punt + opnieuw x y z w"]),
        ("her**op**enen", ["heropenen"]),
        ("**!bezwaar 3**\n_!bezwaar 3_", ["!bezwaar 3"] * 2),
        (f"[Jan]({TO}), {TO}?via=x.example.", [f"{JAN}, {JAN}"]),
        ("matrix:u/jan:gent.example hallo", [f"{JAN} hallo"]),
        ("een [verslag](https://x.example/a_b_c) van 3", ["een verslag van 3"]),
    ],
)
def test_text_is_read_without_its_quotes_and_signs(body: str, shown: list[str]) -> None:
    assert lines(text(body)) == shown


@pytest.mark.parametrize(
    "body",
    [
        "!item social - text",
        "!item social = 2*3*4, 5 * 6 * 7 en a_b_c",
        "!actie K7Q-4MX @_x_y_:a.example contact_school 2026-12-01",
        "foto`s van de auto`s",
        "- !bezwaar 3",
        "* !bezwaar 3",
        "naam: ____ en ~3 weken ~ 4",
        "een voetnoot* en nog een*",
        "a > b",
    ],
)
def test_signs_that_are_no_markdown_stay(body: str) -> None:
    assert lines(text(body)) == [body]


@given(st.lists(st.sampled_from(("a", "b1", "é", "-", "+", "=", "+x", "2,5", "a_b", "a-b", "x_1"))))
def test_words_without_pairs_of_signs_are_read_as_they_stand(words: list[str]) -> None:
    body = " ".join(words)
    assert lines(text(body)) == ([body] if body else [])


SIGNS = st.sampled_from(["*", "_", "**", "__", "***", "||"])


@given(st.sampled_from(COMMANDS), st.lists(SIGNS, max_size=4), st.sampled_from(["", "\u200e", " "]))
def test_a_decorated_command_in_text_is_itself(command: str, signs: list[str], first: str) -> None:
    decorated = command
    for sign in signs:
        decorated = f"{sign}{decorated}{sign}"
    assert lines(text(first + decorated)) == [command]


@given(
    st.sampled_from(COMMANDS),
    SIGNS,
    st.sampled_from(["~~{}~~", "`{}`", "``{}``", "> {}", "```\n{}\n```"]),
)
def test_a_command_that_is_quoted_in_text_is_none(command: str, sign: str, shape: str) -> None:
    body = shape.format(f"{sign}{command}{sign}")
    assert lines(text(body)) == []
    assert quotes(text(body))


INLINE = ["b", "strong", "i", "em", "u", "sup", "sub", "font", "span", "ins", "mark", "tt", "a"]
BLOCKS = ["p", "div", "h1", "h6", "ul><li", "ol><li", "center", "details", "table><tr><td"]
VISIBLE = st.sampled_from([*INLINE, *BLOCKS, "nobody-knows-this"])
LEFT_OUT = st.sampled_from(["blockquote", "pre", "code", "del", "s", "strike", "mx-reply"])


def wrapped(words: str, tags: list[str]) -> str:
    for tag in tags:
        closed = "".join(f"</{one}>" for one in reversed(tag.split("><")))
        words = f"<{tag}>{words}{closed}"
    return words


@given(st.sampled_from(COMMANDS), st.lists(VISIBLE, max_size=6))
def test_a_command_in_visible_markup_is_itself(command: str, tags: list[str]) -> None:
    assert lines(html(wrapped(command, tags))) == [command]


@given(
    st.sampled_from(COMMANDS),
    st.lists(VISIBLE, max_size=4),
    LEFT_OUT,
    st.lists(VISIBLE | LEFT_OUT, max_size=4),
)
def test_a_command_in_what_is_left_out_is_none_at_any_depth(
    command: str, inner: list[str], hidden: str, outer: list[str]
) -> None:
    assume([*inner, *outer].count("a") < 2)  # a link in a link ends it, and what is between
    content = html(wrapped(command, [*inner, hidden, *outer]), body=command)
    assert lines(content) == []
    assert quotes(content)


TAGS = ["<b>", "</b>", "<s>", "</s>", "<p>", "<li>", "<ol start=9>", "<table>", "<td>", "<select>"]
QUOTES = ["<blockquote>", "</blockquote>", "<mx-reply>", "</mx-reply>", f'<a href="{TO}">', "</a>"]
OTHERS = ["<svg>", "<!--", "-->", "&#0;", "&nbsp", "<", "\x00", "\ud800", "x"]
FRAGMENTS = st.lists(st.sampled_from([*TAGS, *QUOTES, *OTHERS]))


@given(FRAGMENTS.map("".join) | st.text(), st.text())
def test_whatever_stands_there_is_read(formatted: str, body: str) -> None:
    for content in (html(formatted, body), text(body), text(formatted)):
        assert all("\n" not in line for line in read_message(content).lines)
        assert quotes(content) in {True, False}


@pytest.mark.parametrize(
    "part",
    ["<div>", "<b>", "<ol><li>", "<blockquote>", "<p><s>", f'<a href="{TO}">', "<table><td>", "<"],
)
def test_hostile_html_is_read_in_no_time(part: str) -> None:
    formatted = (part * 20000)[:48_000]  # an encrypted event holds no more
    begun = time.process_time()
    read_message(html(formatted))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "part",
    ["*a ", "_", "~~a", "`a ", "[", "[](a", "@", "@a:", "\\", "||a", "> ", "\n\n*a", "![a]("],
)
def test_hostile_text_is_read_in_no_time(part: str) -> None:
    begun = time.process_time()
    plain.read((part * 65_000)[:65_000])
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("link", "account"),
    [
        (TO, JAN),
        ("https://matrix.to/#/%40jan%3Agent.example", JAN),
        (f"{TO}?via=gent.example", JAN),
        ("HTTP://www.Matrix.to/#/@jan:gent.example", JAN),
        ("matrix:u/jan:gent.example?action=chat", JAN),
        ("https://matrix.to/#/!room:gent.example", "Jan"),
        ("https://matrix.to/#/@jan:gent.example%0A!status", "Jan"),
        ("https://matrix.to/#/@ja%E2%80%8Bn:gent.example", "Jan"),
        ("https://example.org/", "Jan"),
    ],
)
def test_a_link_to_an_account_is_read_as_the_account(link: str, account: str) -> None:
    found = read_message(html(f'!voorzitter <a href="{link}">Jan</a>')).visible
    assert found.lines == (f"!voorzitter {account}",)
    assert found.links == ((Link(0, "Jan", JAN),) if account == JAN else ())


def test_what_follows_an_account_does_not_grow_into_it() -> None:
    assert lines(html(f"!lid {PILL}en <b>{PILL}</b>.<i>evil.example</i>")) == [
        f"!lid {JAN} en {JAN} .evil.example"
    ]
    assert lines(html(f"+{PILL}, -{PILL}: {PILL}.")) == [f"+{JAN}, -{JAN}: {JAN}."]


def test_the_number_of_a_list_belongs_to_words_that_go_on() -> None:
    """`4. september` on a line of its own becomes a list in clients with markdown."""
    said = read_message(
        html('<p>!punt sociaal + sinds</p><ol start="4"><li><p>september</p></li></ol>')
    )
    assert said.paragraph(0, ()) == "!punt sociaal + sinds 4. september"
    assert read_message(html("<ol><li>!a</li><li>!b</li></ol>")).paragraph(0, ()) == "!a"


@pytest.mark.parametrize("msgtype", ["m.image", "m.file", "m.audio", "m.video"])
def test_a_caption_is_read_and_a_file_name_is_not(msgtype: str) -> None:
    media = {"msgtype": msgtype, "body": "!bezwaar 3"}
    assert lines(media) == []
    assert lines({**media, "filename": "!bezwaar 3"}) == []
    assert lines({**media, "filename": "foto.jpg"}) == ["!bezwaar 3"]
    caption = html("<del>!bezwaar 3</del> <b>!akkoord 3</b>", "!bezwaar 3", msgtype)
    assert lines({**caption, "filename": "foto.jpg"}) == ["!akkoord 3"]
    assert lines({**caption, "filename": "!bezwaar 3"}) == []


def test_every_type_of_message_is_read_but_a_notice() -> None:
    for msgtype in ("m.text", "m.emote", "m.location", "org.example.new"):
        assert lines({"msgtype": msgtype, "body": "!bezwaar 3"}) == ["!bezwaar 3"]
    assert lines({"msgtype": "m.notice", "body": "!bezwaar 3"}) == []
    assert not read_message({"msgtype": "m.notice", "m.mentions": {"user_ids": [JAN]}}).mentions


def test_an_edit_is_read_as_what_it_puts_in_place() -> None:
    edit = {
        **text(" * !akkoord 3"),
        "m.new_content": {**html("<b>!bezwaar 3</b>"), "m.mentions": {"user_ids": [JAN]}},
        "m.relates_to": EDIT,
    }
    said = read_message(edit)
    assert (said.lines, said.edit, said.mentions) == (("!bezwaar 3",), True, frozenset({JAN}))


def test_what_is_not_as_the_specification_has_it_is_no_fault() -> None:
    values: list[Any] = [None, 1, [], {}, "", ["x"]]
    for value in values:
        for key in ("msgtype", "body", "formatted_body", "filename", "m.mentions", "m.relates_to"):
            content = {**text("!status"), key: value}
            assert lines(content) in (["!status"], [], ["x"])
            assert not quotes(content)
    assert read_message({**text("x"), "m.mentions": {"user_ids": [1, JAN]}}).mentions == {JAN}


@pytest.mark.parametrize(
    "content",
    [
        text("> <@x:y> iets\n\nja"),
        text("ja\n> iets"),
        text("ja ~~iets~~"),
        text("```\niets"),
        html("<blockquote>iets</blockquote>ja"),
        html("<mx-reply>iets</mx-reply>ja"),
        html("ja", body="> iets\n\nja"),
        html("ja <code>iets</code>"),
        {**text("* ja"), "m.new_content": html("<pre>iets</pre>"), "m.relates_to": EDIT},
        {**html("<blockquote>iets</blockquote>ja"), "msgtype": "m.emote"},
    ],
)
def test_a_quote_is_seen_in_every_shape(content: dict[str, Any]) -> None:
    assert quotes(content)


def test_what_quotes_nothing_is_not_taken_for_a_quote() -> None:
    for content in (text("ja **goed** a > b"), html("<b>ja</b> &gt; nee", "ja")):
        assert not quotes(content)
