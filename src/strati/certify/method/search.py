"""Search on tune: which rungs, in which order, with which thresholds.

For one order of rungs, thresholds are found that minimise, summed over tune,

    total cost + price * (loss - target) over automatic answers,

the Lagrangian of "least total cost with a mean loss of at most the target among automatic answers". A high price gives
safe settings, a low one cheap settings; a column of prices from low to high, and lower targets at the top, traces the
error/cost front. Within one column and one stage, with the other thresholds held fixed, an example that reaches the
stage gains by being delivered there rather than further on an amount that does not depend on the threshold; so after
sorting by confidence the best threshold is where the running sum of gains is largest. Stages are swept from last to
first until nothing changes, all columns at once. That is coordinate descent: each step lowers the sum, the end is a
local optimum. One sweep of a stage costs O(n log n) once for sorting and O(n columns) after that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from strati.certify.method.economics import Economics
from strati.certify.method.scored import Bools, Floats, Ints, Scored, Setting, evaluate

PRICES = 28  # along the front of one order
SWEEPS = 6
MOST_RUNGS = 6
CUTS = 200  # thresholds tried per stage: quantiles of tune's confidences
NEVER = 2.0  # the threshold of a stage that delivers nothing: confidences are at most 1


class Estimate(NamedTuple):
    """A setting with its figures on tune: automatic share and error, dollars for rungs, total with people's price."""

    setting: Setting
    n: int
    errors: float
    rows: int
    cost: float
    total: float

    @property
    def share(self) -> float:
        return self.n / self.rows if self.rows else float("nan")

    @property
    def people(self) -> float:
        return 1 - self.share

    @property
    def error(self) -> float:
        return self.errors / self.n if self.n else float("nan")


def orders(scored: Scored) -> Iterator[tuple[int, ...]]:
    """All subsets of the rungs, each asked from cheap to dear; ties in ladder order.

    A dear rung before a cheap one pays only where the cheap one's answers are worth less than the time it takes.
    """
    count = len(scored.names)
    if count > MOST_RUNGS:
        raise ValueError(f"{count} rungs were given, expected at most {MOST_RUNGS}")
    mean = scored.cost.mean(axis=0) if len(scored) else np.zeros(count)
    ranked = sorted(range(count), key=lambda rung: (mean[rung], rung))
    for size in range(1, count + 1):
        yield from combinations(ranked, size)


def front(scored: Scored, order: Sequence[int], at_most: float, economics: Economics) -> list[Estimate]:
    """Settings of one order from safe to cheap, estimated on tune; equal ones once."""
    rungs = tuple(order)
    part = scored.take(scored.rows(rungs))
    if not len(part):
        return []
    price, target = _columns(at_most, economics.person(scored))
    settings = {
        Setting(rungs, tuple(map(float, thresholds)))
        for thresholds in _descend(part, rungs, price, target, economics).T
        if (thresholds < NEVER).any()
    }
    found = [estimate(setting, part, economics, economics.person(scored)) for setting in settings]
    return sorted(found, key=lambda e: (-e.total, e.errors - at_most * e.n, e.setting.thresholds))


def estimate(setting: Setting, scored: Scored, economics: Economics, person: float) -> Estimate:
    """The figures of a setting on tune."""
    found = evaluate(setting, scored)
    total = economics.total(found, person)
    return Estimate(setting, found.count, found.errors, len(found.rows), found.cost_each, total)


def _columns(at_most: float, person: float) -> tuple[Floats, Floats]:
    """Prices and targets. At price c an answer is worth giving while its risk is below target + person / c."""
    prices = person * np.geomspace(1.0, 2000.0, PRICES)
    targets = np.full(PRICES, at_most)
    strict = at_most * np.array([0.6, 0.35, 0.2, 0.1, 0.05])
    return np.append(prices, np.full(len(strict), prices[-1])), np.append(targets, strict)


def _descend(scored: Scored, rungs: tuple[int, ...], price: Floats, target: Floats, economics: Economics) -> Floats:
    """Thresholds [stages, columns] at a local optimum of the Lagrangian of every column."""
    columns = len(price)
    person = np.full((len(scored), columns), economics.person(scored))
    loss = np.where(scored.answered, scored.loss, 0.0)[:, :, None]
    value = [economics.wrong_answer * loss[:, r] + price * (loss[:, r] - target) for r in rungs]
    stages = [_Stage.of(scored, rung) for rung in rungs]
    thresholds = np.full((len(rungs), columns), NEVER)
    delivers = [np.zeros((len(scored), columns), dtype=bool) for _ in rungs]
    for _ in range(SWEEPS):
        before = thresholds.copy()
        onward = person
        for j in reversed(range(len(rungs))):
            reached = ~np.logical_or.reduce(delivers[:j]) if j else np.ones_like(delivers[0])
            gain = np.where(reached & stages[j].answered[:, None], onward - value[j], 0.0)
            thresholds[j] = stages[j].best(gain)
            delivers[j] = stages[j].answered[:, None] & (stages[j].confidence[:, None] >= thresholds[j])
            cost = scored.cost[:, rungs[j], None]
            onward = cost + np.where(delivers[j], value[j], onward)
        if np.array_equal(before, thresholds):
            break
    return thresholds


class _Stage(NamedTuple):
    """A rung's confidences, most confident first, and the places between distinct ones where one may cut."""

    answered: Bools
    confidence: Floats
    order: Ints
    cuts: Ints
    at: Floats

    @classmethod
    def of(cls, scored: Scored, rung: int) -> _Stage:
        answered = scored.answered[:, rung]
        confidence = np.where(answered, scored.confidence[:, rung], -np.inf)
        order = np.argsort(-confidence, kind="stable")[: int(answered.sum())]
        ranked = confidence[order]
        ends = np.flatnonzero(np.append(ranked[:-1] > ranked[1:], len(ranked) > 0))
        if len(ends) > CUTS:
            ends = ends[np.unique(np.linspace(0, len(ends) - 1, CUTS).round().astype(int))]
        at = _between(ranked[ends], np.append(ranked, 0.0)[ends + 1])
        return cls(answered, confidence, order, ends, np.where(ends == len(ranked) - 1, 0.0, at))

    def best(self, gain: Floats) -> Floats:
        """For each column the threshold with the largest sum of gains at or above it; NEVER where none gains."""
        if not len(self.cuts):
            return np.full(gain.shape[1], NEVER)
        sums = np.cumsum(gain[self.order], axis=0)[self.cuts]
        place = sums.argmax(axis=0)
        best = sums[place, np.arange(gain.shape[1])]
        return np.where(best > 0, self.at[place], NEVER)


def _between(above: Floats, below: Floats) -> Floats:
    """A threshold that keeps `above` and leaves out `below`: half way, so that the last digits do not matter."""
    middle = (above + below) / 2
    return np.where((middle > below) & (middle <= above), middle, above)
