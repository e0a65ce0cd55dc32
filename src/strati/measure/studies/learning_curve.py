"""Learning curves: what was chosen for a trainable rung, fitted again on ever larger random parts of train.

The parts of one repeat are nested: each holds the smaller ones. They are plain random draws of training rows, not
stratified by label: that is what a team gets that labels its traffic as it comes. Each fit is scored on tune. The last
point, all of train, is the fit of the benchmark itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from strati.core.context import Context
from strati.core.errors import Stopped
from strati.core.lock import raise_if_full
from strati.core.records import JSON, Case, Example, Usage
from strati.data import Unit
from strati.measure.effort import shuffled
from strati.measure.journal import Journal
from strati.stack.candidate import Candidate
from strati.stack.contract import Trainable
from strati.stack.stack import Stack

SMALLEST = 25  # labels of the first point
STEP = 2.0
MOST_REPEATS = 6
LEAST_REPEATS = 2
TUNE_ROWS = 500  # tune examples that a point is scored on
LEAST_WORK = 20_000  # training rows that all fits of a curve may read together; half of the forms' own rows if more


def is_trainable(candidate: Candidate) -> bool:
    """Whether a candidate gets a learning curve: it learns from rows, is fast, and asks no language model."""
    layers = [stage.layer for stage in candidate.forms[0].stack.stages]
    learns = candidate.learns and any(isinstance(layer, Trainable) for layer in layers)
    return learns and not (candidate.slow or candidate.recorded or candidate.uses_llm)


def sizes(train: int) -> tuple[int, ...]:
    """How many training rows the points of a curve have: doubling from 25, then all.

    >>> sizes(450)
    (25, 50, 100, 200, 450)
    """
    found, size = [], float(SMALLEST)
    while size * STEP**0.5 < train:
        found.append(round(size))
        size *= STEP
    return (*found, train)


def repeats(size: int, train: int, forms: int, units: int = 1, *, trains_long: bool = False) -> int:
    """How many random parts of a size are drawn: fewer of the larger ones, so that a curve costs less than its bench.

    A curve may read half as many training rows as choosing among the forms did, or 20,000 where that is more; the
    sizes share them evenly. A rung that trains long has two parts of each size, which is less than three times the rows
    of its own fit. Numbers, not times: the curve is the same on any machine.
    """
    if size >= train:
        return 1
    if trains_long:
        return LEAST_REPEATS
    work = max(LEAST_WORK, forms * train * units // 2) / max(1, len(sizes(train)) - 1)
    return max(LEAST_REPEATS, min(MOST_REPEATS, int(work / (size * units))))


@dataclass(frozen=True)
class CurveMaker:
    """Fits the points of curves and journals each at once: what is there is not fitted again."""

    journal: Journal
    ctx: Context
    labels: Sequence[str]
    units: Sequence[Unit]

    def make(self, candidate: Candidate) -> None:
        """Journal the curve of a measured candidate. A fit that fails ends this curve only, with the reason kept."""
        record = self.journal.candidates()[candidate.name]
        form = next((f for f in candidate.forms if dict(f.settings) == record.settings), None)
        if form is None:
            return
        key, train = curve_key(candidate.name), min(len(unit.train) for unit in self.units)
        known = self.journal.read(key)
        answers = {unit.name: self.journal.answers(candidate.name, f"tune/{unit.name}") for unit in self.units}
        scored = {unit.name: self._scored(unit, answers[unit.name]) for unit in self.units}
        kept: dict[str, JSON] = {
            "fingerprint": record.candidate,
            "settings": dict(form.settings),
            "sizes": list(sizes(train)),
            "rows": {name: [example.id for example in examples] for name, examples in scored.items()},
            "points": known["points"] if known and known["fingerprint"] == record.candidate else {},
            "failed": None,
        }
        for name, given in answers.items():  # all of train: the fit of the bench itself
            kept["points"][point_key(name, train, 0)] = self._places(given[row.id]["value"] for row in scored[name])
        plan = [
            (repeat, size, unit)
            for repeat in range(MOST_REPEATS)
            for size in sizes(train)[:-1]
            for unit in self.units
            if repeat < repeats(size, train, len(candidate.forms), len(self.units), trains_long=candidate.trains_long)
        ]
        orders = {unit.name: shuffled(unit.train, self.ctx.seed) for unit in self.units}
        self.ctx.begin(f"{candidate.name}: learning curve", len(plan))
        try:
            for repeat, size, unit in plan:
                name = point_key(unit.name, size, repeat)
                if name not in kept["points"]:
                    self.ctx.check()
                    part = part_of(orders[unit.name], size, repeat, self.ctx.seed)
                    kept["points"][name] = self._point(form.stack, part, scored[unit.name])
                    self.journal.write(key, kept)
                self.ctx.advance(1, Usage())
        except Stopped:
            raise
        except Exception as error:  # a layer of the user's own
            raise_if_full(error, self.journal.path)
            kept["failed"] = f"{type(error).__name__}: {error}"
        self.journal.write(key, kept)

    def _point(self, stack: Stack, part: Sequence[Example], scored: Sequence[Example]) -> list[int]:
        """The answers on tune after learning from a part, as places in the list of labels; -1 for none of them."""
        only = {str(example.reference) for example in part}
        if len(only) == 1:  # with one label there is nothing to tell apart: any layer would answer it always
            return self._places([*only] * len(scored))
        fitted, _ = stack.fit_and_run(part, (), self.ctx)
        cases = fitted.run([Case.of(example) for example in scored], self.ctx)
        return self._places(case.answer.value if case.answer else None for case in cases)

    def _scored(self, unit: Unit, answers: Mapping[str, JSON]) -> list[Example]:
        """The tune examples that points are scored on; they begin with those that language models answered."""
        return [example for example in shuffled(unit.tune, self.ctx.seed) if example.id in answers][:TUNE_ROWS]

    def _places(self, values: Iterable[JSON]) -> list[int]:
        place = {label: number for number, label in enumerate(self.labels)}
        return [place.get(value, -1) for value in values]


def part_of(train: Sequence[Example], size: int, repeat: int, seed: int) -> list[Example]:
    """A random part of a unit's training rows, given in the order of `shuffled`; parts of one repeat are nested."""
    rows = list(train)
    random.Random(f"learning curve {seed} {repeat}").shuffle(rows)
    return rows[:size]


def curve_key(name: str) -> str:
    """Where the journal keeps a candidate's curve."""
    return f"curve/{name}"


def point_key(unit: str, size: int, repeat: int) -> str:
    """What a point is called inside a curve."""
    return f"{unit}/{size}/{repeat}"
