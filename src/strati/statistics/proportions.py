"""One proportion: the exact interval, and exact tests against a bar. For examples that are independent."""

from __future__ import annotations

import math

from strati.statistics.interval import Interval

NOT_MEASURED = "not measured"


def clopper_pearson(right: int, n: int, confidence: float = 0.95) -> Interval:
    """The exact interval for `right` of `n` (Clopper and Pearson, Biometrika 26, 1934); it never covers too little.

    >>> interval = clopper_pearson(20, 20)
    >>> round(interval.low, 3), interval.high
    (0.832, 1.0)
    """
    from scipy.special import betaincinv

    if n == 0:
        return Interval(math.nan, 0.0, 1.0, confidence, 0, NOT_MEASURED)
    tail = (1 - confidence) / 2
    low = float(betaincinv(right, n - right + 1, tail)) if right else 0.0
    high = float(betaincinv(right + 1, n - right, 1 - tail)) if right < n else 1.0
    return Interval(right / n, low, high, confidence, n, "Clopper-Pearson")


def binomial_p_values(right: int, n: int, bar: float) -> tuple[float, float]:
    """Exact one-sided p-values (reaches, misses) against a bar.

    The first tests "the true share is at most the bar", the second "it is at least the bar". A bar of 0 is always
    reached. With n = 0 both are 1.
    """
    from scipy.special import bdtr, bdtrc

    if n == 0:
        return 1.0, 1.0
    if bar <= 0:
        return 0.0, 1.0
    return (float(bdtrc(right - 1, n, bar)) if right else 1.0), float(bdtr(right, n, bar))
