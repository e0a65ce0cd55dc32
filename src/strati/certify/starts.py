"""Where to begin the walk, and with which share of the risk: what tune predicts to save most.

A start at the strictest setting certifies nothing, because too few examples are accepted there; one that is too bold
may fail at once. Tune is resampled as if it were calibrate: rows get Dirichlet weights (Rubin, "The Bayesian
bootstrap", Annals of Statistics 9, 1981), which stand for what tune does not know, and a calibrate set of the coming
size is drawn from them. On every draw each design of one, two or three starts is walked; the one with the greatest
mean saving is taken, fewer starts where more add next to nothing. Nothing but tune is read, so the guarantee holds for
any outcome of this choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from strati.certify.risk import Promise
from strati.certify.scored import Floats, Scored, Setting, evaluate
from strati.certify.walk import Start

DRAWS = 300
PLACES = 16  # of the path that may be a start
SPLITS = (0.25, 0.5, 0.75, 0.9)  # shares of the risk for the first of two starts
WORTH = 0.002  # a further start has to add this share of the saving


def choose_starts(
    settings: Sequence[Setting], savings: Floats, tune: Scored, size: int, promise: Promise, seed: int = 0
) -> tuple[Start, ...]:
    """The starts for a path whose settings save `savings` each, for `size` calibrate examples."""
    p = _p_values(settings, tune, size, promise, np.random.default_rng(seed))
    walks = _Walks(p, np.append(savings, 0.0), promise.risk)
    places = sorted(set(np.linspace(0, len(settings) - 1, PLACES).round().astype(int).tolist()))
    best: tuple[Start, ...] = ()
    value = -np.inf
    for designs in (_one(places), _two(places)):
        found = [(walks.saving(starts), starts) for starts in designs]
        top = max((saving for saving, _ in found), default=-np.inf)
        if top > value + WORTH * max(0.0, value if np.isfinite(value) else 0.0):
            value, best = next((saving, starts) for saving, starts in found if saving >= top - abs(top) * WORTH / 4)
    return best


def _one(places: Sequence[int]) -> Iterator[tuple[Start, ...]]:
    for place in places:
        yield (Start(place, 1.0),)


def _two(places: Sequence[int]) -> Iterator[tuple[Start, ...]]:
    for first, second in combinations(places, 2):
        for share in SPLITS:
            yield Start(first, share), Start(second, 1 - share)


def _p_values(
    settings: Sequence[Setting], tune: Scored, size: int, promise: Promise, rng: np.random.Generator
) -> Floats:
    """[settings, draws]: exact p-values on resampled calibrate sets."""
    from scipy.special import bdtr

    rows = tune.rows(settings[0].rungs)
    accepted, errors = np.zeros((2, len(settings), len(rows)), dtype=np.float32)
    for place, setting in enumerate(settings):
        found = evaluate(setting, tune)
        accepted[place], errors[place] = found.automatic, found.loss
    weights = rng.standard_exponential((DRAWS, len(rows)))
    weights /= weights.sum(axis=1, keepdims=True)
    counts = rng.multinomial(size, weights).astype(np.float32)
    n, e = np.rint(accepted @ counts.T), np.rint(errors @ counts.T)
    p: Floats = np.where(n > 0, bdtr(e, n.astype(np.int64), promise.at_most), 1.0)
    return p


class _Walks:
    """Walks over many draws at once."""

    def __init__(self, p: Floats, savings: Floats, risk: float) -> None:
        self.p = p
        self.savings = savings
        self.risk = risk
        self._stops: dict[float, NDArray[np.int64]] = {}

    def saving(self, starts: tuple[Start, ...]) -> float:
        """The mean saving of what is certified."""
        count, draws = self.p.shape
        last = np.full(draws, -1)
        carried = np.zeros(draws)
        for number, start in enumerate(starts):
            end = starts[number + 1].place if number + 1 < len(starts) else count
            stop = np.full(draws, start.place)
            for share in np.unique(carried):
                here = carried == share
                stop[here] = self._stop(round(share + start.share, 9))[start.place, here]
            last = np.where(stop > start.place, np.minimum(stop, end) - 1, last)
            carried = np.where(stop >= end, carried + start.share, 0.0)
        return float(self.savings[last].mean())

    def _stop(self, share: float) -> NDArray[np.int64]:
        """[settings, draws]: the first place at or after each that fails at this share of the risk."""
        if share not in self._stops:
            count = len(self.p)
            fails = np.where(self.p > self.risk * share, np.arange(count)[:, None], count)
            self._stops[share] = np.minimum.accumulate(fails[::-1], axis=0)[::-1]
        return self._stops[share]
