"""What a ladder answered on one part of the data, and what a setting of thresholds makes of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
PERSON = -1


@dataclass(frozen=True)
class Scored:
    """The answers of L rungs to n examples of one part (tune, calibrate or test), as numbers.

    Attributes:
        names: the rungs, in ladder order.
        confidence: [n, L], each in [0, 1]; NaN where a rung gave no answer (it passed, or failed).
        loss: [n, L], each in [0, 1]; what stands beside a NaN confidence is not read.
        cost: [L] or [n, L], dollars for asking the rung once, machine time included.
        available: [n, L]; False where a rung was not asked. Which examples a slow rung is asked must not depend on
            anything but chance: a setting is judged on the examples that all its rungs were asked.
        groups: one value an example; examples with the same value belong together. None: each is on its own.
        labels: [n, L], the class of each answer as a number, for promises per class; -1 for no answer.
    """

    names: tuple[str, ...]
    confidence: Floats
    loss: Floats
    cost: Floats
    available: Bools | None = None
    groups: tuple[Hashable, ...] | None = None
    labels: Ints | None = None

    def __post_init__(self) -> None:
        shape = (len(self.confidence), len(self.names))
        cost = np.asarray(self.cost, dtype=np.float64)
        for name, value in {
            "confidence": np.asarray(self.confidence, dtype=np.float64),
            "loss": np.asarray(self.loss, dtype=np.float64),
            "cost": np.broadcast_to(cost, shape) if cost.ndim <= 1 else cost,
            "available": np.ones(shape, dtype=bool) if self.available is None else np.asarray(self.available, bool),
            "labels": self.labels if self.labels is None else np.asarray(self.labels, dtype=np.int64),
        }.items():
            if value is not None and value.shape != shape:
                raise ValueError(f"{name} has the shape {value.shape}, expected {shape}: examples x rungs")
            object.__setattr__(self, name, value)
        loss = self.loss[self.answered]
        if not ((loss >= 0) & (loss <= 1)).all():
            raise ValueError("a loss of an answer is not a number from 0 to 1")
        if not (np.isfinite(self.cost) & (self.cost >= 0)).all():
            raise ValueError("a cost is not a finite number of at least 0")
        confidence = self.confidence[self.answered]
        if not ((confidence >= 0) & (confidence <= 1)).all():
            raise ValueError("a confidence is not a number from 0 to 1")
        if self.groups is not None and len(self.groups) != shape[0]:
            raise ValueError(f"{len(self.groups)} groups were given for {shape[0]} examples")

    def __len__(self) -> int:
        return len(self.confidence)

    @cached_property
    def answered(self) -> Bools:
        """[n, L]: whether the rung was asked and gave an answer."""
        assert self.available is not None
        found: Bools = self.available & ~np.isnan(self.confidence)
        return found

    @cached_property
    def everywhere(self) -> bool:
        """Whether every rung was asked every example."""
        assert self.available is not None
        return bool(self.available.all())

    @cached_property
    def grouped(self) -> bool:
        """Whether some examples share a group: then the exact binomial is not valid."""
        return self.groups is not None and len(set(self.groups)) < len(self.groups)

    @cached_property
    def group_numbers(self) -> Ints:
        """[n]: groups as numbers in order of first appearance."""
        places: dict[Hashable, int] = {}
        values = self.groups if self.groups is not None else range(len(self))
        return np.array([places.setdefault(value, len(places)) for value in values], dtype=np.int64)

    def rows(self, rungs: tuple[int, ...]) -> Ints:
        """The examples that all these rungs were asked."""
        assert self.available is not None
        if self.everywhere:
            return np.arange(len(self))
        return np.flatnonzero(self.available[:, list(rungs)].all(axis=1))

    def take(self, rows: Ints) -> Scored:
        """The same for some of the examples, a row may be taken twice."""
        assert self.available is not None
        return Scored(
            self.names,
            self.confidence[rows],
            self.loss[rows],
            self.cost[rows],
            self.available[rows],
            None if self.groups is None else tuple(self.groups[row] for row in rows),
            None if self.labels is None else self.labels[rows],
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """Rungs in the order they are asked, and the confidence from which the answer of each is delivered."""

    rungs: tuple[int, ...]
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.rungs or len(self.rungs) != len(self.thresholds) or len(set(self.rungs)) != len(self.rungs):
            raise ValueError(f"a setting has different rungs and a threshold for each, found {self}")


@dataclass(frozen=True)
class Delivered:
    """What a setting delivers, for the examples it can be judged on.

    `rows` are their places in the part; `rung` is the one that delivered, or -1 for a person; `loss` is that of the
    automatic answer, 0 where a person answers; `cost` is that of all rungs asked, without the person's.
    """

    rows: Ints
    rung: Ints
    loss: Floats
    cost: Floats
    label: Ints | None = None
    group: Ints | None = None

    @property
    def automatic(self) -> Bools:
        found: Bools = self.rung != PERSON
        return found

    @property
    def count(self) -> int:
        """Automatic answers."""
        return int(self.automatic.sum())

    @property
    def share(self) -> float:
        """Of examples answered automatically; NaN for no examples."""
        return float(self.automatic.mean()) if len(self.rung) else float("nan")

    @property
    def people(self) -> float:
        """The share of examples that people answer."""
        return 1 - self.share

    @property
    def errors(self) -> float:
        """The sum of losses of the automatic answers."""
        return float(self.loss.sum())

    @property
    def error(self) -> float:
        """The mean loss of the automatic answers; NaN where there are none."""
        return self.errors / self.count if self.count else float("nan")

    @property
    def cost_each(self) -> float:
        """Dollars for the rungs asked, per example; NaN for no examples."""
        return float(self.cost.mean()) if len(self.cost) else float("nan")


def evaluate(setting: Setting, scored: Scored) -> Delivered:
    """Run a setting over recorded answers: the first rung at or above its threshold delivers.

    >>> confidence, loss = np.array([[.9, .8], [.2, .7]]), np.array([[0., 0], [1, 1]])
    >>> part = Scored(("rules", "model"), confidence, loss, cost=np.array([0., 2]))
    >>> found = evaluate(Setting((0, 1), (.5, .75)), part)
    >>> found.rung.tolist(), found.cost.tolist(), found.share, found.error
    ([0, -1], [0.0, 2.0], 0.5, 0.0)
    """
    rungs = np.array(setting.rungs)
    rows = scored.rows(setting.rungs)
    part = slice(None) if scored.everywhere else rows
    confident = np.stack(
        [
            scored.answered[part, rung] & (scored.confidence[part, rung] >= threshold)
            for rung, threshold in zip(setting.rungs, setting.thresholds, strict=True)
        ]
    )
    delivered = confident.any(axis=0)
    stage = np.where(delivered, confident.argmax(axis=0), len(rungs) - 1)
    last = rungs[stage]
    cost = np.zeros(len(rows))
    for place, rung in enumerate(setting.rungs):
        cost += scored.cost[part, rung] * (stage >= place)
    return Delivered(
        rows,
        np.where(delivered, last, PERSON),
        np.where(delivered, scored.loss[rows, last], 0.0),
        cost,
        None if scored.labels is None else np.where(delivered, scored.labels[rows, last], -1),
        scored.group_numbers[rows] if scored.grouped else None,
    )
