"""What spreadsheets in zip packages hold beside values: formulas without a value, comments, charts, text boxes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Attachment, Kind
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Refused
from strati.knowledge.readers.charts import CX, A, C, write_chart
from strati.knowledge.readers.package import Package, Relation, embedded
from strati.knowledge.readers.sheet_tables import cell_name

Element = Any  # lxml's, which has no types
_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_FORMULA = re.compile(
    rb'<(?:\w+:)?c\b[^<>]*?\sr="([A-Z]{1,3})(\d{1,7})"[^<>]*>\s*'
    rb"<(?:\w+:)?f\b[^<>]*>([^<]*)</(?:\w+:)?f>\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MARGIN = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|\d{1,3}|[A-Za-z])')
_MARGINS = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_NOTE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}annotation"
_PARAGRAPH = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"


class Extras:
    """The parts of a package by the sheet that they belong to."""

    def __init__(self, package: Package, limits: Limits) -> None:
        self.package = package
        self.limits = limits
        self.attachments: list[Attachment] = []
        self._parts: dict[str, str] = {}
        self._notes: dict[str, list[tuple[str, str]]] = {}
        if "mimetype" in package:
            self._notes = _open_document_notes(package)
        else:
            self._parts = _sheet_parts(package)

    def formulas(self, sheet: str) -> dict[tuple[int, int], str]:
        """Formulas whose value was not saved, by row and column from 0."""
        part = self._parts.get(sheet, "")
        if part not in self.package or not part.endswith(".xml"):
            return {}
        return {
            (int(row) - 1, column_of(letters.decode()) - 1): "=" + html.unescape(formula.decode("utf-8", "replace"))
            for letters, row, formula in _FORMULA.findall(self.package.read(part))
            if formula.strip()
        }

    def write(self, made: DocumentBuilder, sheet: str, *, heading: bool) -> None:
        """Write what belongs to a sheet; with `heading` under its name, which was not written yet."""
        notes = list(self._notes.get(sheet, ()))
        part = self._parts.get(sheet, "")
        relations = self.package.relations(part) if part in self.package else {}
        notes += _comments(self.package, relations)
        drawings = [r.target for r in relations.values() if r.kind == "drawing" and r.target in self.package]
        if heading and (notes or drawings):
            made.block(Kind.HEADING, sheet, level=1, at=Locator(sheet=sheet))
        for cell, text in notes:
            made.block(Kind.NOTE, text, at=Locator(sheet=sheet, cell=cell, part="comment"))
        for drawing in drawings:
            self._drawing(made, sheet, drawing)
        self.attachments += embedded(self.package, relations.values(), self.limits, self.attachments)
        if part in self.package and part.endswith(".xml") and b"headerFooter" in self.package.read(part):
            _list_margins(made, self.package.xml(part), sheet)

    def _drawing(self, made: DocumentBuilder, sheet: str, part: str) -> None:
        root, relations = self.package.xml(part), self.package.relations(part)
        for number, element in enumerate(root.iter(f"{C}chart", f"{CX}chart"), 1):
            relation = relations.get(element.get(f"{_OFFICE}id", ""))
            chart = self.package.optional(relation.target) if relation else None
            if chart is not None:
                write_chart(made, chart, Locator(sheet=sheet, part=f"chart {number}"))
        for shape in root.iter(f"{_DRAWING}sp"):
            text = "\n".join("".join(t.text or "" for t in p.iter(f"{A}t")) for p in shape.iter(f"{A}p"))
            made.block(Kind.PARAGRAPH, text.strip(), at=Locator(sheet=sheet, part="text box"))
        for drawn in root.iter(f"{_DRAWING}cNvPr"):
            made.leave_out("description of a picture", drawn.get("descr", ""), Locator(sheet=sheet))


def column_of(letters: str) -> int:
    """The number of a column, from 1.

    >>> column_of("A"), column_of("AA")
    (1, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _sheet_parts(package: Package) -> dict[str, str]:
    """The part of each sheet by its name; none where the workbook is not XML."""
    try:
        main = package.main_part()
        relations = package.relations(main)
        sheets = [e for e in package.xml(main).iter() if isinstance(e.tag, str) and e.tag.endswith("}sheet")]
    except Refused:
        return {}
    ids = {sheet.get("name", ""): sheet.get(f"{_OFFICE}id", "") for sheet in sheets}
    return {name: relations[id].target for name, id in ids.items() if id in relations}


def _comments(package: Package, relations: Mapping[str, Relation]) -> Iterator[tuple[str, str]]:
    """(cell, text) of comments; threads of today's Excel stand beside an old form of themselves."""
    kinds = ("threadedComment", "comments")
    parts = [(r.kind, r.target) for kind in kinds for r in relations.values() if r.kind == kind and r.target in package]
    threaded: set[str] = set()
    for kind, part in parts:
        for element in package.xml(part).iter():
            tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
            cell = element.get("ref", "") if tag in ("comment", "threadedComment") else ""
            if not cell or (kind == "comments" and cell in threaded):
                continue
            threaded |= {cell} if kind == "threadedComment" else set()
            yield cell, "".join(text for t in element.iter() if _is_text(t) for text in [t.text or ""]).strip()


def _is_text(element: Element) -> bool:
    return isinstance(element.tag, str) and element.tag.rpartition("}")[2] in ("t", "text")


def _list_margins(made: DocumentBuilder, root: Element, sheet: str) -> None:
    for element in root.iter():
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if name in _MARGINS:
            made.leave_out("running head or foot", _MARGIN.sub(" ", element.text or ""), Locator(sheet=sheet))


def _open_document_notes(package: Package) -> dict[str, list[tuple[str, str]]]:
    """(cell, text) of the comments of each sheet of an OpenDocument file."""
    found: dict[str, list[tuple[str, str]]] = {}
    if "content.xml" not in package or b"annotation" not in package.read("content.xml"):
        return found
    for table in package.xml("content.xml").iter(f"{_TABLE}table"):
        row = -1
        for element in table.iter(f"{_TABLE}table-row"):
            first, column = row + 1, 0
            row += _times(element, "number-rows-repeated")
            for cell in element:
                for note in cell.iter(_NOTE):
                    text = "\n".join("".join(p.itertext()) for p in note.iter(_PARAGRAPH))
                    found.setdefault(table.get(f"{_TABLE}name", ""), []).append((cell_name(first, column), text))
                column += _times(cell, "number-columns-repeated")
    return found


def _times(element: Element, name: str) -> int:
    said = element.get(f"{_TABLE}{name}", "1")
    return int(said) if said.isdigit() and len(said) < 8 else 1
