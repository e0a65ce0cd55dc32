"""Pools of scored answers whose truth is known, for `certificate_promise.py` and `certificate_slack.py`.

A pool is a population: tune and calibrate are drawn from it with replacement, so that examples are independent, and the
error of a setting over the whole pool is its true error. Real pools come from public sets: three of strati's layers
(induced rules, nearest neighbours by n-grams, a linear model on n-grams) are fitted once on some rows and answer the
others. Simulated pools have a known shape. Costs per answer are set by hand, not measured: .0001, .001 and .01 dollars,
beside .5 for a person.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from development_sets import SETS, dataset
from strati.certify.method import Economics, Scored
from strati.core.context import Context
from strati.core.records import Case, Example
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.neighbours import Neighbours
from strati.kinds.classify.rules import InducedRules
from strati.stack.contract import Layer

COSTS = np.array([0.0001, 0.001, 0.01])
ECONOMICS = Economics(human_answer=0.5)
FIT = {"banking77": 4000, "emotion": 1800, "sms": 1000, "trec": 1500}
SHAPES = ("well-ranked", "flat", "adversarial")
SIMULATED = 5_000


def real_pools(data: Path, names: list[str]) -> dict[str, Scored]:
    """A pool for each set: three rungs, the linear model the last."""
    return {name: _scored(*SETS[name](data), FIT[name]) for name in names}


def simulated_pool(shape: str, at_least: float, seed: int = 0) -> Scored:
    """Three rungs, each wrong a little less often than the one before.

    `well-ranked`: the probability of being right is the confidence. `flat`: all confidences are alike, and every rung
    is wrong slightly more often than allowed. `adversarial`: the same with confidences unrelated to being right. In
    the last two no setting keeps the promise, so whatever is certified is a violation: the worst case.
    """
    rng = np.random.default_rng(seed)
    confidence, loss = np.zeros((2, SIMULATED, 3))
    hardness = rng.normal(size=SIMULATED)
    for rung in range(3):
        if shape == "well-ranked":
            skill = 2.0 + 0.8 * rung
            confidence[:, rung] = 1 / (1 + np.exp(-(skill - 1.5 * hardness + rng.normal(size=SIMULATED))))
            loss[:, rung] = rng.random(SIMULATED) > confidence[:, rung]
        else:
            confidence[:, rung] = rng.random(SIMULATED) if shape == "adversarial" else 0.9
            wrong = round((1 - at_least) * (1.05 - 0.01 * rung) * SIMULATED)
            loss[rng.permutation(SIMULATED)[:wrong], rung] = 1
    return Scored(("low", "middle", "high"), confidence, loss, COSTS)


def only(pool: Scored, rungs: tuple[int, ...]) -> Scored:
    """A pool with some of its rungs."""
    places = list(rungs)
    names = tuple(pool.names[place] for place in places)
    return Scored(names, pool.confidence[:, places], pool.loss[:, places], pool.cost[:, places])


def draw(pool: Scored, size: int, rng: np.random.Generator) -> Scored:
    """A part of independent examples."""
    return pool.take(rng.integers(0, len(pool), size))


def _scored(train: list[tuple[str, str]], test: list[tuple[str, str]], fit: int) -> Scored:
    examples = list(dataset(train + test).examples)
    rows = np.random.default_rng(0).permutation(len(examples))
    learn, tune, rest = (
        [examples[row] for row in part] for part in (rows[:fit], rows[fit : fit + 400], rows[fit + 400 :])
    )
    parts = [_answers(layer, learn, tune, rest) for layer in (InducedRules(), Neighbours(), Linear())]
    confidence, loss = (np.column_stack(columns) for columns in zip(*parts, strict=True))
    return Scored(("rules", "neighbours", "linear"), confidence, loss, COSTS)


def _answers(
    layer: InducedRules | Neighbours | Linear, learn: list[Example], tune: list[Example], rest: list[Example]
) -> tuple[np.ndarray, np.ndarray]:
    fitted: Layer = layer.fit(learn, tune, Context())
    cases = fitted.run([Case.of(example) for example in rest], Context())
    confidence = [case.answer.confidence if case.answer else np.nan for case in cases]
    loss = [float(case.answer is None or case.answer.value != e.reference) for case, e in zip(cases, rest, strict=True)]
    return np.array(confidence, dtype=float), np.array(loss)
