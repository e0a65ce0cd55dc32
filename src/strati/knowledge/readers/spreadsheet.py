"""Spreadsheets (.xlsx, .xlsm, .xlsb, .xls, .ods) by calamine: every sheet a heading, every row a table row, every cell
a place. Formulas give the value they had when the file was saved, or themselves where none was; hidden sheets are read.
Comments, charts and text boxes follow their sheet (`sheet_extras`), where the file is a zip package.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

from strati.core.errors import MissingExtra
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.package import MAGIC, Package, holds
from strati.knowledge.readers.sheet_extras import Extras, column_of
from strati.knowledge.readers.sheet_tables import cell_name, write_tables

CELLS_AT_MOST = 30_000_000  # in the rectangle of one sheet: calamine holds all of it, empty or not
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_CELL = re.compile(rb'<(?:\w+:)?c\b[^<>]*?\sr="([A-Z]{1,3})(\d{1,7})"[^<>]*(?<!/)>\s*<(?:\w+:)?(?:v|is|f)\b')


class SpreadsheetReader:
    """Excel and OpenDocument spreadsheets."""

    name = "spreadsheet"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        if data.startswith(_OLE):
            return 1.0 if any(word.encode("utf-16-le") in data for word in ("Workbook\0", "Book\0")) else 0.0
        if holds(data, "[Content_Types].xml", "xl/") or (data.startswith(MAGIC) and _OPEN_DOCUMENT in data[:200]):
            return 1.0
        return 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        metadata, media_type, package = Metadata(), "application/vnd.ms-excel", None
        if data.startswith(MAGIC):
            package = Package(data, limits)
            _check_cells(package)
            media_type = _ODS if "mimetype" in package else _XLSX
            metadata = package.metadata()
        extras = Extras(package, limits) if package else None
        made = DocumentBuilder(limits)
        for sheet, rows in _sheets(data, limits):
            formulas = extras.formulas(sheet) if extras else {}
            if rows is not None:
                made.block(Kind.HEADING, sheet, level=1, at=Locator(sheet=sheet))
                write_tables(made, _with_formulas(rows, formulas), _placer(sheet))
            if formulas:
                counted = "a formula has" if len(formulas) == 1 else f"{len(formulas):,} formulas have"
                made.warnings.append(f"sheet {sheet}: {counted} no saved value; what is read is the formula")
            if extras:
                extras.write(made, sheet, heading=rows is None)
        made.attachments += extras.attachments if extras else []
        return made.document(name, media_type=media_type, reader=label(self), metadata=metadata)


def _placer(sheet: str) -> Callable[[int, int], Locator]:
    return lambda row, column: Locator(sheet=sheet, cell=cell_name(row, column))


def _with_formulas(rows: Iterator[list[str]], formulas: dict[tuple[int, int], str]) -> Iterator[list[str]]:
    """The rows with a formula where a cell has no value."""
    for number, row in enumerate(rows):
        yield [cell or formulas.get((number, column), "") for column, cell in enumerate(row)]


def _sheets(data: bytes, limits: Limits) -> Iterator[tuple[str, Iterator[list[str]] | None]]:
    """The sheets with their rows; without, for one that has no cells or is a chart."""
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise MissingExtra("python-calamine", "docs") from error
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        limits.check_pages(len(workbook.sheets_metadata))
        for sheet in workbook.sheets_metadata:
            opened = None
            if sheet.typ == calamine.SheetTypeEnum.WorkSheet:
                opened = workbook.get_sheet_by_name(sheet.name)
            yield sheet.name, _rows(opened) if opened is not None and opened.height else None
    except calamine.PasswordError as error:
        raise Refused(Reason.ENCRYPTED, "a password is needed to open it") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Refused(Reason.MALFORMED, f"the workbook is damaged ({_short(error)})") from error
    except BaseException as error:  # a panic in calamine's Rust code is no Exception
        if type(error).__name__ == "PanicException":
            raise Refused(Reason.MALFORMED, "the workbook is damaged") from error
        raise


def _rows(sheet: Any) -> Iterator[list[str]]:
    for row in sheet.to_python(skip_empty_area=False):
        yield [shown(value) for value in row]


def shown(value: object) -> str:
    """A cell's value as text: whole numbers without a point, dates as ISO 8601.

    >>> shown(12.0), shown(0.1), shown(True), shown(datetime.date(2024, 1, 31))
    ('12', '0.1', 'TRUE', '2024-01-31')
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ") if value.time() != datetime.time() else value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip()


def _check_cells(package: Package) -> None:
    """Raise `Refused` for a sheet with a cell so far out that the rectangle of all cells would fill the memory."""
    for name in package.names:
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            rows, columns = 0, 0
            for letters, row in _CELL.findall(package.read(name)):
                rows = max(rows, int(row))
                if len(letters) > 1 or columns < 26:
                    columns = max(columns, column_of(letters.decode()))
            if rows * columns > CELLS_AT_MOST:
                raise Refused(Reason.TOO_LARGE, f"a sheet spans {rows:,} rows of {columns:,} cells")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:100]
