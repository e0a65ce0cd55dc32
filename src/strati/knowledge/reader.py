"""The contract of a reader, its limits and refusals, and the table of readers; other packages add theirs:

[project.entry-points."strati.readers"]
"dwg" = "my_package.readers:DwgReader"

A reader is a class that can be made without arguments. It lives in one file of `strati/knowledge/readers/`; its module
imports nothing heavy (that happens in `read`), because the `sniff` of all readers runs for every file. It runs in a
worker process of its own with limits on time and memory; it opens no network connection and follows no reference.
`strati.testing.check_reader` checks the contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from strati.core.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from strati.knowledge.document import Document
    from strati.knowledge.locator import Box

GROUP = "strati.readers"
FULL = "+full"  # ends the version of a reader that leaves nothing out of a page

# Where two readers are equally sure of a file, the earlier one reads it.
READERS = {
    "pdf": "strati.knowledge.readers.pdf:PdfReader",
    "docx": "strati.knowledge.readers.docx:DocxReader",
    "pptx": "strati.knowledge.readers.pptx:PptxReader",
    "spreadsheet": "strati.knowledge.readers.spreadsheet:SpreadsheetReader",
    "outlook": "strati.knowledge.readers.outlook:OutlookReader",
    "image": "strati.knowledge.readers.image:ImageReader",
    "audio": "strati.knowledge.readers.audio:AudioReader",
    "rtf": "strati.knowledge.readers.rtf:RtfReader",
    "opendocument": "strati.knowledge.readers.opendocument:OpenDocumentReader",
    "epub": "strati.knowledge.readers.epub:EpubReader",
    "email": "strati.knowledge.readers.email:EmailReader",
    "notebook": "strati.knowledge.readers.notebook:NotebookReader",
    "csv": "strati.knowledge.readers.csv:CsvReader",
    "feed": "strati.knowledge.readers.feed:FeedReader",
    "html": "strati.knowledge.readers.html:HtmlReader",
    "timedtext": "strati.knowledge.readers.timedtext:TimedTextReader",
    "webvtt": "strati.knowledge.readers.webvtt:WebVttReader",
    "subrip": "strati.knowledge.readers.subrip:SubRipReader",
    "sbv": "strati.knowledge.readers.sbv:SbvReader",
    "youtube_json": "strati.knowledge.readers.youtube_json:YoutubeJsonReader",
    "transcript": "strati.knowledge.readers.transcript:TranscriptReader",
    "markdown": "strati.knowledge.readers.markdown:MarkdownReader",
    "restructuredtext": "strati.knowledge.readers.restructuredtext:RestructuredTextReader",
    "text": "strati.knowledge.readers.text:TextReader",
}


class Reason(StrEnum):
    """Why a document was not read. The first six come from readers, the others from the process around them."""

    ENCRYPTED = "encrypted"
    NO_TEXT_LAYER = "no text layer"
    MALFORMED = "malformed"
    TOO_LARGE = "too large"
    UNKNOWN_TYPE = "unknown type"
    EMPTY = "empty"
    MISSING_EXTRA = "missing extra"
    TIME = "time limit"
    MEMORY = "memory limit"
    CRASHED = "reader crashed"
    UNREADABLE = "not readable"
    UNSAFE = "unsafe path"


class Refused(DataError):
    """A document is not read, and why: `Refused(Reason.MALFORMED, "the cross-reference table is cut off")`.

    `detail` is a clause that goes on after "not read: "; it may be empty.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take. `size` counts bytes of the file, `expanded` bytes after decompression, `depth`
    containers inside containers; `seconds` (of processor time: a busy machine costs a document nothing) and `memory`
    (bytes) are enforced from outside the reader."""

    size: int = 200_000_000
    expanded: int = 1_000_000_000
    characters: int = 50_000_000
    pages: int = 5_000
    members: int = 10_000
    depth: int = 4
    seconds: float = 120.0
    memory: int = 2_000_000_000

    def check_pages(self, pages: int) -> None:
        """Raise `Refused` for too many pages, slides or sheets."""
        if pages > self.pages:
            raise Refused(Reason.TOO_LARGE, f"it has {pages:,} pages, the limit is {self.pages:,}")

    def check_expanded(self, size: int) -> None:
        """Raise `Refused` for a container that grows too large; call it before unpacking, and while."""
        if size > self.expanded:
            raise Refused(Reason.TOO_LARGE, f"it unpacks to {size:,} bytes or more, the limit is {self.expanded:,}")


@runtime_checkable
class Reader(Protocol):
    """Reads one format.

    `name` is short and lower case ("pdf").
    """

    name: str

    @property
    def version(self) -> str:
        """Changes whenever the same bytes may give another text or other spans ("1"): documents read by another version
        are read again. A plain attribute will do; it never raises.
        """
        ...

    def sniff(self, data: bytes, name: str) -> float:
        """How sure the reader is that these bytes are of its format, 0 to 1; never raises, and is fast.

        1: a signature says so. .6: the content looks like it. .4: only the name's ending and nothing against it.
        .1: any text would do. 0: it is not. The content decides, not the ending.
        """
        ...

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        """The document. The same bytes give the same document, always.

        Raises:
            Refused: it is encrypted, malformed, empty, too large, or has no text layer.
            MissingExtra: a package is needed that is not installed.
        """
        ...


@runtime_checkable
class CharacterBoxes(Protocol):
    """A reader that can show characters on their page."""

    def boxes(self, data: bytes, document: Document, start: int, end: int) -> Sequence[tuple[int, Box] | None]:
        """For each character of `document.text[start:end]` its page (from 1) and box; None where nothing is drawn."""
        ...


@runtime_checkable
class FullPages(Protocol):
    """A reader that takes the main content of a page, and can take all of it."""

    def full_pages(self) -> Reader:
        """The reader of whole pages; its version ends with `FULL`."""
        ...


def label(reader: Reader) -> str:
    """The reader's name and version as documents carry it: "pdf.v1"."""
    return f"{reader.name}.v{reader.version}"


@cache
def readers() -> Mapping[str, Reader]:
    """All readers by name: those of strati in their order, then those of installed packages."""
    found: dict[str, Reader] = {}
    for name, place in READERS.items():
        module, attribute = place.split(":")
        found[name] = cast("Reader", getattr(import_module(module), attribute)())
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        found.setdefault(point.name, cast("Reader", point.load()()))
    return found


def reader_for(data: bytes, name: str, *, full_pages: bool = False) -> Reader:
    """The reader that is surest of these bytes; with `full_pages` one that leaves nothing out of a web page.

    Raises:
        Refused: there are no bytes, or no reader knows them.
    """
    if not data.strip():
        raise Refused(Reason.EMPTY, "the file has no content")
    sure, found = 0.0, None
    for reader in readers().values():
        score = reader.sniff(data, name)
        if score > sure:
            sure, found = score, reader
    if found is None:
        raise Refused(Reason.UNKNOWN_TYPE, f"no reader knows this kind of file; known are {', '.join(readers())}")
    return found.full_pages() if full_pages and isinstance(found, FullPages) else found


def read(data: bytes, name: str, limits: Limits = Limits(), *, full_pages: bool = False) -> Document:
    """Read a document by its content, in this process.

    Raises:
        Refused: it cannot be read, and why.
    """
    if len(data) > limits.size:
        raise Refused(Reason.TOO_LARGE, f"it has {len(data):,} bytes, the limit is {limits.size:,}")
    try:
        return reader_for(data, name, full_pages=full_pages).read(data, name, limits)
    except MissingExtra as error:
        raise Refused(Reason.MISSING_EXTRA, str(error)) from error
