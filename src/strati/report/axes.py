"""The two axes of the chart: cost on a logarithmic scale, quality on a straight one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

SPAN = 0.45
LEAST = 1e-4  # dollars per 1,000 answers: what is cheaper stands there, for nobody compares millionths


class Axis(NamedTuple):
    """A scale from values to places in the drawing, with the values that get a mark."""

    low: float
    high: float
    start: float
    end: float
    log: bool
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """The place of a value; values beyond the ends stay at the ends."""
        low, high, x = (math.log10(v) if self.log else v for v in (self.low, self.high, self.bounded(value)))
        return self.start + (x - low) / (high - low) * (self.end - self.start)

    def bounded(self, value: float) -> float:
        """The value, or the end that it lies beyond."""
        return min(max(value, self.low), self.high)


def cost_axis(costs: Sequence[float], start: float, end: float, most: int = 7) -> Axis:
    """An axis that holds every positive cost with some room; a cost of 0 stands at its left end."""
    positive = [max(cost, LEAST) for cost in costs if cost > 0] or [0.001]
    low, high = math.log10(min(positive)) - 0.35, math.log10(max(positive)) + 0.45
    if high - low < 1.2:
        low, high = low - 0.5, high + 0.5
    powers = range(math.ceil(low), math.floor(high) + 1)
    step = max(1, math.ceil(len(powers) / most))
    return Axis(10**low, 10**high, start, end, True, tuple(10.0**p for p in powers[::step]))


def quality_axis(
    values: Sequence[float], lows: Sequence[float], highs: Sequence[float], start: float, end: float
) -> Axis:
    """An axis that holds the qualities worth telling apart.

    It reaches at most `SPAN` below the best value: one hopeless rung must not press the others together. What lies
    below stands at the lower end, and the chart says so.
    """
    top = min(1.0, max(highs) + 0.02)
    bottom = max(0.0, min(min(lows) - 0.02, max(values) - 0.12), max(values) - SPAN)
    step = next(s for s in (0.01, 0.02, 0.05, 0.1) if (top - bottom) / s <= 7 or s == 0.1)
    first = math.ceil(round(bottom / step, 6))
    last = math.floor(round(top / step, 6))
    return Axis(bottom, top, start, end, False, tuple(round(i * step, 6) for i in range(first, last + 1)))
