"""The twelve shapes of question on three small tables, with answers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from strati.tables import Standing
from strati.tables.asking import by_parser
from strati.tables.engine import Engine
from strati.tables.parse.parser import Parser

SHAPES: list[tuple[str, str, Any]] = [
    # look up
    ("orders", "What is the status of order 1003?", "closed"),
    ("orders", "When was order 1002 placed?", "2024-01-17"),
    ("staff", "What is the salary of Bo Chen?", 65500),
    ("staff", "Which department does Ed Fox work in?", "Support"),
    ("staff", "How old is Flo Gray?", 52),
    ("cities", "What country is Quito in?", "Ecuador"),
    ("cities", "What is the area of bogota?", 1587),
    # count
    ("orders", "How many orders are there?", 6),
    ("staff", "How many employees work in Engineering?", 3),
    ("staff", "How many people are there in Berlin?", 2),
    ("staff", "number of managers", 2),
    ("cities", "How many different countries are there?", 3),
    ("cities", "How many cities does Peru have?", 2),
    # sum
    ("orders", "What is the total quantity?", 27),
    ("orders", "total quantity for Acme Ltd", 11),
    ("staff", "What is the total salary in Sales?", 109000),
    # average
    ("staff", "What is the average salary?", 61000),
    ("staff", "mean age in Engineering", 42),
    ("orders", "average quantity of closed orders", 13 / 3),
    # minimum and maximum with its row
    ("staff", "Who has the highest salary?", "Flo Gray"),
    ("staff", "Who is the youngest employee?", "Ed Fox"),
    ("cities", "Which is the largest city by area?", "Lima"),
    ("cities", "What is the smallest population_millions?", 0.4),
    ("cities", "oldest city in Colombia", "Cali"),
    ("orders", "When was the last order?", "2024-03-11"),
    # top k
    ("staff", "top 2 salaries", [80000, 72000]),
    ("staff", "Who are the 3 oldest employees?", ["Flo Gray", "Ada Byron", "Di Evans"]),
    ("orders", "top 2 products by quantity", ["Widget A", "Widget B"]),
    # filter by value
    ("orders", "List the orders that are not closed", [1002, 1004]),
    ("staff", "Which employees work in Paris?", ["Bo Chen", "Ed Fox"]),
    ("cities", "Which cities are in Peru or Ecuador?", ["Cusco", "Lima", "Quito"]),
    # filter by number
    ("staff", "Which employees earn more than 60k?", ["Ada Byron", "Bo Chen", "Flo Gray"]),
    ("staff", "Who is older than 37?", ["Ada Byron", "Flo Gray"]),
    ("orders", "orders with quantity between 2 and 4", [1002, 1005, 1006]),
    ("cities", "cities with more than 5 million people", ["Bogotá", "Lima"]),
    # filter by date range
    ("orders", "How many orders were placed in January 2024?", 2),
    ("orders", "orders between 2024-01-10 and 2024-02-10", [1002, 1003]),
    ("staff", "Who was hired after 2018?", ["Bo Chen", "Cy Diaz", "Ed Fox"]),
    ("cities", "Which cities were founded before 1535?", ["Cusco", "Quito"]),
    # group by
    ("staff", "average salary by department", [["Engineering", 72500], ["Sales", 54500], ["Support", 39500]]),
    ("orders", "How many orders per region?", [["North", 3], ["South", 2], ["West", 1]]),
    ("orders", "total quantity by month", [["2024-01", 13], ["2024-02", 8], ["2024-03", 4]]),
    ("orders", "Which region has the highest total quantity?", "North"),
    ("staff", "Which department has the most employees?", "Engineering"),
    # compare two
    ("staff", "What is the difference in salary between Ada Byron and Cy Diaz?", 21000),
    ("staff", "Does Engineering have more employees than Sales?", "yes"),
    ("staff", "Who is older, Bo Chen or Di Evans?", "Di Evans"),
    ("orders", "Compare the total quantity of North and South", [["North", 15], ["South", 5]]),
    # share of total
    ("orders", "What percentage of orders are closed?", 50),
    ("orders", "What share of the total quantity comes from North?", 1500 / 27),
    ("staff", "What fraction of employees are managers?", 1 / 3),
]


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, list) and not any(isinstance(one, list) for one in expected) and isinstance(found, list):
        return sorted(map(str, found)) == sorted(map(str, expected))
    if isinstance(expected, float):
        return bool(found == pytest.approx(expected))
    return bool(found == expected)


@pytest.mark.parametrize(("table", "question", "expected"), SHAPES, ids=[f"{t}: {q}" for t, q, _ in SHAPES])
def test_shape(
    engines: dict[str, Engine], parsers: dict[str, Parser], table: str, question: str, expected: Any
) -> None:
    answer = by_parser(question, engines[table], parsers[table])
    assert answer.state is Standing.ANSWERED, answer.reason
    assert _same(answer.answer, expected), (answer.answer, answer.sql)


@pytest.mark.parametrize(
    ("table", "question", "named"),
    [
        ("orders", "What is the churn?", "'churn'"),
        ("orders", "How many orders were refunded?", "'refunded'"),
        ("staff", "average bonus by department", "'bonus'"),
        ("staff", "How many employees work in Tokyo?", "'Tokyo'"),
        ("cities", "What is the mayor of Lima?", "'mayor'"),
    ],
)
def test_an_unknown_word_is_named_and_nothing_runs(
    engines: dict[str, Engine], parsers: dict[str, Parser], table: str, question: str, named: str
) -> None:
    answer = by_parser(question, engines[table], parsers[table])
    assert answer.state is Standing.REFUSED
    assert named in answer.reason
    assert answer.sql == ""


def test_missing_values_are_ignored_and_said_so(engines: dict[str, Engine], parsers: dict[str, Parser]) -> None:
    answer = by_parser("total quantity by month", engines["orders"], parsers["orders"])
    assert "ignoring 1 without an order_date" in answer.words
