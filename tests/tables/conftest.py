"""Three small tables of different trades, in three formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.tables.engine import Engine
from strati.tables.parse.parser import Parser
from strati.tables.sources import found

ORDERS = """order_id,customer,region,product,order_date,quantity,unit_price,status
1001,Acme Ltd,North,Widget A,2024-01-05,10,$9.50,closed
1002,Beta GmbH,South,Widget B,2024-01-17,3,$20.00,open
1003,Acme Ltd,North,Gadget,2024-02-02,1,"$1,150.00",closed
1004,Delta SA,West,Widget A,2024-02-20,7,$9.50,cancelled
1005,Beta GmbH,South,Gadget,,2,"$1,150.00",closed
1006,Echo Inc,North,Widget B,2024-03-11,4,$20.00,
"""
STAFF = """Name;Department;Salary (EUR);Hire Date;Age;is_manager;Office City
Ada Byron;Engineering;72000;03.02.2015;41;yes;Berlin
Bo Chen;Engineering;65500;17.08.2019;33;no;Paris
Cy Diaz;Sales;51000;01.03.2021;29;no;Berlin
Di Evans;Sales;58000;25.11.2018;37;yes;Madrid
Ed Fox;Support;39500;09.06.2022;24;no;Paris
Flo Gray;Engineering;80000;14.01.2012;52;no;Madrid
"""
CITIES = [
    {"city": "Lima", "country": "Peru", "population_millions": 10.0, "founded": 1535, "area_km2": 2672},
    {"city": "Cusco", "country": "Peru", "population_millions": 0.4, "founded": 1100, "area_km2": 385},
    {"city": "Quito", "country": "Ecuador", "population_millions": 2.0, "founded": 1534, "area_km2": 372},
    {"city": "Cali", "country": "Colombia", "population_millions": 2.2, "founded": 1536, "area_km2": 619},
    {"city": "Bogotá", "country": "Colombia", "population_millions": 7.9, "founded": 1538, "area_km2": 1587},
]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tables")
    made = {"orders": folder / "orders.csv", "staff": folder / "staff.csv", "cities": folder / "cities.jsonl"}
    made["orders"].write_text(ORDERS, encoding="utf-8")
    made["staff"].write_text(STAFF, encoding="utf-8")
    made["cities"].write_text("".join(json.dumps(city) + "\n" for city in CITIES), encoding="utf-8")
    return made


@pytest.fixture(scope="session")
def engines(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engine]]:
    """The three tables, each in an engine of this process."""
    opened = {}
    for name, path in files.items():
        scratch = tmp_path_factory.mktemp(name)
        opened[name] = Engine(found([path], scratch), scratch)
    yield opened
    for engine in opened.values():
        engine.close()


@pytest.fixture(scope="session")
def parsers(engines: dict[str, Engine]) -> dict[str, Parser]:
    return {name: Parser(engine) for name, engine in engines.items()}
