"""Only one SELECT over known tables, columns and functions may run."""

from __future__ import annotations

import pytest

from strati.tables.allowed import Refused, validated
from strati.tables.engine import Engine

MAY = [
    "SELECT region, sum(quantity) FROM orders GROUP BY region ORDER BY 2 DESC LIMIT 3",
    "SELECT count(*) FILTER (WHERE status = 'closed') * 100.0 / count(*) FROM orders",
    "WITH t AS (SELECT region, count(*) AS n FROM orders GROUP BY 1) SELECT max(n) FROM t",
    "SELECT date_trunc('month', order_date) AS m, avg(unit_price) FROM orders GROUP BY ALL",
    "SELECT customer FROM orders QUALIFY rank() OVER (ORDER BY quantity DESC) <= 3",
    "SELECT customer FROM orders WHERE region IN (SELECT region FROM orders WHERE quantity > 5) -- read only",
    "SELECT dayname(order_date), monthname(order_date), trunc(unit_price), epoch(order_date) FROM orders",
    "SELECT 'a;b', year(order_date), order_date + INTERVAL 3 DAY FROM orders",
]
MAY_NOT = [
    ("DROP TABLE orders", "DROP"),
    ("SELECT 1; SELECT 2", "2 statements"),
    ("COPY orders TO '/tmp/out.csv'", "COPY"),
    ("ATTACH '/tmp/x.db' AS x", "ATTACH"),
    ("INSTALL httpfs", "INSTALL"),
    ("LOAD json", "LOAD"),
    ("SET threads = 1", "SET"),
    ("PRAGMA database_list", "PRAGMA"),
    ("SELECT * FROM read_csv('/etc/passwd')", "table function"),
    ("SELECT * FROM '/etc/passwd'", "no table named"),
    ("SELECT * FROM glob('/*')", "table function"),
    ("SELECT * FROM information_schema.tables", "without a schema"),
    ("SELECT * FROM duckdb_settings()", "table function"),
    ("SELECT * FROM range(1000000000)", "table function"),
    ("SELECT getenv('HOME')", "getenv"),
    ("SELECT current_setting('x')", "current_setting"),
    ("SELECT columns('.*') FROM orders", "COLUMNS"),
    ("SELECT unnest([1, 2])", "not allowed"),
    ("SELECT churn FROM orders", "churn"),
    ("SELECT sum(region) FROM orders", "makes no sense"),
    ("SELECT avg(order_date) FROM orders", "holds dates"),
    ("WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 1 FROM t) SELECT * FROM t", "recursive"),
    ("SELECT * INTO copied FROM orders", "SELECT INTO"),
    ("SELECT region FROM orders FOR UPDATE", "not allowed"),
    ("CREATE TABLE x AS SELECT 1", "CREATE"),
    ("EXPLAIN SELECT 1", "EXPLAIN"),
    ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "deep"),
    ("SELECT 1 " + "-- " + "x" * 20_000, "characters"),
    ("how many orders", "not valid SQL"),
    ("", "0 statements"),
]


@pytest.mark.parametrize("sql", MAY)
def test_what_may_run_runs(engines: dict[str, Engine], sql: str) -> None:
    engine = engines["orders"]
    engine.query(validated(sql, engine.schema).sql)


@pytest.mark.parametrize(("sql", "named"), MAY_NOT, ids=[sql[:40] for sql, _ in MAY_NOT])
def test_what_may_not_run_is_refused_with_the_reason(engines: dict[str, Engine], sql: str, named: str) -> None:
    with pytest.raises(Refused) as refusal:
        validated(sql, engines["orders"].schema)
    assert named.casefold() in str(refusal.value).casefold()


def test_every_row_with_every_row_is_flagged(engines: dict[str, Engine]) -> None:
    sql = "SELECT count(*) FROM orders AS a, orders AS b"
    assert validated(sql, engines["orders"].schema).flags
    tied = "SELECT count(*) FROM orders AS a, orders AS b WHERE a.customer = b.customer"
    assert not validated(tied, engines["orders"].schema).flags
