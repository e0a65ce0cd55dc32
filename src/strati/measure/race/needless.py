"""Which rungs are not needed: dearer than the one that would be chosen without them, and not better by the margin.

The cheapest candidate that qualifies is chosen. One that costs more than it and is not better by the margin can neither
be chosen nor keep it from being chosen, whatever it would answer on test. Two things are looked at besides: whether it
really costs more, and whether the two together, each where it is surer, might be better by the margin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from strati.core.records import Example
from strati.measure.race.trials import Answers, cost, right
from strati.statistics.metric import Metric
from strati.task.task import Goal


def dearer(own: Answers, theirs: Answers, goal: Goal) -> bool:
    """Whether a rung's answers cost more than another's on the mean."""
    if not own or not theirs:
        return False
    mean, other = ([cost(answer, goal) for answer in answers.values()] for answers in (own, theirs))
    return float(np.mean(mean)) > float(np.mean(other))


def gain_together(own: Answers, first: Answers, rows: Sequence[Example], metric: Metric) -> float:
    """What the best stack of the two gains on the rows over the first alone: `first` where it is sure, else `own`.

    The threshold is the best on these very rows, so the gain is overstated: that keeps a rung rather than losing it.
    """
    mine, theirs = right(own, rows, metric), right(first, rows, metric)
    both = sorted((key for key in mine if key in theirs), key=lambda key: first[key]["confidence"] or 0.0)
    steps = [mine[key] - theirs[key] for key in both]  # passed on one after the other, the least sure first
    return float(np.cumsum([0.0, *steps]).max() / len(both)) if both else 0.0
