"""The checker for layers."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from strati.core.context import Context
from strati.core.records import Answer, Case, Evidence, Example, State, Usage
from strati.stack.contract import Layer, Saveable, Trainable
from strati.testing.clauses import (
    ODD_TEXTS,
    ContractError,
    hold,
    is_json,
    is_share,
    no_error,
    saved_and_loaded,
    stable_fingerprint,
    stops,
)

L = TypeVar("L", bound=Layer)
EPS = 1e-6


def check_layer(
    layer: L,
    cases: Sequence[Case],
    *,
    train: Sequence[Example] = (),
    tune: Sequence[Example] = (),
    resources: Mapping[str, object] | None = None,
    batch_matters: bool = False,
) -> L:
    """Hold a layer to its contract on some open cases.

    Args:
        layer: the layer; with `train` given, a `Trainable` one is fitted first.
        cases: a few ordinary open cases, at least two.
        train, tune: examples to fit on, with at least two different references.
        resources: the models that `load` may need, by name.
        batch_matters: allow a case's answer to depend on the other cases of its batch.

    Returns:
        The layer, fitted where it was trained.

    Raises:
        ContractError: a clause is broken; the message says which.
    """
    hold(len(cases) >= 2, f"found {len(cases)} cases to check with, expected at least 2")
    hold(isinstance(layer, Layer), f"{type(layer).__name__} is no Layer, expected name, fingerprint() and run()")
    if train and isinstance(layer, Trainable):
        layer = _fitted(layer, cases, train, tune)
    stable_fingerprint(layer)
    first = _run(layer, cases)
    _same(first, _run(layer, cases), "running the same cases twice gives different answers")
    hold(list(_ran(layer, [])) == [], "no cases were given and some came back, expected an empty result")
    if not batch_matters:
        alone = [_run(layer, [case])[0] for case in cases]
        _same(first, alone, "a case run alone gets another answer than in a batch")
    _odd_inputs(layer)
    stops(lambda ctx: layer.run(cases, ctx), "run")
    if isinstance(layer, Saveable):
        for loaded in saved_and_loaded(layer, layer.name, resources or {}):
            again = cast("Layer", loaded)
            hold(
                again.fingerprint() == layer.fingerprint(),
                "the loaded layer has another fingerprint than the saved one",
            )
            _same(first, _run(again, cases), "the loaded layer gives other answers than the saved one")
    return layer


def _fitted(layer: L, cases: Sequence[Case], train: Sequence[Example], tune: Sequence[Example]) -> L:
    """The layer fitted; fitting leaves the old one as it was and shows in the fingerprint."""
    learner = cast("Trainable", layer)
    before = layer.fingerprint()
    fitted = learner.fit(train, tune, Context())
    hold(fitted is not learner, "fit returned the layer itself, expected a new object")
    hold(layer.fingerprint() == before, "fit changed the layer it was called on, expected it to stay as it was")
    found = cast("L", fitted)
    print_ = found.fingerprint()
    same = cast("L", learner.fit(train, tune, Context()))
    hold(same.fingerprint() == print_, "fitting twice on the same data gives different fingerprints")
    other = cast("L", learner.fit(_relabelled(train), _relabelled(tune), Context()))
    hold(found.fingerprint() == print_, "fitting again changed a layer that was fitted before")
    if _differ(_run(found, cases), _run(other, cases)):
        hold(other.fingerprint() != print_, "fitted on other data it answers differently under the same fingerprint")
    return found


def _relabelled(examples: Sequence[Example]) -> list[Example]:
    """The examples with their references swapped round."""
    values = sorted({str(example.reference) for example in examples})
    following = dict(zip(values, [*values[1:], *values[:1]], strict=True))
    return [replace(example, reference=following[str(example.reference)]) for example in examples]


def _ran(layer: Layer, cases: Sequence[Case]) -> Sequence[Case]:
    return no_error(lambda: layer.run(cases, Context()), f"run of {len(cases)} cases")


def _run(layer: Layer, cases: Sequence[Case]) -> list[Case]:
    """Run, and hold each case that comes back to the contract."""
    kept = copy.deepcopy(list(cases))
    after = list(_ran(layer, cases))
    hold(list(cases) == kept, "run changed the cases it was given, expected new ones")
    hold(len(after) == len(cases), f"{len(cases)} cases were given and {len(after)} came back, expected as many")
    hold(
        [case.id for case in after] == [case.id for case in cases],
        "the cases came back with other ids or in another order",
    )
    for old, new in zip(cases, after, strict=True):
        _one(old, new)
    return after


def _one(old: Case, new: Case) -> None:
    at = f"case {new.id!r}: "
    hold(new is not old, f"{at}the same object came back, expected a new one")
    hold(new.input == old.input, f"{at}the input was changed")
    hold(new.steps[: len(old.steps)] == old.steps, f"{at}earlier steps were changed or dropped")
    hold(new.evidence[: len(old.evidence)] == old.evidence, f"{at}earlier evidence was changed or dropped")
    more = len(new.steps) > len(old.steps) or len(new.evidence) > len(old.evidence)
    hold(more, f"{at}neither a step nor evidence was added, expected at least one")
    hold(all(_sound(step.usage) for step in new.steps), f"{at}a usage is negative or not a number")
    if new.state is not State.ANSWERED:
        hold(new.answer is None, f"{at}it holds an answer in the state {new.state}")
        return
    hold(new.answer is not None, f"{at}it is answered without an answer")
    hold(len(new.steps) > len(old.steps), f"{at}it is answered without a step that says so")
    _answer(cast("Answer", new.answer), at)


def _answer(answer: Answer, at: str) -> None:
    hold(is_json(answer.value), f"{at}the value {answer.value!r} is not JSON")
    fine = answer.confidence is None or is_share(answer.confidence)
    hold(fine, f"{at}the confidence is {answer.confidence}, expected None or a number from 0 to 1")
    shares = [share for _, share in answer.alternatives]
    hold(all(is_share(share) for share in shares), f"{at}an alternative's probability is not a number from 0 to 1")
    hold(shares == sorted(shares, reverse=True), f"{at}the alternatives are not sorted, most probable first")
    hold(sum(shares) <= 1 + EPS, f"{at}the alternatives' probabilities sum to {sum(shares):.6f}, expected at most 1")
    finite = all(math.isfinite(value) for value in answer.features.values())
    hold(finite, f"{at}a feature is not a finite number: {dict(answer.features)}")


def _sound(usage: Usage) -> bool:
    numbers = (usage.seconds, usage.calls, usage.tokens_in, usage.tokens_cached, usage.tokens_out, usage.dollars)
    return all(math.isfinite(number) and number >= 0 for number in numbers)


def _odd_inputs(layer: Layer) -> None:
    """Odd inputs may be answered, passed or failed; they may not raise."""
    odd = {name: Case(f"odd {n}", text) for n, (name, text) in enumerate(ODD_TEXTS.items())}
    odd["a mapping"] = Case("odd mapping", {"subject": "Hello", "body": "Where is it?"})
    try:
        _run(layer, list(odd.values()))
    except ContractError:
        for name, case in odd.items():
            try:
                _run(layer, [case])
            except ContractError as error:
                raise ContractError(f"with {name} as input: {error}") from error
        raise


def _same(one: Sequence[Case], two: Sequence[Case], clause: str) -> None:
    found = _differ(one, two)
    hold(not found, f"{clause}: {found}")


def _differ(one: Sequence[Case], two: Sequence[Case]) -> str:
    """What differs between two runs, times left aside; "" when nothing does."""
    for a, b in zip(one, two, strict=True):
        if a.state is not b.state or a.failure is not b.failure or a.ticket != b.ticket:
            return f"case {a.id!r} is {a.state} and {b.state}"
        if not _near_evidence(a.evidence, b.evidence):
            return f"case {a.id!r} has other evidence"
        if a.answer is not None and b.answer is not None and not _near_answer(a.answer, b.answer):
            one_, two_ = (f"{answer.value!r} ({answer.confidence})" for answer in (a.answer, b.answer))
            return f"case {a.id!r} got {one_} and {two_}"
    return ""


def _near_answer(a: Answer, b: Answer) -> bool:
    if a.value != b.value or (a.confidence is None) != (b.confidence is None):
        return False
    return abs((a.confidence or 0.0) - (b.confidence or 0.0)) <= EPS


def _near_evidence(one: Sequence[Evidence], two: Sequence[Evidence]) -> bool:
    if len(one) != len(two):
        return False
    return all(
        (a.kind, a.text, a.source, a.data) == (b.kind, b.text, b.source, b.data) and abs(a.score - b.score) <= EPS
        for a, b in zip(one, two, strict=True)
    )
