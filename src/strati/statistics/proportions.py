"""One proportion: exact and score intervals, and exact tests against a bar. For examples that are independent."""

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


def wilson(right: int, n: int, confidence: float = 0.95) -> Interval:
    """The score interval for `right` of `n` (Wilson, JASA 22, 1927): shorter, covers its level on average."""
    from scipy.special import ndtri

    if n == 0:
        return Interval(math.nan, 0.0, 1.0, confidence, 0, NOT_MEASURED)
    z = -float(ndtri((1 - confidence) / 2))
    share = right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if right == 0 else middle - half
    high = 1.0 if right == n else middle + half
    return Interval(share, low, high, confidence, n, "Wilson")


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
