"""Rows to be answered: the input columns of a file, one case a row, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from strati.core.content import content_of
from strati.core.errors import DataError
from strati.core.records import Case
from strati.data.files.formats import open_table
from strati.data.files.table import as_text, no_such_column
from strati.data.guess import only_column

READER = "reader"


class Unlabelled:
    """The rows of a file (or of standard input for "-") as cases, in order, read anew by each iteration.

    Without `inputs` a file of one column is read, and no other: which column holds the input is never guessed.
    A row that cannot be used (too many fields, an empty input) is a pending case with the reason: every row gets a
    line. Without an id column a case's id is its row number, counted from 1.

    Raises:
        DataError: the file cannot be read, or has no such column.
    """

    def __init__(self, source: Path | str, inputs: Sequence[str] = (), id: str | None = None) -> None:
        self._content = content_of(source)
        self.name = self._content.name
        self._table = open_table(self._content, tuple(inputs), None).table
        columns = self._table.columns
        self.inputs = tuple(inputs) or only_column([name for name in columns if name != id], self.name)
        self._id = id
        for column in [*self.inputs, *([id] if id else [])]:
            if column not in columns:
                raise no_such_column(column, columns, self.name)

    @property
    def sha256(self) -> str:
        """The SHA-256 of all bytes."""
        return self._content.sha256()

    def __iter__(self) -> Iterator[Case]:
        wanted = [*self.inputs, *([self._id] if self._id else [])]
        try:
            for number, row in enumerate(self._table.rows(wanted), 1):
                yield self._case(number, row)
        except UnicodeError as error:
            raise DataError(f"{self.name} cannot be read: {getattr(error, 'reason', error)}") from None

    def _case(self, number: int, row: Sequence[object] | str) -> Case:
        if isinstance(row, str):
            return Case(str(number), "").pending(READER, f"row {number}: {row}")
        texts = [as_text(value) for value in row[: len(self.inputs)]]
        key = (as_text(row[-1]) or "").strip() if self._id else ""
        key = key or str(number)
        if None in texts:
            return Case(key, "").pending(READER, f"row {number}: the input is a list or an object, expected text")
        if not any(text and text.strip() for text in texts):
            return Case(key, "").pending(READER, f"row {number}: the input is empty")
        if len(texts) == 1:
            return Case(key, texts[0] or "")
        return Case(key, {name: text or "" for name, text in zip(self.inputs, texts, strict=True)})
