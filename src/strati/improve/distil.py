"""A small model that learns from a large one: a teacher labels rows that nobody labelled, students learn from both.

Hinton et al., arXiv 1503.02531, with hard labels: a teacher behind a server tells no more. Students are judged on
tune's reference labels, never on the teacher's.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import JSON, Case, Example, State
from strati.data import Splits
from strati.data.normal import normal_text
from strati.improve.experiment import Figures, Outcome, decide, measured, quality, stored_of
from strati.improve.gate import rule
from strati.improve.students import taught
from strati.measure.effort import shuffled
from strati.measure.results import Results, group_names
from strati.measure.tune import raise_if_down
from strati.stack.candidate import Candidate
from strati.stack.stack import Stack
from strati.statistics.interval import Interval
from strati.statistics.proportions import clopper_pearson

MOST_KNOWN = 0.1  # of the unlabelled rows that may have a label in the run's test or calibrate part
MOST_JUDGED = 400  # tune rows that the teacher answers at most, for the gate
AUDITED = 50
COLUMNS = ("row", "input", "teacher", "yours")


@dataclass(frozen=True)
class Sorted:
    """Unlabelled rows, sorted: those to label, and how many were left out and why."""

    cases: tuple[Case, ...]
    unusable: int
    known: int
    repeated: int


def sort_out(splits: Splits, cases: Iterable[Case], most: int | None = None) -> Sorted:
    """Leave out rows that cannot be read, that have a label in the run, or that repeat one another.

    Raises:
        DataError: no row is left, or more than a tenth has a test, tune or calibrate label in the run.
    """
    unit = splits.units[0]
    held = {normal_text(one.text) for part in (unit.test, unit.tune, splits.calibrate) for one in part}
    seen = {normal_text(one.text) for one in unit.train}
    kept: list[Case] = []
    rows = unusable = known = repeated = 0
    for case in cases:
        rows += 1
        text = normal_text(case.text)
        if case.state is not State.OPEN:
            unusable += 1
        elif text in held:
            known += 1
        elif text in seen:
            repeated += 1
        else:
            seen.add(text)
            kept.append(case)
    if known > MOST_KNOWN * rows:
        raise DataError(
            f"{known:,} of the {rows:,} unlabelled rows are test, tune or calibrate rows of the run: a student that "
            "learned from them could not be judged; expected rows that nobody labelled"
        )
    if not kept:
        raise DataError(f"none of the {rows:,} unlabelled rows is new to the run, expected rows that nobody labelled")
    return Sorted(tuple(kept[:most]), unusable, known, repeated)


@dataclass(frozen=True)
class Lesson:
    """What is judged, by whom, and who learns.

    `teacher` and `trained` (the best trained rung of the run, if any) are by name; `pupils` the candidates that learn.
    """

    splits: Splits
    teacher: tuple[str, Stack]
    trained: tuple[str, Stack] | None
    pupils: tuple[Candidate, ...]


def judged_rows(splits: Splits, seed: int, slow: bool = True) -> list[Example]:
    """The tune rows that the gate looks at, in the order in which the run asked them."""
    return shuffled(splits.units[0].tune, seed)[: MOST_JUDGED if slow else None]


def distil(
    results: Results, lesson: Lesson, rows: Sequence[Case], ctx: Context, labelled: Callable[[Sequence[Example]], None]
) -> tuple[Outcome, Stack | None]:
    """Judge the teacher, let it label the rows, teach the pupils, and judge them.

    Args:
        rows: without a label.
        labelled: is given what the teacher made of them, before anyone learns from it.

    Returns:
        The outcome, and the stack that was chosen, if any. Its place in line is what an answer costs.

    Raises:
        DataError: a trained rung is shown to be better than the teacher (paired, at the goal's alpha), or the teacher
            labelled no row.
        Stopped: the time or the money is over; what the teacher said is kept in `ctx.memo`.
    """
    stored = stored_of(judged_rows(lesson.splits, ctx.seed))
    name, teacher = lesson.teacher
    ctx.begin(f"{name}: tune rows", len(stored))
    told = replace(ctx, tick=ctx.advance)
    kept = _by_cost(measured(results, teacher, name, stored, told))
    tried: list[tuple[Figures, Stack]] = []
    if lesson.trained is not None:
        trained = _by_cost(measured(results, lesson.trained[1], f"{lesson.trained[0]}, as it is", stored, ctx))
        (better,) = rule(
            kept.statistics, [trained.statistics], results.metric, [0.0], results.goal.alpha, group_names(stored)
        )
        if better.passes:
            gap = better.difference
            raise DataError(
                f"the teacher {name} is worse than the trained rung {lesson.trained[0]}: {results.metric.name} "
                f"{quality(results, kept):.3f} and {quality(results, trained):.3f} on {len(stored):,} tune rows, "
                f"{-gap.value:+.3f} ({-gap.high:+.3f} to {-gap.low:+.3f}, paired); expected one that can teach it more"
            )
        tried.append((trained, lesson.trained[1]))
    ctx.begin(f"{name}: unlabelled rows", len(rows))
    lessons = list(_labels(teacher, rows, told))
    if not lessons:
        raise DataError(f"the teacher {name} labelled none of the {len(rows):,} rows, expected some")
    labelled(lessons)
    for pupil in lesson.pupils:
        stack = taught(results, pupil, lesson.splits.units[0].train, lessons, ctx)
        label = f"{pupil.name}, taught {len(lessons):,} rows"
        tried.append((_by_cost(measured(results, stack, label, stored, ctx)), stack))
    outcome = decide(results, "distil", kept, [one for one, _ in tried], group_names(stored))
    return outcome, None if outcome.chosen is None else tried[outcome.chosen][1]


def _labels(teacher: Stack, rows: Sequence[Case], ctx: Context) -> Iterator[Example]:
    """What the teacher says of rows, in their order; rows that it leaves open are left out."""
    for start in range(0, len(rows), teacher.batch):
        ctx.check()
        done = teacher.run(rows[start : start + teacher.batch], ctx)
        raise_if_down(done)
        for case in done:
            if case.answer is not None and case.state is State.ANSWERED:
                yield Example(f"taught:{case.id}", case.input, case.answer.value)


def _by_cost(one: Figures) -> Figures:
    return replace(one, size=(one.cost_per_1000,))


def audited(path: Path, lessons: Sequence[Example], seed: int) -> Interval | None:
    """Write a random sample of the teacher's labels for people to check, or read what they found.

    A file whose column `yours` is filled in is left as it is, and says how often the teacher was right; rows whose
    `yours` is empty do not count.
    """
    rows = _checked(path)
    if rows:
        right = sum(teacher == yours for teacher, yours in rows)
        return clopper_pearson(right, len(rows), 0.95)
    drawn = list(lessons)
    random.Random(f"audit {seed}").shuffle(drawn)
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for one in drawn[:AUDITED]:
            table.writerow([one.id.removeprefix("taught:"), _harmless(one.text), _told(one.reference), ""])
    part.replace(path)
    return None


def _checked(path: Path) -> list[tuple[str, str]]:
    """(teacher's, yours) of the rows of an audit file that a person has filled in."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        if not set(COLUMNS) <= set(table.fieldnames or ()):
            raise DataError(
                f"{path} has the columns {', '.join(table.fieldnames or ())}, expected {', '.join(COLUMNS)}"
            )
        return [(row["teacher"].strip(), row["yours"].strip()) for row in table if (row["yours"] or "").strip()]


def _told(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
