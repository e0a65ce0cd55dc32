"""Tests and confidence sequences for a mean that hold at every moment of looking, for values between known limits.

A player bets a fixed share c of all capital at fair odds against "the mean is at most m": with values moved to [0, 1],
each value y multiplies the capital by 1 - c + c y / m. If the mean is at most m, the capital is a nonnegative
supermartingale, so by Ville's inequality it ever reaches 1 / alpha with probability at most alpha, however often and
whenever one looks. Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 86, 2024
(arXiv 2010.09686), section 4 on capital processes; the capital here is that of many players with shares c fixed
beforehand, together 1 at the beginning, their diversified Kelly bet (appendix on other betting strategies). It needs no
tuning to the variance, and for few possible values, such as the paired differences -1, 0 and 1, it is nearly the best
possible.

Values must come one after the other from the same source and independently, as examples in random order do.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strati.statistics.interval import Interval
from strati.statistics.proportions import NOT_MEASURED

# Shares of capital staked: small ones for small effects seen often, large ones for large effects seen at once. Players
# begin with capital in proportion to their shares: a small effect takes thousands of values, and races have hundreds.
SHARES = np.arange(1, 33) / 33
WEIGHTS = SHARES / SHARES.sum()
METHOD = "confidence sequence by betting"

Floats = NDArray[np.float64]


def log_capital(values: ArrayLike, mean: float, low: float = -1.0, high: float = 1.0) -> Floats:
    """The natural logarithm of the capital against "the mean is at most `mean`" after each value, shape [n].

    `values` has shape [n] and lies in [low, high]; ValueError otherwise. A mean below `low` cannot be the true one: its
    capital is infinite; against one of `high` or more no capital grows.

    >>> round(float(log_capital([1, 1, 1, 1], 0.0)[-1]), 2)
    2.13
    """
    y = _moved(values, low, high)
    level = (mean - low) / (high - low)
    if level <= 0:
        return np.where(np.cumsum(y) > 0, np.inf, 0.0) if level == 0 else np.full(len(y), np.inf)
    with np.errstate(divide="ignore"):
        growth = np.log1p(SHARES * (y[:, None] / min(level, 1.0) - 1.0)).cumsum(axis=0)
    highest = growth.max(axis=1, initial=-np.inf)
    found: Floats = highest + np.log(np.exp(growth - highest[:, None]) @ WEIGHTS)
    return found


def shown_above(values: ArrayLike, mean: float, alpha: float, low: float = -1.0, high: float = 1.0) -> int | None:
    """After how many values it is first shown that the mean is above `mean`; None when it is not.

    If the mean is not above it, this returns a number with probability at most alpha, for any number of values.
    """
    reached = log_capital(values, mean, low, high) >= math.log(1 / alpha)
    return int(reached.argmax()) + 1 if reached.any() else None


def confidence_sequence(values: ArrayLike, confidence: float = 0.95, low: float = -1.0, high: float = 1.0) -> Interval:
    """The mean with limits that hold at every moment together: the two-sided interval after the last of the values.

    With probability `confidence` the true mean lies in all the intervals that this gives for the first 1, 2, 3...
    values of a series. It is the set of means that `shown_above` at half the error, on the values and on the values
    turned round, never excludes.

    >>> found = confidence_sequence([1] * 20, low=0.0)
    >>> round(found.low, 3), found.high
    (0.787, 1.0)
    """
    given = np.asarray(values, dtype=float)
    if len(given) == 0:
        return Interval(math.nan, low, high, confidence, 0, NOT_MEASURED)
    tail = (1 - confidence) / 2
    lower = lower_limit(given, tail, low, high)
    upper = -lower_limit(-given, tail, -high, -low)
    value = float(given.mean())
    return Interval(value, min(lower, value), max(upper, value), confidence, len(given), METHOD)


def lower_limit(values: ArrayLike, alpha: float, low: float = -1.0, high: float = 1.0) -> float:
    """The largest mean that is excluded from below at any moment: the true mean is above it with 1 - alpha."""
    given = np.asarray(values, dtype=float)
    wanted = math.log(1 / alpha)
    excluded, kept = low, high
    for _ in range(40):  # the capital falls as the mean rises, so halving finds the limit
        middle = (excluded + kept) / 2
        if log_capital(given, middle, low, high).max(initial=-np.inf) >= wanted:
            excluded = middle
        else:
            kept = middle
    return excluded


def _moved(values: ArrayLike, low: float, high: float) -> Floats:
    """Values moved from [low, high] to [0, 1]."""
    given = np.asarray(values, dtype=float)
    if len(given) and not (given.min() >= low and given.max() <= high):
        raise ValueError(f"values go from {given.min():g} to {given.max():g}, expected them in [{low:g}, {high:g}]")
    moved: Floats = (given - low) / (high - low)
    return moved


def best_growth(values: ArrayLike, mean: float, low: float = -1.0, high: float = 1.0) -> float:
    """The growth of log capital per value of the player who did best so far; 0 for no values.

    It foretells how soon something will be shown if what comes is like what came.
    """
    y, level = _moved(values, low, high), (mean - low) / (high - low)
    if not len(y) or level <= 0:
        return 0.0
    return float(np.log1p(SHARES * (y[:, None] / min(level, 1.0) - 1.0)).mean(axis=0).max())
