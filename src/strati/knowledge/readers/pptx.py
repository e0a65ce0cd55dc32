"""Presentations (.pptx, .pptm, .potx): titles, texts, tables, charts and diagrams of every slide, and its notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, label
from strati.knowledge.readers.package import Package, Relation, holds
from strati.knowledge.readers.sheet_tables import names_columns

Element = Any
_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TITLES = {"title", "ctrTitle"}
_REPEATED = {"dt", "ftr", "sldNum", "hdr", "sldImg"}  # placeholders that every slide has


class PptxReader:
    """Office Open XML presentations."""

    name = "pptx"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if holds(data, "[Content_Types].xml", "ppt/") else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        package = Package(data, limits)
        part = package.main_part()
        relations = package.relations(part)
        listed = [item.get(f"{_R}id", "") for item in package.xml(part).iter(f"{_P}sldId")]
        limits.check_pages(len(listed))
        made = DocumentBuilder(limits)
        for number, identity in enumerate(listed, 1):
            if identity in relations and relations[identity].target in package:
                _Slide(package, relations[identity].target, number, made).read()
            else:
                made.warnings.append(f"slide {number} is missing in the file")
        return made.document(name, media_type=_TYPE, reader=label(self), metadata=package.metadata())


class _Slide:
    def __init__(self, package: Package, part: str, number: int, made: DocumentBuilder) -> None:
        self.package = package
        self.root = package.xml(part)
        self.relations: Mapping[str, Relation] = package.relations(part)
        self.number = number
        self.made = made
        self.at = Locator(slide=number)

    def read(self) -> None:
        shapes = list(_shapes(self.root))
        titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
        for shape in titles:
            self.made.block(Kind.HEADING, " ".join(_paragraphs_text(shape)), level=1, at=self.at)
        for shape in shapes:
            if shape not in titles and _placeholder(shape) not in _REPEATED:
                self._shape(shape)
        for relation in self.relations.values():
            if relation.kind == "notesSlide" and relation.target in self.package:
                self._notes(self.package.xml(relation.target))

    def _shape(self, shape: Element) -> None:
        if shape.tag == f"{_P}sp":
            self._text(shape)
            return
        table = next(shape.iter(f"{_A}tbl"), None)
        if table is not None:
            rows = [[_cell(cell) for cell in row.iter(f"{_A}tc")] for row in table.iter(f"{_A}tr")]
            properties = table.find(f"{_A}tblPr")
            named = properties is not None and properties.get("firstRow") in ("1", "true")
            header = (named and len(rows) > 1) or names_columns(rows)
            self.made.table(([(cell, self.at) for cell in row] for row in rows), header=header)
        for element in shape.iter(f"{_C}chart"):
            self._chart(self._related(element.get(f"{_R}id")))
        for element in shape.iter("{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"):
            root = self._related(element.get(f"{_R}dm"))
            for paragraph in root.iter(f"{_A}p") if root is not None else ():
                self.made.block(Kind.PARAGRAPH, _text_of(paragraph), at=self.at)

    def _text(self, shape: Element) -> None:
        """A text box is paragraphs; the body of a slide is a list."""
        body = _placeholder(shape) in ("body", "obj", "")
        paragraphs = [(paragraph, _text_of(paragraph).strip()) for paragraph in shape.iter(f"{_A}p")]
        items = body and shape.find(f".//{_P}ph") is not None and sum(1 for _, text in paragraphs if text) > 1
        for paragraph, text in paragraphs:
            level = _level(paragraph) if items else 0
            self.made.block(Kind.LIST_ITEM if items else Kind.PARAGRAPH, text, level=level, at=self.at)

    def _chart(self, root: Element | None) -> None:
        """A chart's title, then its numbers as a table: a row for each category, a column for each series."""
        if root is None:
            return
        title = root.find(f"./{_C}chart/{_C}title")
        if title is not None:
            self.made.block(Kind.PARAGRAPH, " ".join(_paragraphs_text(title)), at=self.at)
        series = list(root.iter(f"{_C}ser"))
        names = [" ".join(_points(one.find(f"{_C}tx")).values()) for one in series]
        values = [_points(one.find(f"{_C}val")) for one in series]
        categories = _points(series[0].find(f"{_C}cat")) if series else {}
        places = sorted({place for points in [categories, *values] for place in points})
        rows = [["", *names]] if any(names) else []
        rows += [[categories.get(place, ""), *(points.get(place, "") for points in values)] for place in places]
        self.made.table(([(cell, self.at if cell else None) for cell in row] for row in rows), header=bool(names))

    def _notes(self, root: Element) -> None:
        at = Locator(slide=self.number, part="notes")
        for shape in _shapes(root):
            if shape.tag == f"{_P}sp" and _placeholder(shape) not in _REPEATED:
                self.made.block(Kind.NOTE, "\n".join(_paragraphs_text(shape)), at=at)

    def _related(self, identity: str | None) -> Element | None:
        relation = self.relations.get(identity or "")
        return self.package.optional(relation.target) if relation else None


def _shapes(root: Element) -> Iterator[Element]:
    """Shapes and frames in the order of the file, which is the order of reading, through groups."""
    tree = root.find(f"{_P}cSld/{_P}spTree")
    waiting = [] if tree is None else list(reversed(tree))
    while waiting:
        element = waiting.pop()
        if element.tag in (f"{_P}sp", f"{_P}graphicFrame"):
            yield element
        elif element.tag != _FALLBACK:
            waiting += reversed(element)


def _placeholder(shape: Element) -> str:
    """The type of a placeholder, "" for one without a type and for what is none."""
    found = shape.find(f".//{_P}nvPr/{_P}ph")
    return "" if found is None else found.get("type", "")


def _paragraphs_text(element: Element) -> list[str]:
    return [text for paragraph in element.iter(f"{_A}p") if (text := _text_of(paragraph).strip())]


def _text_of(paragraph: Element) -> str:
    pieces = []
    for element in paragraph.iter(f"{_A}t", f"{_A}br", f"{_A}tab"):
        pieces.append(element.text or "" if element.tag == f"{_A}t" else "\n" if element.tag == f"{_A}br" else " ")
    return "".join(pieces)


def _cell(cell: Element) -> str:
    return " ".join(_paragraphs_text(cell))


def _level(paragraph: Element) -> int:
    properties = paragraph.find(f"{_A}pPr")
    level = "0" if properties is None else properties.get("lvl", "0")
    return 1 + (int(level) if level.isdigit() and len(level) < 3 else 0)


def _points(element: Element | None) -> dict[int, str]:
    """The cached texts or numbers of a series by their index."""
    found = {}
    for point in element.iter(f"{_C}pt") if element is not None else ():
        index, value = point.get("idx", ""), point.find(f"{_C}v")
        if index.isdigit() and value is not None:
            found[int(index)] = value.text or ""
    return found
