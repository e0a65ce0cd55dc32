"""What each layer and check of a composed stack earns: the stack without it, on the answers that are there already.

The stack is the cheapest setting on the run's frontier that has two rungs or more, with people for the rest; where the
frontier has none, the pair of rungs that the run measured. No model is asked anything. Thresholds stay as they are;
confidences are fitted again on tune, as they would be for a stack that never had the part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from strati.certify.compose.assembly import assemble
from strati.certify.compose.composed import best_pair
from strati.certify.compose.composing import Composition, compose
from strati.certify.compose.frontier import FEWEST as FEWEST_ASKED
from strati.certify.compose.rung_answers import Part, RungAnswers, read_part, rungs_to_compose
from strati.certify.method import Economics, Setting, evaluate
from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import JSON, Usage
from strati.improve.experiment import Figures, Outcome, decide, tune_examples
from strati.measure.journal import Journal, StoredExample
from strati.measure.results import Results, statistics_of
from strati.stack.checks.agreement import FEATURE
from strati.stack.stack import Stack


@dataclass(frozen=True)
class AblatePlan:
    """The stack that parts are taken from: its rungs with their thresholds, and whether people come last."""

    rungs: tuple[str, ...]
    thresholds: tuple[float, ...]
    people: bool
    part: Part

    @property
    def name(self) -> str:
        """The stack in one line."""
        return " > ".join((*self.rungs, *(["people"] if self.people else [])))


@dataclass(frozen=True)
class Variant:
    """The stack, or the stack without a part."""

    name: str
    order: tuple[int, ...]
    thresholds: tuple[float, ...]
    composition: Composition


def plan_ablate(journal: Journal, results: Results) -> AblatePlan:
    """Find the stack to take parts from.

    Raises:
        DataError: the run has too few tune rows, or nothing composed.
    """
    tune_examples(results, journal.examples("tune"))
    names = [result.name for result in rungs_to_compose(journal, results)]
    if not names:
        raise DataError(
            f"run {results.run} has no saved rungs with confidences, expected two or more to take parts from"
        )
    tune = read_part(journal, results, names, "tune")
    points = [point for point in (journal.read("frontier") or {}).get("points", []) if len(point["rungs"]) > 1]
    if points:
        person = Economics.of(results.goal).human_answer
        best = min(points, key=lambda point: (_total(point) if person is not None else point["people"], _total(point)))
        rungs, thresholds, people = tuple(best["rungs"]), tuple(best["thresholds"]), True
    else:
        pair = best_pair(tune, results.goal.margin)
        if pair is None:
            raise DataError(
                f"run {results.run} has no stack of two rungs or more: neither its frontier nor a pair beats a "
                f"single one ({', '.join(names)}), so there is no layer to take away"
            )
        rungs, thresholds, people = pair.names, (pair.threshold, 0.0), False
    part = _asked_all(tune.only([names.index(name) for name in rungs]))
    if len(part) < FEWEST_ASKED:
        raise DataError(f"{' > '.join(rungs)}: {len(part)} tune rows were asked all of it, expected {FEWEST_ASKED}")
    return AblatePlan(rungs, thresholds, people, part)


def variants(plan: AblatePlan) -> list[Variant]:
    """The stack first, then it without each layer, then without each check."""
    every = tuple(range(len(plan.rungs)))
    whole = compose(plan.part)
    found = [Variant("the whole stack", every, plan.thresholds, whole)]
    for left_out in every:
        order = tuple(place for place in every if place != left_out)
        thresholds = tuple(plan.thresholds[place] for place in order)
        if not plan.people:
            thresholds = (*thresholds[:-1], 0.0)  # the last one answers all that is left
        name = f"without {plan.rungs[left_out]}"
        found.append(Variant(name, order, thresholds, compose(plan.part.only(order))))
    if any(FEATURE in uses for uses in whole.uses):
        alone = compose(plan.part, together=False)
        found.append(Variant("without the check agreement", every, plan.thresholds, alone))
    return found


def ablate(
    results: Results,
    plan: AblatePlan,
    ctx: Context,
) -> tuple[Outcome, Variant | None]:
    """Measure the stack and what is left of it without each part; the outcome, and the variant that was chosen."""
    found = variants(plan)
    figures = []
    ctx.begin("taking parts away", len(found))
    for variant in found:
        ctx.check()
        figures.append(_figures(results, plan, variant))
        ctx.advance(1, Usage())
    outcome = decide(results, "ablate", figures[0], figures[1:], plan.part.groups, smaller_only=True)
    return outcome, None if outcome.chosen is None else found[1 + outcome.chosen]


def assembled(
    results: Results, plan: AblatePlan, variant: Variant, stacks: Path, resources: Mapping[str, object]
) -> Stack:
    """The stack that a variant stands for, from the run's saved rungs."""
    folders = folders_of(results, plan, variant, stacks)
    return assemble(variant.composition, variant.thresholds, folders, resources, "improved", people=plan.people)


def folders_of(results: Results, plan: AblatePlan, variant: Variant, stacks: Path) -> list[Path]:
    """The folders of the saved rungs that a variant has."""
    return [stacks / str(results.result(plan.rungs[place]).record.stack) for place in variant.order]


def _total(point: Mapping[str, Any]) -> float:
    total = point["total_per_1000"]
    return float(point["cost_per_1000"] if total is None else total)


def _asked_all(part: Part) -> Part:
    """Only the examples that every rung was asked: those on which all variants can be compared."""
    rows = np.flatnonzero(part.available().all(axis=1)).tolist()

    def some(rung: RungAnswers) -> RungAnswers:
        answers = tuple(rung.answers[row] for row in rows)
        return RungAnswers(rung.name, answers, (True,) * len(rows), rung.cost, rung.uses_llm)

    groups = None if part.groups is None else tuple(part.groups[row] for row in rows)
    ids, references = tuple(part.ids[row] for row in rows), tuple(part.references[row] for row in rows)
    return Part(ids, references, groups, tuple(map(some, part.rungs)), part.loss)


def _figures(results: Results, plan: AblatePlan, variant: Variant) -> Figures:
    part = plan.part.only(variant.order)
    scored = variant.composition.scored(part, results.labels)
    done = evaluate(Setting(tuple(range(len(variant.order))), variant.thresholds), scored)
    values: list[JSON] = [None if rung < 0 else _value(part, rung, row) for row, rung in enumerate(done.rung.tolist())]
    # A person's answer counts as right: what people cost stands beside it.
    judged = [
        reference if rung < 0 and plan.people else value
        for reference, rung, value in zip(part.references, done.rung.tolist(), values, strict=True)
    ]
    stored = [StoredExample(key, ref, None, None) for key, ref in zip(part.ids, part.references, strict=True)]
    statistics = statistics_of(results.metric, stored, [{"value": value} for value in judged])
    economics = Economics.of(results.goal)
    machine = float(done.cost.mean())
    people = 1 - done.share if plan.people else 0.0
    cost = 1000 * (machine + people * (economics.human_answer or 0.0))
    parts = len(variant.order) + sum(FEATURE in uses for uses in variant.composition.uses)
    # Costs within a cent count as equal: then fewer parts are smaller. People without a price come first.
    size = (round(cost, 2), parts) if economics.priced else (people, round(cost, 2), parts)
    return Figures(variant.name, statistics, tuple(values), None, None, cost, people, size)


def _value(part: Part, rung: int, row: int) -> JSON:
    answer = part.rungs[rung].answers[row]
    return None if answer is None else answer.value
