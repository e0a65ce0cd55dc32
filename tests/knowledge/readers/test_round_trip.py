"""What is written into a file is found in the document, whole, in order and at its place, whatever it says."""

from __future__ import annotations

import html
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from strati.knowledge.document import Document, faults
from strati.knowledge.readers.docx import DocxReader
from strati.knowledge.readers.epub import EpubReader
from strati.knowledge.readers.html import HtmlReader
from strati.knowledge.readers.notebook import NotebookReader
from strati.knowledge.readers.pdf import PdfReader
from strati.knowledge.readers.pptx import PptxReader
from strati.knowledge.readers.spreadsheet import SpreadsheetReader
from strati.knowledge.readers.webvtt import WebVttReader

from . import samples

# Words of any script, emoji among them; no controls, marks that are not seen, blanks or what XML cannot hold.
WORD = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
TEXTS = st.lists(st.lists(WORD, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=6)
LETTERS = st.text("abcdefghijklmnop XYZ", min_size=5, max_size=20)
LATIN = st.lists(LETTERS.map(str.strip).filter(lambda text: len(text) > 4), min_size=1, max_size=6)


def check(document: Document, texts: list[str]) -> None:
    """Every text is a piece of the document, one after the other, and its place is known."""
    assert list(faults(document)) == []
    position = 0
    for text in texts:
        start = document.text.index(text, position)
        position = start + len(text)
        assert document.text[start:position] == text
        assert str(document.locate(start, position))
    places = [place for mark in document.marks for place in (mark.start, mark.end)]
    assert all(a <= b for a, b in pairwise(places))


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_word(texts: list[str]) -> None:
    body = "".join(samples.paragraph(html.escape(text)) for text in texts)
    check(samples.read(DocxReader(), samples.docx(body)), texts)


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_slides(texts: list[str]) -> None:
    document = samples.read(PptxReader(), samples.pptx([samples.shape(html.escape(text)) for text in texts]))
    check(document, texts)
    assert [mark.locator.slide for mark in document.marks] == list(range(1, len(texts) + 1))


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_cells(texts: list[str]) -> None:
    cells = {f"B{row}": html.escape(text) for row, text in enumerate(texts, 2)}
    document = samples.read(SpreadsheetReader(), samples.xlsx({"S": cells}))
    check(document, texts)
    assert [mark.locator.cell for mark in document.marks[1:]] == list(cells)


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_pages_and_books(texts: list[str]) -> None:
    body = "\n".join(f"<p>{html.escape(text)}</p>" for text in texts)
    check(samples.read(HtmlReader(), f"<html><body>{body}</body></html>".encode()), texts)
    check(samples.read(EpubReader(), samples.epub([body])), texts)


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_notebooks(texts: list[str]) -> None:
    data = samples.notebook([{"cell_type": "code", "source": text} for text in texts])
    check(samples.read(NotebookReader(), data), texts)


@settings(deadline=None, max_examples=40)
@given(LATIN)
def test_captions(texts: list[str]) -> None:
    cues = "".join(f"00:{n:02}.000 --> 00:{n + 1:02}.000\n{text}\n\n" for n, text in enumerate(texts))
    document = samples.read(WebVttReader(), f"WEBVTT\n\n{cues}".encode())
    check(document, [" ".join(text.split()) for text in texts])
    assert [mark.locator.seconds for mark in document.marks] == [float(n) for n in range(len(texts))]


@settings(deadline=None, max_examples=40)
@given(st.lists(LATIN, min_size=1, max_size=3))
def test_lines_of_pdf_pages(pages: list[list[str]]) -> None:
    document = samples.read(PdfReader(), samples.pdf([samples.lines(page, y=500) for page in pages]))
    assert list(faults(document)) == []
    found = [" ".join(document.text[mark.start : mark.end].split()) for mark in document.marks]
    assert found == [" ".join(line.split()) for page in pages for line in page]
    assert [mark.locator.page for mark in document.marks] == [n for n, page in enumerate(pages, 1) for _ in page]
