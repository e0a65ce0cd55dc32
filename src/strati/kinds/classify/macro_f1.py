"""Macro-F1: the mean over labels of 2 tp / (2 tp + fp + fn), so that rare labels count as much as frequent ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from strati.core.errors import DataError
from strati.core.records import JSON, Score
from strati.kinds.classify.accuracy import why_wrong
from strati.statistics.metric import Statistics, ratio, wrong


class MacroF1:
    """Statistics of an example, for K labels: K times tp, K times fp, K times fn.

    A label that occurs neither among the references nor among the answers has no F1 (0 / 0) and does not enter the
    mean: counting it as 0 would punish a small sample, counting it as 1 would flatter it. scikit-learn's `f1_score`
    does the same when `labels` is left out. No answer, or one outside the labels, is a miss of the reference label
    and a false alarm of none.
    """

    name = "macro_f1"
    binary = False

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self._position = {label: place for place, label in enumerate(self.labels)}

    def score(self, reference: JSON, value: JSON | None) -> Score:
        size = len(self.labels)
        if reference not in self._position:
            raise DataError(f"the reference answer is {reference!r}, expected one of the {size} labels of the task")
        statistics = [0.0] * (3 * size)
        here = self._position[reference]
        if value == reference:
            statistics[here] = 1.0
            return Score(tuple(statistics), "right")
        statistics[2 * size + here] = 1.0
        if isinstance(value, str) and value in self._position:
            statistics[size + self._position[value]] = 1.0
        return Score(tuple(statistics), why_wrong(reference, value))

    def loss(self, value: JSON, reference: JSON) -> float:
        return wrong(value, reference)

    def aggregate(self, sums: Statistics) -> Statistics:
        right, alarms, missed = np.split(sums, 3, axis=-1)
        occurring = 2 * right + alarms + missed
        f1 = ratio(2 * right, occurring)
        return ratio(np.nansum(f1, axis=-1), (occurring > 0).sum(axis=-1).astype(np.float64))

    def best(self, sums: Statistics) -> Statistics:
        found = self._references_alike(sums)
        return np.concatenate([found, 0 * found, 0 * found], axis=-1)

    def worst(self, sums: Statistics) -> Statistics:
        missed = self._references_alike(sums)
        return np.concatenate([0 * missed, 0 * missed, missed], axis=-1)

    def _references_alike(self, sums: Statistics) -> Statistics:
        """As many references, spread evenly over the labels there are: the mean takes labels alike, so must a bound."""
        right, _, missed = np.split(sums, 3, axis=-1)
        references = right + missed
        occurring = references > 0
        share = references.sum(axis=-1, keepdims=True) / np.maximum(occurring.sum(axis=-1, keepdims=True), 1)
        return np.where(occurring, share, 0.0)
