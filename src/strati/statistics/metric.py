"""The contract of a metric: statistics for one example, and the value that sums of them stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from strati.core.records import JSON, Score

Statistics = NDArray[np.float64]


class Rule(NamedTuple):
    """What a certificate counts as lost: a name that changes with the rule, and the rule in words.

    A metric that counts otherwise than right or wrong has it as its attribute `rule`.
    """

    name: str
    words: str


RIGHT = Rule("", "1 for a wrong automatic answer, 0 for a right one")


def rule_of(metric: object) -> Rule:
    """The rule of a metric; right or wrong where it has none.

    >>> rule_of(Share("exact", wrong)).words
    '1 for a wrong automatic answer, 0 for a right one'
    """
    found = getattr(metric, "rule", None)
    return found if isinstance(found, Rule) else RIGHT


def is_graded(metric: object) -> bool:
    """Whether its loss lies between 0 and 1, too."""
    return bool(getattr(metric, "graded", False))


class Metric(Protocol):
    """A quality between 0 and 1, computed from sums over examples of k statistics.

    The value must not change when all sums are multiplied by the same number, so weighted resamples need no scaling.
    """

    @property
    def name(self) -> str:
        """The name used in `strati.toml` and in reports."""
        ...

    @property
    def binary(self) -> bool:
        """True when the statistics of an example are (right, 1) with right either 0 or 1."""
        ...

    def score(self, reference: JSON, value: JSON | None) -> Score:
        """The statistics of one example; None means that nothing was delivered, which counts as wrong."""
        ...

    def loss(self, value: JSON, reference: JSON) -> float:
        """What a certificate bounds for a delivered value: 0 right, 1 wrong, or between. May differ from the metric."""
        ...

    def aggregate(self, sums: Statistics) -> Statistics:
        """Metric values, shape [...], of sums over examples, shape [..., k]; NaN where nothing was measured."""
        ...

    def best(self, sums: Statistics) -> Statistics:
        """The sums of as many examples if every answer were right; bounds what was not seen (see `statistics`)."""
        ...

    def worst(self, sums: Statistics) -> Statistics:
        """The sums of as many examples if nothing were delivered."""
        ...


def ratio(numerator: Statistics, denominator: Statistics) -> Statistics:
    """Elementwise quotient, NaN where the denominator is not above 0."""
    known = denominator > 0
    return np.where(known, numerator / np.where(known, denominator, 1.0), np.nan)


def wrong(value: JSON, reference: JSON) -> float:
    """The plain loss: 0 when the delivered value is the reference, else 1."""
    return 0.0 if value == reference else 1.0


@dataclass(frozen=True)
class Share:
    """A mean over examples of a number in [0, 1]: 1 less the loss, unless `quality` says how good a value is.

    Statistics (quality, 1) for each example. `binary` is for qualities that are 0 or 1 only: exact intervals and races
    rest on it. `graded` says that the loss lies between 0 and 1, too: certificates then bet instead of counting.

    >>> Share("exact", wrong).score("a", "b").statistics
    (0.0, 1.0)
    """

    name: str
    loss: Callable[[JSON, JSON], float]
    quality: Callable[[JSON, JSON], float] | None = None
    binary: bool = True
    graded: bool = False
    show: Callable[[JSON], str] = str
    rule: Rule = RIGHT

    def score(self, reference: JSON, value: JSON | None) -> Score:
        if value is None:
            return Score((0.0, 1.0), f'nothing was delivered, the reference is "{self.show(reference)}"')
        found = 1.0 - self.loss(value, reference) if self.quality is None else self.quality(value, reference)
        if found == 1.0:
            return Score((1.0, 1.0), "right")
        return Score((found, 1.0), f'"{self.show(value)}" was answered, the reference is "{self.show(reference)}"')

    def aggregate(self, sums: Statistics) -> Statistics:
        return ratio(sums[..., 0], sums[..., 1])

    def best(self, sums: Statistics) -> Statistics:
        return np.stack([sums[..., 1], sums[..., 1]], axis=-1)

    def worst(self, sums: Statistics) -> Statistics:
        return np.stack([np.zeros_like(sums[..., 1]), sums[..., 1]], axis=-1)
