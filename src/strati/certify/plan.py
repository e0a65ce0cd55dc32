"""From tune to a path: choose one stack, order its settings safest first, choose the starts.

This is the first half of Pareto Testing (Laufer-Goldenshluger et al., arXiv 2210.07913, section 4): optimise on one
part of the data, test on another. Everything chosen here (stack, settings, order, starts, bets, the size at which a
group is cut) depends on tune alone and on how many calibrate examples there are, never on their labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from strati.certify.economics import Economics
from strati.certify.risk import Promise, p_value
from strati.certify.scored import Bools, Delivered, Floats, Scored, Setting, evaluate
from strati.certify.search import NEVER, Estimate, estimate, front, orders
from strati.certify.starts import choose_starts
from strati.certify.walk import Path, Start

FINENESS = 0.01  # neighbours on the path differ by about this share of examples
SIMPLER = 0.005  # a stack with more rungs has to save this share of the total cost


@dataclass(frozen=True)
class Plan:
    """What tune decides.

    Attributes:
        path: what is walked on calibrate; None where nothing answers anything on tune.
        estimates: figures on tune of the path's settings, in its order.
        predicted: the p-value that tune predicts for each on calibrate.
        promising: whether some setting is predicted to pass.
        frontier: the settings of every order, each with figures on tune, for drawing (see `search.pareto`).
    """

    path: Path | None
    estimates: tuple[Estimate, ...]
    predicted: Floats
    promising: bool
    frontier: tuple[Estimate, ...]


def make_plan(
    tune: Scored,
    promise: Promise,
    economics: Economics | None = None,
    size: int | Bools | None = None,
    among: Sequence[tuple[int, ...]] | None = None,
    seed: int = 0,
) -> Plan:
    """Choose the stack that is cheapest in total on tune among those predicted to be certified, and its path.

    Args:
        size: calibrate examples to come, or their `available` [m, L] where slow rungs answer some only; as tune if
            not given.
        among: the orders of rungs considered; all subsets from cheap to dear if not given.
    """
    economics = economics or Economics()
    promise = _settled(tune, promise)
    person = economics.person(tune)
    chosen: tuple[float, int, tuple[int, ...]] | None = None
    hopeful: tuple[float, tuple[int, ...]] | None = None
    everything: list[Estimate] = []
    for order in orders(tune) if among is None else among:
        found = front(tune, order, promise.at_most, economics)
        everything += found
        predicted = _predictions([e.setting for e in found], tune, promise, _scale(tune, order, size))
        passing = [e.total for e, p in zip(found, predicted, strict=True) if p <= promise.risk]
        if passing and (chosen is None or min(passing) < chosen[0] * (1 - SIMPLER * (len(order) > chosen[1]))):
            chosen = (min(passing), len(order), order)
        if found and (hopeful is None or predicted.min() < hopeful[0]):
            hopeful = (float(predicted.min()), order)
    order = chosen[2] if chosen else hopeful[1] if hopeful else ()
    if not order:
        return Plan(None, (), np.zeros(0), False, ())
    scale = _scale(tune, order, size)
    path_estimates, predicted = _path(tune, order, promise, economics, person, scale)
    settings = tuple(e.setting for e in path_estimates)
    rows = len(tune.rows(order))
    starts: tuple[Start, ...] = (Start(0, 1.0),)
    if promise.exact and not promise.classes:
        savings = np.maximum(0.0, person - np.array([e.total for e in path_estimates]))
        starts = choose_starts(settings, savings, tune, round(rows * scale), promise, seed)
    path = Path(tune.names, settings, starts, promise)
    return Plan(path, tuple(path_estimates), predicted, chosen is not None, tuple(everything))


def predicted_p(delivered: Delivered, promise: Promise, scale: float) -> float:
    """The p-value to expect on calibrate, `scale` times as large as tune, if error and share were as on tune.

    For the exact binomial its continuous form (the incomplete beta function) at the counts times `scale`; for betting,
    whose capital grows exponentially, the p-value to the power of `scale`.
    """
    from scipy.special import betainc

    if not promise.exact:
        return p_value(delivered, promise) ** scale
    masks = [delivered.label == label for label in promise.classes] if promise.classes else [delivered.automatic]
    worst = 0.0
    for mask in masks:
        n, e = float((mask & delivered.automatic).sum()), float(delivered.loss[mask].sum())
        worst = max(worst, 1.0 if n <= e else float(betainc((n - e) * scale, e * scale + 1, promise.at_least)))
    return worst


def _settled(tune: Scored, promise: Promise) -> Promise:
    """The promise with the test that the data need."""
    loss = tune.loss[tune.answered]
    if tune.grouped and promise.largest_group is None:
        promise = replace(promise, largest_group=int(np.bincount(tune.group_numbers).max()))
    return promise if ((loss == 0) | (loss == 1)).all() else replace(promise, graded=True)


def _scale(tune: Scored, order: tuple[int, ...], size: int | Bools | None) -> float:
    rows = max(1, len(tune.rows(order)))
    if size is None:
        return 1.0
    if isinstance(size, int | np.integer):
        return float(size) / rows
    return float(np.asarray(size, dtype=bool)[:, list(order)].all(axis=1).sum()) / rows


def _predictions(settings: Sequence[Setting], tune: Scored, promise: Promise, scale: float) -> Floats:
    return np.array([predicted_p(evaluate(setting, tune), promise, scale) for setting in settings])


def _path(
    tune: Scored, order: tuple[int, ...], promise: Promise, economics: Economics, person: float, scale: float
) -> tuple[list[Estimate], Floats]:
    """Settings that no other beats in predicted p-value and total cost: safest first is then also dearest first."""
    found = front(tune, order, promise.at_most, economics)
    settings = {e.setting for e in found}
    for one, other in zip(found, found[1:], strict=False):
        settings.update(_between(one, other, tune))
    estimates = [estimate(setting, tune, economics, person) for setting in settings]
    predicted = _predictions([e.setting for e in estimates], tune, promise, scale)
    ranked = sorted(range(len(estimates)), key=lambda i: (estimates[i].total, predicted[i], estimates[i].setting))
    kept: list[int] = []
    for i in ranked:
        if not kept or predicted[i] < predicted[kept[-1]]:
            kept.append(i)
    kept.reverse()
    return [estimates[i] for i in kept], predicted[kept]


def _between(one: Estimate, other: Estimate, tune: Scored) -> list[Setting]:
    """Settings between two neighbours of the front, by steps in the rank of each stage's threshold."""
    steps = int(np.ceil(abs(one.share - other.share) / FINENESS))
    if steps < 2:
        return []
    levels = []
    for rung, a, b in zip(one.setting.rungs, one.setting.thresholds, other.setting.thresholds, strict=True):
        values = np.unique(tune.confidence[tune.answered[:, rung], rung])
        cuts = np.concatenate([[0.0], (values[:-1] + values[1:]) / 2, [NEVER]])
        places = np.searchsorted(cuts, [a, b])
        inner = np.linspace(*places, steps + 1)[1:-1].round().astype(int)
        levels.append(cuts[np.minimum(inner, len(cuts) - 1)])
    return [Setting(one.setting.rungs, tuple(map(float, row))) for row in np.array(levels).T]
