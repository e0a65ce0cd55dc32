"""PDF by PDFium: lines with page and box in the order of reading, running heads and feet apart, headings, outline.

Text is what the file says: hyphens at line ends stay, nothing is joined. Values of form fields and notes follow the
page that they are on. A page without a text layer is read by OCR where that is installed, otherwise it is named in the
warnings.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from strati.core.errors import MissingExtra, install
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Attachment, Document, Metadata, Page
from strati.knowledge.locator import Box, Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers import ocr
from strati.knowledge.readers.pdf_annotations import Written, attached, written_on
from strati.knowledge.readers.pdf_page import FAR, PdfLine, PdfPageText, pages_of
from strati.knowledge.readers.pdf_structure import PageLines, blocks_of

T = TypeVar("T")
_STREAM = re.compile(rb"FlateDecode[^>]*>>\s*stream\r?\n|/Fl\b[^>]*>>\s*stream\r?\n")
_HEAD = 16_384  # bytes of a stream that tell whether it is a picture or a bomb
OUTLINE_AT_MOST = 5_000
ATTACHMENTS_AT_MOST = 100
_NOTHING = {"", "anonymous", "unspecified", "untitled"}  # what programs write where nothing was given


class PdfReader:
    """Portable Document Format."""

    name = "pdf"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if b"%PDF-" in data[:1024] else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        _check_streams(data, limits)
        pdf = _opened(data)
        try:
            limits.check_pages(len(pdf))
            _or(pdf.init_forms, None)  # before the first page is opened; scripts of forms are not run
            made = DocumentBuilder(limits)
            pages, empty = _lines(pdf, made, limits)
            for block in blocks_of(pages, _or(lambda: _outline(pdf), {})):
                at = ((line.text, Locator(page=block.page, box=line.box)) for line in block.lines)
                made.lines(block.kind, at, level=block.level)
            made.attachments += _or(lambda: _attachments(pdf, limits), [])
            _check_text(pages, empty, made)
            metadata = _metadata(_or(pdf.get_metadata_dict, {}))
            return made.document(name, media_type="application/pdf", reader=label(self), metadata=metadata)
        finally:
            pdf.close()

    def boxes(self, data: bytes, document: Document, start: int, end: int) -> Sequence[tuple[int, Box] | None]:
        """For each character of `document.text[start:end]` its page and box; None where nothing is drawn."""
        found: list[tuple[int, Box] | None] = [None] * (end - start)
        pdf = _opened(data)
        try:
            for page in sorted({mark.locator.page or 0 for mark in document.places(start, end)} - {0}):
                opened = pdf[page - 1]
                text = PdfPageText(opened, opened.get_textpage())
                lines = {(line.text, line.box): line for line in text.lines()}
                first, last = _span_of_page(document, page)
                for mark in document.places(first, last):
                    key = document.text[mark.start : mark.end], mark.locator.box or Box(0, 0, 0, 0)
                    for place in range(max(start, mark.start), min(end, mark.end)):
                        if key not in lines:  # a note or a field: its box is all that is known
                            found[place - start] = (page, key[1])
                            continue
                        box = text.character_box(lines[key], place - mark.start)
                        found[place - start] = None if box is None else (page, box)
        finally:
            pdf.close()
        return found


def _opened(data: bytes) -> Any:
    try:
        import pypdfium2
    except ImportError as error:
        raise MissingExtra("pypdfium2", "docs") from error
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refused(Reason.ENCRYPTED, "a password is needed to open it") from error
        raise Refused(Reason.MALFORMED, "PDFium finds no pages in it, the file is damaged or cut off") from error


def _check_streams(data: bytes, limits: Limits) -> None:
    """Raise `Refused` for a stream that unpacks to more than PDFium can hold: it would end the process."""
    most = limits.memory // 10
    for begin in _STREAM.finditer(data):
        end = data.find(b"endstream", begin.end())
        packed = memoryview(data)[begin.end() : end if end >= 0 else len(data)]
        if len(packed) < most // 1_100:  # deflate makes a byte into 1,032 at most
            continue
        try:
            unpacker = zlib.decompressobj()
            size = len(unpacker.decompress(packed[:_HEAD]))
            if size < 100 * min(len(packed), _HEAD):  # pictures and text
                continue
            for start in range(_HEAD, len(packed), _HEAD):
                size += len(unpacker.decompress(packed[start : start + _HEAD]))
                if size > most:
                    raise Refused(Reason.TOO_LARGE, f"a stream in it unpacks to more than {most:,} bytes")
        except zlib.error:
            continue  # another filter, or damage: PDFium's to judge


def _written(pdf: Any, page: Any) -> tuple[Written, ...]:
    return tuple(written_on(pdf, page))


def _attached(page: Any, made: DocumentBuilder, limits: Limits) -> list[Attachment]:
    """The files that hang on a page, as long as all of them together keep the limits."""
    size = sum(len(attachment.data) for attachment in made.attachments)
    kept = []
    for attachment in attached(page):
        size += len(attachment.data)
        limits.check_expanded(size)
        kept.append(attachment)
    return kept


def _lines(pdf: Any, made: DocumentBuilder, limits: Limits) -> tuple[list[PageLines], list[int]]:
    """The lines of every page, and the numbers of pages that show something but have no text."""
    pages, empty, characters = [], [], 0
    for number, (page, text) in enumerate(pages_of(pdf), 1):
        if page is None:
            made.warnings.append(f"page {number} is damaged and was left out")
            made.pages.append(Page(0.0, 0.0))
            continue
        made.pages.append(Page(*(round(min(max(0.0, side), FAR), 2) for side in page.get_size())))
        lines: list[PdfLine] = [] if text is None else text.lines()
        if not lines and next(page.get_objects(max_depth=1), None) is not None:
            lines = _recognised(page)
            if not lines:
                empty.append(number)
        characters += sum(len(line.text) for line in lines)
        if characters > limits.characters:
            raise Refused(Reason.TOO_LARGE, f"its text is longer than {limits.characters:,} characters")
        made.attachments += _or(partial(_attached, page, made, limits), [])
        none: tuple[Written, ...] = ()
        written = _or(partial(_written, pdf, page), none)
        pages.append(PageLines(number, made.pages[-1].height, lines, written))
    return pages, empty


def _recognised(page: Any) -> list[PdfLine]:
    """The lines of a page that is a picture, by OCR; none where that is not installed."""
    if not ocr.available():
        return []
    scale = min(ocr.DPI / 72, (ocr.PIXELS_AT_MOST / max(page.get_width() * page.get_height(), 1)) ** 0.5)
    picture = page.render(scale=scale).to_numpy()
    found = []
    for text, box in ocr.recognise(picture):
        placed = Box(*(round(value / scale, 2) for value in box))
        found.append(PdfLine(text, placed, round(placed.bottom - placed.top, 1), 0))
    return found


def _check_text(pages: Sequence[PageLines], empty: Sequence[int], made: DocumentBuilder) -> None:
    if empty and not any(page.lines or page.written for page in pages) and not made.attachments:
        told = "no text was found in them" if ocr.available() else f"to read them: {install('ocr')}"
        raise Refused(Reason.NO_TEXT_LAYER, f"its pages are pictures; {told}")
    made.warnings += [f"page {number} has no text layer" for number in empty]


def _or(part: Callable[[], T], otherwise: T) -> T:
    """What a part of the file says that the text does not need, or `otherwise` where it is damaged."""
    try:
        return part()
    except (RuntimeError, ValueError):  # PdfiumError is a RuntimeError, text that cannot be decoded a ValueError
        return otherwise


def _outline(pdf: Any) -> dict[int, list[tuple[int, str]]]:
    """(level, title) of the bookmarks, by the page they lead to."""
    found: dict[int, list[tuple[int, str]]] = {}
    for count, bookmark in enumerate(pdf.get_toc(max_depth=6)):
        if count >= OUTLINE_AT_MOST:
            break
        destination = bookmark.get_dest()
        page = None if destination is None else destination.get_index()
        if page is not None:
            found.setdefault(page + 1, []).append((min(bookmark.level + 1, 6), bookmark.get_title()))
    return found


def _attachments(pdf: Any, limits: Limits) -> list[Attachment]:
    found: list[Attachment] = []
    size = 0
    for number in range(min(pdf.count_attachments(), ATTACHMENTS_AT_MOST)):
        attachment = pdf.get_attachment(number)
        data = bytes(attachment.get_data())
        size += len(data)
        limits.check_expanded(size)
        found.append(Attachment(attachment.get_name() or f"attachment {number + 1}", data))
    return found


def _metadata(values: dict[str, str]) -> Metadata:
    values = {key: value for key, value in values.items() if value.strip("()").lower() not in _NOTHING}
    return Metadata(
        title=values.get("Title") or None,
        author=values.get("Author") or None,
        created=_date(values.get("CreationDate", "")),
        modified=_date(values.get("ModDate", "")),
        other={key: values[key] for key in ("Subject", "Keywords", "Producer") if values.get(key)},
    )


def _date(text: str) -> str | None:
    """ISO 8601 from `D:20240131120000+01'00'`.

    >>> _date("D:20240131120000+01'00'"), _date("D:2024"), _date("yesterday")
    ('2024-01-31T12:00:00+01:00', '2024', None)
    """
    found = re.match(r"D?:?(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)(\d\d)?(?:(Z)|([+-]\d\d)'?(\d\d)?)?)?", text)
    if not found:
        return None
    year, month, day, hour, minute, second, utc, zone, zone_minutes = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if not hour:
        return date
    offset = "Z" if utc else f"{zone}:{zone_minutes or '00'}" if zone else ""
    return f"{date}T{hour}:{minute}:{second or '00'}{offset}"


def _span_of_page(document: Document, page: int) -> tuple[int, int]:
    spans = [(mark.start, mark.end) for mark in document.marks if mark.locator.page == page]
    return (spans[0][0], spans[-1][1]) if spans else (0, 0)
