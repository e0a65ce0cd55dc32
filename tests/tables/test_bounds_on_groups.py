"""Bounds on sums, averages and counts of groups, worked out by hand; and questions that only look like them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from strati.tables import Standing
from strati.tables.asking import by_parser
from strati.tables.engine import Engine
from strati.tables.parse.parser import Parser
from strati.tables.sources import found

ORDERS = """order_id,customer,region,product,order_date,quantity,amount,status
1,Acme,North,Widget,2024-01-05,10,950,closed
2,Beta,South,Widget,2024-01-17,3,1600,open
3,Acme,North,Gadget,2024-02-02,1,1150,closed
4,Delta,West,Widget,2024-02-20,7,400,cancelled
5,Beta,South,Gadget,2023-02-25,2,2300,closed
6,Echo,North,Widget,2024-03-11,4,80,open
7,Echo,South,Lamp,2024-03-11,4,1000,closed
8,Delta,West,Lamp,2024-04-11,4,500,closed
"""
# In all: Acme 2100, Beta 3900, Delta 900, Echo 1080; pieces: 11, 5, 11, 8.
ANSWERED: list[tuple[str, Any]] = [
    ("Which customers spent more than 2000 in total?", ["Beta", "Acme"]),
    ("customers who spent over 2,000 altogether", ["Beta", "Acme"]),
    ("which customers have spent more than 2k combined", ["Beta", "Acme"]),
    ("which customers spent less than 2000 overall", ["Echo", "Delta"]),
    ("which customers have a total amount over 2000", ["Beta", "Acme"]),
    ("customers with a total amount between 1000 and 3000", ["Acme", "Echo"]),
    ("customers whose total amount is at least 3900", ["Beta"]),
    ("customers with a total quantity of exactly 8", ["Echo"]),
    ("list customers with an average amount above 700", ["Beta", "Acme"]),
    ("customers whose average amount is not over 700", ["Echo", "Delta"]),
    ("which regions have a median amount above 900", ["South", "North"]),
    ("which customers have a highest amount over 1100", ["Beta", "Acme"]),
    ("which customers have a maximum amount below 1000", ["Delta"]),
    ("which products sold more than 10 units in total", ["Widget"]),
    ("in which months was the total amount above 2000", ["2023-02", "2024-01"]),
    ("which customers spent more than 1500 in total in 2024", ["Acme", "Beta"]),
    ("which customers have more than 500 amount in total for closed orders", ["Beta", "Acme", "Echo"]),
    ("regions with fewer than 3 orders", ["West"]),
    ("which customers have more than 1 closed order", ["Acme"]),
    ("which products were ordered by at least 3 customers", ["Widget"]),
    ("which regions have at least 2 different customers", ["North", "South"]),
    ("how many customers spent more than 2000 in total?", 2),
    ("how many customers in North have a total quantity of at least 5", 1),
    ("how many regions have more than 1 customer", 2),
    ("total amount by customer, only those above 2000", [["Beta", 3900], ["Acme", 2100]]),
    ("total amount per customer where the total is more than 2000", [["Beta", 3900], ["Acme", 2100]]),
    ("orders with an amount over 1500", [2, 5]),  # a bound on each row, as before
    ("customers with amount over 2000", "Beta"),
]
NOT_ANSWERED = [
    "which customers spent more than 2000",  # each, or in all
    "which customers spent more in total than Acme",
    "which customers have a total amount over the average",
    "which customers spent at least half of the total",
    "total amount of customers with more than 1 order",
    "total for customers with more than 1 order",
    "average amount of customers with more than 1 order",
    "total quantity of products with a total amount above 1000",
    "which customer with more than 1 order has the highest total amount",
    "top 2 customers with a total amount over 1000",
    "customers with a total amount over 2000 and an average amount below 500",
    "customers with more than 1 order and a total amount over 1000",
    "which customers spent more than 2000 in total or have more than 3 orders",
    "which customers spent more than 2000 in total on average",
    "which customers spent more than 2000 in total per month",
    "average amount by region over 800",
    "total amount by customer and month over 500",
    "how many orders do customers with a total amount over 2000 have",
    "does Acme have a total amount over 2000",
    "is the total amount of Acme more than 2000",
    "what percentage of customers spent more than 2000 in total",
    "difference in total amount between customers with more than 1 order",
    "which customers did not spend more than 2000 in total",
    "orders of customers who spent more than 2000 in total",
    "the status of orders with more than 2 products",
    "which region has customers with more than 1 order",
    "when did Acme spend more than 2000 in total",
    "what did customers with a total over 2000 buy",
]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Parser]]:
    folder = tmp_path_factory.mktemp("groups")
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    engine = Engine(found([folder / "orders.csv"], folder), folder)
    yield engine, Parser(engine)
    engine.close()


@pytest.mark.parametrize(("question", "answer"), ANSWERED)
def test_bounds_that_the_words_say(orders: tuple[Engine, Parser], question: str, answer: object) -> None:
    found = by_parser(question, *orders)
    assert found.state is Standing.ANSWERED, found.reason
    assert found.answer == answer


@pytest.mark.parametrize("question", NOT_ANSWERED)
def test_other_readings_are_not_answered(orders: tuple[Engine, Parser], question: str) -> None:
    found = by_parser(question, *orders)
    assert found.state is not Standing.ANSWERED, f"{found.answer}: {found.words}"


def test_the_words_say_what_is_bounded(orders: tuple[Engine, Parser]) -> None:
    found = by_parser("how many customers spent more than 1000 in total for closed orders", *orders)
    assert found.words == (
        "adding up amount for each customer where status is closed, only where that is more than 1000, and counting "
        "each customer that is left"
    )
    assert found.answer == 2
    both = by_parser("which customers spent more than 2000", *orders)
    assert both.state is Standing.AMBIGUOUS
    assert {row[1] for row in both.rows} == {"Beta", "Beta, Acme"}
