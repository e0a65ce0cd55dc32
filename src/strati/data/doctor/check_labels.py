"""Checks of the labels: enough rows, more than one class, no doubles by spelling, none too rare."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from strati.core.figures import several
from strati.data.doctor.finding import DataFinding, first, share, some
from strati.data.doctor.look import Look
from strati.data.normal import normal_label

LEAST_ROWS = 20
_RARE = 5
_IMBALANCED = 0.8  # share of the commonest label from which accuracy misleads
_TOO_MANY_SINGLE_ROWS = 0.1  # of the rows
_TOO_MANY_SINGLE_LABELS = 0.5  # of the labels
_MISSING_WORDS = frozenset(("nan", "null", "none", "n/a", "na", "-", "?", "unknown"))


def check_labels(look: Look) -> Iterator[DataFinding]:
    """What is odd about the set of labels."""
    yield from _enough(look)
    yield from _spelling(look)
    yield from _rare(look)
    yield from _lists(look)
    yield from _imbalance(look)
    yield from _declared(look)
    words = [label for label in look.counts() if label.casefold() in _MISSING_WORDS]
    if words:
        message = f"the labels {some(words)} are taken as classes, though they may mean that the label is missing"
        yield DataFinding("missing_words", "note", message, (), len(words), "delete these rows if they have no label")


def _enough(look: Look) -> Iterator[DataFinding]:
    for dataset in look.datasets.values():
        if len(dataset) < LEAST_ROWS:
            message = f"{dataset.source} has {several(len(dataset), 'usable row')}, expected at least {LEAST_ROWS}"
            way_on = "label more rows: some 50 give a first picture, 300 a decision in clear cases"
            yield DataFinding("too_few_rows", "stop", message, (), len(dataset), way_on)
        if len(dataset.counts) == 1 < len(dataset):
            only = next(iter(dataset.counts))
            message = (
                f"all {len(dataset):,} rows of {dataset.source} have the label {only!r}, expected two or more labels"
            )
            way_on = "check the label column, and that the rows were not cut from a file in label order"
            yield DataFinding("one_class", "stop", message, (), 1, way_on)


def _spelling(look: Look) -> Iterator[DataFinding]:
    labels = list(look.counts())
    doubles = list(_alike(labels, normal_label))
    doubles += [pair for pair in _alike(labels, _number) if len({normal_label(label) for label in pair}) > 1]
    doubles += [pair for dataset in look.datasets.values() for pair in dataset.blank_variants]
    if doubles:
        pairs = ", ".join(" and ".join(repr(label) for label in pair) for pair in doubles[:5])
        more = f", and {len(doubles) - 5} more" if len(doubles) > 5 else ""
        message = f"labels differ by case, blanks or the way a number is written only: {pairs}{more}"
        yield DataFinding("label_spelling", "stop", message, (), len(doubles), "write each label in one way")
    loose = [group for group in _alike(labels, _loose) if len({normal_label(label) for label in group}) > 1]
    if loose:
        pairs = ", ".join(" and ".join(repr(label) for label in group) for group in loose[:5])
        message = f"labels differ by punctuation only: {pairs}"
        yield DataFinding(
            "label_punctuation", "warning", message, (), len(loose), "check that they mean different things"
        )


def _number(label: str) -> str:
    """A label that is a number in one form: 1, 1.0 and 01 are the same; any other as it is."""
    try:
        value = float(label.strip())
    except ValueError:
        return f"text {label}"
    return f"number {value:g}" if math.isfinite(value) and "_" not in label else f"text {label}"


def _lists(look: Look) -> Iterator[DataFinding]:
    """Labels that are several labels joined: each combination would be a class of its own."""
    counts = look.counts()
    for separator in (",", ";", "|", "/", "+", "&"):
        split = {label: [part.strip() for part in label.split(separator)] for label in counts if separator in label}
        uses = Counter(part for parts in split.values() for part in set(parts))
        known = {normal_label(label) for label in counts}
        joined = [
            label
            for label, parts in split.items()
            if all(parts) and all(normal_label(part) in known or uses[part] > 1 for part in parts)
        ]
        if len(joined) < 2:
            continue
        rows = sum(counts[label] for label in joined)
        yield DataFinding(
            "list_labels",
            "warning",
            f"{share(len(joined), len(counts))} labels look like lists joined by {separator!r}: {some(joined)}; "
            f"{rows:,} rows have one, and each combination is taken as a class of its own",
            (),
            len(joined),
            "give each row its one main label, or make one yes-or-no task for each label",
        )
        return


def _imbalance(look: Look) -> Iterator[DataFinding]:
    counts = look.learned.counts
    total = sum(counts.values())
    if len(counts) < 2 or not total:
        return
    label, most = max(counts.items(), key=lambda item: item[1])
    if most / total < _IMBALANCED:
        return
    drowned = 1 - most / total <= look.task.goal.margin
    yield DataFinding(
        "imbalance",
        "warning" if drowned else "note",
        f"{share(most, total)} rows have the label {label!r}: always answering it is right that often"
        + (", and the others are rarer together than the margin, so accuracy decides nothing" if drowned else ""),
        (),
        most,
        "compare every figure with that one and look at each label by itself; metric = 'macro_f1' counts labels alike",
    )


def _rare(look: Look) -> Iterator[DataFinding]:
    counts = look.learned.counts
    if len(counts) < 2:
        return
    single = [label for label, count in counts.items() if count == 1]
    rows = [look.row("train", each) for each in look.learned.examples if counts[str(each.reference)] == 1]
    if single:
        rows_share, labels_share = len(single) / len(look.learned), len(single) / len(counts)
        stop = rows_share > _TOO_MANY_SINGLE_ROWS or labels_share > _TOO_MANY_SINGLE_LABELS
        yield DataFinding(
            "single_row_labels",
            "stop" if stop else "warning",
            f"{share(len(single), len(counts))} labels have one row only and cannot be both learned and measured: "
            f"{some(single)}",
            first(rows),
            len(single),
            "check that this is the label column" if stop else "label more rows of them or merge them",
        )
    rare = [label for label, count in counts.items() if 1 < count < _RARE]
    if rare:
        message = f"{share(len(rare), len(counts))} labels have fewer than {_RARE} rows: {some(rare)}"
        yield DataFinding("rare_labels", "note", message, (), len(rare), "figures for these labels say little")


def _declared(look: Look) -> Iterator[DataFinding]:
    declared, found = set(look.task.labels), look.counts()
    if not declared:
        return
    strange = [label for label in found if label not in declared]
    if strange:
        message = f"the data hold {some(strange)}, which the task's labels do not name"
        way_on = "add them to the task's labels or correct the rows"
        yield DataFinding("undeclared_labels", "stop", message, (), len(strange), way_on)
    absent = [label for label in look.task.labels if label not in found]
    if absent:
        message = f"the task names the labels {some(absent)}, which no row has"
        yield DataFinding("absent_labels", "warning", message, (), len(absent), "label rows of them or drop them")


def _alike(labels: Iterable[str], key: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(key(label), []).append(label)
    return (tuple(group) for group in groups.values() if len(group) > 1)


def _loose(label: str) -> str:
    return re.sub(r"[\W_]+", "", normal_label(label)) or label
