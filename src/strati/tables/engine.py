"""A DuckDB file with the user's tables, opened read-only and locked: no disk, no network, no settings.

It runs in a process of its own (see `worker`). Tests and benchmarks on files of their own may use it directly.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.tables.load import Loaded, load
from strati.tables.schema import Column, Link, Schema, Table, Type, literal, quoted
from strati.tables.sources import Source

LISTED = 2000  # different values of a column of text that are kept at hand
_EXACT = 200_000  # rows up to which different values are counted exactly
_INCLUDED = 0.95  # share of a column's different values that must occur in the other to join them
_FEW = 20  # values kept of a column of numbers or dates


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may use."""

    seconds: float = 20.0
    rows: int = 10_000
    memory: int = 2_000_000_000
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Result:
    """Names, types and rows that a query gave; `cut` when there were more rows than the limit."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[JSON, ...], ...]
    seconds: float = 0.0
    cut: bool = False

    @property
    def cell(self) -> JSON:
        """The only cell; None for another shape."""
        return self.rows[0][0] if len(self.rows) == 1 and len(self.columns) == 1 else None


LIMITS = Limits()


class QueryFailed(Exception):
    """The engine refused a query or could not finish it; the reason in one sentence."""

    def __init__(self, reason: str, limit: bool = False) -> None:
        super().__init__(reason)
        self.limit = limit


class Engine:
    """The tables of some sources in a locked DuckDB in `scratch`.

    Raises `DataError` for a source that holds no table.
    """

    def __init__(self, sources: Sequence[Source], scratch: Path, limits: Limits = LIMITS) -> None:
        import duckdb

        self.limits = limits
        path = scratch / "tables.db"
        config = {
            "threads": str(limits.threads),
            "memory_limit": f"{limits.memory // 1_000_000}MB",
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        writer = duckdb.connect(str(path), config={**config, "temp_directory": str(scratch)})
        try:
            taken: set[str] = set()
            loaded = [table for source in sources for table in load(writer, source, taken, scratch)]
            self.schema = _schema(writer, loaded)
        except duckdb.OutOfMemoryException:
            raise DataError(f"the tables need more than {limits.memory // 1_000_000:,} MB of memory") from None
        finally:
            writer.close()
        locked = {"enable_external_access": "false", "temp_directory": ""}
        self._connection = duckdb.connect(str(path), read_only=True, config={**config, **locked})
        self._connection.execute("SET lock_configuration = true")
        self._keys: dict[tuple[str, str], str] = {}

    def query(self, sql: str, seconds: float | None = None, rows: int | None = None) -> Result:
        """Run one statement that has passed the allow-list. Raises `QueryFailed`."""
        import duckdb

        most = rows or self.limits.rows
        deadline = seconds or self.limits.seconds
        timer = threading.Timer(deadline, self._connection.interrupt)
        started = time.perf_counter()
        timer.start()
        try:
            cursor = self._connection.execute(sql)
            described = cursor.description or []
            found = cursor.fetchmany(most + 1)
        except duckdb.InterruptException:
            raise QueryFailed(f"the query took longer than {deadline:g} seconds", limit=True) from None
        except duckdb.OutOfMemoryException:
            allowed = self.limits.memory // 1_000_000
            raise QueryFailed(f"the query needs more than {allowed:,} MB of memory", limit=True) from None
        except (duckdb.Error, RuntimeError) as error:
            raise QueryFailed(_sentence(str(error))) from None
        finally:
            timer.cancel()
        rows_ = tuple(tuple(_plain(cell) for cell in row) for row in found[:most])
        names = tuple(str(column[0]) for column in described)
        types = tuple(str(column[1]) for column in described)
        return Result(names, types, rows_, time.perf_counter() - started, len(found) > most)

    def values(self, table: str, column: str, keys: Sequence[str]) -> list[str]:
        """The stored values of a column whose letters and digits are one of `keys`, whatever their case."""
        if not keys:
            return []
        wanted = ", ".join(map(literal, keys))
        sql = f"SELECT value FROM {self._keyed(table, column)} WHERE key IN ({wanted}) LIMIT 50"
        return [row[0] for row in self.query(sql).rows]

    def _keyed(self, table: str, column: str) -> str:
        """A table in memory of a column's different values with the letters and digits of each, made once."""
        if (table, column) not in self._keys:
            name = f"temp.values_{len(self._keys)}"
            key = "trim(regexp_replace(lower(strip_accents(value)), '[^\\p{L}\\p{N}]+', ' ', 'g'))"
            different = f"SELECT DISTINCT {quoted(column)} AS value FROM {quoted(table)}"
            self.query(f"CREATE TEMP TABLE {name} AS SELECT value, {key} AS key FROM ({different}) AS different")
            self._keys[table, column] = name
        return self._keys[table, column]

    def close(self) -> None:
        self._connection.close()


def _sentence(message: str) -> str:
    line = message.splitlines()[0]
    kind, _, rest = line.partition(": ")
    return rest if kind.endswith("Error") and rest else line


def _plain(cell: Any) -> JSON:
    """A value that JSON can hold: numbers without the noise of binary fractions, dates as ISO text."""
    if isinstance(cell, Decimal):
        cell = float(cell)
    if isinstance(cell, float):
        if not math.isfinite(cell):
            return None
        short = float(f"{cell:.12g}")
        return int(short) if short == int(short) and abs(short) < 1e15 else short
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds" if not cell.microsecond else "microseconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if cell is None or isinstance(cell, bool | int | str):
        return cell
    if isinstance(cell, list | tuple):
        return [_plain(one) for one in cell]
    return str(cell)


# What the tables are like


def _schema(connection: Any, loaded: Sequence[Loaded]) -> Schema:
    tables = tuple(_table(connection, one) for one in loaded)
    digest = hashlib.sha256()
    for table in tables:
        digest.update(repr((table.name, table.rows, [(c.name, c.type) for c in table.columns])).encode())
        names = ", ".join(quoted(column.name) for column in table.columns)
        total = f"SELECT sum(hash({names}, rowid)::HUGEINT) FROM {quoted(table.name)}"
        digest.update(repr(connection.execute(total).fetchone()).encode())
    return Schema(tables, _links(connection, tables), digest.hexdigest()[:32])


def _table(connection: Any, loaded: Loaded) -> Table:
    name = quoted(loaded.name)
    (rows,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
    count = "count(DISTINCT {0})" if rows <= _EXACT else "approx_count_distinct({0})"
    parts = []
    for column, guess, _ in loaded.columns:
        one = quoted(column)
        ends = f"min({one})::VARCHAR, max({one})::VARCHAR" if guess.type is not Type.TEXT else "NULL, NULL"
        parts.append(f"count({one}), {count.format(one)}, {ends}")
    found = connection.execute(f"SELECT {', '.join(parts)} FROM {name}").fetchone()
    columns = []
    for place, (column, guess, of) in enumerate(loaded.columns):
        filled, distinct, low, high = found[place * 4 : place * 4 + 4]
        if rows > _EXACT and distinct > 0.9 * rows:  # it may be a key: count exactly
            (distinct,) = connection.execute(f"SELECT count(DISTINCT {quoted(column)}) FROM {name}").fetchone()
        values, complete = _values(connection, loaded.name, column, guess.type, distinct)
        columns.append(
            Column(
                column, guess.type, rows - filled, distinct, _short(low), _short(high), guess.unit, values, complete,
                of, guess.note, guess.odd,
            )
        )  # fmt: skip
    return Table(loaded.name, loaded.source, rows, tuple(columns))


def _short(value: str | None) -> str:
    return "" if value is None else value.removesuffix(" 00:00:00").removesuffix(".0")


def _values(connection: Any, table: str, column: str, type_: Type, distinct: int) -> tuple[tuple[str, ...], bool]:
    """The most frequent values of a column, and whether they are all of its values."""
    if type_ is Type.BOOLEAN:
        return (), True
    name, most = quoted(column), LISTED if type_ is Type.TEXT else _FEW
    if distinct <= 10 * LISTED:
        query = (
            f"SELECT {name}::VARCHAR FROM {quoted(table)} WHERE {name} IS NOT NULL "
            f"GROUP BY {name} ORDER BY count(*) DESC, min(rowid) LIMIT {most}"
        )
    else:
        some = f"SELECT {name} FROM {quoted(table)} WHERE {name} IS NOT NULL LIMIT 300"
        query = f"SELECT DISTINCT {name}::VARCHAR FROM ({some})"
    values = tuple(row[0] for row in connection.execute(query).fetchall())
    return values, len(values) >= distinct


def _links(connection: Any, tables: Sequence[Table]) -> tuple[Link, ...]:
    """Columns all of whose values occur in a unique column of another table."""
    links = []
    for table in tables:
        for column in table.columns:
            if column.of or column.type not in (Type.INTEGER, Type.TEXT) or not column.distinct:
                continue
            for other in tables:
                for key in other.columns if other.name != table.name else ():
                    if key.type is not column.type or not other.unique(key) or key.distinct < column.distinct:
                        continue
                    if not _akin(column.name, key.name, other.name):
                        continue
                    if _included(connection, (table.name, column.name), (other.name, key.name)):
                        links.append(Link(table.name, column.name, other.name, key.name))
    return tuple(links)


def _included(connection: Any, one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether (nearly) all values of one column occur in the other."""
    mine, theirs = f"a.{quoted(one[1])}", f"b.{quoted(other[1])}"
    query = (
        f"SELECT count(DISTINCT {mine}), count(DISTINCT {mine}) FILTER (WHERE {theirs} IS NOT NULL) "
        f"FROM {quoted(one[0])} AS a LEFT JOIN {quoted(other[0])} AS b ON {theirs} = {mine}"
    )
    (different, found) = connection.execute(query).fetchone()
    return bool(found >= _INCLUDED * different)


def _akin(column: str, key: str, table: str) -> bool:
    """Whether the names say that a column may mean the key: customer_id and id of customers, or the same name."""
    a, b, t = column.casefold(), key.casefold(), table.casefold().rstrip("s")
    return a == b or (t in a and len(t) > 2) or a.endswith(b) or b.endswith(a)
