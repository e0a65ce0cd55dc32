"""Checks of order and coverage: rows in label order, files cut short, classes without training rows.

The first rows of a file in label order hold a few of its classes, and every figure measured on them is meaningless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from strati.data.data import Dataset
from strati.data.doctor.finding import DataFinding, Severity, first, share, some
from strati.data.doctor.look import Look

_FEWER_RUNS = 0.2  # of those expected in random order: the file is in label order
_CUT_FROM = 500  # rows; below it, round numbers are as often labelled by hand
_MANY_LABELS = 0.1
_MANY_ROWS = 0.05


def check_order(look: Look) -> Iterator[DataFinding]:
    """Whether a file looks sorted by label, cut short, or without some of the classes."""
    for dataset in look.datasets.values():
        if dataset.cut is not None:
            yield from _head_taken(dataset)
        elif in_label_order([str(example.reference) for example in dataset.examples]):
            yield from _sorted(look, dataset)
    if look.test is not None and "train" in look.datasets:
        yield from _coverage(look, look.learned, look.test)


def in_label_order(labels: Sequence[str]) -> bool:
    """Whether equal labels stand together: far fewer runs than random order would give (Wald and Wolfowitz 1940)."""
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    if len(counts) < 2 or len(labels) < 2 * len(counts):
        return False
    runs = 1 + sum(before != after for before, after in pairwise(labels))
    expected = 1 + len(labels) - sum(count * count for count in counts.values()) / len(labels)
    return runs <= max(_FEWER_RUNS * expected, len(counts)) and runs < expected / 2


def _head_taken(dataset: Dataset) -> Iterator[DataFinding]:
    if dataset.cut is None:
        return
    lost = [label for label in dataset.cut.labels if label not in dataset.counts]
    ordered = in_label_order([str(example.reference) for example in dataset.examples])
    what = f"the first {len(dataset):,} of {dataset.cut.rows:,} rows of {dataset.source}"
    way_on = "take rows at random instead of the first ones"
    lost_rows = sum(dataset.cut.labels[label] for label in lost)
    if lost and (ordered or lost_rows > _MANY_ROWS * dataset.cut.rows):
        there = f"{len(dataset.counts)} of {len(dataset.cut.labels)} labels"
        order = ": the file is in label order" if ordered else ""
        yield DataFinding("head_of_sorted_file", "stop", f"{what} hold {there}{order}", (), len(lost), way_on)
    elif ordered:
        yield DataFinding(
            "head_of_sorted_file", "stop", f"{what} were taken, and the file is in label order", way_on=way_on
        )
    elif lost:
        yield DataFinding("labels_cut_off", "warning", f"{what} lack the labels {some(lost)}", (), len(lost), way_on)


def _sorted(look: Look, dataset: Dataset) -> Iterator[DataFinding]:
    counts, rows = dataset.counts, len(dataset) + len(dataset.skipped)
    last = str(dataset.examples[-1].reference)
    others = [count for label, count in counts.items() if label != last]
    balanced = set(others) == {counts[last]}
    settled = look.test is not None or bool(look.task.labels)
    what = f"the rows of {dataset.source} are in label order"
    seen = f"it has exactly {rows:,} rows and {len(counts)} labels, the last {last!r} with {counts[last]:,} rows"
    way_on = (
        "take rows at random from the whole file; if these are all the labels there are, "
        "name them in the task's `labels` or shuffle the file"
    )
    if not settled and not balanced and _round(rows):
        severity: Severity = "stop" if rows >= _CUT_FROM else "warning"
        message = f"{what} and look like the first part of a longer file: {seen}"
        yield DataFinding("cut_from_sorted_file", severity, message, first([dataset.examples[-1].id]), 1, way_on)
    elif not settled and counts[last] < 0.5 * min(others):
        message = (
            f"{what}, and the last label {last!r} has {counts[last]:,} rows, far fewer than the others: cut short?"
        )
        yield DataFinding("cut_from_sorted_file", "warning", message, first([dataset.examples[-1].id]), 1, way_on)
    else:
        yield DataFinding("label_order", "note", f"{what}; nothing is taken from them by their order")


def _round(rows: int) -> bool:
    return rows % 100 == 0 or (rows >= 64 and rows & (rows - 1) == 0)


def _coverage(look: Look, train: Dataset, test: Dataset) -> Iterator[DataFinding]:
    unseen = [label for label in test.counts if label not in train.counts]
    if unseen:
        rows = [look.row("test", each) for each in test.examples if str(each.reference) not in train.counts]
        many = len(unseen) > _MANY_LABELS * len(test.counts) or len(rows) > _MANY_ROWS * len(test)
        order = in_label_order([str(example.reference) for example in train.examples])
        yield DataFinding(
            "unseen_labels",
            "stop" if many else "warning",
            f"{share(len(unseen), len(test.counts))} labels of the test file, with {share(len(rows), len(test))} rows, "
            f"have no row in the train file: {some(unseen)}"
            + ("; the train file is in label order and seems cut short" if order and many else ""),
            first(rows),
            len(unseen),
            "use the whole train file, or rows taken from it at random",
        )
    unmeasured = [label for label in train.counts if label not in test.counts]
    if unmeasured:
        rows_lost = sum(train.counts[label] for label in unmeasured)
        ordered = in_label_order([str(example.reference) for example in test.examples])
        many = len(unmeasured) > _MANY_LABELS * len(train.counts) and rows_lost > _MANY_ROWS * len(train)
        yield DataFinding(
            "unmeasured_labels",
            "stop" if many and ordered else "warning" if many else "note",
            f"{share(len(unmeasured), len(train.counts))} labels of the train file have no row in the test file: "
            f"{some(unmeasured)}"
            + ("; the test file is in label order and seems cut short" if many and ordered else ""),
            (),
            len(unmeasured),
            "use the whole test file, or rows taken from it at random",
        )
