"""What an experiment found: what is kept, what was tried, and what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.improve.gate import Ruling, rule
from strati.measure.journal import StoredExample
from strati.measure.results import Results
from strati.statistics.metric import Statistics

FEWEST = 50  # tune examples; with fewer nothing small could be shown


@dataclass(frozen=True)
class Figures:
    """Something measured on tune: its per-example statistics and what it takes.

    Attributes:
        name: what it is, in words.
        statistics: of the metric, shape [n, k].
        values: what it delivered to each example; None where a person answers.
        milliseconds: for one row; None where it was not timed.
        megabytes: of its folder; None where it has none of its own.
        cost_per_1000: dollars, people included where they have a price.
        people: the share of examples that a person answers.
        size: what "smaller" means in this experiment, compared from left to right; less is better.
    """

    name: str
    statistics: Statistics
    values: tuple[JSON, ...]
    milliseconds: float | None
    megabytes: float | None
    cost_per_1000: float
    people: float
    size: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One row of the table: a proposal, or (`p` None) what is kept."""

    name: str
    quality: float
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    flips: int
    milliseconds: float | None
    megabytes: float | None
    cost_per_1000: float
    people: float
    qualifies: bool
    reason: str


@dataclass(frozen=True)
class Outcome:
    """An experiment's result. `chosen` is the place in `tried`, or None: what was there is kept."""

    run: str
    experiment: str
    metric: str
    n: int
    margin: float
    alpha: float
    kept: Row
    tried: tuple[Row, ...]
    chosen: int | None

    def to_json(self) -> dict[str, JSON]:
        """The outcome for machines."""
        return asdict(self)


def tune_examples(results: Results, examples: Sequence[StoredExample]) -> Sequence[StoredExample]:
    """The run's tune examples, refused where they are too few or served for fitting.

    Raises:
        DataError: the run was cross-fitted, or has fewer tune rows than `FEWEST`.
    """
    if len(results.meta["units"]) != 1:
        raise DataError(
            f"run {results.run} was cross-fitted because it had few labels ({len(results.test):,} measured), so it has "
            "no tune rows for an experiment, expected a run with at least 400 labels"
        )
    if len(examples) < FEWEST:
        raise DataError(
            f"run {results.run} has {len(examples)} tune rows, expected at least {FEWEST}: bench more labels"
        )
    return examples


def decide(
    results: Results, experiment: str, kept: Figures, tried: Sequence[Figures], groups: Sequence[str] | None
) -> Outcome:
    """Put every proposal before the gate; the smallest that qualifies is chosen.

    A proposal qualifies where it is shown not to be worse by the goal's margin and is smaller than what is kept.
    """
    goal, metric = results.goal, results.metric
    rulings = rule(kept.statistics, [one.statistics for one in tried], metric, goal.margin, goal.alpha, groups)
    rows = tuple(_row(results, one, kept, ruling) for one, ruling in zip(tried, rulings, strict=True))
    fit = [place for place, row in enumerate(rows) if row.qualifies]
    chosen = min(fit, key=lambda place: (tried[place].size, -rows[place].quality), default=None)
    top = _row(results, kept, kept, None)
    n = len(kept.statistics)
    return Outcome(results.run, experiment, metric.name, n, goal.margin, goal.alpha, top, rows, chosen)


def _row(results: Results, one: Figures, kept: Figures, ruling: Ruling | None) -> Row:
    smaller = one.size < kept.size
    reason = ""
    if ruling is not None:
        if not ruling.passes:
            reason = f"worse by {100 * results.goal.margin:g} points is not ruled out"
        elif not smaller:
            reason = "not worse, but more for people" if one.people > kept.people else "not worse, but no smaller"
        else:
            reason = "not worse, and smaller"
    return Row(
        one.name,
        float(results.metric.aggregate(one.statistics.sum(axis=0))),
        None if ruling is None else ruling.difference.value,
        None if ruling is None else ruling.difference.low,
        None if ruling is None else ruling.difference.high,
        None if ruling is None else ruling.p,
        sum(not _same(results, a, b) for a, b in zip(one.values, kept.values, strict=True)),
        one.milliseconds,
        one.megabytes,
        one.cost_per_1000,
        one.people,
        ruling is not None and ruling.passes and smaller,
        reason,
    )


def _same(results: Results, a: JSON, b: JSON) -> bool:
    if a is None or b is None:
        return a is b
    return results.kind.same(a, b)
