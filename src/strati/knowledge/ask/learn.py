"""What the layers learn from labelled questions: their weights again, held near those they came with.

Logistic regression with a normal prior around the given weights: few rows change little, many decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from strati.core.records import JSON, Example
from strati.knowledge.ask.coverage import Coverage, cover
from strati.knowledge.ask.question import LONGEST, read
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.support import scored

if TYPE_CHECKING:
    from strati.core.context import Context
    from strati.core.records import Evidence
    from strati.knowledge.ask.sources import Sources

PRIOR = 1.0  # how firmly the given weights are held: one over the variance
LEAST = 10  # rows of each outcome; fewer teach nothing
STEPS = 50  # of Newton's method at most; it ends earlier


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression over named features of a coverage; `rows` is from how many questions it was learned."""

    weights: Mapping[str, float]
    intercept: float
    rows: int = 0

    def of(self, features: Mapping[str, float]) -> float:
        """The probability.

        >>> round(Weights({"own": 2.0}, -1.0).of({"own": 0.5}), 3)
        0.5
        """
        return scored(features, self.weights, self.intercept)

    def to_json(self) -> dict[str, JSON]:
        return {"weights": dict(self.weights), "intercept": self.intercept, "rows": self.rows}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        weights = {str(name): float(weight) for name, weight in data["weights"].items()}
        return cls(weights, float(data["intercept"]), int(data["rows"]))

    def learned(self, features: Sequence[Mapping[str, float]], right: Sequence[bool]) -> Self:
        """The weights by these rows; the same where one of the outcomes is too rare.

        >>> rows = [{"own": n / 50} for n in range(50)]
        >>> made = Weights({"own": 1.0}, 0.0).learned(rows, [row["own"] > 0.6 for row in rows])
        >>> made.rows, made.of({"own": 0.9}) > 0.5 > made.of({"own": 0.1})
        (50, True)
        """
        import numpy as np

        if min(sum(right), len(right) - sum(right)) < LEAST:
            return self
        names = list(self.weights)
        rows = np.array([[*(one.get(name, 0.0) for name in names), 1.0] for one in features])
        target = np.array(right, float)
        given = np.array([*(self.weights[name] for name in names), self.intercept])
        found = given.copy()
        for _ in range(STEPS):
            chance = 1 / (1 + np.exp(-np.clip(rows @ found, -30, 30)))
            slope = rows.T @ (chance - target) + PRIOR * (found - given)
            curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + PRIOR * np.eye(len(found))
            step = np.linalg.solve(curve, slope)
            found = found - step
            if np.abs(step).max() < 1e-6:
                break
        weights = {name: round(float(one), 4) for name, one in zip(names, found, strict=False)}
        return type(self)(weights, round(float(found[-1]), 4), len(right))


def covered(
    examples: Sequence[Example], sources: Sources, k: int, ctx: Context
) -> list[tuple[Example, list[Evidence], Coverage]]:
    """The examples with a reference, what is found for each question, and how much of it the passages hold."""
    retrieve = Retrieve(sources, k)
    found = []
    for example in examples:
        ctx.check()
        if example.reference is not None:
            text = example.text[:LONGEST]
            if (text, k) not in sources.learned:  # folds and rungs ask the same
                passages = retrieve.find(text)
                sources.learned[text, k] = passages, cover(read(text), passages, sources)
            found.append((example, *sources.learned[text, k]))
    return found
