"""From the lines of all pages to blocks: running heads and feet, reading order, paragraphs and headings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from strati.knowledge.document import Kind
from strati.knowledge.readers.page_furniture import furniture
from strati.knowledge.readers.pdf_annotations import Written
from strati.knowledge.readers.pdf_page import PdfLine
from strati.knowledge.readers.reading_order import reading_order, same_row

LARGER = 1.12  # times the body's type: a heading
LOOSE = 1.35  # times the usual distance of lines: a new paragraph
HEADING_AT_MOST = 200  # characters
_ITEM = re.compile(r"(?:[•●▪◦‣·*–-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,5})[.)]|\d+(?:\.\d+)+\.?)\s+\S")


class PageLines(NamedTuple):
    """The lines of one page in the order of its content, and the page's height."""

    number: int
    height: float
    lines: list[PdfLine]
    written: tuple[Written, ...] = ()  # values of forms and notes


class PdfBlock(NamedTuple):
    """Lines that belong together, all on one page."""

    kind: Kind
    level: int
    page: int
    lines: list[PdfLine]


def blocks_of(pages: Sequence[PageLines], outline: Mapping[int, Sequence[tuple[int, str]]]) -> Iterator[PdfBlock]:
    """The blocks of a document in the order of reading; `outline` holds (level, title) by page.

    Running heads and feet stay where the content has them, unless that is inside a paragraph: then they follow at the
    end of the page. With an outline its titles are the headings; without one larger type is.
    """
    margins = furniture([(page.height, [(line.text, line.box) for line in page.lines]) for page in pages])
    levels = {} if outline else _levels(pages)
    for page, margin in zip(pages, margins, strict=True):
        body = [line for place, line in enumerate(page.lines) if place not in margin]
        paragraphs = list(_paragraphs([body[place] for place in reading_order([line.box for line in body])]))
        beside = _beside(page, margin, {id(lines[-1]): number for number, lines in enumerate(paragraphs)})
        titles = {_words(title): level for level, title in outline.get(page.number, ())}
        yield from beside[-1]
        for number, lines in enumerate(paragraphs):
            yield from _block(page.number, lines, titles, levels)
            yield from beside[number]
        yield from beside[len(paragraphs)]
        for text, box, field in page.written:
            lines = [PdfLine(line, box, 0.0, 0) for line in text.split("\n")]
            yield PdfBlock(Kind.PARAGRAPH if field else Kind.NOTE, 0, page.number, lines)


def _beside(page: PageLines, margin: Mapping[int, str], lasts: Mapping[int, int]) -> Mapping[int, list[PdfBlock]]:
    """Heads and feet by the number of the paragraph that they follow: -1 before all, their count after all."""
    found: dict[int, list[PdfBlock]] = defaultdict(list)
    after = -1
    for place, line in enumerate(page.lines):
        if place in margin:
            found[after].append(PdfBlock(Kind(margin[place]), 0, page.number, [line]))
        else:
            after = lasts.get(id(line), len(lasts))
    return found


def _block(
    page: int, lines: list[PdfLine], titles: Mapping[str, int], levels: Mapping[float, int]
) -> Iterator[PdfBlock]:
    """One block; a heading of the outline at the head of a paragraph is parted from it."""
    for count in range(1, min(4, len(lines)) + 1) if titles else ():
        level = titles.get(_words(" ".join(line.text for line in lines[:count])))
        if level is not None:
            yield PdfBlock(Kind.HEADING, level, page, lines[:count])
            if lines[count:]:
                yield PdfBlock(Kind.PARAGRAPH, 0, page, lines[count:])
            return
    level = levels.get(_step(lines[0].size), 0)
    short = len(lines) <= 3 and sum(len(line.text) for line in lines) <= HEADING_AT_MOST
    if level and short and any(line.text.upper() != line.text.lower() for line in lines):
        yield PdfBlock(Kind.HEADING, level, page, lines)
    else:
        kind = Kind.LIST_ITEM if _ITEM.match(lines[0].text) else Kind.PARAGRAPH
        yield PdfBlock(kind, int(kind is Kind.LIST_ITEM), page, lines)


def _paragraphs(lines: Sequence[PdfLine]) -> Iterator[list[PdfLine]]:
    """Lines parted where the distance grows, the type changes, a list item starts or another column begins."""
    steps = [step for a, b in pairwise(lines) if (step := _distance(a, b)) > 0]
    usual = median(steps) if steps else 0.0
    paragraph: list[PdfLine] = []
    for line in lines:
        if paragraph and _parts(paragraph[-1], line, usual):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _parts(last: PdfLine, line: PdfLine, usual: float) -> bool:
    if same_row(last.box, line.box):
        return False
    step = _distance(last, line)
    if step <= 0 or step > LOOSE * usual or line.box.left > last.box.right or line.box.right < last.box.left:
        return True
    if abs(_step(last.size) - _step(line.size)) > 0.1 * max(last.size, line.size):
        return True
    return bool(_ITEM.match(line.text))


def _distance(a: PdfLine, b: PdfLine) -> float:
    """From the foot of a line to the foot of the next one."""
    return b.box.bottom - a.box.bottom


def _levels(pages: Sequence[PageLines]) -> dict[float, int]:
    """The heading level of each size of type that is larger than the body's."""
    counts: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            counts[_step(line.size)] += len(line.text)
    if not counts:
        return {}
    body = max(counts, key=lambda size: counts[size])
    larger = sorted((size for size in counts if size > LARGER * body), reverse=True)
    return {size: min(level, 6) for level, size in enumerate(larger, 1)}


def _step(size: float) -> float:
    """Sizes to half points: fonts of one size differ a little in height."""
    return round(size * 2) / 2


def _words(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()
