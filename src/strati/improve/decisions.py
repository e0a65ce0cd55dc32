"""What people decided flows back: a stack refitted on it, what would change, and the old one kept to go back to.

Thresholds and the calibration of confidences stay as they are; what learns, learns again. Decisions are the cases that
a stack was unsure of, so quality on them is not quality on traffic: the two stacks are compared, nothing is promised.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from strati.core.context import Context
from strati.core.errors import DataError, MissingExtra, ModelError, StackError
from strati.core.records import JSON, Case, Example, State, Usage
from strati.data import guess_columns, peek, read
from strati.data.normal import normal_text
from strati.stack.contract import Trainable
from strati.stack.stack import Stack, Stage
from strati.statistics.contrast import paired_interval
from strati.statistics.interval import Interval
from strati.statistics.metric import Share, wrong
from strati.task.task import Task

HELD = 3  # of so many decisions one is held out to compare the two stacks on
FEWEST = 10  # decisions to learn from
FEWEST_HELD = 30  # below it no interval says anything
ANSWERS = ("answer", "decision", "label", "yours")
"""Columns that usually hold what a person decided."""


@dataclass(frozen=True)
class Decisions:
    """Labelled rows of people; `audit` counts those that were left out because only they may certify."""

    rows: tuple[Example, ...]
    audit: int = 0


@dataclass(frozen=True)
class Change:
    """A row that the two stacks answer differently; `people` is what a person decided, if anybody did. None: people."""

    id: str
    text: str
    before: JSON
    after: JSON
    people: JSON


@dataclass(frozen=True)
class Unfitted:
    """A stage that learns and could not learn anew, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Refit:
    """What came of it.

    Attributes:
        stack: the new stack, which learned from all decisions.
        learned: names of the stages that learned anew; `same` those that stayed as they are, `unfitted` among them.
        train, decisions: rows learned from.
        held: decisions that the comparison rests on: it is of a stack that had not learned from them.
        gain: the share of held decisions that is right, new less old, people's answers counted as right; None of few.
        before, after: shares answered automatically on those.
        changes: rows answered differently.
        strange: labels that people gave and no row had that the stack learned from: new ones, or slips of the pen.
    """

    stack: Stack
    learned: tuple[str, ...]
    same: tuple[str, ...]
    unfitted: tuple[Unfitted, ...]
    train: int
    decisions: int
    held: int
    gain: Interval | None
    before: float
    after: float
    changes: tuple[Change, ...]
    strange: tuple[str, ...] = ()


def read_decisions(path: Path, inputs: Sequence[str], label: str | None = None) -> Decisions:
    """A table with the stack's input columns and what people decided, or the lines that `strati serve` exports.

    Raises:
        DataError: the file cannot be read, or has no such columns.
    """
    exported = _exported(path)
    if exported is not None:
        return exported
    columns = peek(path).columns
    label = label or next((name for name in ANSWERS if name in columns), None)
    wanted = [name for name in inputs if name in columns]
    if label is None or len(wanted) < len(inputs):
        missing = label or f"one of {', '.join(ANSWERS)}"
        missing = ", ".join([*(name for name in inputs if name not in columns), *([] if label else [missing])])
        raise DataError(
            f"{path} has the columns {', '.join(columns)}, expected {missing} too (--label names the decision)"
        )
    chosen = tuple(wanted) or guess_columns(peek(path)).inputs
    return Decisions(read(path, Task(inputs=chosen, label=label)).examples)


def _exported(path: Path) -> Decisions | None:
    """The lines of `/api/labels`: input, answer, and whether a label may certify; None for any other file."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = [json.loads(line) for line in file if line.strip()]
    except (OSError, ValueError):
        return None
    if not lines or not all(
        isinstance(one, dict) and {"input", "answer", "may_certify"} <= one.keys() for one in lines
    ):
        return None
    rows = [
        Example(str(one.get("id", number)), one["input"], one["answer"])
        for number, one in enumerate(lines, 1)
        if not one["may_certify"]
    ]
    return Decisions(tuple(rows), len(lines) - len(rows))


def refit(stack: Stack, train: Sequence[Example], decided: Decisions, recent: Iterable[Case], ctx: Context) -> Refit:
    """The stack with what learns in it fitted on train and on decisions.

    Args:
        train: what the stack learned from.
        recent: rows of use, to see what would change; a row that cannot be read is left out.

    Raises:
        DataError: there are too few decisions, or they contradict one another.
        StackError: nothing in the stack learns.
    """
    rows = _settled(decided.rows)
    if len(rows) < FEWEST:
        raise DataError(f"{len(rows)} decisions of people were found, expected at least {FEWEST} to learn from")
    held = [row for row in rows if _draw(row) == 0]
    rest = [row for row in rows if _draw(row) != 0]
    known = {normal_text(row.text) for row in rows}
    older = [row for row in train if normal_text(row.text) not in known]  # a decision overrules an older label
    ctx.begin("learning from decisions", 2)
    compared, learned, same, unfitted = _fitted(stack, [*older, *rest], ctx)
    if not learned and unfitted:
        raise StackError(f"nothing in the stack {stack.name} can learn here: {unfitted[0].why}")
    if not learned:
        raise StackError(f"nothing in the stack {stack.name} learns from labels: {', '.join(same)} stay as they are")
    ctx.advance(1, Usage())
    new = _fitted(stack, [*older, *rows], ctx).stack
    ctx.advance(1, Usage())
    cases = [Case(row.id, row.input) for row in held]
    old_answers, new_answers = stack.run(cases, ctx), compared.run(cases, ctx)
    right = [
        np.array([[_right(case, row)] for case, row in zip(done, held, strict=True)])
        for done in (old_answers, new_answers)
    ]
    gain = paired_interval(right[1], right[0], Share("right", wrong), 0.95) if len(held) >= FEWEST_HELD else None
    fresh = [case for case in recent if case.state is State.OPEN and normal_text(case.text) not in known]
    used = [*zip(stack.run(fresh, ctx), new.run(fresh, ctx), [None] * len(fresh), strict=True)] if fresh else []
    pairs = [*zip(old_answers, new_answers, [row.reference for row in held], strict=True), *used]
    return Refit(
        new,
        learned,
        same,
        unfitted,
        len(older),
        len(rows),
        len(held),
        gain,
        _share(old_answers),
        _share(new_answers),
        tuple(Change(a.id, a.text, _value(a), _value(b), said) for a, b, said in pairs if _value(a) != _value(b)),
        tuple(sorted({str(row.reference) for row in rows} - {str(row.reference) for row in train})),
    )


def _settled(rows: Sequence[Example]) -> list[Example]:
    """The last decision on each input; raises `DataError` where people contradict one another on most of them."""
    last = {normal_text(row.text): row for row in rows}
    twice = len(rows) - len(last)
    against = sum(row.reference != last[normal_text(row.text)].reference for row in rows)
    if twice and 2 * against > twice:
        raise DataError(
            f"{against:,} of {twice:,} repeated decisions contradict the last one on the same input: settle them first"
        )
    return list(last.values())


def _draw(row: Example) -> int:
    """0 for one in `HELD`, by the input alone: the same rows are held the next time."""
    return hashlib.sha256(normal_text(row.text).encode("utf-8", "surrogatepass")).digest()[0] % HELD


class _Fitted(NamedTuple):
    stack: Stack
    learned: tuple[str, ...]
    same: tuple[str, ...]
    unfitted: tuple[Unfitted, ...]


def _fitted(stack: Stack, rows: Sequence[Example], ctx: Context) -> _Fitted:
    """The stack with each stage that learns fitted again; names of those that learned, and of those that did not."""
    stages: list[Stage] = []
    learned: list[str] = []
    same: list[str] = []
    unfitted: list[Unfitted] = []
    for stage in stack.stages:
        ctx.check()
        fresh = stage
        if isinstance(stage.layer, Trainable):
            try:
                fresh = replace(stage, layer=stage.layer.fit(rows, (), ctx))
            except (MissingExtra, ModelError) as error:  # an encoder, without its weights or the packages to train
                unfitted.append(Unfitted(stage.name, str(error)))
        (same if fresh is stage else learned).append(stage.name)
        stages.append(fresh)
    return _Fitted(replace(stack, stages=tuple(stages)), tuple(learned), tuple(same), tuple(unfitted))


def _value(case: Case) -> JSON:
    return case.answer.value if case.state is State.ANSWERED and case.answer is not None else None


def _right(case: Case, row: Example) -> float:
    """People are right about what is left to them."""
    value = _value(case)
    return 1.0 if value is None or value == row.reference else 0.0


def _share(cases: Sequence[Case]) -> float:
    return sum(_value(case) is not None for case in cases) / max(1, len(cases))


def next_of(path: Path) -> Path:
    """Where the refitted stack waits: `tickets.stack` -> `tickets.next.stack`."""
    return path.with_name(f"{path.name.removesuffix('.stack')}.next.stack")


def before_of(path: Path) -> Path:
    """Where the stack stays that was swapped out."""
    return path.with_name(f"{path.name.removesuffix('.stack')}.before.stack")


def swap(path: Path, new: Path, kept: Path) -> None:
    """Put `new` in the place of `path`, which is kept as `kept`; by renaming, so nothing is ever half there.

    An older `kept` is dropped, once the new one is in its place. If the process dies between the two renames, calling
    it again with `new` and `kept` exchanged puts the old one back.

    Raises:
        StackError: `new` is no stack.
    """
    if not (new / "stack.toml").is_file():
        is_ = "is not a stack" if new.exists() else "is not there"
        raise StackError(f"{new} {is_}, expected the folder that strati improve wrote")
    aside = kept.with_name(f".{kept.name}.old")
    shutil.rmtree(aside, ignore_errors=True)  # of a swap that was killed
    if kept.exists() and path.exists():
        os.replace(kept, aside)
    if path.exists():
        os.replace(path, kept)
    try:
        os.replace(new, path)
    except OSError:
        os.replace(kept, path)
        if aside.exists():
            os.replace(aside, kept)
        raise
    if aside.exists():
        shutil.rmtree(aside)


def roll_back(path: Path) -> None:
    """Put back what was swapped out; what is there now waits as the next one again.

    Raises:
        StackError: nothing was swapped out.
    """
    kept = before_of(path)
    if not (kept / "stack.toml").is_file():
        raise StackError(f"{kept} is not there: nothing was swapped out of {path}, so there is nothing to go back to")
    swap(path, kept, next_of(path))
