"""How many labels a certificate takes."""

from __future__ import annotations

import math

import numpy as np

from strati.certify.method.plan import Plan
from strati.certify.method.risk import Promise, errors_allowed, p_value
from strati.certify.method.scored import Delivered, Scored, evaluate

MOST = 10_000_000


def labels_needed_to_certify(
    error: float, share: float, at_least: float, risk: float = 0.05, power: float = 0.8
) -> int | None:
    """Calibrate labels with which a setting passes the exact test at level `risk` with probability `power`.

    `error` and `share` are the setting's error rate among automatic answers and the share it answers, as estimated on
    tune. Both the errors and the number of automatic answers vary: of N labels, Bin(N, share) are answered, and of n
    those, Bin(n, error) wrongly. As the count of errors is whole, power rises with N like a saw; what is returned is
    where it crosses, so read it as "about". None when the error is at or above 1 - `at_least` or nothing is answered,
    where no number would do, or when it is above ten million.

    >>> labels_needed_to_certify(0.0, 1.0, 0.95), labels_needed_to_certify(0.05, 1.0, 0.95)
    (59, None)
    """
    at_most = round(1 - at_least, 12)
    if not 0 <= error < at_most or not 0 < share <= 1:
        return None
    high = 1
    while power_to_certify(high, error, share, at_least, risk) < power:
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_to_certify(middle, error, share, at_least, risk) >= power else (middle, high)
    return high


def labels_needed_for(plan: Plan, power: float = 0.8, tune: Scored | None = None) -> int | None:
    """ "Not yet: about N more": the calibrate labels that the easiest setting of the path takes, in all.

    One error is added to what tune showed, because the easiest setting is also the one that tune flatters most, and no
    error among few is no proof of none. Of several starts none has all the risk; that is left out.

    With `tune` it also speaks of promises per class (what the class that needs most takes; all must pass, so more are
    needed than this) and of those tested by betting (where the p-value that tune gives, to the power of how many times
    as large calibrate is, falls to a fifth of the risk). Without it, more are needed for these.
    """
    if plan.path is None:
        return None
    promise = plan.path.promise
    if tune is not None and promise.classes:
        found = [_for_classes(evaluate(e.setting, tune), promise, power) for e in plan.estimates]
    elif tune is not None and not promise.exact:
        found = [_for_betting(evaluate(e.setting, tune), promise) for e in plan.estimates]
    else:
        found = [
            labels_needed_to_certify((e.errors + 1) / (e.n + 1), e.share, promise.at_least, promise.risk, power)
            for e in plan.estimates
        ]
    return min((count for count in found if count is not None), default=None)


def chance_to_certify(plan: Plan, labels: int) -> float | None:
    """How likely an attempt with so many calibrate labels is to end with a certificate, going by tune.

    That of the most promising setting, with one error added to what tune showed of it; the others add little, for they
    are the same answers at other thresholds. None for promises per class or tested by betting, where it is not told.
    """
    if plan.path is None or not plan.path.promise.exact or plan.path.promise.classes:
        return None
    promise = plan.path.promise
    found = [
        power_to_certify(labels, (e.errors + 1) / (e.n + 1), e.share, promise.at_least, promise.risk)
        for e in plan.estimates
        if e.n and 0 < e.share <= 1
    ]
    return max(found, default=0.0)


def _for_classes(delivered: Delivered, promise: Promise, power: float) -> int | None:
    if delivered.label is None or not len(delivered.rung):
        return None
    most = 0
    for label in promise.classes:
        mask = (delivered.label == label) & delivered.automatic
        n, share = int(mask.sum()), float(mask.mean())
        error = (float(delivered.loss[mask].sum()) + 1) / (n + 1)
        count = labels_needed_to_certify(error, share, promise.at_least, promise.risk, power)
        if count is None:
            return None
        most = max(most, count)
    return most


def _for_betting(delivered: Delivered, promise: Promise) -> int | None:
    p = p_value(delivered, promise)
    if not 0 < p < 1:
        return None
    count = math.ceil(len(delivered.rung) * math.log(promise.risk / 5) / math.log(p))
    return count if count <= MOST else None


def power_to_certify(labels: int, error: float, share: float, at_least: float, risk: float = 0.05) -> float:
    """The probability that a setting of this error and share passes with so many calibrate labels.

    Exact up to a few thousand labels; above that over 401 evenly spaced numbers of automatic answers within six
    standard deviations of the mean.
    """
    from scipy.special import bdtr
    from scipy.stats import binom

    middle, spread = labels * share, 6 * math.sqrt(labels * share * (1 - share)) + 1
    low, high = max(0, math.floor(middle - spread)), min(labels, math.ceil(middle + spread))
    n = np.unique(np.linspace(low, high, min(401, high - low + 1)).round().astype(np.int64))
    weight = binom.pmf(n, labels, share)
    allowed = errors_allowed(n, round(1 - at_least, 12), risk)
    passes = np.where(allowed >= 0, bdtr(np.maximum(allowed, 0), np.maximum(n, 1), error), 0.0)
    return float((weight * passes).sum() / weight.sum())
