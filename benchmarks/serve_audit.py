"""The audit's alarm: how often it is false, and how late it is when the error rate rises, beside one that knows.

    python benchmarks/serve_audit.py [--streams 1000]

Quiet streams have the promised error rate itself, the hardest quiet there is, or the rate of a stack that keeps its
promise with room. After `--before` labels the rate rises. The oracle is a CUSUM that knows both rates; its threshold is
set so that it alarms as seldom on quiet streams of the same length. Needs numpy only.
"""

from __future__ import annotations

import argparse

import numpy as np

from strati.serve.audit import Detector
from strati.statistics.proportions import clopper_pearson

LIMIT, QUIET, LOUD = 0.05, 0.03, 0.08


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--streams", type=int, default=1000)
    options.add_argument("--labels", type=int, default=3000)
    options.add_argument("--before", type=int, default=500)
    given = options.parse_args()
    draw = np.random.default_rng(7)
    for rate in (LIMIT, QUIET):
        alarms = sum(first_alarm(draw.random(given.labels) < rate) is not None for _ in range(given.streams))
        bound = clopper_pearson(alarms, given.streams, 0.95)
        print(
            f"quiet at {rate:.0%} (promised {LIMIT:.0%}): {alarms} of {given.streams} streams of {given.labels:,} "
            f"labels ever alarm: {alarms / given.streams:.1%} ({bound.low:.1%} to {bound.high:.1%})"
        )
    quiet = [cusum_peak(draw.random(given.labels) < QUIET) for _ in range(given.streams)]
    threshold = float(np.quantile(quiet, 0.95))
    for loud in (LOUD, 0.15, 0.3):
        delays(draw, given.streams, given.before, given.labels, loud, threshold)


def delays(draw: np.random.Generator, streams: int, before: int, labels: int, loud: float, threshold: float) -> None:
    ours, oracle, missed = [], [], 0
    for _ in range(streams):
        stream = np.concatenate([draw.random(before) < QUIET, draw.random(labels) < loud])
        first, known = first_alarm(stream), cusum_alarm(stream, threshold, loud)
        if first is None or first < before:
            missed += 1
        else:
            ours.append(first - before)
        if known is not None and known >= before:
            oracle.append(known - before)
    if not ours:
        print(f"{QUIET:.0%} to {loud:.0%}: not found within {labels:,} labels")
        return
    half, late = np.median(ours), np.quantile(ours, 0.9)
    print(
        f"{QUIET:.0%} to {loud:.0%} after {before} labels: found after {half:.0f} labels (median), {late:.0f} (90 %), "
        f"errors among them {half * loud:.0f}; not found in {labels:,} or before: {missed} of {streams}; "
        f"oracle CUSUM {np.median(oracle):.0f}, {np.quantile(oracle, 0.9):.0f}"
    )


def first_alarm(stream: np.ndarray) -> int | None:
    detector = Detector(LIMIT)
    return next((at for at, wrong in enumerate(stream) if detector.add(int(wrong))), None)


def steps(stream: np.ndarray, loud: float) -> np.ndarray:
    return np.where(stream, np.log(loud / QUIET), np.log((1 - loud) / (1 - QUIET)))


def cusum_peak(stream: np.ndarray) -> float:
    total, peak = 0.0, 0.0
    for step in steps(stream, LOUD):
        total = max(0.0, total + step)
        peak = max(peak, total)
    return peak


def cusum_alarm(stream: np.ndarray, threshold: float, loud: float) -> int | None:
    total = 0.0
    for at, step in enumerate(steps(stream, loud)):
        total = max(0.0, total + step)
        if total > threshold:
            return at
    return None


if __name__ == "__main__":
    main()
