"""What an answer rests on: one line for people, one short JSON for programs; for any layer.

A layer that knows more than its steps tell has a method `explain`. For all others it is the reason of the step, the
citations and the alternatives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from strati.core.context import Context
from strati.core.records import JSON, Case, State
from strati.stack.stack import Stack

SHOWN = 5  # n-grams, alternatives, citations


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an answer rests on.

    Attributes:
        line: for people.
        data: for programs; `kind` says what the rest is: `ngrams`, `rule`, `examples`, `probabilities`, `citations`,
            `features` and `names` (of entities), `words` (left out in turn), `query` (SQL), `reason`.
    """

    line: str
    data: Mapping[str, JSON] = field(default_factory=dict)


@runtime_checkable
class Explains(Protocol):
    """A layer that says what its answer to a case rests on."""

    def explain(self, case: Case, ctx: Context) -> Explanation:
        """For a case that it has answered."""
        ...


def explain(stack: Stack, case: Case, ctx: Context | None = None) -> Explanation:
    """What the answer of a finished case rests on, or why it has none.

    >>> from strati.stack.layers.function import Function
    >>> stack = Stack.of(Function(lambda text: "spam" if "win" in text else None, "win"))
    >>> explain(stack, stack.run([Case("1", "hello")], Context())[0]).line
    'no answer: the function had no answer'
    """
    if case.state is not State.ANSWERED or case.answer is None:
        why = case.steps[-1].reason if case.steps else "nothing was asked"
        return Explanation(f"no answer: {why}", {"kind": "reason", "reason": why})
    for layer in _layers(stack):
        if layer.name == case.answer.layer and isinstance(layer, Explains):  # type: ignore[attr-defined]
            return layer.explain(case, ctx or Context())
    return _plain(case)


def _layers(stack: Stack) -> Sequence[object]:
    found: list[object] = []
    for stage in stack.stages:
        found += _layers(stage.layer) if isinstance(stage.layer, Stack) else [stage.layer]
    return found


def _plain(case: Case) -> Explanation:
    """What any answer carries: its citations, its alternatives, the reason of its step."""
    answer = case.answer
    assert answer is not None
    if answer.citations:
        places = [
            {"document": cited.source.document, "place": cited.source.locator, "quote": cited.text}
            for cited in answer.citations[:SHOWN]
            if cited.source is not None
        ]
        line = "; ".join(f"{place['document']}, {place['place']}: “{place['quote']}”" for place in places[:2])
        return Explanation(line, {"kind": "citations", "citations": places})
    if len(answer.alternatives) > 1:
        return probabilities(case)
    reason = case.steps[-1].reason
    return Explanation(reason or f"{answer.layer} answers so", {"kind": "reason", "reason": reason})


def probabilities(case: Case, of: str = "") -> Explanation:
    """The alternatives of an answer with their probabilities."""
    assert case.answer is not None
    shown = case.answer.alternatives[:SHOWN]
    line = ", ".join(f"{value} {probability:.2f}" for value, probability in shown)
    listed = [{"value": value, "probability": probability} for value, probability in shown]
    return Explanation(f"{of}{line}", {"kind": "probabilities", "alternatives": listed})
