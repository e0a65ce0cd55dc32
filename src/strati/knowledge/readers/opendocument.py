"""OpenDocument texts and presentations (.odt, .odp, flat XML): headings, lists, tables, notes, comments.

A place is the number of the paragraph or table cell, or the slide. Deleted text, running heads and feet and
descriptions of pictures are listed as left out. Spreadsheets (.ods) have a reader of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Attachment, Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.formulas import lowered, math_ml, raised
from strati.knowledge.readers.package import MAGIC, Package, dublin_core, parse_xml
from strati.knowledge.readers.sheet_tables import names_columns

Element = Any  # lxml's, which has no types
_BEGINS = b"mimetypeapplication/vnd.oasis.opendocument."
_FLAT = re.compile(rb"office:mimetype\s*=\s*[\"']application/vnd\.oasis\.opendocument\.(text|presentation|graphics)")
_KINDS = (b"text", b"presentation", b"graphics")
_SPACES = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
_TEXT, _TABLE, _OFFICE, _PRESENTATION = (
    "{" + _SPACES.format(name) + "}" for name in ("text", "table", "office", "presentation")
)
_DRAW, _STYLE = ("{" + _SPACES.format(name) + "}" for name in ("drawing", "style"))
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_WIDEST = 1_000  # columns that a cell may span
_MATH = "{http://www.w3.org/1998/Math/MathML}math"


class OpenDocumentReader:
    """OpenDocument texts, presentations and drawings."""

    name = "opendocument"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        head = data[:4096]
        if data.startswith(MAGIC):
            return float(any(_BEGINS + kind in head for kind in _KINDS))
        return 0.98 if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<") and _FLAT.search(head) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        package = Package(data, limits) if data.startswith(MAGIC) else None
        if package:
            _check_encryption(package)
            content, styles = package.xml("content.xml"), package.optional("styles.xml")
            meta = package.optional("meta.xml")
        else:
            content = styles = meta = parse_xml(data, name)
        made = DocumentBuilder(limits)
        body = _Body(made, content, package)
        slides = next(content.iter(f"{_OFFICE}presentation", f"{_OFFICE}drawing"), None)
        if slides is not None:
            limits.check_pages(len(slides.findall(f"{_DRAW}page")))
            body.slides(slides)
        else:
            text = next(content.iter(f"{_OFFICE}text"), None)
            body.blocks(text if text is not None else content)
        body.margins(styles)
        made.attachments += _embedded(package, limits) if package else []
        kind = "presentation" if slides is not None else "text"
        metadata = Metadata() if meta is None else dublin_core(meta)
        media_type = f"application/vnd.oasis.opendocument.{kind}"
        return made.document(name, media_type=media_type, reader=label(self), metadata=metadata)


class _Body:
    def __init__(self, made: DocumentBuilder, content: Element, package: Package | None) -> None:
        self.made = made
        self.package = package
        self.slide: int | None = None
        self.paragraph = self.table = 0
        self.shifts = dict(_shifts(content))

    def slides(self, root: Element) -> None:
        """Every page: what is marked as its title first, then the rest, then notes."""
        for number, page in enumerate(root.findall(f"{_DRAW}page"), 1):
            self.slide = number
            titles = [frame for frame in page.iter() if frame.get(f"{_PRESENTATION}class") == "title"]
            heading = " ".join(filter(None, (self._plain(frame).strip() for frame in titles)))
            self.made.section()
            self.made.block(Kind.HEADING, heading, level=1, at=self._at(""))
            for element in page:
                if element not in titles and element.tag != f"{_PRESENTATION}notes":
                    self.blocks([element])
            for notes in page.findall(f"{_PRESENTATION}notes"):
                self.made.block(Kind.NOTE, self._plain(notes).strip(), at=self._at("notes"))
        self.slide = None

    def blocks(self, elements: Element, level: int = 0) -> None:
        """Write all blocks below some elements."""
        for element in elements:
            tag = element.tag if isinstance(element.tag, str) else ""
            if tag in (f"{_TEXT}h", f"{_TEXT}p"):
                self._paragraph(element, level)
            elif tag == f"{_TEXT}list":
                self.blocks(element, level + 1)
            elif tag == f"{_TABLE}table":
                self._table(element)
            elif tag == f"{_TEXT}tracked-changes":
                for deleted in element.iter(f"{_TEXT}deletion"):
                    self.made.leave_out("deleted text", self._plain(deleted), Locator(part="tracked changes"))
            elif tag == f"{_OFFICE}annotation":
                self._note("comment", element)
            elif tag == f"{_TEXT}note":
                self._note("footnote", element)
            elif tag in (f"{_SVG}title", f"{_SVG}desc"):
                self.made.leave_out("description of a picture", self._plain(element), self._at("pictures"))
            elif tag == f"{_DRAW}object":
                self._object(element)
            elif tag and not tag.startswith((f"{_OFFICE}forms", f"{_OFFICE}scripts")):
                self.blocks(element, level)

    def margins(self, styles: Element | None) -> None:
        """Running heads and feet, which stand in the master pages."""
        for element in styles.iter() if styles is not None else ():
            name = element.tag.removeprefix(_STYLE) if isinstance(element.tag, str) else ""
            if name.startswith(("header", "footer")) and "properties" not in name and "style" not in name:
                kind = Kind(name[:6])
                self.made.block(kind, self._plain(element).strip(), at=Locator(part=str(kind)))

    def _at(self, part: str) -> Locator:
        told = part if self.slide is None or part == "notes" else ""  # a slide is a place of its own
        return Locator(slide=self.slide, part=told or None)

    def _paragraph(self, element: Element, level: int) -> None:
        self.paragraph += 1
        at = self._at(f"paragraph {self.paragraph}")
        text = self._text(element).strip()
        if element.tag == f"{_TEXT}h":
            said = element.get(f"{_TEXT}outline-level", "1")
            self.made.block(Kind.HEADING, text, level=min(max(int(said) if said.isdigit() else 1, 1), 6), at=at)
        elif level:
            self.made.block(Kind.LIST_ITEM, text, level=level, at=at)
        else:
            self.made.block(Kind.PARAGRAPH, text, at=at)
        for inner in element.iter():
            if inner.tag == f"{_TEXT}note":
                self._note(inner.get(f"{_TEXT}note-class", "footnote"), inner)
            elif inner.tag == f"{_OFFICE}annotation":
                self._note("comment", inner)
        for frame in _frames(element):
            self.blocks(frame)

    def _note(self, kind: str, element: Element) -> None:
        bodies = element.findall(f"{_TEXT}note-body") or [element]
        text = "\n".join(self._text(p).strip() for body in bodies for p in body.iter(f"{_TEXT}p"))
        self.made.block(Kind.NOTE, text, at=self._at(f"{kind} at paragraph {self.paragraph}"))

    def _object(self, element: Element) -> None:
        """A formula or a chart; a document of its own is read as a file."""
        for formula in element.iter(_MATH):
            self.made.block(Kind.PARAGRAPH, math_ml(formula), at=self._at("formula"))
        part = f"{element.get(_LINK, '').removeprefix('./')}/content.xml"
        root = self.package.optional(part) if self.package else None
        if root is None:
            return
        if root.tag == _MATH:
            self.made.block(Kind.PARAGRAPH, math_ml(root), at=self._at("formula"))
        else:
            self.blocks(root)

    def _table(self, element: Element) -> None:
        self.table += 1
        rows = [self._row(row) for row in element.iter(f"{_TABLE}table-row")]
        cells: list[list[tuple[str, Locator | None]]] = [
            [
                (text, self._at(f"table {self.table}, row {row}, column {column}") if text else None)
                for column, text in enumerate(found, 1)
            ]
            for row, found in enumerate(rows, 1)
        ]
        named = next(element.iter(f"{_TABLE}table-header-rows"), None) is not None
        self.made.table(cells, header=(named and len(rows) > 1) or names_columns(rows))

    def _row(self, row: Element) -> list[str]:
        found: list[str] = []
        for cell in row:
            if cell.tag == f"{_TABLE}table-cell":
                times = min(_number(cell, f"{_TABLE}number-columns-repeated"), _WIDEST)
                found += [self._plain(cell).strip()] * times
            elif cell.tag == f"{_TABLE}covered-table-cell":
                found += [""] * min(_number(cell, f"{_TABLE}number-columns-repeated"), _WIDEST)
        while found and not found[-1]:
            found.pop()
        return found

    def _plain(self, element: Element) -> str:
        """Everything below an element in lines."""
        own = element.tag in (f"{_TEXT}p", f"{_TEXT}h")
        paragraphs = [element] if own else list(element.iter(f"{_TEXT}p", f"{_TEXT}h"))
        if not paragraphs:
            return self._text(element)
        return "\n".join(self._text(paragraph, whole=True) for paragraph in paragraphs)

    def _text(self, element: Element, *, whole: bool = False) -> str:
        pieces: list[str] = []
        self._collect(element, pieces, whole)
        return "".join(pieces)

    def _collect(self, element: Element, pieces: list[str], whole: bool) -> None:
        pieces.append(re.sub(r"[ \t\r\n]+", " ", element.text or ""))
        for child in element:
            self._child(child, pieces, whole)
            pieces.append(re.sub(r"[ \t\r\n]+", " ", child.tail or ""))

    def _child(self, child: Element, pieces: list[str], whole: bool) -> None:
        tag = child.tag
        if tag == f"{_TEXT}s":
            pieces.append(" " * min(_number(child, f"{_TEXT}c"), 100))
        elif tag == f"{_TEXT}tab":
            pieces.append("\t")
        elif tag == f"{_TEXT}line-break":
            pieces.append("\n")
        elif tag == f"{_TEXT}span":
            inner: list[str] = []
            self._collect(child, inner, whole)
            text, shift = "".join(inner), self.shifts.get(child.get(f"{_TEXT}style-name", ""), 0)
            before = "".join(pieces[-3:])
            pieces.append(raised(before, text) if shift > 0 else lowered(before, text) if shift < 0 else text)
        elif tag in (f"{_TEXT}note", f"{_OFFICE}annotation", f"{_TEXT}p", f"{_TEXT}h") or _is_frame(child):
            return  # written on their own
        elif isinstance(tag, str):
            self._collect(child, pieces, whole)


def _is_frame(element: Element) -> bool:
    return isinstance(element.tag, str) and element.tag.startswith(_DRAW) and element.tag != f"{_DRAW}a"


def _frames(element: Element) -> Iterator[Element]:
    """Frames, shapes and text boxes that hang on a paragraph, none inside another."""
    for child in element:
        if _is_frame(child):
            yield child
        elif child.tag not in (f"{_TEXT}note", f"{_OFFICE}annotation"):
            yield from _frames(child)


def _shifts(content: Element) -> Iterator[tuple[str, int]]:
    """The styles that raise or lower text."""
    for style in content.iter(f"{_STYLE}style"):
        for properties in style.iter(f"{_STYLE}text-properties"):
            said = properties.get(f"{_STYLE}text-position", "")
            if said.startswith(("super", "sub")) or re.match(r"-?[1-9]", said):
                yield style.get(f"{_STYLE}name", ""), -1 if said.startswith(("sub", "-")) else 1


def _number(element: Element, name: str) -> int:
    said = element.get(name, "1")
    return int(said) if re.fullmatch(r"\d{1,6}", said) else 1


def _embedded(package: Package, limits: Limits) -> Iterator[Attachment]:
    """Objects of other programs, which are files in the package."""
    size = 0
    for name in package.names:
        if re.fullmatch(r"(?:\./)?Object [^/]*", name):
            data = package.read(name)
            size += len(data)
            limits.check_expanded(size)
            yield Attachment(name.rpartition("/")[2], data)


def _check_encryption(package: Package) -> None:
    name = "META-INF/manifest.xml"
    if name in package and b"encryption-data" in package.read(name):
        raise Refused(Reason.ENCRYPTED, "a password is needed to open it")
