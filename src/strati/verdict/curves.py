"""Learning curves read from a journal, and resampled: random parts and examples together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.core.records import JSON
from strati.measure.journal import Journal
from strati.measure.results import group_name
from strati.measure.studies.learning_curve import curve_key, point_key
from strati.statistics import Units, units_of
from strati.statistics.metric import Metric, Statistics

DRAWS = 1000
FEWER_DRAWS = 400  # where an example has many statistics, as for macro-F1 over many labels
MANY_STATISTICS = 8


@dataclass(frozen=True)
class Curve:
    """One rung's learning curve.

    `points[i]` holds the statistics at `sizes[i]` training rows, shape [repeats, rows, k]; `rows` names the tune
    examples as (unit, id), in the order of the second axis, and `clusters` which of them are drawn together: those of
    one group, and the same example in several units.
    """

    name: str
    settings: Mapping[str, JSON]
    sizes: tuple[int, ...]
    points: tuple[Statistics, ...]
    rows: tuple[tuple[str, str], ...]
    clusters: tuple[str, ...]


class Resampled(NamedTuple):
    """Values at each size, and draws of them, shape [draws, sizes], with a worst and with a best case added."""

    values: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    def limits(self, alpha: float) -> list[tuple[float, float]]:
        """Two-sided limits at each size."""
        low, high = np.quantile(self.lower, alpha / 2, axis=0), np.quantile(self.upper, 1 - alpha / 2, axis=0)
        return [(float(min(lo, v)), float(max(hi, v))) for lo, hi, v in zip(low, high, self.values, strict=True)]


def load_curves(journal: Journal, labels: Sequence[str], metric: Metric) -> Iterator[Curve]:
    """The curves of a run, in ladder order, one at a time; sizes that were not reached before a stop are left out."""
    references = {example.id: (example.reference, example.group) for example in journal.examples("tune")}
    score = cache(lambda reference, value: metric.score(reference, value).statistics)
    for name in journal.candidates():
        kept = journal.read(curve_key(name))
        if not kept or kept["failed"]:
            continue
        rows = [(unit, key) for unit, keys in kept["rows"].items() for key in keys if key in references]
        points: list[Statistics] = []
        kept_sizes = []
        for size in kept["sizes"]:
            made = _repeats(kept, size)
            if made:
                kept_sizes.append(size)
                points.append(np.stack([_statistics(kept, size, r, references, labels, score) for r in range(made)]))
        groups = [references[key][1] for _, key in rows]
        clusters = [group_name(key, group) for (_, key), group in zip(rows, groups, strict=True)]
        if rows and points:
            yield Curve(name, kept["settings"], tuple(kept_sizes), tuple(points), tuple(rows), tuple(clusters))


def resample(curve: Curve, metric: Metric, seed: int, minus: Statistics | None = None) -> Resampled:
    """The curve, or its distance from another candidate on the same rows (`minus`, shape [rows, k]), resampled.

    Each draw weighs the examples at random (Dirichlet weights over clusters, with a worst or best case added, see
    `strati.statistics.resampling`) and draws the repeats of each size with replacement; a draw uses the same weights at
    all sizes, and the same place in the list of repeats, because the parts are nested.
    """
    rng = np.random.default_rng(seed)
    other = None if minus is None else units_of(minus, curve.clusters)
    first = units_of(curve.points[0][0], curve.clusters)
    draws = DRAWS if first.sums.shape[1] <= MANY_STATISTICS else FEWER_DRAWS
    weights = rng.standard_exponential((draws, len(first.sums)))
    added = rng.standard_exponential((draws, 1))
    picks = rng.random((draws, max(len(point) for point in curve.points)))
    values, lower, upper = [], [], []
    for point in curve.points:
        made = [_draws(units_of(part, curve.clusters), other, weights, added, metric) for part in point]
        picked = (picks[:, : len(point)] * len(point)).astype(int)
        values.append(float(np.mean([value for value, _, _ in made])))
        lower.append(_mean_of(np.stack([low for _, low, _ in made], axis=1), picked))
        upper.append(_mean_of(np.stack([high for _, _, high in made], axis=1), picked))
    return Resampled(np.array(values), np.stack(lower, axis=1), np.stack(upper, axis=1))


def _mean_of(draws: NDArray[np.float64], picked: NDArray[np.int_]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = np.take_along_axis(draws, picked, axis=1).mean(axis=1)
    return mean


def _draws(
    units: Units,
    other: Units | None,
    weights: NDArray[np.float64],
    added: NDArray[np.float64],
    metric: Metric,
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    share = float((units.sizes**2).sum() / units.sizes.sum() ** 2)
    total, sums = units.sums.sum(axis=0), weights @ units.sums
    value = float(metric.aggregate(total))
    low = metric.aggregate(sums + added * metric.worst(total * share))
    high = metric.aggregate(sums + added * metric.best(total * share))
    if other is None:
        return value, low, high
    against, against_sums = other.sums.sum(axis=0), weights @ other.sums
    value -= float(metric.aggregate(against))
    low = low - metric.aggregate(against_sums + added * metric.best(against * share))
    high = high - metric.aggregate(against_sums + added * metric.worst(against * share))
    return value, low, high


def _repeats(kept: Mapping[str, JSON], size: int) -> int:
    """How many repeats of a size are there in every unit."""
    made = 0
    while all(point_key(unit, size, made) in kept["points"] for unit in kept["rows"]):
        made += 1
    return made


def _statistics(
    kept: Mapping[str, JSON],
    size: int,
    repeat: int,
    references: Mapping[str, tuple[str, str | None]],
    labels: Sequence[str],
    score: Callable[[JSON, JSON], tuple[float, ...]],
) -> Statistics:
    rows = [
        score(references[key][0], labels[place] if place >= 0 else None)
        for unit, keys in kept["rows"].items()
        for key, place in zip(keys, kept["points"][point_key(unit, size, repeat)], strict=True)
        if key in references
    ]
    return np.array(rows, dtype=float)
