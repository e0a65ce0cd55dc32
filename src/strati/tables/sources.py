"""What a user brings: paths and data frames, each as a `Source` that the contained process can read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from strati.core.errors import DataError, MissingExtra

_BY_SUFFIX = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv", ".psv": "csv",
    ".xlsx": "excel", ".xls": "excel", ".xlsm": "excel", ".xlsb": "excel", ".ods": "excel",
    ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite", ".duckdb": "duckdb", ".ddb": "duckdb",
}  # fmt: skip


class Frame(Protocol):
    """A pandas or Polars frame."""

    @property
    def columns(self) -> Any: ...


Origin = str | Path | Frame
KNOWN = "CSV, TSV, Excel, Parquet, JSON lines, SQLite or DuckDB"


@dataclass(frozen=True, slots=True)
class Source:
    """A file with tables: its kind ("csv", "excel", ...), its path and the name that is shown for it."""

    kind: str
    path: str
    name: str


def found(origins: Iterable[Origin], scratch: Path) -> tuple[Source, ...]:
    """The sources behind paths and frames; frames are written to `scratch` as Parquet files.

    Raises `DataError` for what does not exist or holds no table.
    """
    sources = []
    number = 0
    for origin in origins:
        if isinstance(origin, str | Path):
            sources.append(_file(Path(origin)))
        else:
            number += 1
            sources.append(_frame(origin, scratch / f"frame{number}.parquet", number))
    if not sources:
        raise DataError(f"no table was given, expected a file ({KNOWN}) or a data frame")
    return tuple(sources)


def _file(path: Path) -> Source:
    if not path.exists():
        raise DataError(f"{path}: there is no such file")
    if path.is_dir():
        raise DataError(f"{path}: is a folder, expected a file ({KNOWN})")
    if not path.is_file():
        raise DataError(f"{path}: is a pipe or a device, expected a file ({KNOWN})")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not head:
        raise DataError(f"{path}: is empty, expected a table")
    return Source(kind_of(head, path), str(path.absolute()), path.name)


def kind_of(head: bytes, path: Path) -> str:
    """The kind of a file by its first bytes, then by its name. Raises `DataError` for what is no table."""
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith(b"PAR1"):
        return "parquet"
    suffix = path.suffix.lower()
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) and _BY_SUFFIX.get(suffix) == "excel":
        return "excel"
    kind = _BY_SUFFIX.get(suffix, "csv")
    binary = b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if binary or kind not in ("csv", "json"):
        expected = KNOWN if kind in ("csv", "json") else f"what its name says, {kind}"
        raise DataError(f"{path}: its bytes are no table, expected {expected}")
    return kind


def _frame(frame: Any, path: Path, number: int) -> Source:
    module = type(frame).__module__.partition(".")[0]
    if module not in ("pandas", "polars"):
        raise DataError(f"found {type(frame).__name__}, expected a path or a pandas or Polars frame")
    name = "frame" if number == 1 else f"frame{number}"
    with suppress(AttributeError, TypeError):
        named = frame.attrs.get("name")
        if isinstance(named, str) and re.fullmatch(r"\w+", named):
            name = named
    columns = [str(column) for column in (frame.columns if module == "pandas" else frame.collect_schema().names())]
    twice = next((c for i, c in enumerate(columns) if c in columns[:i]), None)
    if twice is not None:
        raise DataError(f"the frame has two columns named {twice!r}: give each its own name")
    if not columns:
        raise DataError("the frame has no columns")
    if module == "polars":
        frame = frame.collect() if hasattr(frame, "collect") else frame
        frame.write_parquet(path)
    else:
        _write_pandas(frame, columns, path)
    return Source("parquet", str(path), name)


def _write_pandas(frame: Any, columns: list[str], path: Path) -> None:
    try:
        import duckdb
    except ImportError:
        raise MissingExtra("duckdb", "tables") from None
    plain = frame.set_axis(columns, axis=1).reset_index(drop=True)
    connection = duckdb.connect(config={"python_enable_replacements": "false"})
    try:
        connection.register("frame", plain)
        connection.execute(f"COPY (SELECT * FROM frame) TO '{path}' (FORMAT parquet)")
    except (duckdb.Error, TypeError, ValueError) as error:
        raise DataError(f"the frame cannot be read: {str(error).splitlines()[0]}") from None
    finally:
        connection.close()
