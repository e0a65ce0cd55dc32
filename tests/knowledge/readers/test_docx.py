from __future__ import annotations

import pytest

from strati.knowledge.reader import Limits, Refused
from strati.knowledge.readers.docx import DocxReader
from strati.knowledge.readers.docx_numbering import Level, Numbering

from .samples import W, docx, found, kinds, paragraph, read

READER = DocxReader()
STYLES = (
    f"<w:styles {W}>"
    '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="Own"><w:name w:val="Chapter"/><w:basedOn w:val="H1"/></w:style>'
    '<w:style w:styleId="Loop"><w:name w:val="x"/><w:basedOn w:val="Loop"/></w:style>'
    '<w:style w:styleId="Deep"><w:name w:val="Clause"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style></w:styles>'
)
NUMBERS = (
    f'<w:numbering {W}><w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1(%2)"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)


def listed(text: str, level: int) -> str:
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="7"/></w:numPr>')


def styled(text: str, style: str) -> str:
    return paragraph(text, f'<w:pStyle w:val="{style}"/>')


def test_headings_by_style_and_outline_level() -> None:
    body = styled("The lease", "T") + styled("Rent", "Own") + styled("When", "Deep") + styled("On Monday.", "Loop")
    document = read(READER, docx(body, styles=STYLES))
    assert kinds(document) == [
        ("title", "The lease"),
        ("heading", "Rent"),
        ("heading", "When"),
        ("paragraph", "On Monday."),
    ]
    assert found(document, "Monday") == "Rent > When, paragraph 4"


def test_lists_have_the_numbers_that_word_draws() -> None:
    body = listed("Rent", 0) + listed("monthly", 1) + listed("yearly", 1) + listed("Repairs", 0) + listed("roof", 1)
    document = read(READER, docx(body, numbering=NUMBERS))
    assert document.text == "1. Rent\n1(a) monthly\n1(b) yearly\n2. Repairs\n2(a) roof"
    assert [block.level for block in document.blocks] == [1, 2, 2, 1, 2]


@pytest.mark.parametrize(("form", "shown"), [("upperRoman", "III"), ("decimalZero", "03"), ("upperLetter", "C")])
def test_forms_of_numbers(form: str, shown: str) -> None:
    numbering = Numbering(None)
    numbering._levels = {"1": {0: Level(form, "%1", 1)}}
    numbering._abstract = {"1": "a"}
    assert [numbering.next("1", 0) for _ in range(3)][-1] == shown


def test_a_table_has_a_place_for_every_cell() -> None:
    rows = [["Name", "Rent"], ["Ada", "900"]]
    cells = "".join(f"<w:tr>{''.join(f'<w:tc>{paragraph(c)}</w:tc>' for c in row)}</w:tr>" for row in rows)
    document = read(READER, docx(f"<w:tbl>{cells}</w:tbl>"))
    assert document.text == "Name\tRent\nAda\t900"
    assert found(document, "900") == "table 1, row 2, column 2"
    assert document.blocks[1].header == (0, 9)


def test_a_table_of_one_cell_is_a_frame() -> None:
    inner = paragraph("Warning") + paragraph("Hot")
    document = read(READER, docx(f"<w:tbl><w:tr><w:tc>{inner}</w:tc></w:tr></w:tbl>"))
    assert kinds(document) == [("paragraph", "Warning"), ("paragraph", "Hot")]


def test_tracked_changes_controls_fields_and_links() -> None:
    body = (
        "<w:p><w:r><w:t>The </w:t></w:r><w:del><w:r><w:delText>old </w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>new </w:t></w:r></w:ins>"
        "<w:sdt><w:sdtPr/><w:sdtContent><w:r><w:t>rent</w:t></w:r></w:sdtContent></w:sdt>"
        "<w:r><w:instrText>PAGE</w:instrText></w:r>"
        "<w:hyperlink><w:r><w:t> here</w:t><w:br/><w:t>now</w:t></w:r></w:hyperlink></w:p>"
    )
    assert read(READER, docx(body)).text == "The new rent here\nnow"


def test_footnotes_follow_their_paragraph() -> None:
    notes = f'<w:footnotes {W}><w:footnote w:id="2">{paragraph("Paid in euros.")}</w:footnote></w:footnotes>'
    body = '<w:p><w:r><w:t>Rent is 900</w:t><w:footnoteReference w:id="2"/></w:r></w:p>' + paragraph("Next")
    document = read(READER, docx(body, footnotes=notes))
    assert kinds(document) == [("paragraph", "Rent is 900"), ("note", "Paid in euros."), ("paragraph", "Next")]
    assert found(document, "euros") == "footnote 2"


def test_text_boxes_are_read_once() -> None:
    box = f"<w:txbxContent>{paragraph('Aside')}</w:txbxContent>"
    choice = f'<mc:Choice Requires="wps">{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>'
    space = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    body = (
        f'<w:p><w:r><w:t>Main</w:t><mc:AlternateContent xmlns:mc="{space}">{choice}</mc:AlternateContent></w:r></w:p>'
    )
    assert kinds(read(READER, docx(body))) == [("paragraph", "Main"), ("paragraph", "Aside")]


def test_pages_as_word_drew_them() -> None:
    body = paragraph("one") + "<w:p><w:r><w:lastRenderedPageBreak/><w:t>two</w:t></w:r></w:p>" + paragraph("three")
    document = read(READER, docx(body))
    assert found(document, "one") == "page 1, paragraph 1"
    assert found(document, "three") == "page 2, paragraph 3"


def test_entities_are_not_expanded() -> None:
    entity = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    bomb = docx("<w:p/>", styles=f"{entity}<w:styles {W}>&b;</w:styles>")
    with pytest.raises(Refused, match="declares entities"):
        read(READER, bomb)


def test_what_unpacks_too_large_is_not_unpacked() -> None:
    with pytest.raises(Refused, match="it unpacks to"):
        READER.read(docx(paragraph("a" * 100_000)), "it", Limits(expanded=50_000))
