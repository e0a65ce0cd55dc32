"""Total cost of ownership: machines, people, and what wrong answers do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from strati.certify.method.scored import Delivered, Scored
from strati.task.task import Goal


@dataclass(frozen=True, slots=True)
class Economics:
    """Prices in dollars: of one answer by a person, of one wrong answer, and how often a person is wrong.

    Without a price for a person's answer, settings are compared by people's share first and by cost second.
    """

    human_answer: float | None = None
    wrong_answer: float = 0.0
    human_error: float = 0.0

    @classmethod
    def of(cls, goal: Goal) -> Self:
        return cls(goal.human_answer_costs, goal.wrong_answer_costs or 0.0, goal.human_error_rate or 0.0)

    @property
    def priced(self) -> bool:
        """Whether a total in dollars makes sense."""
        return self.human_answer is not None

    def person(self, scored: Scored) -> float:
        """What handing one example to a person counts in comparisons.

        Where it has no price: more than anything automatic could cost, so that people's share decides first.
        """
        if self.human_answer is not None:
            return self.human_answer + self.human_error * self.wrong_answer
        dearest = float(scored.cost.max(axis=0, initial=0.0).sum())
        return 1000.0 * (dearest + self.wrong_answer) or 1.0

    def total(self, delivered: Delivered, person: float) -> float:
        """Dollars an example: rungs asked, wrong automatic answers, and people at `person` each; NaN for none."""
        if not len(delivered.rung):
            return float("nan")
        each = delivered.cost + self.wrong_answer * delivered.loss + np.where(delivered.automatic, 0.0, person)
        return float(each.mean())
