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
from strati.improve.students import saved
from strati.kinds.classify.encoder.layer import Encoder
from strati.kinds.classify.linear import Linear
from strati.measure.journal import Journal
from strati.measure.results import Results, group_names
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


def small_rung(results: Results, stacks: Path, rung: str | None = None) -> tuple[str, Path, str]:
    """The saved rung of n-grams or a fine-tuned encoder that did best on tune, or the one that is named.

    Returns:
        Its name, its folder, and the kind of the layer that can be made smaller.

    Raises:
        DataError: there is none.
    """
    able = saved(results, stacks)
    kinds = {name: _shrinks(folder) for name, folder in able.items()}
    able = {name: folder for name, folder in able.items() if kinds[name] and not results.result(name).record.composed}
    if rung is not None and rung not in able:
        there = ", ".join(map(repr, able)) or "none"
        raise DataError(f"run {results.run} has no saved rung {rung!r} to make smaller, expected one of: {there}")
    if not able:
        there = ", ".join(map(repr, saved(results, stacks))) or "none"
        raise DataError(
            f"run {results.run} has no saved rung of n-grams or a fine-tuned encoder to make smaller, expected one in "
            f"{stacks}; saved: {there}"
        )
    name = rung if rung is not None else next(iter(able))
    return name, able[name], kinds[name]


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


def _shrinks(folder: Path) -> str:
    """The kind of the first layer of a saved stack that can be made smaller; its models are not opened for that."""
    contents = tomllib.loads((folder / "stack.toml").read_text(encoding="utf-8"))
    kinds = [str(stage.get("layer", {}).get("kind")) for stage in contents.get("stages", [])]
    return next((kind for kind in kinds if kind in (Linear.kind, Encoder.kind)), "")


def _width(layer: Linear) -> int:
    """How many n-grams a linear layer knows."""
    return sum(len(block.get_feature_names_out()) for block in layer.features.blocks)
