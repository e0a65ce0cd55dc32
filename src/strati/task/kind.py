"""The seam for kinds of task: what the rest of strati has to know of labels, answers, queries, prose or programs.

A kind lives in the room whose material it needs and registers by name, so nothing above imports it: it is loaded when a
task names it. Other packages add theirs by the entry point `strati.kinds`:

    [project.entry-points."strati.kinds"]
    triage = "my_package.kinds:Triage"
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from strati.core.errors import TaskError
from strati.core.records import JSON
from strati.statistics.metric import Metric

if TYPE_CHECKING:
    from strati.data.doctor.finding import DataFinding
    from strati.data.doctor.look import Look
    from strati.stack.candidate import Candidate
    from strati.task.task import Task

GROUP = "strati.kinds"
KINDS = {
    "classify": "strati.kinds.classify.kind:Classify",
    "extract": "strati.kinds.extract.kind:Extract",
    "answer": "strati.knowledge.ask.kind:AnswerKind",
    "query": "strati.tables.kind:QueryKind",
    "write": "strati.write.kind:WriteKind",
    "code": "strati.code.kind:CodeKind",
}


class BadRow(Exception):
    """A row whose reference cannot be used; the message says what was found and what was expected."""


class Unusable(Exception):
    """A reply, of a model or a person, that states no value of the kind."""


@dataclass(frozen=True, slots=True)
class Space:
    """The answers that are possible: `labels` where they are listed, `schema` (JSON schema) where they have a form.

    Both are empty where any text may be the answer.
    """

    labels: tuple[str, ...] = ()
    schema: JSON = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What a ladder may use; nothing is picked behind the user's back.

    Attributes:
        models: language models (`strati.models.contract.LanguageModel`).
        embedders: sentence embedders (`strati.models.contract.Embedder`).
        weights: encoders to train from (`strati.models.weights.EncoderWeights`).
        bases: knowledge bases, as paths of `NAME.kb` folders.
        tables: tables and databases, as paths.
        checks: sentence checks of the user's own (`strati.knowledge.ask.judge.SentenceCheck`).
    """

    models: tuple[Any, ...] = ()
    embedders: tuple[Any, ...] = ()
    weights: tuple[Any, ...] = ()
    bases: tuple[Path, ...] = ()
    tables: tuple[Path, ...] = ()
    checks: tuple[Any, ...] = ()

    def named(self) -> dict[str, object]:
        """Models and embedders by the name on their card: what `load_stack` takes."""
        return {part.card.name: part for part in (*self.models, *self.embedders)}


NOTHING = Resources()


@runtime_checkable
class HasFurtherInputs(Protocol):
    """A kind whose rows may hold more of the input beside its usual column, such as public tests beside a task."""

    @property
    def further_inputs(self) -> tuple[str, ...]: ...


@runtime_checkable
class ShowsWithInput(Protocol):
    """A kind whose answers point into the input: with the input beside them they can be shown in words."""

    def show_with(self, value: JSON, text: str) -> str: ...


class Kind(Protocol):
    """A kind of task. One object, without state: whatever depends on a task is passed in.

    Attributes:
        name: as in `task.kind`.
        metrics: names of its metrics; the first is the default.
        inputs: column names that usually hold its input, the usual one first.
        references: column names that hold (parts of) its reference answer.
        scored_once: true where scoring an answer is dear or cannot be repeated (SQL, programs, judges): then its score
            is kept in the journal.
    """

    @property
    def name(self) -> str: ...

    @property
    def metrics(self) -> tuple[str, ...]: ...

    @property
    def inputs(self) -> tuple[str, ...]: ...

    @property
    def references(self) -> tuple[str, ...]: ...

    @property
    def scored_once(self) -> bool: ...

    def reference(self, cells: Mapping[str, object]) -> JSON:
        """The reference answer of a row, from all its cells; None where the row has none. Raises `BadRow`."""
        ...

    def space(self, task: Task, seen: Iterable[JSON]) -> Space:
        """The answer space of a task, given the references seen. Raises `DataError` where the two disagree."""
        ...

    def stratum(self, reference: JSON) -> str:
        """What parts of the data should hold equal shares of: the label, say; the same text for all where nothing."""
        ...

    def metric(self, name: str, space: Space, resources: Resources = NOTHING) -> Metric:
        """The metric of that name; its `loss` is what certificates bound. Raises `TaskError` for a name not known.

        `resources` are the bases and tables of the run, for a metric that looks something up (a query's rows).
        """
        ...

    def same(self, a: JSON, b: JSON) -> bool:
        """Whether two values say the same: agreement of layers, flips of a model, review by two people."""
        ...

    def read(self, text: str, space: Space) -> JSON:
        """The value that a reply of a model or a person states. Raises `Unusable`."""
        ...

    def show(self, value: JSON) -> str:
        """A value on one line: in reports, CSV files and on the review page."""
        ...

    def ladder(self, task: Task, space: Space, resources: Resources) -> list[Candidate]:
        """The rungs that can be tried, simplest first. Raises `TaskError` where a resource that it needs is missing."""
        ...

    def checks(self) -> Sequence[Callable[[Look], Iterable[DataFinding]]]:
        """The data checks of this kind, beside those of every kind."""
        ...


@cache
def kind_of(name: str) -> Kind:
    """The kind of that name.

    Raises:
        TaskError: no kind has this name, or what it needs is not installed.
    """
    place = KINDS.get(name)
    if place is None:
        found = {point.name: point for point in entry_points(group=GROUP)}
        if name not in found:
            raise TaskError(f"task.kind is {name!r}, expected one of: {', '.join([*available(), *sorted(found)])}")
        return cast(Kind, found[name].load()())
    module, _, attribute = place.partition(":")
    try:
        made = getattr(importlib.import_module(module), attribute)()
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("strati."):
            raise
        raise TaskError(f"task.kind is {name!r}, expected one of: {', '.join(available())}") from None
    return cast(Kind, made)


def available() -> list[str]:
    """The names of the kinds that are part of this installation."""
    found = []
    for name, place in KINDS.items():
        module, _, _ = place.partition(":")
        try:
            there = find_spec(module) is not None
        except ModuleNotFoundError:
            there = False
        if there:
            found.append(name)
    return found
