from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.knowledge.reader import Refused
from strati.knowledge.readers.csv import CsvReader
from strati.knowledge.readers.spreadsheet import SpreadsheetReader

from .samples import found, ods, read, xlsx

SHEETS = SpreadsheetReader()
CSV = CsvReader()


def test_every_cell_has_its_sheet_and_name() -> None:
    data = xlsx({"Rents": {"A1": "Name", "B1": "Rent", "A2": "Ada", "B2": 900.5}, "Other": {"C5": "far"}})
    document = read(SHEETS, data)
    assert document.text == "Rents\n\nName\tRent\nAda\t900.5\n\nOther\n\nfar"
    assert found(document, "900.5") == "Rents, sheet Rents!B2"
    assert found(document, "far") == "Other, sheet Other!C5"
    assert found(document, "Ada\t900.5") == "Rents, sheet Rents!A2:B2"


def test_empty_rows_part_tables_and_titles_stand_above() -> None:
    cells: dict[str, str | float] = {
        "A1": "Rents of 2024",
        "A2": "Name",
        "B2": "Rent",
        "A3": "Ada",
        "B3": 900,
        "A5": "Tree",
        "B5": "Age",
    }
    document = read(SHEETS, xlsx({"S": {**cells, "A6": "Oak", "B6": 80}}))
    headers = {
        document.text[b.start : b.end]: document.text[slice(*b.header)] if b.header else "" for b in document.blocks
    }
    assert headers == {
        "S": "",
        "Rents of 2024": "",
        "Name\tRent": "Name\tRent",
        "Ada\t900": "Name\tRent",
        "Tree\tAge": "Tree\tAge",
        "Oak\t80": "Tree\tAge",
    }


def test_an_open_document_spreadsheet() -> None:
    document = read(SHEETS, ods([["Name", "Rent"], ["Ada", "9"]]))
    assert found(document, "Ada") == "Plan, sheet Plan!A2"
    assert document.media_type == "application/vnd.oasis.opendocument.spreadsheet"


def test_a_cell_far_out_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(Refused, match="a sheet spans 1,048,576 rows of 16,384 cells"):
        read(SHEETS, xlsx({"S": {"A1": "near", "XFD1048576": "far"}}))


def test_an_empty_workbook() -> None:
    with pytest.raises(Refused, match="empty"):
        read(SHEETS, xlsx({"S": {}}))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    rows = [["Name", "Rent"], ["Ada", "900"], ["Bob", "850"]]
    document = read(CSV, "\n".join(delimiter.join(row) for row in rows).encode())
    assert document.text == "Name\tRent\nAda\t900\nBob\t850"
    assert found(document, "850") == "line 3"
    assert document.marks[-1].locator.cell == "B3"


def test_quotes_and_line_ends_in_cells() -> None:
    document = read(CSV, b'Name,Says\r\nAda,"Hi, ""you""\r\nthere"\r\nBob,no\r\n')
    assert document.text == 'Name\tSays\nAda\tHi, "you" there\nBob\tno'
    assert found(document, "Bob") == "line 4"


def test_a_quotation_mark_that_is_never_closed_is_text() -> None:
    document = read(CSV, b'Name,Size\nPipe,5" wide\nRod,7\n')
    assert document.text.splitlines()[1:] == ['Pipe\t5" wide', "Rod\t7"]
    assert "not closed" in document.warnings[0]


def test_numbers_are_no_names_of_columns() -> None:
    document = read(CSV, b"1,2\n3,4\n5,6\n")
    assert all(block.header is None for block in document.blocks)


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=8)


@settings(deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=6))
def test_what_was_written_is_found_at_its_line(rows: list[list[str]]) -> None:
    import csv
    import io

    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    document = read(CSV, ("first,second\n" + file.getvalue()).encode())
    texts = [(mark.locator.line, document.text[mark.start : mark.end]) for mark in document.marks[2:]]
    assert texts == [(line, cell) for line, row in enumerate(rows, 2) for cell in row]
