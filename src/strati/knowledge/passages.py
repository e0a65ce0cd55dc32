"""Cuts a document into passages: what is indexed, found, and cited.

A passage is a contiguous piece of the document's text, `text[start:end]`, made of whole sentences, rows or cues where
they fit. It never crosses a heading, and is sized for an embedder's window: sections longer than that are cut into
about equal parts. Running heads and feet of pages are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from strati.knowledge.document import Block, Document, Kind
from strati.knowledge.sentences import sentences

VERSION = "2"
_CLASS = {Kind.TABLE_ROW: "table", Kind.CAPTION: "caption", Kind.CODE: "code", Kind.NOTE: "note"}
_LEFT_OUT = {Kind.HEADER, Kind.FOOTER}
_HEADINGS = {Kind.TITLE, Kind.HEADING}
_LATIN_PER_TOKEN = 4.5
_TOKENS_PER_EXTRA_BYTE = 0.4


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long passages may be, in estimated tokens; `table` for rows of tables. `pause` (seconds) parts captions."""

    text: int = 200
    table: int = 100
    pause: float = 6.0

    @property
    def version(self) -> str:
        """Passages of another version or size are cut again."""
        return f"{VERSION}:{self.text}:{self.table}:{self.pause:g}"


SIZES = Sizes()


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: `text[start:end]`.

    `position` counts from 0 in the document; `kind` is text, table, caption, code or note; `path` the headings above
    and in it; `header` the column names of a table when they stand elsewhere, else "".
    """

    position: int
    start: int
    end: int
    kind: str
    path: tuple[str, ...] = ()
    header: str = ""


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is not cut any more: a sentence, a row, a cue, a heading."""

    start: int
    end: int
    tokens: float
    heading: bool
    seconds: float | None = None
    until: float | None = None


def tokens(text: str) -> float:
    """About how many tokens a multilingual word-piece vocabulary makes of a text."""
    extra = 0 if text.isascii() else len(text.encode("utf-8", "replace")) - len(text)
    return len(text) / _LATIN_PER_TOKEN + extra * _TOKENS_PER_EXTRA_BYTE


def passages(document: Document, sizes: Sizes = SIZES) -> list[Passage]:
    """The passages of a document in their order; they do not overlap."""
    found: list[Passage] = []
    for section in _sections(document):
        for kind, blocks in _runs(section):
            limit = sizes.table if kind == "table" else sizes.text
            units = [unit for block in blocks for unit in _units(document, block, limit)]
            path, header = _path(blocks), blocks[-1].header
            for group in _groups(units, limit, sizes.pause):
                start, end = group[0].start, group[-1].end
                outside = header is not None and not start <= header[0] < end
                names = document.text[header[0] : header[1]] if header and outside else ""
                found.append(Passage(len(found), start, end, kind, path, names))
    return found


def _sections(document: Document) -> Iterator[list[Block]]:
    """Blocks from one heading, slide or sheet to the next; headings that follow each other stay together."""
    section: list[Block] = []
    sheets = any(mark.locator.slide is not None or mark.locator.sheet is not None for mark in document.marks[:2])
    here = None
    for block in document.blocks:
        broken = block.kind in _LEFT_OUT
        begins = block.kind in _HEADINGS and any(b.kind not in _HEADINGS for b in section)
        if sheets:
            before, here = here, _sheet(document, block)
            begins = begins or (bool(section) and here != before)
        if (broken or begins) and section:
            yield section
            section = []
        if not broken:
            section.append(block)
    if section:
        yield section


def _sheet(document: Document, block: Block) -> tuple[int | None, str | None]:
    place = document.locate(block.start, block.end)
    return place.slide, place.sheet


def _runs(section: list[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Neighbours of one class, and one table; headings go with what follows them."""
    leading = [block for block in section if block.kind in _HEADINGS]
    rest = section[len(leading) :]
    if not rest:
        yield "text", leading
        return
    for (kind, _), group in groupby(rest, key=lambda block: (_CLASS.get(block.kind, "text"), block.header)):
        yield kind, [*leading, *group]
        leading = []


def _path(blocks: Sequence[Block]) -> tuple[str, ...]:
    return blocks[-1].path


def _units(document: Document, block: Block, limit: int) -> Iterator[_Unit]:
    text = document.text
    heading = block.kind in _HEADINGS
    seconds = until = None
    if block.kind is Kind.CAPTION:
        place = document.locate(block.start, block.end)
        seconds, until = place.seconds, place.until
    whole = tokens(text[block.start : block.end])
    if whole <= limit / 4 or heading or block.kind in (Kind.TABLE_ROW, Kind.CAPTION):
        pieces: Iterator[tuple[int, int]] = iter([(block.start, block.end)])
    elif block.kind is Kind.CODE:
        pieces = _lines(text, block.start, block.end)
    else:
        pieces = sentences(text, block.start, block.end)
    for start, end in pieces:
        for first, last in _cut(text, start, end, limit):
            yield _Unit(first, last, tokens(text[first:last]), heading, seconds, until)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in re.compile(r"[^\n]*\S[^\n]*").finditer(text, start, end):
        yield found.span()


def _cut(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """A piece longer than the limit in about equal parts, at blanks where there are any."""
    size = tokens(text[start:end])
    if size <= limit:
        yield start, end
        return
    length = math.ceil((end - start) / math.ceil(size / limit))
    while end - start > length:
        at = max(text.rfind(blank, start + length // 2, start + length) for blank in (" ", "\n", "\t"))
        at = start + length if at < 0 else at
        yield start, at
        start = at
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end


def _groups(units: list[_Unit], limit: int, pause: float) -> Iterator[list[_Unit]]:
    """Units in a row, about equally large, none above the limit."""
    total = sum(unit.tokens for unit in units)
    aim = total / max(1, math.ceil(total / limit))
    group: list[_Unit] = []
    size = done = 0.0
    edge = aim
    for unit in units:
        only_headings = all(one.heading for one in group)
        full = size + unit.tokens > limit or done + unit.tokens / 2 >= edge
        if group and not only_headings and (full or _after_pause(group, unit, pause)):
            yield group
            group, size = [], 0.0
            edge = max(edge, done) + aim
        group.append(unit)
        size += unit.tokens
        done += unit.tokens
    if group:
        yield group


def _after_pause(group: list[_Unit], unit: _Unit, pause: float) -> bool:
    spoken = max((one.until for one in group if one.until is not None), default=None)
    return spoken is not None and unit.seconds is not None and unit.seconds - spoken > pause
