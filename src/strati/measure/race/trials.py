"""The tests that may retire a rung in a race, made on its answers to tune rows: numbers in, words out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from strati.core.figures import difference, interval, milliseconds, money, share
from strati.core.records import JSON, Example
from strati.statistics import best_growth, confidence_sequence, log_capital, shown_above
from strati.statistics.metric import Metric
from strati.task.task import Goal

Answers = Mapping[str, JSON]
NEEDLESS = "needless"
SLOW_SHARE = 0.05  # of answers that may take longer than the limit on p95
HOPE = 2.0  # how much faster than so far evidence may come while something still counts as within reach


class Trial(NamedTuple):
    """One way to be retired: the mean of `values`, each in [`low`, 1], is shown to be above `bound`.

    `against` names the rung it is compared with, if any; `unit` is what the value 1 stands for, in dollars, where the
    trial is about cost.
    """

    kind: str
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
        found.append(Trial("inferior", gaps, goal.margin, -1.0, name))
        if name == beside:
            found.append(Trial(NEEDLESS, gaps, -goal.margin, -1.0, name))
    if goal.at_least is not None:
        found.append(Trial("bar", [1.0 - value for value in mine.values()], 1.0 - goal.at_least))
    asked = [own[key] for key in mine]
    if limits and goal.max_cost_per_1000 is not None:
        # costs have no upper limit: cut at twice the one allowed, their mean can only fall, so the test stays right
        most = 2 * goal.max_cost_per_1000 / 1000
        found.append(Trial("cost", [_cut(cost(answer, goal), most) for answer in asked], 0.5, unit=most))
    if limits and goal.max_p95_ms is not None:
        late = [float(1000 * answer["usage"]["seconds"] > goal.max_p95_ms) for answer in asked]
        found.append(Trial("latency", late, SLOW_SHARE))
    return found


def _cut(value: float, most: float) -> float:
    return min(value / most, 1.0) if most > 0 else float(value > 0)


def why(trial: Trial, goal: Goal, alpha: float) -> str:
    """What was shown, in words with figures; limits hold at every moment of looking."""
    n = len(trial.values)
    found = confidence_sequence(trial.values, 1 - 2 * alpha, trial.low, 1.0)
    gap = {"difference": -found.value, "low": -found.high, "high": -found.low}
    if trial.kind == NEEDLESS:
        return (
            f"not needed beside {trial.against}, which costs less: not better by the margin of "
            f"{100 * goal.margin:.1f} points, {difference(gap)} points on {n} tune rows"
        )
    if trial.kind == "inferior":
        return (
            f"worse than {trial.against} by more than the margin of {100 * goal.margin:.1f} points: "
            f"{difference(gap)} points on {n} tune rows"
        )
    if trial.kind == "bar":
        quality = {"value": 1 - found.value, "low": 1 - found.high, "high": 1 - found.low}
        return f"misses the bar of {share(goal.at_least)}: {interval(quality)} on {n} tune rows"
    if trial.kind == "cost":
        least = 1000 * found.low * trial.unit
        return (
            f"costs at least {money(least)} per 1,000 as seen on {n} tune rows, over the limit of "
            f"{money(goal.max_cost_per_1000)}"
        )
    return (
        f"{share(found.value)} of its answers on {n} tune rows took longer than {milliseconds(goal.max_p95_ms)}, "
        "the limit for 95 % of them"
    )
