"""Does the promise hold? Certificates on random draws from pools whose truth is known.

    python benchmarks/certificate_promise.py --data FOLDER [--draws 1000] [--levels .95 .9 .98] [--quick]

FOLDER as for `development_sets.py`. For every pool (see `certificate_pools.py`), stack, X and d, a tune and a calibrate
part of 1,000 examples each are drawn, independent of each other and with replacement; tune gives the path, calibrate
the certificate, the pool the truth. A violation is a certified setting whose error over the pool is above 1 - X.
Printed for three methods on the same paths and draws (this test; the common habit: cheapest setting whose observed
accuracy passes; the same walk with Hoeffding-Bentkus p-values): violations with their exact 95 % interval, how often
something was certified, the median share answered automatically over all draws (0 where nothing was). `!` marks
violations shown to be more frequent than d. Exits with 1 when this test has such a mark.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from certificate_comparators import Outcome, hoeffding_bentkus_p
from certificate_pools import ECONOMICS, FIT, SHAPES, draw, only, real_pools, simulated_pool
from strati.certify.method import Path as WalkPath
from strati.certify.method import Promise, Scored, evaluate, make_plan, walk
from strati.statistics import clopper_pearson

SIZE = 1000
LEVELS = (0.95, 0.90, 0.98)
RISKS = (0.05, 0.10)
STACKS = {"one rung": (2,), "three rungs": (0, 1, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="without it, simulated pools only")
    parser.add_argument("--sets", nargs="*", default=list(FIT), choices=list(FIT))
    parser.add_argument("--levels", nargs="*", type=float, default=LEVELS)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="100 draws, X = .95, simulated pools and SMS")
    arguments = parser.parse_args()
    draws = 100 if arguments.quick else arguments.draws
    levels = (0.95,) if arguments.quick else arguments.levels
    names = ["sms"] if arguments.quick else arguments.sets
    real = real_pools(arguments.data, names) if arguments.data else {}
    print(f"{draws:,} draws, {SIZE:,} tune and {SIZE:,} calibrate examples each; seed {arguments.seed}")
    print(f"{'pool':12} {'stack':12} {'X':>4} {'d':>4}  method  violations (95 % interval)   certified  median share")
    broken = 0
    for name, at_least, pool in _pools(real, levels):
        for stack, rungs in STACKS.items():
            broken += measure(name, stack, only(pool, rungs), at_least, draws, arguments.seed)
    sys.exit(min(1, broken))


def _pools(real: dict[str, Scored], levels: tuple[float, ...]) -> Iterator[tuple[str, float, Scored]]:
    for at_least in levels:
        for name, pool in real.items():
            yield name, at_least, pool
        for shape in SHAPES:
            yield shape, at_least, simulated_pool(shape, at_least)


def measure(name: str, stack: str, pool: Scored, at_least: float, draws: int, seed: int) -> int:
    """Print the three methods for both risks; how many times this test is shown to break its promise."""
    rng = np.random.default_rng([seed, *map(ord, name + stack), round(100 * at_least)])
    start = time.monotonic()
    truths: dict[tuple[float, str], list[tuple[bool, bool, float]]] = {}
    order = tuple(range(len(pool.names)))
    for number in range(draws):
        tune, calibrate = draw(pool, SIZE, rng), draw(pool, SIZE, rng)
        for risk in RISKS:
            path = make_plan(tune, Promise(at_least, risk), ECONOMICS, SIZE, among=[order]).path
            for method, place in _choices(path, calibrate, risk):
                truths.setdefault((risk, method), []).append(_truth(path, place, pool, at_least))
        if sys.stderr.isatty():
            print(f"\r{name} {stack} {number + 1}/{draws}, {time.monotonic() - start:.0f} s  ", end="", file=sys.stderr)
    return sum(_show(name, stack, at_least, risk, method, found) for (risk, method), found in truths.items())


def _choices(path: WalkPath | None, calibrate: Scored, risk: float) -> Iterator[tuple[str, int | None]]:
    outcome = Outcome.of(path, calibrate) if path else None
    yield "exact", walk(path, calibrate).certified if path else None
    yield "habit", outcome.habit() if outcome else None
    yield "HB", outcome.fixed_sequence(risk, hoeffding_bentkus_p) if outcome else None


def _truth(path: WalkPath | None, place: int | None, pool: Scored, at_least: float) -> tuple[bool, bool, float]:
    """(violated, certified, share answered)."""
    if path is None or place is None:
        return False, False, 0.0
    found = evaluate(path.settings[place], pool)
    return found.errors > (1 - at_least) * found.count + 1e-9, True, found.share


def _show(
    name: str, stack: str, at_least: float, risk: float, method: str, found: list[tuple[bool, bool, float]]
) -> int:
    violated, certified, share = (np.array(column, dtype=float) for column in zip(*found, strict=True))
    shown = clopper_pearson(int(violated.sum()), len(found))
    mark = "!" if shown.low > risk else " "
    print(
        f"{name:12} {stack:12} {at_least:4.2f} {risk:4.2f}  {method:6}  {shown.value:.3f} ({shown.low:.3f} to "
        f"{shown.high:.3f}) {mark}     {certified.mean():9.3f}  {np.median(share):12.3f}",
        flush=True,
    )
    return int(mark == "!" and method == "exact")


if __name__ == "__main__":
    main()
