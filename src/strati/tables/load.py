"""Files into a DuckDB file, every column first as text and then as what it holds. Runs in the contained process."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from strati.core.errors import DataError, MissingExtra
from strati.tables.delimited import read_csv, unpatterned
from strati.tables.raw import fill, names_of
from strati.tables.schema import Type, literal, quoted
from strati.tables.sources import Source
from strati.tables.types import NOTHING, Guess, cleaned, guesses, inside

MOST_TABLES = 200
MOST_ROWS = 1 << 20  # of a sheet, as many as the format allows
_NUMBER = re.compile(r"[+-]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_ODD = 40  # characters of a value that is shown because it is no number
_SAMPLE = 2000  # different values of a column that are looked at to guess its type
_KEPT = {
    "BOOLEAN": Type.BOOLEAN,
    "DATE": Type.DATE,
    "BIGINT": Type.INTEGER,
    "DOUBLE": Type.NUMBER,
    "TIMESTAMP": Type.TIMESTAMP,
}
_CAST = {
    "TINYINT": "BIGINT", "SMALLINT": "BIGINT", "INTEGER": "BIGINT", "UTINYINT": "BIGINT", "USMALLINT": "BIGINT",
    "UINTEGER": "BIGINT", "UBIGINT": "DOUBLE", "HUGEINT": "DOUBLE", "UHUGEINT": "DOUBLE", "FLOAT": "DOUBLE",
    "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP", "TIMESTAMP_NS": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}  # fmt: skip


class Loaded:
    """What is known of one loaded table besides its values: per column the guess that was taken, and what it is of."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source
        self.columns: list[tuple[str, Guess, str]] = []


def load(connection: Any, source: Source, taken: set[str], scratch: Path) -> list[Loaded]:
    """Read all tables of a source into `connection`, under names that are not in `taken`.

    Raises `DataError` with one sentence for what is no table.
    """
    readers = {
        "csv": read_csv,
        "excel": _excel,
        "parquet": _parquet,
        "json": _json,
        "sqlite": _sqlite,
        "duckdb": _duckdb,
    }
    loaded = []
    for title in readers[source.kind](connection, source, scratch):
        name = _free(title, taken)
        taken.add(name)
        loaded.append(_typed(connection, name, source.name))
        if len(loaded) > MOST_TABLES:
            raise DataError(f"{source.name}: has more than {MOST_TABLES} tables")
    if not loaded:
        raise DataError(f"{source.name}: holds no table")
    return loaded


def _free(title: str, taken: set[str]) -> str:
    name = re.sub(r"\W+", "_", title).strip("_").lower() or "data"
    name = f"t_{name}" if name[0].isdigit() else name
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


# Readers: each leaves the rows of one table in "raw" and gives the table's title


def _excel(connection: Any, source: Source, scratch: Path) -> Iterator[str]:
    try:
        import python_calamine
    except ImportError:
        raise MissingExtra("python-calamine", "tables") from None
    try:
        book = python_calamine.CalamineWorkbook.from_path(source.path)
        sheets = [(name, _rows_of(book.get_sheet_by_name(name), source.name)) for name in book.sheet_names]
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{source.name}: cannot be opened as a workbook: {str(error).splitlines()[0]}") from None
    full = [(name, rows) for name, rows in sheets if len(rows) > 1]
    for name, rows in full:
        width = max(len(row) for row in rows)
        top = next(i for i, row in enumerate(rows) if sum(cell not in ("", None) for cell in row) >= min(width, 2))
        header = [_cell(cell) for cell in rows[top]]
        names = names_of(header, f"{source.name}, sheet {name}")
        body = ([_cell(c) for c in row] for row in rows[top + 1 :] if any(c not in ("", None) for c in row))
        fill(connection, names, ([*row, *[None] * (width - len(row))][:width] for row in body), scratch)
        yield (
            name
            if len(full) > 1 and not re.fullmatch(r"(Sheet|Tabelle|Feuil|Hoja)\d*", name)
            else Path(source.name).stem
        )


def _rows_of(sheet: Any, source: str) -> list[list[Any]]:
    if sheet.height > MOST_ROWS:
        raise DataError(
            f"{source}: sheet {sheet.name} has {sheet.height:,} rows, the limit of a workbook is {MOST_ROWS:,}"
        )
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=True)
    return rows


def _cell(value: Any) -> str | None:
    """A cell of a workbook or of SQLite as text; 3.0 is 3."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    if isinstance(value, bytes):
        return None
    text = str(value)
    return text[:10] if text.endswith(" 00:00:00") else text


def _json(connection: Any, source: Source, scratch: Path) -> Iterator[str]:
    records = list(_records(source))
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    chosen = names_of(list(names), source.name)
    fill(connection, chosen, ([record.get(name) for name in names] for record in records), scratch)
    yield Path(source.name).stem


def _records(source: Source) -> Iterator[dict[str, str | None]]:
    text = Path(source.path).read_text(encoding="utf-8-sig", errors="replace")
    if text.lstrip().startswith("["):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{source.name}: is no JSON: {error}") from None
        numbered: Iterable[tuple[int, Any]] = enumerate(values, 1)
    else:
        numbered = _lines(text, source)
    for number, value in numbered:
        if not isinstance(value, dict):
            raise DataError(f'{source.name}: record {number} is no object, expected one such as {{"name": "value"}}')
        yield dict(_flat(value))


def _lines(text: str, source: Source) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{source.name}: line {number} is no JSON: {error}") from None


def _flat(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | dict):
            yield prefix + name, json.dumps(value, ensure_ascii=False)
        else:
            yield prefix + name, _cell(value)


def _sqlite(connection: Any, source: Source, scratch: Path) -> Iterator[str]:
    uri = Path(source.path).as_uri() + "?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=1.0)) as opened:
            opened.execute("PRAGMA trusted_schema = OFF")
            opened.execute("PRAGMA query_only = ON")
            opened.text_factory = lambda raw: raw.decode("utf-8", "replace")
            made = (
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid"
            )
            for (table,) in opened.execute(made).fetchall():
                if table.startswith("sqlite_"):
                    continue
                cursor = opened.execute(f"SELECT * FROM {quoted(table)}")
                names = names_of([column[0] for column in cursor.description], f"{source.name}, table {table}")
                fill(connection, names, ([_cell(cell) for cell in row] for row in cursor), scratch)
                yield table
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise DataError(f"{source.name}: another program has locked the database; close it there first") from None
        raise DataError(f"{source.name}: cannot be read as SQLite: {error}") from None
    except sqlite3.DatabaseError as error:
        raise DataError(f"{source.name}: cannot be read as SQLite: {error}") from None


def _parquet(connection: Any, source: Source, scratch: Path) -> Iterator[str]:
    import duckdb

    try:
        connection.execute(
            f"CREATE TABLE raw AS SELECT * FROM read_parquet({literal(str(unpatterned(Path(source.path), scratch)))})"
        )
    except duckdb.Error as error:
        raise DataError(f"{source.name}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    names_of([row[0] for row in connection.execute("DESCRIBE raw").fetchall()], source.name)
    yield Path(source.name).stem


def _duckdb(connection: Any, source: Source, scratch: Path) -> Iterator[str]:  # noqa: ARG001
    """Base tables only: a view in a stranger's database may read files."""
    import duckdb

    try:
        connection.execute(f"ATTACH {literal(source.path)} AS given (READ_ONLY)")
    except duckdb.Error as error:
        if "could not set lock" in str(error).lower():
            raise DataError(f"{source.name}: another program has locked the database; close it there first") from None
        raise DataError(f"{source.name}: cannot be read as DuckDB: {str(error).splitlines()[0]}") from None
    try:
        query = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'given' ORDER BY table_oid"
        for schema, table in connection.execute(query).fetchall():
            name = f"given.{quoted(schema)}.{quoted(table)}"
            connection.execute(f"CREATE TABLE raw AS SELECT * FROM {name}")
            names_of([row[0] for row in connection.execute("DESCRIBE raw").fetchall()], f"{source.name}, table {table}")
            yield table
    finally:
        connection.execute("DETACH given")


# From text to what it holds


def _typed(connection: Any, name: str, source: str) -> Loaded:
    """Make the table `name` out of "raw" with every column as what it holds."""
    loaded = Loaded(name, source)
    for column, kind, *_ in connection.execute("DESCRIBE raw").fetchall():
        if kind == "VARCHAR" or kind.startswith("ENUM"):
            loaded.columns += _text_column(connection, column, kind)
            continue
        kind = "DOUBLE" if kind.startswith("DECIMAL") else _CAST.get(kind, kind)
        if kind in _KEPT:
            value = f"CAST({quoted(column)} AS {kind})"
            if kind == "DOUBLE":  # NaN is how frames write that nothing is there
                value = f"CASE WHEN isfinite({value}) THEN {value} END"
            loaded.columns.append((column, Guess(_KEPT[kind], value), ""))
        elif kind != "BLOB":
            loaded.columns.append((column, Guess(Type.TEXT, f"CAST({quoted(column)} AS VARCHAR)"), ""))
    loaded.columns += _full_name([column for column, *_ in loaded.columns])
    if not loaded.columns:
        raise DataError(f"{source}: holds no column that can be read")
    chosen = ", ".join(f"{guess.sql} AS {quoted(column)}" for column, guess, _ in loaded.columns)
    connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT {chosen} FROM raw")
    connection.execute("DROP TABLE raw")
    return loaded


def _full_name(names: Sequence[str]) -> list[tuple[str, Guess, str]]:
    """First and last name as one, so that a person can be asked for by both."""
    plain = {re.sub(r"[\W_]+", "", name).casefold(): name for name in names}
    first = plain.get("firstname") or plain.get("givenname") or plain.get("fname")
    last = plain.get("lastname") or plain.get("surname") or plain.get("lname") or plain.get("familyname")
    if first is None or last is None or "fullname" in plain or "name" in plain:
        return []
    whole = f"concat_ws(' ', {cleaned(first)}, {cleaned(last)})"
    note = f"{first} and {last} together"
    return [("full name", Guess(Type.TEXT, f"CASE WHEN {whole} <> '' THEN {whole} END", note=note), "")]


def _text_column(connection: Any, column: str, kind: str) -> list[tuple[str, Guess, str]]:
    if kind != "VARCHAR":
        connection.execute(f"ALTER TABLE raw ALTER {quoted(column)} TYPE VARCHAR")
    text = cleaned(column)
    plain = [(column, Guess(Type.TEXT, text), "")]
    sample = _sample(connection, column)
    fitting: list[Guess] = []
    marked = any(value.casefold() in NOTHING for value in sample)
    for nothing in (NOTHING,) if marked else (("",), NOTHING):
        fitting = fitting or [g for g in guesses(column, sample, nothing) if _fits(connection, column, g, nothing)]
    swapped = [g for g in fitting if g.note.startswith(("dates with the day", "dates with the month"))]
    if len(swapped) > 1:
        note = "dates whose day and month cannot be told apart, so it is kept as text"
        return [(column, Guess(Type.TEXT, text, note=note), "")]
    if fitting:
        return [(column, fitting[0], "")]
    extra = inside(column, sample)
    if extra is None:
        return [(column, _nearly_numbers(connection, text, sample), "")]
    what = extra.note or ("date" if extra.type is Type.DATE else "number")
    return [*plain, (f"{column} [{what}]", extra, column)]


def _nearly_numbers(connection: Any, text: str, sample: Sequence[str]) -> Guess:
    """A column of text; where most of its values are numbers it says which is none."""
    plain = Guess(Type.TEXT, text)
    if 2 * sum(map(bool, map(_NUMBER.fullmatch, sample))) < len(sample):
        return plain
    number = f"TRY_CAST(replace({text}, ',', '') AS DOUBLE)"
    filled, numbers = connection.execute(f"SELECT count({text}), count({number}) FROM raw").fetchone()
    first = f"SELECT rowid + 1, {text} FROM raw WHERE ({text}) IS NOT NULL AND {number} IS NULL ORDER BY rowid LIMIT 1"
    found = connection.execute(first).fetchone()
    if found is None or numbers < max(2, filled / 2):
        return plain
    odd = found[1] if len(found[1]) <= _ODD else found[1][:_ODD] + "..."
    note = f"kept as text, for {odd!r} in row {found[0]:,} is no number ({filled - numbers:,} of {filled:,} values)"
    return replace(plain, note=note, odd=odd)


def _sample(connection: Any, column: str) -> list[str]:
    """Different values from all over the table."""
    name = quoted(column)
    (rows,) = connection.execute("SELECT count(*) FROM raw").fetchone()
    step = max(1, rows // (_SAMPLE * 4))
    some = f"FROM raw WHERE {name} IS NOT NULL AND rowid % {step} = 0"
    query = f"SELECT DISTINCT trim({name}, ' \t\r\n\u00a0') {some} LIMIT {_SAMPLE}"
    return sorted(row[0] for row in connection.execute(query).fetchall() if row[0])


def _fits(connection: Any, column: str, guess: Guess, nothing: Sequence[str]) -> bool:
    """Whether no value is lost by the conversion but marks for nothing."""
    text = cleaned(column, nothing)
    query = f"SELECT 1 FROM raw WHERE ({text}) IS NOT NULL AND ({guess.sql}) IS NULL LIMIT 1"
    return not connection.execute(query).fetchall()
