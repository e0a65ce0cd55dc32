"""What reading a file gives: a `Dataset` of examples, or a `Peek` at its columns."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from strati.core.errors import DataError
from strati.core.records import Example


class Skipped(NamedTuple):
    """A row that was not used, and why. `row` counts data rows from 1."""

    row: int
    why: str


class Cut(NamedTuple):
    """The first rows of a longer file were taken: how many rows and which labels the whole file has."""

    rows: int
    labels: Mapping[str, int]


class Peek(NamedTuple):
    """A look at the head of a file.

    `rows` holds at most 1,000 rows as text, one value per column. `roles` says what an Orange file declares of its
    columns (`class`, `meta`); `notes` what was assumed.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    format: str
    encoding: str
    delimiter: str | None
    notes: tuple[str, ...] = ()
    roles: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled examples of one file, in the order of its rows.

    Attributes:
        examples: the usable rows.
        source: the file's name, or "stdin".
        format: csv, tsv, jsonl, json, parquet or orange.
        encoding: the name of the text encoding that was found; "binary" for Parquet.
        sha256: of the file's bytes.
        skipped: the rows that were not used, with the cause.
        notes: what was assumed while reading (no header, guessed encoding, quotes taken literally).
        columns: the columns of the file.
        blank_variants: pairs of labels as written that differ by blanks at their ends only.
        cut: set when only the first rows of the file were taken.
    """

    examples: tuple[Example, ...]
    source: str = ""
    format: str = "memory"
    encoding: str = "utf-8"
    sha256: str = ""
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    blank_variants: tuple[tuple[str, str], ...] = ()
    cut: Cut | None = None

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def counts(self) -> dict[str, int]:
        """How many examples each label has, in order of first appearance."""
        return dict(Counter(str(example.reference) for example in self.examples))


def head(dataset: Dataset, rows: int) -> Dataset:
    """The first rows, marked as such: the data check stops when the file is in label order."""
    if len(dataset) <= _positive(rows):
        return dataset
    return replace(dataset, examples=dataset.examples[:rows], cut=Cut(len(dataset), dataset.counts))


def sample(dataset: Dataset, rows: int, seed: int) -> Dataset:
    """Rows drawn at random, in the order of drawing, so that nothing is left of a file's label order."""
    if len(dataset) <= _positive(rows):
        return dataset
    chosen = random.Random(seed).sample(range(len(dataset)), rows)
    note = f"{rows:,} of {len(dataset):,} rows were drawn at random (seed {seed})"
    return replace(dataset, examples=tuple(dataset.examples[i] for i in chosen), notes=(*dataset.notes, note))


def _positive(rows: int) -> int:
    if rows < 1:
        raise DataError(f"the number of rows to take is {rows}, expected at least 1")
    return rows
