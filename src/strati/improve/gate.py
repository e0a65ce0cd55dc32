"""The one gate of every experiment: something is shown, or what is kept stays.

All proposals of an experiment are tested on the same tune examples, paired, against what is kept. A proposal passes
where "worse by its margin or more" is rejected at the goal's alpha after Holm's correction over all proposals, so the
risk of passing any proposal that is truly worse by its margin is at most alpha, however many were tried. What is
smaller than what is kept has the goal's margin; what is not has the margin 0: it has to be better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from strati.statistics.contrast import paired_interval
from strati.statistics.inference import Groups, compare
from strati.statistics.interval import Interval
from strati.statistics.metric import Metric, Statistics
from strati.statistics.multiplicity import holm


class Ruling(NamedTuple):
    """What the gate says of one proposal: its difference to what is kept, and the adjusted p of what it has to show."""

    difference: Interval
    p: float
    passes: bool


def rule(
    kept: Statistics,
    proposals: Sequence[Statistics],
    metric: Metric,
    margins: Sequence[float],
    alpha: float,
    groups: Groups | None = None,
) -> list[Ruling]:
    """Test every proposal against what is kept.

    Args:
        kept: statistics of what is kept, shape [n, k].
        proposals: those of each proposal on the same examples in the same order.
        metric: how statistics become a quality.
        margins: for each proposal how much worse still counts as not worse (absolute); 0: it has to be better.
        alpha: the risk of passing anything that is worse by its margin.
        groups: the group of each example, where examples resemble each other.

    Returns:
        One ruling for each proposal, in their order.

    Example:
        >>> import numpy as np
        >>> from strati.statistics.metric import Share
        >>> right = np.ones((400, 1))
        >>> worse = right.copy()
        >>> worse[:40] = 0
        >>> metric = Share("right", lambda a, b: float(a != b))
        >>> [one.passes for one in rule(right, [right, worse], metric, [0.03, 0.03], 0.05)]
        [True, False]
        >>> [one.passes for one in rule(worse, [right, worse], metric, [0.0, 0.0], 0.05)]
        [True, False]
    """
    p_values = [
        compare(one, kept, metric, margin, alpha, groups).p_noninferior
        for one, margin in zip(proposals, margins, strict=True)
    ]
    return [
        Ruling(paired_interval(one, kept, metric, 1 - alpha, groups), p, p <= alpha)
        for one, p in zip(proposals, holm(p_values), strict=True)
    ]
