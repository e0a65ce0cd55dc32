"""What would more labels buy: where a trained rung's learning curve reaches a language model, and what that costs.

The distance to the language model is taken on the tune examples that both answered, at each size of training data; it
is made to never fall by pooling neighbours (Ayer et al., Annals of Mathematical Statistics 26, 1955), because more
labels do no harm on average; between two sizes it is read off on a logarithmic scale. Nothing is said beyond the
smallest and the largest size: a curve that does not get there is "not reached".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.core.records import JSON
from strati.measure.journal import Journal
from strati.measure.race.racing import SPLIT as RACE
from strati.measure.results import Result, Results
from strati.statistics.metric import Metric, Statistics
from strati.verdict.curves import Curve, load_curves, resample
from strati.verdict.tests import FEWEST


class Reached(StrEnum):
    """Whether a trained rung reaches a language model with the labels there are."""

    REACHED = "reached"
    FROM_THE_START = "from the start"
    NOT_REACHED = "not reached"
    TOO_FEW = "too few"  # tune examples that both answered


class Crossing(NamedTuple):
    """Training labels at which a curve reaches a score; `high` or `labels` is infinite where it does not."""

    labels: float
    low: float
    high: float


def curves_and_prices(journal: Journal, results: Results) -> tuple[list[dict[str, JSON]], dict[str, JSON] | None]:
    """Every curve of a run with its intervals, and the label price of each pair of a rung and a language model.

    The second is None without curves. Pairs come language model by language model, then in ladder order.
    """
    done = {result.name for result in results.candidates if result.complete}
    llms = [
        result
        for result in results.candidates
        if result.record.uses_llm and (result.complete or result.retired) and not result.record.composed
    ]
    drawn: list[dict[str, JSON]] = []
    pairs: list[dict[str, JSON]] = []
    for curve in load_curves(journal, results.labels, results.metric):
        if curve.name in done:
            drawn.append(_curve_row(curve, results))
            pairs += [_pair(curve, llm, journal, results) for llm in llms]
    order = [llm.name for llm in llms]
    pairs.sort(key=lambda row: order.index(row["llm"]))
    price = {"label_costs": results.goal.label_costs, "proving": proving(results), "rows": pairs}
    return drawn, price if drawn else None


def proving(results: Results) -> dict[str, int]:
    """Labels that every rung needs, trained or not: to choose its settings, to certify, to be tested.

    Where labels are cross-fitted, tune rows are test rows of another fold and are not counted twice.
    """
    sizes = results.meta["data"]["splits"]
    crossfit = results.meta["data"]["method"] == "crossfit"
    names = ("calibrate", "test", "sealed") if crossfit else ("tune", "calibrate", "test", "sealed")
    return {name: int(sizes.get(name, 0)) for name in names}


def training_labels(result: Result, results: Results) -> int:
    """Training labels that a rung rests on: those it was fitted on, or those its shots are taken from."""
    if not result.record.learns:
        return 0
    if results.meta["data"]["method"] == "crossfit":
        return 0  # each fold learns from the rows that are test rows of the others: counted there
    return int(results.meta["data"]["splits"]["train"])


def crossing(sizes: Sequence[int], gaps: Sequence[float], weights: Sequence[float]) -> float:
    """Where distances from a score become 0: a size; the first size if they start there; infinity if they do not.

    >>> round(crossing([25, 100], [-0.1, 0.1], [1, 1]), 6)
    50.0
    """
    rising = _pooled(gaps, weights)
    if rising[0] >= 0:
        return float(sizes[0])
    for place in range(1, len(sizes)):
        if rising[place] >= 0:
            share = -rising[place - 1] / (rising[place] - rising[place - 1])
            start, end = math.log(sizes[place - 1]), math.log(sizes[place])
            return min(float(sizes[place]), round(math.exp(start + share * (end - start)), 9))
    return math.inf


def cross(curve: Curve, other: Statistics, metric: Metric, alpha: float, seed: int) -> Crossing:
    """The crossing with its interval at 1 - alpha; `other` are the language model's statistics on the curve's rows."""
    drawn = resample(curve, metric, seed, other)
    weights = [float(len(point)) for point in curve.points]
    middle = crossing(curve.sizes, list(drawn.values), weights)
    late = _all_crossings(curve.sizes, drawn.lower, weights)
    early = _all_crossings(curve.sizes, drawn.upper, weights)
    low = float(np.quantile(early, alpha / 2, method="lower"))
    high = float(np.quantile(late, 1 - alpha / 2, method="higher"))
    return Crossing(middle, min(low, middle), max(high, middle))


def _curve_row(curve: Curve, results: Results) -> dict[str, JSON]:
    alpha, seed = results.goal.alpha, int(results.meta["seed"])
    drawn = resample(curve, results.metric, seed)
    points = [
        {"labels": size, "value": float(value), "low": low, "high": high, "repeats": len(point)}
        for size, value, (low, high), point in zip(
            curve.sizes, drawn.values, drawn.limits(alpha), curve.points, strict=True
        )
    ]
    return {
        "candidate": curve.name,
        "metric": results.metric.name,
        "n": len(curve.rows),
        "points": points,
        "last_step": _last_step(curve, results),
    }


def _last_step(curve: Curve, results: Results) -> dict[str, JSON] | None:
    """What the step from the last size but one to all of train bought, on the same examples."""
    if len(curve.sizes) < 2:
        return None
    alpha, metric = results.goal.alpha, results.metric
    before = replace(curve, sizes=curve.sizes[-2:-1], points=curve.points[-2:-1])
    all_of_it = curve.points[-1][0]
    drawn = resample(before, metric, int(results.meta["seed"]), all_of_it)
    low, high = drawn.limits(alpha)[0]
    return {
        "from": curve.sizes[-2],
        "to": curve.sizes[-1],
        "difference": -float(drawn.values[0]),
        "low": -high,
        "high": -low,
    }


def _pair(curve: Curve, llm: Result, journal: Journal, results: Results) -> dict[str, JSON]:
    answers = {
        (unit, key): answer["value"]
        for unit in results.meta["units"]
        for split in (f"tune/{unit}", RACE)  # a rung that was retired has its answers in the race
        for key, answer in journal.answers(llm.name, split).items()
    }
    shared = [place for place, row in enumerate(curve.rows) if row in answers]
    shots = training_labels(llm, results)
    row: dict[str, JSON] = {
        "llm": llm.name,
        "trained": curve.name,
        "n": len(shared),
        "smallest": curve.sizes[0],
        "largest": curve.sizes[-1],
        "shots": shots,
        "reached": Reached.TOO_FEW,
        "labels": None,
        "low": None,
        "high": None,
        "llm_quality": None,
    }
    if len({curve.clusters[place] for place in shared}) >= FEWEST:
        row |= _crossed(curve, shared, answers, journal, results)
    return row | _totals(row, results)


def _crossed(
    curve: Curve, shared: Sequence[int], answers: dict[tuple[str, str], JSON], journal: Journal, results: Results
) -> dict[str, JSON]:
    references = {example.id: example.reference for example in journal.examples("tune")}
    metric = results.metric
    other = np.array(
        [metric.score(references[key], answers[unit, key]).statistics for unit, key in (curve.rows[p] for p in shared)]
    )
    part = replace(
        curve,
        points=tuple(point[:, shared] for point in curve.points),
        rows=tuple(curve.rows[p] for p in shared),
        clusters=tuple(curve.clusters[p] for p in shared),
    )
    found = cross(part, other, metric, results.goal.alpha, int(results.meta["seed"]))
    reached = Reached.FROM_THE_START if found.labels <= curve.sizes[0] else Reached.REACHED
    return {
        "reached": Reached.NOT_REACHED if math.isinf(found.labels) else reached,
        "labels": _whole(found.labels),
        "low": _whole(found.low),
        "high": _whole(found.high),
        "llm_quality": float(metric.aggregate(other.sum(axis=0))),
    }


def _totals(row: dict[str, JSON], results: Results) -> dict[str, JSON]:
    """All labels of the two ways, and their price where the goal says what a label costs."""
    either, price = sum(proving(results).values()), results.goal.label_costs
    crossfit = results.meta["data"]["method"] == "crossfit"
    found: dict[str, JSON] = {"llm_total": row["shots"] + either}
    for name, source in (("total", "labels"), ("total_low", "low"), ("total_high", "high")):
        labels = row[source]
        found[name] = None if labels is None else either if crossfit else labels + either
    for name in ("total", "total_low", "total_high", "llm_total"):
        missing = price is None or found[name] is None
        found[name.replace("total", "dollars")] = None if missing else price * found[name]
    return found


def _all_crossings(sizes: Sequence[int], gaps: NDArray[np.float64], weights: Sequence[float]) -> NDArray[np.float64]:
    return np.array([crossing(sizes, list(row), weights) for row in gaps])


def _pooled(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest values that never fall (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append((float(value), float(weight), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, wa, na), (b, wb, nb) = blocks[-2], blocks[-1]
            blocks[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return [value for value, _, count in blocks for _ in range(count)]


def _whole(value: float) -> int | None:
    return None if math.isinf(value) else math.ceil(round(value, 6))
