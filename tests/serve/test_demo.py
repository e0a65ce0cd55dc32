"""`strati serve --demo`: what a first user gets, and that pulled models take no part in making it."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from strati.serve import run
from strati.serve.app import application
from strati.serve.demo import make_demo, write_orders
from strati.serve.settings import Settings
from tests.serve.conftest import World, make_service
from tests.serve.test_security import log_in

pytest.importorskip("sqlglot", reason="needs the extra [tables]")


@pytest.mark.process
def test_everything_in_it_can_be_tried(tmp_path: Path) -> None:
    made = make_demo(tmp_path / "demo", rows=1000)
    again = make_demo(tmp_path / "demo", rows=1000)
    assert again == made
    stacks, bases = run.load_all(made.stacks, made.bases, Settings(folder=tmp_path / "service"), None)
    (stack,) = stacks
    assert stack.state == "valid"
    service = make_service(tmp_path / "service", *stacks, bases=tuple(bases))
    service.desk = run.open_tables(made.tables, service.settings, None, None, tmp_path / "approved.jsonl")
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        world = World(service, client)
        said = world.post("/api/answer", {"model": "tickets", "input": "Please cancel the desk, I want my money back"})
        assert said.json()["state"] in ("answered", "pending")
        asked = world.post("/api/ask", {"base": "handbook", "question": "What does the collection cost?"}).json()
        assert "29 euros" in asked["answer"]
        counted = world.post("/api/tables/ask", {"question": "How many orders are returned?"}).json()
        assert counted["answer"] == made.tables[0].read_text().count(",returned")
        log_in(world)
        assert "Spoken of most" in client.get("/graph").text
        assert "certificate valid" in client.get("/stacks").text


def test_the_orders_are_the_same_each_time(tmp_path: Path) -> None:
    write_orders(tmp_path / "a.csv")
    write_orders(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 121
