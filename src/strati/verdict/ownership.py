"""Total cost of ownership: labels, training, inference, people and wrong answers, over the volume and the horizon.

What the goal does not state is left out and named, never counted as 0. A cost is linear in the volume: a fixed part
(labels, training) and a part for each answer, so two candidates break even at one volume or at none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from strati.core.records import JSON
from strati.measure.results import SECONDS_PER_HOUR, Result, Results, statistics_of
from strati.statistics import Interval, quality_interval
from strati.task.task import Goal
from strati.verdict.label_price import proving, training_labels

PEOPLE = "people on everything"
COMPOSED = "composed with people"
REACH = 100.0  # a break-even point is looked for from a hundredth to a hundred times the stated volume


class Outcomes(NamedTuple):
    """Shares of answers that are wrong (with limits), and that a person gives; together with right ones 1."""

    wrong: float
    low: float
    high: float
    pending: float


@dataclass(frozen=True)
class Cost:
    """What a candidate costs over the horizon, in dollars.

    Attributes:
        name: the candidate, or people on everything.
        fixed: once or at each retraining, by what for: `labels`, `training`, `retraining`.
        each: for one answer: `machine`, `paid`, `people`, `wrong_answers`.
        each_low, each_high: all of `each` together at the limits of the quality interval.
        left_out: what is not counted because its price is not stated, in words.
    """

    name: str
    fixed: dict[str, float] = field(default_factory=dict)
    each: dict[str, float] = field(default_factory=dict)
    each_low: float = 0.0
    each_high: float = 0.0
    left_out: tuple[str, ...] = ()

    @property
    def once(self) -> float:
        """All that does not depend on the volume."""
        return sum(self.fixed.values())

    @property
    def per_answer(self) -> float:
        return sum(self.each.values())

    def total(self, answers: float) -> float:
        """Dollars for so many answers over the horizon."""
        return self.once + answers * self.per_answer


def ownership(
    results: Results, qualifying: Sequence[str], frontier: Mapping[str, JSON] | None = None
) -> dict[str, JSON] | None:
    """The total cost of every measured candidate, and at which volume another one becomes the cheapest.

    The cheapest setting of the frontier of composed stacks is a row beside them; estimated on tune and not certified,
    it is compared with nothing.

    Where the goal says what a wrong answer costs, all candidates are compared: poor quality has its price. Otherwise
    only those that qualify are, because then errors would be free. None where no cost is known, or for no volume.
    """
    goal = results.goal
    costs = [cost for result in results.candidates if result.complete for cost in [cost_of(result, results)] if cost]
    people = people_cost(goal)
    if not costs or goal.volume_per_month <= 0:
        return None
    compared = [c for c in costs if goal.wrong_answer_costs is not None or c.name in qualifying]
    compared += [people] if people else []
    composed = composed_cost(results, frontier)
    shown = [*costs, *([composed] if composed else []), *([people] if people else [])]
    names = {cost.name for cost in compared}
    return {
        "volume_per_month": goal.volume_per_month,
        "horizon_months": goal.horizon_months,
        "retrainings": retrainings(goal),
        "rows": [_row(cost, goal, cost.name in names) for cost in shown],
        "break_even": break_even(compared, goal),
        "compared": "all" if goal.wrong_answer_costs is not None else "qualifying",
        "not_stated": not_stated(goal),
    }


def cost_of(result: Result, results: Results) -> Cost | None:
    """A candidate's cost; None where nothing was measured or what an answer costs is not known."""
    parts, goal = result.cost_parts, results.goal
    if parts is None or not result.measured.any():
        return None
    fixed, left_out = _fixed(result, results)
    shares = outcomes(result, results)
    each = {"machine": parts["machine"] / 1000, "paid": parts["paid"] / 1000}
    if shares.pending and goal.human_answer_costs is not None:
        each["people"] = shares.pending * goal.human_answer_costs
    elif shares.pending:
        left_out.append("answers by people (human_answer_costs)")
    by_people = shares.pending * (goal.human_error_rate or 0.0)
    if shares.pending and goal.human_error_rate is None:
        left_out.append("errors of people (human_error_rate)")
    low = high = sum(each.values())
    if goal.wrong_answer_costs is None:
        left_out.append("wrong answers (wrong_answer_costs)")
    else:
        each["wrong_answers"] = (shares.wrong + by_people) * goal.wrong_answer_costs
        low += (shares.low + by_people) * goal.wrong_answer_costs
        high += (shares.high + by_people) * goal.wrong_answer_costs
    return Cost(result.name, fixed, each, low, high, tuple(left_out))


def people_cost(goal: Goal) -> Cost | None:
    """People on everything, at their own error rate; None where the goal does not say what they cost."""
    if goal.human_answer_costs is None:
        return None
    each, left_out = {"people": goal.human_answer_costs}, []
    if goal.wrong_answer_costs is None:
        left_out.append("wrong answers (wrong_answer_costs)")
    elif goal.human_error_rate is None:
        left_out.append("errors of people (human_error_rate)")
    else:
        each["wrong_answers"] = goal.human_error_rate * goal.wrong_answer_costs
    every = sum(each.values())
    return Cost(PEOPLE, {}, each, every, every, tuple(left_out))


def composed_cost(results: Results, frontier: Mapping[str, JSON] | None) -> Cost | None:
    """The cheapest setting of the frontier, people's answers and their errors counted, from its figures on tune.

    None where there is no such setting, or where people have no price.
    """
    goal, best = results.goal, (frontier or {}).get("best")
    if frontier is None or best is None or goal.human_answer_costs is None:
        return None
    point = frontier["points"][best]
    rungs = [results.result(name) for name in point["rungs"]]
    fixed, left_out = _fixed_together(rungs, results)
    each = {"machine": 0.0, "paid": 0.0, "people": point["people"] * goal.human_answer_costs}
    for asked, rung in zip(point["asked"], rungs, strict=True):
        if (part := rung.cost_parts) is None:
            return None
        each["machine"] += asked * part["machine"] / 1000
        each["paid"] += asked * part["paid"] / 1000
    if goal.human_error_rate is None and point["people"]:
        left_out.append("errors of people (human_error_rate)")
    if goal.wrong_answer_costs is None:
        left_out.append("wrong answers (wrong_answer_costs)")
    else:
        wrong = point["automatic"] * point["error"] + point["people"] * (goal.human_error_rate or 0.0)
        each["wrong_answers"] = wrong * goal.wrong_answer_costs
    return Cost(COMPOSED, fixed, each, sum(each.values()), sum(each.values()), tuple(left_out))


def retrainings(goal: Goal) -> int:
    """How often a candidate is trained anew within the horizon; 0 where no cadence is stated.

    >>> retrainings(Goal(horizon_months=12, retrain_every_months=3))
    3
    """
    if goal.retrain_every_months is None:
        return 0
    return max(0, ceil(goal.horizon_months / goal.retrain_every_months - 1e-9) - 1)


def outcomes(result: Result, results: Results) -> Outcomes:
    """Shares of wrong and of pending answers; what was withheld or failed counts as wrong."""
    accuracy = results.right_wrong
    statistics = statistics_of(accuracy, results.test, result.answers)[result.measured]
    groups = results.groups_where(result.measured)
    found: Interval = quality_interval(statistics, accuracy, 1 - results.goal.alpha, groups, int(results.meta["seed"]))
    waits = [answer["state"] == "pending" for answer in result.answers if answer is not None]
    pending = sum(waits) / len(waits)
    wrong, low, high = (max(0.0, 1 - share - pending) for share in (found.value, found.high, found.low))
    return Outcomes(wrong, low, high, pending)


def break_even(costs: Sequence[Cost], goal: Goal) -> dict[str, JSON] | None:
    """The monthly volume nearest to the stated one at which another candidate becomes the cheapest; None for none.

    `a` is the cheapest at the stated volume, `b` the one beyond that point, which lies above or below it.
    """
    stated = goal.volume_per_month
    a = min(costs, key=lambda cost: cost.total(stated * goal.horizon_months), default=None)
    if a is None:
        return None
    points = [(volume, b) for b in costs if (volume := level(a, b, goal)) is not None]
    if not points:
        return None
    volume, b = min(points, key=lambda point: max(point[0] / stated, stated / point[0]))
    return {
        "a": a.name,
        "b": b.name,
        "volume_per_month": volume,
        "total": a.total(volume * goal.horizon_months),
        "cheaper_above": (a if a.per_answer < b.per_answer else b).name,
        "without": sorted({*a.left_out, *b.left_out}),
    }


def level(a: Cost, b: Cost, goal: Goal) -> float | None:
    """The monthly volume at which two cost the same; None where there is none near the stated volume."""
    slope = a.per_answer - b.per_answer
    if abs(slope) < 1e-15:
        return None
    volume = (b.once - a.once) / slope / goal.horizon_months
    return volume if goal.volume_per_month / REACH <= volume <= goal.volume_per_month * REACH else None


def not_stated(goal: Goal) -> list[str]:
    """The keys of the goal that a full account needs and that are not set."""
    keys = ("label_costs", "wrong_answer_costs", "human_answer_costs", "human_error_rate")
    missing = [key for key in keys if getattr(goal, key) is None]
    if retrainings(goal) and goal.labels_per_retraining is None:
        missing.append("labels_per_retraining")
    return missing


def _fixed(result: Result, results: Results) -> tuple[dict[str, float], list[str]]:
    """Labels and training; what the goal does not price is named instead."""
    goal, record = results.goal, result.record
    fixed: dict[str, float] = {}
    left_out: list[str] = []
    if goal.label_costs is None:
        left_out.append("labels (label_costs)")
    else:
        fixed["labels"] = goal.label_costs * (training_labels(result, results) + sum(proving(results).values()))
    fit = (record.fit_seconds or 0.0) / SECONDS_PER_HOUR * goal.machine_per_hour
    fixed["training"] = fit
    times = retrainings(goal)
    if record.learns and times:
        fixed["retraining"] = times * fit
        if goal.labels_per_retraining is None:
            left_out.append("labels for training anew (labels_per_retraining)")
        elif goal.label_costs is not None:
            fixed["retraining"] += times * goal.labels_per_retraining * goal.label_costs
    return fixed, left_out


def _fixed_together(rungs: Sequence[Result], results: Results) -> tuple[dict[str, float], list[str]]:
    """Of rungs in one stack: they share their labels, and each is trained."""
    found = [_fixed(rung, results) for rung in rungs]
    fixed = {
        name: (max if name == "labels" else sum)(parts.get(name, 0.0) for parts, _ in found)
        for name in ("labels", "training", "retraining")
        if any(name in parts for parts, _ in found)
    }
    return fixed, list(dict.fromkeys(what for _, missing in found for what in missing))


def _row(cost: Cost, goal: Goal, compared: bool) -> dict[str, JSON]:
    answers = goal.volume_per_month * goal.horizon_months
    parts = {**cost.fixed, **{name: answers * dollars for name, dollars in cost.each.items()}}
    return {
        "candidate": cost.name,
        "total": cost.total(answers),
        "low": cost.once + answers * cost.each_low,
        "high": cost.once + answers * cost.each_high,
        "fixed": cost.once,
        "per_answer": cost.per_answer,
        "parts": parts,
        "left_out": list(cost.left_out),
        "compared": compared,
        "people": cost.name == PEOPLE,
        "estimated_on": "tune" if cost.name == COMPOSED else None,
    }
