"""How fast do PDF files get from the reader into the store?

    python benchmarks/ingest_speed.py --data DIR [--rounds N]

The contracts given as PDF (DIR/cuad/contracts_pdf) take the path of `strati ingest` in this one process, without
embeddings: read with line boxes, cut into passages, made into a message and back, written to a new base, one
transaction a document. Beside it, in turns, pypdfium2's plain text alone. Times are of the processor, without the
start of processes and imports; printed are medians over the rounds with 95 % bootstrap intervals, the ratio paired by
round, and the shares of the steps. The target is 100 pages a second on a core.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from reader_speed import interval, plain
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.ingest.wire import receive, send
from strati.knowledge.reader import Limits
from strati.knowledge.readers.pdf import PdfReader
from strati.knowledge.record import Record, from_message, record_of, to_message

STEPS = ("reader", "passages", "message", "store")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    files = [file.read_bytes() for file in sorted((options.data / "cuad" / "contracts_pdf").glob("*.pdf"))]
    if not files or options.rounds < 2:
        parser.error(f"expected PDF files in {options.data / 'cuad' / 'contracts_pdf'} and two rounds or more")
    measure(files, options.rounds)


def measure(files: Sequence[bytes], rounds: int) -> None:
    import pypdfium2

    pages = sum(len(pypdfium2.PdfDocument(data)) for data in files)
    ours(files[:1])  # imports
    alone, steps = [], []
    for _ in range(rounds):
        start = time.process_time()
        plain(files)
        alone.append(time.process_time() - start)
        steps.append(ours(files))
    whole = [sum(step) for step in steps]
    print(f"{len(files)} PDF files, {pages} pages, {rounds} rounds, seconds of processor time")
    show("pypdfium2, plain text", [pages / value for value in alone])
    show("strati, reader to store", [pages / value for value in whole])
    ratios = [value / base for base, value in zip(alone, whole, strict=True)]
    low, high = interval(ratios)
    print(f"  strati takes {statistics.median(ratios):.2f} [{low:.2f}, {high:.2f}] times as long as plain text alone")
    shares = [statistics.median(step[at] / sum(step) for step in steps) for at in range(len(STEPS))]
    print("  of that: " + ", ".join(f"{name} {share:.0%}" for name, share in zip(STEPS, shares, strict=True)))


def ours(files: Sequence[bytes]) -> list[float]:
    """Seconds of processor time of each step; all files into a new base."""
    spent = [0.0] * len(STEPS)
    with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(Path(folder) / "base") as base:
        for number, data in enumerate(files):
            name = f"{number}.pdf"
            times = [time.process_time()]
            document = PdfReader().read(data, name, Limits())
            times.append(time.process_time())
            record = record_of(document, path="/" + name, name=name, container="", data=data, modified="2024-01-01")
            times.append(time.process_time())
            record = through(record)
            times.append(time.process_time())
            base.store.put(record, {})
            times.append(time.process_time())
            spent = [sum(pair) for pair in zip(spent, (b - a for a, b in pairwise(times)), strict=True)]
    return spent


def through(record: Record) -> Record:
    """As it comes from a worker process."""
    pipe = io.BytesIO()
    send(pipe, *to_message(record))
    pipe.seek(0)
    message = receive(pipe)
    if message is None:
        raise ValueError("the message is lost")
    return from_message(*message)


def show(name: str, rates: Sequence[float]) -> None:
    low, high = interval(rates)
    print(f"  {name:24}{statistics.median(rates):6.0f} pages/s [{low:.0f}, {high:.0f}]")


if __name__ == "__main__":
    main()
