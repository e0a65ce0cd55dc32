"""How much of what could be certified is certified?

    python benchmarks/certificate_slack.py --data FOLDER [--draws 300] [--quick]

Pools, draws and prices as in `certificate_promise.py`; X = .95, d = .05, 1,000 tune and 1,000 calibrate examples. On
each calibrate draw three walks are compared, by the share that the certified setting answers over the pool (0 where
nothing is certified): the path from tune; a clairvoyant path, for which search, order and start read the whole pool in
place of tune; the path from tune with Hoeffding-Bentkus p-values. Printed: the ratio of medians to the clairvoyant with
a 95 % bootstrap interval over draws, how often each certified something, and the paired mean difference to
Hoeffding-Bentkus with its interval.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from certificate_comparators import Outcome, hoeffding_bentkus_p
from certificate_pools import ECONOMICS, FIT, draw, only, real_pools, simulated_pool
from strati.certify.method import Path as WalkPath
from strati.certify.method import Promise, Scored, evaluate, make_plan

SIZE = 1000
PROMISE = Promise(0.95, 0.05)
STACKS = {"one rung": (2,), "up to three": (0, 1, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="without it, the simulated pool only")
    parser.add_argument("--sets", nargs="*", default=list(FIT), choices=list(FIT))
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="30 draws, the simulated pool and SMS")
    arguments = parser.parse_args()
    draws = 30 if arguments.quick else arguments.draws
    names = ["sms"] if arguments.quick else arguments.sets
    pools = real_pools(arguments.data, names) if arguments.data else {}
    pools["well-ranked"] = simulated_pool("well-ranked", PROMISE.at_least)
    search_seconds(arguments.seed)
    print(f"{draws:,} draws, seed {arguments.seed}; X = {PROMISE.at_least}, d = {PROMISE.risk}")
    for name, pool in pools.items():
        for stack, rungs in STACKS.items():
            measure(name, stack, only(pool, rungs), draws, arguments.seed)


def search_seconds(seed: int, rungs: int = 6, examples: int = 3000) -> None:
    """How long the search over all orders of six rungs takes; the target is under 10 seconds."""
    rng = np.random.default_rng(seed)
    confidence = rng.beta(3, 1.2, (examples, rungs))
    loss = (rng.random((examples, rungs)) > confidence).astype(float)
    scored = Scored(tuple(f"rung {n}" for n in range(rungs)), confidence, loss, 0.0001 * 4.0 ** np.arange(rungs))
    start, worked = time.perf_counter(), time.process_time()
    found = len(make_plan(scored, PROMISE, ECONOMICS, SIZE).frontier)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    print(
        f"search over {rungs} rungs and {examples:,} examples: {seconds:.1f} s ({worked:.1f} s of processor time)",
        end="",
    )
    print(f", {found:,} settings")


def measure(name: str, stack: str, pool: Scored, draws: int, seed: int) -> None:
    rng = np.random.default_rng([seed, *map(ord, name + stack)])
    clairvoyant = make_plan(pool, PROMISE, ECONOMICS, SIZE).path
    shares = []
    start = time.monotonic()
    for number in range(draws):
        tune, calibrate = draw(pool, SIZE, rng), draw(pool, SIZE, rng)
        path = make_plan(tune, PROMISE, ECONOMICS, SIZE).path
        ours, bentkus = _shares(path, calibrate, pool)
        shares.append((ours, _shares(clairvoyant, calibrate, pool)[0], bentkus))
        if sys.stderr.isatty():
            print(f"\r{name} {stack} {number + 1}/{draws}, {time.monotonic() - start:.0f} s  ", end="", file=sys.stderr)
    _show(name, stack, np.array(shares), np.random.default_rng(seed))


def _shares(path: WalkPath | None, calibrate: Scored, pool: Scored) -> tuple[float, float]:
    """What the exact test and Hoeffding-Bentkus certify, as shares of the pool."""
    if path is None:
        return 0.0, 0.0
    outcome = Outcome.of(path, calibrate)
    places = outcome.fixed_sequence(PROMISE.risk), outcome.fixed_sequence(PROMISE.risk, hoeffding_bentkus_p)
    one, other = (0.0 if place is None else evaluate(path.settings[place], pool).share for place in places)
    return one, other


def _show(name: str, stack: str, shares: np.ndarray, rng: np.random.Generator) -> None:
    rows = rng.integers(0, len(shares), (2000, len(shares)))
    medians = np.median(shares[rows], axis=1)
    ratios = medians[:, 0] / np.maximum(medians[:, 1], 1e-12)
    gaps = (shares[:, 0] - shares[:, 2])[rows].mean(axis=1)
    ours, best, bentkus = np.median(shares, axis=0)
    certified = (shares > 0).mean(axis=0)
    print(
        f"{name:12} {stack:12} median share {ours:.3f}, clairvoyant {best:.3f}: ratio {ours / max(best, 1e-12):.3f} "
        f"({_span(ratios)}); certified {certified[0]:.3f}, clairvoyant {certified[1]:.3f}; "
        f"against Hoeffding-Bentkus {bentkus:.3f}: paired mean difference "
        f"{(shares[:, 0] - shares[:, 2]).mean():+.3f} ({_span(gaps)})",
        flush=True,
    )


def _span(values: np.ndarray) -> str:
    low, high = np.quantile(values, [0.025, 0.975])
    return f"{low:.3f} to {high:.3f}"


if __name__ == "__main__":
    main()
