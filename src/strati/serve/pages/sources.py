"""A cited place as a page: the text around it, the PDF page with the box drawn, the table with the cell lit."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from strati.core.identity import sha256_of
from strati.knowledge.document import Block, Document, Kind
from strati.knowledge.locator import Box
from strati.knowledge.store.contract import Entry

AROUND = 3000  # characters before and after
ROWS = 15  # rows of a table before and after
CAPTIONS = (".vtt", ".srt", ".sbv", ".ttml", ".dfxp")
MEDIA = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".ogv": "video/ogg",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
}
"""Recordings that browsers play, by the end of their name."""


@dataclass(frozen=True, slots=True)
class PageView:
    """A page with boxes, in points."""

    number: int
    count: int
    width: float
    height: float
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class CellView:
    text: str
    cited: bool


@dataclass(frozen=True, slots=True)
class RowView:
    place: str
    cited: bool
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class MediaView:
    """A recording, and the second at which it is to begin; `kind` is "audio" or "video"."""

    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SourceView:
    """What the page shows of a place."""

    before: str
    cited: str
    after: str
    before_cut: bool
    after_cut: bool
    place: str
    page: PageView | None = None
    table: tuple[RowView, ...] = ()
    media: MediaView | None = None
    note: str = ""


def source_view(entry: Entry, document: Document, start: int, end: int) -> SourceView:
    """The place `start` to `end` of a document; without a place, its beginning."""
    start, end = max(0, min(start, len(document.text))), max(0, min(end, len(document.text)))
    start, end = (start, end) if start < end else (0, 0)
    first, last = max(0, start - AROUND), min(len(document.text), max(end, start) + AROUND)
    place = str(document.locate(start, end)) if end else ""
    text = document.text
    page = _page(document, start, end) if end or document.pages else None
    note = "" if page is None else why_no_image(entry)
    recording = recording_of(entry)
    return SourceView(
        text[first:start],
        text[start:end],
        text[end:last],
        first > 0,
        last < len(text),
        place,
        None if note else page,
        _table(document, start, end) if end else (),
        None if recording is None else MediaView(_media_type(recording).split("/")[0], _second(document, start, end)),
        note,
    )


def recording_of(entry: Entry) -> Path | None:
    """The recording that a document was made of, where it is as it was read.

    A file of captions has the recording beside it that has its name: `talk.mp4` (or `.mp3`, `.webm`, ...) for
    `talk.vtt` or `talk.en.vtt`.
    """
    path = Path(entry.path)
    if entry.media_type.startswith(("audio/", "video/")):
        return path if not why_no_image(entry) else None
    if path.suffix.lower() not in CAPTIONS or not path.parent.is_dir():
        return None
    stems = {path.stem, path.stem.rpartition(".")[0]} - {""}
    beside = (path.with_name(stem + suffix) for stem in sorted(stems, key=len, reverse=True) for suffix in MEDIA)
    return next((one for one in beside if one.is_file()), None)


def _media_type(path: Path) -> str:
    return MEDIA.get(path.suffix.lower(), "audio/mpeg")


def _second(document: Document, start: int, end: int) -> float:
    marks = document.places(start, max(end, start + 1)) if document.text else []
    return next((mark.locator.seconds for mark in marks if mark.locator.seconds is not None), 0.0)


def why_no_image(entry: Entry) -> str:
    """Why the file's page cannot be drawn, or ""."""
    path = Path(entry.path)
    if not path.is_file():
        return "The file is no longer where it was read, so the page cannot be drawn: here is its text."
    if sha256_of(path) != entry.sha256:
        return "The file has changed since it was read, so the page cannot be drawn: here is the text as it was."
    return ""


def page_image(path: Path, number: int, seconds: float = 15.0) -> bytes | None:
    """A page of a PDF as PNG, drawn by a process that can do little else; None when it cannot be drawn."""
    command = [sys.executable, "-m", "strati.serve.pages.draw", str(path), str(number)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL)
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout if done.returncode == 0 and done.stdout.startswith(b"\x89PNG") else None


def _page(document: Document, start: int, end: int) -> PageView | None:
    if not document.pages:
        return None
    marks = [mark for mark in document.places(start, max(end, start + 1)) if mark.locator.page]
    number = marks[0].locator.page if marks and marks[0].locator.page else 1
    boxes = tuple(mark.locator.box for mark in marks if mark.locator.page == number and mark.locator.box and end)
    size = document.pages[number - 1]
    return PageView(number, len(document.pages), size.width, size.height, boxes)


def _table(document: Document, start: int, end: int) -> tuple[RowView, ...]:
    """The rows around a cited one, with the cited cells lit."""
    rows = [block for block in document.blocks if block.kind is Kind.TABLE_ROW]
    cited = [at for at, row in enumerate(rows) if row.start < end and row.end > start]
    if not cited:
        return ()
    header = rows[cited[0]].header
    same = [row for row in rows if row.header == header]
    places = [at for at, row in enumerate(same) if row.start < end and row.end > start]
    first, last = max(0, places[0] - ROWS), min(len(same), places[-1] + ROWS + 1)
    head = [row for row in same[:1] if first > 0 and header == (row.start, row.end)]
    return tuple(_row(document, row, start, end) for row in [*head, *same[first:last]])


def _row(document: Document, row: Block, start: int, end: int) -> RowView:
    cells, at = [], row.start
    for text in document.text[row.start : row.end].split("\t"):
        cells.append(CellView(text, at < end and at + len(text) > start))
        at += len(text) + 1
    marks = document.places(row.start, row.end)
    locator = marks[0].locator if marks else None
    place = "" if locator is None else (locator.cell or (f"{locator.line}" if locator.line else ""))
    return RowView(place, row.start < end and row.end > start, tuple(cells))
