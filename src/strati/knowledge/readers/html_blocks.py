"""From elements of HTML to blocks: headings, paragraphs, lists, tables, code. Shared by web pages, books and mails."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Kind
from strati.knowledge.locator import Locator

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
        if not isinstance(tag, str) or self._unseen(element):
            return
        if depth > DEEP:
            self._text(" ".join(element.itertext()), element)
        elif tag in HEADINGS:
            self._whole(Kind.HEADING, inline_text(element), element, HEADINGS[tag])
        elif tag == "pre":
            self._whole(Kind.CODE, "".join(element.itertext()).strip("\n"), element)
        elif tag == "table" and is_table_of_data(element):
            self._table(element)
        elif tag == "br":
            self._pieces.append("\n")
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
        cells = ([(inline_text(cell), self.at(cell.sourceline or 1)) for cell in row] for row in rows)
        self.made.table(cells, header=named)

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
        elif isinstance(child.tag, str) and child.tag not in UNSEEN:
            apart = " " if child.tag in _BLOCKS else ""
            pieces.append(apart)
            _inline(child, pieces, depth + 1)
            pieces.append(apart)
        pieces.append(re.sub(r"\s+", " ", child.tail or ""))


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
