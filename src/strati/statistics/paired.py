"""Two candidates right or wrong on the same independent examples: Tango's score test of the difference.

With x = examples only a has right, y = examples only b has right, the difference is (x - y) / n. At a hypothetical
difference d the share of y-pairs has a restricted maximum-likelihood estimate in closed form, and

    Z(d) = (x - y - n d) / sqrt(n (2 q + d (1 - d)))

is compared with the normal distribution (Tango, Statistics in Medicine 17, 1998, 891-908, sections 3 and 4).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from strati.statistics.interval import Interval
from strati.statistics.proportions import NOT_MEASURED, clopper_pearson

# Below this many discordant pairs the normal approximation errs by up to three points at the .05 level (see
# benchmarks/decision_simulation.py), so the same statistic is referred to its exact distribution.
EXACT_UP_TO = 60
_GAMMA = 1e-4
_NUISANCE_POINTS = 25


def tango_z(x: int, y: int, n: int, d: float) -> float:
    """The score statistic at a hypothetical difference d, -1 < d < 1; positive when the data lie above d."""
    return float(_z(np.float64(x), np.float64(y), n, d))


@lru_cache(maxsize=4096)
def tango_interval(x: int, y: int, n: int, confidence: float = 0.95) -> Interval:
    """The score interval for a difference of paired proportions, found by inverting the test.

    >>> interval = tango_interval(1, 7, 21)
    >>> round(interval.low, 3), round(interval.high, 3)
    (-0.517, -0.026)
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    if n == 0:
        return Interval(math.nan, -1.0, 1.0, confidence, 0, NOT_MEASURED)
    z = -float(ndtri((1 - confidence) / 2))
    value = (x - y) / n
    edge = 1 - 1e-12
    low = -1.0 if value <= -edge else float(brentq(lambda d: tango_z(x, y, n, d) - z, -edge, value))
    high = 1.0 if value >= edge else float(brentq(lambda d: tango_z(x, y, n, d) + z, value, edge))
    return Interval(value, low, high, confidence, n, "Tango")


@lru_cache(maxsize=4096)
def tango_p_values(x: int, y: int, n: int, margin: float) -> tuple[float, float]:
    """p-values (non-inferior, inferior) of a against b.

    The first tests "a is worse than b by the margin or more", the second "a is worse by at most the margin". With few
    discordant pairs each is the larger of the normal and the exact one, so that it never promises too much.
    """
    from scipy.special import ndtr

    if n == 0:
        return 1.0, 1.0
    z = tango_z(x, y, n, -margin)
    noninferior, inferior = float(ndtr(-z)), float(ndtr(z))
    if x + y <= EXACT_UP_TO:
        exact = _exact_tails(x, y, n, margin, z)
        noninferior, inferior = max(noninferior, exact[0]), max(inferior, exact[1])
    return noninferior, inferior


def _z(
    x: NDArray[np.float64] | np.float64, y: NDArray[np.float64] | np.float64, n: int, d: float
) -> NDArray[np.float64]:
    linear = 2 * n * d - x - y - (x - y) * d
    root = np.sqrt(np.maximum(linear * linear + 8 * n * y * d * (1 - d), 0.0))
    q = np.maximum((root - linear) / (4 * n), max(0.0, -d))
    variance = n * np.maximum(2 * q + d * (1 - d), 0.0)
    gap = x - y - n * d
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(gap) < 1e-9, 0.0, gap / np.sqrt(variance))


def _exact_tails(x: int, y: int, n: int, margin: float, z: float) -> tuple[float, float]:
    """P(Z >= z) and P(Z <= z) when a is worse by exactly the margin, the largest over the nuisance parameter.

    The unconditional exact test of Sidik (Journal of Biopharmaceutical Statistics 13, 2003), with the nuisance
    parameter restricted to a confidence set as in Berger and Boos (JASA 89, 1994).
    """
    from scipy.special import gammaln, xlogy

    discordance = clopper_pearson(x + y, n, 1 - _GAMMA)
    lowest, highest = (min(max((limit - margin) / 2, 0.0), (1 - margin) / 2) for limit in discordance[1:3])
    most = min(n, math.ceil(n * (highest + margin) + 8 * math.sqrt(n * (highest + margin)) + 10))
    only_a = np.arange(most + 1, dtype=np.float64)[:, None]
    only_b = np.arange(most + 1, dtype=np.float64)[None, :]
    rest = n - only_a - only_b
    possible = rest >= 0
    rest = np.where(possible, rest, 0.0)
    count = gammaln(n + 1) - gammaln(only_a + 1) - gammaln(only_b + 1) - gammaln(rest + 1)
    scores = _z(only_a, only_b, n, -margin)
    above, below = possible & (scores >= z - 1e-9), possible & (scores <= z + 1e-9)
    tails = [0.0, 0.0]
    for q in np.linspace(lowest, highest, _NUISANCE_POINTS):
        log_p = count + xlogy(only_a, q) + xlogy(only_b, q + margin) + xlogy(rest, max(1 - 2 * q - margin, 0.0))
        p = np.exp(log_p)
        tails = [max(tails[0], float(p[above].sum())), max(tails[1], float(p[below].sum()))]
    return min(1.0, tails[0] + _GAMMA), min(1.0, tails[1] + _GAMMA)
