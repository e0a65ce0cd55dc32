"""A small encoder of your own beside n-grams: quality on a published test part, seconds to train, rows a second, size.

    python benchmarks/encoder_sets.py --data ../shared/data --set trec --rows 1000 --seeds 3
    python benchmarks/encoder_sets.py --data ../shared/data --set banking77 --rows 3000 --epochs 4 --embedder minilm

Needs the extra [train] and `strati models pull minilm-weights`. Train rows whose text is a test row are left out. Of
the rows a fifth, 300 at most, choose the settings and the epoch and set the confidence; nothing learns from them.
`joined` averages the probabilities of the encoder (all layers, int8) and of the rung that all are compared with:
n-grams, or with `--embedder` n-grams joined with its embeddings. Differences are paired on the test part; flips are
rows whose answer is another; seconds are of the processor. The last lines compare int8 with what it was made from, by
a margin of 1 point, and the first three layers with all, by 2 points; p is of "worse by the margin or more".
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from development_sets import SETS
from strati.core.context import Context
from strati.core.records import Case, Example
from strati.kinds.classify.encoder.layer import Encoder
from strati.kinds.classify.linear import Linear
from strati.models.contract import Embedder
from strati.models.open import open_models, open_weights
from strati.models.weights import EncoderWeights
from strati.stack.folder import save_stack
from strati.stack.layers.features import TextFeatures
from strati.stack.stack import Stack
from strati.statistics.contrast import paired_interval
from strati.statistics.inference import compare
from strati.statistics.metric import Share, wrong

METRIC = Share("right", wrong)
CS = (0.3, 1.0, 3.0)
WEIGHED = ((1.0, 0.3), (1.0, 1.0), (2.0, 0.3), (2.0, 1.0), (4.0, 0.3))
HALF = 3


class Rung(NamedTuple):
    """What was measured on the test part: for each row the probabilities, what it says, and whether it is right."""

    shares: list[dict[str, float]]
    said: list[str]
    right: NDArray[np.float64]
    figures: tuple[float, float, float] | None = None


class Data(NamedTuple):
    learn: list[Example]
    held: list[Example]
    test: list[Example]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", choices=sorted(SETS), nargs="+", default=["trec"])
    parser.add_argument("--rows", type=int, nargs="+", default=[1000])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--layers", type=int, nargs="+", default=[HALF, 0], help="0 is all")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--embedder", help="n-grams are joined with its embeddings, too")
    given = parser.parse_args()
    (weights, *_) = open_weights(["minilm-weights"], [])
    embedder = open_models([given.embedder], [], llms=False)[1][0] if given.embedder else None
    for name in given.set:
        train, test = parts(name, given.data)
        print(f"{name}: {len(train):,} train rows, {len(test):,} test rows; {weights.name}, {given.epochs} epochs")
        print(f"{'rows':>6} {'seed':>4}  {'rung':<18} {'right':>6}  {'difference, 95 %':<26} {'flips':>5}", end="")
        print(f" {'train s':>8} {'rows/s':>7} {'MB':>5}")
        for rows, seed in ((rows, seed) for rows in given.rows for seed in range(given.seeds)):
            drawn = list(train)
            random.Random(f"encoder {seed}").shuffle(drawn)
            some = drawn[:rows]
            held = some[: min(len(some) // 5, 300)]
            measure(Data(some[len(held) :], held, test), weights, embedder, given.layers, given.epochs, seed)


def measure(
    data: Data, weights: EncoderWeights, embedder: Embedder | None, layers: Sequence[int], epochs: int, seed: int
) -> None:
    """Fit every rung on the same rows; print a line for each as soon as it is measured."""
    ctx = Context(seed=seed)
    head = f"{len(data.learn) + len(data.held):>6,} {seed:>4}"
    base = best([Linear(c, name="n-grams") for c in CS], data, ctx)
    tell(head, "n-grams", base, None)
    if embedder is not None:
        plain, features = base, {w: TextFeatures(embedder=embedder, weight=w) for w, _ in WEIGHED}
        base = best([Linear(c, features[w], name="joined") for w, c in WEIGHED], data, ctx)
        tell(head, "n-grams + embedder", base, plain)
        print(f"{head}  the rest is compared with n-grams + embedder")
    found: dict[str, Rung] = {}
    for size in layers:
        name = f"{size or 'all'} layers"
        started = time.process_time()
        plain_stack = Stack.of(Encoder(weights, size, epochs, int8=False, name="encoder")).fit(
            data.learn, data.held, ctx
        )
        took = time.process_time() - started
        (stage,) = plain_stack.stages
        assert isinstance(stage.layer, Encoder)
        for label, stack in ((name, plain_stack), (f"{name}, int8", Stack.of(stage.layer.in_bytes()))):
            found[label] = on_test(stack, data.test, ctx, took)
            tell(head, label, found[label], base)
    if "all layers, int8" in found:
        own = found["all layers, int8"]
        shares = [
            {label: one.get(label, 0.0) + two.get(label, 0.0) for label in sorted({*one, *two})}
            for one, two in zip(own.shares, base.shares, strict=True)
        ]
        tell(head, "joined", rung(shares, data.test), base)
    for small, large, margin in (
        *((f"{size or 'all'} layers, int8", f"{size or 'all'} layers", 0.01) for size in layers),
        (f"{HALF} layers, int8", "all layers, int8", 0.02),
    ):
        if small in found and large in found:
            p = compare(found[small].right, found[large].right, METRIC, margin, 0.05).p_noninferior
            tell(head, f"to {large}", found[small], found[large])
            print(f"{head}  {small} is not worse than {large} by {100 * margin:.0f} points: p {p:.4f}", flush=True)


def best(layers: Sequence[Linear], data: Data, ctx: Context) -> Rung:
    """Of the settings the one that is right most often on the held-out rows, measured on test."""
    most, kept = -1.0, None
    for layer in layers:
        started = time.process_time()
        stack = Stack.of(layer).fit(data.learn, data.held, ctx)
        took = time.process_time() - started
        share = float(on_test(stack, data.held, ctx, took).right.mean())
        if share > most:
            most, kept = share, (stack, took)
    assert kept is not None
    return on_test(kept[0], data.test, ctx, kept[1])


def on_test(stack: Stack, rows: Sequence[Example], ctx: Context, took: float) -> Rung:
    began = time.process_time()
    cases = stack.run([Case(row.id, row.input) for row in rows], ctx)
    speed = len(rows) / (time.process_time() - began)
    shares = [dict(case.answer.alternatives) if case.answer else {} for case in cases]
    return rung(shares, rows)._replace(figures=(took, speed, megabytes(stack)))


def rung(shares: list[dict[str, float]], rows: Sequence[Example]) -> Rung:
    said = [max(one, key=lambda label: one[label]) if one else "" for one in shares]
    right = np.array([[float(value == row.reference)] for value, row in zip(said, rows, strict=True)])
    return Rung(shares, said, right)


def megabytes(stack: Stack) -> float:
    with tempfile.TemporaryDirectory() as folder:
        save_stack(stack, Path(folder) / "s.stack")
        return sum(os.path.getsize(file) for file in Path(folder).rglob("*") if file.is_file()) / 1e6


def tell(head: str, name: str, one: Rung, against: Rung | None) -> None:
    gain, flips, rest = "", "", ""
    if against is not None:
        found = paired_interval(one.right, against.right, METRIC, 0.95)
        gain = f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
        flips = str(sum(a != b for a, b in zip(one.said, against.said, strict=True)))
    if one.figures is not None:
        rest = f"{one.figures[0]:8.1f} {one.figures[1]:7,.0f} {one.figures[2]:5.1f}"
    print(f"{head}  {name:<18} {float(one.right.mean()):>6.3f}  {gain:<26} {flips:>5} {rest}".rstrip(), flush=True)


def parts(name: str, data: Path) -> tuple[list[Example], list[Example]]:
    """The train rows, each text once, without those of the test part, which is as published."""
    train, test = SETS[name](data)
    known = {text.strip() for text, _ in test}
    kept = {text.strip(): label for text, label in train if text.strip() not in known}
    return [Example(f"train {n}", text, label) for n, (text, label) in enumerate(kept.items())], [
        Example(f"test {n}", text.strip(), label) for n, (text, label) in enumerate(test)
    ]


if __name__ == "__main__":
    main()
