"""Plain questions on three clean tables: written with their answers before any was asked, repaired in general ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strati.tables import Standing
from strati.tables.asking import by_parser
from strati.tables.engine import Engine
from strati.tables.parse.parser import Parser
from strati.tables.sources import found

TICKETS = """ticket_id,opened_at,customer,priority,channel,agent,category,resolution_hours,satisfaction,reopened
T-1001,2024-01-03 09:15,Northwind Foods,High,email,Maria Lopez,Billing,5.5,4,no
T-1002,2024-01-05 14:02,Blue Harbor,Low,chat,Tom Becker,Login,1.2,5,no
T-1003,2024-01-11 08:47,Northwind Foods,Urgent,phone,Maria Lopez,Outage,12.0,2,yes
T-1004,2024-01-19 16:30,Kestrel Labs,Medium,email,Aisha Khan,Billing,8.0,,no
T-1005,2024-02-01 10:05,Blue Harbor,High,phone,Tom Becker,Shipping,20.5,3,yes
T-1006,2024-02-06 11:20,Orchid Travel,Low,chat,Aisha Khan,Login,0.8,5,no
T-1007,2024-02-14 09:00,Kestrel Labs,Urgent,phone,Maria Lopez,Outage,9.5,3,no
T-1008,2024-02-20 13:45,Pinecrest School,Medium,email,Tom Becker,Shipping,30.0,1,yes
T-1009,2024-03-02 15:10,Orchid Travel,Medium,chat,Aisha Khan,Billing,3.0,4,no
T-1010,2024-03-08 08:30,Northwind Foods,High,email,Maria Lopez,Shipping,16.0,,no
T-1011,2024-03-15 12:00,Pinecrest School,Low,chat,Tom Becker,Login,0.5,5,no
T-1012,2024-03-21 17:25,Blue Harbor,Medium,email,Aisha Khan,Billing,6.5,4,no
"""
LISTINGS = """Address,Suburb,Property Type,Bedrooms,Bathrooms,Price ($),Floor Area (m2),Year Built,Listed On,Agency,Sold
12 Wattle St,Fairview,House,3,2,850000,180,1985,15/01/2024,Harcourt & Co,TRUE
3/45 Bay Rd,Portside,Apartment,2,1,620000,85,2015,22/01/2024,Seaside Realty,FALSE
78 Hill Ave,Fairview,House,4,2,1120000,240,2004,30/01/2024,Harcourt & Co,TRUE
5 Mill Lane,Old Town,Townhouse,3,2,790000,150,1998,05/02/2024,City Homes,FALSE
9/2 Quay St,Portside,Apartment,1,1,480000,55,2019,11/02/2024,Seaside Realty,TRUE
21 Oak Cres,Old Town,House,5,3,1450000,310,1962,19/02/2024,City Homes,FALSE
14 Fern Way,Greenvale,House,3,1,690000,140,1978,28/02/2024,Harcourt & Co,TRUE
2/8 Pier Ct,Portside,Apartment,2,2,705000,95,2021,04/03/2024,Seaside Realty,FALSE
33 Ridge Rd,Greenvale,Townhouse,3,2,730000,145,2010,12/03/2024,City Homes,TRUE
6 Elm St,Fairview,House,2,1,610000,110,1955,20/03/2024,City Homes,FALSE
"""
EXPENSES = """Date,Employee,Team,Category,Merchant,Amount,Payment Method,Reimbursed
"Jan 4, 2024",Nadia Petrov,Sales,Travel,Lufthansa,"€1,240.00",Company Card,Yes
"Jan 9, 2024",Luke Osei,Engineering,Software,GitHub,€210.00,Company Card,Yes
"Jan 17, 2024",Nadia Petrov,Sales,Meals,Bistro Nord,€86.40,Cash,No
"Feb 2, 2024",Carla Ruiz,Marketing,Advertising,Meta,"€3,500.00",Company Card,Yes
"Feb 12, 2024",Luke Osei,Engineering,Travel,Deutsche Bahn,€148.90,Personal Card,No
"Feb 26, 2024",Ben Ito,Sales,Meals,Sushi Ko,€54.10,Personal Card,Yes
"Mar 5, 2024",Carla Ruiz,Marketing,Travel,Ryanair,€199.00,Company Card,Yes
"Mar 11, 2024",Ben Ito,Sales,Travel,Hilton,€720.00,Company Card,No
"Mar 18, 2024",Mei Tan,Engineering,Hardware,Dell,"€2,150.00",Company Card,Yes
"Apr 1, 2024",Mei Tan,Engineering,Meals,Cafe Luna,€23.50,Cash,No
"Apr 15, 2024",Nadia Petrov,Sales,Travel,Lufthansa,€980.00,Company Card,No
"""
ASKED: list[tuple[str, str, Any]] = [
    ("tickets", "Which agent handled ticket T-1007?", "Maria Lopez"),
    ("tickets", "What was the satisfaction score for T-1003?", 2),
    ("tickets", "How many tickets came in by phone?", 3),
    ("tickets", "How many tickets were opened in February?", 4),
    ("tickets", "How many tickets does each agent have?", [["Aisha Khan", 4], ["Maria Lopez", 4], ["Tom Becker", 4]]),
    ("tickets", "How many distinct customers do we have?", 5),
    ("tickets", "What is the total number of resolution hours for Blue Harbor?", 28.2),
    ("tickets", "What's the average satisfaction?", 3.6),
    ("tickets", "median resolution hours", 7.25),
    ("tickets", "Which ticket took the longest to resolve?", "T-1008"),
    ("tickets", "top 3 tickets by resolution hours", ["T-1008", "T-1005", "T-1010"]),
    ("tickets", "List all tickets that were reopened", ["T-1003", "T-1005", "T-1008"]),
    ("tickets", "Show tickets with a satisfaction of 3 or less", ["T-1003", "T-1005", "T-1007", "T-1008"]),
    ("tickets", "tickets that took more than 15 hours", ["T-1005", "T-1008", "T-1010"]),
    (
        "tickets",
        "Which tickets were opened between January 10 and February 10, 2024?",
        ["T-1003", "T-1004", "T-1005", "T-1006"],
    ),
    ("tickets", "Average satisfaction by channel", [["chat", 4.75], ["email", 3.0], ["phone", 2.6666666666666665]]),
    ("tickets", "Which category has the most tickets?", "Billing"),
    ("tickets", "Which customer has the most tickets?", ["Blue Harbor", "Northwind Foods"]),
    ("tickets", "What percentage of tickets were reopened?", 25.0),
    ("tickets", "What share of tickets are billing?", 33.333333333333336),
    ("tickets", "How many more tickets came by email than by phone?", 2),
    ("tickets", "Which tickets have no satisfaction rating?", ["T-1004", "T-1010"]),
    ("tickets", "number of tickets per month", [["2024-01", 4], ["2024-02", 4], ["2024-03", 4]]),
    ("tickets", "How many high priority tickets did Maria Lopez handle?", 2),
    ("listings", "How much does 5 Mill Lane cost?", 790000),
    ("listings", "When was 14 Fern Way built?", 1978),
    ("listings", "How many bedrooms does 21 Oak Cres have?", 5),
    ("listings", "How many houses are there in Fairview?", 3),
    ("listings", "How many properties have been sold?", 5),
    ("listings", "How many properties are not sold?", 5),
    ("listings", "What is the average price of houses?", 944000),
    (
        "listings",
        "average price by suburb",
        [["Old Town", 1120000], ["Fairview", 860000], ["Greenvale", 710000], ["Portside", 601666.6666666666]],
    ),
    ("listings", "What is the most expensive property?", "21 Oak Cres"),
    ("listings", "Which apartment is the cheapest?", "9/2 Quay St"),
    ("listings", "What is the oldest house in Fairview?", "6 Elm St"),
    ("listings", "the 3 largest properties", ["21 Oak Cres", "78 Hill Ave", "12 Wattle St"]),
    (
        "listings",
        "Which properties cost less than $700,000?",
        ["3/45 Bay Rd", "9/2 Quay St", "14 Fern Way", "6 Elm St"],
    ),
    ("listings", "properties between 700k and 800k", ["5 Mill Lane", "2/8 Pier Ct", "33 Ridge Rd"]),
    ("listings", "Which properties have at least 4 bedrooms?", ["78 Hill Ave", "21 Oak Cres"]),
    ("listings", "3 bedroom houses", ["12 Wattle St", "14 Fern Way"]),
    ("listings", "homes built after 2010", ["3/45 Bay Rd", "9/2 Quay St", "2/8 Pier Ct"]),
    ("listings", "How many were listed in March 2024?", 3),
    ("listings", "Which agency has sold the most properties?", "Harcourt & Co"),
    (
        "listings",
        "How many listings does each agency have?",
        [["City Homes", 4], ["Harcourt & Co", 3], ["Seaside Realty", 3]],
    ),
    ("listings", "What percent of properties are apartments?", 30.0),
    ("listings", "Is the average price in Fairview higher than in Greenvale?", "yes"),
    ("listings", "What is the total floor area of all townhouses?", 295),
    ("listings", "Which suburb is the most expensive on average?", "Old Town"),
    ("expenses", "How much did Nadia Petrov spend?", 2306.4),
    ("expenses", "How much was spent on travel?", 3287.9),
    ("expenses", "total amount per team", [["Sales", 3080.5], ["Engineering", 2532.4], ["Marketing", 3699.0]]),
    ("expenses", "Who spent the most?", "Carla Ruiz"),
    ("expenses", "How many expenses have not been reimbursed?", 5),
    ("expenses", "What is the total that has not been reimbursed?", 1958.8),
    ("expenses", "How much did we spend in March 2024?", 3069.0),
    (
        "expenses",
        "spending by month",
        [["2024-01", 1536.4], ["2024-02", 3703.0], ["2024-03", 3069.0], ["2024-04", 1003.5]],
    ),
    ("expenses", "What share of total spending was travel?", 35.308583640288234),
    ("expenses", "What percentage of the total amount does Sales account for?", 33.08132604516801),
    (
        "expenses",
        "share of amount by category",
        [
            ["Travel", 35.308583640288234],
            ["Advertising", 37.586314286021114],
            ["Software", 2.2551788571612668],
            ["Meals", 1.7611872979735608],
            ["Hardware", 23.088735918555827],
        ],
    ),
    ("expenses", "Which merchant did we pay the most?", "Meta"),
    ("expenses", "Did Sales spend more than Marketing?", "no"),
    ("expenses", "average amount of meals", 54.666666666666664),
    ("expenses", "How many times was cash used?", 2),
    ("expenses", "When was the last expense?", "2024-04-15"),
    ("expenses", "Which payment method is used most often?", "Company Card"),
    ("expenses", "How much more did Carla Ruiz spend than Ben Ito?", 2924.9),
    ("expenses", "How many expenses were there in Q1 2024?", 9),
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Engine, Parser]]:
    made = {}
    for name, text in (("tickets", TICKETS), ("listings", LISTINGS), ("expenses", EXPENSES)):
        folder = tmp_path_factory.mktemp(name)
        path: Path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        engine = Engine(found([path], folder), folder)
        made[name] = engine, Parser(engine)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_plain(one) for one in value), key=str)
    return f"{value:.7g}" if isinstance(value, int | float) else str(value)


@pytest.mark.parametrize(("table", "question", "answer"), ASKED, ids=[f"{t}: {q}" for t, q, _ in ASKED])
def test_a_plain_question(opened: dict[str, tuple[Engine, Parser]], table: str, question: str, answer: Any) -> None:
    engine, parser = opened[table]
    asked = by_parser(question, engine, parser)
    assert asked.state is Standing.ANSWERED, asked.reason
    assert _plain(asked.answer) == _plain(answer), (asked.answer, asked.words)
