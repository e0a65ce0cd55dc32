"""Word documents (.docx, .docm, .dotx): paragraphs with their numbers, headings, lists, tables, text boxes, notes.

Text that was deleted under tracked changes, comments and field codes are left out; inserted text is read. A place is
the number of the paragraph or table cell, and the page on which Word drew it when the file was last saved, where the
file tells.
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
from strati.knowledge.readers.docx_numbering import Numbering, W
from strati.knowledge.readers.package import Element, Package, holds
from strati.knowledge.readers.sheet_tables import names_columns

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SKIPPED = {f"{W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "instrText", "delText", "comment", "sdtPr")}
_SKIPPED |= {f"{_ALTERNATIVES}Fallback", f"{W}object", f"{W}tblPr", f"{W}tcPr", f"{W}trPr"}
_SIGNS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}softHyphen": ""}
_BEFORE = {f"{_MATH}den": "/", f"{_MATH}sup": "^", f"{_MATH}sub": "_"}
_INNER = {f"{W}p", f"{W}tbl"}


class DocxReader:
    """Office Open XML documents."""

    name = "docx"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if holds(data, "[Content_Types].xml", "word/") else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        package = Package(data, limits)
        made = DocumentBuilder(limits)
        _Body(package, made).read()
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
        parts = {relation.kind: relation.target for relation in package.relations(part).values()}
        self.margins = sorted(
            (relation.kind, relation.target)
            for relation in package.relations(part).values()
            if relation.kind in ("header", "footer") and relation.target in package
        )
        self.package = package
        self.styles = _styles(package.optional(parts.get("styles", "word/styles.xml")))
        self.numbering = Numbering(package.optional(parts.get("numbering", "word/numbering.xml")))
        self.notes = {
            f"{W}{kind}Reference": (kind, _notes(package.optional(parts.get(f"{kind}s", f"word/{kind}s.xml"))))
            for kind in ("footnote", "endnote")
        }
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
            text = "\n".join(filter(None, (_text(element) for element in _blocks(self.package.xml(part)))))
            self.made.block(Kind(kind), text.strip(), at=Locator(part=kind))

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
        """Text boxes that hang on a paragraph, and the notes it refers to."""
        for box in _outermost(element, f"{W}txbxContent"):
            text = "\n".join(filter(None, (_text(inner).strip() for inner in _blocks(box))))
            self.made.block(Kind.PARAGRAPH, text, at=replace(at, part=f"text box at {at.part}"))
        for tag, (kind, notes) in self.notes.items():
            for reference in element.iter(tag):
                number = reference.get(f"{W}id", "")
                self.made.block(Kind.NOTE, notes.get(number, ""), at=replace(at, part=f"{kind} {number}"))

    def _table(self, element: Element) -> None:
        rows = [list(_children(row, f"{W}tc")) for row in _children(element, f"{W}tr")]
        if sum(map(len, rows)) == 1:  # a frame around text, not a table
            for inner in _blocks(next(cell for row in rows for cell in row)):
                self._paragraph(inner) if inner.tag == f"{W}p" else self._table(inner)
            return
        self.table += 1
        table = self.table
        cells: list[list[tuple[str, Locator | None]]] = []
        for row, found in enumerate(rows, 1):
            places = [
                Locator(page=self.page, part=f"table {table}, row {row}, column {n}") for n in range(1, len(found) + 1)
            ]
            cells.append([(_text(cell), at) for cell, at in zip(found, places, strict=True)])
        named = next(element.iter(f"{W}tblHeader"), None) is not None
        self.made.table(cells, header=named or names_columns([[text.strip() for text, _ in row] for row in cells]))
        for row_cells in rows:
            for cell in row_cells:
                self._beside(cell, Locator(page=self.page, part=f"table {table}"))
        if self.page is not None:
            self.page += sum(1 for _ in element.iter(f"{W}lastRenderedPageBreak"))


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
        if tag == f"{W}t" or tag == f"{_MATH}t":
            pieces.append(child.text or "")
        elif tag in _SIGNS:
            pieces.append(_SIGNS[tag])
        elif tag not in _SKIPPED and tag != f"{W}txbxContent":
            pieces.append(_BEFORE.get(tag, ""))
            _collect(child, pieces)
            if tag in _INNER:
                pieces.append("\n")


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
