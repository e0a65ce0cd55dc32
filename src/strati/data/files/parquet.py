"""Parquet files, read by a DuckDB that may open this one file and load no extension."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from strati.core.errors import DataError
from strati.data.files.table import Row, places_of

_BATCH = 10_000


class Parquet:
    """A local Parquet file."""

    format = "parquet"
    delimiter: str | None = None
    notes: tuple[str, ...] = ()
    roles: Mapping[str, str] = {}

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = str(path.resolve())
        self.columns = tuple(name for name, *_ in self._query("SELECT * FROM read_parquet(?) LIMIT 0").description)

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        places_of(wanted, self.columns, self.name)
        names = ", ".join('"' + column.replace('"', '""') + '"' for column in wanted)
        result = self._query(f"SELECT {names} FROM read_parquet(?)")
        while batch := result.fetchmany(_BATCH):
            yield from batch

    def _query(self, statement: str):  # type: ignore[no-untyped-def]
        import duckdb

        closed: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        connection = duckdb.connect(":memory:", config=closed)
        allowed = self._path.replace("'", "''")
        connection.execute(f"SET allowed_paths=['{allowed}']")
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        try:
            return connection.execute(statement, [self._path])
        except duckdb.Error as error:
            raise DataError(f"{self.name} is not a readable Parquet file: {str(error).splitlines()[0]}") from None
