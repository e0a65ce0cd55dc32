"""The figures of composed_pays.py: X chosen on tune, three certificates, their costs on test."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from strati.certify.compose.composing import Composition, compose
from strati.certify.compose.rung_answers import Part
from strati.certify.method import Delivered, Economics, Plan, Promise, Walk, evaluate, make_plan, walk
from strati.certify.method.plan import SURE
from strati.statistics import clopper_pearson

LEVELS = (0.98, 0.95, 0.925, 0.9, 0.875, 0.85, 0.825, 0.8, 0.75)
REPEATS = 2000  # of the bootstrap for differences


@dataclass(frozen=True)
class Assumptions:
    """Prices in dollars, the share of cases people can take, and what is to be promised."""

    human_answer: float
    human_error: float
    wrong_answer: float
    machine_per_hour: float
    people: float
    risk: float
    levels: tuple[float, ...]

    @classmethod
    def add_to(cls, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--human-answer-costs", type=float, default=0.10)
        parser.add_argument("--human-error-rate", type=float, default=0.02)
        parser.add_argument("--wrong-answer-costs", type=float, default=0.0)
        parser.add_argument("--machine-per-hour", type=float, default=0.10)
        parser.add_argument("--people", type=float, default=0.20, help="the largest share of cases for people")
        parser.add_argument("--risk", type=float, default=0.10)
        parser.add_argument("--levels", type=float, nargs="*", default=LEVELS)

    @classmethod
    def of(cls, given: argparse.Namespace) -> Self:
        return cls(
            given.human_answer_costs,
            given.human_error_rate,
            given.wrong_answer_costs,
            given.machine_per_hour,
            given.people,
            given.risk,
            tuple(given.levels),
        )

    @property
    def economics(self) -> Economics:
        return Economics(self.human_answer, self.wrong_answer, self.human_error)

    @property
    def person(self) -> float:
        """Dollars for a case that a person answers, their errors counted."""
        return self.human_answer + self.human_error * self.wrong_answer

    def words(self) -> str:
        return (
            f"assumed: an answer by a person ${self.human_answer:g}, of which {self.human_error:.0%} are wrong; "
            f"a wrong answer ${self.wrong_answer:g}; an hour of this machine ${self.machine_per_hour:g}; "
            f"people take at most {self.people:.0%}; risk {self.risk:g}"
        )


@dataclass(frozen=True)
class Line:
    """One stack: its walk over calibrate, and what it does on test; without certificate people answer everything."""

    name: str
    walk: Walk | None
    delivered: Delivered | None
    rows: int
    llm_calls: int
    each: NDArray[np.float64]  # [test rows], dollars in all

    @property
    def people(self) -> int:
        return self.rows if self.delivered is None else self.rows - self.delivered.count

    @property
    def total(self) -> float:
        return float(self.each.mean())


def report(parts: Mapping[str, Part], labels: Sequence[str], assumed: Assumptions) -> bool:
    """Print the table of one set; whether the two layers are certified and the cheapest in total."""
    sizes = ", ".join(f"{name} {len(part)}" for name, part in parts.items())
    print(f"  rows: {sizes}; seconds a call: {', '.join(_seconds(parts['test'], assumed))}")
    for rung in parts["tune"].rungs:
        right = [_right(parts[name], rung.name) for name in ("tune", "test")]
        print(f"  {rung.name}: right on tune {right[0]}, on test {right[1]}")
    if min(len(part) for part in parts.values()) == 0:
        print("  not enough was answered to go on")
        return False
    level, attained = _level(parts, labels, assumed)
    said = "the highest that tune predicts" if attained else "the lowest tried; tune predicts none"
    print(f"  X = {level:g}, {said} with at most {assumed.people:.0%} for people")
    promise = Promise(level, assumed.risk)
    lines = [_line(parts, order, labels, promise, assumed) for order in ((0, 1), (0,), (1,))]
    print("  | stack | calibrate: errors/automatic | test: people | errors/automatic | LLM calls per 1,000 "
          "| rungs, $ per 1,000 | total, $ per 1,000 | two layers less this (95 %) |")  # fmt: skip
    print("  |---|---|---|---|---|---|---|---|")
    for line in lines:
        print(f"  {_row(line, lines[0])}")
    both, *alone = lines
    if both.delivered is not None and both.people > assumed.people * both.rows:
        print(f"  on test people get more than {assumed.people:.0%}")
    return both.delivered is not None and all(both.total < line.total for line in alone)


def _level(parts: Mapping[str, Part], labels: Sequence[str], assumed: Assumptions) -> tuple[float, bool]:
    for level in assumed.levels:
        _, plan = _designed(parts, (0, 1), labels, Promise(level, assumed.risk), assumed.economics)
        pairs = zip(plan.estimates, plan.predicted, strict=True)
        if any(p <= SURE * assumed.risk and estimate.people <= assumed.people for estimate, p in pairs):
            return level, True
    return assumed.levels[-1], False


def _designed(
    parts: Mapping[str, Part], order: tuple[int, ...], labels: Sequence[str], promise: Promise, economics: Economics
) -> tuple[Composition, Plan]:
    """As `composing.design` for one order: stages fitted together where tune says that is cheaper."""
    tune, size = parts["tune"].only(order), len(parts["calibrate"])
    places, found = tuple(range(len(order))), []
    for together in (False, True)[: len(order)]:
        composition = compose(tune, together=together)
        plan = make_plan(composition.scored(tune, labels), promise, economics, size, [places])
        passing = [e.total for e, p in zip(plan.estimates, plan.predicted, strict=True) if p <= promise.risk]
        found.append((min(passing, default=np.inf), composition, plan))
    _, composition, plan = min(found, key=lambda row: row[0])
    return composition, plan


def _line(
    parts: Mapping[str, Part], order: tuple[int, ...], labels: Sequence[str], promise: Promise, assumed: Assumptions
) -> Line:
    composition, plan = _designed(parts, order, labels, promise, assumed.economics)
    name, test = " > ".join(composition.names), parts["test"].only(order)
    walked = None if plan.path is None else walk(plan.path, composition.scored(parts["calibrate"].only(order), labels))
    if walked is None or walked.setting is None:
        return Line(name, walked, None, len(test), 0, np.full(len(test), assumed.person))
    found = evaluate(walked.setting, composition.scored(test, labels))
    each = found.cost + assumed.wrong_answer * found.loss + np.where(found.automatic, 0.0, assumed.person)
    asked = [rung.uses_llm for rung in test.rungs]
    before = asked.index(True) if any(asked) else len(order)
    calls = 0 if not any(asked) else int(((found.rung < 0) | (found.rung >= before)).sum())
    return Line(name, walked, found, len(test), calls, each)


def _row(line: Line, both: Line) -> str:
    people = clopper_pearson(line.people, line.rows)
    shown = ["nothing certified", "", ""]
    if line.delivered is not None and line.walk is not None and line.walk.step is not None:
        step, found = line.walk.step, line.delivered
        shown = [f"{step.errors:.0f}/{step.n}", f"{found.errors:.0f}/{found.count}", f"{1000 * found.cost_each:.4f}"]
    cells = [
        line.name,
        shown[0],
        f"{people.value:.3f} ({people.low:.3f} to {people.high:.3f})",
        shown[1],
        f"{1000 * line.llm_calls / line.rows:.0f}",
        shown[2],
        f"{1000 * line.total:.2f}",
        "" if line is both else _difference(both.each - line.each),
    ]
    return f"| {' | '.join(cells)} |"


def _difference(each: NDArray[np.float64]) -> str:
    """The mean per 1,000 cases with the percentile interval of a paired bootstrap."""
    drawn = np.random.default_rng(0).integers(len(each), size=(REPEATS, len(each)))
    low, high = np.quantile(each[drawn].mean(axis=1), [0.025, 0.975])
    return f"{1000 * each.mean():+.2f} ({1000 * low:+.2f} to {1000 * high:+.2f})"


def _right(part: Part, name: str) -> str:
    rung = next(rung for rung in part.rungs if rung.name == name)
    right = [a is not None and a.value == y for a, y in zip(rung.answers, part.references, strict=True)]
    found = clopper_pearson(sum(right), len(right))
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _seconds(part: Part, assumed: Assumptions) -> list[str]:
    return [f"{rung.name} {rung.cost * 3600 / assumed.machine_per_hour:.4f}" for rung in part.rungs]
