"""A `Reading` as SQL and in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from strati.tables.parse.reading import Agg, Bound, Condition, Field, Grain, Op, Reading, Shape
from strati.tables.schema import literal, quoted

ROW = '"row number"'
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_COMPARE = {Op.GT: ">", Op.GE: ">=", Op.LT: "<", Op.LE: "<="}


def sql_of(reading: Reading) -> str:
    """The query."""
    return _Sql(reading).text()


class _Sql:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.joined = any(field.via for field in reading.fields)

    def text(self) -> str:
        reading = self.reading
        if reading.pair:
            return self._pair()
        if reading.shape is Shape.SHARE:
            return self._share()
        if reading.truth:
            return f"SELECT count(*) > 0 AS {quoted('answer')}{self._from(reading.conditions)}"
        if reading.group:
            return self._group()
        if reading.agg and not reading.direction:
            return f"SELECT {self._aggregate()} AS {quoted(self._measure_name())}{self._from(reading.conditions)}"
        return self._rows()

    # pieces

    def _ref(self, field: Field) -> str:
        return f"{quoted(field.table)}.{quoted(field.name)}" if self.joined else quoted(field.name)

    def _from(self, conditions: tuple[Condition, ...], extra: str = "") -> str:
        reading = self.reading
        joins = "".join(
            f" LEFT JOIN {quoted(link.to_table)} ON {quoted(link.table)}.{quoted(link.column)}"
            f" = {quoted(link.to_table)}.{quoted(link.to_column)}"
            for link in dict.fromkeys(field.via for field in reading.fields if field.via)
        )
        tests = [self._test(condition) for condition in conditions] + ([extra] if extra else [])
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        return f" FROM {quoted(reading.base)}{joins}{where}"

    def _test(self, condition: Condition) -> str:
        ref, values = self._ref(condition.field), condition.values
        if condition.op is Op.MISSING:
            return f"{ref} IS {'NOT ' if condition.negated else ''}NULL"
        if condition.op is Op.IN and len(values) == 1:
            return f"{ref} {'<>' if condition.negated else '='} {literal(values[0])}"
        if condition.op is Op.IN:
            return f"{ref} {'NOT ' if condition.negated else ''}IN ({', '.join(map(literal, values))})"
        if condition.op is Op.CONTAINS:
            parts = " OR ".join(f"{ref} ILIKE {literal('%' + _escaped(str(v)) + '%')} ESCAPE '!'" for v in values)
            return f"NOT ({parts})" if condition.negated else f"({parts})" if len(values) > 1 else parts
        if condition.op is Op.NO_TOTAL:
            return f"coalesce({ref}, '') NOT IN ({', '.join(map(literal, values))})"
        if condition.op is Op.TRUE:
            return f"{ref} = {'FALSE' if condition.negated else 'TRUE'}"
        test = self._range(ref, condition)
        return f"NOT ({test})" if condition.negated else test

    def _range(self, ref: str, condition: Condition) -> str:
        values = condition.values
        if condition.op in _COMPARE:
            return f"{ref} {_COMPARE[condition.op]} {literal(values[0])}"
        if condition.op is Op.BETWEEN:
            return f"{ref} BETWEEN {literal(values[0])} AND {literal(values[1])}"
        if condition.op is Op.SPAN:
            first, after = values
            tests = [f"{ref} >= DATE {literal(first)}"] if first else []
            tests += [f"{ref} < DATE {literal(after)}"] if after else []
            return " AND ".join(tests)
        part = {Op.MONTH: "month", Op.QUARTER: "quarter", Op.WEEKDAY: "isodow", Op.DAY: "day"}[condition.op]
        if condition.op is Op.DAY:
            return f"month({ref}) = {literal(values[0])} AND day({ref}) = {literal(values[1])}"
        return f"{part}({ref}) = {literal(values[0])}"

    def _aggregate(self, filtered: str = "") -> str:
        reading = self.reading
        if reading.agg is Agg.COUNT or reading.agg is None:
            call = f"count({self._ref(reading.measure)})" if reading.measure else "count(*)"
        elif reading.agg is Agg.DISTINCT and reading.measure:
            call = f"count(DISTINCT {self._ref(reading.measure)})"
        else:
            call = f"{reading.agg.value}({self._ref(reading.measure)})" if reading.measure else "count(*)"
        return f"{call} FILTER (WHERE {filtered})" if filtered else call

    def _measure_name(self) -> str:
        reading = self.reading
        if reading.agg in (Agg.COUNT, None) or reading.measure is None:
            return "count"
        names = {
            Agg.SUM: "total",
            Agg.AVG: "average",
            Agg.MEDIAN: "median",
            Agg.MIN: "lowest",
            Agg.MAX: "highest",
            Agg.DISTINCT: "different",
        }
        return f"{names[reading.agg]} {reading.measure.name}"

    def _grouped(self) -> str:
        reading = self.reading
        assert reading.group is not None
        ref = self._ref(reading.group)
        if reading.grain is None:
            return ref
        if reading.grain is Grain.WEEKDAY:
            return f"dayname({ref})"
        if reading.grain is Grain.DECADE:
            year = f"year({ref})" if reading.group.column.temporal else ref
            return f"{year} // 10 * 10"
        if reading.grain is Grain.YEAR:
            return f"year({ref})"
        if reading.grain is Grain.MONTH:
            return f"strftime({ref}, '%Y-%m')"
        if reading.grain is Grain.QUARTER:
            return f"year({ref}) || '-Q' || quarter({ref})"
        return f"CAST(date_trunc('{reading.grain}', {ref}) AS DATE)"

    # whole queries

    def _group(self) -> str:
        reading = self.reading
        assert reading.group is not None
        by, value, ref = self._grouped(), self._aggregate(), self._ref(reading.group)
        name = reading.grain.value if reading.grain else reading.group.name
        wanted = f"{by} AS {quoted(name)}" if reading.grain else by
        query = f"SELECT {wanted}, {value} AS {quoted(self._measure_name())}"
        query += self._from(reading.conditions, f"{self._ref(reading.group)} IS NOT NULL") + f" GROUP BY {by}"
        if reading.having:
            query += f" HAVING {_bounded(value, reading.having)}"
        if reading.groups:
            return f"SELECT count(*) AS {quoted('count')} FROM ({query}) AS kept"
        if not reading.direction:
            if reading.grain is Grain.WEEKDAY:
                return f"{query} ORDER BY min(isodow({ref}))"
            ascending = reading.grain or reading.group.column.numeric
            return query + (f" ORDER BY {by}" if ascending else f" ORDER BY {value} DESC NULLS LAST, {by}")
        way = "DESC" if reading.direction > 0 else "ASC"
        if reading.agg not in (Agg.COUNT, Agg.DISTINCT, None):
            query += " HAVING" if not reading.having else " AND"
            query += f" {value} IS NOT NULL"
        if reading.nth:
            return f"{query} QUALIFY dense_rank() OVER (ORDER BY {value} {way}) = {reading.nth} ORDER BY {by}"
        if reading.limit == 1:
            return f"{query} QUALIFY rank() OVER (ORDER BY {value} {way}) = 1 ORDER BY {by}"
        return f"{query} ORDER BY {value} {way}, {by} LIMIT {reading.limit}"

    def _rows(self, numbered: bool = False) -> str:
        reading = self.reading
        shown = dict.fromkeys((*reading.columns, *reading.context))
        chosen = ", ".join(self._ref(field) for field in shown) or (f"{quoted(reading.base)}.*" if self.joined else "*")
        if numbered:
            chosen = f"{quoted(reading.base)}.rowid + 1 AS {ROW}, {chosen}"
        query = f"SELECT {'DISTINCT ' if reading.distinct else ''}{chosen}"
        if not reading.direction:
            query += self._from(reading.conditions)
            if reading.distinct and reading.columns:
                return query + f" ORDER BY {', '.join(self._ref(field) for field in shown)}"
            return query
        way = "DESC" if reading.direction > 0 else "ASC"
        if reading.by_row:
            return (
                query
                + self._from(reading.conditions)
                + f" ORDER BY {quoted(reading.base)}.rowid {way} LIMIT {reading.limit or 1}"
            )
        assert reading.order is not None
        order = self._ref(reading.order)
        query += self._from(reading.conditions, f"{order} IS NOT NULL")
        if reading.within is not None:
            each = self._ref(reading.within)
            return f"{query} QUALIFY rank() OVER (PARTITION BY {each} ORDER BY {order} {way}) = 1 ORDER BY {each}"
        if reading.nth:
            return f"{query} QUALIFY dense_rank() OVER (ORDER BY {order} {way}) = {reading.nth}"
        if reading.limit == 1:
            return f"{query} QUALIFY rank() OVER (ORDER BY {order} {way}) = 1"
        return f"{query} ORDER BY {order} {way}" + (f" LIMIT {reading.limit}" if reading.limit else "")

    def _pair(self) -> str:
        reading, pair = self.reading, self.reading.pair
        assert pair is not None
        left, right = (self._aggregate(self._test(one)) for one in (pair.left, pair.right))
        inner = f"SELECT {left} AS a, {right} AS b{self._from(reading.conditions)}"
        names = (quoted(pair.left_name), quoted(pair.right_name))
        shown = f"a AS {names[0]}, b AS {names[1]}"
        if pair.wants == "difference":
            gap = "abs(a - b)" if pair.direction == 0 else "a - b" if pair.direction > 0 else "b - a"
            return f"SELECT {gap} AS {quoted('difference')}, {shown} FROM ({inner}) AS compared"
        if pair.wants == "both":
            return f"SELECT {shown}, a - b AS {quoted('difference')} FROM ({inner}) AS compared"
        first, second = ("a > b", "b > a") if pair.direction >= 0 else ("a < b", "b < a")
        if pair.wants == "truth":
            return f"SELECT {first} AS {quoted('answer')}, {shown} FROM ({inner}) AS compared"
        case = (
            f"CASE WHEN {first} THEN {literal(pair.left_name)} WHEN {second} THEN {literal(pair.right_name)} "
            "WHEN a = b THEN 'both the same' END"
        )
        return f"SELECT {case} AS {quoted('answer')}, {shown} FROM ({inner}) AS compared"

    def _share(self) -> str:
        reading = self.reading
        factor, unit = ("1.0", "fraction") if reading.fraction else ("100.0", "percent")
        if reading.group:
            by = self._grouped()
            whole = self._aggregate()
            conditions = self._from(reading.conditions, f"{self._ref(reading.group)} IS NOT NULL")
            name = reading.grain.value if reading.grain else reading.group.name
            share = f"{factor} * {whole} / sum({whole}) OVER ()"
            shown = f"{by} AS {quoted(name)}, {share} AS {quoted(unit)}, {whole} AS {quoted(self._measure_name())}"
            return f"SELECT {shown}{conditions} GROUP BY {by} ORDER BY 2 DESC NULLS LAST, 1"
        part = " AND ".join(self._test(condition) for condition in reading.part)
        whole, some = self._aggregate(), self._aggregate(part)
        zero = f"coalesce({some}, 0)"
        return (
            f"SELECT {factor} * {zero} / nullif({whole}, 0) AS {quoted(unit)}, {zero} AS {quoted('part')}, "
            f"{whole} AS {quoted('whole')}{self._from(reading.conditions)}"
        )


def _bounded(value: str, bound: Bound) -> str:
    if bound.op is Op.BETWEEN:
        return f"{value} BETWEEN {literal(bound.values[0])} AND {literal(bound.values[1])}"
    return f"{value} {_COMPARE.get(bound.op, '=')} {literal(bound.values[0])}"


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def sql_of_rows(reading: Reading, limit: int = 20) -> str:
    """The rows that the answer rests on, the number of each in its table first."""
    if not (reading.agg or reading.pair or reading.part or reading.truth):
        query = _Sql(replace(reading, distinct=False))._rows(numbered=True)
        return query if " LIMIT " in query else f"{query} LIMIT {limit}"
    sql = _Sql(reading)
    extra = ""
    if reading.pair:
        extra = f"({sql._test(reading.pair.left)} OR {sql._test(reading.pair.right)})"
    chosen = ", ".join([f"{quoted(reading.base)}.rowid + 1 AS {ROW}", *(sql._ref(field) for field in reading.fields)])
    return f"SELECT {chosen}{sql._from(reading.conditions + reading.part, extra)} ORDER BY 1 LIMIT {limit}"


def sql_of_ignored(reading: Reading) -> tuple[str, tuple[Field, ...]] | None:
    """A query that counts, for each field used, the rows left out because they have no value there."""
    fields = [f for f in _testing(reading) if f.column.missing or f.via]
    if not fields:
        return None
    sql = _Sql(reading)
    counts = []
    for field in fields:
        others = [sql._test(c) for c in reading.conditions if c.field != field]
        test = " AND ".join([f"{sql._ref(field)} IS NULL", *others])
        counts.append(f"count(*) FILTER (WHERE {test})")
    return f"SELECT {', '.join(counts)}{sql._from(())}", tuple(fields)


def _testing(reading: Reading) -> list[Field]:
    conditions = [c.field for c in (*reading.conditions, *reading.part) if c.op not in (Op.MISSING, Op.NO_TOTAL)]
    pair = [reading.pair.left.field] if reading.pair else []
    others = [f for f in (reading.measure, reading.group, reading.order) if f is not None]
    return list(dict.fromkeys((*conditions, *pair, *others)))


# Words


def words_of(reading: Reading) -> str:
    """The reading in words: "counting the rows of orders where status is closed"."""
    what = _what(reading)
    tests = [say(condition) for condition in reading.conditions]
    where = f" where {' and '.join(tests)}" if tests else ""
    if reading.part:
        whole = f", of all rows{where}" if tests else ", of all rows"
        return f"{what} where {' and '.join(map(say, reading.part))}{whole}"
    return what + where + _left(reading)


def _left(reading: Reading) -> str:
    """Which groups are left, and whether they are counted."""
    if reading.having is None:
        return ""
    bound = " and ".join(_shown(value) for value in reading.having.values)
    counted = f", and counting each {_group_name(reading)} that is left" if reading.groups else ""
    return f", only where that {reading.having.op} {bound}{counted}"


def _of_rows(reading: Reading) -> str:
    return f"rows of {reading.base}"


def _what(reading: Reading) -> str:
    measure = f"{reading.measure.name}" if reading.measure else ""
    unit = f" (in {reading.measure.column.unit})" if reading.measure and reading.measure.column.unit else ""
    calls = {
        Agg.COUNT: f"counting the {_of_rows(reading)}",
        Agg.DISTINCT: f"counting the different values of {measure}",
        Agg.SUM: f"adding up {measure}{unit}",
        Agg.AVG: f"the average of {measure}{unit}",
        Agg.MEDIAN: f"the median of {measure}{unit}",
        Agg.MIN: f"the lowest {measure}{unit}",
        Agg.MAX: f"the highest {measure}{unit}",
        None: "",
    }
    call = calls[reading.agg]
    if reading.pair:
        pair = reading.pair
        higher = pair.direction >= 0
        how = {
            "difference": "the difference between",
            "which": f"which is {'higher' if higher else 'lower'} of",
            "truth": f"whether it is {'more' if higher else 'less'} for the first than the second of",
            "both": "side by side",
        }
        return f"{how[pair.wants]} {pair.left_name} and {pair.right_name}, {call}"
    if reading.shape is Shape.SHARE:
        kind = "as a fraction" if reading.fraction else "in percent"
        if reading.group:
            return f"the share {kind} of each {_group_name(reading)}, {call}"
        return f"the share {kind}, {call}"
    if reading.truth:
        return f"whether there is a row in {reading.base}"
    if reading.group:
        each = f"{call} for each {_group_name(reading)}"
        if reading.direction:
            return f"the {_which(reading)} {_group_name(reading)}, {call}"
        return each
    if reading.agg and not reading.direction:
        return call
    names = ", ".join(f.name for f in reading.columns) or "all columns"
    if reading.by_row:
        end = "last" if reading.direction > 0 else "first"
        return f"{names} of the {end} row of {reading.base}, in the order of the table"
    if reading.direction and reading.order:
        if not reading.limit and not reading.nth:
            end = "highest" if reading.direction > 0 else "lowest"
            return f"{names} of the {_of_rows(reading)}, {end} {reading.order.name} first"
        each = f", in each {reading.within.name}" if reading.within is not None else ""
        return f"{names} of the {_which(reading)} {_of_rows(reading)} by {reading.order.name}{each}"
    return f"{'the different values of ' if reading.distinct else ''}{names} of the {_of_rows(reading)}"


def _group_name(reading: Reading) -> str:
    assert reading.group is not None
    return f"{reading.grain} of {reading.group.name}" if reading.grain else reading.group.name


def _which(reading: Reading) -> str:
    temporal = reading.order is not None and reading.order.column.temporal
    most, least = ("latest", "earliest") if temporal else ("highest", "lowest")
    word = most if reading.direction > 0 else least
    if reading.nth:
        return f"number {reading.nth} from the {word}"
    return f"{reading.limit} {word}" if reading.limit > 1 else word


def say(condition: Condition) -> str:
    """A condition in words.

    >>> from strati.tables.schema import Column, Type
    >>> field = Field("orders", Column("status", Type.TEXT))
    >>> say(Condition(field, Op.IN, ("open", "closed"), negated=True))
    'status is not open or closed'
    """
    name, op, no = condition.field.name, condition.op, condition.negated
    if op is Op.MISSING:
        return f"{name} is {'not ' if no else ''}missing"
    if op is Op.NO_TOTAL:
        return f"{name} is not {' or '.join(map(_shown, condition.values))}, which holds totals"
    if op is Op.TRUE:
        return f"{name} is {'false' if no else 'true'}"
    if op is Op.IN:
        return f"{name} is {'not ' if no else ''}{' or '.join(map(_shown, condition.values))}"
    if op is Op.CONTAINS:
        return f"{name} {'does not contain' if no else 'contains'} {' or '.join(map(repr, condition.values))}"
    if op is Op.BETWEEN:
        said = f"{name} is between {_shown(condition.values[0])} and {_shown(condition.values[1])}"
    elif op is Op.SPAN:
        said = _span(name, condition)
    elif op in _COMPARE:
        said = f"{name} {op} {_shown(condition.values[0])}"
    else:
        said = f"{name} {_part(condition)}"
    return f"not ({said})" if no else said


def _part(condition: Condition) -> str:
    place = int(str(condition.values[0]))
    if condition.op is Op.MONTH:
        return f"falls in {_MONTHS[place - 1]} of any year"
    if condition.op is Op.QUARTER:
        return f"falls in quarter {place} of any year"
    if condition.op is Op.WEEKDAY:
        return f"falls on a {_DAYS[place - 1]}"
    return f"falls on {int(str(condition.values[1]))} {_MONTHS[place - 1]} of any year"


def _span(name: str, condition: Condition) -> str:
    first, after = condition.values
    if first and after:
        last = date.fromordinal(date.fromisoformat(str(after)).toordinal() - 1)
        return f"{name} is {first}" if str(first) == last.isoformat() else f"{name} is from {first} to {last}"
    return f"{name} is {first} or later" if first else f"{name} is before {after}"


def _shown(value: object) -> str:
    return f"{value:,.10g}".replace(",", "") if isinstance(value, float) else str(value)
