"""How often the intervals cover and the decision errs, by simulation.

    python benchmarks/decision_simulation.py [--runs 1000] [--seed 0]

Every table gives a share of runs with its exact 95 % Monte Carlo interval. Resampling takes fewer runs where n is
large; intervals in closed form take 20 times as many. Where a candidate is worse by exactly the margin, "no" and "yes"
are both counted as wrong, so each of the two, not their sum, is to be held against alpha.

Data come from a model whose true values are known in closed form: labels with unequal frequencies, a share right per
label, two candidates that differ on a chosen share of the examples and, with groups (sizes 1 to 9), members that copy
the first of their group with probability 0.6.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.kinds.classify.metrics import Accuracy, MacroF1, Metric
from strati.statistics import (
    Interval,
    bca_interval,
    bounded_interval,
    clopper_pearson,
    difference_tails,
    tango_interval,
    units_of,
)
from strati.task.task import Goal
from strati.verdict.decision import choose, llm_needed
from strati.verdict.tests import Field, Measured, measure

Array = NDArray[np.float64]
SIZES = (50, 200, 700, 3000)
LABELS = 6
PRIOR = np.array([0.35, 0.25, 0.15, 0.12, 0.08, 0.05])
HARDER = np.array([0.04, 0.02, 0.0, -0.03, -0.06, -0.1])  # rare labels are found less often; adds about 0 to accuracy
COPY = 0.6
MARGIN = 0.03
DRAWS = 1000  # resamples for each interval; the library's default is 4,000


class Pair(NamedTuple):
    """The truth about two candidates: b has a label right with `right`; a loses and gains some of those."""

    right: Array
    lost: float
    gained: float

    @property
    def a_right(self) -> Array:
        return self.right * (1 - self.lost) + (1 - self.right) * self.gained


def truth(metric: Metric, right: Array) -> float:
    """The metric's value in the population: wrong answers go to the other labels alike."""
    found, missed = PRIOR * right, PRIOR * (1 - right)
    alarms = (missed.sum() - missed) / (LABELS - 1)
    sums = np.concatenate([found, alarms, missed]) if not metric.binary else np.array([found.sum(), 1.0])
    return float(metric.aggregate(sums))


def pair_at(metric: Metric, quality: float, gained: float, difference: float) -> Pair:
    """A pair whose true difference a - b is the one asked for."""
    from scipy.optimize import brentq

    right = np.clip(quality + HARDER, 0, 0.99)
    base = truth(metric, right)

    def gap(lost: float) -> float:
        return truth(metric, Pair(right, lost, gained).a_right) - base - difference

    return Pair(right, float(brentq(gap, 0, 0.9)), gained)


def draw(
    rng: np.random.Generator, pair: Pair, n: int, metric: Metric, grouped: bool
) -> tuple[Array, Array, list[int] | None]:
    """Statistics of a and of b, and the groups."""
    label = rng.choice(LABELS, n, p=PRIOR)
    b = rng.random(n) < pair.right[label]
    a = np.where(b, rng.random(n) >= pair.lost, rng.random(n) < pair.gained)
    wrong_a, wrong_b = ((label + rng.integers(1, LABELS, n)) % LABELS for _ in range(2))
    source, groups = np.arange(n), None
    if grouped:
        sizes = rng.integers(1, 10, n)
        group = np.repeat(np.arange(n), sizes)[:n]
        first = np.searchsorted(group, group)
        source, groups = np.where(rng.random(n) < COPY, first, source), group.tolist()
    return (
        _statistics(metric, label, a, wrong_a)[source],
        _statistics(metric, label, b, wrong_b)[source],
        groups,
    )


def _statistics(metric: Metric, label: NDArray[np.int64], right: NDArray[np.bool_], wrong: NDArray[np.int64]) -> Array:
    rows = np.arange(len(label))
    if metric.binary:
        return np.stack([right.astype(float), np.ones(len(label))], axis=1)
    result = np.zeros((len(label), 3 * LABELS))
    result[rows, label] = right
    result[rows[~right], LABELS + wrong[~right]] = 1
    result[rows, 2 * LABELS + label] = ~right
    return result


class Progress:
    """One line on stderr that says what is being done."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def __call__(self, text: str) -> None:
        seconds = time.monotonic() - self.start
        print(f"\r{seconds:5.0f} s  {text:<90}", end="", file=sys.stderr, flush=True)


def table(title: str, head: str, rows: Iterable[tuple[str, list[tuple[int, int]]]]) -> None:
    """Print rows of (hits, runs) as shares with Monte Carlo intervals."""
    print(f"\n{title}\n{head}")
    for name, cells in rows:
        shares = []
        for hits, runs in cells:
            interval = clopper_pearson(hits, runs)
            shares.append(f"{interval.value:.3f} [{interval.low:.3f},{interval.high:.3f}]")
        print(f"{name:<46}" + "  ".join(f"{share:<20}" for share in shares))


def header(columns: Iterable[object]) -> str:
    """Column names over the shares of `table`."""
    return " " * 46 + "  ".join(f"{column!s:<20}" for column in columns)


def wilson(right: int, n: int) -> Interval:
    """The score interval (Wilson, JASA 22, 1927): what the exact one is compared with."""
    from scipy.stats import binomtest

    limits = binomtest(right, n).proportion_ci(0.95, method="wilson")
    return Interval(right / n, float(limits.low), float(limits.high), 0.95, n, "Wilson")


def binomial_coverage(rng: np.random.Generator, runs: int) -> list[tuple[str, list[tuple[int, int]]]]:
    """Coverage of the intervals for right or wrong on independent examples; these are cheap, so 20 times the runs."""
    rows = []
    for quality in (0.7, 0.9, 0.98):
        for name, interval in (("Clopper-Pearson", clopper_pearson), ("Wilson", wilson)):
            cells = []
            for n in SIZES:
                counts, times = np.unique(rng.binomial(n, quality, 20 * runs), return_counts=True)
                limits = [interval(int(count), n) for count in counts]
                cells.append(
                    (sum(int(t) for i, t in zip(limits, times, strict=True) if i.low <= quality <= i.high), 20 * runs)
                )
            rows.append((f"{name}, true {quality}", cells))
    for lost, gained in ((0.05, 0.05), (0.08, 0.02), (0.03, 0.0)):
        cells = []
        for n in SIZES:
            drawn = rng.multinomial(n, [gained, lost, 1 - gained - lost], 20 * runs)
            counts, times = np.unique(drawn, axis=0, return_counts=True)
            covered = 0
            for (x, y, _), t in zip(counts.tolist(), times.tolist(), strict=True):
                limits = tango_interval(x, y, n)
                covered += t * (limits.low <= gained - lost <= limits.high)
            cells.append((covered, 20 * runs))
        rows.append((f"Tango, only a {gained}, only b {lost}", cells))
    return rows


def resampled_coverage(
    rng: np.random.Generator, runs: int, say: Progress
) -> tuple[list[tuple[str, list[tuple[int, int]]]], list[tuple[str, list[tuple[int, int]]]]]:
    """Coverage of BCa and of the Dirichlet interval, and the size of the two paired tests exactly at the margin."""
    coverage, size = [], []
    for metric, grouped in (
        (Accuracy(), True),
        (MacroF1([str(i) for i in range(LABELS)]), False),
        (MacroF1([str(i) for i in range(LABELS)]), True),
    ):
        name = f"{metric.name}, {'groups' if grouped else 'no groups'}"
        pair = pair_at(metric, 0.9, 0.2, -MARGIN)
        true = truth(metric, pair.a_right)
        cells: dict[str, list[tuple[int, int]]] = {
            key: [] for key in ("bca", "dirichlet", "wider", "noninferior", "inferior")
        }
        for n in SIZES:
            some = max(min(runs, 100), runs * 200 // max(n, 200))
            hits = dict.fromkeys(cells, 0)
            for run in range(some):
                if run % 20 == 0:
                    say(f"{name}, n = {n}, run {run} of {some}")
                a, b, groups = draw(rng, pair, n, metric, grouped)
                units = units_of(a, groups)
                dirichlet = bounded_interval(units, metric, seed=run, draws=DRAWS)
                bca = bca_interval(units, metric.aggregate, seed=run, draws=DRAWS) or dirichlet
                hits["bca"] += bca.low <= true <= bca.high
                hits["dirichlet"] += dirichlet.low <= true <= dirichlet.high
                hits["wider"] += min(bca.low, dirichlet.low) <= true <= max(bca.high, dirichlet.high)
                tails = difference_tails(units, units_of(b, groups), metric, seed=run, draws=DRAWS)
                hits["noninferior"] += tails.p_above(-MARGIN) <= 0.05
                hits["inferior"] += tails.p_below(-MARGIN) <= 0.05
            for key, counted in hits.items():
                cells[key].append((counted, some))
        used = {"bca": not grouped, "dirichlet": False, "wider": grouped}
        words = {"bca": "BCa", "dirichlet": "Dirichlet with bounds", "wider": "wider of both"}
        coverage += [(f"{words[key]}, {name}{' (used)' * used[key]}", cells[key]) for key in words]
        size += [(f"non-inferior, {name}", cells["noninferior"]), (f"inferior, {name}", cells["inferior"])]
    return coverage, size


class Scenario(NamedTuple):
    """A ladder: for each rung its name, whether it uses an LLM, and the shares (lost, gained) against the last rung.

    `wrong` says which outcomes (chosen name, decision, needs_llm) would be false.
    """

    name: str
    best: float
    rungs: tuple[tuple[str, bool, float, float], ...]
    unfit: frozenset[str]
    no_is_wrong: bool
    yes_is_wrong: bool
    none_is_wrong: bool = True
    bar: float | None = None


def scenarios() -> list[Scenario]:
    """`lost` counts right answers of the last rung that a rung gets wrong, `gained` the reverse, as shares of all."""
    m = MARGIN
    return [
        Scenario(
            "small is worse by the margin",
            0.92,
            (("small", False, 0.065, 0.035), ("llm", True, 0, 0)),
            frozenset({"small"}),
            True,
            True,
        ),
        Scenario(
            "the same, nested errors",
            0.92,
            (("small", False, m, 0.0), ("llm", True, 0, 0)),
            frozenset({"small"}),
            True,
            True,
        ),
        Scenario(
            "three worse by the margin",
            0.92,
            (
                ("s1", False, 0.055, 0.025),
                ("s2", False, 0.055, 0.025),
                ("s3", False, 0.055, 0.025),
                ("llm", True, 0, 0),
            ),
            frozenset({"s1", "s2", "s3"}),
            True,
            True,
        ),
        Scenario(
            "small and llm exactly on the bar",
            0.9,
            (("small", False, 0.05, 0.05), ("llm", True, 0, 0)),
            frozenset({"small", "llm"}),
            True,
            True,
            True,
            0.9,
        ),
        Scenario("equal", 0.92, (("small", False, 0.05, 0.05), ("llm", True, 0, 0)), frozenset(), False, True),
        Scenario(
            "small is better by the margin",
            0.90,
            (("small", False, 0.035, 0.065), ("llm", True, 0, 0)),
            frozenset({"llm"}),
            False,
            True,
        ),
        Scenario(
            "small is worse by 10 points",
            0.92,
            (("small", False, 0.13, 0.03), ("llm", True, 0, 0)),
            frozenset({"small"}),
            True,
            False,
        ),
        Scenario(
            "all below the bar by 5 points",
            0.85,
            (("small", False, 0.06, 0.03), ("llm", True, 0, 0)),
            frozenset({"small", "llm"}),
            True,
            True,
            False,
            0.9,
        ),
        Scenario(
            "ladder of six, linear within a point",
            0.92,
            (
                ("majority", False, 0.57, 0.03),
                ("keywords", False, 0.25, 0.03),
                ("linear", False, 0.04, 0.03),
                ("llm zero-shot", True, 0.12, 0.03),
                ("llm few-shot", True, 0.04, 0.035),
                ("embeddings", False, 0, 0),
            ),
            frozenset({"majority", "keywords", "llm zero-shot"}),
            False,
            True,
        ),
    ]


def draw_ladder(rng: np.random.Generator, scenario: Scenario, n: int) -> list[Measured]:
    """Right or wrong for each rung on the same examples; the lost and gained examples of two rungs are independent."""
    best = rng.random(n) < scenario.best
    ladder = []
    for place, (name, uses_llm, lost, gained) in enumerate(scenario.rungs):
        keep = rng.random(n) >= lost / scenario.best
        gain = rng.random(n) < gained / (1 - scenario.best)
        right = np.where(best, keep, gain).astype(float)
        statistics = np.stack([right, np.ones(n)], axis=1)
        ladder.append(Measured(name, statistics, np.ones(n, bool), uses_llm, float(place)))
    return ladder


def decision_errors(
    rng: np.random.Generator, runs: int, say: Progress
) -> dict[int, list[tuple[str, list[tuple[int, int]]]]]:
    """For each n and scenario: unfit chosen, wrong "no", wrong "yes", wrong "none", decided, needs_llm answered."""
    tables: dict[int, list[tuple[str, list[tuple[int, int]]]]] = {}
    for n in SIZES:
        tables[n] = []
        for scenario in scenarios():
            goal = Goal(margin=MARGIN, at_least=scenario.bar)
            counts = np.zeros(6, dtype=int)
            for run in range(runs):
                if run % 50 == 0:
                    say(f"decision, n = {n}, {scenario.name}, run {run} of {runs}")
                field = measure(draw_ladder(rng, scenario, n), Accuracy(), goal, None, 0)
                counts += outcome(scenario, field)
            tables[n].append((scenario.name, [(int(count), runs) for count in counts]))
    return tables


def outcome(scenario: Scenario, field: Field) -> list[bool]:
    """What one run got wrong, and what it settled."""
    name, decision = choose(field)
    needs_llm = llm_needed(field)
    return [
        name in scenario.unfit,
        needs_llm == "no" and scenario.no_is_wrong,
        needs_llm == "yes" and scenario.yes_is_wrong,
        decision == "none" and scenario.none_is_wrong,
        decision != "undecided",
        needs_llm != "undecided",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="runs for each row (default 1000)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.runs < 1:
        parser.error(f"--runs is {options.runs}, expected at least 1")
    rng, say = np.random.default_rng(options.seed), Progress()
    table(
        "Coverage of 95 % intervals, independent examples, right or wrong",
        header(f"n = {n}" for n in SIZES),
        binomial_coverage(rng, options.runs),
    )
    coverage, size = resampled_coverage(rng, options.runs, say)
    print(file=sys.stderr)
    table("Coverage of 95 % intervals by resampling (1,000 draws)", header(f"n = {n}" for n in SIZES), coverage)
    table(
        "Size of the paired tests at a true difference of exactly the margin (wanted: at most .05)",
        header(f"n = {n}" for n in SIZES),
        size,
    )
    for n, rows in decision_errors(rng, options.runs, say).items():
        head = header(("unfit chosen", "wrong no", "wrong yes", "wrong none", "decided", "LLM question settled"))
        table(f"The decision at n = {n}, accuracy, margin {MARGIN}, alpha .05 (first four: at most .05)", head, rows)
    print(file=sys.stderr)
    print(f"\n{time.monotonic() - say.start:.0f} seconds, {options.runs} runs, seed {options.seed}")


if __name__ == "__main__":
    main()
