"""What each kind of wrong answer costs, in dollars: a loss for certificates that are about money."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.data.files.rows import read_rows

ANY = "*"


@dataclass(frozen=True)
class ErrorCosts:
    """Dollars by (answer, reference), for every pair of different labels."""

    dollars: dict[tuple[str, str], float]

    @property
    def dearest(self) -> float:
        """Dollars of the dearest error; above 0."""
        return max(self.dollars.values())

    @property
    def mean(self) -> float:
        """Dollars of an error, every kind counted once."""
        return sum(self.dollars.values()) / len(self.dollars)

    def loss(self, value: JSON, reference: JSON) -> float:
        """Dollars lost as a share of the dearest error: 0 for a right answer, at most 1."""
        if value == reference:
            return 0.0
        return self.dollars.get((str(value), str(reference)), self.dearest) / self.dearest

    def to_json(self) -> list[JSON]:
        return [[answer, reference, dollars] for (answer, reference), dollars in self.dollars.items()]


def read_error_costs(path: Path, labels: Sequence[str]) -> ErrorCosts:
    """Read a table with the columns answer, reference and dollars; `*` in one of the first two stands for any label.

    The row that names most labels counts; of `spam,*` and `*,ham`, which both fit, the dearer one.

    Raises:
        DataError: a label is unknown, dollars are no number of at least 0, a row stands twice, or a kind of error has
            no row: an unknown cost is never taken for 0.
    """
    rows: dict[tuple[str, str], float] = {}
    for number, row in enumerate(read_rows(path, ("answer", "reference", "dollars")), 1):
        pair = (row["answer"].strip(), row["reference"].strip())
        for label in pair:
            if label != ANY and label not in labels:
                raise DataError(f"{path}, row {number}: {label!r} is no label of the run, expected one or {ANY}")
        if pair[0] == pair[1] != ANY:
            raise DataError(f"{path}, row {number}: {pair[0]!r} for {pair[1]!r} is no error, expected two labels")
        if pair in rows:
            raise DataError(f"{path}, row {number}: {pair[0]!r} for {pair[1]!r} stands twice, expected one row")
        rows[pair] = _dollars(row["dollars"], path, number)
    found = {(a, r): _most_specific(rows, a, r) for a in labels for r in labels if a != r}
    missing = [pair for pair, dollars in found.items() if dollars is None]
    if missing:
        answer, reference = missing[0]
        raise DataError(f"{path} does not say what {answer!r} for {reference!r} costs, expected a row ({ANY} for any)")
    dollars = {pair: value for pair, value in found.items() if value is not None}
    if not max(dollars.values(), default=0.0) > 0:
        raise DataError(f"{path}: no error costs anything, expected at least one row above 0 dollars")
    return ErrorCosts(dollars)


def _dollars(text: str, path: Path, number: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise DataError(f"{path}, row {number}: dollars is {text!r}, expected a number of at least 0")
    return value


def _most_specific(rows: dict[tuple[str, str], float], answer: str, reference: str) -> float | None:
    if (answer, reference) in rows:
        return rows[answer, reference]
    half = [rows[pair] for pair in ((answer, ANY), (ANY, reference)) if pair in rows]
    return max(half) if half else rows.get((ANY, ANY))
