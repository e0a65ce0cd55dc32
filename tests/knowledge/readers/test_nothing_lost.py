"""Kinds of content that readers used to lose or to move: each is read at its place, or listed as left out."""

from __future__ import annotations

import pytest

from strati.knowledge.document import Document, Kind
from strati.knowledge.passages import passages
from strati.knowledge.reader import Reason, Refused, reader_for
from strati.knowledge.reader import read as read_any
from strati.knowledge.readers.docx import DocxReader
from strati.knowledge.readers.email import EmailReader
from strati.knowledge.readers.html import HtmlReader
from strati.knowledge.readers.opendocument import OpenDocumentReader
from strati.knowledge.readers.pdf import PdfReader
from strati.knowledge.readers.pptx import PptxReader
from strati.knowledge.readers.restructuredtext import RestructuredTextReader
from strati.knowledge.readers.rtf import RtfReader
from strati.knowledge.readers.spreadsheet import SpreadsheetReader
from strati.knowledge.readers.subrip import SubRipReader
from strati.knowledge.readers.webvtt import WebVttReader
from strati.testing import kept_words, lost_words

from . import samples
from .samples import found, kinds, read

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAIL = "From: a@example.org\nSubject: It\nMIME-Version: 1.0\nContent-Type: multipart/{}; boundary=B\n\n"


def listed(document: Document) -> list[tuple[str, str]]:
    return [(one.what, one.text) for one in document.listed()]


def cells(document: Document) -> list[list[str]]:
    rows = [block for block in document.blocks if block.kind is Kind.TABLE_ROW]
    return [document.text[block.start : block.end].split("\t") for block in rows]


def mail(kind: str, *parts: tuple[str, str]) -> Document:
    body = "".join(f"--B\nContent-Type: text/{form}\n\n{text}\n" for form, text in parts)
    return read(EmailReader(), (MAIL.format(kind) + body + "--B--\n").encode())


# Mail


def test_every_text_of_a_mail_is_read() -> None:
    document = mail("mixed", ("plain", "Before the heron."), ("plain", "After the stork."), ("html", "<p>An ibis</p>"))
    assert [text for kind, text in kinds(document) if kind == "paragraph"][1:] == [
        "Before the heron.", "After the stork.", "An ibis",
    ]  # fmt: skip
    assert found(document, "stork") == "body 2, line 1"


def test_of_two_forms_of_a_mail_the_one_that_says_more_is_read() -> None:
    document = mail("alternative", ("plain", "Please open it in a browser."), ("html", "<p>You owe 4,200 to Ann</p>"))
    assert "You owe 4,200 to Ann" in document.text
    assert listed(document) == [("another form of the body", "Please open it in a browser.")]
    same = mail("alternative", ("plain", "You owe 4,200 to Ann"), ("html", "<p>You <b>owe</b> 4,200 to Ann</p>"))
    assert found(same, "owe 4,200") == "body, line 1"
    assert listed(same) == []


# Captions


def captions(document: Document) -> list[tuple[float | None, str]]:
    return [(mark.locator.seconds, document.text[mark.start : mark.end]) for mark in document.marks]


def test_a_caption_that_begins_with_a_blank_line_keeps_its_time() -> None:
    text = "WEBVTT\n\n00:00.300 --> 00:02.000\n \nwe<00:01.000><c> sail</c>\n\n00:02.000 --> 00:02.010\nwe sail\n \n\n"
    text += "00:09.000 --> 00:11.000\n\nto sea\n"
    assert captions(read(WebVttReader(), text.encode())) == [(0.3, "we sail"), (9.0, "to sea")]


def test_an_arrow_in_a_caption_is_text() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nchoose Edit --> Copy\nand then paste\n\n00:03.000 --> 00:04.000\nbye\n"
    document = read(WebVttReader(), text.encode())
    assert captions(document) == [(1.0, "choose Edit --> Copy and then paste"), (3.0, "bye")]
    assert document.warnings == ()


def test_a_caption_that_grows_comes_once() -> None:
    text = "1\n00:00:00,000 --> 00:00:01,000\na\n\n2\n00:00:01,000 --> 00:00:02,000\na red\n\n"
    text += "3\n00:00:02,000 --> 00:00:03,000\na red kite\n"
    document = read(SubRipReader(), text.encode())
    assert kinds(document) == [("caption", "a red kite")]
    assert captions(document) == [(0.0, "a"), (1.0, " red"), (2.0, " kite")]


def test_captions_that_overlap_end_with_the_last_of_them() -> None:
    text = "1\n00:00:01,000 --> 00:00:09,000\nHello\n\n2\n00:00:02,000 --> 00:00:03,000\nHi\n"
    document = read(SubRipReader(), text.encode())
    assert document.locate(0, len(document.text)).until == 9.0
    assert len(passages(document)) == 1


# Slides and sheets


def test_slides_without_a_title_stand_alone() -> None:
    shapes = [
        samples.shape("Plan", "title") + samples.shape("Spend less"),
        samples.shape("Party"),
        samples.shape("Bye"),
    ]
    document = read(PptxReader(), samples.pptx(shapes))
    assert [str(document.locate(one.start, one.end)) for one in passages(document)] == ["slide 1", "slide 2", "slide 3"]
    assert found(document, "Party") == "slide 2"


def test_a_cell_alone_on_its_sheet_is_named() -> None:
    document = read(SpreadsheetReader(), samples.xlsx({"Data": {"D9": "lonely"}}))
    (passage,) = passages(document)
    assert str(document.locate(passage.start, passage.end)) == "sheet Data!D9"


def test_formulas_without_a_value_are_read_as_such() -> None:
    raw = '<row r="2"><c r="A2"><f>SUM(B1:B9)&amp;"x"</f><v></v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
    document = read(SpreadsheetReader(), samples.xlsx({"Data": {"A1": "sum", "B1": "count"}}, raw))
    assert cells(document)[1] == ['=SUM(B1:B9)&"x"', "2"]
    assert "a formula has no saved value" in document.warnings[0]


def test_a_coloured_cell_far_out_does_not_matter() -> None:
    raw = '<row r="1048576"><c r="XFD1048576" s="1"></c></row>'
    document = read(SpreadsheetReader(), samples.xlsx({"Data": {"A1": "near"}}, raw))
    assert found(document, "near") == "Data, sheet Data!A1"


def test_comments_and_charts_of_a_sheet_are_read() -> None:
    space = "http://schemas.openxmlformats.org/drawingml/2006/"
    comments = '<comments><commentList><comment ref="B2"><text><t>ask Ann</t></text></comment></commentList></comments>'
    drawing = (
        f'<d:wsDr xmlns:d="{space}spreadsheetDrawing" xmlns:c="{space}chart" xmlns:r="{samples.OFFICE}">'
        '<c:chart r:id="c1"/></d:wsDr>'
    )
    chart = (
        f'<c:chartSpace xmlns:c="{space}chart" xmlns:a="{samples.DRAWING}"><c:chart><c:title><a:p><a:r><a:t>Rain</a:t>'
        "</a:r></a:p></c:title></c:chart></c:chartSpace>"
    )
    related = f'<Relationship Id="c1" Type="{samples.OFFICE}/chart" Target="chart1.xml"/>'
    beside = {
        "comments1.xml": ("comments", comments),
        "drawing1.xml": ("drawing", drawing),
        "chart1.xml": ("other", chart),
        "_rels/drawing1.xml.rels": ("x", f'<Relationships xmlns="{samples.RELATIONS}">{related}</Relationships>'),
    }
    document = read(SpreadsheetReader(), samples.xlsx({"Data": {"A1": "x"}}, beside=beside))
    assert found(document, "ask Ann") == "Data, sheet Data!B2, comment"
    assert found(document, "Rain") == "Data, sheet Data, chart 1"


# Word, web pages, formulas


def run(text: str, align: str = "") -> str:
    properties = f'<w:rPr><w:vertAlign w:val="{align}"/></w:rPr>' if align else ""
    return f"<w:r>{properties}<w:t>{text}</w:t></w:r>"


def test_formulas_of_word_keep_their_signs() -> None:
    def maths(inner: str) -> str:
        return f"<w:p><m:oMath>{inner}</m:oMath></w:p>"

    one = "<m:e><m:r><m:t>{}</m:t></m:r></m:e>".format
    body = maths(f"<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:rad><m:deg/>{one('x')}</m:rad></m:den></m:f>")
    body += maths(
        f'<m:nary><m:naryPr><m:chr m:val="∏"/></m:naryPr><m:sub>{one("k")}</m:sub><m:sup/>{one("k")}</m:nary>'
    )
    body += maths(f"<m:r><m:t>g</m:t></m:r><m:d>{one('y')}</m:d>")
    body += f"<w:p>{run('10')}{run('6', 'superscript')} {run('H')}{run('2', 'subscript')}{run('O')}</w:p>"
    document = read(DocxReader(), samples.docx(body))
    assert [text for _, text in kinds(document)] == ["(a+b)/√x", "∏_k k", "g(y)", "10^6H2O"]


def test_formulas_of_pages_keep_their_signs() -> None:
    page = (
        "<html><body><p>10<sup>3</sup> m, 1<sup>st</sup>, x<sup>2</sup>, CO<sub>2</sub></p><p><math><mfrac><mi>a</mi>"
    )
    page += "<mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac><msqrt><mn>2</mn></msqrt></math></p></body></html>"
    assert read(HtmlReader(), page.encode()).text == "10^3 m, 1st, x^2, CO2\n\na/(b+1)√2"


def test_values_stay_in_their_columns_beside_spanned_cells() -> None:
    page = "<html><body><table><tr><th>Place</th><th>May</th><th>June</th></tr><tr><th rowspan=2>North</th><td>1</td>"
    page += (
        "<td>2</td></tr><tr><td>3</td><td>4</td></tr><tr><td colspan=2>June alone</td><td>9</td></tr></table></body>"
    )
    rows = [["Place", "May", "June"], ["North", "1", "2"], ["", "3", "4"], ["June alone", "", "9"]]
    assert cells(read(HtmlReader(), page.encode())) == rows

    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{run(text)}</w:p></w:tc>"

    spans = ['<w:vMerge w:val="restart"/>', "<w:vMerge/>", '<w:gridSpan w:val="2"/>']
    table = "".join(
        f"<w:tr>{''.join(row)}</w:tr>"
        for row in [
            [cell("Place"), cell("May"), cell("June")],
            [cell("North", spans[0]), cell("1"), cell("2")],
            [cell("", spans[1]), cell("3"), cell("4")],
            [cell("June alone", spans[2]), cell("9")],
        ]
    )
    document = read(DocxReader(), samples.docx(f"<w:tbl>{table}</w:tbl>"))
    assert cells(document) == rows
    assert found(document, "9") == "table 1, row 4, column 3"


def test_files_inside_a_word_file_are_files_of_their_own() -> None:
    body = samples.paragraph("Main") + '<w:altChunk r:id="x1"/>'
    inside = {
        "x1": ("aFChunk", "piece.html", b"<html><p>A piece</p></html>"),
        "x2": ("package", "embeddings/plan.xlsx", samples.xlsx({"Plan": {"A1": "lynx"}})),
    }
    document = read(DocxReader(), samples.docx(body, inside))
    assert [one.name for one in document.attachments] == ["piece.html", "plan.xlsx"]


def test_comments_of_word_are_read_and_deleted_text_is_listed() -> None:
    comments = f'<w:comments {samples.W}><w:comment w:id="3"><w:p>{run("Is it so?")}</w:p></w:comment></w:comments>'
    body = f"<w:p>{run('It is.')}<w:del><w:r><w:delText>It was.</w:delText></w:r></w:del>"
    body += '<w:r><w:commentReference w:id="3"/></w:r></w:p>'
    document = read(DocxReader(), samples.docx(body, comments=comments))
    assert kinds(document) == [("paragraph", "It is."), ("note", "Is it so?")]
    assert listed(document) == [("deleted text", "It was.")]


def test_what_stands_beside_the_content_of_a_page_is_listed() -> None:
    words = "Word after word of the story that this page tells. " * 8
    page = f"<html><head><title>Story</title></head><body><nav>Home</nav><main><h1>Once</h1><p>{words}</p>"
    page += "<p hidden>secret</p><img alt='a fox'></main><p>Imprint</p></body></html>"
    document = read(HtmlReader(), page.encode())
    assert set(listed(document)) == {
        ("title of the page", "Story"), ("beside the content", "Home"), ("hidden part", "secret"),
        ("description of a picture", "a fox"), ("beside the content", "Imprint"),
    }  # fmt: skip
    assert lost_words(document, page.encode()) == ()


# PDF


def test_lines_that_differ_in_numbers_are_no_running_heads() -> None:
    pages = [
        [(72.0, 750.0, 10.0, f"Client number {4000 + 7 * n}"), (72.0, 735.0, 10.0, f"Pay to account {900 + n}"),
         (72.0, 700.0, 10.0, f"Work of {n} days"), (72.0, 30.0, 10.0, "Acme Ltd"), (300.0, 30.0, 10.0, f"Page {n + 1}")]
        for n in range(5)
    ]  # fmt: skip
    document = read(PdfReader(), samples.pdf(pages))
    assert found(document, "Client number 4014") == "page 3"
    assert found(document, "Pay to account 903") == "page 4"
    assert ("running footer", "Acme Ltd Page 3") in listed(document)


def test_three_columns_are_read_one_after_the_other() -> None:
    rows = [
        (50.0 + 180 * column, 700.0 - 12 * row, 9.0, f"column{column} row{row} with words that fill")
        for row in range(12)
        for column in range(3)
    ]
    text = read(PdfReader(), samples.pdf([rows])).text
    assert (
        text.index("column0 row11") < text.index("column1 row0") < text.index("column1 row11") < text.index("column2")
    )


def test_lines_drawn_from_the_foot_upwards_are_turned_round() -> None:
    drawn = [(72.0, 600.0 + 14 * n, 10.0, f"Line {8 - n} of the page") for n in range(8)]
    text = read(PdfReader(), samples.pdf([drawn])).text
    assert [int(line.split()[1]) for line in text.split("\n")] == list(range(1, 9))


def test_form_fields_and_notes_of_a_pdf_are_read_at_their_place() -> None:
    notes = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Ada Hare) /Rect [100 600 200 620] >> "
        "<< /Type /Annot /Subtype /Text /Contents (Call her) /Rect [10 10 30 30] >>"
    )
    data = samples.pdf([samples.lines(["Form"])], annotations=notes, extra="/AcroForm << /Fields [] >>")
    document = read(PdfReader(), data)
    start = document.text.index("Ada Hare")
    place = document.locate(start, start + 8)
    assert (place.page, place.box) == (1, (100, 172, 200, 192))
    assert ("note", "Call her") in kinds(document)
    assert lost_words(document, data) == ()


def test_a_stream_that_unpacks_to_far_too_much_is_refused_in_words() -> None:
    import zlib

    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(210)) + packer.flush()
    data = b"%PDF-1.4\n1 0 obj<</Length 1/Filter/FlateDecode>>stream\n" + packed + b"\nendstream endobj\n"
    with pytest.raises(Refused, match="unpacks to more than 200,000,000 bytes") as refusal:
        read(PdfReader(), data)
    assert refusal.value.reason is Reason.TOO_LARGE


# Formats that used to be read as plain text, or not at all


def test_rich_text_by_hand() -> None:
    data = (
        rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset128 M;}}{\stylesheet{\s1 heading 1;}}"
        rb"{\info{\title On leases}}{\header Acme}\pard\s1 Terms\par\pard \'cf\'f0 {\f1 \'93\'fa\'96\'7b}{\v hid}"
        rb"{\deleted gone} 10{\super 3}{\footnote See below}\u-10179?\u-8704?\par {\pict\pngblip 89504e47}"
        rb"\trowd\intbl Name\cell Rent\cell\row\trowd\intbl Ann\cell 9\cell\row\pard End\par}"
    )
    document = read(RtfReader(), data)
    assert kinds(document)[:3] == [("heading", "Terms"), ("paragraph", "Пр 日本 10^3😀"), ("note", "See below")]
    assert cells(document) == [["Name", "Rent"], ["Ann", "9"]]
    assert set(listed(document)) == {("hidden text", "hid"), ("deleted text", "gone"), ("running header", "Acme")}
    assert document.metadata.title == "On leases"
    assert reader_for(data, "a.txt").name == "rtf"


def test_open_documents_by_hand() -> None:
    body = (
        '<text:h text:outline-level="2">Terms</text:h><text:list><text:list-item><text:p>first</text:p>'
        "</text:list-item></text:list><text:p>Any<text:s text:c='2'/>time<text:note><text:note-body><text:p>In "
        "writing</text:p></text:note-body></text:note></text:p><table:table><table:table-row><table:table-cell "
        "table:number-columns-spanned='2'><text:p>both</text:p></table:table-cell><table:covered-table-cell/>"
        "<table:table-cell><text:p>third</text:p></table:table-cell></table:table-row></table:table>"
    )
    document = read(OpenDocumentReader(), samples.open_document("text", body))
    assert kinds(document)[:4] == [
        ("heading", "Terms"), ("list_item", "first"), ("paragraph", "Any  time"), ("note", "In writing"),
    ]  # fmt: skip
    assert cells(document) == [["both", "", "third"]]
    page = "<draw:page><draw:frame presentation:class='title'><draw:text-box><text:p>{}</text:p></draw:text-box>"
    page += "</draw:frame>"
    page += (
        "<draw:frame><draw:text-box><text:p>body</text:p></draw:text-box></draw:frame><presentation:notes><draw:frame>"
    )
    page += "<draw:text-box><text:p>say it</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
    slides = read(OpenDocumentReader(), samples.open_document("presentation", page.format("Plan") + page.format("")))
    assert kinds(slides)[:3] == [("heading", "Plan"), ("paragraph", "body"), ("note", "say it")]
    assert str(slides.locate(slides.text.rindex("body"), len(slides.text))) == "slide 2"


def test_restructured_text_by_hand() -> None:
    text = (
        "Guide\n=====\n\nSee :doc:`the terms </terms>`, ``DAYS`` and **all**.\n\n.. _label:\n\nRules\n-----\n\n"
        ".. versionadded:: 2.1\n\n    A new one.\n\nFor example::\n\n    x = 1\n\n===== ====\nName  Rent\n"
        "===== ====\nAnn   9\n===== ====\n\n.. code-block:: python\n    :linenos:\n\n    y = 2\n"
    )
    assert reader_for(text.encode(), "guide.txt").name == "restructuredtext"
    document = read(RestructuredTextReader(), text.encode())
    assert kinds(document) == [
        ("heading", "Guide"), ("paragraph", "See the terms, DAYS and all."), ("heading", "Rules"),
        ("paragraph", "versionadded: 2.1"), ("paragraph", "A new one."), ("paragraph", "For example:"),
        ("code", "x = 1"), ("table_row", "Name\tRent"), ("table_row", "Ann\t9"), ("code", "y = 2"),
    ]  # fmt: skip
    assert found(document, "y = 2") == "Guide > Rules, line 28"
    assert document.blocks[2].level == 2


def test_lost_words_are_told() -> None:
    document = read_any(b"All of it\n\nis read", "a.txt")
    assert lost_words(document, b"All of it\n\nis read, but this") == ("but", "this")
    kept = kept_words(document, b"All of it\n\nis read, but this")
    assert (kept.found, kept.listed) == (5, 0)
