"""The records that travel through strati. Read this file first.

An `Example` is a labelled input; a `Case` is the same input, without its reference, on its way through a stack.
A layer takes a case and returns a new one: with more evidence, with an answer, handed to a person, or failed. Every
change appends one `Step`, so the steps of a finished case are its explanation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

JSON = Any  # a value `json.dumps` accepts: what crosses into files and journals


@dataclass(frozen=True, slots=True)
class Source:
    """The exact place something came from.

    `start` and `end` count characters of the document's text; `locator` is for people ("page 3", "sheet A!B2").
    """

    document: str
    sha256: str
    start: int
    end: int
    locator: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage, entity, fact, table row or few-shot example that bears on a case, with its place and score."""

    kind: str
    text: str
    score: float
    source: Source | None = None
    data: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """One input with its reference answer, where known.

    `input` is text, or a mapping from column name to text where a task reads several columns. `group` ties examples
    that belong together (same customer, same document); `time` is an ISO 8601 date or date-time; `row` is the place in
    the file, counted from 1 without the header.
    """

    id: str
    input: str | Mapping[str, str]
    reference: JSON = None
    group: str | None = None
    time: str | None = None
    row: int | None = None

    @property
    def text(self) -> str:
        """The input as one text."""
        return text_of(self.input)


@dataclass(frozen=True, slots=True)
class Usage:
    """What some work took: wall seconds, model calls, tokens (cached ones were not evaluated again), dollars paid out.

    `dollars` is money owed to others. The price of this machine's time is added when a report is made, from `seconds`.
    `tokens_out` counts `tokens_reasoning` too: tokens that a model wrote for itself and somebody pays.
    `batched` are those of the calls that were answered in a batch: nobody timed them, `seconds` leaves their wait out.
    """

    seconds: float = 0.0
    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    dollars: float = 0.0
    tokens_reasoning: int = 0
    batched: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.seconds + other.seconds,
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_cached + other.tokens_cached,
            self.tokens_out + other.tokens_out,
            self.dollars + other.dollars,
            self.tokens_reasoning + other.tokens_reasoning,
            self.batched + other.batched,
        )


class State(StrEnum):
    """Where a case stands. A stack ends each case answered, pending or withheld."""

    OPEN = "open"
    ANSWERED = "answered"
    PENDING = "pending"
    WITHHELD = "withheld"


class Outcome(StrEnum):
    """What one stage did to one case."""

    ANSWERED = "answered"
    PASSED = "passed"
    VETOED = "vetoed"
    PENDING = "pending"
    FAILED = "failed"


class Failure(StrEnum):
    """Why a layer gave no usable answer. A failure counts as wrong and is shown beside the score."""

    UNUSABLE_REPLY = "unusable_reply"
    CONTEXT_OVERFLOW = "context_overflow"
    LAYER_DOWN = "layer_down"
    LAYER_ERROR = "layer_error"
    TIMEOUT = "timeout"
    BUDGET = "budget"
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True, slots=True)
class Answer:
    """A proposed or delivered answer.

    `confidence` is a probability of being right in [0, 1], or None where the layer has none to give. `alternatives`
    holds (value, probability) pairs, most probable first, where the layer knows them; `features` are named numbers that
    a combiner may use; `citations` say what the answer rests on. `own` keeps the layer's own confidence once a stage
    has put a calibrated one in its place.
    """

    value: JSON
    confidence: float | None
    layer: str
    alternatives: tuple[tuple[JSON, float], ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    citations: tuple[Evidence, ...] = ()
    own: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one layer or stage did to one case, and why. `proposed` is kept also when it was not delivered."""

    layer: str
    outcome: Outcome
    reason: str = ""
    usage: Usage = Usage()
    failure: Failure | None = None
    proposed: JSON = None
    confidence: float | None = None
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One input on its way through a stack. It never holds the reference answer."""

    id: str
    input: str | Mapping[str, str]
    evidence: tuple[Evidence, ...] = ()
    state: State = State.OPEN
    answer: Answer | None = None
    steps: tuple[Step, ...] = ()
    ticket: str | None = None

    @classmethod
    def of(cls, example: Example) -> Case:
        """An open case for an example, its reference left behind."""
        return cls(example.id, example.input)

    @property
    def text(self) -> str:
        """The input as one text."""
        return text_of(self.input)

    @property
    def usage(self) -> Usage:
        """The usage of all steps together."""
        return sum((step.usage for step in self.steps), Usage())

    @property
    def failure(self) -> Failure | None:
        """The last failure, unless the case was answered after it."""
        if self.state is State.ANSWERED:
            return None
        return next((step.failure for step in reversed(self.steps) if step.failure), None)

    def with_evidence(self, *found: Evidence) -> Case:
        """The case with more evidence."""
        return replace(self, evidence=self.evidence + found)

    def answered(self, answer: Answer, usage: Usage = Usage(), reason: str = "") -> Case:
        """The case with an answer."""
        step = Step(answer.layer, Outcome.ANSWERED, reason, usage, proposed=answer.value, confidence=answer.confidence)
        return replace(self, state=State.ANSWERED, answer=answer, steps=(*self.steps, step))

    def passed(self, layer: str, reason: str, usage: Usage = Usage()) -> Case:
        """The case still open: the layer has no answer for it."""
        return replace(self, steps=(*self.steps, Step(layer, Outcome.PASSED, reason, usage)))

    def failed(self, layer: str, failure: Failure, reason: str, usage: Usage = Usage()) -> Case:
        """The case after a failure: open for the next stage, or pending when the layer is down."""
        state = State.PENDING if failure is Failure.LAYER_DOWN else State.OPEN
        step = Step(layer, Outcome.FAILED, reason, usage, failure)
        return replace(self, state=state, steps=(*self.steps, step))

    def pending(self, layer: str, reason: str, ticket: str | None = None, usage: Usage = Usage()) -> Case:
        """The case handed to a person."""
        step = Step(layer, Outcome.PENDING, reason, usage)
        return replace(self, state=State.PENDING, ticket=ticket, steps=(*self.steps, step))

    def reopened(self, outcome: Outcome, reason: str) -> Case:
        """The case with its last answer not delivered: the last step says why, what was proposed stays on record."""
        last = replace(self.steps[-1], outcome=outcome, reason=reason)
        return replace(self, state=State.OPEN, answer=None, steps=(*self.steps[:-1], last))


@dataclass(frozen=True, slots=True)
class Score:
    """One metric's sufficient statistics for one example, and the reason in words."""

    statistics: tuple[float, ...]
    reason: str = ""


def text_of(value: str | Mapping[str, str]) -> str:
    """One text for an input: itself, or its columns as `name: text` lines.

    >>> text_of({"subject": "Hi", "body": "Where is it?"})
    'subject: Hi\\nbody: Where is it?'
    """
    if isinstance(value, str):
        return value
    return "\n".join(f"{name}: {part}" for name, part in value.items())
