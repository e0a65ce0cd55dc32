"""Methods for any metric, and for examples that come in groups: whole groups are resampled as units.

Two schemes of random weights give sums `weights @ units`, and the metric's aggregate does the rest:

- the bootstrap with the BCa correction (Efron, JASA 82, 1987), for intervals;
- Dirichlet weights with one more unit, the worst one possible, added to the data (Gaffke, "Three test statistics for a
  nonparametric one-sided hypothesis on the mean of a nonnegative variable", Mathematical Methods of Statistics 14,
  2005; Learned-Miller and Thomas, arXiv 1905.06208), for one-sided tests. For right or wrong this is exactly the
  Clopper-Pearson test. It needs no estimate of variance, so data without any variation give no false certainty: with
  G groups that never differ, the p-value of "worse by m" is (1 - m)^G.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from strati.statistics.interval import Interval
from strati.statistics.metric import Metric, Statistics
from strati.statistics.proportions import NOT_MEASURED

DRAWS = 4000
_CHUNK = 4_000_000  # weights held at a time, 32 MB
_SPARSE_FROM = 8

Aggregate = Callable[[Statistics], Statistics]


class Units(NamedTuple):
    """What is resampled: sums over each group, shape [g, k], and how many examples each group holds, shape [g]."""

    sums: Statistics
    sizes: Statistics


def units_of(statistics: Statistics, groups: Sequence[Hashable] | None = None) -> Units:
    """One unit for each group, in order of first appearance; one for each example without groups."""
    if groups is None:
        return Units(statistics, np.ones(len(statistics)))
    places: dict[Hashable, int] = {}
    place = np.array([places.setdefault(group, len(places)) for group in groups], dtype=np.intp)
    sums = np.zeros((len(places), statistics.shape[1]))
    np.add.at(sums, place, statistics)
    return Units(sums, np.bincount(place, minlength=len(places)).astype(np.float64))


def bca_interval(
    units: Units, aggregate: Aggregate, confidence: float = 0.95, seed: int = 0, draws: int = DRAWS
) -> Interval | None:
    """The bias-corrected and accelerated bootstrap interval; None without variation or with fewer than 3 units.

    The acceleration is from the jackknife over units; a tie with the estimate counts half in the bias correction.
    """
    from scipy.special import ndtr, ndtri

    count = len(units.sums)
    if count < 3:
        return None
    total = units.sums.sum(axis=0)
    value = float(aggregate(total))
    left_out = aggregate(total - units.sums)
    left_out = left_out[np.isfinite(left_out)]
    resampled = np.concatenate([aggregate(sums) for sums in _bootstrap_sums(units.sums, seed, draws)])
    resampled = resampled[np.isfinite(resampled)]
    if not len(left_out) or not len(resampled):
        return None
    spread = left_out.mean() - left_out
    square = float((spread**2).sum())
    below = float((resampled < value).mean() + (resampled == value).mean() / 2)
    if square <= 1e-18 or not 0 < below < 1:
        return None
    acceleration = float((spread**3).sum()) / (6 * square**1.5)
    bias = float(ndtri(below))
    tails = bias + np.array([-1.0, 1.0]) * -float(ndtri((1 - confidence) / 2))
    levels = ndtr(bias + tails / np.maximum(1 - acceleration * tails, 1e-9))
    low, high = np.quantile(resampled, levels)
    return Interval(value, float(low), float(high), confidence, int(units.sizes.sum()), "BCa bootstrap")


class Tails(NamedTuple):
    """Draws of the value with the worst unit added and with the best one added."""

    lower: Statistics
    upper: Statistics

    def p_above(self, bar: float) -> float:
        """The p-value of "the true value is at most the bar"."""
        return (1 + int((self.lower <= bar).sum())) / (1 + len(self.lower))

    def p_below(self, bar: float) -> float:
        """The p-value of "the true value is at least the bar"."""
        return (1 + int((self.upper >= bar).sum())) / (1 + len(self.upper))

    def limits(self, alpha: float) -> tuple[float, float]:
        """One-sided limits at alpha each; they contain the bars that neither p-value at alpha rejects."""
        return float(np.quantile(self.lower, alpha)), float(np.quantile(self.upper, 1 - alpha))

    def mirrored(self) -> Tails:
        """The draws of the opposite difference."""
        return Tails(-self.upper, -self.lower)


def quality_tails(units: Units, metric: Metric, seed: int = 0, draws: int = DRAWS) -> Tails:
    """Draws of the quality; the unit added is as large as the group of a random example, nothing or all right."""
    total = units.sums.sum(axis=0) * _typical_share(units)
    return tails(units.sums, metric.worst(total), metric.best(total), metric.aggregate, seed, draws)


def difference_tails(a: Units, b: Units, metric: Metric, seed: int = 0, draws: int = DRAWS) -> Tails:
    """Draws of the paired difference a - b; the unit added has one of the two all wrong and the other all right."""
    k = a.sums.shape[1]
    share = _typical_share(a)
    total_a, total_b = a.sums.sum(axis=0) * share, b.sums.sum(axis=0) * share
    worst = np.concatenate([metric.worst(total_a), metric.best(total_b)])
    best = np.concatenate([metric.best(total_a), metric.worst(total_b)])

    return tails(np.hstack([a.sums, b.sums]), worst, best, difference_of(metric, k), seed, draws)


def difference_of(metric: Metric, k: int) -> Aggregate:
    """The aggregate "a minus b" of sums that hold k statistics of a, then k of b."""
    return lambda sums: metric.aggregate(sums[..., :k]) - metric.aggregate(sums[..., k:])


def bounded_interval(
    units: Units, metric: Metric, confidence: float = 0.95, seed: int = 0, draws: int = DRAWS
) -> Interval:
    """An interval for the quality from the Dirichlet tests; defined for any data, also without variation."""
    n = int(units.sizes.sum())
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, confidence, 0, NOT_MEASURED)
    value = float(metric.aggregate(units.sums.sum(axis=0)))
    low, high = quality_tails(units, metric, seed, draws).limits((1 - confidence) / 2)
    return Interval(value, min(low, value), max(high, value), confidence, n, "Dirichlet with bounds")


def tails(units: Statistics, worst: Statistics, best: Statistics, value: Aggregate, seed: int, draws: int) -> Tails:
    rng = np.random.default_rng(seed)
    weighted = _weighted_sums(units)
    lower, upper = [], []
    for columns in _chunks(draws, len(units)):
        sums = weighted(rng.standard_exponential((len(units), columns)))
        added = rng.standard_exponential((columns, 1))
        lower.append(value(sums + added * worst))
        upper.append(value(sums + added * best))
    return Tails(np.concatenate(lower), np.concatenate(upper))


def _bootstrap_sums(units: Statistics, seed: int, draws: int) -> Iterator[Statistics]:
    rng = np.random.default_rng(seed)
    weighted = _weighted_sums(units)
    count = len(units)
    for columns in _chunks(draws, count):
        picked = rng.integers(0, count, size=(count, columns)) * columns + np.arange(columns)
        weights = np.bincount(picked.ravel(), minlength=count * columns).reshape(count, columns)
        yield weighted(weights.astype(np.float64))


def _weighted_sums(units: Statistics) -> Aggregate:
    """A function from weights, shape [g, draws], to sums, shape [draws, k].

    Statistics of many labels are nearly all 0, so they are multiplied as a sparse matrix.
    """
    if units.shape[1] < _SPARSE_FROM:
        return lambda weights: weights.T @ units
    from scipy.sparse import csr_array

    sparse = csr_array(units.T)
    return lambda weights: np.asarray(sparse @ weights).T


def _typical_share(units: Units) -> float:
    """The share of all examples in the group that a random example belongs to (Kish's effective size, inverted)."""
    return float((units.sizes**2).sum() / units.sizes.sum() ** 2)


def _chunks(draws: int, width: int) -> Iterator[int]:
    rows = max(1, _CHUNK // max(1, width))
    while draws > 0:
        yield min(rows, draws)
        draws -= rows
