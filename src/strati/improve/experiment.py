"""What an experiment found: what is kept, what was tried, and what was chosen."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import JSON, Case, Example, Usage
from strati.improve.gate import Ruling, rule
from strati.measure.journal import StoredExample
from strati.measure.results import SECONDS_PER_HOUR, Results, statistics_of
from strati.measure.tune import raise_if_down
from strati.stack.folder import save_stack
from strati.stack.stack import Stack
from strati.stack.uses import cards_in
from strati.statistics.metric import Statistics

TIMED = 3  # runs over tune of what has no language model, of which the fastest counts
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
        tokens: in and out of language models, for one row.
        flag: what a reader should know before taking it.
    """

    name: str
    statistics: Statistics
    values: tuple[JSON, ...]
    milliseconds: float | None
    megabytes: float | None
    cost_per_1000: float
    people: float
    size: tuple[float, ...]
    tokens: float = 0.0
    flag: str = ""


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


def measured(
    results: Results, stack: Stack, name: str, stored: Sequence[StoredExample], ctx: Context | None = None
) -> Figures:
    """What a stack does on tune examples, and what it takes.

    Its size is in megabytes, the models that it uses included. A stack with a language model is run once, and replies
    that `ctx.memo` holds take the time that they took then; any other is timed anew.
    """
    context = ctx or Context()
    cases = [Case(one.id, one.input) for one in stored]
    cards, slow = cards_in([stack])
    done, each = cases, math.inf
    for _ in range(1 if slow else TIMED):
        began = time.perf_counter()
        done = stack.run(cases, context if slow else replace(context, fresh=True))
        raise_if_down(done)
        took = sum(case.usage.seconds for case in done) if slow else time.perf_counter() - began
        each = min(each, took / len(cases))
    values = tuple(None if case.answer is None else case.answer.value for case in done)
    answers: list[JSON] = [None if value is None else {"value": value} for value in values]
    used = sum((case.usage for case in done), Usage())
    own = 0.0 if any(card.remote for card in cards) else each * results.goal.machine_per_hour / SECONDS_PER_HOUR
    megabytes = _megabytes(stack) + sum(card.size_bytes or 0 for card in cards) / 1e6
    return Figures(
        name,
        statistics_of(results.metric, stored, answers),
        values,
        1000 * each,
        megabytes,
        1000 * (own + used.dollars / len(cases)),
        0.0,
        (megabytes,),
        (used.tokens_in + used.tokens_out) / len(cases),
    )


def quality(results: Results, one: Figures) -> float:
    """The metric over the examples that it was measured on."""
    return float(results.metric.aggregate(one.statistics.sum(axis=0)))


def stored_of(examples: Sequence[Example]) -> list[StoredExample]:
    """Examples as a journal keeps them, with their inputs."""
    return [StoredExample(one.id, one.reference, one.group, one.input) for one in examples]


def _megabytes(stack: Stack) -> float:
    """What its folder takes, in MB."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "measured.stack"
        save_stack(stack, folder)
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def decide(
    results: Results,
    experiment: str,
    kept: Figures,
    tried: Sequence[Figures],
    groups: Sequence[str] | None,
    *,
    smaller_only: bool = False,
) -> Outcome:
    """Put every proposal before the gate; the smallest that qualifies is chosen.

    A proposal qualifies where it is smaller than what is kept and shown not to be worse by the goal's margin, or where
    it is shown to be better. With `smaller_only` it has to be smaller in any case.
    """
    goal, metric = results.goal, results.metric
    margins = [goal.margin if smaller_only or one.size < kept.size else 0.0 for one in tried]
    rulings = rule(kept.statistics, [one.statistics for one in tried], metric, margins, goal.alpha, groups)
    rows = tuple(_row(results, one, kept, ruling, smaller_only) for one, ruling in zip(tried, rulings, strict=True))
    fit = [place for place, row in enumerate(rows) if row.qualifies]
    chosen = min(fit, key=lambda place: (tried[place].size, -rows[place].quality), default=None)
    top = _row(results, kept, kept, None, smaller_only)
    n = len(kept.statistics)
    return Outcome(results.run, experiment, metric.name, n, goal.margin, goal.alpha, top, rows, chosen)


def _row(results: Results, one: Figures, kept: Figures, ruling: Ruling | None, smaller_only: bool) -> Row:
    smaller = one.size < kept.size
    passes = ruling is not None and ruling.passes
    reason = ""
    if passes and smaller:
        reason = "not worse, and smaller"
    elif passes and smaller_only:
        reason = "not worse, but more for people" if one.people > kept.people else "not worse, but no smaller"
    elif passes:
        reason = "better"
    elif ruling is not None and (smaller or smaller_only):
        reason = f"worse by {100 * results.goal.margin:g} points is not ruled out"
    elif ruling is not None:
        reason = "no smaller, and not shown to be better"
    if one.flag:
        reason += f"; {one.flag}"
    return Row(
        one.name,
        quality(results, one),
        None if ruling is None else ruling.difference.value,
        None if ruling is None else ruling.difference.low,
        None if ruling is None else ruling.difference.high,
        None if ruling is None else ruling.p,
        sum(not _same(results, a, b) for a, b in zip(one.values, kept.values, strict=True)),
        one.milliseconds,
        one.megabytes,
        one.cost_per_1000,
        one.people,
        passes and (smaller or not smaller_only),
        reason,
    )


def _same(results: Results, a: JSON, b: JSON) -> bool:
    if a is None or b is None:
        return a is b
    return results.kind.same(a, b)
