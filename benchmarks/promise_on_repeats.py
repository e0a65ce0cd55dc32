"""Do promises hold where rows repeat inputs? Intervals and certificates on draws with 1, 5 and 20 rows a text.

    python benchmarks/promise_on_repeats.py [--draws 1000] [--texts 1000] [--repeats 1 5 20] [--quick]

The truth is known: a simulated pool (see `certificate_pools.py`) says for every text whether a rung is right and how
sure it is. Each draw takes `--texts` texts from the pool, independent of each other, writes every one of them as 1, 5
or 20 rows, and splits these rows as `strati bench` does. On test the accuracy of the best rung is estimated with its
95 % interval, which should hold the pool's accuracy; on tune and calibrate a stack is certified at X with risk d, which
should be wrong more often than promised over the pool in at most a share d of the draws. Printed for two ways to
count: `once`, one row of each input, as strati does; and `rows`, every row for itself, as is commonly done. `!` marks
a promise that is shown to be broken; the exit code is 1 when `once` has one.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from numpy.typing import NDArray

from certificate_pools import ECONOMICS, only, simulated_pool
from strati.certify.method import Promise, Scored, evaluate, make_plan, walk
from strati.core.records import Example
from strati.data import Dataset, plan
from strati.kinds.classify.metrics import get_metric
from strati.statistics import clopper_pearson, quality_interval
from strati.task.task import Task

AT_LEAST, RISK, CONFIDENCE = 0.85, 0.10, 0.95
SHAPES = ("well-ranked", "adversarial")
BEST = 2  # the rung whose accuracy is estimated
Places = NDArray[np.int64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--repeats", type=int, nargs="*", default=(1, 5, 20))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="50 draws of 500 texts")
    arguments = parser.parse_args()
    draws, texts = (50, 500) if arguments.quick else (arguments.draws, arguments.texts)
    print(f"{draws:,} draws of {texts:,} texts; X = {AT_LEAST}, d = {RISK}, intervals at {CONFIDENCE}")
    print(
        f"{'pool':12} {'rows a text':>11}  counted  coverage (95 % interval)     violations (95 % interval)  certified"
    )
    broken = 0
    for shape in SHAPES:
        pool = only(simulated_pool(shape, AT_LEAST), (0, 1, 2))
        for repeats in arguments.repeats:
            broken += measure(shape, pool, repeats, draws, texts, arguments.seed)
    sys.exit(min(1, broken))


def measure(shape: str, pool: Scored, repeats: int, draws: int, texts: int, seed: int) -> int:
    """Print both ways to count; how many promises of counting once are shown to be broken."""
    rng = np.random.default_rng([seed, repeats, *map(ord, shape)])
    start, truth = time.monotonic(), 1 - float(pool.loss[:, BEST].mean())
    covered: dict[str, int] = {"once": 0, "rows": 0}
    violated, certified = dict(covered), dict(covered)
    for number in range(draws):
        parts = split(rng.integers(0, len(pool), texts), repeats, seed + number)
        for way, times in (("once", 1), ("rows", repeats)):
            tune, calibrate, test = (pool.take(np.repeat(parts[name], times)) for name in ("tune", "calibrate", "test"))
            covered[way] += covers(1 - test.loss[:, [BEST]], truth)
            wrong = violates(tune, calibrate, pool)
            violated[way] += wrong is True
            certified[way] += wrong is not None
        if sys.stderr.isatty():
            print(
                f"\r{shape} {repeats} {number + 1}/{draws}, {time.monotonic() - start:.0f} s  ", end="", file=sys.stderr
            )
    return sum(show(shape, repeats, way, draws, covered[way], violated[way], certified[way]) for way in covered)


def split(drawn: Places, repeats: int, seed: int) -> dict[str, Places]:
    """The places in the pool of what counts in each part, by the splits that a benchmark makes."""
    examples = [
        Example(f"{text}.{copy}", f"text number {text}", "ab"[text % 2])
        for copy in range(repeats)
        for text in range(len(drawn))
    ]
    parts = plan(Dataset(tuple(examples)), None, Task(), seed).parts()
    return {name: drawn[[int(e.id.partition(".")[0]) for e in part]] for name, part in parts.items()}


def covers(statistics: NDArray[np.float64], truth: float) -> bool:
    """Whether the interval of the accuracy holds the true one."""
    found = quality_interval(statistics, get_metric("accuracy", ("a", "b")), CONFIDENCE)
    return found.low <= truth <= found.high


def violates(tune: Scored, calibrate: Scored, pool: Scored) -> bool | None:
    """Whether what is certified is wrong more often than promised; None where nothing is."""
    order = tuple(range(len(pool.names)))
    path = make_plan(tune, Promise(AT_LEAST, RISK), ECONOMICS, len(calibrate), among=[order]).path
    setting = walk(path, calibrate).setting if path is not None else None
    if setting is None:
        return None
    found = evaluate(setting, pool)
    return found.errors > (1 - AT_LEAST) * found.count + 1e-9


def show(shape: str, repeats: int, way: str, draws: int, covered: int, violated: int, certified: int) -> int:
    """One line; whether a promise is shown to be broken."""
    coverage, violations = clopper_pearson(covered, draws), clopper_pearson(violated, draws)
    marks = "!" if coverage.high < CONFIDENCE else " ", "!" if violations.low > RISK else " "
    print(
        f"{shape:12} {repeats:11}  {way:7}  {coverage.value:.3f} ({coverage.low:.3f} to {coverage.high:.3f}) {marks[0]}"
        f"     {violations.value:.3f} ({violations.low:.3f} to {violations.high:.3f}) {marks[1]}    "
        f"{certified / draws:.3f}",
        flush=True,
    )
    return int(way == "once" and "!" in marks)


if __name__ == "__main__":
    main()
