"""Rows per second of `strati run` beside the bare scikit-learn pipeline, and whether its memory stays flat.

    python benchmarks/run_rate.py [--rows 1000000] [--data LABELLED.csv] [--chunk 2000] [--workers N]

The n-gram stack is fitted on the labelled file (columns text and label or category; a made-up corpus without it) and
saved; its texts, cycled, are the rows. `strati run` runs as the command, in a process of its own, with its journal and
one JSON line a row. The bare pipeline is the same two vectorizers and a LinearSVC, predicting chunk by chunk in one
process and writing one label a line. Both read the same CSV. Resident memory of the command's first process is sampled
while it runs. Target: a ratio of at least .70, and memory that does not grow.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from scipy.sparse import hstack
from sklearn.svm import LinearSVC

from strati.core.context import Context
from strati.core.records import Example
from strati.kinds.classify.linear import Linear
from strati.stack.folder import save_stack
from strati.stack.stack import Stack

FITTED = 5000
TUNE = 500


def corpus(data: Path | None) -> list[tuple[str, str]]:
    draw = random.Random(0)
    if data is None:
        words = [f"word{number}" for number in range(2000)]
        topics = [draw.randrange(8) for _ in range(FITTED)]
        return [(" ".join(draw.choices(words[k * 200 : k * 200 + 400], k=12)), f"label{k}") for k in topics]
    with data.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    draw.shuffle(rows)
    label = "label" if "label" in rows[0] else "category"
    return [(row["text"], row[label]) for row in rows]


def fitted(labelled: list[tuple[str, str]]) -> tuple[Stack, object, object]:
    """The stack, and the features and classifier of the bare pipeline."""
    examples = [Example(str(number), text, label) for number, (text, label) in enumerate(labelled)]
    stack = Stack.of(Linear(), name="n-grams").fit(examples[:-TUNE], examples[-TUNE:], Context())
    blocks = stack.stages[0].layer.features.blocks
    texts = [text for text, _ in labelled]
    matrix = hstack([block.transform(texts) for block in blocks], format="csr")
    return stack, blocks, LinearSVC().fit(matrix, [label for _, label in labelled])


def bare(rows: Path, out: Path, blocks: object, classifier: object, chunk: int) -> float:
    """Seconds of the bare pipeline."""
    start = time.perf_counter()
    with rows.open(encoding="utf-8", newline="") as file, out.open("w", encoding="utf-8") as written:
        reader = csv.DictReader(file)
        while texts := [row["text"] for row in islice(reader, chunk)]:
            found = classifier.predict(hstack([block.transform(texts) for block in blocks], format="csr"))
            written.write("\n".join(found) + "\n")
    return time.perf_counter() - start


def command(folder: Path, rows: Path, out: Path, workers: int | None) -> tuple[float, list[float]]:
    """Seconds of `strati run`, and the resident memory of its first process in MB, sampled twice a second."""
    more = [] if workers is None else ["--workers", str(workers)]
    asked = [sys.executable, "-m", "strati", "run", str(folder), str(rows), "--out", str(out), "--input", "text", *more]
    start = time.perf_counter()
    with (out.parent / "run.log").open("wb") as log:
        process = subprocess.Popen(asked, stdout=log, stderr=log)
        memory = list(_watched(process))
    if process.returncode:
        raise SystemExit((out.parent / "run.log").read_text())
    return time.perf_counter() - start, memory


def _watched(process: subprocess.Popen[bytes]) -> Iterator[float]:
    while process.poll() is None:
        try:
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return
        yield pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        time.sleep(0.5)
    process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--chunk", type=int, default=2000)
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    labelled = corpus(given.data)
    stack, blocks, classifier = fitted(labelled[:FITTED])
    with tempfile.TemporaryDirectory() as name:
        folder, rows = Path(name), Path(name) / "rows.csv"
        with rows.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "text"])
            writer.writerows((number, text) for number, (text, _) in enumerate(islice(cycle(labelled), given.rows)))
        save_stack(stack, folder / "n-grams.stack")
        half = bare(rows, folder / "bare.txt", blocks, classifier, given.chunk)
        seconds, memory = command(folder / "n-grams.stack", rows, folder / "answers.jsonl", given.workers)
        again = bare(rows, folder / "bare.txt", blocks, classifier, given.chunk)
        with (folder / "answers.jsonl").open("rb") as file:
            answered = sum(1 for _ in file)
    print(f"{given.rows:,} rows, {answered:,} answered; {os.cpu_count()} cores")
    print(f"bare pipeline, one process: {given.rows / half:,.0f} rows/s before, {given.rows / again:,.0f} after")
    print(f"strati run: {given.rows / seconds:,.0f} rows/s; ratio {(half + again) / 2 / seconds:.2f} (target .70)")
    places = [round(step * (len(memory) - 1) / 5) for step in range(6)] if memory else []
    print("memory of the first process, from start to end, MB: " + ", ".join(f"{memory[at]:.0f}" for at in places))


if __name__ == "__main__":
    main()
