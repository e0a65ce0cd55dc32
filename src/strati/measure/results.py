"""What a run has measured, read from its journal alone: one `Result` per candidate, ready to be judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strati.core.errors import DataError
from strati.core.records import JSON, Example
from strati.measure.columns import Answers, load_answers
from strati.measure.journal import Journal, StoredExample
from strati.measure.records import CandidateRecord, RaceRecord, Status
from strati.measure.scored_once import scored_once
from strati.statistics.metric import Metric, Share
from strati.task.kind import Kind, Resources, Space, kind_of
from strati.task.task import Goal, Task

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Result:
    """One candidate's record and answers on the test examples (None where it was not asked)."""

    name: str
    record: CandidateRecord
    answers: Answers
    refit: Answers
    statistics: NDArray[np.float64]
    machine_per_hour: float
    repeated: tuple[JSON, ...] = ()  # second answers, where a model behind a server was asked twice

    @property
    def complete(self) -> bool:
        """Whether it finished all it was asked; only then does it take part in the decision."""
        return self.record.complete

    @property
    def retired(self) -> bool:
        """Whether a race on tune ended it: it was tried and takes no part in the decision."""
        return self.record.status is Status.RETIRED

    @property
    def raced_out(self) -> RaceRecord | None:
        """What is known of a rung that was retired after answering tune rows; None for all others."""
        return self.record.race if self.retired else None

    @property
    def measured(self) -> NDArray[np.bool_]:
        return self.answers.asked

    @property
    def _places(self) -> list[int]:
        places: list[int] = np.flatnonzero(self.measured).tolist()
        return places

    @property
    def completion(self) -> float | None:
        """The share of cases that got an answer at all."""
        return _mean([float(self.answers.value(place) is not None) for place in self._places])

    @property
    def failures(self) -> dict[str, int]:
        """How many cases got no answer, by cause."""
        causes = [
            answer["failure"] or answer["state"]
            for place in self._places
            if self.answers.value(place) is None and (answer := self.answers[place])
        ]
        return dict(Counter(causes).most_common())

    @property
    def timed(self) -> bool:
        """Whether its answers were timed: those that came in a batch were not."""
        return not self.answers.number("batched").any()

    @property
    def seconds_per_answer(self) -> float | None:
        return _mean(self.answers.number("seconds"))

    @property
    def cost_parts(self) -> dict[str, float] | None:
        """Dollars per 1,000 answers: this machine's time, and what is paid to others."""
        seconds = self.seconds_per_answer
        if seconds is None or not self.record.costs_known:
            return None
        elsewhere = self.record.recorded or self.record.remote
        own = 0.0 if elsewhere else seconds * 1000 / SECONDS_PER_HOUR * self.machine_per_hour
        return {"machine": own, "paid": 1000 * (_mean(self.answers.number("dollars")) or 0.0)}

    @property
    def cost_per_1000(self) -> float | None:
        parts = self.cost_parts
        return None if parts is None else sum(parts.values())

    @property
    def latency_ms(self) -> dict[str, float | int | None] | None:
        """Percentiles over single answers: probed for fast layers, as they came for slow and recorded ones.

        None where they were not timed.
        """
        if not self.timed:
            return None
        if self.record.slow or self.record.recorded:
            seconds = self.answers.number("seconds")
            seconds = seconds[seconds > 0]
        else:
            seconds = np.array(self.record.latency)
        if not len(seconds):
            return None
        p50, p95, p99 = (float(1000 * q) for q in np.percentile(seconds, (50, 95, 99)))
        cold = self.record.cold
        return {"p50": p50, "p95": p95, "p99": p99, "cold": None if cold is None else 1000 * cold, "n": len(seconds)}

    @property
    def tokens_per_answer(self) -> dict[str, float] | None:
        names = {"in": "tokens_in", "cached": "tokens_cached", "out": "tokens_out"}
        means = {name: _mean(self.answers.number(key)) for name, key in names.items()}
        return {name: mean for name, mean in means.items() if mean is not None} or None

    def losses(self, references: Sequence[JSON], metric: Metric) -> NDArray[np.float64]:
        """The loss of each example in [0, 1]; 1 where nothing was delivered, NaN where it was not asked."""
        found = np.full(len(references), np.nan)
        for place in self._places:
            value = self.answers.value(place)
            found[place] = 1.0 if value is None else metric.loss(value, references[place])
        return found

    def confidences(
        self, references: Sequence[JSON], metric: Metric
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(confidence, right) of the delivered answers that carry a confidence; right is 1 less the loss."""
        places = np.flatnonzero(~np.isnan(self.answers.confidence)).tolist()
        right = [1.0 - metric.loss(self.answers.value(place), references[place]) for place in places]
        return self.answers.confidence[places], np.array(right, dtype=float)


@dataclass(frozen=True)
class Results:
    """All a verdict needs."""

    run: str
    task: Task
    space: Space
    metric: Metric
    meta: Mapping[str, Any]
    test: tuple[StoredExample, ...]
    candidates: tuple[Result, ...]

    @property
    def kind(self) -> Kind:
        return kind_of(self.task.kind)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the answer space; none where answers are not chosen from a list."""
        return self.space.labels

    def metric_named(self, name: str) -> Metric:
        """Another metric of the kind, on the same answer space."""
        return self.kind.metric(name, self.space, material_from_json(self.meta))

    @property
    def right_wrong(self) -> Metric:
        """The share of right answers, whatever the headline metric is."""
        return Share("right", self.metric.loss)

    @property
    def goal(self) -> Goal:
        return self.task.goal

    @property
    def references(self) -> list[JSON]:
        return [example.reference for example in self.test]

    @property
    def groups(self) -> tuple[str, ...] | None:
        """The group of each test example, where examples come in groups; one without is a group of its own."""
        return group_names(self.test)

    def groups_where(self, mask: NDArray[np.bool_]) -> list[str] | None:
        """The groups of those test examples only."""
        groups = self.groups
        return None if groups is None else [group for group, kept in zip(groups, mask, strict=True) if kept]

    @property
    def unfinished(self) -> list[str]:
        """The candidates that were planned and are not measured to the end: the run was stopped, or is under way."""
        done = {result.name for result in self.candidates if result.record.status is not Status.PARTIAL}
        return [name for name, _ in self.meta.get("candidates", []) if name not in done]

    @property
    def unfinished_llms(self) -> list[str]:
        """Those of them that use a language model."""
        missing = self.unfinished
        return [name for name, uses_llm in self.meta.get("candidates", []) if uses_llm and name in missing]

    @property
    def llms_began(self) -> bool:
        """Whether a language model was to take part, however far it got."""
        return any(uses_llm for _, uses_llm in self.meta.get("candidates", []))

    def result(self, name: str) -> Result:
        return next(result for result in self.candidates if result.name == name)


def group_names(examples: Sequence[StoredExample | Example]) -> tuple[str, ...] | None:
    """The group of each example; one without is a group of its own. None where examples come in no groups."""
    if all(example.group is None for example in examples):
        return None
    return tuple(group_name(example.id, example.group) for example in examples)


def group_name(key: str, group: str | None) -> str:
    """The group of an example, which never is that of another one by accident."""
    return f"id {key}" if group is None else f"group {group}"


def load_results(journal: Journal) -> Results:
    """Read a run; raises `DataError` when the journal holds none."""
    meta = journal.read("run")
    if meta is None:
        raise DataError(f"{journal.path} holds no run yet: it ended before any candidate was measured")
    task = task_from_json(meta["task"])
    space = space_from_json(meta)
    kind = kind_of(task.kind)
    metric = scored_once(kind, kind.metric(task.metric, space, material_from_json(meta)), journal)
    test = tuple(journal.examples("test"))
    ids = [example.id for example in test]
    results = []
    for name, record in journal.candidates().items():
        answers = load_answers(journal, name, "test", ids)
        repeated = journal.answers(name, "repeat")
        results.append(
            Result(
                name,
                record,
                answers,
                load_answers(journal, name, "refit", ids),
                statistics_of(metric, test, answers),
                task.goal.machine_per_hour,
                tuple(repeated.get(example.id) for example in test),
            )
        )
    return Results(meta["id"], task, space, metric, meta, test, tuple(results))


def statistics_of(metric: Metric, test: Sequence[StoredExample], answers: Sequence[JSON]) -> NDArray[np.float64]:
    """Sufficient statistics, shape (examples, k); an example that was not asked counts as unanswered here."""
    if isinstance(answers, Answers):
        value = answers.value
    else:
        given = [None if answer is None else answer["value"] for answer in answers]

        def value(place: int) -> JSON:
            return given[place]

    known: dict[tuple[JSON, JSON], tuple[float, ...]] = {}
    rows = None
    for place, example in enumerate(test):
        pair = (repr(example.reference), repr(value(place)))
        if pair not in known:
            known[pair] = metric.score(example.reference, value(place)).statistics
        if rows is None:
            rows = np.empty((len(test), len(known[pair])))
        rows[place] = known[pair]
    return np.empty((0, 0)) if rows is None else rows


def space_from_json(meta: Mapping[str, Any]) -> Space:
    """The answer space that a run has written down."""
    return Space(tuple(meta["labels"]), meta.get("schema"))


def material_from_json(meta: Mapping[str, Any]) -> Resources:
    """The bases and tables that a run has written down, of the resources that it used."""
    bases, tables = (tuple(map(Path, meta.get(name, ()))) for name in ("bases", "tables"))
    return Resources(bases=bases, tables=tables)


def task_from_json(data: Mapping[str, JSON]) -> Task:
    """The inverse of `dataclasses.asdict` for a task, after a trip through JSON."""
    goal = dict(data["goal"])
    goal["licences"] = tuple(goal["licences"])
    rest: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data.items() if key != "goal"
    }
    return Task(**rest, goal=Goal(**goal))


def _mean(values: Sequence[float] | NDArray[np.float64]) -> float | None:
    return float(np.mean(values)) if len(values) else None
