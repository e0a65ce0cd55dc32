"""What the rows outside train are worth: the stack that is delivered, beside the one that was measured, on fresh rows.

    python benchmarks/all_labels.py --data ../shared/data [--sets trec sms banking77 sentences]

Half of each set is benched with the trained rungs that need no model; the other half is fresh: no split of the run has
it. Both stacks of the n-gram rung answer it, paired.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
from pathlib import Path

import numpy as np

from strati.core.context import Context
from strati.core.records import Case, Example
from strati.data import Dataset
from strati.measure.journal import Journal
from strati.measure.results import load_results
from strati.prove.bench import bench
from strati.prove.studies import Studies
from strati.stack.folder import load_stack
from strati.statistics.contrast import paired_interval
from strati.task.task import Goal, Task

RUNG = "n-grams"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=list(READ), choices=list(READ))
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    print(
        f"{'set':<11} {'seed':>4} {'train':>6} {'taught':>7} {'fresh':>6} {'measured':>9} {'delivered':>10}  gain, 95 %"
    )
    for name in given.sets:
        rows = READ[name](given.data)
        for seed in range(given.seeds):
            one_set(name, rows, seed)


def one_set(name: str, rows: list[tuple[str, str]], seed: int) -> None:
    drawn = list(dict(rows).items())
    random.Random(f"all labels {seed}").shuffle(drawn)
    half = [Example(str(place), text, label) for place, (text, label) in enumerate(drawn)]
    known, fresh = half[: len(half) // 2], half[len(half) // 2 :]
    task = Task(goal=Goal(margin=0.02))
    with tempfile.TemporaryDirectory() as folder:
        data = Dataset(tuple(known), name, "csv", "utf-8", "0")
        done = bench(data, task, runs=Path(folder) / "runs", studies=Studies(curve=False), seed=seed)
        with Journal(done.journal, read_only=True) as journal:
            results = load_results(journal)
            record = results.result(RUNG).record
            stacks = done.journal.with_suffix(".stacks")
            right = [answered(stacks / str(path), fresh) for path in (record.stack, record.delivered)]
            metric, splits = results.right_wrong, results.meta["data"]["splits"]
    gain = paired_interval(right[1], right[0], metric, 0.95)
    means = [float(one.mean()) for one in right]
    print(
        f"{name:<11} {seed:>4} {splits['train']:>6,} {record.taught_rows or 0:>7,} {len(fresh):>6,} {means[0]:>9.4f} "
        f"{means[1]:>10.4f}  {gain.value:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})",
        flush=True,
    )


def answered(folder: Path, rows: list[Example]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Shape [n, 1]: 1 where the stack is right."""
    cases = load_stack(folder).run([Case(row.id, row.input) for row in rows], Context())
    return np.array(
        [[float(c.answer is not None and c.answer.value == r.reference)] for c, r in zip(cases, rows, strict=True)]
    )


def trec(data: Path) -> list[tuple[str, str]]:
    lines = (data / "trec_qc/train_5500.label").read_text("latin-1").splitlines()
    pairs = [line.split(" ", 1) for line in lines]
    return [(text.strip(), label.partition(":")[0]) for label, text in pairs]


def sms(data: Path) -> list[tuple[str, str]]:
    file = next(path for path in sorted((data / "sms_spam").iterdir()) if path.name != "SOURCE.txt")
    lines = file.read_text("utf-8").splitlines()
    pairs = [line.split("\t", 1) for line in lines if "\t" in line]
    return [(text, label) for label, text in pairs]


def banking77(data: Path) -> list[tuple[str, str]]:
    with (data / "banking77/train.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def sentences(data: Path) -> list[tuple[str, str]]:
    lines = (data / "financial_phrasebank/Sentences_75Agree.txt").read_text("latin-1").splitlines()
    pairs = [line.rsplit("@", 1) for line in lines]
    return [(text.strip(), label.strip()) for text, label in pairs]


READ = {"trec": trec, "sms": sms, "banking77": banking77, "sentences": sentences}


if __name__ == "__main__":
    main()
