"""A verdict as records, and as the JSON of `verdict.json` (docs/decision-and-verdict.md says what is what)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal, NamedTuple

import numpy as np

from strati.core.records import JSON
from strati.statistics import Interval

FORMAT = 1


class Estimate(NamedTuple):
    """A metric with its interval."""

    metric: str
    value: float
    low: float
    high: float
    n: int
    method: str

    @classmethod
    def of(cls, metric: str, found: Interval) -> Estimate:
        return cls(metric, found.value, found.low, found.high, found.n, found.method)


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """The metric of `a` minus that of `b`; `p` is small where `a` is shown to keep up, `p_inferior` where not."""

    a: str
    b: str
    difference: float
    low: float
    high: float
    p: float
    p_inferior: float
    n: int
    discordance: float
    method: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The decision; `headline` and `reasons` are in words."""

    name: str | None
    decision: Literal["use", "none", "undecided"]
    needs_llm: Literal["yes", "no", "undecided"]
    headline: str
    best_so_far: bool
    reasons: tuple[str, ...]
    more_labels: int | None
    more_labels_range: tuple[int, int | None] | None


@dataclass(frozen=True, slots=True)
class JudgedCandidate:
    """One candidate as a verdict shows it."""

    name: str
    layers: tuple[str, ...]
    composed: tuple[str, ...] | None
    status: str
    reason: str | None
    uses_llm: bool
    model: str | None
    quality: Estimate | None
    other_metrics: tuple[Estimate | None, ...]
    completion: float | None
    calibration: Mapping[str, float] | None
    aurc: Mapping[str, JSON] | None
    cost_per_1000: float | None
    cost_parts: Mapping[str, float] | None
    latency_ms: Mapping[str, float | int | None] | None
    batched: bool
    seconds_per_answer: float | None
    tokens_per_answer: Mapping[str, float] | None
    fit_seconds: float | None
    memory_mb: float | None
    model_bytes: int
    licence: str
    private: bool
    silent: tuple[str, ...]
    failures: Mapping[str, int]
    repeats: Mapping[str, JSON] | None
    settings: Mapping[str, JSON]
    forms: tuple[Mapping[str, JSON], ...]
    refit: Mapping[str, JSON] | None
    obstacles: tuple[str, ...]
    qualifies: bool
    p: float | None
    p_adjusted: float | None
    fingerprint: str | None
    stack: str | None
    preview: tuple[str, ...]
    race: Mapping[str, JSON] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that a report shows of a run."""

    strati: str
    run: str
    created: str
    seed: int
    task: Mapping[str, JSON]
    goal: Mapping[str, JSON]
    data: Mapping[str, JSON]
    candidates: tuple[JudgedCandidate, ...]
    comparisons: tuple[ComparedPair, ...]
    choice: Choice
    summary: list[dict[str, JSON]]
    frontier: Mapping[str, JSON] | None
    questions: list[dict[str, str]]
    learning_curves: list[dict[str, JSON]]
    label_price: Mapping[str, JSON] | None
    ownership: Mapping[str, JSON] | None
    contamination: Mapping[str, JSON] | None
    per_class: Mapping[str, JSON] | None
    confusions: Mapping[str, JSON] | None
    disagreements: list[dict[str, JSON]]
    environment: Mapping[str, JSON]
    ledger: Mapping[str, JSON]
    spending: Mapping[str, JSON]
    limits: Mapping[str, JSON]

    def to_json(self) -> dict[str, JSON]:
        """The contents of `verdict.json`."""
        return {"format": FORMAT, **_plain(self)}


def _plain(value: JSON) -> JSON:
    """As JSON: records become objects; NaN and infinities null; numpy numbers and tuples plain ones."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Estimate):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
