"""The allow-list: one SELECT over known tables, columns and functions, or a sentence that says what was found instead.

What is executed is written anew from the checked syntax tree, never the text that came in: a difference between two
parsers leaves nothing to hide in.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strati.core.errors import MissingExtra, UserError
from strati.tables.schema import NUMERIC, Schema

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST = 20_000  # characters of a query

_SYNTAX = """
    Select Union Intersect Except Subquery With CTE From Join Where Group Having Order Ordered Limit Offset Fetch
    Distinct Qualify Window WindowSpec Star Column Identifier Alias TableAlias Table Literal Boolean Null Paren
    Tuple In Between Like ILike SimilarTo Is Not And Or Xor EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ Add Sub Mul
    Div IntDiv Mod Neg DPipe Case If Cast TryCast DataType DataTypeParam Interval IntervalSpan Var Exists Filter
    Escape IgnoreNulls RespectNulls WithinGroup Any All Hint Cube Rollup GroupingSets Aliases
"""
_FUNCTIONS = """
    Count CountIf Sum Avg Min Max Median Mode Stddev StddevPop StddevSamp Variance VariancePop Quantile
    PercentileCont PercentileDisc ApproxDistinct ArgMax ArgMin GroupConcat AnyValue First Last FirstValue LastValue
    NthValue RowNumber Rank DenseRank PercentRank CumeDist Ntile Lag Lead Round Floor Ceil Abs Sign Sqrt Pow Exp Ln
    Log Greatest Least Coalesce Nullif Upper Lower Initcap Trim Length Substring Left Right Replace Concat ConcatWs
    StrPosition StartsWith EndsWith Contains RegexpLike RegexpFullMatch RegexpExtract RegexpReplace Reverse Extract
    DateTrunc TimestampTrunc Year Month Day Quarter Week WeekOfYear DayOfWeek DayOfWeekIso DayOfMonth DayOfYear Hour
    Minute Second DateDiff TsOrDsDiff TimestampDiff DateAdd DateSub TimestampAdd TimestampSub TsOrDsAdd TsOrDsToDate
    TimeToStr StrToTime StrToDate Date DateFromParts CurrentDate CurrentTimestamp LastDay Corr CovarSamp CovarPop
    ToNumber LogicalOr LogicalAnd Dayname Monthname Trunc IsNan TimeToUnix
"""
_NAMED = frozenset(
    """
    date_part datepart datediff date_diff monthname dayname strip_accents isfinite isnan any_value mode count_if
    bool_or bool_and year month day quarter week weekday isodow dayofweek dayofyear hour minute trunc even ltrim
    rtrim contains starts_with ends_with prefix suffix regexp_matches regexp_full_match regexp_extract
    regexp_replace len instr strpos ifnull product quantile_cont quantile_disc max_by min_by arg_max arg_min epoch
    century decade list_avg julian date_trunc make_date age last_day strftime try_strptime
    """.split()  # noqa: SIM905
)
_ALLOWED = frozenset((_SYNTAX + _FUNCTIONS).split())


class Refused(UserError):
    """A query that is not run; the reason says what was found and what is allowed."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A query that may run: its text written anew, the tables it reads, and what is suspicious about it."""

    sql: str
    tables: tuple[str, ...]
    flags: tuple[str, ...] = ()


def validated(sql: str, schema: Schema) -> Checked:
    """Check a query against the allow-list.

    Args:
        sql: one SELECT in DuckDB's dialect.
        schema: the tables and columns there are.

    Raises `Refused` with the reason.
    """
    try:
        import sqlglot
        from sqlglot.errors import SqlglotError
    except ImportError:
        raise MissingExtra("sqlglot", "tables") from None
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what is refused is said once, by the refusal
    if len(sql) > LONGEST:
        raise Refused(f"the query has {len(sql):,} characters, the limit is {LONGEST:,}")
    try:
        statements = [statement for statement in sqlglot.parse(sql, read="duckdb") if statement is not None]
        if len(statements) != 1:
            raise Refused(f"found {len(statements)} statements, expected one SELECT")
        tree: Any = statements[0]
        _check(tree, schema)
        tree = _qualified(tree, schema)
        _check_types(tree, schema)
        tables = tuple(dict.fromkeys(_own_tables(tree, schema)))
        return Checked(statements[0].sql(dialect="duckdb", comments=False), tables, tuple(_flags(tree)))
    except RecursionError:
        raise Refused("the query is nested too deeply") from None
    except SqlglotError as error:
        raise Refused(f"the query is not valid SQL: {_one_line(str(error))}") from None


def _one_line(text: str) -> str:
    return " ".join(
        "".join(c for c in text.replace("\x1b[4m", "").replace("\x1b[0m", "") if c.isprintable() or c.isspace()).split()
    )[:200]


def _check(tree: Any, schema: Schema) -> None:
    from sqlglot import exp

    if not isinstance(tree, exp.Select | exp.SetOperation | exp.Subquery):
        raise Refused(f"found {_verb(tree)}, expected one SELECT: tables are only read here")
    if any(with_.args.get("recursive") for with_ in tree.find_all(exp.With)):
        raise Refused("found a recursive query, which may run without end")
    known = {table.name.casefold() for table in schema.tables}
    named = {cte.alias_or_name.casefold() for cte in tree.find_all(exp.CTE)}
    for node in tree.walk():
        if isinstance(node, exp.Table):
            _check_table(node, known | named, schema)
        elif isinstance(node, exp.Select) and node.args.get("into"):
            raise Refused("found SELECT INTO, expected one SELECT: tables are only read here")
        elif isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            if node.name.casefold() not in _NAMED:
                raise Refused(f"the function {node.name[:60]}() is not allowed here")
        elif type(node).__name__ not in _ALLOWED:
            kind = "function" if isinstance(node, exp.Func) else "construct"
            raise Refused(f"the {kind} {node.key.upper()} is not allowed here")


def _check_table(node: exp.Table, known: set[str], schema: Schema) -> None:
    from sqlglot import exp

    if not isinstance(node.this, exp.Identifier):
        raise Refused(f"found the table function {node.this.sql(dialect='duckdb')[:60]}, expected a table's name")
    if node.args.get("db") or node.args.get("catalog"):
        raise Refused(f"found {node.sql(dialect='duckdb')[:60]}, expected a table's name without a schema")
    if node.name.casefold() not in known:
        names = ", ".join(table.name for table in schema.tables[:8])
        raise Refused(f"there is no table named {node.name[:60]!r}; there is: {names}")


def _verb(tree: Any) -> str:
    return str(tree.key).upper() if tree.key != "command" else str(tree.this).upper()[:30]


def _qualified(tree: Any, schema: Schema) -> Any:
    """The tree with every column tied to its table; an unknown column is refused."""
    from sqlglot.errors import OptimizeError
    from sqlglot.optimizer.qualify import qualify

    types = {"integer": "BIGINT", "number": "DOUBLE", "text": "VARCHAR"}
    mapping = {t.name: {c.name: types.get(c.type, c.type.upper()) for c in t.columns} for t in schema.tables}
    try:
        return qualify(tree.copy(), schema=_quoted_mapping(mapping), dialect="duckdb", quote_identifiers=False)
    except OptimizeError as error:
        text = _one_line(str(error))
        unknown = re.match("Column '(.+?)' could not be resolved", text)
        text = f"there is no column {unknown[1]!r}" if unknown else f"{text[:1].lower()}{text[1:]}"
        raise Refused(f"{text}; {_columns(schema)}") from None


def _quoted_mapping(mapping: dict[str, dict[str, str]]) -> dict[str, object]:
    from strati.tables.schema import quoted

    return {quoted(table): {quoted(c): type_ for c, type_ in columns.items()} for table, columns in mapping.items()}


def _columns(schema: Schema) -> str:
    parts = (f"{table.name} has {', '.join(c.name for c in table.columns[:30])}" for table in schema.tables[:4])
    return "; ".join(parts)


def _check_types(tree: Any, schema: Schema) -> None:
    """No sum and no average over a column that holds no numbers."""
    from sqlglot import exp

    types = {(t.name.casefold(), c.name.casefold()): c for t in schema.tables for c in t.columns}
    for select in tree.find_all(exp.Select):
        aliases = {t.alias_or_name.casefold(): t.name.casefold() for t in select.find_all(exp.Table)}
        for call in select.find_all(exp.Sum, exp.Avg, exp.Median):
            column = call.this
            while isinstance(column, exp.Distinct | exp.Paren):
                column = column.expressions[0] if isinstance(column, exp.Distinct) else column.this
            if isinstance(column, exp.Column):
                known = types.get((aliases.get(column.table.casefold(), ""), column.name.casefold()))
                if known is not None and known.type not in NUMERIC and not (known.type == "boolean"):
                    raise Refused(
                        f"{call.key} of {known.name!r} makes no sense: the column holds {_plural(known.type)}"
                    )


def _plural(type_: str) -> str:
    return {"date": "dates", "timestamp": "times"}.get(type_, type_)


def _own_tables(tree: Any, schema: Schema) -> Iterator[str]:
    from sqlglot import exp

    known = {table.name.casefold(): table.name for table in schema.tables}
    for node in tree.find_all(exp.Table):
        if node.name.casefold() in known:
            yield known[node.name.casefold()]


def _flags(tree: Any) -> Iterator[str]:
    """What may be meant so, but mostly is not: every row of one table with every row of another."""
    from sqlglot import exp

    for join in tree.find_all(exp.Join):
        if not join.args.get("on") and not join.args.get("using") and join.args.get("method") != "NATURAL":
            where = join.parent.args.get("where") if join.parent else None
            tied = where is not None and any(
                isinstance(eq.left, exp.Column) and isinstance(eq.right, exp.Column) and eq.left.table != eq.right.table
                for eq in where.find_all(exp.EQ)
            )
            if not tied and not join.find_ancestor(exp.Subquery):
                yield "every row of one table is paired with every row of another"
                return
