"""The lines of a PDF page with their boxes, in the order of the page's content; and the boxes of single characters.

Boxes are measured as the page is shown: from its top left corner, after cropping and rotation.
"""

from __future__ import annotations

import ctypes
import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from strati.knowledge.locator import Box
from strati.knowledge.readers.reading_order import ROWS_OF_COLUMNS, gutters_of, hull

GAP = 0.15  # a gap of so many heights of the type parts two words
WIDE = 0.9  # a gap of so many heights of the type may lie between two columns
FAR = 1e6  # points; what a damaged file draws farther out has no place
FLAT = 0.05  # points; a flatter or narrower box is of nothing that is drawn

# U+FFFE is what PDFium gives for a hyphen at the end of a line, and no line end after it.
_LINE = re.compile("[^\r\n\ufffe]*\ufffe|[^\r\n\ufffe]+")
_BLANKS = " \t\xa0\x00\uffff"
_OPENING = "([{“‘"
_CLOSING = ".,;:!?)]}%’”\u037e"
# One character for one, so that places stay: the singletons of Unicode's canonical decomposition that occur in print.
_SAME = {0x37E: ";", 0x387: "·", 0x1FEF: "`", 0x2126: "Ω", 0x212A: "K", 0x212B: "Å"}
_PLAIN = dict.fromkeys([*range(32), *range(127, 161), 8232, 8233, 65535], " ") | _SAME | {0xFFFE: "-"}


class PdfLine(NamedTuple):
    """One line: its text, its box, the height of its type, and its place in the page's text in UTF-16 units.

    `blanks` are the offsets in `text` of blanks that the file does not have: only a gap stands there.
    """

    text: str
    box: Box
    size: float
    start: int
    blanks: tuple[int, ...] = ()


class Shown:
    """From the coordinates of a PDF page to those of the page as it is shown."""

    def __init__(self, page: Any) -> None:
        self.left, self.bottom, self.right, self.top = page.get_bbox()
        self.rotation = page.get_rotation()
        self.width, self.height = page.get_size()

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        if not -FAR < left + bottom + right + top < FAR:  # false for NaN, too
            return Box(0, 0, 0, 0)
        if self.rotation == 0:
            x, y = self.left, self.top
            return Box(round(left - x, 2), round(y - top, 2), round(right - x, 2), round(y - bottom, 2))
        if self.rotation == 90:
            found = bottom - self.bottom, left - self.left, top - self.bottom, right - self.left
        elif self.rotation == 180:
            found = self.right - right, bottom - self.bottom, self.right - left, top - self.bottom
        else:
            found = self.top - top, self.right - right, self.top - bottom, self.right - left
        return Box(*(round(value, 2) for value in found))


class PdfPageText:
    """The text of one page; `page` and `textpage` are pypdfium2's and stay open as long as it is used."""

    def __init__(self, page: Any, textpage: Any) -> None:
        import pypdfium2.raw as pdfium

        self.pdfium = pdfium
        self.textpage = textpage  # closes when nothing holds it
        self.raw = textpage.raw
        self.shown = Shown(page)
        self.text = self._text()
        self._astral = max(self.text, default="") > "\uffff"
        self._alike = False  # are places in the text those in PDFium's list of characters? Where the last is, all are
        self._alike = (
            bool(self.text) and self._index(self._units(len(self.text)) - 1) == self._units(len(self.text)) - 1
        )
        self._numbers = [ctypes.c_double() for _ in range(4)]
        self._pointers = [ctypes.byref(number) for number in self._numbers]
        self._loose = pdfium.FS_RECTF()

    def lines(self) -> list[PdfLine]:
        """The lines that hold something."""
        spans = [span for found in _LINE.finditer(self.text) if (span := self._trimmed(*found.span()))]
        lines = [self._line(*span) for span in spans]
        if sum(len(pieces) > 1 for _, pieces in lines) >= ROWS_OF_COLUMNS:
            lines = self._cut_at_gutter(spans, lines)
        return [line for line, _ in lines]

    def character_box(self, line: PdfLine, offset: int) -> Box | None:
        """The box of `line.text[offset]`, or None where nothing is drawn."""
        if offset in line.blanks:
            return None
        before = sum(blank < offset for blank in line.blanks)
        return self._character(line.start + len(line.text[:offset].encode("utf-16-le")) // 2 - before)

    def _text(self) -> str:
        count = self.pdfium.FPDFText_CountChars(self.raw)
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (2 * count + 1))()  # a character beyond U+FFFF takes two units
        written = self.pdfium.FPDFText_GetText(self.raw, 0, count, buffer)
        return bytes(buffer)[: 2 * max(written - 1, 0)].decode("utf-16-le", "replace")

    def _trimmed(self, start: int, end: int) -> tuple[int, int] | None:
        while start < end and self.text[start] in _BLANKS:
            start += 1
        while start < end and self.text[end - 1] in _BLANKS:
            end -= 1
        return (start, end) if start < end else None

    def _line(self, start: int, end: int) -> tuple[PdfLine, list[Box]]:
        """A line and the boxes of its pieces, parted where the gap is wide."""
        text = self.text[start:end].translate(_PLAIN)
        place = self._units(start)
        size = self._size(place)
        boxes = self._rectangles(place, self._units(end)) or [Box(0, 0, 0, 0)]
        if len(boxes) == 1:
            return PdfLine(text, boxes[0], size, place), boxes
        blanks: tuple[int, ...] = ()
        words = _parted(boxes, GAP * size)
        if len(words) > 1 and len(words) - 1 != text.count(" ") and not self._astral:
            blanks = self._missing_blanks(start, end, words)
            for blank in blanks:
                text = f"{text[:blank]} {text[blank:]}"
        return PdfLine(text, hull(boxes), size, place, blanks), _parted(words, WIDE * size)

    def _missing_blanks(self, start: int, end: int, words: list[Box]) -> tuple[int, ...]:
        """Where in the line blanks have to go: at gaps between words that have none."""
        found: list[int] = []
        for word in words[1:]:
            near = bisect_left(range(start, end), word.left, key=self._loose_left) + start
            for place in range(max(near - 2, start + 1), min(near + 3, end)):
                apart = self.text[place - 1] in _BLANKS + _OPENING or self.text[place] in _BLANKS + _CLOSING
                if not apart and self._left(place) == word.left:
                    found.append(place - start + len(found))
                    break
        return tuple(found)

    def _cut_at_gutter(
        self, spans: list[tuple[int, int]], lines: list[tuple[PdfLine, list[Box]]]
    ) -> list[tuple[PdfLine, list[Box]]]:
        """The lines cut where they run across the gaps between columns."""
        gutters = gutters_of([piece for _, pieces in lines for piece in pieces])
        if not gutters:
            return lines
        found = []
        for (start, end), (_, pieces) in zip(spans, lines, strict=True):
            crossed = [g for g in gutters if any(a.right <= g <= b.left for a, b in pairwise(pieces))]
            cuts = [cut for gutter in crossed if (cut := self._first_right_of(gutter, start, end)) is not None]
            edges = [start, *sorted(cuts), end]
            found += [self._line(*span) for part in pairwise(edges) if (span := self._trimmed(*part))]
        return found

    def _first_right_of(self, gutter: float, start: int, end: int) -> int | None:
        for place in range(start, end):
            box = self._character(self._units(place))
            if box is not None and box.left >= gutter - FLAT:
                return place
        return None

    def _rectangles(self, start: int, end: int) -> list[Box]:
        first, last = self._index(start), self._index(end - 1)
        if first < 0 or last < first:
            return []
        left, top, right, bottom = self._numbers
        found = []
        for number in range(self.pdfium.FPDFText_CountRects(self.raw, first, last - first + 1)):
            self.pdfium.FPDFText_GetRect(self.raw, number, *self._pointers)
            found.append(self.shown.box(left.value, bottom.value, right.value, top.value))
        return found

    def _character(self, place: int) -> Box | None:
        index = self._index(place)
        box = self._loose
        if index < 0 or not self.pdfium.FPDFText_GetLooseCharBox(self.raw, index, ctypes.byref(box)):
            return None
        if box.right - box.left < FLAT or box.top - box.bottom < FLAT:
            return None
        return self.shown.box(box.left, box.bottom, box.right, box.top)

    def _loose_left(self, place: int) -> float:
        box = self._character(place)
        return -1.0 if box is None else box.left

    def _left(self, place: int) -> float:
        """Where what is drawn of a character starts."""
        left, right, bottom, top = self._numbers
        if not self.pdfium.FPDFText_GetCharBox(self.raw, self._index(place), *self._pointers):
            return -1.0
        return self.shown.box(left.value, bottom.value, right.value, top.value).left

    def _size(self, place: int) -> float:
        """The height of the type, from the loose box of the first character, which covers the whole font."""
        box = self._loose
        if not self.pdfium.FPDFText_GetLooseCharBox(self.raw, self._index(place), ctypes.byref(box)):
            return 0.0
        tall = box.top - box.bottom if self.shown.rotation in (0, 180) else box.right - box.left
        return round(float(tall), 1) if 0 < tall < FAR else 0.0

    def _index(self, place: int) -> int:
        return place if self._alike else int(self.pdfium.FPDFText_GetCharIndexFromTextIndex(self.raw, place))

    def _units(self, place: int) -> int:
        return len(self.text[:place].encode("utf-16-le")) // 2 if self._astral else place


def _parted(boxes: list[Box], gap: float) -> list[Box]:
    """Boxes of one line joined from left to right, unless a wider gap is between them."""
    found = boxes[:1]
    for box in boxes[1:]:
        if box.left - found[-1].right > gap:
            found.append(box)
        else:
            found[-1] = found[-1].joined(box)
    return found


def pages_of(document: Any) -> Iterator[tuple[Any, PdfPageText | None]]:
    """The pages of a pypdfium2 document one by one, each closed before the next; no text for a page that is broken."""
    import pypdfium2 as pdfium

    for number in range(len(document)):
        try:
            page = document[number]
        except pdfium.PdfiumError:
            yield None, None
            continue
        try:
            textpage = page.get_textpage()
        except pdfium.PdfiumError:
            yield page, None
        else:
            yield page, PdfPageText(page, textpage)
            textpage.close()
        page.close()
