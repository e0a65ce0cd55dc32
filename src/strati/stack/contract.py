"""The whole contract of what takes part in a stack: `Layer`, `Check`, `Trainable`, and what can be saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from strati.core.context import Context
from strati.core.records import JSON, Case, Example
from strati.models.contract import ModelCard


@runtime_checkable
class Layer(Protocol):
    """Adds evidence, proposes answers, or hands to a person.

    A layer whose answers, given its settings, rest on train alone says so by a class attribute
    `answers_from_train = True`; slow rungs may then be retired against it.

    `run` returns as many cases as it was given, in the same order, each a new object with at least one step more or
    more evidence. It sees open cases only. It never raises for one bad case: that is `case.failed(...)`. It raises
    `Stopped` (from `ctx.check()`) when the run ends, and `LayerDown` when it can answer nothing at all.
    """

    @property
    def name(self) -> str: ...

    def fingerprint(self) -> str:
        """Hash of kind, version, settings, artefacts, model, engine, prompt and shots: all that changes answers."""
        ...

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says of one proposed answer: a veto with its reason, or named numbers for the combiner."""

    veto: bool = False
    reason: str = ""
    features: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class Check(Protocol):
    """Looks at proposed answers and their evidence. Sees answered cases only; one finding per case, same order."""

    @property
    def name(self) -> str: ...

    def fingerprint(self) -> str: ...

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Finding]: ...


@runtime_checkable
class Trainable(Protocol):
    """A layer that learns. `fit` returns a new, fitted layer and leaves this one as it was."""

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self: ...


@runtime_checkable
class Adaptive(Protocol):
    """A layer that learns from unlabelled tune cases as they arrive at it, with the evidence of earlier layers."""

    def fit_cases(self, cases: Sequence[Case], ctx: Context) -> Self: ...


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that a stack uses and does not contain.

    `kind` is "model" (a language model), "embedder" or "snapshot" (a state of a knowledge base or a database);
    `fingerprint` is that of this very one; `card` says of a model whether inputs stay here.
    """

    kind: str
    name: str
    fingerprint: str
    card: ModelCard | None = None


@runtime_checkable
class Declares(Protocol):
    """A layer or a check that says what it uses beyond the models that it holds in its fields, which are found."""

    def resources(self) -> Sequence[Resource]: ...


@runtime_checkable
class Saveable(Protocol):
    """A layer that can be part of a stack folder.

    `kind` is its registered name with a version ("linear.v1"). `save` writes artefacts (npz, JSON, text; never pickle)
    into `folder` and returns settings for stack.toml; `load` is its inverse. `resources` are the models by name.
    """

    kind: str

    def save(self, folder: Path) -> dict[str, JSON]: ...

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self: ...
