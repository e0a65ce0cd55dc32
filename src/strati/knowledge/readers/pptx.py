"""Presentations (.pptx, .pptm, .potx): titles, texts, tables, charts, diagrams, notes and comments of every slide.

What stands on a slide because its layout or master has it, feet and descriptions of pictures are listed as left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, label
from strati.knowledge.readers.charts import CX, C, write_chart
from strati.knowledge.readers.formulas import MATH, lowered, office_formula, raised
from strati.knowledge.readers.package import Package, Relation, embedded, holds
from strati.knowledge.readers.sheet_tables import names_columns

Element = Any
_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TITLES = {"title", "ctrTitle"}
_REPEATED = {"dt", "ftr", "sldNum", "hdr", "sldImg"}  # placeholders that every slide has


class PptxReader:
    """Office Open XML presentations."""

    name = "pptx"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if holds(data, "[Content_Types].xml", "ppt/") else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        package = Package(data, limits)
        part = package.main_part()
        relations = package.relations(part)
        listed = [item.get(f"{_R}id", "") for item in package.xml(part).iter(f"{_P}sldId")]
        limits.check_pages(len(listed))
        made = DocumentBuilder(limits)
        layouts: set[str] = set()
        for number, identity in enumerate(listed, 1):
            if identity in relations and relations[identity].target in package:
                slide = _Slide(package, relations[identity].target, number, made)
                slide.read()
                made.attachments += embedded(package, slide.relations.values(), limits, made.attachments)
                drawn = {relation.target for relation in slide.relations.values() if relation.kind == "slideLayout"}
                _list_layouts(package, drawn - layouts, made)
                layouts |= drawn
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
        if not any(_paragraphs_text(shape) for shape in titles):
            self.made.section()
        for shape in titles:
            self.made.block(Kind.HEADING, " ".join(_paragraphs_text(shape)), level=1, at=self.at)
        for shape in shapes:
            if _placeholder(shape) in _REPEATED:
                self.made.leave_out("foot of the slide", " ".join(_paragraphs_text(shape)), self.at)
            elif shape not in titles:
                self._shape(shape)
        for drawing in self.root.iter(f"{_P}cNvPr"):
            self.made.leave_out("description of a picture", drawing.get("descr", ""), self.at)
        for relation in self.relations.values():
            if relation.kind == "notesSlide" and relation.target in self.package:
                self._notes(self.package.xml(relation.target))
            elif relation.kind == "comments" and relation.target in self.package:
                self._comments(self.package.xml(relation.target))

    def _shape(self, shape: Element) -> None:
        if shape.tag == f"{_P}sp":
            self._text(shape)
            return
        table = next(shape.iter(f"{_A}tbl"), None)
        if table is not None:
            rows = [[_cell(cell) for cell in row.iter(f"{_A}tc")] for row in table.iter(f"{_A}tr")]  # spans have cells
            properties = table.find(f"{_A}tblPr")
            named = properties is not None and properties.get("firstRow") in ("1", "true")
            header = (named and len(rows) > 1) or names_columns(rows)
            self.made.table(([(cell, self.at) for cell in row] for row in rows), header=header)
        for element in shape.iter(f"{C}chart", f"{CX}chart"):
            chart = self._related(element.get(f"{_R}id"))
            if chart is not None:
                write_chart(self.made, chart, self.at)
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

    def _notes(self, root: Element) -> None:
        at = Locator(slide=self.number, part="notes")
        for shape in _shapes(root):
            if shape.tag == f"{_P}sp" and _placeholder(shape) not in _REPEATED:
                self.made.block(Kind.NOTE, "\n".join(_paragraphs_text(shape)), at=at)

    def _comments(self, root: Element) -> None:
        """Comments of both kinds: PowerPoint's of today hold paragraphs, those of old a text."""
        at = Locator(slide=self.number, part="comment")
        for element in root.iter():
            if not isinstance(element.tag, str):
                continue
            if element.tag.endswith("}txBody"):
                self.made.block(Kind.NOTE, "\n".join(_paragraphs_text(element)), at=at)
            elif element.tag == f"{_P}text":
                self.made.block(Kind.NOTE, element.text or "", at=at)

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
    pieces: list[str] = []
    _collect(paragraph, pieces)
    return "".join(pieces)


def _collect(element: Element, pieces: list[str]) -> None:
    for child in element:
        if child.tag in (f"{_A}r", f"{_A}fld"):
            text = "".join(piece.text or "" for piece in child.findall(f"{_A}t"))
            pieces.append(_placed(child, "".join(pieces[-2:]), text))
        elif child.tag == f"{_A}br":
            pieces.append("\n")
        elif child.tag == f"{_A}tab":
            pieces.append(" ")
        elif isinstance(child.tag, str) and child.tag.startswith(MATH):
            pieces.append(office_formula(child))
        elif child.tag != _FALLBACK:
            _collect(child, pieces)


def _placed(run: Element, before: str, text: str) -> str:
    """The text of a run, raised or lowered as it is shown."""
    properties = run.find(f"{_A}rPr")
    baseline = "0" if properties is None else properties.get("baseline", "0")
    if baseline in ("0", "0%"):
        return text
    return lowered(before, text) if baseline.startswith("-") else raised(before, text)


def _cell(cell: Element) -> str:
    return " ".join(_paragraphs_text(cell))


def _level(paragraph: Element) -> int:
    properties = paragraph.find(f"{_A}pPr")
    level = "0" if properties is None else properties.get("lvl", "0")
    return 1 + (int(level) if level.isdigit() and len(level) < 3 else 0)


def _list_layouts(package: Package, parts: set[str], made: DocumentBuilder) -> None:
    """List what layouts and their masters draw on the slides themselves; the prompts of placeholders are not shown."""
    for part in sorted(parts):
        if part not in package:
            continue
        masters = (relation.target for relation in package.relations(part).values() if relation.kind == "slideMaster")
        for drawn in [part, *(master for master in masters if master in package)]:
            for shape in _shapes(package.xml(drawn)):
                if shape.find(f".//{_P}nvPr/{_P}ph") is None:
                    made.leave_out("drawn on every slide", " ".join(_paragraphs_text(shape)), Locator(part="layout"))
