"""The tests that may retire a rung in a race, made on its answers to tune rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from strati.core.records import JSON, Example
from strati.measure.records import RetiredFor, Retirement
from strati.statistics import best_growth, confidence_sequence, log_capital, shown_above
from strati.statistics.metric import Metric
from strati.task.task import Goal

Answers = Mapping[str, JSON]
SLOW_SHARE = 0.05  # of answers that may take longer than the limit on p95
HOPE = 2.0  # how much faster than so far evidence may come while something still counts as within reach


class Trial(NamedTuple):
    """One way to be retired: the mean of `values`, each in [`low`, 1], is shown to be above `bound`.

    `against` names the rung it is compared with, if any; `unit` is what the value 1 stands for, in dollars, where the
    trial is about cost.
    """

    kind: RetiredFor
    values: Sequence[float]
    bound: float
    low: float = 0.0
    against: str | None = None
    unit: float = 1.0

    def passed(self, alpha: float) -> bool:
        """Whether it is shown, at any moment so far."""
        return shown_above(self.values, self.bound, alpha, self.low, 1.0) is not None

    def within_reach(self, alpha: float, rows: int) -> bool:
        """Whether it would be shown on `rows` values if evidence comes twice as fast as it did so far."""
        if not len(self.values):
            return False
        now = float(log_capital(self.values, self.bound, self.low, 1.0)[-1])
        growth = HOPE * max(0.0, best_growth(self.values, self.bound, self.low, 1.0))
        return now + growth * (rows - len(self.values)) >= float(np.log(1 / alpha))


def right(answers: Answers, rows: Sequence[Example], metric: Metric) -> dict[str, float]:
    """1 for a right answer, 0 for a wrong or missing one, by example, of those that were asked."""
    return {
        row.id: metric.score(row.reference, answers[row.id]["value"]).statistics[0] for row in rows if row.id in answers
    }


def cost(answer: JSON, goal: Goal) -> float:
    """Dollars of one answer: this machine's time, and what is paid to others."""
    usage = answer["usage"]
    return float(usage["seconds"] / 3600 * goal.machine_per_hour + usage["dollars"])


def trials(
    own: Answers,
    rivals: Mapping[str, Answers],
    rows: Sequence[Example],
    metric: Metric,
    goal: Goal,
    *,
    limits: bool,
    beside: str | None = None,
) -> list[Trial]:
    """All tests on a rung's answers to `rows`; with `limits` those on cost and latency too.

    `beside` names the rival that the rung is not needed beside unless it is better by the margin (`needless`).
    """
    mine = right(own, rows, metric)
    found = []
    for name, answers in rivals.items():
        theirs = right(answers, rows, metric)
        gaps = [theirs[key] - value for key, value in mine.items() if key in theirs]
        found.append(Trial(RetiredFor.INFERIOR, gaps, goal.margin, -1.0, name))
        if name == beside:
            found.append(Trial(RetiredFor.NEEDLESS, gaps, -goal.margin, -1.0, name))
    if goal.at_least is not None:
        found.append(Trial(RetiredFor.BAR, [1.0 - value for value in mine.values()], 1.0 - goal.at_least))
    asked = [own[key] for key in mine]
    if limits and goal.max_cost_per_1000 is not None:
        # costs have no upper limit: cut at twice the one allowed, their mean can only fall, so the test stays right
        most = 2 * goal.max_cost_per_1000 / 1000
        found.append(Trial(RetiredFor.COST, [_cut(cost(answer, goal), most) for answer in asked], 0.5, unit=most))
    if limits and goal.max_p95_ms is not None:
        late = [float(1000 * answer["usage"]["seconds"] > goal.max_p95_ms) for answer in asked]
        found.append(Trial(RetiredFor.LATENCY, late, SLOW_SHARE))
    return found


def _cut(value: float, most: float) -> float:
    return min(value / most, 1.0) if most > 0 else float(value > 0)


def retirement(trial: Trial, alpha: float) -> Retirement:
    """What a test that was passed has shown."""
    found = confidence_sequence(trial.values, 1 - 2 * alpha, trial.low, 1.0)
    values = (found.value, found.low, found.high)
    if trial.kind in (RetiredFor.INFERIOR, RetiredFor.NEEDLESS):
        values = (-found.value, -found.high, -found.low)
    elif trial.kind is RetiredFor.BAR:
        values = (1 - found.value, 1 - found.high, 1 - found.low)
    elif trial.kind is RetiredFor.COST:
        values = (1000 * found.value * trial.unit, 1000 * found.low * trial.unit, 1000 * found.high * trial.unit)
    return Retirement(trial.kind, len(trial.values), *values, trial.against)
