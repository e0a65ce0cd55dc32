"""Is traffic unlike the calibrate inputs noticed? Out-of-scope texts mixed into a file that a certified stack answers.

    python benchmarks/traffic_shift.py --data FOLDER [--draws 200] [--inside banking77] [--outside emotion] [--quick]

FOLDER as for `development_sets.py`. A linear model on n-grams learns from a set and answers from the confidence on that
leaves 20 % of other texts of the set to people. Each draw takes calibrate inputs of the set and a file of further texts
of it, of which a share comes from another set, and compares the two as `strati run` does (`strati.certify.traffic`).
Printed: how often the file is said to differ, with 95 % intervals, by the share of outside texts (0: false alarms, of
which at most the level is promised) and by the rows of the file. `!` marks more false alarms than promised; the exit
code is then 1.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from development_sets import SETS
from strati.certify.traffic import LEVEL, Seen, Sketch
from strati.core.context import Context
from strati.core.records import Case, Example
from strati.kinds.classify.linear import Linear
from strati.statistics import clopper_pearson

SHARES = (0.0, 0.05, 0.1, 0.15, 0.2)
ROWS = (100, 300, 1000)
CALIBRATE = (150, 600)
LEFT = 0.2  # of in-scope texts to people
FIT = 1500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--inside", nargs="*", default=["banking77", "trec"], choices=list(SETS))
    parser.add_argument("--outside", default="emotion", choices=list(SETS))
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="20 draws, one set")
    arguments = parser.parse_args()
    draws = 20 if arguments.quick else arguments.draws
    inside = arguments.inside[:1] if arguments.quick else arguments.inside
    print(f"{draws} draws, outside texts from {arguments.outside}, level {LEVEL:g}")
    print(
        f"{'set':10} {'calibrate':>9} {'outside':>8} {'rows':>6}  said to differ (95 % interval)   by which test first"
    )
    broken = sum(measure(arguments.data, name, arguments.outside, draws, arguments.seed) for name in inside)
    sys.exit(min(1, broken))


def measure(data: Path, name: str, outside: str, draws: int, seed: int) -> int:
    """One set; how many settings have more false alarms than promised."""
    rng = np.random.default_rng(seed)
    texts, sure, other, other_sure = pools(data, name, outside, rng)
    threshold = float(np.quantile(sure, LEFT))
    broken = 0
    for calibrate in CALIBRATE:
        for part in SHARES:
            for rows in ROWS:
                found = [
                    one(texts, sure, other, other_sure, threshold, calibrate, part, rows, rng) for _ in range(draws)
                ]
                broken += show(name, calibrate, part, rows, [test for test in found if test], draws)
    return broken


def one(
    texts: list[str],
    sure: NDArray[np.float64],
    other: list[str],
    other_sure: NDArray[np.float64],
    threshold: float,
    calibrate: int,
    part: float,
    rows: int,
    rng: np.random.Generator,
) -> str | None:
    """The test that told one file from its calibrate inputs; None for no difference."""
    strange = int(rng.binomial(rows, part))
    places = rng.permutation(len(texts))[: calibrate + rows - strange]
    known, new = places[:calibrate], places[calibrate:]
    odd = rng.permutation(len(other))[:strange]
    automatic = int((sure[known] >= threshold).sum())
    sketch = Sketch.of((texts[place] for place in known), automatic, calibrate)
    seen = Seen(seed=0)
    for text in [*(texts[place] for place in new), *(other[place] for place in odd)]:
        seen.add(text)
    answered = int((sure[new] >= threshold).sum() + (other_sure[odd] >= threshold).sum())
    compared = sketch.compare(seen, (answered, rows))
    if not compared.differs:
        return None
    best = min(compared.p, key=lambda test: compared.p[test])
    return "share answered" if "answered automatically" in best else best


def pools(
    data: Path, name: str, outside: str, rng: np.random.Generator
) -> tuple[list[str], NDArray[np.float64], list[str], NDArray[np.float64]]:
    """Distinct texts of both sets that the model did not learn from, each with its confidence."""
    rows = list({text: label for part in SETS[name](data) for text, label in part}.items())
    order = rng.permutation(len(rows))
    examples = [Example(str(place), *rows[place]) for place in order[:FIT]]
    model = Linear(0.3).fit(examples[: FIT - 300], examples[FIT - 300 :], Context())
    texts = [rows[place][0] for place in order[FIT : FIT + 4000]]
    other = list(dict.fromkeys(text for part in SETS[outside](data) for text, _ in part))[:4000]
    return texts, confidences(model, texts), other, confidences(model, other)


def confidences(model: Linear, texts: list[str]) -> NDArray[np.float64]:
    cases = model.run([Case(str(place), text) for place, text in enumerate(texts)], Context())
    return np.array([case.answer.confidence if case.answer else 0.0 for case in cases], dtype=float)


def show(name: str, calibrate: int, part: float, rows: int, found: list[str], draws: int) -> int:
    """One line; whether there are more false alarms than promised."""
    shown = clopper_pearson(len(found), draws)
    mark = "!" if part == 0 and shown.low > LEVEL else " "
    tests = ", ".join(f"{test} {found.count(test)}" for test in sorted(set(found), key=found.count, reverse=True))
    print(
        f"{name:10} {calibrate:9} {part:8.0%} {rows:6}  {shown.value:.3f} ({shown.low:.3f} to {shown.high:.3f}) {mark}"
        f"     {tests}",
        flush=True,
    )
    return int(mark == "!")


if __name__ == "__main__":
    main()
