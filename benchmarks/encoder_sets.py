"""A small encoder of your own beside n-grams: quality on a published test part, seconds to train, rows a second, size.

    python benchmarks/encoder_sets.py --data ../shared/data --set trec --rows 1000 --seeds 3
    python benchmarks/encoder_sets.py --data ../shared/data --set banking77 --rows 300 1000 3000

Needs the extra [train] and `strati models pull minilm-weights`. Of the rows a fifth, 300 at most, choose the epoch and
set the confidence. `joined` averages the probabilities of the encoder (all layers) and of the n-grams. All differences
are to n-grams, paired on the test part; seconds are of the processor.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.records import Case, Example
from strati.kinds.classify.encoder.layer import Encoder
from strati.kinds.classify.linear import Linear
from strati.models.open import open_weights
from strati.stack.stack import Stack
from strati.statistics.contrast import paired_interval
from strati.statistics.metric import Share, wrong

METRIC = Share("right", wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", choices=sorted(READ), default="trec")
    parser.add_argument("--rows", type=int, nargs="+", default=[1000])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--layers", type=int, nargs="+", default=[3, 0], help="0 is all")
    given = parser.parse_args()
    train, test = READ[given.set](given.data)
    (weights, *_) = open_weights(["minilm-weights"], [])
    print(f"{given.set}: {len(train):,} train rows, {len(test):,} test rows; {weights.name}, int8")
    print(
        f"{'rows':>6} {'seed':>4}  {'rung':<14} {'right':>6}  {'to n-grams, 95 %':<26} "
        f"{'train s':>8} {'rows/s':>8} {'MB':>6}"
    )
    for rows in given.rows:
        for seed in range(given.seeds):
            drawn = list(train)
            random.Random(f"encoder {seed}").shuffle(drawn)
            some = drawn[:rows]
            held = some[: min(len(some) // 5, 300)]
            measure(some[len(held) :], held, test, weights, given.layers, rows, seed)


def measure(
    rows: Sequence[Example],
    held: Sequence[Example],
    test: Sequence[Example],
    weights: object,
    sizes: Sequence[int],
    count: int,
    seed: int,
) -> None:
    """Fit every rung on the same rows and print a line for each."""
    ctx = Context(seed=seed)
    shares: dict[str, list[dict[str, float]]] = {}
    right: dict[str, NDArray[np.float64]] = {}
    rungs: list[tuple[str, object]] = [(f"C {c:g}", Linear(c, name="n-grams")) for c in (0.3, 1.0, 3.0)]
    rungs += [(f"{size or 'all'} layers", Encoder(weights, size, name="encoder")) for size in sizes]  # type: ignore[arg-type]
    lines: dict[str, tuple[float, float, float]] = {}
    best = -1.0
    for name, layer in rungs:
        started = time.process_time()
        stack = Stack.of(layer).fit(rows, held, ctx)  # type: ignore[arg-type]
        took = time.process_time() - started
        if isinstance(layer, Linear):
            score = float(np.mean(hits(answers(stack, held, ctx), held)))
            if score <= best:
                continue
            best, name = score, "n-grams"
        began = time.process_time()
        found = answers(stack, test, ctx)
        speed = len(test) / (time.process_time() - began)
        shares[name], right[name] = found, hits(found, test)
        size = megabytes(stack)
        lines[name] = (took, speed, size)
    for name, figures in lines.items():
        tell(count, seed, name, None if name == "n-grams" else right["n-grams"], right[name], figures)
    if "all layers" in shares:
        joined = [
            {label: one.get(label, 0.0) + two.get(label, 0.0) for label in {*one, *two}}
            for one, two in zip(shares["all layers"], shares["n-grams"], strict=True)
        ]
        tell(count, seed, "joined", right["n-grams"], hits(joined, test), None)


def answers(stack: Stack, rows: Sequence[Example], ctx: Context) -> list[dict[str, float]]:
    """For each row the probabilities of its likeliest labels."""
    cases = stack.run([Case(row.id, row.input) for row in rows], ctx)
    return [dict(case.answer.alternatives) if case.answer else {} for case in cases]


def hits(found: Sequence[dict[str, float]], rows: Sequence[Example]) -> NDArray[np.float64]:
    """Shape [n, 1]: 1 where the likeliest label is the reference."""
    pairs = zip(found, rows, strict=True)
    return np.array(
        [[float(bool(one) and max(one, key=lambda label: one[label]) == row.reference)] for one, row in pairs]
    )


def megabytes(stack: Stack) -> float:
    import tempfile

    from strati.stack.folder import save_stack

    with tempfile.TemporaryDirectory() as folder:
        save_stack(stack, Path(folder) / "s.stack")
        return sum(os.path.getsize(file) for file in Path(folder).rglob("*") if file.is_file()) / 1e6


def tell(
    rows: int,
    seed: int,
    name: str,
    against: NDArray[np.float64] | None,
    right: NDArray[np.float64],
    figures: tuple[float, float, float] | None,
) -> None:
    gain = ""
    if against is not None:
        found = paired_interval(right, against, METRIC, 0.95)
        gain = f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
    rest = "" if figures is None else f"{figures[0]:8.1f} {figures[1]:8,.0f} {figures[2]:6.1f}"
    print(f"{rows:>6,} {seed:>4}  {name:<14} {float(right.mean()):>6.3f}  {gain:<26} {rest}".rstrip(), flush=True)


def trec(data: Path) -> tuple[list[Example], list[Example]]:
    parts = []
    for name in ("train_5500.label", "TREC_10.label"):
        lines = (data / "trec_qc" / name).read_text("latin-1").splitlines()
        pairs = {text.strip(): label.partition(":")[0] for label, text in (line.split(" ", 1) for line in lines)}
        parts.append([Example(f"{name} {n}", text, label) for n, (text, label) in enumerate(pairs.items())])
    known = {row.text for row in parts[1]}
    return [row for row in parts[0] if row.text not in known], parts[1]


def banking77(data: Path) -> tuple[list[Example], list[Example]]:
    parts = []
    for name in ("train", "test"):
        with (data / f"banking77/{name}.csv").open(encoding="utf-8", newline="") as file:
            parts.append(
                [Example(f"{name} {n}", row["text"], row["category"]) for n, row in enumerate(csv.DictReader(file))]
            )
    return parts[0], parts[1]


READ = {"trec": trec, "banking77": banking77}


if __name__ == "__main__":
    main()
