"""How often the interval of the label price holds the true crossing, on made-up curves whose truth is known.

    python benchmarks/label_price_simulation.py --runs 200

A trained rung is right on an example with a probability that grows with the logarithm of the training labels and
depends on how hard the example is; a language model's depends on the same hardness, so the two agree more often than by
chance. Each random part of train shifts the rung's quality a little, less so with more rows. Prints, for several
numbers of tune examples: the share of runs in which the interval holds the truth, with its exact interval, and how wide
the intervals are.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
from numpy.typing import NDArray

from strati.kinds.classify.metrics import get_metric
from strati.measure.studies.learning_curve import repeats, sizes
from strati.statistics import clopper_pearson
from strati.verdict.curves import Curve
from strati.verdict.label_price import cross

TRAIN = 1600
ALPHA = 0.05


def quality(size: float) -> float:
    """The true curve: 50 % with 25 labels, 5 points more for each doubling."""
    return 0.5 + 0.05 * math.log2(size / 25)


def rights(level: float, hardness: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Statistics (right, 1) of one candidate; its mean over all hardnesses is `level`."""
    spread = 0.6 * min(level, 1 - level)
    chance = np.clip(level + spread * (1 - 2 * hardness), 0, 1)
    right = (rng.random(len(hardness)) < chance).astype(float)
    return np.stack([right, np.ones(len(hardness))], axis=1)


def one_run(level: float, rows: int, rng: np.random.Generator) -> tuple[float, float]:
    """The interval of the label price in one made-up world; infinite where it is open."""
    hardness = rng.random(rows)
    points = []
    for size in sizes(TRAIN):
        drawn = [quality(size) + rng.normal(0, 0.15 / math.sqrt(size)) for _ in range(repeats(size, TRAIN, 4))]
        points.append(np.stack([rights(one, hardness, rng) for one in drawn]))
    names = tuple(("holdout", str(n)) for n in range(rows))
    curve = Curve("trained", {}, sizes(TRAIN), tuple(points), names, tuple(name for _, name in names))
    found = cross(curve, rights(level, hardness, rng), get_metric("accuracy", ("a",)), ALPHA, int(rng.integers(2**31)))
    return found.low, found.high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    print(f"{options.runs} runs each, interval at {1 - ALPHA:.0%}")
    print("tune examples  true crossing  held (95 % interval)    median interval")
    for rows in (50, 200, 500):
        for truth in (100, 400, math.inf):
            level = quality(truth) if math.isfinite(truth) else 0.9
            found = [one_run(level, rows, rng) for _ in range(options.runs)]
            held = clopper_pearson(sum(low <= truth <= high for low, high in found), options.runs)
            low, high = (float(np.median([ends[side] for ends in found])) for side in (0, 1))
            end = "open" if math.isinf(high) else f"{high:.0f}"
            start = "open" if math.isinf(low) else f"{low:.0f}"
            print(
                f"{rows:13}  {'none' if math.isinf(truth) else truth:>13}  "
                f"{held.value:.3f} ({held.low:.3f} to {held.high:.3f})  {start} to {end}"
            )


if __name__ == "__main__":
    main()
