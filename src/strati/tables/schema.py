"""What is known of the tables: `Schema`, `Table` and `Column`, as they come from the process that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from strati.core.records import JSON


class Type(StrEnum):
    """What a column holds."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TEXT = "text"


NUMERIC = frozenset({Type.INTEGER, Type.NUMBER})
TEMPORAL = frozenset({Type.DATE, Type.TIMESTAMP})


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: as written in the header.
        type: what all its values are.
        missing: rows without a value.
        distinct: how many different values it has; about, in a large table, unless it may be a key.
        low, high: the smallest and the largest value, as text; empty without one.
        unit: what stood beside every number ("$", "kg", "%"), taken off when it was read.
        values: different values, the most frequent first.
        complete: whether `values` are all there are.
        of: the column that this one was computed from: "Height [number]" holds the numbers inside "Height".
        note: what a user should know about how it was read.
        odd: where most values are numbers and it is text all the same: the first that is none.
    """

    name: str
    type: Type
    missing: int = 0
    distinct: int = 0
    low: str = ""
    high: str = ""
    unit: str = ""
    values: tuple[str, ...] = ()
    complete: bool = True
    of: str = ""
    note: str = ""
    odd: str = ""

    @property
    def numeric(self) -> bool:
        return self.type in NUMERIC

    @property
    def temporal(self) -> bool:
        return self.type in TEMPORAL


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name in SQL, the source it came from, its number of rows and its columns."""

    name: str
    source: str
    rows: int
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name; raises `KeyError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def unique(self, column: Column) -> bool:
        """Whether no value occurs twice and none is missing, so that it names the row."""
        return self.rows > 0 and not column.missing and column.distinct == self.rows


@dataclass(frozen=True, slots=True)
class Link:
    """A column whose values all occur in a unique column of another table, so the two can be joined."""

    table: str
    column: str
    to_table: str
    to_column: str


@dataclass(frozen=True, slots=True)
class Schema:
    """All tables, how they can be joined, and a hash of what they hold."""

    tables: tuple[Table, ...]
    links: tuple[Link, ...] = ()
    snapshot: str = ""

    def table(self, name: str) -> Table:
        """The table of that name; raises `KeyError`."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    def to_json(self) -> dict[str, JSON]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> Schema:
        tables = tuple(
            Table(
                table["name"],
                table["source"],
                table["rows"],
                tuple(Column(**{**c, "type": Type(c["type"]), "values": tuple(c["values"])}) for c in table["columns"]),
            )
            for table in value["tables"]
        )
        return cls(tables, tuple(Link(**link) for link in value["links"]), value["snapshot"])


def quoted(name: str) -> str:
    """An identifier in SQL.

    >>> print(quoted('the "net" total'))
    "the ""net"" total"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float | bool | None) -> str:
    """A value in SQL.

    >>> literal("it's"), literal(2.0), literal(True)
    ("'it''s'", '2', 'TRUE')
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
