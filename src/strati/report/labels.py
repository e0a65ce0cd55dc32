"""Where the names in the chart go: beside their marks, without covering marks or each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

RINGS = (0.0, 13.0, 24.0, 36.0, 50.0, 66.0, 84.0, 104.0, 126.0, 150.0, 176.0, 204.0, 234.0, 266.0)
LEADER = 20.0


class Box(NamedTuple):
    """A rectangle of the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    def common(self, other: Box) -> float:
        """The area that two boxes share."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0.0

    def outside(self, frame: Box) -> float:
        """The area that sticks out of a frame."""
        return (self.right - self.left) * (self.bottom - self.top) - self.common(frame)


class Label(NamedTuple):
    """A placed text: the box it takes, the end it is anchored at, and whether a line should lead to it."""

    box: Box
    anchor: str
    leader: bool


def place(
    marks: Sequence[tuple[float, float]], widths: Sequence[float], height: float, taken: Sequence[Box], frame: Box
) -> list[Label]:
    """One label for each mark, greedily: each takes the free place nearest to its mark."""
    used = list(taken)
    labels: list[Label] = []
    for (x, y), width in zip(marks, widths, strict=True):
        label = min(_places(x, y, width, height), key=lambda found: _price(found[0], found[1], used, frame))[0]
        far = label.bottom < y - LEADER or label.top > y + LEADER
        labels.append(Label(label, "start" if label.left > x else "end" if label.right < x else "middle", far))
        used.append(label)
    return labels


def width_of(text: str, size: float) -> float:
    """About how wide a text is in a sans-serif font of that size."""
    return size * sum(_ems(char) for char in text)


def _places(x: float, y: float, width: float, height: float) -> Iterator[tuple[Box, float]]:
    for ring in RINGS:
        for middle in (y - ring, y + ring) if ring else (y,):
            gap = 12 + ring * 0.25
            lefts = {x + gap: 0.0, x - gap - width: 2.0} | ({x - width / 2: 4.0} if ring else {})
            for left, extra in lefts.items():
                yield Box(left, middle - height / 2, left + width, middle + height / 2), ring + extra


def _price(box: Box, distance: float, used: Sequence[Box], frame: Box) -> float:
    return distance + 40 * sum(box.common(other) for other in used) + 8 * box.outside(frame)


def _ems(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return 0.32 if char in "iljtf.,:;|'! ()[]-" else 0.62
