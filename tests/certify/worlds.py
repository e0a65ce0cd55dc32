"""Small made-up parts for the tests of certificates."""

from __future__ import annotations

import numpy as np

from strati.certify.method import Scored


def ranked(n: int, rungs: int = 1, seed: int = 0, easy: float = 2.5) -> Scored:
    """Rungs whose confidence is the probability of being right; each is better and four times dearer than the last."""
    rng = np.random.default_rng(seed)
    hardness = rng.normal(size=(n, 1))
    skill = easy + 0.5 * np.arange(rungs)
    confidence = 1 / (1 + np.exp(-(skill - 1.5 * hardness + rng.normal(size=(n, rungs)))))
    loss = (rng.random((n, rungs)) > confidence).astype(float)
    cost = 0.001 * np.power(4.0, np.arange(rungs, dtype=np.float64))
    return Scored(tuple(f"r{i}" for i in range(rungs)), confidence, loss, cost)


def unrelated(n: int, wrong: float, rng: np.random.Generator, levels: int | None = None) -> Scored:
    """One rung, wrong at this rate whatever its confidence; `levels` makes confidences coarse, with many ties."""
    confidence = rng.random((n, 1))
    if levels:
        confidence = np.floor(confidence * levels) / levels
    return Scored(("r",), confidence, (rng.random((n, 1)) < wrong).astype(float), np.array([0.001]))


def one(confidence: list[float], loss: list[float], groups: list[str] | None = None) -> Scored:
    """One rung from plain lists."""
    return Scored(
        ("r",),
        np.array(confidence, dtype=float)[:, None],
        np.array(loss, dtype=float)[:, None],
        np.array([0.01]),
        groups=None if groups is None else tuple(groups),
    )
