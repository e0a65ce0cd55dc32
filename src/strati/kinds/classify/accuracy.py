"""Accuracy: the share of examples with the right answer. What was not answered is wrong."""

from __future__ import annotations

import numpy as np

from strati.core.records import JSON, Score
from strati.statistics.metric import Statistics, ratio


class Accuracy:
    """Statistics (right, 1) for each example.

    >>> Accuracy().score("spam", None)
    Score(statistics=(0.0, 1.0), reason='nothing was delivered, the reference is "spam"')
    """

    name = "accuracy"
    binary = True

    def score(self, reference: JSON, value: JSON | None) -> Score:
        if value is not None and value == reference:
            return Score((1.0, 1.0), "right")
        return Score((0.0, 1.0), wrong(reference, value))

    def aggregate(self, sums: Statistics) -> Statistics:
        return ratio(sums[..., 0], sums[..., 1])

    def best(self, sums: Statistics) -> Statistics:
        return np.stack([sums[..., 1], sums[..., 1]], axis=-1)

    def worst(self, sums: Statistics) -> Statistics:
        return np.stack([np.zeros_like(sums[..., 1]), sums[..., 1]], axis=-1)


def wrong(reference: JSON, value: JSON | None) -> str:
    """Why an answer is wrong, in words."""
    if value is None:
        return f'nothing was delivered, the reference is "{reference}"'
    return f'"{value}" was answered, the reference is "{reference}"'
