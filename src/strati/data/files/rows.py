"""Plain rows of a table file, as text: for files that are not labelled examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from strati.core.content import content_of
from strati.core.errors import DataError
from strati.data.files.formats import open_table
from strati.data.files.table import as_text, no_such_column


def read_rows(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """The rows as mappings from column to text; a missing value is "".

    Raises:
        DataError: the file cannot be read, a needed column is not there, or a value is a list or an object.
    """
    content = content_of(path)
    table = open_table(content, tuple(needed), None).table
    for column in needed:
        if column not in table.columns:
            raise no_such_column(column, table.columns, content.name)
    wanted = [*needed, *(column for column in optional if column in table.columns)]
    for number, row in enumerate(table.rows(wanted), 1):
        if isinstance(row, str):
            raise DataError(f"{content.name}, row {number}: {row}")
        texts = [as_text(value) for value in row]
        if None in texts:
            raise DataError(
                f"{content.name}, row {number}: {wanted[texts.index(None)]} is a list or object, expected text"
            )
        yield dict(zip(wanted, (text or "" for text in texts), strict=True))
