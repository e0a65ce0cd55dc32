"""An answer is scored once: where scoring is dear or cannot be repeated, the journal remembers what came of it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Protocol

from strati.core.errors import UserError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Score, Usage
from strati.statistics.metric import Metric, Statistics
from strati.task.kind import Kind


class Memo(Protocol):
    """Where scores are kept: the journal of a run."""

    def recall(self, key: str) -> tuple[JSON, Usage] | None: ...

    def remember(self, key: str, reply: JSON, usage: Usage) -> None: ...


@dataclass(frozen=True)
class Remembered:
    """A metric whose scores and losses are looked up before they are computed."""

    metric: Metric
    memo: Memo

    @property
    def name(self) -> str:
        return self.metric.name

    @property
    def binary(self) -> bool:
        return self.metric.binary

    def score(self, reference: JSON, value: JSON | None) -> Score:
        key = fingerprint("score.v1", metric=self.name, reference=reference, value=value)
        known = self._recalled(key)
        if known is None:
            found = self.metric.score(reference, value)
            known = [list(found.statistics), found.reason]
            self._keep(key, known)
        return Score(tuple(known[0]), known[1])

    def loss(self, value: JSON, reference: JSON) -> float:
        key = fingerprint("loss.v1", metric=self.name, reference=reference, value=value)
        known = self._recalled(key)
        if known is None:
            known = self.metric.loss(value, reference)
            self._keep(key, known)
        return float(known)

    def aggregate(self, sums: Statistics) -> Statistics:
        return self.metric.aggregate(sums)

    def best(self, sums: Statistics) -> Statistics:
        return self.metric.best(sums)

    def worst(self, sums: Statistics) -> Statistics:
        return self.metric.worst(sums)

    def _recalled(self, key: str) -> JSON:
        known = self.memo.recall(key)
        return None if known is None else known[0]

    def _keep(self, key: str, value: JSON) -> None:
        try:
            self.memo.remember(key, value, Usage())
        except (UserError, sqlite3.Error):  # a journal that is only read: computed again next time
            return


def scored_once(kind: Kind, metric: Metric, memo: Memo) -> Metric:
    """The metric itself, or with a memory where the kind asks for one."""
    return Remembered(metric, memo) if kind.scored_once else metric
