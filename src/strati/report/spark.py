"""A small drawing for a table cell: a value with its interval on a line, and lines to compare with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from strati.core import figures
from strati.report.markup import Html, join, tag

WIDTH, HEIGHT = 120.0, 16.0


def spark(
    value: Any, low: Any, high: Any, ends: tuple[float, float], lines: Sequence[float] = (), kind: str = ""
) -> Html:
    """The drawing; hidden from screen readers, for the figures stand beside it. Nothing where there is no value."""
    middle = figures.finite(value)
    if middle is None:
        return join()

    def at(x: float) -> float:
        inside = min(max(x, ends[0]), ends[1])
        return 4 + (inside - ends[0]) / (ends[1] - ends[0]) * (WIDTH - 8)

    left, right = (middle if end is None else end for end in (figures.finite(low), figures.finite(high)))
    return tag(
        "svg",
        _line(4, WIDTH - 4, "track"),
        [tag("line", x1=f"{at(x):.1f}", x2=f"{at(x):.1f}", y1=1, y2=15, class_="reference") for x in lines],
        _line(at(left), at(right), "range"),
        tag("line", x1=f"{at(middle):.1f}", x2=f"{at(middle):.1f}", y1=2.5, y2=13.5, class_="value"),
        class_=f"spark {kind}".strip(),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        aria_hidden="true",
    )


def ends_of(estimates: Sequence[tuple[Any, Any]]) -> tuple[float, float]:
    """The ends of a drawing for shares, from (value, low) pairs: up to 1, and down to a round share.

    What lies more than .5 below the best value is drawn at the lower end.
    """
    found = [(value, low) for v, b in estimates if (value := figures.finite(v)) is not None for low in [_or(b, value)]]
    best = max((value for value, _ in found), default=1.0)
    lowest = min((low for value, low in found if value > best - 0.5), default=0.0)
    return min(0.9, max(0.0, math.floor(lowest * 10) / 10)), 1.0


def _or(x: Any, other: float) -> float:
    value = figures.finite(x)
    return other if value is None else value


def _line(x1: float, x2: float, kind: str) -> Html:
    return tag("line", x1=f"{x1:.1f}", x2=f"{x2:.1f}", y1=8, y2=8, class_=kind)
