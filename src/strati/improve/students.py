"""Trained rungs made anew on more rows, or in more ways, than the run had: encoders and n-grams."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Example
from strati.data import Splits, Unit
from strati.measure.effort import Effort, shuffled
from strati.measure.results import Result, Results
from strati.measure.tune import Tuner
from strati.stack.candidate import Candidate
from strati.stack.folder import load_stack
from strati.stack.stack import Stack
from strati.task.kind import Resources

HELD = 0.2, 300
"""The share of train rows, and their number at most, that a student is set on and does not learn from."""
FEWEST_ROWS = 50


def students(results: Results, resources: Resources) -> list[Candidate]:
    """The rungs of the ladder that learn and need no language model."""
    ladder = results.kind.ladder(results.task, results.space, resources)
    return [one for one in ladder if one.learns and not one.uses_llm]


def taught(
    results: Results, candidate: Candidate, train: Sequence[Example], more: Sequence[Example], ctx: Context
) -> Stack:
    """The candidate fitted on train and on more rows; its settings and its confidence come from rows of train only.

    Tune is not looked at, so the gate can decide on it.

    Raises:
        DataError: there are too few train rows.
    """
    if len(train) < FEWEST_ROWS:
        raise DataError(f"run {results.run} has {len(train)} train rows, expected at least {FEWEST_ROWS} to train on")
    rows = list(train)
    random.Random(f"held {ctx.seed}").shuffle(rows)
    held = rows[: min(int(HELD[0] * len(rows)), HELD[1])]
    unit = Unit("student", (*rows[len(held) :], *more), tuple(held), ())
    return Tuner(results.metric, ctx, Effort()).choose(candidate, unit).stack


def saved(results: Results, stacks: Path) -> dict[str, Path]:
    """The rungs of the run that are saved, best on tune first, with their folders."""
    able = [
        one
        for one in results.candidates
        if one.record.stack and not one.record.recorded and (stacks / one.record.stack / "stack.toml").is_file()
    ]
    return {one.name: stacks / str(one.record.stack) for one in sorted(able, key=_tuned, reverse=True)}


def best_trained(results: Results, stacks: Path) -> tuple[str, Path] | None:
    """The saved rung without a language model that did best on tune."""
    for name, folder in saved(results, stacks).items():
        record = results.result(name).record
        if not record.uses_llm and not record.composed:
            return name, folder
    return None


def language_rung(results: Results, name: str | None) -> Result:
    """The rung with a language model that is named, or the one that did best on tune.

    Raises:
        DataError: the run has none, or none of that name.
    """
    able = [one for one in results.candidates if one.record.uses_llm and not one.record.recorded]
    if not able:
        raise DataError(f"run {results.run} has no rung with a language model, expected one: bench with --model")
    if name is None:
        return max(able, key=_tuned)
    found = next((one for one in able if one.name == name), None)
    if found is None:
        there = ", ".join(repr(one.name) for one in able)
        raise DataError(f"run {results.run} has no rung {name!r} with a language model, expected one of: {there}")
    return found


def as_measured(
    results: Results, rung: Result, splits: Splits, stacks: Path, resources: Resources, ctx: Context
) -> Stack:
    """A rung as the run measured it: as it was saved; else, where a race ended it before that, fitted again.

    What its model was asked then comes from `ctx.memo`.
    """
    folder = saved(results, stacks).get(rung.name)
    if folder is not None:
        return load_stack(folder, resources.named())
    ladder = results.kind.ladder(results.task, results.space, resources)
    candidate = next((one for one in ladder if one.name == rung.name), None)
    if candidate is None:
        raise DataError(f"the rung {rung.name} is not saved, and its models are not here to fit it again")
    settings = next((row.settings for row in rung.record.forms if row.chosen), None)
    form = next((one for one in candidate.forms if dict(one.settings) == settings), candidate.forms[0])
    unit = splits.units[0]
    some = shuffled(unit.tune, ctx.seed)[: Effort().form_rows]
    return form.stack.fit_and_run(unit.train, some, ctx, results.metric.loss)[0]


def _tuned(result: Result) -> float:
    return result.record.tuned or 0.0
