"""Files of recorded answers: id, answer, and where known confidence, cost, seconds and model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from strati.core.errors import DataError
from strati.data.files.rows import read_rows
from strati.stack.layers.recorded import RecordedAnswer

NEEDED = ("id", "answer")
OPTIONAL = ("confidence", "cost", "seconds", "model")


def read_answers(path: Path) -> dict[str, RecordedAnswer]:
    """Recorded answers by example id, from CSV, TSV, JSONL or Parquet.

    `cost` is in dollars; an empty answer is a failure.

    Raises:
        DataError: a column is missing, an id comes twice, or a number is none.
    """
    answers: dict[str, RecordedAnswer] = {}
    for number, row in enumerate(read_rows(path, NEEDED, OPTIONAL), 1):
        key = row["id"].strip()
        if not key:
            raise DataError(f"{path}, row {number}: the id is empty, expected the id of an example")
        if key in answers:
            raise DataError(f"{path}, row {number}: the id {key!r} comes a second time, expected one answer per id")
        confidence = _number(row, "confidence", path, number)
        if confidence is not None and confidence > 1:
            raise DataError(f"{path}, row {number}: confidence is {confidence:g}, expected a number from 0 to 1")
        answers[key] = RecordedAnswer(
            row["answer"].strip() or None,
            confidence,
            _number(row, "cost", path, number),
            _number(row, "seconds", path, number),
            row.get("model", ""),
        )
    if not answers:
        raise DataError(f"{path} holds no answers, expected rows with the columns id and answer")
    return answers


def _number(row: Mapping[str, str], name: str, path: Path, number: int) -> float | None:
    text = row.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise DataError(f"{path}, row {number}: {name} is {text!r}, expected a number of at least 0")
    return value
