"""How often `strati improve` lets something pass that is truly worse by the margin, and how often it finds what is not.

    python benchmarks/improve_gate.py .strati/runs/ID.db

On recorded answers: the tune answers of the run's best rung say what is right. A null experiment draws so many of them
anew, and has three proposals that in truth lose exactly the margin: right answers turn wrong and wrong ones right, at
random, at rates whose balance is the margin. It errs where any proposal passes. The same with proposals that lose
nothing says what the gate can find.

Last, what is not smaller and has to be better: the proposals lose and gain nothing in truth, and the gate errs where it
calls any of them better.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strati.improve.gate import rule
from strati.measure.journal import Journal
from strati.measure.results import load_results
from strati.statistics.metric import Share, wrong
from strati.statistics.proportions import clopper_pearson

PROPOSALS = 3
METRIC = Share("right", wrong)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--experiments", type=int, default=2000)
    parser.add_argument("--margin", type=float, default=0.02)
    parser.add_argument("--alpha", type=float, default=0.05)
    given = parser.parse_args()
    name, right = recorded(given.journal)
    print(f"{name}: {len(right):,} recorded answers, {right.mean():.3f} right; {given.experiments:,} experiments a row")
    print(f"{PROPOSALS} proposals each, margin {given.margin:g}, alpha {given.alpha:g}; intervals 95 %")
    print(f"{'true loss':>10} {'rows':>6} {'repaired':>9} {'nested':>7} {'something passes':>24}")
    for loss in (given.margin, 0.0):
        for rows in (200, 800):
            for repaired, nested in ((0.0, False), (0.1, False), (0.1, True)):
                random = np.random.default_rng([rows, round(1000 * repaired), nested, round(1000 * loss)])
                passed = sum(
                    experiment(right, rows, loss, repaired, nested, given.margin, given.alpha, random)
                    for _ in range(given.experiments)
                )
                found = clopper_pearson(passed, given.experiments)
                shown = f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"
                print(
                    f"{loss:>10.3f} {rows:>6} {repaired:>9.2f} {'yes' if nested else 'no':>7} {shown:>24}", flush=True
                )
    print(
        f"\nnot smaller, no better in truth\n{'':>10} {'rows':>6} {'repaired':>9} {'nested':>7} {'called better':>24}"
    )
    for rows in (200, 800):
        for repaired, nested in ((0.1, False), (0.1, True), (0.3, False)):
            random = np.random.default_rng([rows, round(1000 * repaired), nested, 7])
            passed = sum(
                experiment(right, rows, 0.0, repaired, nested, 0.0, given.alpha, random)
                for _ in range(given.experiments)
            )
            found = clopper_pearson(passed, given.experiments)
            shown = f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"
            print(f"{'':>10} {rows:>6} {repaired:>9.2f} {'yes' if nested else 'no':>7} {shown:>24}", flush=True)


def recorded(path: Path) -> tuple[str, NDArray[np.bool_]]:
    """The rung that is right most often on tune, and on which tune examples it is right."""
    with Journal(path, read_only=True) as journal:
        results = load_results(journal)
        examples = journal.examples("tune")
        best: tuple[str, NDArray[np.bool_]] = ("", np.zeros(len(examples), dtype=bool))
        for result in results.candidates:
            answers = journal.answers(result.name, f"tune/{results.meta['units'][0]}")
            if any(example.id not in answers for example in examples):
                continue
            right = np.array([results.kind.same(answers[one.id]["value"], one.reference) for one in examples])
            if right.mean() > best[1].mean():
                best = (result.name, right)
    return best


def experiment(
    right: NDArray[np.bool_],
    rows: int,
    loss: float,
    repaired: float,
    nested: bool,
    margin: float,
    alpha: float,
    random: np.random.Generator,
) -> bool:
    """Whether any of the proposals passes. `repaired` is the share of wrong answers that a proposal turns right."""
    truth = float(right.mean())
    spoiled = (loss + repaired * (1 - truth)) / truth
    kept = random.choice(right, rows)
    draws = random.random((1 if nested else PROPOSALS, rows)).repeat(PROPOSALS if nested else 1, axis=0)
    if nested:  # alike, but for a tenth of the examples
        own = random.random((PROPOSALS, rows)) < 0.1
        draws = np.where(own, random.random((PROPOSALS, rows)), draws)
    made = np.where(kept, draws >= spoiled, draws < repaired)
    statistics = [one[:, None].astype(np.float64) for one in made]
    found = rule(kept[:, None].astype(np.float64), statistics, METRIC, [margin] * PROPOSALS, alpha)
    return any(one.passes for one in found)


if __name__ == "__main__":
    main()
