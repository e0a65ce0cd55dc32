"""Micro-averaged F1 of exact spans, of relations, of fields: sums over examples, so resampling pairs them.

Statistics of an example are (right, answered, in the reference); F1 is 2 right / (answered + in the reference).
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

import numpy as np

from strati.core.errors import TaskError
from strati.core.records import JSON, Score
from strati.kinds.extract.values import Extraction
from strati.statistics.metric import RIGHT, Rule, Statistics, ratio

Items = Callable[[Extraction], Set[object]]


@dataclass(frozen=True)
class MicroF1:
    """F1 over all examples of what `items` takes out of a value.

    `graded`: a certificate bounds 1 - F1 of each delivered value; otherwise any error makes it wrong.

    >>> metric = get_metric("f1")
    >>> a, b = {"start": 0, "end": 4, "label": "Org"}, {"start": 9, "end": 12, "label": "Loc"}
    >>> metric.score({"entities": [a, b]}, {"entities": [a]}).statistics
    (1.0, 1.0, 2.0)
    """

    name: str
    items: Items
    graded: bool = False
    binary: bool = False

    @property
    def rule(self) -> Rule:
        return Rule("", "1 less the F1 of an automatic answer") if self.graded else RIGHT

    def score(self, reference: JSON, value: JSON | None) -> Score:
        wanted = self.items(Extraction.from_json(reference))
        found = self.items(Extraction.from_json(value)) if value is not None else set()
        right = len(wanted & found)
        reason = f"{right} of {len(wanted)} found, {len(found) - right} wrong"
        return Score(
            (float(right), float(len(found)), float(len(wanted))),
            reason if value is not None else "nothing was delivered",
        )

    def loss(self, value: JSON, reference: JSON) -> float:
        wanted, found = self.items(Extraction.from_json(reference)), self.items(Extraction.from_json(value))
        if not self.graded:
            return 0.0 if wanted == found else 1.0
        total = len(wanted) + len(found)
        return 1.0 - 2 * len(wanted & found) / total if total else 0.0

    def aggregate(self, sums: Statistics) -> Statistics:
        return ratio(2 * sums[..., 0], sums[..., 1] + sums[..., 2])

    def best(self, sums: Statistics) -> Statistics:
        return np.stack([sums[..., 2]] * 3, axis=-1)

    def worst(self, sums: Statistics) -> Statistics:
        nothing = np.zeros_like(sums[..., 2])
        return np.stack([nothing, nothing, sums[..., 2]], axis=-1)


def _everything(value: Extraction) -> Set[object]:
    return value.pairs() if value.fields is not None else set(value.entities)


def _triples(value: Extraction) -> Set[object]:
    return set(value.triples())


METRICS: dict[str, MicroF1] = {
    "f1": MicroF1("f1", _everything),
    "relation_f1": MicroF1("relation_f1", _triples),
    "f1_graded": MicroF1("f1_graded", _everything, graded=True),
}


def get_metric(name: str) -> MicroF1:
    """The metric of a name. Raises `TaskError` for another one."""
    if name not in METRICS:
        raise TaskError(f"the metric is {name!r}, expected one of: {', '.join(METRICS)}")
    return METRICS[name]
