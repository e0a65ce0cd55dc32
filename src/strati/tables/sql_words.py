"""A query in words, for queries that no reading of ours stands behind."""

from __future__ import annotations

from typing import Any


def words_of_sql(sql: str) -> str:
    """What a query does, in words.

    >>> words_of_sql("SELECT region, sum(amount) FROM sales WHERE year = 2024 GROUP BY region ORDER BY 2 DESC LIMIT 3")
    'region, sum(amount) from sales where year = 2024, for each region, ordered by 2 from the highest, the first 3'
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree: Any = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return "a query of its own"
    if not isinstance(tree, exp.Select):
        return "several queries put together"
    shown = ", ".join(_said(one) for one in tree.expressions)
    tables = " with ".join(dict.fromkeys(t.name for t in tree.find_all(exp.Table)))
    parts = [f"{'the different ' if tree.args.get('distinct') else ''}{shown} from {tables}"]
    where = tree.args.get("where")
    if where is not None:
        parts[0] += f" where {_said(where.this)}"
    group = tree.args.get("group")
    if group is not None:
        parts.append(f"for each {', '.join(_said(one) for one in group.expressions)}")
    having = tree.args.get("having")
    if having is not None:
        parts.append(f"only where {_said(having.this)}")
    order = tree.args.get("order")
    if order is not None:
        ways = [f"{_said(o.this)} from the {'highest' if o.args.get('desc') else 'lowest'}" for o in order.expressions]
        parts.append(f"ordered by {', '.join(ways)}")
    limit = tree.args.get("limit")
    if limit is not None:
        parts.append(f"the first {_said(limit.expression)}")
    return ", ".join(parts)


def _said(node: Any) -> str:
    from sqlglot import exp

    node = node.this if isinstance(node, exp.Alias) else node
    text: str = node.sql(dialect="duckdb", comments=False, normalize_functions="lower")
    text = " ".join(text.replace('"', "").split())
    return text.replace(" AND ", " and ").replace(" OR ", " or ").replace("count(*)", "the number of rows")
