"""The order in which a person reads the lines of a page, from their boxes alone.

The order of the content stream is kept: most programs write it right, and a guess would spoil tables. Three faults are
put right. Columns of prose written row by row are parted. Lines written from the foot of the page upwards are turned
round. On pages with text side by side, the runs of the stream
between two jumps back up the page are kept whole and sorted by the two rules of Breuel, "High performance document
layout analysis" (2003), section 4: a piece comes before one below it that it overlaps in x, and before one wholly to
its right unless something between the two overlaps both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from strati.knowledge.locator import Box

RUNS_AT_MOST = 40  # the rules compare every pair with all that lies between
ROWS_OF_COLUMNS = 5
COLUMNS_AT_MOST = 6
CLIMBING = 3  # lines from below upwards: fewer may be a sign above another
FILLED = 0.7  # lines of prose fill their column, cells of a table do not


def reading_order(boxes: Sequence[Box]) -> list[int]:
    """The places of `boxes` (lines in stream order) in the order of reading; a permutation of `range(len(boxes))`.

    >>> reading_order([Box(60, 20, 90, 30), Box(0, 20, 50, 30), Box(0, 40, 50, 50), Box(0, 0, 90, 10)])
    [3, 1, 2, 0]
    """
    gutters = gutters_of(boxes)
    if gutters:
        return _by_columns(boxes, gutters)
    places = _turned(boxes)
    boxes = [boxes[place] for place in places]
    runs = _runs(boxes)
    if not 1 < len(runs) <= RUNS_AT_MOST or _one_column(boxes):
        return places
    order = _sorted_by_rules([hull([boxes[place] for place in run]) for run in runs])
    return [places[place] for run in order for place in runs[run]]


def gutters_of(boxes: Sequence[Box]) -> tuple[float, ...]:
    """Where the gaps are when the stream writes columns of prose row by row: first, second, next row; or none."""
    pairs = [(a, b) for a, b in pairwise(boxes) if b.left > a.right and same_row(a, b)]
    rows = sum(1 for number, (a, _) in enumerate(pairs) if not number or pairs[number - 1][1] is not a)
    if rows < ROWS_OF_COLUMNS:
        return ()
    gutters: list[float] = []
    left = pairs
    while len(gutters) < COLUMNS_AT_MOST and len(left) >= ROWS_OF_COLUMNS:
        gutter, inside = _commonest_gap(left)
        if len(inside) < max(ROWS_OF_COLUMNS, 0.6 * rows):
            break
        gutters.append(gutter)
        left = [pair for pair in left if pair not in inside]
    gutters.sort()
    if len(pairs) - len(left) < 0.8 * len(pairs) or not _filled(boxes, pairs, gutters):
        return ()
    return tuple(gutters)


def _commonest_gap(pairs: Sequence[tuple[Box, Box]]) -> tuple[float, list[tuple[Box, Box]]]:
    """The place across which most of the gaps lie, and those gaps."""
    best: list[tuple[Box, Box]] = []
    for at in {(a.right + b.left) / 2 for a, b in pairs}:
        inside = [(a, b) for a, b in pairs if a.right <= at <= b.left]
        if len(inside) > len(best):
            best = inside
    return median((a.right + b.left) / 2 for a, b in best), best


def _filled(boxes: Sequence[Box], pairs: Sequence[tuple[Box, Box]], gutters: Sequence[float]) -> bool:
    """Whether every column is as wide as its lines: cells of a table are not."""
    page = max(box.right for box in boxes) - min(box.left for box in boxes)
    pieces = {box for pair in pairs for box in pair}
    edges = [float("-inf"), *gutters, float("inf")]
    for left, right in pairwise(edges):
        widths = [box.right - box.left for box in pieces if box.left >= left and box.right <= right]
        if not widths or median(widths) < max(FILLED * max(widths), page / (2 * len(edges) - 2)):
            return False
    return bool(gutters)


def _turned(boxes: Sequence[Box]) -> list[int]:
    """The places with every stretch of lines that climbs up the page turned round."""
    order: list[int] = []
    climbing: list[int] = []
    for place, box in enumerate(boxes):
        if climbing and not _climbs(boxes[climbing[-1]], box):
            order += reversed(climbing) if len(climbing) >= CLIMBING else climbing
            climbing = []
        climbing.append(place)
    return order + (climbing[::-1] if len(climbing) >= CLIMBING else climbing)


def _climbs(previous: Box, box: Box) -> bool:
    """Whether a line stands right above the one before it."""
    height = max(box.bottom - box.top, previous.bottom - previous.top)
    step = _middle(previous) - _middle(box)
    return 0.5 * height < step < 4 * height and _overlap_x(previous, box) and not same_row(previous, box)


def same_row(a: Box, b: Box) -> bool:
    """True when the boxes overlap in y by more than half the lower one's height."""
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return shared > 0.5 * min(a.bottom - a.top, b.bottom - b.top)


def _by_columns(boxes: Sequence[Box], gutters: Sequence[float]) -> list[int]:
    """Column by column, between each pair of lines that run across a gap."""
    order: list[int] = []
    columns: list[list[int]] = [[] for _ in range(len(gutters) + 1)]
    for place in sorted(range(len(boxes)), key=lambda place: _middle(boxes[place])):
        box = boxes[place]
        first, last = bisect_right(gutters, box.left), bisect_left(gutters, box.right)
        if first == last:
            columns[first].append(place)
        else:
            order += [*(one for column in columns for one in column), place]
            columns = [[] for _ in columns]
    return order + [place for column in columns for place in column]


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
