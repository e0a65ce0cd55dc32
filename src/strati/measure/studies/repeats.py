"""Asking twice: how often a model behind a server changes its mind, and what that does to the interval.

What runs elsewhere may answer otherwise the next time: the weights are served in batches of changing size, or quietly
replaced. So a random part of the test sample is asked a second time, as a call of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from strati.core.records import JSON, Example
from strati.kinds.classify.llm import LLM
from strati.models.ask import Remote
from strati.stack.candidate import Candidate
from strati.stack.contract import Layer
from strati.stack.stack import Stack
from strati.statistics import Interval, clopper_pearson
from strati.statistics.metric import Metric, Statistics

if TYPE_CHECKING:
    from strati.measure.results import Result, Results

SPLIT = "repeat"
MOST = 50
LEAST = 20
SHARE = 0.1


def is_remote(candidate: Candidate) -> bool:
    """Whether a candidate asks a model behind a server."""
    layers = [stage.layer for form in candidate.forms for stage in form.stack.stages]
    return any(isinstance(layer, LLM) and isinstance(layer.model, Remote) for layer in layers)


def repeats_of(sample: int) -> int:
    """How many of a sample are asked twice: a tenth, but at least 20 and at most 50, and never more than there are.

    >>> repeats_of(200), repeats_of(1000), repeats_of(8)
    (20, 50, 8)
    """
    return min(sample, MOST, max(LEAST, round(SHARE * sample)))


def asked_twice(examples: Sequence[Example]) -> Sequence[Example]:
    """Those of a sample that are asked again. The sample is in random order, so its beginning is a random part."""
    return examples[: repeats_of(len(examples))]


def again(stack: Stack) -> Stack:
    """The same stack asking its remote models once more instead of remembering what they said."""
    return replace(stack, stages=tuple(replace(stage, layer=_again(stage.layer)) for stage in stack.stages))


def _again(layer: Layer) -> Layer:
    if isinstance(layer, LLM) and isinstance(layer.model, Remote):
        return replace(layer, again=layer.again + 1)
    return layer


def second_statistics(result: Result, results: Results) -> Statistics | None:
    """The statistics of all answers with the second one in place where there are two; None where nothing was repeated.

    Shape [examples, k], as `result.statistics`.
    """
    if not any(answer is not None for answer in result.repeated):
        return None
    return with_second(result.statistics, results.references, result.repeated, results.metric)


def with_second(first: Statistics, references: Sequence[JSON], repeated: Sequence[JSON], metric: Metric) -> Statistics:
    """Rows of `first`, replaced where `repeated` holds a second answer."""
    found = np.array(first)
    for place, (reference, answer) in enumerate(zip(references, repeated, strict=True)):
        if answer is not None:
            found[place] = metric.score(reference, answer["value"]).statistics
    return found


def widened(first: Interval, second: Interval | None) -> Interval:
    """The first interval, moved outwards at each end to where the interval of the second answers reaches."""
    if second is None:
        return first
    method = f"{first.method}, the wider of first and second answers"
    return first._replace(low=min(first.low, second.low), high=max(first.high, second.high), method=method)


def repeat_row(result: Result, results: Results) -> dict[str, JSON] | None:
    """Flips of a candidate that was asked twice: how many, the exact interval of their rate, both qualities."""
    places = [
        place
        for place, (one, two) in enumerate(zip(result.answers, result.repeated, strict=True))
        if one is not None and two is not None
    ]
    if not places:
        return None
    same = results.kind.same
    flips = sum(not _same(same, result.answers[place]["value"], result.repeated[place]["value"]) for place in places)
    second = with_second(result.statistics, results.references, result.repeated, results.metric)
    rate = clopper_pearson(flips, len(places), 1 - results.goal.alpha)
    return {
        "n": len(places),
        "flips": flips,
        "rate": rate.value,
        "low": rate.low,
        "high": rate.high,
        "first": float(results.metric.aggregate(result.statistics[places].sum(axis=0))),
        "second": float(results.metric.aggregate(second[places].sum(axis=0))),
    }


def _same(same: Callable[[JSON, JSON], bool], one: JSON, two: JSON) -> bool:
    return one is two if one is None or two is None else same(one, two)
