"""The order in which a person reads the lines of a page, from their boxes alone.

The order of the content stream is kept: most programs write it right, and a guess would spoil tables. Two faults are
put right. Two columns of prose written row by row are parted. On pages with text side by side, the runs of the stream
between two jumps back up the page are kept whole and sorted by the two rules of Breuel, "High performance document
layout analysis" (2003), section 4: a piece comes before one below it that it overlaps in x, and before one wholly to
its right unless something between the two overlaps both.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from strati.knowledge.locator import Box

RUNS_AT_MOST = 40  # the rules compare every pair with all that lies between
ROWS_OF_COLUMNS = 5
FILLED = 0.7  # lines of prose fill their column, cells of a table do not


def reading_order(boxes: Sequence[Box]) -> list[int]:
    """The places of `boxes` (lines in stream order) in the order of reading; a permutation of `range(len(boxes))`.

    >>> reading_order([Box(60, 20, 90, 30), Box(0, 20, 50, 30), Box(0, 40, 50, 50), Box(0, 0, 90, 10)])
    [3, 1, 2, 0]
    """
    gutter = gutter_of(boxes)
    if gutter is not None:
        return _by_columns(boxes, gutter)
    runs = _runs(boxes)
    if not 1 < len(runs) <= RUNS_AT_MOST or _one_column(boxes):
        return list(range(len(boxes)))
    order = _sorted_by_rules([hull([boxes[place] for place in run]) for run in runs])
    return [place for run in order for place in runs[run]]


def gutter_of(boxes: Sequence[Box]) -> float | None:
    """Where the gap is when the stream writes two columns of prose row by row: left, right, next row; else None."""
    pairs = [(a, b) for a, b in pairwise(boxes) if b.left > a.right and same_row(a, b)]
    if len(pairs) < ROWS_OF_COLUMNS:
        return None
    gutter = median((a.right + b.left) / 2 for a, b in pairs)
    crossing = [(a, b) for a, b in pairs if a.right <= gutter <= b.left]
    if len(crossing) < max(ROWS_OF_COLUMNS, 0.8 * len(pairs)):
        return None
    page = max(box.right for box in boxes) - min(box.left for box in boxes)
    for side in ([a.right - a.left for a, _ in crossing], [b.right - b.left for _, b in crossing]):
        if median(side) < max(FILLED * max(side), page / 4):
            return None
    return gutter


def same_row(a: Box, b: Box) -> bool:
    """True when the boxes overlap in y by more than half the lower one's height."""
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return shared > 0.5 * min(a.bottom - a.top, b.bottom - b.top)


def _by_columns(boxes: Sequence[Box], gutter: float) -> list[int]:
    """Left column, then right column, between each pair of lines that run across both."""
    order: list[int] = []
    left: list[int] = []
    right: list[int] = []
    for place in sorted(range(len(boxes)), key=lambda place: _middle(boxes[place])):
        box = boxes[place]
        if box.right <= gutter:
            left.append(place)
        elif box.left >= gutter:
            right.append(place)
        else:
            order += [*left, *right, place]
            left, right = [], []
    return [*order, *left, *right]


def _runs(boxes: Sequence[Box]) -> list[list[int]]:
    """The stream cut where it jumps up over text it has already passed."""
    runs: list[list[int]] = []
    for place, box in enumerate(boxes):
        if place and not _jumps_back(boxes[place - 1], box):
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _jumps_back(previous: Box, box: Box) -> bool:
    if same_row(previous, box):
        return box.right <= previous.left
    return _middle(box) < _middle(previous) and box.left < previous.right  # further right it is the next column


def _one_column(boxes: Sequence[Box]) -> bool:
    """True when no two lines stand side by side."""
    downwards = sorted(boxes, key=_middle)
    return not any(same_row(a, b) for a, b in pairwise(downwards))


def _sorted_by_rules(boxes: Sequence[Box]) -> list[int]:
    """A topological order by the two rules; among the free ones the earliest in the stream comes first."""
    left = list(range(len(boxes)))
    above = {b: {a for a in left if a != b and _before(boxes, a, b)} for b in left}
    order: list[int] = []
    while left:
        free = next((place for place in left if above[place].isdisjoint(left)), left[0])
        left.remove(free)
        order.append(free)
    return order


def _before(boxes: Sequence[Box], first: int, second: int) -> bool:
    a, b = boxes[first], boxes[second]
    if _overlap_x(a, b):
        return _middle(a) < _middle(b)
    if a.left > b.left:
        return False
    high, low = sorted((_middle(a), _middle(b)))
    between = (c for c in boxes if high < _middle(c) < low)
    return not any(_overlap_x(c, a) and _overlap_x(c, b) for c in between)


def _overlap_x(a: Box, b: Box) -> bool:
    return min(a.right, b.right) - max(a.left, b.left) > 0


def _middle(box: Box) -> float:
    return (box.top + box.bottom) / 2


def hull(boxes: Sequence[Box]) -> Box:
    """The smallest box around all."""
    found = boxes[0]
    for box in boxes[1:]:
        found = found.joined(box)
    return found
