"""Do inputs about something else get a lower confidence?

    python benchmarks/out_of_scope.py --data FOLDER [--left-out 15] [--draws 5]

On banking77 (FOLDER/banking77/train.csv and test.csv) 15 of 77 labels are left out of training, another 15 in every
draw. The n-gram rung is fitted on 4/5 of the training rows that remain, its combiner on the other fifth (tune, in
scope only), once without features and once with `margin` and `familiar`. Over the test rows, with 95 % bootstrap
intervals over them: AUROC of confidence for "in scope or not" (.5 is chance), AURC with out-of-scope answers counted as
wrong, the paired difference between both combiners, and `familiar` alone.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from strati.core.context import Context
from strati.core.records import Answer, Case, Example
from strati.kinds.classify.linear import Linear
from strati.stack.calibration import Combiner
from strati.statistics import aurc

USED = ("margin", "familiar")
RESAMPLES = 500


def rows_of(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--left-out", type=int, default=15)
    parser.add_argument("--draws", type=int, default=5)
    given = parser.parse_args()
    train, test = (rows_of(given.data / "banking77" / f"{part}.csv") for part in ("train", "test"))
    labels = sorted({label for _, label in train})
    for seed in range(given.draws):
        measure(train, test, set(random.Random(seed).sample(labels, given.left_out)), seed)


def measure(train: list[tuple[str, str]], test: list[tuple[str, str]], left_out: set[str], seed: int) -> None:
    known = [Example(str(n), text, label) for n, (text, label) in enumerate(train) if label not in left_out]
    random.Random(seed).shuffle(known)
    cut = len(known) // 5
    tune = known[:cut]
    layer = Linear().fit(known[cut:], tune, Context())
    answers = proposed(layer, [example.text for example in tune])
    right = [float(answer.value == example.reference) for answer, example in zip(answers, tune, strict=True)]
    features = [answer.features for answer in answers]
    plain, rich = Combiner.fit(answers, features, right), Combiner.fit(answers, features, right, USED)
    found = proposed(layer, [text for text, _ in test])
    inside = np.array([label not in left_out for _, label in test], dtype=float)
    loss = np.array([float(a.value != label) for a, (_, label) in zip(found, test, strict=True)])
    scores = {
        "without features": np.array([plain.confidence(answer, answer.features) for answer in found]),
        "with margin, familiar": np.array([rich.confidence(answer, answer.features) for answer in found]),
        "familiar alone": np.array([answer.features["familiar"] for answer in found]),
    }
    draws = np.random.default_rng(seed).integers(0, len(inside), (RESAMPLES, len(inside)))
    weights = ", ".join(f"{name} {weight:+.2f}" for name, weight in rich.weights)
    print(f"draw {seed}: {int(inside.sum())} in scope, {int((1 - inside).sum())} out of it; weights: {weights}")
    areas = {name: np.array([roc_auc_score(inside[d], score[d]) for d in draws]) for name, score in scores.items()}
    for name, score in scores.items():
        low, high = np.quantile(areas[name], [0.025, 0.975])
        each = [aurc(score[d], loss[d]) for d in draws[:200]]
        print(
            f"  {name:22} AUROC {roc_auc_score(inside, score):.3f} ({low:.3f} to {high:.3f}), "
            f"AURC {aurc(score, loss):.3f} ({np.quantile(each, 0.025):.3f} to {np.quantile(each, 0.975):.3f})"
        )
    gap = areas["with margin, familiar"] - areas["without features"]
    low, high = np.quantile(gap, [0.025, 0.975])
    print(f"  gained by the features: {gap.mean():+.3f} ({low:+.3f} to {high:+.3f})")


def proposed(layer: Linear, texts: list[str]) -> list[Answer]:
    cases = layer.run([Case(str(number), text) for number, text in enumerate(texts)], Context())
    return [case.answer for case in cases if case.answer is not None]


if __name__ == "__main__":
    main()
