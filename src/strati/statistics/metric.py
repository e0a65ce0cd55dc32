"""The contract of a metric: statistics for one example, and the value that sums of them stand for."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from strati.core.records import JSON, Score

Statistics = NDArray[np.float64]


class Metric(Protocol):
    """A quality between 0 and 1, computed from sums over examples of k statistics.

    The value must not change when all sums are multiplied by the same number, so weighted resamples need no scaling.
    """

    @property
    def name(self) -> str:
        """The name used in `strati.toml` and in reports."""
        ...

    @property
    def binary(self) -> bool:
        """True when the statistics of an example are (right, 1) with right either 0 or 1."""
        ...

    def score(self, reference: JSON, value: JSON | None) -> Score:
        """The statistics of one example; None means that nothing was delivered, which counts as wrong."""
        ...

    def aggregate(self, sums: Statistics) -> Statistics:
        """Metric values, shape [...], of sums over examples, shape [..., k]; NaN where nothing was measured."""
        ...

    def best(self, sums: Statistics) -> Statistics:
        """The sums of as many examples if every answer were right; bounds what was not seen (see `statistics`)."""
        ...

    def worst(self, sums: Statistics) -> Statistics:
        """The sums of as many examples if nothing were delivered."""
        ...


def ratio(numerator: Statistics, denominator: Statistics) -> Statistics:
    """Elementwise quotient, NaN where the denominator is not above 0."""
    known = denominator > 0
    return np.where(known, numerator / np.where(known, denominator, 1.0), np.nan)
