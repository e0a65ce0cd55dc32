"""Which method for which data: one call for an interval, one against a bar, one for two candidates.

Right or wrong on independent examples gets the exact methods. Everything else, and any data in groups, is resampled by
unit: the binomial is not valid where the examples of a group resemble each other.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from strati.statistics.interval import Interval
from strati.statistics.metric import Metric, Statistics
from strati.statistics.paired import tango_interval, tango_p_values
from strati.statistics.proportions import NOT_MEASURED, binomial_p_values, clopper_pearson
from strati.statistics.resampling import (
    Tails,
    bca_interval,
    bounded_interval,
    difference_tails,
    quality_tails,
    units_of,
)

Groups = Sequence[Hashable]


class Comparison(NamedTuple):
    """Candidate a against b on the `n` examples that both measured; `difference` is the quality of a minus that of b.

    `low` and `high` are one-sided limits at alpha each, so together an interval at 1 - 2 alpha: the limits that belong
    to the two tests (with few discordant pairs Tango's test is made exact and may be stricter than the limits).
    `p_noninferior` tests "a is worse than b by the margin or more"; `p_inferior` tests "a is worse
    by at most the margin". `discordance` is the share of examples on which the two differ.
    """

    difference: float
    low: float
    high: float
    p_noninferior: float
    p_inferior: float
    method: str
    n: int
    discordance: float


def compare(
    a_stats: Statistics,
    b_stats: Statistics,
    metric: Metric,
    margin: float,
    alpha: float,
    groups: Groups | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare two candidates by their per-example statistics, shape [n, k] each, rows in the same order.

    Without groups and for right or wrong: Tango's score interval and test. Otherwise Dirichlet weights over units with
    a worst case added (`strati.statistics.resampling`).
    """
    return compare_both(a_stats, b_stats, metric, margin, alpha, groups, seed)[0]


def compare_both(
    a_stats: Statistics,
    b_stats: Statistics,
    metric: Metric,
    margin: float,
    alpha: float,
    groups: Groups | None = None,
    seed: int = 0,
) -> tuple[Comparison, Comparison]:
    """`compare` of a against b and of b against a, for the price of one."""
    n = len(a_stats)
    if n == 0:
        nothing = Comparison(math.nan, -1.0, 1.0, 1.0, 1.0, NOT_MEASURED, 0, math.nan)
        return nothing, nothing
    discordance = float((a_stats != b_stats).any(axis=1).mean())
    groups = _real(groups)
    if metric.binary and groups is None:
        gap = a_stats[:, 0] - b_stats[:, 0]
        x, y = int((gap > 0).sum()), int((gap < 0).sum())
        return _by_tango(x, y, n, margin, alpha, discordance), _by_tango(y, x, n, margin, alpha, discordance)
    difference = float(metric.aggregate(a_stats.sum(axis=0)) - metric.aggregate(b_stats.sum(axis=0)))
    tails = difference_tails(units_of(a_stats, groups), units_of(b_stats, groups), metric, seed)
    method = "Dirichlet weights over " + ("groups" if groups is not None else "examples")
    return (
        _by_tails(difference, tails, margin, alpha, method, n, discordance),
        _by_tails(-difference, tails.mirrored(), margin, alpha, method, n, discordance),
    )


def _by_tango(x: int, y: int, n: int, margin: float, alpha: float, discordance: float) -> Comparison:
    interval = tango_interval(x, y, n, 1 - 2 * alpha)
    p_values = tango_p_values(x, y, n, margin)
    return Comparison(interval.value, interval.low, interval.high, *p_values, interval.method, n, discordance)


def _by_tails(
    difference: float, tails: Tails, margin: float, alpha: float, method: str, n: int, discordance: float
) -> Comparison:
    low, high = tails.limits(alpha)
    p_values = tails.p_above(-margin), tails.p_below(-margin)
    return Comparison(difference, min(low, difference), max(high, difference), *p_values, method, n, discordance)


def quality_interval(
    stats: Statistics, metric: Metric, confidence: float = 0.95, groups: Groups | None = None, seed: int = 0
) -> Interval:
    """The quality with its interval: exact for right or wrong on independent examples, else resampled by unit.

    Without groups: BCa. With groups: the wider, at each end, of BCa and of Dirichlet weights with a worst and a best
    case added, because BCa alone covers too little on ten or twenty groups (benchmarks/decision_simulation.py). Where
    BCa is not defined, the Dirichlet limits alone, so that 20 right out of 20 is never certain.
    """
    groups = _real(groups)
    if metric.binary and groups is None:
        return clopper_pearson(int(stats[:, 0].sum()), len(stats), confidence)
    units = units_of(stats, groups)
    bca = bca_interval(units, metric.aggregate, confidence, seed)
    if bca is not None and groups is None:
        return bca
    bounded = bounded_interval(units, metric, confidence, seed)
    if bca is None:
        return bounded
    method = "wider of BCa and Dirichlet over groups"
    return bounded._replace(low=min(bca.low, bounded.low), high=max(bca.high, bounded.high), method=method)


def bar_p_values(
    stats: Statistics, metric: Metric, bar: float, groups: Groups | None = None, seed: int = 0
) -> tuple[float, float]:
    """p-values (reaches, misses): small ones show that the quality is above the bar, or below it. 1 for no data."""
    groups = _real(groups)
    if len(stats) == 0:
        return 1.0, 1.0
    if metric.binary and groups is None:
        return binomial_p_values(int(stats[:, 0].sum()), len(stats), bar)
    tails = quality_tails(units_of(stats, groups), metric, seed)
    return (0.0 if bar <= 0 else tails.p_above(bar)), tails.p_below(bar)


def _real(groups: Groups | None) -> Groups | None:
    """The groups, or None when every example is a group of its own."""
    return groups if groups is not None and len(set(groups)) < len(groups) else None
