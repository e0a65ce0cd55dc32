from __future__ import annotations

from strati.knowledge.readers.pptx import PptxReader

from .samples import found, kinds, pptx, read, shape

READER = PptxReader()


def test_titles_lists_and_notes() -> None:
    data = pptx([shape("one\ntwo", "body") + shape("Rivers", "title"), shape("Loose words")], notes="Breathe first")
    document = read(READER, data)
    assert kinds(document) == [
        ("heading", "Rivers"),
        ("list_item", "one"),
        ("list_item", "two"),
        ("note", "Breathe first"),
        ("paragraph", "Loose words"),
    ]
    assert found(document, "two") == "Rivers, slide 1"
    assert found(document, "Breathe") == "Rivers, slide 1, notes"
    assert found(document, "Loose") == "slide 2"


def test_tables_and_groups() -> None:
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    rows = "".join(f"<a:tr>{''.join(map(cell.format, row))}</a:tr>" for row in (["Name", "Rent"], ["Ada", "900"]))
    frame = (
        f"<p:graphicFrame><a:graphic><a:graphicData><a:tbl>{rows}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )
    document = read(READER, pptx([f"<p:grpSp>{frame}{shape('Below')}</p:grpSp>"]))
    assert kinds(document) == [("table_row", "Name\tRent"), ("table_row", "Ada\t900"), ("paragraph", "Below")]
    assert document.blocks[1].header == (0, 9)


def test_numbers_of_slides_and_dates_are_left_out() -> None:
    document = read(READER, pptx([shape("Rivers", "ctrTitle") + shape("7", "sldNum") + shape("1 May", "dt")]))
    assert document.text == "Rivers"
