"""Word documents as drafts: only the text in runs is changed, so all formatting stays.

The document itself comes first, then its footnotes, endnotes, headers and footers. Tables, links, fields, code and
tracked changes are left alone. Every part of the package in which nothing is changed is copied as it is.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from strati.core.errors import DataError
from strati.knowledge.reader import Limits, Refused
from strati.knowledge.readers.package import Element, Package, lxml_etree
from strati.write.proposal import Edit, Span, changed

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-", f"{_W}sym": "\ufffc"}
_LEFT_OUT = {f"{_W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "instrText", "delText", "tbl", "object")}
_SHIELDED = {f"{_W}{name}" for name in ("hyperlink", "fldSimple", "ins", "moveTo", "smartTag")}
_CODE = ("code", "source", "verbatim", "preformatted")
_BREAK = "\n\n"
_PARTS = ("footnotes", "endnotes", "header", "footer")  # what is read after the document, by kind of relation


class _Piece(NamedTuple):
    """Characters of the text and the `w:t` that holds them; None for a sign or a break, which no edit may meet."""

    start: int
    end: int
    element: Element | None
    shielded: bool


@dataclass(frozen=True, slots=True)
class DocxDraft:
    """A Word document. `text` has its paragraphs with an empty line between them, without those in tables.

    `parts` are the roots of the members whose text it is, by name.
    """

    data: bytes
    parts: Mapping[str, Element]
    text: str
    pieces: tuple[_Piece, ...]
    markdown: bool = False

    @classmethod
    def read(cls, path: Path, data: bytes) -> DocxDraft:
        """Read a Word document.

        Raises `DataError` when it is damaged or encrypted, and `MissingExtra` without lxml.
        """
        try:
            package = Package(data, Limits())
            main = package.main_part()
            relations = package.relations(main).values()
            further = [r.target for kind in _PARTS for r in relations if r.kind == kind and r.target in package]
            parts = {name: package.xml(name) for name in dict.fromkeys((main, *further))}
        except Refused as error:
            raise DataError(f"{path} is no Word document that can be read: {error}") from None
        reader = _Reader()
        for root in parts.values():
            for paragraph in _paragraphs(root):
                reader.paragraph(paragraph)
        return cls(data, parts, "".join(reader.text), tuple(reader.pieces))

    @property
    def protected(self) -> tuple[Span, ...]:
        from strati.write.regions import protected

        fixed = [Span(one.start, one.end) for one in self.pieces if one.element is None or one.shielded]
        return tuple(sorted([*fixed, *protected(self.text, markdown=False)]))

    def with_edits(self, edits: Sequence[Edit]) -> bytes:
        if not edits:
            return self.data
        changed(self.text, edits)  # they fit
        etree = lxml_etree()
        texts = {id(one.element): one.element.text or "" for one in self.pieces if one.element is not None}
        kept = dict(texts)
        try:
            for edit in sorted(edits, key=lambda edit: -edit.start):
                self._put(edit)
            other = [
                one.element
                for one in self.pieces
                if one.element is not None and one.element.text != kept[id(one.element)]
            ]
            written = {element.getroottree().getroot() for element in other}
            declared = {"xml_declaration": True, "encoding": "UTF-8", "standalone": True}
            new = {
                name.lower(): etree.tostring(root.getroottree(), **declared)
                for name, root in self.parts.items()
                if root in written
            }
        finally:
            for one in self.pieces:
                if one.element is not None:
                    one.element.text = kept[id(one.element)]
        return _repacked(self.data, new)

    def _put(self, edit: Edit) -> None:
        """The new text goes into the first run that the edit meets; the others lose what was replaced."""
        new = edit.after
        for one in self.pieces:
            inside = one.start < edit.end and edit.start < one.end
            insertion = edit.start == edit.end and one.start <= edit.start <= one.end
            if one.element is None or not (inside or (insertion and new)):
                continue
            old = one.element.text or ""
            first, last = max(edit.start - one.start, 0), min(edit.end, one.end) - one.start
            one.element.text = old[:first] + new + old[last:]
            one.element.set(_SPACE, "preserve")
            new = ""


class _Reader:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.pieces: list[_Piece] = []
        self._at = 0
        self._field = 0

    def paragraph(self, element: Element) -> None:
        if self.text:
            self._add(_BREAK, None, True)
        self._field = 0
        self._collect(element, _is_code(element, "pPr", "pStyle"))

    def _collect(self, element: Element, shielded: bool) -> None:
        for child in element.iterchildren():
            tag = child.tag
            if tag in _LEFT_OUT or not isinstance(tag, str) or tag == f"{_W}txbxContent":
                continue
            if tag == f"{_W}fldChar":
                kind = child.get(f"{_W}fldCharType")
                self._field += {"begin": 1, "end": -1}.get(kind, 0)
            elif tag == f"{_W}t":
                self._add(child.text or "", child, shielded or self._field > 0)
            elif tag in _SIGNS:
                self._add(_SIGNS[tag], None, True)
            elif tag == f"{_W}p":
                continue
            else:
                code = tag == f"{_W}r" and _is_code(child, "rPr", "rStyle")
                self._collect(child, shielded or code or tag in _SHIELDED)

    def _add(self, text: str, element: Element | None, shielded: bool) -> None:
        if text:
            self.text.append(text)
            self.pieces.append(_Piece(self._at, self._at + len(text), element, shielded))
            self._at += len(text)


def _paragraphs(root: Element) -> Iterator[Element]:
    """Paragraphs in the order of the document; those in tables are left out, those in text boxes are not."""
    for child in root.iterchildren():
        if not isinstance(child.tag, str) or child.tag in _LEFT_OUT or child.tag.endswith("}Fallback"):
            continue
        if child.tag == f"{_W}p":
            yield child
        yield from _paragraphs(child)


def _is_code(element: Element, properties: str, style: str) -> bool:
    named = element.find(f"{_W}{properties}/{_W}{style}")
    value = (named.get(f"{_W}val") or "").lower() if named is not None else ""
    return any(word in value for word in _CODE)


def _repacked(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The package with some of its members new, by name in small letters."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        new.comment = old.comment
        for info in old.infolist():
            whole = parts.get(info.filename.lower())
            new.writestr(info, old.read(info) if whole is None else whole, compress_type=info.compress_type)
    return made.getvalue()
