from __future__ import annotations

import pytest

from strati.knowledge.reader import Refused, label, reader_for
from strati.knowledge.readers.feed import FeedReader
from strati.knowledge.readers.html import HtmlReader
from strati.testing import check_reader

from .samples import found, kinds, read

READER = HtmlReader()
PROSE = "The tenant pays the rent on the first day of every month. " * 5
PAGE = f"""<!doctype html>
<html lang="en"><head><title>Leases - Site</title><meta name="author" content="Ada"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/b">Blog</a></li></ul></nav>
<header><a href="/">Site</a></header>
<div class="content"><h1>Leases</h1>
<p>{PROSE}</p>
<div class="cookie-banner">We use cookies.</div>
<h2>Repairs</h2><p>The landlord keeps the roof.</p></div>
<footer>Copyright</footer><script>var x = "<p>no</p>";</script></body></html>"""


def test_the_main_content_without_what_is_around_it() -> None:
    document = read(READER, PAGE.encode())
    texts = [text for _, text in kinds(document)]
    assert texts == ["Leases", PROSE.strip(), "Repairs", "The landlord keeps the roof."]
    assert found(document, "the roof") == "Leases > Repairs, line 8"
    assert (document.metadata.title, document.metadata.author, document.metadata.language) == (
        "Leases - Site",
        "Ada",
        "en",
    )


def test_everything_when_asked() -> None:
    texts = [text for _, text in kinds(read(HtmlReader(full=True), PAGE.encode()))]
    assert {"Home", "Site", "We use cookies.", "Copyright"} <= set(texts)
    assert not any(text == "no" for text in texts)


def test_whole_pages_have_a_reader_of_their_own() -> None:
    whole = reader_for(PAGE.encode(), "a.html", full_pages=True)
    assert label(whole) == "html.v2+full"
    check_reader(whole, [("a.html", PAGE.encode())])
    assert label(reader_for(PAGE.encode(), "a.html")) == "html.v2"
    assert label(reader_for(b"plain words", "a.txt", full_pages=True)) == "text.v1"


def test_a_page_of_links_alone_is_kept_whole() -> None:
    links = "".join(f"<li><a href=/{n}>Entry number {n}</a></li>" for n in range(20))
    assert "Entry number 7" in read(READER, f"<html><body><ul>{links}</ul></body></html>".encode()).text


def test_lists_tables_and_code() -> None:
    page = (
        "<html><body><ul><li>one<ol><li>two</li></ol></li></ul><table><caption>Rents</caption>"
        "<thead><tr><th>Name<th>Rent</thead><tr><td>Ada<td>9 00</table><pre>a  b\n  c</pre></body></html>"
    )
    document = read(READER, page.encode())
    assert kinds(document) == [
        ("list_item", "one"),
        ("list_item", "two"),
        ("paragraph", "Rents"),
        ("table_row", "Name\tRent"),
        ("table_row", "Ada\t9 00"),
        ("code", "a  b\n  c"),
    ]
    assert [block.level for block in document.blocks[:2]] == [1, 2]
    assert document.blocks[4].header == (document.blocks[3].start, document.blocks[3].end)


def test_a_table_that_lays_out_the_page_is_no_table() -> None:
    page = "<html><body><table><tr><td><h2>Left</h2><p>One.</td><td><p>Two.</td></tr></table></body></html>"
    assert kinds(read(READER, page.encode())) == [("heading", "Left"), ("paragraph", "One."), ("paragraph", "Two.")]


def test_hidden_text_is_left_out_and_inline_marks_join() -> None:
    page = "<html><body><p>a<b>b</b>c <i>d</i></p><p hidden>x</p><p style='display: none'>y</p></body></html>"
    assert read(READER, page.encode()).text == "abc d"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1251", "shift_jis"])
def test_the_encoding_that_the_page_names(encoding: str) -> None:
    word = {"windows-1251": "Договор", "shift_jis": "契約"}.get(encoding, "café")
    page = f'<html><head><meta charset="{encoding}"></head><body><p>{word}</p></body></html>'
    assert read(READER, page.encode(encoding)).text == word


@pytest.mark.parametrize("tag", [b"<div>", b"<b>", b"<ul><li>", b"<table><tr><td>"])
def test_deep_nesting_is_read_up_to_a_limit(tag: bytes) -> None:
    start = b"<html><body>"
    assert read(READER, start + tag * 500 + b"end").text == "end"
    with pytest.raises(Refused, match="nested too deeply"):
        read(READER, start + tag * 5_000 + b"end")


def test_a_title_stands_in_for_a_missing_heading() -> None:
    document = read(READER, b"<html><head><title>Leases</title></head><body><p>One.</p></body></html>")
    assert kinds(document) == [("title", "Leases"), ("paragraph", "One.")]


def test_a_feed() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><title>Rain</title>'
        "<updated>2024-01-31</updated><content>&lt;p&gt;It &lt;b&gt;rains&lt;/b&gt;.&lt;/p&gt;</content></entry></feed>"
    )
    document = read(FeedReader(), atom.encode())
    assert kinds(document) == [
        ("title", "News"),
        ("heading", "Rain"),
        ("paragraph", "2024-01-31"),
        ("paragraph", "It rains."),
    ]
