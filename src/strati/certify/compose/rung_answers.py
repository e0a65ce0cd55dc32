"""What the rungs of a run answered on one of its parts, read from the journal, ready to be composed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from strati.certify.method import Scored
from strati.core.errors import DataError
from strati.core.records import JSON, Answer
from strati.measure.journal import Journal, StoredExample
from strati.measure.results import SECONDS_PER_HOUR, Result, Results, group_names
from strati.stack.stack import Loss
from strati.statistics.metric import wrong

MOST = 6
LOOKED_AT = 500  # tune answers among which one with a confidence is looked for


@dataclass(frozen=True)
class RungAnswers:
    """One rung on n examples. `answers` is None where it gave none; `asked` tells whether it was asked at all."""

    name: str
    answers: tuple[Answer | None, ...]
    asked: tuple[bool, ...]
    cost: float  # dollars for asking it once, this machine's time included
    uses_llm: bool


@dataclass(frozen=True)
class Part:
    """Some examples with their references, and what each rung answered to them."""

    ids: tuple[str, ...]
    references: tuple[JSON, ...]
    groups: tuple[str, ...] | None
    rungs: tuple[RungAnswers, ...]
    loss: Loss = wrong

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(rung.name for rung in self.rungs)

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, order: Sequence[int]) -> Part:
        """The same examples with some of the rungs, in this order."""
        return Part(self.ids, self.references, self.groups, tuple(self.rungs[place] for place in order), self.loss)

    def available(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Shape [n, L]: which rung was asked what."""
        return np.array([rung.asked for rung in self.rungs], dtype=bool).T.reshape(len(self), len(self.rungs))

    def scored(
        self,
        confidence: np.ndarray[tuple[int, int], np.dtype[np.float64]],
        labels: Sequence[str],
        loss: Loss | None = None,
    ) -> Scored:
        """As numbers, with these confidences [n, L] (NaN for no answer); by `loss`, or by that of the kind of task."""
        loss = loss or self.loss
        place = {label: number for number, label in enumerate(labels)}
        losses = np.zeros(confidence.shape)
        numbers = np.full(confidence.shape, -1, dtype=np.int64)
        for column, rung in enumerate(self.rungs):
            for row, (answer, reference) in enumerate(zip(rung.answers, self.references, strict=True)):
                if answer is not None:
                    losses[row, column] = loss(answer.value, reference)
                    numbers[row, column] = place.get(str(answer.value), -1)
        cost = np.array([rung.cost for rung in self.rungs])
        return Scored(self.names, confidence, losses, cost, self.available(), self.groups, numbers)


def rungs_to_compose(journal: Journal, results: Results, *, unasked: bool = False) -> list[Result]:
    """The rungs that can be stages: measured, saved, with confidences, at most six; the best on tune of more.

    One that a race retired is among them where it was asked the test examples; with `unasked` where it was not, too.
    """
    able = [
        result
        for result in results.candidates
        if (result.complete or (result.retired and (unasked or journal.answered(result.name, "test"))))
        and result.record.stack
        and not result.record.composed
        and result.record.composable
        and _gives_confidence(journal, results, result.name)
    ]
    if len(able) <= MOST:
        return able
    best = sorted(able, key=lambda result: -(result.record.tuned or 0.0))[:MOST]
    return [result for result in able if result in best]


def _gives_confidence(journal: Journal, results: Results, name: str) -> bool:
    ids = [example.id for example in journal.examples("tune")][:LOOKED_AT]
    found = journal.answers(name, f"tune/{results.meta['units'][0]}", ids)
    return any(answer.get("own") is not None for answer in found.values())


def read_part(journal: Journal, results: Results, names: Sequence[str], part: str) -> Part:
    """Tune, calibrate or test of a run.

    Raises:
        DataError: the run has no such part, or (with few labels) several tunes.
    """
    units = results.meta["units"]
    if len(units) != 1:
        raise DataError(
            f"run {results.run} was cross-fitted because it had few labels, so no single stack was measured: "
            "stacks are composed and certified from 400 labels on"
        )
    examples = journal.examples(part)
    if not examples:
        raise DataError(f"run {results.run} has no {part} examples in its journal")
    split = f"tune/{units[0]}" if part == "tune" else part
    rungs = tuple(_rung(journal, results.result(name), split, examples) for name in names)
    references = tuple(e.reference for e in examples)
    return Part(tuple(e.id for e in examples), references, group_names(examples), rungs, results.metric.loss)


def _rung(journal: Journal, result: Result, split: str, examples: Sequence[StoredExample]) -> RungAnswers:
    found = journal.answers(result.name, split)
    given = [found.get(example.id) for example in examples]
    seconds = [answer["usage"]["seconds"] for answer in found.values()]
    dollars = [answer["usage"]["dollars"] for answer in found.values()]
    own = 0.0 if not result.record.private else float(np.mean(seconds or [0.0])) / SECONDS_PER_HOUR
    cost = own * result.machine_per_hour + float(np.mean(dollars or [0.0]))
    answers = tuple(None if answer is None else _answer(answer) for answer in given)
    asked = tuple(answer is not None for answer in given)
    return RungAnswers(result.name, answers, asked, cost, result.record.uses_llm)


def _answer(record: Mapping[str, JSON]) -> Answer | None:
    """The layer's own answer: what its stage made of the confidence is left off."""
    if record["value"] is None:
        return None
    return Answer(record["value"], record["own"], record["layer"] or "", features=record["features"])
