"""From a layer's own confidence to the probability of being right, fitted on tune."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer

_LIMIT = 12.0  # logits beyond this are clipped: a model's 1 - 1e-9 is no evidence of that order
_LOW = math.exp(-_LIMIT)
LEAST_SLOPE = 0.01  # where confidence and being right run against each other, the other terms are fitted beside it


@dataclass(frozen=True, slots=True)
class Combiner:
    """Logistic regression from the logit of a layer's confidence, and named features, to "this answer is right".

    Platt scaling (Platt 1999) with the slope of the confidence drawn towards 1, and all else towards 0, by a Gaussian
    prior of standard deviation `PRIOR`, so that a few tune rows change little. The slope of the confidence never goes
    below a small positive number: calibration keeps the layer's ranking.
    """

    intercept: float = 0.0
    slope: float = 1.0
    weights: tuple[tuple[str, float], ...] = ()
    rows: int = 0

    PRIOR = 1.5

    def confidence(self, answer: Answer, features: Mapping[str, float]) -> float:
        """The probability that the answer is right."""
        logit = self.intercept + self.slope * _logit(answer.confidence)
        logit += sum(weight * features.get(name, 0.0) for name, weight in self.weights)
        return 0.5 * (1.0 + math.tanh(0.5 * logit))

    @classmethod
    def fit(
        cls,
        answers: Sequence[Answer],
        features: Sequence[Mapping[str, float]],
        right: Sequence[float],
        names: Sequence[str] = (),
    ) -> Self:
        """Fit on answers, their features and whether each was right (1) or wrong (0). Nothing given: the identity."""
        if not answers:
            return cls()
        columns = [np.ones(len(answers)), np.array([_logit(answer.confidence) for answer in answers])]
        columns += [np.array([row.get(name, 0.0) for row in features]) for name in names]
        centre = np.array([0.0, 1.0] + [0.0] * len(names))
        x, y = np.column_stack(columns), np.asarray(right, dtype=float)
        found = _newton(x, y, centre, cls.PRIOR, np.zeros(len(y)))
        if found[1] < LEAST_SLOPE:
            rest = _newton(np.delete(x, 1, axis=1), y, np.delete(centre, 1), cls.PRIOR, LEAST_SLOPE * x[:, 1])
            found = np.insert(rest, 1, LEAST_SLOPE)
        weights = tuple(zip(names, map(float, found[2:]), strict=True))
        return cls(float(found[0]), float(found[1]), weights, len(answers))

    def to_json(self) -> dict[str, JSON]:
        weights = [[name, weight] for name, weight in self.weights]
        return {"intercept": self.intercept, "slope": self.slope, "weights": weights, "rows": self.rows}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        weights = tuple((str(name), float(weight)) for name, weight in data["weights"])
        return cls(data["intercept"], data["slope"], weights, data["rows"])

    def fingerprint(self) -> str:
        return fingerprint("combiner.v1", **self.to_json())


def _logit(confidence: float | None) -> float:
    """The log odds; a layer that gives no confidence counts as even odds."""
    if confidence is None:
        return 0.0
    clipped = min(max(confidence, _LOW), 1 - _LOW)
    return math.log(clipped / (1 - clipped))


def _sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function, safe against overflow."""
    half: NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * z))
    return half


def _newton(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    centre: NDArray[np.float64],
    prior: float,
    offset: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Maximum a posteriori logistic regression by damped Newton steps; the problem is convex."""
    beta = centre.copy()
    precision = np.eye(x.shape[1]) / prior**2

    def loss(b: NDArray[np.float64]) -> float:
        z = x @ b + offset
        return float(np.logaddexp(0, z).sum() - y @ z + 0.5 * (b - centre) @ precision @ (b - centre))

    for _ in range(100):
        p = _sigmoid(x @ beta + offset)
        gradient = x.T @ (p - y) + precision @ (beta - centre)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + precision
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while loss(beta - size * step) > loss(beta) and size > 1e-6:
            size /= 2
        beta = beta - size * step
        if float(np.abs(size * step).max()) < 1e-8:
            break
    return beta
