"""How well confidence ranks answers: error against the share answered, and the area under that curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.statistics.interval import Interval
from strati.statistics.proportions import NOT_MEASURED

Floats = NDArray[np.float64]
DRAWS = 500


class RiskCoverage(NamedTuple):
    """The share answered and the mean loss among those, from the strictest threshold to none; one point a threshold."""

    threshold: Floats
    coverage: Floats
    risk: Floats


def risk_coverage(confidence: Floats, loss: Floats) -> RiskCoverage:
    """The risk-coverage curve (El-Yaniv and Wiener, JMLR 11, 2010, section 2) at every distinct confidence.

    A NaN confidence is no answer: it keeps its place in the denominator of coverage, and no threshold answers it.

    >>> curve = risk_coverage(np.array([.9, .8, .8, np.nan]), np.array([0., 1, 0, 1]))
    >>> curve.coverage.tolist(), curve.risk.round(3).tolist()
    ([0.25, 0.75], [0.0, 0.333])
    """
    confidence, loss = np.asarray(confidence, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    answered = np.flatnonzero(~np.isnan(confidence))
    order = answered[np.argsort(-confidence[answered], kind="stable")]
    ranked = confidence[order]
    ends = np.flatnonzero(np.append(ranked[:-1] > ranked[1:], len(ranked) > 0))
    sums = np.cumsum(loss[order])
    return RiskCoverage(ranked[ends], (ends + 1) / max(1, len(confidence)), sums[ends] / (ends + 1))


def aurc(confidence: Floats, loss: Floats) -> float:
    """The area under the risk-coverage curve: the mean, over k = 1 to n, of the mean loss of the k most confident.

    Geifman, Uziel and El-Yaniv, "Bias-reduced uncertainty estimation", ICLR 2019, section 2. Lower is better; the mean
    loss is what a confidence without information gets. Examples of equal confidence share their mean loss, so their
    order does not matter. No answer counts as the least confident and wrong. NaN for no examples.

    >>> round(aurc(np.array([.9, .8, .7]), np.array([0., 0, 1])), 3)
    0.111
    """
    ranked, tied = _ranked(confidence, loss)
    if not len(ranked):
        return float("nan")
    size = np.bincount(tied)
    even = (np.bincount(tied, weights=ranked) / size)[tied]
    return float((np.cumsum(even) / np.arange(1, len(even) + 1)).mean())


def aurc_interval(confidence: Floats, loss: Floats, level: float = 0.95, seed: int = 0, draws: int = DRAWS) -> Interval:
    """AURC with a percentile bootstrap interval over examples; for examples that are independent."""
    n = len(confidence)
    if n == 0:
        return Interval(float("nan"), 0.0, 1.0, level, 0, NOT_MEASURED)
    rng = np.random.default_rng(seed)
    confidence, loss = np.asarray(confidence, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    found = []
    for _ in range(draws):
        rows = rng.integers(0, n, n)
        found.append(aurc(confidence[rows], loss[rows]))
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    value = aurc(confidence, loss)
    return Interval(value, min(value, float(low)), max(value, float(high)), level, n, "percentile bootstrap")


def _ranked(confidence: Floats, loss: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Losses, most confident first, and the number of the tie each belongs to."""
    confidence, loss = np.asarray(confidence, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    missing = np.isnan(confidence)
    key = np.where(missing, -np.inf, confidence)
    order = np.argsort(-key, kind="stable")
    _, tied = np.unique(-key[order], return_inverse=True)
    return np.where(missing, 1.0, loss)[order], tied.astype(np.int64)
