"""Where to begin the walk, and with which share of the risk: what tune predicts to save most.

A start at the strictest setting certifies nothing, because too few examples are accepted there; one that is too bold
may fail at once. Tune is resampled as if it were calibrate: rows get Dirichlet weights (Rubin, "The Bayesian
bootstrap", Annals of Statistics 9, 1981), which stand for what tune does not know, and a calibrate set of about the
coming size is drawn from them. On every draw each design of one or two starts is walked; the one with the greatest mean
saving is taken, two only where the second adds something. Nothing but tune is read, so the guarantee holds whatever
comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.certify.method.risk import Promise, most_errors
from strati.certify.method.scored import Floats, Ints, Scored, Setting, evaluate
from strati.certify.method.walk import Start

DRAWS = 200
PLACES = 16  # of the path that may be a start
SPLITS = (0.1, 0.25, 0.5, 0.75, 0.9)  # shares of the risk for the first of two starts
WORTH = 0.002  # a second start has to add this share of the saving


class Choice(NamedTuple):
    """Starts, and the saving per example that they are expected to bring."""

    starts: tuple[Start, ...]
    saving: float


class Resampling:
    """Calibrate sets as tune lets one expect them: how often each tune row occurs in each, [draws, rows]."""

    def __init__(self, rows: Ints, size: int, seed: int, draws: int = DRAWS) -> None:
        self.rows = rows
        self.size = size
        self.counts = _counts(len(rows), size, seed, draws)

    def outcomes(self, settings: Sequence[Setting], tune: Scored, draws: int = DRAWS) -> tuple[Ints, Ints]:
        """Automatic answers and errors of each setting in each draw, [settings, draws] both."""
        accepted, errors = np.zeros((2, len(settings), len(self.rows)), dtype=np.float32)
        for place, setting in enumerate(settings):
            found = evaluate(setting, tune)
            accepted[place], errors[place] = found.automatic, found.loss
        counts = self.counts[:draws].T
        return np.rint(accepted @ counts).astype(np.int64), np.rint(errors @ counts).astype(np.int64)


@lru_cache(maxsize=2)
def _counts(rows: int, size: int, seed: int, draws: int) -> NDArray[np.float32]:
    """[draws, rows]: how often each row occurs; the same for plans of one size, as nothing but the seed is random."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_exponential((draws, rows))
    weights /= weights.sum(axis=1, keepdims=True)
    return rng.poisson(size * weights).astype(np.float32)


def choose_starts(outcomes: tuple[Ints, Ints], savings: Floats, size: int, promise: Promise, most: int = 2) -> Choice:
    """The starts that save most over resampled calibrate sets, and the mean saving.

    `savings` is what each setting saves per example against people answering everything.
    """
    walks = _Walks(*outcomes, np.append(savings, 0.0), size, promise)
    places = sorted(set(np.linspace(0, len(savings) - 1, PLACES).round().astype(int).tolist()))
    best = Choice((), -np.inf)
    for designs in (_one(places), _two(places))[:most]:
        found = [Choice(starts, walks.saving(starts)) for starts in designs]
        top = max((choice.saving for choice in found), default=-np.inf)
        if not best.starts or top > best.saving * (1 + WORTH):
            best = next(choice for choice in found if choice.saving >= top * (1 - WORTH / 4))
    return best


def _one(places: Sequence[int]) -> Iterator[tuple[Start, ...]]:
    for place in places:
        yield (Start(place, 1.0),)


def _two(places: Sequence[int]) -> Iterator[tuple[Start, ...]]:
    for first, second in combinations(places, 2):
        for share in SPLITS:
            yield Start(first, share), Start(second, 1 - share)


class _Walks:
    """Walks over many draws at once."""

    def __init__(self, n: Ints, errors: Ints, savings: Floats, size: int, promise: Promise) -> None:
        self.n, self.errors = n, errors
        self.savings = savings
        self.largest = max(round(1.2 * size) + 100, int(n.max(initial=0)))
        self.promise = promise
        self._stops: dict[float, Ints] = {}

    def saving(self, starts: tuple[Start, ...]) -> float:
        """The mean saving of what the walk from these starts certifies."""
        first = self._stop(starts[0].share)[starts[0].place]
        last = np.where(first > starts[0].place, first, 0) - 1
        if len(starts) > 1:
            place = starts[1].place
            arrived = first >= place
            second = np.where(
                arrived, self._stop(starts[0].share + starts[1].share)[place], self._stop(starts[1].share)[place]
            )
            last = np.where(arrived, np.minimum(first, place) - 1, last)
            last = np.where(second > place, second - 1, last)
        return float(self.savings[last].sum()) / len(last)

    def _stop(self, share: float) -> Ints:
        """[settings, draws]: the first place at or after each that fails at this share of the risk."""
        share = round(share, 6)
        if share not in self._stops:
            count = len(self.n)
            allowed = most_errors(self.largest, self.promise.at_most, self.promise.risk * share)[self.n]
            fails = np.where(self.errors > allowed, np.arange(count)[:, None], count)
            self._stops[share] = np.minimum.accumulate(fails[::-1], axis=0)[::-1]
        return self._stops[share]
