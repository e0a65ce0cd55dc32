"""What every file format offers to the reader: its columns, and rows of the columns that are wanted."""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from strati.core.errors import DataError

Row = tuple[object, ...] | str  # values in the order asked for, or why this row cannot be used


class Table(Protocol):
    """A file as a table.

    Attributes:
        columns: all columns; for JSON, those of the first rows.
        format: csv, tsv, jsonl, json, parquet, orange or conll.
        delimiter: between the fields of a text table, or None.
        notes: what was assumed.
        roles: what the file itself says of a column (`class`, `meta`).
    """

    columns: tuple[str, ...]
    format: str
    delimiter: str | None
    notes: tuple[str, ...]
    roles: Mapping[str, str]

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        """The data rows, each as the values of the wanted columns."""
        ...


def as_text(value: object) -> str | None:
    """A plain value as text, "" for a missing one, None for what is no plain value (list, object, bytes).

    >>> as_text(3.0), as_text(True), as_text(None), as_text(["a"])
    ('3', 'true', '', None)
    """
    if isinstance(value, str):
        return whole_characters(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return str(value) if isinstance(value, (int, Decimal)) else None


def whole_characters(text: str) -> str:
    """The text with halves of surrogate pairs, which JSON escapes can bring in, replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def places_of(wanted: Sequence[str], columns: Sequence[str], name: str) -> list[int]:
    """Where the wanted columns are. Raises `DataError` with the columns there are."""
    return [_place(column, columns, name) for column in wanted]


def listed(columns: Sequence[str]) -> str:
    """Column names for a message, long ones and long lists cut."""
    shown = ", ".join(name if len(name) <= 40 else name[:37] + "..." for name in columns[:30])
    return shown + (f" and {len(columns) - 30} more" if len(columns) > 30 else "")


def no_such_column(column: str, columns: Sequence[str], name: str) -> DataError:
    """The error for a column that is not there: lists those there are and the closest."""
    lowered = {each.casefold(): each for each in columns}
    close = difflib.get_close_matches(column.casefold(), list(lowered), n=1, cutoff=0.6)
    hint = f"; did you mean {lowered[close[0]]!r}?" if close else ""
    return DataError(f"{name} has no column {column!r}; its columns are: {listed(columns)}{hint}")


def _place(column: str, columns: Sequence[str], name: str) -> int:
    count = list(columns).count(column)
    if not count:
        raise no_such_column(column, columns, name)
    if count > 1:
        raise DataError(f"{name} has {count} columns named {column!r}, expected one: rename the others")
    return list(columns).index(column)
