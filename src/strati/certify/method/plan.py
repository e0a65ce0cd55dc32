"""From tune to a path: choose one stack, order its settings safest first, choose the starts.

This is the first half of Pareto Testing (Laufer-Goldenshluger et al., arXiv 2210.07913, section 4): optimise on one
part of the data, test on another. Everything chosen here (stack, settings, order, starts, bets, the size at which a
group is cut) depends on tune alone and on how many calibrate examples there are, never on their labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from strati.certify.method.economics import Economics
from strati.certify.method.risk import Promise, best_bets, group_sums, p_value
from strati.certify.method.scored import Bools, Delivered, Floats, Scored, Setting, evaluate
from strati.certify.method.search import NEVER, Estimate, estimate, front, orders
from strati.certify.method.starts import DRAWS, Choice, Resampling, choose_starts
from strati.certify.method.walk import Path, Start

FINENESS = 0.01  # neighbours on the path differ by about this share of examples
SIMPLER = 0.02  # a stack with more rungs has to save this share of the total cost
SHORTLIST = 12  # stacks compared on halves of tune
CHOICE_DRAWS = 100  # resampled calibrate sets on which stacks are compared
SURE = 0.2  # a setting counts as likely to pass where tune predicts its p-value to be at most this share of the risk


@dataclass(frozen=True)
class Plan:
    """What tune decides.

    Attributes:
        path: what is walked on calibrate; None where nothing answers anything on tune.
        estimates: figures on tune of the path's settings, in its order.
        predicted: the p-value that tune predicts for each on calibrate.
        promising: whether some setting is predicted to pass and to save something against people answering all.
        frontier: the settings of every order, each with figures on tune, for drawing.
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
    orders_ = list(orders(tune) if among is None else among)
    fronts = {order: found for order in orders_ if (found := front(tune, order, promise.at_most, economics))}
    everything = tuple(estimate for found in fronts.values() for estimate in found)
    if not fronts:
        return Plan(None, (), np.zeros(0), False, ())
    search = _Search(tune, promise, economics, size, seed)
    order, promising = search.best(fronts)
    estimates, predicted = search.path(fronts[order])
    settings = tuple(e.setting for e in estimates)
    starts = search.starts(estimates).starts
    if not promise.exact:
        promise = replace(promise, bets=_bets(evaluate(settings[0], tune), promise))
    path = Path(tune.names, settings, starts, promise)
    return Plan(path, tuple(estimates), predicted, promising, everything)


class _Search:
    """Choosing among fronts, and along one, with what tune predicts for calibrate."""

    def __init__(
        self, tune: Scored, promise: Promise, economics: Economics, size: int | Bools | None, seed: int
    ) -> None:
        self.tune, self.promise, self.economics = tune, promise, economics
        self.person = economics.person(tune)
        self.size, self.seed = size, seed
        self.resampled: dict[bytes, Resampling] = {}

    def best(self, fronts: dict[tuple[int, ...], list[Estimate]]) -> tuple[tuple[int, ...], bool]:
        """The order with the largest expected saving, fewer rungs where more add next to nothing; whether it has one.

        Where nothing is predicted to save, the order with the smallest predicted p-value.
        """
        shortlist = self.shortlist(fronts)
        saving = {
            order: self.crossed(order) if len(fronts) > 1 else self.expected(fronts[order]) for order in shortlist
        }
        least: dict[int, tuple[int, ...]] = {}
        for order in shortlist:
            if len(order) not in least or saving[order] > saving[least[len(order)]]:
                least[len(order)] = order
        chosen = least[min(least)]
        for count in sorted(least)[1:]:
            if self.person - saving[least[count]] < (self.person - saving[chosen]) * (1 - SIMPLER):
                chosen = least[count]
        if saving[chosen] > 0:
            return chosen, True
        return self.hopeful(fronts), False

    def shortlist(self, fronts: dict[tuple[int, ...], list[Estimate]]) -> list[tuple[int, ...]]:
        """The orders that look best on the rows they were fitted to, by the least total cost predicted to pass."""
        rank = {}
        for order, found in fronts.items():
            p = self.predictions(found, order)
            totals = [e.total for e, value in zip(found, p, strict=True) if value <= self.promise.risk]
            rank[order] = (min(totals, default=np.inf), float(p.min()), len(order))
        return sorted(fronts, key=lambda order: rank[order])[:SHORTLIST]

    def hopeful(self, fronts: dict[tuple[int, ...], list[Estimate]]) -> tuple[int, ...]:
        """The order with the smallest predicted p-value."""
        p = {order: self.predictions(found, order).min() for order, found in fronts.items()}
        return min(fronts, key=lambda order: (float(p[order]), len(order)))

    def crossed(self, order: tuple[int, ...]) -> float:
        """The expected saving of an order, its settings found on one half of tune and judged on the other, both ways.

        On the rows that thresholds were fitted to, more rungs always look better.
        """
        total = 0.0
        for learn, judge in (self.halves, self.halves[::-1]):
            found = front(learn.tune, order, self.promise.at_most, self.economics)
            judged = [estimate(e.setting, judge.tune, self.economics, self.person) for e in found]
            total += judge.expected(judged) / 2 if judged else 0.0
        return total

    @cached_property
    def halves(self) -> tuple[_Search, _Search]:
        """Two halves of tune, groups kept whole, each to stand for a calibrate part of the coming size."""
        shuffled = np.random.default_rng(self.seed).permutation(int(self.tune.group_numbers.max()) + 1)
        first = shuffled[self.tune.group_numbers] % 2 == 0
        parts = (self.tune.take(np.flatnonzero(mask)) for mask in (first, ~first))
        one, other = (_Search(part, self.promise, self.economics, self.size, self.seed) for part in parts)
        return one, other

    def expected(self, found: list[Estimate]) -> float:
        """The expected saving of a front, per example; with betting, of its cheapest setting surely to pass."""
        estimates, predicted = self.strict_to_cheap(found)
        if self.bootstrapped:
            return self.starts(estimates, most=1, draws=CHOICE_DRAWS).saving
        sure = [
            self.person - e.total for e, p in zip(estimates, predicted, strict=True) if p <= SURE * self.promise.risk
        ]
        return max(0.0, *sure, 0.0)

    def path(self, found: list[Estimate]) -> tuple[list[Estimate], Floats]:
        """The front with steps between its settings, in the order of the walk."""
        settings = {e.setting for e in found}
        for one, other in pairwise(found):
            settings.update(_between(one, other, self.tune))
        ordered = sorted(settings, key=lambda setting: setting.thresholds)
        return self.strict_to_cheap([estimate(s, self.tune, self.economics, self.person) for s in ordered])

    def strict_to_cheap(self, found: list[Estimate]) -> tuple[list[Estimate], Floats]:
        """Settings in the order of the walk, and their predicted p-values.

        From the smallest predicted p-value on: those that no other beats in predicted p-value and total cost, safest
        first, which is also dearest first. In front of it stricter ones, each dearer than the next and with fewer
        errors: they hold where tune was too hopeful. Whether the walk begins there is for the starts to say.
        """
        predicted = self.predictions(found, found[0].setting.rungs)
        ranked = sorted(range(len(found)), key=lambda i: (found[i].total, predicted[i], found[i].setting.thresholds))
        cheap: list[int] = []
        for i in ranked:
            if not cheap or predicted[i] < predicted[cheap[-1]]:
                cheap.append(i)
        kept = list(cheap)
        for i in ranked:
            last = found[kept[-1]]
            if found[i].total > last.total and found[i].n < last.n and found[i].error < last.error:
                kept.append(i)
        if not self.bootstrapped:
            kept = cheap
        kept.reverse()
        return [found[i] for i in kept], predicted[kept]

    @property
    def bootstrapped(self) -> bool:
        """Whether expected savings come from resampling: for the exact test over all answers."""
        return self.promise.exact and not self.promise.classes

    def starts(self, estimates: list[Estimate], most: int = 2, draws: int = DRAWS) -> Choice:
        """The starts for a path, with the saving expected of them."""
        if not self.bootstrapped:
            return Choice((Start(0, 1.0),), float("nan"))
        order = estimates[0].setting.rungs
        rows = self.tune.rows(order)
        size = round(len(rows) * self.scale(order))
        key = rows.tobytes() + size.to_bytes(8)
        if key not in self.resampled:
            self.resampled[key] = Resampling(rows, size, self.seed)
        savings = np.maximum(0.0, self.person - np.array([e.total for e in estimates]))
        outcomes = self.resampled[key].outcomes([e.setting for e in estimates], self.tune, draws)
        return choose_starts(outcomes, savings, size, self.promise, most)

    def predictions(self, found: Sequence[Estimate], order: tuple[int, ...]) -> Floats:
        """`predicted_p` of each; from their counts alone where the test takes no more than those."""
        scale = self.scale(order)
        if self.bootstrapped:
            return _exact_p(np.array([e.n for e in found]), np.array([e.errors for e in found]), self.promise, scale)
        return np.array([predicted_p(evaluate(e.setting, self.tune), self.promise, scale) for e in found])

    def scale(self, order: tuple[int, ...]) -> float:
        """Calibrate examples for each tune example, of those that all rungs of the order are asked."""
        rows = max(1, len(self.tune.rows(order)))
        if self.size is None:
            return 1.0
        if isinstance(self.size, int):
            return self.size / rows
        return int(self.size[:, list(order)].all(axis=1).sum()) / rows


def _bets(delivered: Delivered, promise: Promise) -> tuple[float, ...]:
    """Bets for calibrate that would have grown fastest on tune at the safest setting."""
    mask, most = delivered.automatic, promise.largest_group or 1
    losses, sizes = delivered.loss[mask], np.ones(int(mask.sum()))
    if delivered.group is not None:
        losses, sizes = group_sums(losses, delivered.group[mask], most)
    return best_bets(losses, sizes, promise.at_most, most)


def predicted_p(delivered: Delivered, promise: Promise, scale: float) -> float:
    """The p-value to expect on calibrate, `scale` times as large as tune, if error and share were as on tune.

    For the exact binomial its continuous form (the incomplete beta function) at the counts times `scale`; for betting,
    whose capital grows exponentially, the p-value to the power of `scale`.
    """
    if not promise.exact:
        return float(p_value(delivered, promise) ** scale)
    masks = [delivered.label == label for label in promise.classes] if promise.classes else [delivered.automatic]
    n = np.array([(mask & delivered.automatic).sum() for mask in masks])
    errors = np.array([delivered.loss[mask].sum() for mask in masks])
    return float(_exact_p(n, errors, promise, scale).max())


def _exact_p(n: ArrayLike, errors: ArrayLike, promise: Promise, scale: float) -> Floats:
    """The continuous form of the binomial p-value for each pair of counts; 1 where nothing is answered rightly."""
    from scipy.special import betainc

    n, errors = np.asarray(n, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    right = np.maximum(n - errors, 0.0) * scale
    found: Floats = np.where(right > 0, betainc(np.maximum(right, 1e-9), errors * scale + 1, promise.at_least), 1.0)
    return found


def _settled(tune: Scored, promise: Promise) -> Promise:
    """The promise with the test that the data need."""
    loss = tune.loss[tune.answered]
    if tune.grouped and promise.largest_group is None:
        promise = replace(promise, largest_group=int(np.bincount(tune.group_numbers).max()))
    return promise if ((loss == 0) | (loss == 1)).all() else replace(promise, graded=True)


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
        inner = np.linspace(int(places[0]), int(places[1]), steps + 1)[1:-1].round().astype(int)
        levels.append(cuts[np.minimum(inner, len(cuts) - 1)])
    return [Setting(one.setting.rungs, tuple(map(float, row))) for row in np.array(levels).T]
