"""What a benchmark is about to do, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from strati.core.records import JSON
from strati.data import Splits
from strati.measure.effort import Effort
from strati.stack.candidate import Candidate
from strati.task.kind import Kind, Space, kind_of
from strati.task.task import Task


@dataclass(frozen=True)
class Outcome:
    """A finished or interrupted benchmark.

    `verdict` is the mapping described in docs/decision-and-verdict.md; `stopped` says why the run ended early, if so;
    `out_of_money` is true when a larger `max_dollars` would let it go on.
    """

    run: str
    journal: Path
    verdict: dict[str, JSON]
    stopped: str | None = None
    out_of_money: bool = False


@dataclass(frozen=True)
class Plan:
    """What a benchmark is about to do, before anything is measured."""

    run: str
    task: Task
    space: Space
    splits: Splits
    candidates: tuple[Candidate, ...]
    data: dict[str, JSON]
    effort: Effort
    seed: int
    resources: Mapping[str, object] = field(default_factory=dict)  # models by name

    @property
    def kind(self) -> Kind:
        return kind_of(self.task.kind)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.space.labels
