from __future__ import annotations

import pytest

from strati.knowledge.document import faults
from strati.knowledge.reader import Limits, Reason, Refused
from strati.knowledge.readers import ocr
from strati.knowledge.readers.pdf import PdfReader

from .samples import found, kinds, lines, pdf, read

READER = PdfReader()
LEFT = [
    "The tenant pays the rent on the first",
    "day of every month, in advance and",
    "without any deduction, to the bank",
]
LEFT += ["account that the landlord has named", "in writing before the lease began to"]
RIGHT = [
    "The landlord keeps the roof and walls",
    "of the house in good repair and lets",
    "workers in at reasonable times only,",
]
RIGHT += ["with a notice of at least two days to", "the tenant, who may then be present."]


def test_a_line_has_its_page_and_box() -> None:
    document = read(READER, pdf([lines(["First page here"]), lines(["Rent is due", "on Monday"], x=100, y=600)]))
    start = document.text.index("on Monday")
    place = document.locate(start, start + 9)
    assert place.page == 2
    assert place.box is not None
    assert place.box.left == pytest.approx(100, abs=1)
    assert place.box.bottom == pytest.approx(792 - 588, abs=3)  # 12 points below y = 600, measured from the top
    assert found(document, "First page") == "page 1"
    assert (document.pages[0].width, document.pages[0].height) == (612, 792)


def test_characters_have_boxes_on_their_line() -> None:
    document = read(READER, pdf([lines(["Title of it"], y=740), lines(["Rent is due"])]))
    data = pdf([lines(["Title of it"], y=740), lines(["Rent is due"])])
    start = document.text.index("due")
    boxes = READER.boxes(data, document, start, start + 3)
    assert [page for page, _ in filter(None, boxes)] == [2, 2, 2]
    lefts = [box.left for _, box in filter(None, boxes)]
    assert lefts == sorted(lefts)
    line = document.locate(start, start + 3).box
    assert line is not None
    assert all(line.left - 1 <= left <= line.right for left in lefts)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_boxes_lie_on_the_page_as_it_is_shown(rotate: int) -> None:
    document = read(READER, pdf([lines(["Rent is due"], x=100, y=700)], rotate=rotate))
    box = document.marks[0].locator.box
    assert box is not None
    corner = {0: (100, 92), 90: (700, 100), 180: (512, 700), 270: (92, 512)}[rotate]
    assert min(abs(box.left - corner[0]), abs(box.right - corner[0])) < 4
    assert min(abs(box.top - corner[1]), abs(box.bottom - corner[1])) < 4


def test_columns_written_row_by_row_are_parted() -> None:
    rows = [
        text
        for n, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
        for text in ((72.0, 700 - 12.0 * n, 10.0, left), (320.0, 700 - 12.0 * n, 10.0, right))
    ]
    document = read(READER, pdf([[(72, 740, 14, "House rules for everybody in the building"), *rows]]))
    flat = " ".join(document.text.split())
    assert " ".join(LEFT) in flat
    assert " ".join(RIGHT) in flat
    assert flat.index(LEFT[-1]) < flat.index(RIGHT[0])


def test_a_table_stays_row_by_row() -> None:
    rows = [
        (x, 700 - 12 * n, 10, f"{word}{n}") for n in range(8) for x, word in ((72, "name"), (200, "rent"), (320, "due"))
    ]
    document = read(READER, pdf([rows]))
    assert "name0 rent0 due0\nname1 rent1 due1" in document.text


def test_what_repeats_in_the_margin_is_no_paragraph() -> None:
    pages = [
        [(72, 760, 9, "Lease of 12 High Street"), *lines([f"Clause {word} holds."]), (300, 30, 9, f"Page {n} of 4")]
        for n, word in enumerate(["one", "two", "three", "four"], 1)
    ]
    document = read(READER, pdf(pages))
    assert [text for kind, text in kinds(document) if kind == "header"] == ["Lease of 12 High Street"] * 4
    assert [text for kind, text in kinds(document) if kind == "footer"] == [f"Page {n} of 4" for n in range(1, 5)]
    assert next(text for kind, text in kinds(document) if kind == "paragraph") == "Clause one holds."


def test_headings_come_from_the_outline() -> None:
    page = [*lines(["1. Rent"]), *lines(["Rent is due on Monday."], y=680)]
    document = read(READER, pdf([page], outline=[(0, "1. Rent")]))
    assert kinds(document)[0] == ("heading", "1. Rent")
    assert found(document, "due on Monday") == "1. Rent, page 1"


def test_headings_come_from_larger_type_without_an_outline() -> None:
    document = read(READER, pdf([[(72, 720, 18, "Rent"), *lines(["Rent is due on Monday", "at noon."], y=690)]]))
    assert kinds(document) == [("heading", "Rent"), ("paragraph", "Rent is due on Monday\nat noon.")]


def test_a_hyphen_at_the_end_of_a_line_stays() -> None:
    document = read(READER, pdf([lines(["The land-", "lord pays for the roof and the walls."])]))
    assert "The land-\nlord pays" in document.text


def test_a_gap_without_a_blank_parts_words() -> None:
    document = read(READER, pdf([[(72, 700, 10, "2.1"), (88, 700, 10, "Party B may leave.")]]))
    assert document.text == "2.1 Party B may leave."
    data = pdf([[(72, 700, 10, "2.1"), (88, 700, 10, "Party B may leave.")]])
    boxes = READER.boxes(data, document, 0, len(document.text))
    after = boxes[4]
    assert after is not None
    assert after[1].left == pytest.approx(88, abs=1.5)


def test_a_password_is_needed() -> None:
    locked = "/Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <" + "41" * 32 + "> /U <" + "42" * 32 + "> >>"
    data = pdf([lines(["Rent"])], trailer=f"{locked} /ID [<00> <00>]")
    with pytest.raises(Refused) as refusal:
        read(READER, data)
    assert refusal.value.reason is Reason.ENCRYPTED


def test_a_page_that_is_a_drawing_has_no_text_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    drawn = pdf([[]]).replace(b"<< /Length 0 >>\nstream\n\n", b"<< /Length 14 >>\nstream\n0 0 50 50 re f\n")
    with pytest.raises(Refused, match="no text layer"):
        read(READER, drawn)
    both = pdf([lines(["Rent"]), []]).replace(
        b"<< /Length 0 >>\nstream\n\n", b"<< /Length 14 >>\nstream\n0 0 50 50 re f\n"
    )
    assert read(READER, both).warnings == ("page 2 has no text layer",)


@pytest.mark.parametrize("number", ["9" * 30, "-" + "9" * 30, "1" + "0" * 300])
def test_what_is_drawn_far_out_has_no_place(number: str) -> None:
    data = pdf([lines(["Rent is due"])]).replace(b"Tf 1 0 0 1", f"Tf {number} 0 0 {number}".encode())
    try:
        document = read(READER, data)
    except Refused:
        return
    assert list(faults(document)) == []


def test_damaged_metadata_and_outlines_do_no_harm() -> None:
    data = pdf([lines(["Rent is due"])], outline=[(0, "Rent is due")], trailer="/Info << /Title <FEFFD800> >>")
    document = read(READER, data.replace(b"/Title (Rent is due)", b"/Title <FEFFDC00>"))
    assert kinds(document) == [("paragraph", "Rent is due")]
    assert document.metadata.title is None


def test_an_empty_page_is_empty() -> None:
    with pytest.raises(Refused) as refusal:
        read(READER, pdf([[]]))
    assert refusal.value.reason is Reason.EMPTY


def test_too_many_pages() -> None:
    with pytest.raises(Refused, match="it has 3 pages, the limit is 2"):
        READER.read(pdf([[], [], []]), "it", Limits(pages=2))


def test_a_cut_off_file_is_refused() -> None:
    with pytest.raises(Refused, match="malformed"):
        read(READER, b"%PDF-1.7\n1 0 obj\n")


def test_boxes_are_measured_on_the_cropped_page() -> None:
    data = pdf([lines(["Rent"], x=100, y=700)]).replace(b"/Rotate 0", b"/CropBox [50 50 600 750]")
    box = read(READER, data).marks[0].locator.box
    assert box is not None
    assert box.left == pytest.approx(50, abs=1.5)
    assert box.bottom == pytest.approx(50, abs=1.5)
