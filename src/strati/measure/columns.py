"""The answers of one candidate in columns: some fifty bytes an answer, however long its explanation is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from strati.core.records import JSON
from strati.measure.journal import Journal

PAGE = 1000  # answers read from the journal at once
NUMBERS = ("seconds", "dollars", "tokens_in", "tokens_cached", "tokens_out", "batched")


class Answers(Sequence[JSON]):
    """One place per example, in their order. An item is None where the candidate was not asked, else a small record.

    The record holds `value`, `confidence`, `failure`, `state` and `usage` as in the journal; steps, features and
    alternatives stay on disk.

    Attributes:
        asked: where there is an answer or a failure; shape (examples,).
        confidence: of the delivered answers, NaN where there is none; shape (examples,).
        usage: seconds, dollars, tokens in, cached and out, calls in a batch; shape (examples, 6).
    """

    def __init__(self, size: int) -> None:
        self.asked: NDArray[np.bool_] = np.zeros(size, dtype=bool)
        self.confidence: NDArray[np.float64] = np.full(size, np.nan)
        self.usage: NDArray[np.float64] = np.zeros((size, len(NUMBERS)))
        self._values: list[JSON] = [None] * size
        self._ends: list[tuple[str | None, str]] = [(None, "")] * size
        self._same: dict[Hashable, JSON] = {}

    def put(self, place: int, answer: JSON) -> None:
        """Keep an answer as the journal holds it."""
        self.asked[place] = True
        if answer["confidence"] is not None:
            self.confidence[place] = answer["confidence"]
        self.usage[place] = [answer["usage"].get(name, 0) for name in NUMBERS]
        self._values[place] = self._shared(answer["value"])
        self._ends[place] = self._shared((answer["failure"], answer["state"]))

    def number(self, name: str) -> NDArray[np.float64]:
        """One column of `usage`, of the examples that were asked."""
        column: NDArray[np.float64] = self.usage[self.asked, NUMBERS.index(name)]
        return column

    def value(self, place: int) -> JSON:
        """The answer at a place; None where there is none."""
        return self._values[place]

    def _shared(self, value: JSON) -> JSON:
        return self._same.setdefault(value, value) if isinstance(value, str | tuple) else value

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, place: int) -> JSON: ...
    @overload
    def __getitem__(self, place: slice) -> list[JSON]: ...
    def __getitem__(self, place: int | slice) -> JSON:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        if not self.asked[place]:
            return None
        confidence, (failure, state) = float(self.confidence[place]), self._ends[place]
        return {
            "value": self._values[place],
            "confidence": None if np.isnan(confidence) else confidence,
            "failure": failure,
            "state": state,
            "usage": dict(zip(NUMBERS, self.usage[place].tolist(), strict=True)),
        }


def load_answers(journal: Journal, candidate: str, split: str, ids: Sequence[str]) -> Answers:
    """The answers of a candidate on a split, in the order of `ids`, read page by page."""
    found = Answers(len(ids))
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        known = journal.answers(candidate, split, page)
        for place, key in enumerate(page, start):
            if key in known:
                found.put(place, known[key])
    return found
