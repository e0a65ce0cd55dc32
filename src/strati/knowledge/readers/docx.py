"""Word documents (.docx, .docm, .dotx): paragraphs with their numbers, headings, lists, tables, text boxes, notes,
comments, charts and formulas; documents and workbooks inside become files of their own.

Text that was deleted under tracked changes is listed as left out; inserted text is read. A place is the number of the
paragraph or table cell, and the page on which Word drew it when the file was last saved, where the file tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, label
from strati.knowledge.readers.charts import CX, A, C, write_chart
from strati.knowledge.readers.docx_numbering import Numbering, W
from strati.knowledge.readers.formulas import MATH, lowered, office_formula, raised
from strati.knowledge.readers.package import Element, Package, embedded, holds
from strati.knowledge.readers.sheet_tables import names_columns
from strati.knowledge.readers.symbols import symbol

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_VML = "{urn:schemas-microsoft-com:vml}"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SKIPPED = {f"{W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "instrText", "delText", "comment", "sdtPr")}
_SKIPPED |= {f"{_ALTERNATIVES}Fallback", f"{W}object", f"{W}tblPr", f"{W}tcPr", f"{W}trPr"}
_SIGNS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}softHyphen": ""}
_SIGNS |= {f"{W}ptab": "\t"}
_INNER = {f"{W}p", f"{W}tbl"}


class DocxReader:
    """Office Open XML documents."""

    name = "docx"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if holds(data, "[Content_Types].xml", "word/") else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        package = Package(data, limits)
        made = DocumentBuilder(limits)
        body = _Body(package, made)
        body.read()
        made.attachments += embedded(package, body.relations.values(), limits)
        return made.document(name, media_type=_TYPE, reader=label(self), metadata=package.metadata())


class Style(NamedTuple):
    """What a paragraph style says: a heading level (0: none; -1: the title), and the list it numbers in."""

    heading: int = 0
    list: tuple[str, int] | None = None


class _Body:
    def __init__(self, package: Package, made: DocumentBuilder) -> None:
        part = package.main_part()
        self.made = made
        self.root = package.xml(part)
        self.relations = package.relations(part)
        parts = {relation.kind: relation.target for relation in self.relations.values()}
        self.margins = sorted(
            (relation.kind, relation.target)
            for relation in self.relations.values()
            if relation.kind in ("header", "footer") and relation.target in package
        )
        self.package = package
        self.styles = _styles(package.optional(parts.get("styles", "word/styles.xml")))
        self.numbering = Numbering(package.optional(parts.get("numbering", "word/numbering.xml")))
        self.notes = {
            f"{W}{kind}Reference": (kind, _notes(package.optional(parts.get(f"{kind}s", f"word/{kind}s.xml"))))
            for kind in ("footnote", "endnote")
        }
        comments = package.optional(parts.get("comments", "word/comments.xml"))
        self.notes[f"{W}commentReference"] = ("comment", _notes(comments))
        drawn = next(self.root.iter(f"{W}lastRenderedPageBreak"), None)
        self.page = None if drawn is None else 1
        self.paragraph = 0
        self.table = 0

    def read(self) -> None:
        body = self.root.find(f"{W}body")
        for element in _blocks(body if body is not None else self.root):
            if element.tag == f"{W}p":
                self._paragraph(element)
            else:
                self._table(element)
        for kind, part in self.margins:
            root, at = self.package.xml(part), Locator(part=kind)
            text = "\n".join(filter(None, (_text(element) for element in _blocks(root))))
            self.made.block(Kind(kind), text.strip(), at=at)
            for box in root.iter(f"{W}txbxContent"):
                self.made.leave_out(f"running {kind}", " ".join(_text(inner) for inner in _blocks(box)), at)
        self._list_left_out()

    def _list_left_out(self) -> None:
        """What is not read: deleted text, and what stands behind pictures and fields."""
        for element in self.root.iter(f"{W}delText"):
            self.made.leave_out("deleted text", element.text or "", Locator(part="tracked changes"))
        for element in self.root.iter(f"{_DRAWING}docPr"):
            self.made.leave_out("description of a picture", element.get("descr", ""), Locator(part="pictures"))

    def _paragraph(self, element: Element) -> None:
        self.paragraph += 1
        at = Locator(page=self.page, part=f"paragraph {self.paragraph}")
        style, listed = self._style(element)
        text = _text(element).strip()
        number = self.numbering.next(*listed) if listed and text else ""
        text = f"{number} {text}" if number else text
        if style.heading < 0:
            self.made.block(Kind.TITLE, text, at=at)
        elif style.heading:
            self.made.block(Kind.HEADING, text, level=style.heading, at=at)
        elif listed:
            self.made.block(Kind.LIST_ITEM, text, level=listed[1] + 1, at=at)
        else:
            self.made.block(Kind.PARAGRAPH, text, at=at)
        self._beside(element, at)
        if self.page is not None:
            self.page += sum(1 for _ in element.iter(f"{W}lastRenderedPageBreak"))

    def _style(self, element: Element) -> tuple[Style, tuple[str, int] | None]:
        """The paragraph's style, and its list and level where it is in one."""
        own = _properties(element.find(f"{W}pPr"))
        style = self.styles.get(own.style, Style())
        if own.outline:
            style = style._replace(heading=own.outline)
        listed = style.list
        if own.list is not None:
            number, level = own.list
            listed = (
                number or (listed[0] if listed else ""),
                level if level is not None else listed[1] if listed else 0,
            )
        return style, None if listed is None or listed[0] in ("", "0") else listed

    def _beside(self, element: Element, at: Locator) -> None:
        """Text boxes, charts and diagrams that hang on a paragraph, and the notes and comments it refers to."""
        for box in _outermost(element, f"{W}txbxContent"):
            inside = replace(at, part=f"text box at {at.part}")
            text = "\n".join(filter(None, (_text(inner).strip() for inner in _blocks(box))))
            self.made.block(Kind.PARAGRAPH, text, at=inside)
            for inner in _blocks(box):
                self._beside(inner, inside)
        self._drawn(element, at)
        for tag, (kind, notes) in self.notes.items():
            for reference in element.iter(tag):
                number = reference.get(f"{W}id", "")
                self.made.block(Kind.NOTE, notes.get(number, ""), at=replace(at, part=f"{kind} {number}"))

    def _drawn(self, element: Element, at: Locator) -> None:
        """Charts, diagrams and words in shapes, outside of text boxes."""
        for chart in element.iter(f"{C}chart", f"{CX}chart"):
            relation = self.relations.get(chart.get(f"{_OFFICE}id", ""))
            root = self.package.optional(relation.target) if relation else None
            if root is not None and not _inside(chart, f"{W}txbxContent", element):
                write_chart(self.made, root, replace(at, part=f"chart at {at.part}"))
        for diagram in element.iter(f"{_DIAGRAM}relIds"):
            relation = self.relations.get(diagram.get(f"{_OFFICE}dm", ""))
            root = self.package.optional(relation.target) if relation else None
            for paragraph in root.iter(f"{A}p") if root is not None else ():
                text = "".join(piece.text or "" for piece in paragraph.iter(f"{A}t"))
                self.made.block(Kind.PARAGRAPH, text, at=replace(at, part=f"diagram at {at.part}"))
        for path in element.iter(f"{_VML}textpath"):
            self.made.block(Kind.PARAGRAPH, path.get("string", ""), at=at)

    def _table(self, element: Element) -> None:
        rows = [list(_children(row, f"{W}tc")) for row in _children(element, f"{W}tr")]
        if sum(map(len, rows)) == 1:  # a frame around text, not a table
            for inner in _blocks(next(cell for row in rows for cell in row)):
                self._paragraph(inner) if inner.tag == f"{W}p" else self._table(inner)
            return
        self.table += 1
        cells = [self._row(number, row) for number, row in enumerate(_children(element, f"{W}tr"), 1)]
        named = next(element.iter(f"{W}tblHeader"), None) is not None
        self.made.table(cells, header=named or names_columns([[text.strip() for text, _ in row] for row in cells]))
        for row_cells in rows:
            for cell in row_cells:
                self._beside(cell, Locator(page=self.page, part=f"table {self.table}"))
        if self.page is not None:
            self.page += sum(1 for _ in element.iter(f"{W}lastRenderedPageBreak"))

    def _row(self, number: int, row: Element) -> list[tuple[str, Locator | None]]:
        """The cells of a row in their columns: one that spans several is followed by empty ones."""
        cells: list[tuple[str, Locator | None]] = [("", None)] * _span(row.find(f"{W}trPr/{W}gridBefore"), 0)
        for cell in _children(row, f"{W}tc"):
            part = f"table {self.table}, row {number}, column {len(cells) + 1}"
            cells.append((_text(cell), Locator(page=self.page, part=part)))
            cells += [("", None)] * (_span(cell.find(f"{W}tcPr/{W}gridSpan"), 1) - 1)
        return cells


def _span(element: Element | None, otherwise: int) -> int:
    said = "" if element is None else element.get(f"{W}val", "")
    return int(said) if re.fullmatch(r"\d{1,3}", said) else otherwise


def _inside(element: Element, tag: str, top: Element) -> bool:
    """Whether an element below `top` has one of this kind above it."""
    while element is not top and element is not None:
        element = element.getparent()
        if element is not None and element is not top and element.tag == tag:
            return True
    return False


def _blocks(element: Element) -> Iterator[Element]:
    """Paragraphs and tables below an element, through content controls and tracked insertions, none inside another."""
    for child in element:
        if child.tag in _INNER:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _blocks(child)


def _children(element: Element, tag: str) -> Iterator[Element]:
    """Elements of a kind, through content controls."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in _SKIPPED and child.tag not in _INNER:
            yield from _children(child, tag)


def _outermost(element: Element, tag: str) -> Iterator[Element]:
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _outermost(child, tag)


def _text(element: Element) -> str:
    """The text of a paragraph or a cell, without its text boxes; paragraphs in a cell are lines."""
    pieces: list[str] = []
    _collect(element, pieces)
    return "".join(pieces)


def _collect(element: Element, pieces: list[str]) -> None:
    for child in element:
        tag = child.tag
        if tag == f"{W}t":
            pieces.append(_placed(element, pieces, child.text or ""))
        elif tag in _SIGNS:
            pieces.append(_SIGNS[tag])
        elif tag == f"{W}sym":
            pieces.append(symbol(child.get(f"{W}font", ""), child.get(f"{W}char", "")))
        elif tag == f"{W}ddList":
            pieces.append(_chosen(child))
        elif isinstance(tag, str) and tag.startswith(MATH):
            pieces.append(office_formula(child))
        elif tag not in _SKIPPED and tag != f"{W}txbxContent":
            _collect(child, pieces)
            if tag in _INNER:
                pieces.append("\n")


def _placed(run: Element, pieces: list[str], text: str) -> str:
    """The text of a run, raised or lowered as it is shown."""
    align = run.find(f"{W}rPr/{W}vertAlign")
    said = "" if align is None else align.get(f"{W}val", "")
    before = "".join(pieces[-2:])
    return raised(before, text) if said == "superscript" else lowered(before, text) if said == "subscript" else text


def _chosen(choices: Element) -> str:
    """What is chosen in a form field with a list."""
    entries = [entry.get(f"{W}val", "") for entry in choices.findall(f"{W}listEntry")]
    number = _span(choices.find(f"{W}result"), 0)
    return entries[number] if number < len(entries) else ""


class _Properties(NamedTuple):
    style: str = ""
    outline: int = 0
    list: tuple[str, int | None] | None = None
    based_on: str = ""


def _properties(element: Element | None) -> _Properties:
    """What `w:pPr` says itself."""
    if element is None:
        return _Properties()
    style, outline, numbers = (element.find(f"{W}{name}") for name in ("pStyle", "outlineLvl", "numPr"))
    found = None
    if numbers is not None:
        number, level = (numbers.find(f"{W}{name}") for name in ("numId", "ilvl"))
        found = ("" if number is None else number.get(f"{W}val", ""), None if level is None else _level(level, 8))
    return _Properties(
        "" if style is None else style.get(f"{W}val", ""),
        0 if outline is None or _level(outline, 9) > 5 else _level(outline, 5) + 1,
        found,
    )


def _level(element: Element, most: int) -> int:
    text = element.get(f"{W}val", "")
    return min(int(text), most) if re.fullmatch(r"\d{1,4}", text) else 0


def _styles(root: Element | None) -> Mapping[str, Style]:
    """Paragraph styles by id, what they are based on taken in."""
    own: dict[str, tuple[str, _Properties]] = {}
    for style in root.iter(f"{W}style") if root is not None else ():
        name, base = style.find(f"{W}name"), style.find(f"{W}basedOn")
        said = _properties(style.find(f"{W}pPr"))
        said = said._replace(based_on="" if base is None else base.get(f"{W}val", ""))
        own[style.get(f"{W}styleId", "")] = ("" if name is None else name.get(f"{W}val", "").lower(), said)
    return {identity: _inherited(own, identity) for identity in own}


def _inherited(own: Mapping[str, tuple[str, _Properties]], identity: str) -> Style:
    heading, listed = 0, None
    for _ in range(20):  # a style may be based on itself in a damaged file
        if identity not in own:
            break
        name, said = own[identity]
        by_name = re.fullmatch(r"heading (\d)", name)
        heading = heading or (-1 if name == "title" else 0) or (min(int(by_name[1]), 6) if by_name else said.outline)
        if listed is None and said.list is not None and said.list[0]:
            listed = (said.list[0], said.list[1] or 0)
        identity = said.based_on
    return Style(heading, listed)


def _notes(root: Element | None) -> Mapping[str, str]:
    """Footnotes or endnotes by id; separators have no text."""
    if root is None:
        return {}
    return {note.get(f"{W}id", ""): _text(note).strip() for note in root}
