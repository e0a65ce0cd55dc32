"""Sums and differences of several metric values on the same examples, such as a drop, or a drop beyond another one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from strati.statistics.interval import Interval
from strati.statistics.metric import Metric, Statistics
from strati.statistics.paired import tango_interval
from strati.statistics.proportions import NOT_MEASURED
from strati.statistics.resampling import tails, units_of

Part = tuple[float, Statistics]  # (sign, statistics of shape [n, k])


def paired_interval(
    a: Statistics,
    b: Statistics,
    metric: Metric,
    confidence: float = 0.95,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Interval:
    """The quality of a minus that of b on the same examples, with a two-sided interval.

    Tango's score interval for right or wrong on independent examples (Tango, Statistics in Medicine 17, 1998), else
    `contrast_interval`. Rows of the two are the same examples.
    """
    groups = groups if groups is not None and len(set(groups)) < len(groups) else None
    if len(a) and metric.binary and groups is None:
        gap = a[:, 0] - b[:, 0]
        return tango_interval(int((gap > 0).sum()), int((gap < 0).sum()), len(gap), confidence)
    return contrast_interval([(1.0, a), (-1.0, b)], metric, confidence, groups, seed)


def contrast_interval(
    parts: Sequence[Part],
    metric: Metric,
    confidence: float = 0.95,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Interval:
    """The signed sum of metric values, with an interval from Dirichlet weights over examples or groups.

    All parts hold the same examples in the same order; a row of zeros means that an example does not count in that
    part. A worst and a best case are added to the data (`strati.statistics.resampling`), so that data without any
    variation give no false certainty. A part that is empty makes the value NaN: not measured.
    """
    count, width = parts[0][1].shape
    units = units_of(np.hstack([part for _, part in parts]), groups)
    total = units.sums.sum(axis=0) * float((units.sizes**2).sum() / max(1.0, units.sizes.sum() ** 2))
    blocks = [total[place * width : (place + 1) * width] for place in range(len(parts))]

    def value(sums: Statistics) -> Statistics:
        pieces: list[Statistics] = [
            sign * metric.aggregate(sums[..., place * width : (place + 1) * width])
            for place, (sign, _) in enumerate(parts)
        ]
        return np.asarray(sum(pieces))

    middle = float(value(units.sums.sum(axis=0))) if count else float("nan")
    if not np.isfinite(middle):
        reach = float(sum(abs(sign) for sign, _ in parts)) / 2
        return Interval(float("nan"), -reach, reach, confidence, count, NOT_MEASURED)
    signs = [sign for sign, _ in parts]
    worst = [metric.worst(b) if sign > 0 else metric.best(b) for sign, b in zip(signs, blocks, strict=True)]
    best = [metric.best(b) if sign > 0 else metric.worst(b) for sign, b in zip(signs, blocks, strict=True)]
    low, high = tails(units.sums, np.concatenate(worst), np.concatenate(best), value, seed, 2000).limits(
        (1 - confidence) / 2
    )
    method = "Dirichlet weights over " + ("examples" if groups is None else "groups")
    return Interval(middle, min(low, middle), max(high, middle), confidence, count, method)
