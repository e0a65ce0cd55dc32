"""Racing: how often it errs, what it saves, and how often the choice differs from that without it.

    python benchmarks/racing.py [--runs 2000] [--data FOLDER] [--sets trec sms emotion banking77] [--models NAME ...]

First a simulation. Slow rungs that are worse than the best fast one by exactly the margin, the worst case, race on 512
rows against it and against each other; counted are the races in which any is retired. The same for rungs that are
better than one that leads by exactly the margin, so needed. Printed: those rates with exact 95 % intervals beside the
alpha promised, and for rungs that are truly behind the share retired and the rows it takes, beside a leader and not.

With --data the ladder runs on public sets (see development_sets.py for the layout) with racing and without it, with the
language models named (default: every one that is pulled; --quick: the smallest of them, two sets, fewer rows). Without
racing the forms are compared on as many rows and the sample is the same, so that the difference is the racing alone.
Printed: calls of language models, seconds, load of the machine, both choices. The exit code is 1 when a simulated rate
is shown to be above its alpha.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import development_sets
from strati import Dataset, Task, bench
from strati.measure.effort import Effort
from strati.measure.race.racing import BESIDE_LEADER, LET_THROUGH, LOOK
from strati.measure.race.trials import Trial
from strati.models.contract import Choice, Embedder, LanguageModel, Prompt
from strati.models.open import open_models
from strati.statistics import binomial_p_values, clopper_pearson, shown_above

ROWS = Effort().race_rows
MARGIN, ALPHA, RIGHT = 0.03, 0.05, 0.9
LLMS = ("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "gemma3-270m", "smollm2-135m")
Scores = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", nargs="*", default=list(development_sets.SETS), choices=list(development_sets.SETS))
    parser.add_argument("--models", nargs="*", default=[], help="pulled models that take part")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    held = simulate(arguments.runs, np.random.default_rng(arguments.seed))
    if arguments.data:
        rows = 1500 if arguments.quick else 10_000
        models, embedders = open_models(arguments.models, [], llms=True)
        if arguments.quick and not arguments.models:
            models, embedders = sorted(models, key=lambda model: model.card.size_bytes or 0)[:1], []
        for name in arguments.sets[:2] if arguments.quick else arguments.sets:
            train, _ = development_sets.SETS[name](arguments.data)
            on_and_off(name, development_sets.dataset(train[:rows]), models, embedders)
    sys.exit(0 if held else 1)


def simulate(runs: int, rng: np.random.Generator) -> bool:
    """Print the error of races in which nobody should be retired, then the power against rungs that are behind."""
    print(f"{runs:,} races of {ROWS} rows, margin {MARGIN}, alpha {ALPHA}, the fast rung right on {RIGHT:.0%}")
    held = True
    for led, gap in ((False, MARGIN), (True, -MARGIN)):
        print(f"\nslow rungs {'better than the leader' if led else 'worse'} by exactly the margin: any is retired in")
        for slow in (1, 4, 8):
            for discordance in (0.05, 0.15):
                wrong = sum(any(retired(rng, [(gap, discordance)] * slow, led)) for _ in range(runs))
                found = clopper_pearson(wrong, runs)
                held &= binomial_p_values(wrong, runs, ALPHA)[0] > 0.001
                rate = f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})"
                print(f"  {slow} slow, discordance {discordance}: {rate}")
    for led in (False, True):
        print(
            f"\none of four is behind{' the leader' if led else ''} by: share retired, rows until then (median, 90 %)"
        )
        for behind in (0.0, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5):
            rungs = [(behind, max(0.1, behind + 0.06)), *[(-MARGIN if led else 0.0, 0.1)] * 3]
            stops = [retired(rng, rungs, led)[0] for _ in range(max(100, runs // 10))]
            out = [stop for stop in stops if stop]
            found = clopper_pearson(len(out), len(stops))
            rows = f"{np.median(out):.0f}, {np.quantile(out, 0.9):.0f}" if out else "-"
            print(f"  {100 * behind:.0f} points: {found.value:.3f} ({found.low:.3f} to {found.high:.3f}), rows {rows}")
    return held


def retired(rng: np.random.Generator, rungs: Sequence[tuple[float, float]], led: bool) -> list[int]:
    """Rows after which each slow rung is retired, 0 for one that stays; each against the fast one and those before.

    Of each slow rung, by how much it is worse than the fast one, and on which share of the rows they differ. With `led`
    the fast one leads, and one that is not better than it by the margin is not needed.
    """
    fast = (rng.random(ROWS) < RIGHT).astype(float)
    slow = len(rungs)
    among = sum(range(slow))  # tests of slow ones against slow ones before them
    passed_beside = passed_among = 0
    stay: list[Scores] = []
    stops = []
    for gap, discordance in rungs:
        own = beside(rng, fast, gap, discordance)
        if led:
            level = ALPHA * BESIDE_LEADER / max(1, slow - passed_beside)
            other = ALPHA * (1 - BESIDE_LEADER) / max(1, among - passed_among)
        else:
            level = other = ALPHA / max(1, slow + among - passed_beside - passed_among)
        made = [(fast - own, MARGIN, level), *((rival - own, MARGIN, other) for rival in stay)]
        if led:
            made.append((fast - own, -MARGIN, level))
        stop, place = race(made)
        stops.append(stop)
        if not stop:
            stay.append(own)
        elif place in (0, len(stay) + 1):
            passed_beside += 1
        else:
            passed_among += 1
    return stops


def beside(rng: np.random.Generator, fast: Scores, gap: float, discordance: float) -> Scores:
    """A rung that is right where the fast one is, but for changes that make it worse by `gap` on the mean."""
    lost, won = (discordance + gap) / 2 / RIGHT, (discordance - gap) / 2 / (1 - RIGHT)
    if not (0 <= lost <= 1 and 0 <= won <= 1):
        raise ValueError(f"no rung is worse by {gap} and differs on {discordance} of the rows: {lost:.2f}, {won:.2f}")
    return np.where(fast == 1, rng.random(len(fast)) >= lost, rng.random(len(fast)) < won).astype(float)


def race(made: Sequence[tuple[Scores, float, float]]) -> tuple[int, int]:
    """As `strati.measure.race.racing` does it: look after every batch, let through what will not be retired by the end.

    `made` are the tests: values, bound, alpha. Returns the rows after which one passes and its place; 0 rows: none.
    """
    shown = [shown_above(*test) or ROWS + 1 for test in made]
    first = min(shown)
    retired_at = 0 if first > ROWS else -(-first // LOOK) * LOOK
    for rows in range(LET_THROUGH, retired_at or ROWS, LOOK):
        if not any(Trial("", gap[:rows], bound, -1.0).within_reach(alpha, ROWS) for gap, bound, alpha in made):
            return 0, 0
    return retired_at, next((place for place, rows in enumerate(shown) if rows <= retired_at), 0)


class Counted:
    """A language model that counts its calls."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.calls = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        self.calls += 1
        return self._model.choose(prompt, options)


def on_and_off(name: str, data: Dataset, models: Sequence[LanguageModel], embedders: Sequence[Embedder]) -> None:
    """Print what racing saves on one set, and both choices."""
    print(f"\n{name}: {len(data):,} rows; language models: {', '.join(model.card.name for model in models)}")
    sample: int | None = None
    choices = []
    for racing in (True, False):
        counted = [Counted(model) for model in models]
        effort = replace(Effort(), racing=racing, sample=sample)
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            outcome = bench(
                data, Task(), models=counted, embedders=embedders, effort=effort, runs=Path(folder) / "runs"
            )
        verdict = outcome.verdict
        sample = verdict["limits"]["sample"]
        choices.append((verdict["choice"]["decision"], verdict["choice"]["name"], verdict["choice"]["needs_llm"]))
        print(
            f"  racing {'on ' if racing else 'off'}: {sum(model.calls for model in counted):,} calls, "
            f"{time.perf_counter() - start:.0f} s (load {os.getloadavg()[0]:.1f}), sample {sample}; "
            f"{verdict['choice']['headline']}"
        )
        for row in verdict["candidates"] if racing else []:
            if row["race"]:
                known = row["race"]
                print(
                    f"    {row['name']}: {row['status']} after {known['rows']} rows of the race at {known['value']:.2f}"
                )
    print(f"  the choice {'is the same' if choices[0] == choices[1] else f'differs: {choices[0]} and {choices[1]}'}")


if __name__ == "__main__":
    main()
