"""From elements of HTML to blocks: headings, paragraphs, lists, tables, code. Shared by web pages, books and mails."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Kind
from strati.knowledge.locator import Locator
from strati.knowledge.readers.formulas import lowered, math_ml, raised

Element = Any  # lxml's, which has no types
DEEP = 200  # elements nested deeper are read as plain text

HEADINGS = {f"h{level}": level for level in range(1, 7)}
UNSEEN = {"script", "style", "noscript", "template", "svg", "iframe", "object", "head", "select", "textarea", "audio"}
UNSEEN |= {"video", "canvas", "datalist", "map", "input"}
_BLOCKS = {"address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div"}
_BLOCKS |= {
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "hgroup",
    "hr",
    "html",
    "legend",
}
_BLOCKS |= {"main", "menu", "nav", "ol", "p", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead"}
_BLOCKS |= {"legend", "tr", "ul", "button", "option", "li", "pre", "title", "search"}
_SILENT = {"script", "style", "head", "map", "datalist"}  # nothing in them is shown to anyone
_FIELDS = {"select", "textarea", "input"}
_MOST_SPANNED = 1_000  # columns or rows, as browsers have it
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


class HtmlBlocks:
    """Writes the content of elements into a document, in the order of the source.

    `at` makes a place from a line of the source; elements in `without` are left out.
    """

    def __init__(
        self, made: DocumentBuilder, at: Callable[[int], Locator], without: Collection[Element] = frozenset()
    ) -> None:
        self.made = made
        self.at = at
        self.without = without
        self._pieces: list[str] = []
        self._line = 0
        self._list = 0
        self._kind = Kind.PARAGRAPH

    def write(self, element: Element) -> None:
        """Write an element and all in it."""
        self._walk(element, 0)
        self._flush()

    def _walk(self, element: Element, depth: int) -> None:
        tag = element.tag
        if not isinstance(tag, str):
            return
        if self._unseen(element):
            self._leave_out(element)
        elif depth > DEEP:
            self._text(" ".join(element.itertext()), element)
        elif tag in HEADINGS:
            self._whole(Kind.HEADING, inline_text(element), element, HEADINGS[tag])
        elif tag == "pre":
            self._whole(Kind.CODE, "".join(element.itertext()).strip("\n"), element)
        elif tag == "table" and is_table_of_data(element):
            self._table(element)
        elif tag == "br":
            self._pieces.append("\n")
        elif tag in _INLINE:
            self._text(_INLINE[tag]("".join(self._pieces[-2:]), element), element)
        elif tag == "img":
            self._leave_out(element)
        elif tag in ("ul", "ol", "menu", "li"):
            self._in_list(element, tag, depth)
        elif tag in _BLOCKS:
            self._flush()
            self._children(element, depth)
            self._flush()
        else:
            self._children(element, depth)

    def _children(self, element: Element, depth: int) -> None:
        self._text(element.text, element)
        for child in element:
            self._walk(child, depth + 1)
            self._text(child.tail, child)

    def _in_list(self, element: Element, tag: str, depth: int) -> None:
        self._flush()
        before = self._list, self._kind
        if tag == "li":
            self._kind = Kind.LIST_ITEM
        else:
            self._list += 1
        self._children(element, depth)
        self._flush()
        self._list, self._kind = before

    def _text(self, text: str | None, element: Element) -> None:
        if not text:
            return
        if not self._pieces and text.strip():
            self._line = element.sourceline or 1
        if self._pieces or text.strip():
            self._pieces.append(re.sub(r"\s+", " ", text))

    def _flush(self) -> None:
        text = tidy("".join(self._pieces))
        self._pieces = []
        if text:
            level = max(self._list, 1) if self._kind is Kind.LIST_ITEM else 0
            self.made.block(self._kind, text, level=level, at=self.at(self._line))

    def _whole(self, kind: Kind, text: str, element: Element, level: int = 0) -> None:
        self._flush()
        self.made.block(kind, text, level=level, at=self.at(element.sourceline or 1))
        self._list_inside(element)

    def _table(self, element: Element) -> None:
        self._flush()
        for caption in element.findall("caption"):
            self._whole(Kind.PARAGRAPH, inline_text(caption), caption)
        rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in _rows(element)]
        rows = [row for row in rows if row]
        first = rows[0][0].getparent() if rows else None
        in_head = first is not None and first.getparent().tag == "thead"
        named = (
            bool(rows)
            and len(rows) > 1
            and (in_head or (all(cell.tag == "th" for cell in rows[0]) and len(rows[0]) > 1))
        )
        self.made.table(map(self._cells, in_columns(rows)), header=named)
        self._list_inside(element)

    def _cells(self, row: Sequence[Element | None]) -> list[tuple[str, Locator | None]]:
        return [("", None) if cell is None else (inline_text(cell), self.at(cell.sourceline or 1)) for cell in row]

    def _list_inside(self, element: Element) -> None:
        """List what `inline_text` leaves out."""
        for inner in element.iterdescendants():
            if inner.tag in UNSEEN or inner.tag == "img":
                self._leave_out(inner)

    def _leave_out(self, element: Element) -> None:
        """List an element that is left out, with what it is."""
        tag = element.tag
        at = self.at(element.sourceline or 1)
        if tag in ("img", "input"):
            what = "description of a picture" if tag == "img" else "form field"
            self.made.leave_out(what, element.get("alt" if tag == "img" else "value", ""), at)
        elif tag not in _SILENT:
            aside = "beside the content" if element in self.without else "hidden part"
            self.made.leave_out("form field" if tag in _FIELDS else aside, words_of(element), at)

    def _unseen(self, element: Element) -> bool:
        if element.tag in UNSEEN or element in self.without or "hidden" in element.attrib:
            return True
        return bool(_HIDDEN.search(element.get("style", "")))


def is_table_of_data(table: Element) -> bool:
    """False for tables that only lay out a page: nested ones, one column, headings or lists of paragraphs inside."""
    if table.get("role") in ("presentation", "none") or next(table.iterdescendants("table"), None) is not None:
        return False
    if next(table.iterdescendants(*HEADINGS, "form"), None) is not None:
        return False
    return any(sum(cell.tag in ("td", "th") for cell in row) > 1 for row in _rows(table))


def inline_text(element: Element) -> str:
    """The text of an element in one piece; line breaks stay.

    >>> from lxml import html
    >>> inline_text(html.fromstring("<h1>Terms <em>of</em>  use<br>2024</h1>"))
    'Terms of use\\n2024'
    """
    pieces: list[str] = []
    _inline(element, pieces, 0)
    return tidy("".join(pieces))


def _inline(element: Element, pieces: list[str], depth: int) -> None:
    if depth > DEEP:
        pieces += element.itertext()
        return
    pieces.append(re.sub(r"\s+", " ", element.text or ""))
    for child in element:
        if child.tag == "br":
            pieces.append("\n")
        elif child.tag in _INLINE:
            pieces.append(_INLINE[child.tag]("".join(pieces[-2:]), child))
        elif isinstance(child.tag, str) and child.tag not in UNSEEN:
            apart = " " if child.tag in _BLOCKS else ""
            pieces.append(apart)
            _inline(child, pieces, depth + 1)
            pieces.append(apart)
        pieces.append(re.sub(r"\s+", " ", child.tail or ""))


_INLINE: Mapping[str, Callable[[str, Element], str]] = {
    "sup": lambda before, element: raised(before, inline_text(element)),
    "sub": lambda before, element: lowered(before, inline_text(element)),
    "math": lambda before, element: f" {math_ml(element)} ",
}


def words_of(element: Element) -> str:
    """Every word below an element, shown or not; without scripts."""
    pieces = [] if element.tag in _SILENT else [element.text or ""]
    for child in element.iterdescendants():
        pieces += [" ", child.text or ""] if child.tag not in _SILENT else []
        pieces += [" ", child.tail or ""]
    return " ".join("".join(pieces).split())


def in_columns(rows: Sequence[Sequence[Element]]) -> Iterator[list[Element | None]]:
    """The cells of each row in their columns: None where another cell reaches over."""
    reaching: dict[int, int] = {}  # column -> rows that a cell above still covers
    for row in rows:
        found: list[Element | None] = []
        for cell in row:
            while reaching.get(len(found), 0) > 0:
                found.append(None)
            width, height = _span(cell, "colspan"), _span(cell, "rowspan")
            for column in range(len(found), len(found) + width):
                reaching[column] = height
            found += [cell, *[None] * (width - 1)]
        last = max((column for column, left in reaching.items() if left > 0), default=-1)
        found += [None] * (last + 1 - len(found))
        yield found
        reaching = {column: left - 1 for column, left in reaching.items() if left > 1}


def _span(cell: Element, name: str) -> int:
    said = cell.get(name, "1").strip()
    if name == "rowspan" and said == "0":
        return _MOST_SPANNED
    return min(max(int(said), 1), _MOST_SPANNED) if re.fullmatch(r"\d{1,9}", said, re.ASCII) else 1


def tidy(text: str) -> str:
    """One blank where there were several, none around line breaks and at the ends; no marks that are not seen."""
    text = re.sub("[\u00ad\u200b\ufeff]", "", text)
    return re.sub(r" *\n *", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()


def _rows(table: Element) -> Iterator[Element]:
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child if row.tag == "tr")
