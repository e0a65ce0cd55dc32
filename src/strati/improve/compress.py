"""Smaller vocabularies for the saved n-gram rung: only the n-grams that weigh most, the rest left out.

The weights stay as they were learned; the calibration of the confidence is fitted again on tune. An n-gram weighs as
much as the length of its column of weights, over all labels. Nothing is trained, so no training row is needed.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Example, Usage
from strati.improve.experiment import Outcome, decide, measured, tune_examples
from strati.kinds.classify.linear import Linear
from strati.measure.journal import Journal
from strati.measure.results import Result, Results, group_names
from strati.stack.folder import load_stack
from strati.stack.stack import Stack

SHARES = (0.5, 0.2, 0.05)


@dataclass(frozen=True)
class CompressPlan:
    """What will be tried: the rung, its folder, and how many n-grams each proposal keeps."""

    rung: str
    folder: Path
    features: int
    rows: int
    keeps: tuple[int, ...]


def ngram_rung(results: Results, stacks: Path, rung: str | None = None) -> tuple[str, Path]:
    """The saved rung with n-grams that did best on tune, or the one that is named; with its folder.

    Raises:
        DataError: there is none.
    """
    saved = {
        result.name: result
        for result in results.candidates
        if result.complete and result.record.stack and not result.record.composed
    }
    able = {name: one for name, one in saved.items() if (stacks / str(one.record.stack) / "stack.toml").is_file()}
    with_ngrams = {name: one for name, one in able.items() if _has_ngrams(stacks / str(one.record.stack))}
    if rung is not None and rung not in with_ngrams:
        there = ", ".join(map(repr, with_ngrams)) or "none"
        raise DataError(f"run {results.run} has no saved n-gram rung {rung!r}, expected one of: {there}")
    if not with_ngrams:
        there = ", ".join(map(repr, able)) or "none"
        raise DataError(
            f"run {results.run} has no saved n-gram rung to make smaller, expected one in {stacks}; saved: {there}"
        )
    name = rung if rung is not None else max(with_ngrams, key=lambda one: _tuned(with_ngrams[one]))
    return name, stacks / str(with_ngrams[name].record.stack)


def plan_compress(journal: Journal, results: Results, name: str, stack: Stack, folder: Path) -> CompressPlan:
    """What will be tried.

    Raises:
        DataError: the run keeps too few tune rows.
    """
    rows = len(tune_examples(results, journal.examples("tune")))
    features = sum(_width(stage.layer) for stage in stack.stages if isinstance(stage.layer, Linear))
    return CompressPlan(name, folder, features, rows, tuple(math.ceil(features * share) for share in SHARES))


def compress(
    journal: Journal,
    results: Results,
    plan: CompressPlan,
    resources: Mapping[str, object],
    ctx: Context,
) -> tuple[Outcome, Stack | None]:
    """Measure the rung and its smaller copies on tune; the outcome, and the stack that was chosen."""
    stored = tune_examples(results, journal.examples("tune"))
    examples = [Example(one.id, one.input, one.reference, one.group) for one in stored]
    kept = load_stack(plan.folder, resources)
    stacks = [kept]
    ctx.begin("measuring on tune", len(SHARES) + 1)
    figures = [measured(results, kept, plan.rung, stored, ctx)]
    ctx.advance(1, Usage())
    for share, count in zip(SHARES, plan.keeps, strict=True):
        smaller, _ = pruned(kept, share).recalibrate(examples, ctx, results.metric.loss)
        name = f"{100 * share:g} % of the n-grams ({count:,})"
        stacks.append(smaller)
        ctx.check()
        figures.append(measured(results, smaller, name, stored, ctx))
        ctx.advance(1, Usage())
    outcome = decide(results, "compress", figures[0], figures[1:], group_names(stored))
    return outcome, None if outcome.chosen is None else stacks[1 + outcome.chosen]


def pruned(stack: Stack, share: float) -> Stack:
    """The stack with only the heaviest n-grams of each linear layer; embeddings stay."""
    stages = [
        replace(stage, layer=_pruned(stage.layer, share)) if isinstance(stage.layer, Linear) else stage
        for stage in stack.stages
    ]
    return replace(stack, stages=tuple(stages))


def _pruned(layer: Linear, share: float) -> Linear:
    assert layer.weights is not None
    width = _width(layer)
    sizes = [len(block.get_feature_names_out()) for block in layer.features.blocks]
    norms = np.linalg.norm(layer.weights[:, :width], axis=0)
    most = np.argsort(-norms, kind="stable")[: math.ceil(width * share)]
    stay = np.zeros(layer.weights.shape[1], dtype=bool)
    stay[most] = True
    stay[width:] = True  # embeddings and the bias
    blocks, start = [], 0
    for block, size in zip(layer.features.blocks, sizes, strict=True):
        part = stay[start : start + size]
        if size and not part.any():  # a vocabulary cannot be empty
            part[int(norms[start : start + size].argmax())] = True
        blocks.append(_part_of(block, part))
        start += size
    return replace(layer, features=replace(layer.features, blocks=tuple(blocks)), weights=layer.weights[:, stay])


def _part_of(block: Any, stay: NDArray[np.bool_]) -> Any:
    """A vectorizer that knows only some of its n-grams, in their old order."""
    names, idf = block.get_feature_names_out(), block.idf_
    words = [str(name) for name, stays in zip(names, stay, strict=True) if stays]
    fresh = type(block)(**block.get_params())
    fresh.vocabulary = dict(zip(words, range(len(words)), strict=True))
    fresh.idf_ = np.asarray(idf)[stay]
    return fresh


def _has_ngrams(folder: Path) -> bool:
    """Whether a saved stack has a linear layer; its models are not opened for that."""
    contents = tomllib.loads((folder / "stack.toml").read_text(encoding="utf-8"))
    return any(stage.get("layer", {}).get("kind") == Linear.kind for stage in contents.get("stages", []))


def _tuned(result: Result) -> float:
    return result.record.tuned or 0.0


def _width(layer: Linear) -> int:
    """How many n-grams a linear layer knows."""
    return sum(len(block.get_feature_names_out()) for block in layer.features.blocks)
