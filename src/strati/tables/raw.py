"""What all readers leave behind: the rows of one table as text, in the table "raw" of a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from strati.core.errors import DataError
from strati.tables.schema import literal

MOST_COLUMNS = 1000
NULL = "\\N"


def names_of(header: Sequence[Any], source: str) -> list[str]:
    """The names of the columns, in one line each. Raises `DataError` for two that are the same."""
    if len(header) > MOST_COLUMNS:
        raise DataError(f"{source}: has {len(header):,} columns, the limit is {MOST_COLUMNS:,}")
    names = [" ".join(str(name if name is not None else "").split()) for name in header]
    names = [name or f"column {place}" for place, name in enumerate(names, 1)]
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        key = name.casefold()
        if key in places:
            raise DataError(
                f"{source}: columns {places[key]} and {place} are both named {name!r}, "
                "expected a name of its own for each"
            )
        places[key] = place
    if not names or all(name.startswith("column ") for name in names):
        raise DataError(f"{source}: has no header, expected the names of the columns in the first row")
    return names


def fill(
    connection: Any,
    names: Sequence[str],
    rows: Iterable[Sequence[str | None]],
    scratch: Path,
    error: Exception | None = None,
) -> None:
    """Fill "raw" with rows of text by way of a file that DuckDB reads fast."""
    import duckdb

    plain = scratch / "rows.csv"
    with plain.open("w", encoding="utf-8", newline="") as file:
        for row in rows:
            cells = (NULL if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row)
            file.write(",".join(cells) + "\n")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    try:
        connection.execute(
            f"CREATE OR REPLACE TABLE raw AS SELECT * FROM read_csv({literal(str(plain))}, delim=',', quote='\"', "
            f"escape='\"', header=false, auto_detect=false, columns={{{columns}}}, nullstr={literal(NULL)}, "
            "allow_quoted_nulls=false, new_line='\\n', max_line_size=64000000)"
        )
    except duckdb.Error as second:
        raise DataError(f"the table cannot be read: {str(error or second).splitlines()[0]}") from None
    plain.unlink()
