"""What a reader gives: a document's text, its structure, and where every character of it came from.

`text` is final. Everything else points into it by character positions (Python's: Unicode code points), so that
`document.text[start:end]` of a passage *is* the passage, for as long as the document is kept. A reader therefore
decides about white space, ligatures and hyphens while it writes the text (`strati.knowledge.builder` helps); nothing
may change the text afterwards.

Decisions a reader can rely on:
- Lines end with "\\n"; blocks are separated by at least one "\\n" that belongs to none of them. NUL and lone surrogates
  do not occur (the builder puts U+FFFD in their place): stores cannot keep them.
- Blocks are in order, do not overlap and are not empty. Text outside of blocks is white space only.
- Marks are in order and do not overlap. What has no place of its own (separators) has no mark. Fine marks are welcome:
  one a line in a PDF, one a cell in a table, one a cue of captions, one a line in plain text.
- A table is one block a row (`Kind.TABLE_ROW`), its cells separated by a tab; `header` is the span of the row that
  holds the column names, for that row itself as well.
- Captions and transcripts are `Kind.CAPTION` blocks whose marks hold `seconds` and `until`.
- Running heads and feet of pages are `Kind.HEADER` and `Kind.FOOTER`: kept, with their place, and not searched.
- Words of the file that stand in no block (navigation of a page, deleted text, hidden parts) are in `left_out`, with
  what they are: nothing is lost silently. `strati.testing.lost_words` compares.
- `path` of a block holds the headings above it, without its own; the builder keeps count.
- Members of containers (attachments of a mail, files in an archive) come as bytes in `attachments`; who called the
  reader reads them, under the same limits. A container may have no text of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from strati.knowledge.locator import Locator


class Kind(StrEnum):
    """What a block is."""

    TITLE = "title"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CAPTION = "caption"
    CODE = "code"
    NOTE = "note"
    HEADER = "header"
    FOOTER = "footer"


class Block(NamedTuple):
    """A piece of the text: `text[start:end]`.

    `level` is 1 to 6 for a heading and the depth (from 1) of a list item, 0 otherwise; `path` the headings above,
    outermost first; `header` the span of a table's row of column names, where it has one.
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    path: tuple[str, ...] = ()
    header: tuple[int, int] | None = None


class Mark(NamedTuple):
    """The characters `start` to `end` stand at this place in the file."""

    start: int
    end: int
    locator: Locator


class LeftOut(NamedTuple):
    """Words of the file that are not in the document's text: `what` they are ("navigation", "deleted text")."""

    what: str
    text: str
    locator: Locator


class Page(NamedTuple):
    """The size of a page in points, as it is shown (after rotation)."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says about itself. Dates are ISO 8601; `language` is a BCP 47 code; `other` what else is told."""

    title: str | None = None
    author: str | None = None
    created: str | None = None
    modified: str | None = None
    language: str | None = None
    other: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a file, not read yet. `name` is what the container calls it: never used as a path to write to."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read: see the head of this file for what holds.

    `reader` is the reader's name and version ("pdf.v1"); `warnings` are whole sentences about what could not be read
    ("page 3 has no text layer"); `pages` the sizes where there are pages.
    """

    name: str
    text: str
    media_type: str
    reader: str
    blocks: tuple[Block, ...] = ()
    marks: tuple[Mark, ...] = ()
    metadata: Metadata = Metadata()
    warnings: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    pages: tuple[Page, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def listed(self) -> Iterator[LeftOut]:
        """Everything of the file that no search finds: running heads and feet, and what is in no block."""
        for block in self.blocks:
            if block.kind in (Kind.HEADER, Kind.FOOTER):
                text = self.text[block.start : block.end]
                yield LeftOut(f"running {block.kind}", text, self.locate(block.start, block.end))
        yield from self.left_out

    def places(self, start: int, end: int) -> tuple[Mark, ...]:
        """The marks that `text[start:end]` touches, cut to it: one a line, cell or cue."""
        return cut(self.marks, start, end)

    def block_at(self, position: int) -> Block | None:
        """The block that holds a character, or the next one after it."""
        number = bisect_right(self.blocks, position, key=lambda block: block.end)
        return self.blocks[number] if number < len(self.blocks) else None

    def locate(self, start: int, end: int) -> Locator:
        """One place for `text[start:end]`: from its first to its last mark, under the headings above its start."""
        block = self.block_at(start)
        path = block.path if block and block.start < end else ()
        return joined(self.places(start, end), path)


def cut(marks: Sequence[Mark], start: int, end: int) -> tuple[Mark, ...]:
    """The marks that `start` to `end` touches, cut to it."""
    first = bisect_right(marks, start, key=lambda mark: mark.end)
    last = bisect_left(marks, end, key=lambda mark: mark.start)
    return tuple(Mark(max(m.start, start), min(m.end, end), m.locator) for m in marks[first:last])


def joined(marks: Sequence[Mark], path: tuple[str, ...] = ()) -> Locator:
    """One place from the first mark to the last, under these headings."""
    if not marks:
        return Locator(path=path)
    found = marks[0].locator
    for mark in marks[1:]:
        found = found.to(mark.locator)
    return replace(found, path=path)


def faults(document: Document) -> Iterator[str]:
    """What is wrong with a document, one sentence each; nothing when it keeps the contract."""
    text = document.text
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        yield "the text holds a NUL or a lone surrogate, expected neither"
    if "\r" in text:
        yield "the text holds a carriage return, expected line ends as \\n"
    yield from _spans("block", [(block.start, block.end) for block in document.blocks], len(text))
    yield from _spans("mark", [(mark.start, mark.end) for mark in document.marks], len(text))
    yield from _outside(document)
    for block in document.blocks:
        if block.header is not None and not 0 <= block.header[0] < block.header[1] <= len(text):
            yield f"the row at {block.start} has the header {block.header}, expected a span of the text"
        if block.kind is Kind.HEADING and not 1 <= block.level <= 6:
            yield f"the heading at {block.start} has level {block.level}, expected 1 to 6"
    if not document.blocks and not document.attachments:
        yield "there is neither text nor an attachment, expected Refused(Reason.EMPTY, ...)"


def _spans(what: str, spans: Sequence[tuple[int, int]], length: int) -> Iterator[str]:
    before = 0
    for start, end in spans:
        if not 0 <= start < end <= length:
            yield f"a {what} spans {start} to {end}, expected a piece of 0 to {length}"
        if start < before:
            yield f"a {what} starts at {start} and the one before it ends at {before}, expected them in order and apart"
        before = end


def _outside(document: Document) -> Iterator[str]:
    position = 0
    for start, end in [*((b.start, b.end) for b in document.blocks), (len(document.text),) * 2]:
        between = document.text[position:start]
        if between.strip():
            yield f"the text {between.strip()[:30]!r} at {position} is in no block, expected white space only"
        if position and start < len(document.text) and "\n" not in between:
            yield f"nothing separates the blocks at {position}, expected a line end"
        position = end
