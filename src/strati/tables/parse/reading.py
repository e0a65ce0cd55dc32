"""What was understood of a question: `Reading`, from which both the SQL and its words are made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from strati.core.records import JSON
from strati.tables.schema import Column, Link


class Shape(StrEnum):
    """The twelve shapes of question that are answered without a language model."""

    LOOK_UP = "look up"
    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    EXTREME = "minimum or maximum with its row"
    TOP = "top k"
    BY_VALUE = "filter by value"
    BY_NUMBER = "filter by number"
    BY_DATE = "filter by date range"
    GROUP = "group by"
    COMPARE = "compare two"
    SHARE = "share of total"


class Op(StrEnum):
    """How a condition tests its field."""

    IN = "is"
    CONTAINS = "contains"
    GT = "is more than"
    GE = "is at least"
    LT = "is less than"
    LE = "is at most"
    BETWEEN = "is between"
    SPAN = "lies in"
    MONTH = "falls in month"
    QUARTER = "falls in quarter"
    WEEKDAY = "falls on"
    DAY = "falls on day"
    MISSING = "is missing"
    TRUE = "is true"
    NO_TOTAL = "is no total"


class Agg(StrEnum):
    """An aggregate."""

    COUNT = "count"
    DISTINCT = "count distinct"
    SUM = "sum"
    AVG = "avg"
    MEDIAN = "median"
    MIN = "min"
    MAX = "max"


class Grain(StrEnum):
    """A part of a date to group by."""

    DECADE = "decade"
    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the table that is asked about, or of one that it is joined with."""

    table: str
    column: Column
    via: Link | None = None

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one field. `text` says the values in words where SQL would not."""

    field: Field
    op: Op
    values: tuple[JSON, ...] = ()
    text: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound on the count or the aggregate of a group; `values` are two for "between"."""

    op: Op
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two conditions that are compared, and what is wanted of them: "difference", "which", "truth" or "both"."""

    left: Condition
    right: Condition
    wants: str
    direction: int = 1
    left_name: str = ""
    right_name: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a question.

    Attributes:
        base: the table whose rows are counted, filtered or looked up.
        shape: which of the twelve it is.
        columns: the fields that are the answer, row by row.
        context: fields shown beside them.
        agg, measure: the aggregate and what it is taken of; a count of rows has no measure.
        conditions: all must hold.
        group, grain: the field rows are grouped by; its part, for a date.
        direction: 1 for the largest first, -1 for the smallest, 0 for none. `order` is what is ordered by.
        limit: how many; 0 for all. `nth`: only the one in this place.
        having: a bound on the count or aggregate of a group. `groups`: how many groups there are
            is wanted. `valued`: what is bounded is wanted beside the group.
        pair: what is compared.
        part: the conditions of the part, for a share of the total. `fraction` of 1 instead of percent.
        truth: yes or no is wanted: whether there is such a row.
        distinct: each value once.
        within: the field of whose every value the first row is wanted.
    """

    base: str
    shape: Shape
    columns: tuple[Field, ...] = ()
    context: tuple[Field, ...] = ()
    agg: Agg | None = None
    measure: Field | None = None
    conditions: tuple[Condition, ...] = ()
    group: Field | None = None
    grain: Grain | None = None
    direction: int = 0
    order: Field | None = None
    limit: int = 0
    nth: int = 0
    having: Bound | None = None
    groups: bool = False
    valued: bool = False
    pair: Pair | None = None
    part: tuple[Condition, ...] = ()
    fraction: bool = False
    truth: bool = False
    distinct: bool = False
    within: Field | None = None
    by_row: bool = False

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields that it uses, each once."""
        pair = (self.pair.left.field, self.pair.right.field) if self.pair else ()
        conditions = tuple(c.field for c in (*self.conditions, *self.part))
        others = tuple(f for f in (self.measure, self.group, self.order) if f is not None)
        return tuple(dict.fromkeys((*self.columns, *self.context, *conditions, *others, *pair)))
