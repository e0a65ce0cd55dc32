"""Rungs as stages of one stack: which rungs in which order, and how sure each is when its turn comes.

A rung's confidence inside a stack is fitted anew on tune: from its own confidence, its features, and whether the rungs
before it said the same (`stack.checks.agreement`). The arithmetic is that of the served stack, so a threshold found
here means the same there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from strati.certify.compose.rung_answers import Part, RungAnswers
from strati.certify.method import Economics, Plan, Promise, Scored, make_plan
from strati.core.records import JSON, Answer
from strati.stack.calibration import Combiner
from strati.stack.checks.agreement import FEATURE, support
from strati.stack.stack import Loss

USEFUL = ("margin", "mass", "nearest", "familiar")  # features of layers that speak of being right


@dataclass(frozen=True)
class Composition:
    """Rungs in order, each with the combiner of its stage and the features it uses."""

    names: tuple[str, ...]
    combiners: tuple[Combiner, ...]
    uses: tuple[tuple[str, ...], ...]

    def confidences(self, part: Part) -> NDArray[np.float64]:
        """[n, L] for a part that has these rungs in this order; NaN where a rung gave no answer."""
        found = np.full((len(part), len(self.names)), np.nan)
        earlier: list[list[tuple[JSON, float | None]]] = [[] for _ in part.ids]
        for column, (rung, combiner, uses) in enumerate(zip(part.rungs, self.combiners, self.uses, strict=True)):
            for row, answer in enumerate(_with_support(rung, earlier, uses)):
                if answer is not None:
                    found[row, column] = combiner.confidence(answer, answer.features)
            _remember(rung, found[:, column], earlier)
        return found

    def scored(self, part: Part, labels: Sequence[str], loss: Loss | None = None) -> Scored:
        return part.scored(self.confidences(part), labels, loss)


def compose(part: Part, *, together: bool = True) -> Composition:
    """Fit the stages of a stack of these rungs, in this order, on tune; alone: each without the agreement feature."""
    earlier: list[list[tuple[JSON, float | None]]] = [[] for _ in part.ids]
    combiners, all_uses = [], []
    for column, rung in enumerate(part.rungs):
        uses = _uses(rung, with_agreement=together and column > 0)
        answers = _with_support(rung, earlier, uses)
        rows = [row for row, answer in enumerate(answers) if answer is not None]
        kept = [answer for answer in answers if answer is not None]
        right = [1.0 - part.loss(answer.value, part.references[row]) for row, answer in zip(rows, kept, strict=True)]
        combiner = Combiner.fit(kept, [answer.features for answer in kept], right, uses)
        combiners.append(combiner)
        all_uses.append(uses)
        confidence = np.full(len(part), np.nan)
        confidence[rows] = [combiner.confidence(answer, answer.features) for answer in kept]
        _remember(rung, confidence, earlier)
    return Composition(part.names, tuple(combiners), tuple(all_uses))


@dataclass(frozen=True)
class Design:
    """A stack chosen on tune: the rungs' places in the ladder, how they are composed, and the path to be walked."""

    order: tuple[int, ...]
    composition: Composition
    plan: Plan


def design(
    tune: Part,
    labels: Sequence[str],
    promise: Promise,
    economics: Economics,
    available: NDArray[np.bool_] | None = None,
    seed: int = 0,
    loss: Loss | None = None,
) -> Design:
    """Choose one stack on tune, and the path of its thresholds.

    The order is found with each rung's confidence fitted alone; then the stages of that order are fitted together, and
    kept where tune says the stack gets cheaper for it. `available` [m, L] says which rung was asked which calibrate
    example, so that the power of the test to come is known. A confidence is the probability of being right, whatever
    the `loss` that is bounded.
    """
    alone = compose(tune, together=False)
    first = make_plan(alone.scored(tune, labels, loss), promise, economics, available, seed=seed)
    if first.path is None:
        return Design((), alone, first)
    order = first.path.settings[0].rungs
    some = tune.only(order)
    asked = None if available is None else available[:, list(order)]
    places = tuple(range(len(order)))
    options = []
    for together in (False, True) if len(order) > 1 else (False,):
        composition = compose(some, together=together)
        plan = make_plan(composition.scored(some, labels, loss), promise, economics, asked, [places], seed)
        options.append(Design(order, composition, replace(plan, frontier=first.frontier)))
    return min(options, key=lambda found: _total(found.plan, promise))


def _total(plan: Plan, promise: Promise) -> float:
    """The least total cost on tune of a setting that is predicted to pass."""
    pairs = zip(plan.estimates, plan.predicted, strict=True)
    return min((estimate.total for estimate, p in pairs if p <= promise.risk), default=math.inf)


def _uses(rung: RungAnswers, *, with_agreement: bool) -> tuple[str, ...]:
    there = {name for answer in rung.answers if answer is not None for name in answer.features}
    return (*(name for name in USEFUL if name in there), *([FEATURE] if with_agreement else []))


def _with_support(
    rung: RungAnswers, earlier: Sequence[Sequence[tuple[JSON, float | None]]], uses: Sequence[str]
) -> list[Answer | None]:
    """A rung's answers with the agreement feature, where the stage uses it."""
    if FEATURE not in uses:
        return list(rung.answers)
    return [
        None if answer is None else replace(answer, features={**answer.features, FEATURE: support(answer.value, said)})
        for answer, said in zip(rung.answers, earlier, strict=True)
    ]


def _remember(
    rung: RungAnswers, confidence: NDArray[np.float64], earlier: Sequence[list[tuple[JSON, float | None]]]
) -> None:
    for said, answer, sure in zip(earlier, rung.answers, confidence, strict=True):
        if answer is not None:
            said.append((answer.value, float(sure)))
