"""Running headers, footers and page numbers: what repeats in the margins of pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from strati.knowledge.locator import Box

MARGIN = 0.14  # of the page's height, above and below
OUTERMOST = 4  # lines looked at on either side
CLOSE = 8.0  # points that a repeated line may move
Line = tuple[str, Box]
_ROMAN = r"(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_NUMBER = rf"(?:\d{{1,4}}|{_ROMAN}|[A-Z]-\d{{1,3}})"
PAGE_NUMBER = re.compile(rf"(?:page\s*)?[-–—\s]*{_NUMBER}(?:\s*(?:of|/)\s*\d{{1,4}})?[-–—\s]*", re.IGNORECASE)


def furniture(pages: Sequence[tuple[float, Sequence[Line]]]) -> list[dict[int, str]]:
    """For each page (its height, its lines with their boxes) the places of the lines that are `header` or `footer`.

    A line in the outer margin counts when it stands at about the same height, digits apart, on at least three pages
    and a third of all (both pages of two), or when it is a page number and nothing else.
    """
    seen: dict[tuple[str, str], list[tuple[int, int, float]]] = defaultdict(list)
    found: list[dict[int, str]] = [{} for _ in pages]
    for page, (height, lines) in enumerate(pages):
        for place, side in _outer(height, lines):
            text, box = lines[place]
            if PAGE_NUMBER.fullmatch(text.strip()):
                found[page][place] = side
            distance = box.top if side == "header" else height - box.bottom
            seen[side, _without_digits(text)].append((page, place, distance))
    needed = 2 if len(pages) == 2 else max(3, len(pages) // 3)
    for (side, _), places in seen.items():
        for group in _close(places):
            if len({page for page, _, _ in group}) >= needed:
                for page, place, _ in group:
                    found[page][place] = side
    return found


def _outer(height: float, lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    by_height = sorted(range(len(lines)), key=lambda place: lines[place][1].top)
    for place in by_height[:OUTERMOST]:
        if lines[place][1].bottom < MARGIN * height:
            yield place, "header"
    for place in by_height[-OUTERMOST:]:
        if lines[place][1].top > (1 - MARGIN) * height:
            yield place, "footer"


def _without_digits(text: str) -> str:
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", " ".join(text.split()).lower())


def _close(places: list[tuple[int, int, float]]) -> Iterator[list[tuple[int, int, float]]]:
    """Groups of places whose heights follow each other within `CLOSE` points."""
    group: list[tuple[int, int, float]] = []
    for place in sorted(places, key=lambda place: place[2]):
        if group and place[2] - group[-1][2] > CLOSE:
            yield group
            group = []
        group.append(place)
    yield group
