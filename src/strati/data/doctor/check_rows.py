"""Checks of single rows: encoding, skipped rows, damaged characters, huge inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from strati.data.data import Dataset
from strati.data.doctor.finding import DataFinding, first, share
from strati.data.doctor.look import Look

HUGE = 20_000  # characters: about 5,000 tokens, more than small local models are given
_FEW_SKIPPED = 0.05
_MOSTLY_SKIPPED = 0.5
# UTF-8 that was read as Windows-1252 at some time in its life.
_DAMAGED = ("\ufffd", "Ã©", "Ã¨", "Ã¼", "Ã¶", "Ã¤", "â€™", "â€œ", "â€“", "Â ")


def check_rows(look: Look) -> Iterator[DataFinding]:
    """What is odd about single rows."""
    for name, dataset in look.datasets.items():
        yield from _reading(dataset)
        yield from _skipped(dataset)
        yield from _damaged(look, name, dataset)
        yield from _huge(look, name, dataset)


def _reading(dataset: Dataset) -> Iterator[DataFinding]:
    for note in dataset.notes:
        yield DataFinding("reading", "note", f"{dataset.source}: {note}")
    told = any(dataset.encoding in note for note in dataset.notes)
    if not told and dataset.encoding not in ("utf-8", "utf-8-sig", "binary", "ascii"):
        yield DataFinding("encoding", "note", f"{dataset.source} was read as {dataset.encoding}")


def _skipped(dataset: Dataset) -> Iterator[DataFinding]:
    count = len(dataset.skipped)
    if not count:
        return
    total = count + len(dataset)
    causes = Counter(why for _, why in dataset.skipped).most_common(3)
    told = "; ".join(f"{why} ({times:,})" for why, times in causes)
    part = count / total
    yield DataFinding(
        "skipped_rows",
        "stop" if part > _MOSTLY_SKIPPED else "warning" if part > _FEW_SKIPPED else "note",
        f"{dataset.source}: {share(count, total)} rows cannot be used: {told}",
        first(str(row) for row, _ in dataset.skipped),
        count,
        "give every row an input and a label, and check the delimiter and the quotes",
    )


def _damaged(look: Look, name: str, dataset: Dataset) -> Iterator[DataFinding]:
    rows = [
        look.row(name, example)
        for example in dataset.examples
        if not (text := example.text).isascii() and any(mark in text for mark in _DAMAGED)
    ]
    if rows:
        message = f"{dataset.source}: {share(len(rows), len(dataset))} rows have characters damaged by a wrong encoding"
        yield DataFinding("damaged_text", "warning", message, first(rows), len(rows), "export the data again as UTF-8")


def _huge(look: Look, name: str, dataset: Dataset) -> Iterator[DataFinding]:
    sizes = [(len(example.text), example) for example in dataset.examples if len(example.text) > HUGE]
    if sizes:
        sizes.sort(key=lambda pair: -pair[0])
        yield DataFinding(
            "huge_rows",
            "warning",
            f"{dataset.source}: {share(len(sizes), len(dataset))} inputs are longer than {HUGE:,} characters, "
            f"the longest has {sizes[0][0]:,}",
            first(look.row(name, example) for _, example in sizes),
            len(sizes),
            "cut them before labelling; language models whose context they exceed will fail on them",
        )
