"""What every reader gives: runs of samples, each with its answer, its marks and what it took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mark:
    """What one scorer said of one sample: a score, mostly in [0, 1], and the answer it read off the reply."""

    score: float
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of one run.

    Attributes:
        id: what the sample is called in its data set.
        task: the task or data set it belongs to.
        input: what was asked, without the answer.
        reference: the target, where there is exactly one.
        answer: what was answered, where it can be told.
        marks: by name of the scorer or metric, the tool's main one first.
        failure: why there is no usable answer, in words; None where there is one.
        repeat: which epoch or repeat this is.
        dollars, seconds: what it took; None where the log does not say.
        content: what must be the same for all systems asked the same; the input where empty.
    """

    id: str
    task: str = ""
    input: str = ""
    reference: str | None = None
    answer: str | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    failure: str | None = None
    repeat: int = 1
    dollars: float | None = None
    seconds: float | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one system: what it is called, where it was read, and its samples.

    `key` is shared by a run and its retries; `notes` say what a reader of the result should know.
    """

    system: str
    source: str
    samples: tuple[Sample, ...]
    key: str = ""
    created: str = ""
    notes: tuple[str, ...] = ()


Runs = Iterable[Run]
